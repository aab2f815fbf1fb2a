"""`national-sync`: the general options, and the way to each command's module."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import MutableMapping, Sequence
from typing import Any, Final, NoReturn

import click

from national_sync.cli import failure
from national_sync.cli.command import LANGUAGE_VARIABLE, LazyGroup, Option, Place, general_options
from national_sync.cli.invocation import Invocation
from national_sync.i18n import DEFAULT_LANGUAGE, LANGUAGES, N_, use

_PLACES: Final = {
    "init": Place("national_sync.cli.init", N_("Create what is missing: settings file, policy, key file, database.")),
    "doctor": Place("national_sync.cli.doctor", N_("Check whether everything is in place. Writes nothing.")),
    "sync": Place("national_sync.cli.sync", N_("Bring both sides into agreement, or look at what happened.")),
    "mismatch": Place("national_sync.cli.mismatch", N_("Differences that a person has to decide.")),
    "rule": Place("national_sync.cli.rule", N_("Rules that settle mismatches without a person.")),
    "volunteer": Place(
        "national_sync.cli.volunteer", N_("Volunteers: registration, search, people registered more than once.")
    ),
    "card": Place("national_sync.cli.card", N_("Volunteer cards: print them, verify them.")),
    "hours": Place(
        "national_sync.cli.hours", N_("Service hours: enter them, see what is overdue, corrections and objections.")
    ),
    "team": Place("national_sync.cli.team", N_("Teams, who is in them, and who leads them.")),
    "training": Place("national_sync.cli.training", N_("Trainings, who attended them, and who has not been trained.")),
    "station": Place("national_sync.cli.station", N_("Service stations and the hours recorded at them.")),
    "transfer": Place("national_sync.cli.transfer", N_("Volunteers who go from one team to another.")),
    "hold": Place("national_sync.cli.hold", N_("Changes that were stopped because they are unusually many.")),
    "quarantine": Place(
        "national_sync.cli.quarantine", N_("Records of the national side that could not be understood.")
    ),
    "operator": Place("national_sync.cli.operator", N_("The accounts of those who decide.")),
    "login": Place("national_sync.cli.login", N_("Log in, to act under one's own name.")),
    "logout": Place("national_sync.cli.login", N_("End the login on this machine.")),
    "whoami": Place("national_sync.cli.login", N_("Say who is logged in on this machine.")),
    "history": Place("national_sync.cli.history", N_("Every value a record has had, and where each came from.")),
    "audit": Place("national_sync.cli.audit", N_("What was done, when and by whom: look, check, export.")),
    "verify": Place("national_sync.cli.verify", N_("Compare both sides; tell which differences nothing explains.")),
    "report": Place("national_sync.cli.report", N_("Reports for the office.")),
    "star": Place("national_sync.cli.star", N_("Star volunteers: draft, public notice, certification, publication.")),
    "certificate": Place("national_sync.cli.certificate", N_("Certificates: print them, verify them.")),
    "statistics": Place(
        "national_sync.cli.statistics", N_("The yearly statistics form of units, counties and the city.")
    ),
    "assessment": Place("national_sync.cli.assessment", N_("Units and stations measured against their targets.")),
    "merchant": Place("national_sync.cli.merchant", N_("Partners at which volunteers spend hours.")),
    "agreement": Place("national_sync.cli.agreement", N_("Agreements with partners, and benefits without hours.")),
    "offer": Place("national_sync.cli.offer", N_("What volunteers can have for their hours.")),
    "redemption": Place("national_sync.cli.redemption", N_("Hours set aside, spent, given back.")),
    "voucher": Place("national_sync.cli.voucher", N_("Vouchers: collect them, see which are open.")),
    "ledger": Place("national_sync.cli.ledger", N_("The accounts of hours: follow the mirror, look, prove.")),
    "settlement": Place("national_sync.cli.settlement", N_("Statements for merchants, and objections to them.")),
    "kiosk": Place("national_sync.cli.kiosk", N_("The screens in lobbies: their service, devices and cards.")),
    "key": Place("national_sync.cli.key", N_("The keys that ID numbers and phones are sealed with.")),
    "daemon": Place("national_sync.cli.daemon", N_("Run every night and fetch changes every hour, until SIGTERM.")),
    "demo": Place("national_sync.cli.demo", N_("Show two nights against a mock national system.")),
    "settings": Place("national_sync.cli.settings", ""),
}


class _Root(LazyGroup):
    def main(self, args: Sequence[str] | None = None, *names: Any, **extra: Any) -> NoReturn:
        """Run one command and leave with its exit code; every error is told in the user's language."""
        given = list(sys.argv[1:] if args is None else args)
        invocation: Invocation = extra.pop("obj", None) or Invocation()
        # These two decide how a wrong command line is answered, so they are known before it is parsed.
        invocation.as_json |= "--json" in given
        invocation.is_debugging |= "--debug" in given
        _choose_language(given, os.environ)
        extra["standalone_mode"] = False
        try:
            sys.exit(super().main(given, *names, obj=invocation, **extra) or 0)
        except OSError as error:
            if error.errno != errno.EPIPE:
                sys.exit(_reported(error, invocation))
            # The reader (head, less) has seen enough; leave nothing for the interpreter to flush into the pipe.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            sys.exit(0)
        except (Exception, KeyboardInterrupt) as error:
            sys.exit(_reported(error, invocation))


def _reported(error: BaseException, invocation: Invocation) -> int:
    return failure.report(error, as_json=invocation.as_json, is_debugging=invocation.is_debugging)


def _choose_language(given: Sequence[str], environment: MutableMapping[str, str]) -> None:
    asked = environment.get(LANGUAGE_VARIABLE, "")
    for position, argument in enumerate(given):
        if argument == "--lang" and position + 1 < len(given):
            asked = given[position + 1]
        elif argument.startswith("--lang="):
            asked = argument.removeprefix("--lang=")
    use(next((language for language in LANGUAGES if language == asked), DEFAULT_LANGUAGE))


cli = _Root(
    name="national-sync",
    places=_PLACES,
    params=general_options(is_root=True),
    help=N_(
        "Keeps the volunteer platform's database and the national volunteer system in agreement.\n\n"
        "Begin with: national-sync init, then national-sync doctor."
    ),
    context_settings={"help_option_names": ["-h", "--help"]},
    callback=None,
)
click.version_option(
    package_name="national-sync", message="%(prog)s %(version)s", help=N_("Show the version."), cls=Option
)(cli)
