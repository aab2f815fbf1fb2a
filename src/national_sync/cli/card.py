"""`national-sync card`: print volunteer cards, and say whether one is genuine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click

from national_sync.cli.choices import FILE, NUMBER
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _
from national_sync.prose.layout import SCREEN_WIDTH, wrapped


@click.group(cls=Group, help=N_("Volunteer cards: print them, verify them."))
def card() -> None:
    pass


@card.command("print", help=N_("Print cards for volunteers, or for the members of a team, ten a page, as one PDF."))
@click.argument("file", type=FILE)
@click.argument("volunteers", nargs=-1, metavar="VOLUNTEER...")
@click.option("--team", cls=Option, type=NUMBER, help=N_("The members of this team."))
@pass_invocation
def print_(invocation: Invocation, file: Path, volunteers: Sequence[str], team: int | None) -> None:
    from national_sync.acts import find_volunteer
    from national_sync.errors import UsageError
    from national_sync.operators.rights import Right, require
    from national_sync.registration.cards import bearers, bearers_of_team, cards
    from national_sync.signing import load_signer

    if bool(volunteers) == (team is not None):
        raise UsageError(N_("Say whose cards: volunteers, or --team NO."))
    bootstrap = invocation.open()
    signer = load_signer(bootstrap.signing_key_file)
    with bootstrap.database() as database, database.read() as connection:
        operator = invocation.operator(connection)
        if team is None:
            people = bearers(connection, [find_volunteer(connection, given) for given in volunteers])
        else:
            people = bearers_of_team(connection, team)
    for county in {person["service_area_id"][:6] for person in people}:
        require(operator, Right.READ_PERSONAL, county=county)
    file.write_bytes(cards(people, signer))
    invocation.answer(
        {"cards": {"file": str(file), "count": len(people)}},
        lambda: _(N_("Cards in {file}: {count}"), file=file, count=len(people)),
    )


@card.command(help=N_("Say whether a card's code is genuine; needs neither database nor network."))
@click.argument("code")
@click.option("--public-key", cls=Option, help=N_("The office's public key; else that of this machine."))
@pass_invocation
def verify(invocation: Invocation, code: str, public_key: str | None) -> None:
    from national_sync.errors import CodeRefused
    from national_sync.i18n import Phrase
    from national_sync.signing import load_signer
    from national_sync.signing import verify as verify_code

    known = public_key or load_signer(invocation.open().signing_key_file).public_key
    facts = verify_code(code, known)
    if facts.kind != "card":
        raise CodeRefused(reason=Phrase(N_("it is the code of a certificate, not of a card")))
    shown = {"number": facts.number, "name": facts.name, "county": facts.certified, "day": facts.day}
    invocation.answer({"genuine": True, "card": shown}, lambda: _verified(shown))


def _verified(facts: dict[str, Any]) -> str:
    from national_sync.divisions import COUNTIES

    told = _(
        N_("Genuine. Card {number} of {name}, {county}, registered on {day}. Compare it with what is printed."),
        **{**facts, "county": COUNTIES.get(facts["county"], facts["county"]), "day": facts["day"] or "-"},
    )
    return "\n".join(wrapped(told, SCREEN_WIDTH))
