"""`national-sync volunteer …`, as far as becoming a volunteer goes: forms, approval, sending, searching."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.choices import COUNTY
from national_sync.cli.command import Command, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import masked, moment, more_below, row_facts
from national_sync.i18n import N_, _, say
from national_sync.prose.codes import code_word
from national_sync.prose.layout import SCREEN_WIDTH, table, wrapped
from national_sync.prose.words import word

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.bootstrap import Bootstrap
    from national_sync.registration.desk import Desk
    from national_sync.registration.importing import Imported
    from national_sync.registration.search import By

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
_REFUSED_EXIT_CODE: Final = 2
_MOST_SHOWN: Final = 50
_FEW: Final = 10
"""So many codes fit into a question."""
_FILE: Final = click.Path(dir_okay=False, path_type=Path)
_DAY: Final = click.DateTime(["%Y-%m-%d"])
_NUMBER: Final = click.IntRange(1, 2**62)
_numbers = click.argument("numbers", type=_NUMBER, nargs=-1, metavar="NO...")
_sheet = click.option("--sheet", cls=Option, metavar="CODE", help=N_("All that came with this import and are ready."))
_county = click.option(
    "--county", cls=Option, type=COUNTY, metavar="CODE", help=N_("Only this county, by its six digits.")
)
_limit = click.option("--limit", cls=Option, type=click.IntRange(1, 1_000), default=50, show_default=True)
_offset = click.option("--offset", cls=Option, type=click.IntRange(0), default=0)


def _desk(invocation: Invocation, bootstrap: Bootstrap, connection: Connection) -> Desk:
    """Whoever is logged in, at work. Raises LoginRequired."""
    from national_sync.registration.desk import Desk

    rules = bootstrap.loaded.policy.registration
    return Desk(invocation.operator(connection), bootstrap.sealer(), rules, invocation.now)


@contextmanager
def _at_work(invocation: Invocation) -> Iterator[tuple[Connection, Desk]]:
    """A durable transaction and the desk."""
    bootstrap = invocation.open()
    with bootstrap.database() as database, database.write(durable=True) as connection:
        yield connection, _desk(invocation, bootstrap, connection)


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
    with _at_work(invocation) as (connection, desk):
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


@click.command(cls=Command, help=N_("Write an empty sheet in which a unit registers many people at once."))
@click.argument("file", type=_FILE)
@pass_invocation
def template(invocation: Invocation, file: Path) -> None:
    from national_sync.errors import UsageError
    from national_sync.registration.sheet import write_template

    if file.exists():
        raise UsageError(N_("{file} is there already; nothing was written over it."), file=file)
    write_template(file)
    invocation.answer(
        {"file": str(file)},
        lambda: _(N_("{file} is ready to be filled in. Then: national-sync volunteer import {file}"), file=file),
    )


@click.command(
    "import",
    cls=Command,
    help=N_("Take the registrations of a filled-in sheet: all of them, or none if a row is wrong."),
)
@click.argument("file", type=_FILE)
@click.option("--only-valid", cls=Option, is_flag=True, help=N_("Take the rows that are right; the others are told."))
@click.option("--dry-run", cls=Option, is_flag=True, help=N_("Only check every row."))
@pass_invocation
@click.pass_context
def import_(ctx: click.Context, invocation: Invocation, file: Path, only_valid: bool, dry_run: bool) -> None:
    from national_sync.registration.importing import take_sheet

    bootstrap = invocation.open()
    with bootstrap.database() as database:
        with database.read() as connection:
            desk = _desk(invocation, bootstrap, connection)
        imported = take_sheet(database, desk, file, only_valid=only_valid, dry_run=dry_run)
    facts = _import_facts(file, imported, dry_run=dry_run)
    invocation.answer(facts, lambda: _imported_in_words(facts, only_valid=only_valid))
    ctx.exit(_REFUSED_EXIT_CODE if imported.refused_count and not imported.taken else 0)


def _import_facts(file: Path, imported: Imported, *, dry_run: bool) -> dict[str, Any]:
    return {
        "file": str(file),
        "dry_run": dry_run,
        "taken": imported.taken,
        "sheet": imported.sheet if imported.taken else None,
        "counts": {
            "rows": imported.rows,
            "valid": imported.valid,
            "known": imported.known,
            "refused": imported.refused_count,
        },
        "refused": [{"row": one.row, "reason": say(one.reason)} for one in imported.refused],
    }


def _imported_in_words(facts: Mapping[str, Any], *, only_valid: bool) -> str:
    counts, told = facts["counts"], facts["refused"][:_MOST_SHOWN]
    lines = [line for row in told for line in _refused_row(row)]
    if counts["refused"] > len(told):
        lines.append(_(N_("… and {count} more"), count=counts["refused"] - len(told)))
    words = N_("Rows: {rows}; right: {valid}, of them volunteers already: {known}; refused: {refused}")
    lines += wrapped(_(words, **counts), SCREEN_WIDTH)
    if facts["taken"]:
        lines.append(
            _(N_("Taken. Approve them: national-sync volunteer approve --sheet {sheet}"), sheet=facts["sheet"])
        )
    elif counts["refused"] and not only_valid:
        told_next = N_(
            "Nothing was taken. Correct these rows and give the file again, or take the others: --only-valid"
        )
        lines += wrapped(_(told_next), SCREEN_WIDTH)
    else:
        lines.append(_(N_("Nothing was taken.")))
    return "\n".join(lines)


def _refused_row(row: Mapping[str, Any]) -> Iterator[str]:
    for reason in row["reason"].splitlines():
        yield from wrapped(_(N_("Row {row}: {reason}"), row=row["row"], reason=reason), SCREEN_WIDTH)


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
    with _at_work(invocation) as (connection, desk):
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

    with _at_work(invocation) as (connection, desk):
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

    with _at_work(invocation) as (connection, desk):
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
@_county
@_limit
@_offset
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
@click.argument("number", type=_NUMBER, metavar="NO")
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


@click.command(
    cls=Command, help=N_("Print registration forms, in two copies each: for the record office and for the unit.")
)
@click.argument("numbers", type=_NUMBER, nargs=-1, required=True, metavar="NO...")
@click.argument("file", type=_FILE)
@pass_invocation
def form(invocation: Invocation, numbers: Sequence[int], file: Path) -> None:
    from national_sync.operators.rights import Right, require
    from national_sync.registration.forms import registration_form
    from national_sync.registration.stages import load

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        operator = invocation.operator(connection)
        rows = [load(connection, number) for number in numbers]
        for row in rows:
            require(operator, Right.READ_PERSONAL, county=row["county"])
        document = registration_form(rows, bootstrap.sealer())
    _write_private(file, document)
    invocation.answer(
        {"forms": {"file": str(file), "count": len(rows)}},
        lambda: _(N_("Forms in {file}, two copies each: {count}"), file=file, count=len(rows)),
    )


def _write_private(file: Path, document: bytes) -> None:
    """A form shows whole ID numbers: it is its owner's alone."""
    import os

    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as opened:
        opened.write(document)


