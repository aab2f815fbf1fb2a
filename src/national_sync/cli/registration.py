"""`national-sync volunteer …`, as far as a registration goes: taking it, deciding about it, sending it, looking at it."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import click

from national_sync.cli.choices import NUMBER, limit_option, offset_option, only_county_option
from national_sync.cli.command import Command, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.registering import at_work
from national_sync.cli.rows import masked, moment, more_below, row_facts
from national_sync.i18n import N_, _, say
from national_sync.prose.layout import SCREEN_WIDTH, table, wrapped
from national_sync.prose.words import word

STATES: Final = (
    "submitted",
    "approved",
    "rejected",
    "filed",
    "sent",
    "under_review",
    "registered",
    "refused",
)
"""The values of `registration.stages.State`; a test holds the two equal."""
_FEW: Final = 10
"""So many codes fit into a question."""
_numbers = click.argument("numbers", type=NUMBER, nargs=-1, metavar="NO...")
_sheet = click.option("--sheet", cls=Option, metavar="CODE", help=N_("All that came with this import and are ready."))


# Coming in


@click.command(
    cls=Command,
    help=N_("Take one registration: asked for on the terminal, or from a JSON file (- reads it from standard input)."),
)
@click.argument("file", type=click.Path(dir_okay=False, allow_dash=True), required=False)
@pass_invocation
def submit(invocation: Invocation, file: str | None) -> None:
    from national_sync.registration.submitting import submit as take

    written = _from_json(file) if file else _asked(invocation)
    with at_work(invocation) as (connection, desk):
        taken = take(connection, desk, written)
    facts = {"id": taken.id, "state": "submitted", "approver": taken.approver, "volunteer_id": taken.volunteer_id}
    invocation.answer({"registration": facts}, lambda: _submitted(facts))


def _submitted(facts: Mapping[str, Any]) -> str:
    words = N_("Registration {id} is taken. Who approves it: {approver}")
    lines = wrapped(_(words, id=facts["id"], approver=word(facts["approver"])), SCREEN_WIDTH)
    if facts["volunteer_id"] is not None:
        known = _(N_("The person is volunteer {id} already, who will be taken over."), id=facts["volunteer_id"])
        lines += wrapped(known, SCREEN_WIDTH)
    lines.append(_(N_("The form in two copies: national-sync volunteer form {id} form.pdf"), id=facts["id"]))
    return "\n".join(lines)


def _from_json(file: str) -> dict[str, str | None]:
    from national_sync.errors import UsageError

    try:
        text = sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8-sig")
        given = json.loads(text)
    except OSError as error:
        raise UsageError(N_("{file}: it cannot be read ({reason})"), file=file, reason=error.strerror or "") from error
    except ValueError as error:
        raise UsageError(N_("{file} holds no JSON."), file=file) from error
    if not isinstance(given, dict) or not all(isinstance(value, str | None) for value in given.values()):
        raise UsageError(
            N_("{file} holds no JSON object of texts."),
            file=file,
            hint=N_("Write every value as text, the ID number too: its fields are in docs/registration.md."),
        )
    return given


def _asked(invocation: Invocation) -> dict[str, str | None]:
    """One question a field; each answer is checked where it can be by itself."""
    from national_sync.errors import UsageError
    from national_sync.registration.validation import FIELDS

    if invocation.as_json or not sys.stdin.isatty():
        raise UsageError(
            N_("There is no terminal to ask on."),
            hint=N_("Give a file: national-sync volunteer submit form.json"),
        )
    return {name: _answer(name) for name in FIELDS}


def _answer(name: str) -> str:
    """What is typed for one field; asked again while it cannot be taken."""
    from national_sync.code_lists import LISTS
    from national_sync.prose.fields import field_name
    from national_sync.registration.validation import DEFAULTS, REQUIRED, fault_in

    def taken(typed: str) -> str:
        reason = fault_in(name, typed)
        if reason is not None:
            raise click.UsageError(say(reason))
        return typed

    question = ("* " if name in REQUIRED else "") + field_name(name)
    if name in LISTS and len(LISTS[name]) < _FEW:
        question += f" ({' / '.join(f'{code} {words}' for code, words in LISTS[name].items())})"
    default = DEFAULTS.get(name, None if name in REQUIRED else "")
    answer: str = click.prompt(question, default=default, show_default=name in DEFAULTS, value_proc=taken, err=True)
    return answer


# Deciding


@click.command(cls=Command, help=N_("Approve submitted registrations, for the body that decides about them."))
@_numbers
@_sheet
@pass_invocation
def approve(invocation: Invocation, numbers: Sequence[int], sheet: str | None) -> None:
    _decide(invocation, "approved", numbers, sheet)


@click.command(cls=Command, help=N_("Reject submitted registrations, with the reason."))
@_numbers
@_sheet
@click.option("--reason", cls=Option, required=True, help=N_("Why, for the record."))
@pass_invocation
def reject(invocation: Invocation, numbers: Sequence[int], sheet: str | None, reason: str) -> None:
    _decide(invocation, "rejected", numbers, sheet, reason)


@click.command(cls=Command, help=N_("Note that approved registrations are filed with their record office."))
@_numbers
@_sheet
@pass_invocation
def file(invocation: Invocation, numbers: Sequence[int], sheet: str | None) -> None:
    _decide(invocation, "filed", numbers, sheet)


def _decide(
    invocation: Invocation, to: str, numbers: Sequence[int], sheet: str | None, reason: str | None = None
) -> None:
    from national_sync.registration.stages import State, chosen, decide

    _check_chosen(numbers, sheet)
    with at_work(invocation) as (connection, desk):
        ids = chosen(connection, desk, State(to), numbers, sheet)
        _check_some(ids)
        decide(connection, desk, ids, State(to), masked(reason))
    facts = {"state": to, "ids": ids}
    invocation.answer(
        {"registrations": facts},
        lambda: _(N_("Registrations: {count}, now {state}"), count=len(ids), state=word(to)),
    )


def _check_chosen(numbers: Sequence[int], sheet: str | None) -> None:
    from national_sync.errors import UsageError

    if bool(numbers) == bool(sheet):
        raise UsageError(N_("Say which registrations: their numbers, or --sheet CODE."))


def _check_some(ids: Sequence[int]) -> None:
    from national_sync.errors import UsageError

    if not ids:
        raise UsageError(
            N_("No registration is ready for this."),
            hint=N_("See how far each is: national-sync volunteer registrations"),
        )


@click.command(
    cls=Command, help=N_("Make volunteers of filed registrations; the next run reports them. Without numbers: of all.")
)
@_numbers
@_sheet
@pass_invocation
def send(invocation: Invocation, numbers: Sequence[int], sheet: str | None) -> None:
    from national_sync.registration.stages import State, chosen, follow
    from national_sync.registration.stages import send as send_registrations

    with at_work(invocation) as (connection, desk):
        ids = chosen(connection, desk, State.SENT, numbers, sheet)
        _check_some(ids)
        facts = send_registrations(connection, desk, ids)
        follow(connection, desk.now)
    invocation.answer(
        {"sent": facts},
        lambda: "\n".join(
            [
                _(N_("Sent: {made} new volunteers, {adopted} who were volunteers already."), **facts),
                _(N_("The next run reports them; then look: national-sync volunteer registrations")),
            ]
        ),
    )


@click.command(cls=Command, help=N_("Write down what the national side has said about those that were sent."))
@pass_invocation
def follow(invocation: Invocation) -> None:
    from national_sync.registration.stages import follow as follow_all

    with at_work(invocation) as (connection, desk):
        moved = follow_all(connection, desk.now)
    invocation.answer(
        {"moved": moved},
        lambda: (
            "\n".join(f"{count:>6}  {word(state)}" for state, count in moved.items())
            or _(N_("Nothing new from the national side."))
        ),
    )


# Looking


@click.command(cls=Command, help=N_("List registrations, the newest first."))
@click.option("--state", cls=Option, type=click.Choice(STATES), help=N_("Only those that have come so far."))
@click.option("--sheet", cls=Option, metavar="CODE", help=N_("Only those that came with this import."))
@only_county_option
@limit_option
@offset_option
@pass_invocation
def registrations(
    invocation: Invocation, state: str | None, sheet: str | None, county: str | None, limit: int, offset: int
) -> None:
    from national_sync.operators.rights import Right, require
    from national_sync.registration.stages import list_registrations

    with invocation.open().database() as database, database.read() as connection:
        reader = invocation.reader(connection)
        county = county or reader.county
        require(reader, Right.READ, county=county)
        found = list_registrations(connection, state=state, county=county, sheet=sheet, limit=limit, offset=offset)
    facts = [row_facts(row) for row in found]
    invocation.answer({"registrations": facts}, lambda: _listed(facts, limit))


def _listed(found: Sequence[Mapping[str, Any]], limit: int) -> str:
    if not found:
        return _(N_("No registrations."))
    headings = [_(N_("No.")), _(N_("Name")), _(N_("Born")), _(N_("County")), _(N_("State")), _(N_("Recruiting body"))]
    rows = [
        (one["id"], one["name"], one["birth_date"], one["county"], word(one["state"]), one["recruiting_body"])
        for one in found
    ]
    return "\n".join(filter(None, [table(headings, rows), more_below(len(rows), limit)]))


@click.command(cls=Command, help=N_("Show a registration: the form, and who did what about it and when."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def registration(invocation: Invocation, number: int) -> None:
    from national_sync.operators.rights import Right, require
    from national_sync.registration.stages import load, national_words, steps_of

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        reader = invocation.reader(connection)
        row = load(connection, number)
        require(reader, Right.READ, county=row["county"])
        steps = [dict(step) for step in steps_of(connection, number)]
        told = masked(national_words(connection, row))
        facts = {**row_facts(_starred(bootstrap.sealer(), row)), "steps": steps, "national_words": told}
    invocation.answer({"registration": facts}, lambda: _shown(facts))


def _starred(sealer: Any, row: Mapping[str, Any]) -> dict[str, Any]:
    """Digits 7 to 15 of the ID number and the middle of a phone as stars."""
    opened = {name: sealer.plain(row[name]) for name in ("id_number", "phone", "guardian_phone")}
    shown = {
        name: value
        and (f"{value[:6]}{'*' * max(0, len(value) - 9)}{value[15:]}" if name == "id_number" else _phone(value))
        for name, value in opened.items()
    }
    return {**row, **shown}


def _phone(number: str) -> str:
    return f"{number[:3]}****{number[-4:]}"


def _shown(facts: Mapping[str, Any]) -> str:
    from national_sync.code_lists import LISTS, words_of
    from national_sync.prose.fields import field_name
    from national_sync.registration.validation import FIELDS

    lines = [
        _(N_("Registration {id}: {state}"), id=facts["id"], state=word(facts["state"])),
        *wrapped(_(N_("Who approves it: {approver}"), approver=word(facts["approver"])), SCREEN_WIDTH),
    ]
    for name in FIELDS:
        if facts[name] is not None:
            value = words_of(name, facts[name]) if name in LISTS else facts[name]
            lines += wrapped(f"  {field_name(name)}: {value}", SCREEN_WIDTH)
    if facts["national_words"]:
        lines += wrapped(_(N_("The national side says: {words}"), words=facts["national_words"]), SCREEN_WIDTH)
    headings = [_(N_("When")), _(N_("Who")), _(N_("State")), _(N_("Reason"))]
    rows = [
        (moment(step["at"])[:16], _actor(step["actor"]), word(step["state"]), step["reason"] or "-")
        for step in facts["steps"]
    ]
    return "\n".join([*lines, "", table(headings, rows)])


def _actor(actor: str) -> str:
    return _(N_("the national side")) if actor == "national" else actor


COMMANDS: Final = (submit, approve, reject, file, send, follow, registrations, registration)
