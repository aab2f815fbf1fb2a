"""`national-sync volunteer`: persons who are registered more than once.

Its other commands are in `cli.registration`, `cli.registration_sheet`, `cli.volunteer_papers` and `cli.volunteer_search`.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Any

import click

from national_sync.cli import registration, registration_sheet, volunteer_papers
from national_sync.cli.choices import NUMBER, limit_option, offset_option, only_county_option
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import moment, more_below
from national_sync.cli.volunteer_search import search
from national_sync.i18n import N_, _, joined
from national_sync.prose.codes import code_word
from national_sync.prose.fields import field_name
from national_sync.prose.layout import SCREEN_WIDTH, table, wrapped
from national_sync.prose.words import word


@click.group(cls=Group, help=N_("Volunteers: registration, search, people registered more than once."))
def volunteer() -> None:
    pass


for _command in (*registration.COMMANDS, *registration_sheet.COMMANDS, search, *volunteer_papers.COMMANDS):
    volunteer.add_command(_command)


@volunteer.command(help=N_("List registrations that may be one person, the certain ones first."))
@only_county_option
@limit_option
@offset_option
@pass_invocation
def duplicates(invocation: Invocation, county: str | None, limit: int, offset: int) -> None:
    from dataclasses import asdict

    from national_sync.operators.rights import Right, require
    from national_sync.reconcile.duplicates import find_duplicates

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        reader = invocation.reader(connection)
        require(reader, Right.READ, county=county or reader.county)
        groups = find_duplicates(
            connection,
            bootstrap.sealer(),
            county=county or reader.county,
            only_county=reader.county is not None,
            limit=limit,
            offset=offset,
        )
    facts = [asdict(group) for group in groups]
    invocation.answer({"duplicates": facts}, lambda: _duplicates_in_words(facts, limit))


def _duplicates_in_words(groups: Sequence[Mapping[str, Any]], limit: int) -> str:
    if not groups:
        return _(N_("Nobody seems to be registered twice."))
    lines = []
    for group in groups:
        lines.append(f"{word(group['reason'])} ({word(group['certainty'])})")
        headings = [_(N_("No.")), _(N_("Volunteer")), _(N_("Name")), _(N_("Born")), _(N_("County")), _(N_("Hours"))]
        rows = [
            (
                member["id"],
                member["number"] or "-",
                member["name"],
                member["birth_date"],
                member["county"],
                _hours(member["total_seconds"]),
            )
            for member in group["members"]
        ]
        lines += [table(headings, rows), ""]
    hint = _(N_("See what a merge would do: national-sync volunteer merge KEEP GONE --dry-run"))
    return "\n".join(filter(None, [*lines[:-1], "", more_below(len(groups), limit), hint]))


@volunteer.command(help=N_("Make two registrations of one person one; the first is kept."))
@click.argument("keep", metavar="KEEP")
@click.argument("gone", metavar="GONE")
@click.option("--dry-run", cls=Option, is_flag=True, help=N_("Only show what would move."))
@click.option("--yes", cls=Option, is_flag=True, help=N_("Do not ask."))
@click.option(
    "--although-different",
    cls=Option,
    is_flag=True,
    help=N_("Merge them although ID number and name or birth date differ."),
)
@pass_invocation
def merge(invocation: Invocation, keep: str, gone: str, dry_run: bool, yes: bool, although_different: bool) -> None:
    from national_sync.acts import find_volunteer
    from national_sync.exchange.accounts import exchangeable_seconds
    from national_sync.operators.rights import Right
    from national_sync.reconcile import merging
    from national_sync.reconcile.merge_preview import check_one_person, plan_merge

    bootstrap = invocation.open()
    with bootstrap.database() as database:
        with database.read() as connection:
            reader = invocation.reader(connection) if dry_run else invocation.operator(connection)
            pair = find_volunteer(connection, keep), find_volunteer(connection, gone)
            plan = plan_merge(
                connection,
                reader,
                *pair,
                right=Right.READ if dry_run else Right.DECIDE,
                balance_of=exchangeable_seconds,
            )
        facts: dict[str, Any] = {"plan": plan.to_json(), "merge": None}
        if not dry_run:
            check_one_person(plan, although_different=although_different)
            _ask(invocation, facts["plan"], yes=yes)
            with database.write(durable=True) as connection:
                facts["merge"] = merging.merge(
                    connection,
                    bootstrap.sealer(),
                    invocation.operator(connection),
                    *pair,
                    shown=plan.digest,
                    now=invocation.now,
                    although_different=although_different,
                    balance_of=exchangeable_seconds,
                )
    invocation.answer(facts, lambda: _merge_in_words(facts))


def _ask(invocation: Invocation, plan: Mapping[str, Any], *, yes: bool) -> None:
    from national_sync.errors import UsageError

    if yes:
        return
    if invocation.as_json or not sys.stdin.isatty():
        raise UsageError(
            N_("The two registrations would be merged; nothing was done."),
            hint=N_("Look with --dry-run, then say --yes."),
        )
    invocation.say(_plan_in_words(plan), err=True)
    click.confirm(_(N_("Merge them?")), abort=True, err=True)


def _merge_in_words(facts: Mapping[str, Any]) -> str:
    plan = _plan_in_words(facts["plan"])
    if facts["merge"] is None:
        return f"{plan}\n\n{_(N_('Nothing was done.'))}"
    done = _(
        N_("Merge {id} is done. What moved goes out with the next run. Take it back before that: {command}"),
        id=facts["merge"],
        command=f"national-sync volunteer unmerge {facts['merge']}",
    )
    ask = _(N_("Ask the national side to merge the two as well; volunteer merges shows when it has."))
    return "\n".join([plan, "", *wrapped(done, SCREEN_WIDTH), *wrapped(ask, SCREEN_WIDTH)])


def _plan_in_words(plan: Mapping[str, Any]) -> str:
    effect, gone = plan["effect"], plan["gone"]
    lines = [
        _(N_("Kept: {who}"), who=_who(plan["kept"])),
        _(N_("Gone: {who}"), who=_who(gone)),
        *_differences_in_words(plan["differences"]),
        _(
            N_("Hours of the person: {before} now, {after} together"),
            before=_hours(effect["seconds_before"]),
            after=_hours(effect["seconds_after"]),
        ),
        _(N_("Stars by hours: {before} → {after}"), before=effect["star_before"], after=effect["star_after"]),
        _balance(effect["balance_before"], plan["gone_balance"]),
    ]
    if plan["overlaps"]:
        words = N_("Overlapping records of the two: {count}, by {hours} hours, which count once.")
        lines.append(_(words, count=len(plan["overlaps"]), hours=_hours(plan["doubled_seconds"])))
        lines += [
            "  "
            + _(
                N_("hour records {kept} and {gone}: {hours} hours"),
                kept=overlap["kept_record"],
                gone=overlap["gone_record"],
                hours=_hours(overlap["seconds"]),
            )
            for overlap in plan["overlaps"]
        ]
    lines += _stays_in_words(plan["hour_records"])
    told = [line for words in lines for line in wrapped(words, SCREEN_WIDTH)]
    return "\n".join([*told, "", _steps_in_words(plan["steps"])] if plan["steps"] else told)


def _who(registration: Mapping[str, Any]) -> str:
    who = (registration["id"], registration["name"], registration["birth_date"], registration["number"] or "-")
    return " ".join(map(str, who))


def _differences_in_words(differences: Sequence[str]) -> list[str]:
    if not differences:
        return []
    words = N_("They seem to be two people; they differ in: {fields}")
    return [_(words, fields=joined(map(field_name, differences)))]


def _balance(kept: int | None, gone: int | None) -> str:
    if kept is None and gone is None:
        return _(N_("Balance: no exchange account yet"))
    return _(N_("Balances: {kept} and {gone} hours"), kept=_hours(kept or 0), gone=_hours(gone or 0))


def _stays_in_words(hour_records: Mapping[str, int]) -> list[str]:
    if not hour_records:
        return []
    counts = joined(f"{code_word('state', state)} {records}" for state, records in hour_records.items())
    words = N_("Hour records that stay under the number of the one that goes, and count for the kept one: {counts}")
    return [_(words, counts=counts)]


def _steps_in_words(steps: Sequence[Mapping[str, Any]]) -> str:
    headings = [_(N_("About")), _(N_("No.")), _(N_("Name")), _(N_("What happens"))]
    return table(
        headings,
        [
            (
                word(step["entity"]),
                step["row_id"],
                step["label"] or "-",
                word(f"step_{step['how']}") + (f": {word(step['why'])}" if step["why"] else ""),
            )
            for step in steps
        ],
    )


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:.2f}"


@volunteer.command(help=N_("Take a merge back, as long as nothing of it has gone out."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def unmerge(invocation: Invocation, number: int) -> None:
    from national_sync.reconcile import merging

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.write(durable=True) as connection:
        operator = invocation.operator(connection)
        merging.unmerge(connection, bootstrap.sealer(), operator, number, now=invocation.now)
    invocation.answer(
        {"merge": number, "state": "undone"},
        lambda: _(N_("Merge {id} is taken back; every record is as it was."), id=number),
    )


@volunteer.command(help=N_("List merges, and whether the national side has followed."))
@only_county_option
@limit_option
@pass_invocation
def merges(invocation: Invocation, county: str | None, limit: int) -> None:
    from national_sync.operators.rights import Right, require
    from national_sync.reconcile.merging import list_merges

    with invocation.open().database() as database, database.read() as connection:
        reader = invocation.reader(connection)
        require(reader, Right.READ, county=county or reader.county)
        found = list_merges(connection, county=county or reader.county, limit=limit)
    invocation.answer({"merges": found}, lambda: _merges_in_words(found, limit))


def _merges_in_words(found: Sequence[Mapping[str, Any]], limit: int) -> str:
    if not found:
        return _(N_("No merges."))
    headings = [_(N_("No.")), _(N_("Kept")), _(N_("Gone")), _(N_("When")), _(N_("National side"))]
    rows = [
        (
            row["id"],
            row["kept_number"] or row["kept_id"],
            row["gone_number"] or row["gone_id"],
            moment(row["merged_at"])[:16],
            word(f"merge_{row['nationally'] or row['state']}"),
        )
        for row in found
    ]
    return "\n".join(filter(None, [table(headings, rows), more_below(len(rows), limit)]))
