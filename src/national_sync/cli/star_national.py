"""The commands of `national-sync star` that look at the national side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.acting import deciding, reading
from national_sync.cli.choices import FILE
from national_sync.cli.command import Command, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.clock import local_date
from national_sync.i18n import N_, _
from national_sync.prose.layout import table
from national_sync.prose.words import word

if TYPE_CHECKING:
    from national_sync.bootstrap import Bootstrap
    from national_sync.national.port import NationalSystem
    from national_sync.policy import StarRules
    from national_sync.recognition.applying import Candidate
    from national_sync.store.database import Database


@click.command(
    cls=Command,
    help=N_(
        "Compare with the stars that the national side shows, and ask it what became of applications; differences "
        "become mismatches."
    ),
)
@pass_invocation
def compare(invocation: Invocation) -> None:
    from national_sync.recognition.applying import follow, followed, opened
    from national_sync.recognition.national_stars import compare as compare_stars

    bootstrap = invocation.open()
    with bootstrap.database() as database:
        with database.read() as connection:
            act = deciding(invocation, connection)
            people = followed(connection)
        if people:
            with opened(_national(bootstrap, database)) as national:
                follow(database, national, people, act)
        with database.write() as connection:
            facts = compare_stars(connection, act)
    invocation.answer({"stars": facts, "asked": len(people)}, lambda: _compared(facts, len(people)))


def _compared(facts: Mapping[str, int], asked: int) -> str:
    differing = N_("Stars that differ nationally: {open} ({opened} new, {closed} settled). national-sync mismatch list")
    return "\n".join([_(N_("Applications asked about: {count}"), count=asked), _(differing, **facts)])


def _national(bootstrap: Bootstrap, database: Database) -> NationalSystem:
    from national_sync.store.marks import MarkNotebook

    return bootstrap.national(meter=bootstrap.meter(database), notebook=MarkNotebook(database))


@click.command(
    cls=Command, help=N_("Apply nationally for certified stars: only the exact band reached, never a lower one.")
)
@click.option("--dry-run", cls=Option, is_flag=True, help=N_("Only show who would be applied for."))
@click.option("--again", cls=Option, is_flag=True, help=N_("Also those whose application was refused before."))
@pass_invocation
def apply(invocation: Invocation, dry_run: bool, again: bool) -> None:
    from national_sync.recognition.applying import apply as apply_for
    from national_sync.recognition.applying import candidates, opened

    bootstrap = invocation.open()
    with bootstrap.database() as database:
        with database.read() as connection:
            act = deciding(invocation, connection)
            chosen = candidates(connection, _rules(bootstrap, invocation.now), again=again)
        sent: list[Mapping[str, Any]] = []
        if chosen and not dry_run:
            with opened(_national(bootstrap, database)) as national:
                sent = apply_for(database, national, chosen, act)
    facts = {
        "people": [
            {
                "volunteer_number": one.number,
                "star": one.star,
                "obstacle": one.obstacle,
                "volunteer_id": one.volunteer_id,
            }
            for one in chosen
        ],
        "applications": sent,
        "is_dry_run": dry_run,
    }
    invocation.answer(facts, lambda: _applied(chosen, facts))


def _rules(bootstrap: Bootstrap, now: int) -> StarRules:
    from national_sync.errors import StarsRefused

    today = local_date(now)
    rules = bootstrap.loaded.policy.stars.in_force(today)
    if rules is None:
        raise StarsRefused(N_("The policy has no star rules that are in force on {day}."), day=today)
    return rules


def _applied(chosen: Sequence[Candidate], facts: Mapping[str, Any]) -> str:
    if not chosen:
        return _(N_("Nobody is to be applied for: the national side shows every certified star."))
    free = [one for one in chosen if one.obstacle is None]
    headings = [_(N_("Volunteer")), _(N_("Stars")), _(N_("In the way"))]
    rows = [(one.number, one.star, word(one.obstacle) if one.obstacle else "-") for one in chosen]
    lines = [table(headings, rows)]
    if facts["is_dry_run"]:
        lines.append(_(N_("{count} would be applied for. Nothing was sent."), count=len(free)))
    else:
        counts = Counter(one["state"] for one in facts["applications"])
        lines += [f"{word(f'application_{state}')}: {count}" for state, count in sorted(counts.items())]
        lines += [f"  {one['volunteer_number']}: {one['words']}" for one in facts["applications"] if one["words"]]
        lines.append(_(N_("See what becomes of them, from tomorrow on: national-sync star compare")))
    return "\n".join(lines)


@click.command(
    cls=Command,
    help=N_("Write the list of stars to apply for nationally: exactly the band reached, never a lower one."),
)
@click.argument("file", type=FILE)
@pass_invocation
def applications(invocation: Invocation, file: Path) -> None:
    from national_sync.recognition.rosters import write_applications

    with invocation.open().database() as database, database.read() as connection:
        reading(invocation, connection, named=True)
        people = write_applications(connection, file)
    invocation.answer(
        {"applications": {"file": str(file), "people": people}},
        lambda: _(N_("{people} people are in {file}."), people=people, file=file),
    )