@click.command(
    cls=Command,
    help=N_(
        "Find volunteers by name, by the initials of the name in pinyin (lwx), by volunteer number or row, by team, or by "
        "ID number, which is asked for."
    ),
)
@click.argument("wanted", metavar="TEXT", required=False)
@click.option("--team", cls=Option, type=_NUMBER, help=N_("The members of this team, by its row number."))
@click.option("--id-number", cls=Option, is_flag=True, help=N_("Ask for an ID number, or read it from standard input."))
@_county
@_limit
@_offset
@pass_invocation
def search(
    invocation: Invocation,
    wanted: str | None,
    team: int | None,
    id_number: bool,
    county: str | None,
    limit: int,
    offset: int,
) -> None:
    from national_sync.operators.rights import Right, require
    from national_sync.registration.search import By, hash_of_number, keep_initials
    from national_sync.registration.search import search as find

    _check_one_way(wanted, team, id_number)
    bootstrap = invocation.open()
    value: Any
    with bootstrap.database() as database:
        if id_number:
            by, value = By.ID_NUMBER, hash_of_number(bootstrap.sealer(), _asked_number())
        elif team is not None:
            by, value = By.TEAM, team
        else:
            by, value = _way(wanted or "")
        if by is By.INITIALS:
            with database.write() as connection:
                keep_initials(connection)
        with database.read() as connection:
            reader = invocation.reader(connection)
            county = county or reader.county
            require(reader, Right.READ, county=county)
            found = [dict(row) for row in find(connection, by, value, county=county, limit=limit, offset=offset)]
    invocation.answer({"by": by.value, "volunteers": found}, lambda: _found_in_words(found, limit))


def _check_one_way(wanted: str | None, team: int | None, id_number: bool) -> None:
    from national_sync.errors import UsageError

    if sum((wanted is not None, team is not None, id_number)) != 1:
        raise UsageError(N_("Say one thing to look for: a text, --team NO or --id-number."))


def _way(wanted: str) -> tuple[By, Any]:
    from national_sync.errors import UsageError
    from national_sync.registration.initials import as_initials
    from national_sync.registration.search import By

    text = wanted.strip()
    if sum(map(str.isdigit, text)) >= 15 and not text.upper().startswith("V"):
        raise UsageError(
            N_("An ID number does not belong on the command line, where others can read it."),
            hint=N_("Have it asked for: national-sync volunteer search --id-number"),
        )
    initials = as_initials(text)
    if initials is not None:
        return By.INITIALS, initials
    if text[:1].upper() == "V" and any(map(str.isdigit, text)):
        return By.NUMBER, text.upper()
    return By.NAME, text


def _asked_number() -> str:
    if sys.stdin.isatty():
        return str(click.prompt(_(N_("ID number")), err=True))
    return sys.stdin.readline().strip()


def _found_in_words(found: Sequence[Mapping[str, Any]], limit: int) -> str:
    if not found:
        return _(N_("Nobody was found."))
    headings = [
        _(N_("No.")),
        _(N_("Volunteer")),
        _(N_("Name")),
        _(N_("Sex")),
        _(N_("Born")),
        _(N_("County")),
        _(N_("Real name")),
    ]
    rows = [
        (
            one["id"],
            one["number"] or "-",
            one["name"],
            code_word("sex", one["sex"]),
            one["birth_date"],
            one["county"],
            code_word("real_name_state", one["real_name_state"])
            if one["withdrawn_at"] is None
            else word("record_withdrawn"),
        )
        for one in found
    ]
    return "\n".join(filter(None, [table(headings, rows), more_below(len(rows), limit)]))


@click.command(
    "record-book", cls=Command, help=N_("Print the service record book of a team: its effective hours in some time.")
)
@click.argument("file", type=_FILE)
@click.option("--team", cls=Option, type=_NUMBER, required=True, help=N_("The team, by its row number."))
@click.option("--from", "first", cls=Option, type=_DAY, required=True, help=N_("The first service day."))
@click.option("--until", "last", cls=Option, type=_DAY, required=True, help=N_("The last service day."))
@pass_invocation
def record_book(invocation: Invocation, file: Path, team: int, first: datetime, last: datetime) -> None:
    from national_sync.acts import row_by_id
    from national_sync.operators.rights import Right, require
    from national_sync.registration.record_book import record_book as book_of
    from national_sync.registration.record_book import record_book_pdf

    with invocation.open().database() as database, database.read() as connection:
        county = row_by_id(connection, "team", team)["area_id"][:6]
        require(invocation.operator(connection), Right.READ_PERSONAL, county=county)
        book = book_of(connection, team, first.date(), last.date())
    file.write_bytes(record_book_pdf(book))
    facts = {"file": str(file), "people": len(book["people"]), "records": book["count"], "hours": book["hours"]}
    invocation.answer(
        {"record_book": facts},
        lambda: _(N_("{people} people with {records} records, {hours} hours, are in {file}."), **facts),
    )


COMMANDS: Final[tuple[click.Command, ...]] = (
    submit,
    template,
    import_,
    approve,
    reject,
    file,
    send,
    follow,
    registrations,
    registration,
    form,
    search,
    record_book,
)
