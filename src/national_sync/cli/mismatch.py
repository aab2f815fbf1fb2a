"""`national-sync mismatch`: look at differences, decide them, take a decision back."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.choices import DAY, NUMBER, limit_option, offset_option
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.mismatch_filters import filter_of, filters
from national_sync.cli.mismatch_sheet import export, import_
from national_sync.cli.review.command import review
from national_sync.cli.rows import mismatch_facts, more_below
from national_sync.i18n import N_, _, joined
from national_sync.prose.report import run_in_words
from national_sync.prose.words import word

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.bootstrap import Bootstrap
    from national_sync.operators.rights import Operator
    from national_sync.reconcile.resolving import Choice, Many
    from national_sync.reconcile.search import Filter


@click.group(cls=Group, help=N_("Differences that a person has to decide."))
def mismatch() -> None:
    pass


mismatch.add_command(export)
mismatch.add_command(import_)
mismatch.add_command(review)

_number = click.argument("number", type=NUMBER, metavar="NO")


@mismatch.command("list", help=N_("List mismatches, the open ones if not told otherwise."))
@filters
@click.option("--state", cls=Option, type=click.Choice(["open", "closed", "all"]), default="open", show_default=True)
@click.option(
    "--sort",
    cls=Option,
    type=click.Choice(["oldest", "newest", "kind", "county", "entity"]),
    default="oldest",
    show_default=True,
)
@click.option("--totals", cls=Option, is_flag=True, help=N_("Only numbers, by kind and county."))
@limit_option
@offset_option
@pass_invocation
def list_(
    invocation: Invocation, /, state: str, sort: str, totals: bool, limit: int, offset: int, **chosen: Any
) -> None:
    from national_sync.cli.mismatch_words import list_in_words, totals_in_words
    from national_sync.cli.reading import reading
    from national_sync.reconcile import search

    wanted = filter_of(state=state, **chosen)
    with reading(invocation) as desk:
        now, wanted = desk.now, search.within(wanted, desk.reader)
        if totals:
            numbers = desk.rows(*search.totals_query(wanted, now=now))
            invocation.answer({"totals": numbers}, lambda: totals_in_words(numbers))
            return
        rows = desk.rows(*search.page_query(wanted, now=now, sort=sort, limit=limit, offset=offset))
        names = search.names_of(desk.rows, rows)
    mismatches = [{**mismatch_facts(row), "about": _about(names, row)} for row in rows]

    def in_words() -> str:
        if not mismatches:
            return _(N_("No mismatches."))
        hint = _(N_("Look at one: national-sync mismatch show NO."))
        return "\n".join(filter(None, [list_in_words(mismatches, now), more_below(len(rows), limit), hint]))

    invocation.answer({"mismatches": mismatches}, in_words)


def _about(names: Mapping[tuple[str, int], tuple[str | None, int | None]], row: Mapping[str, Any]) -> str | None:
    """What the record goes by."""
    from national_sync.clock import local_date

    name, at = names.get((row["entity"], row["row_id"]), (None, None))
    return f"{name} {local_date(at)}" if name and isinstance(at, int) else name


@mismatch.command(help=N_("Show one mismatch: both sides, who changed what, what each choice does."))
@_number
@pass_invocation
def show(invocation: Invocation, number: int) -> None:
    from national_sync.cli.mismatch_words import mismatch_in_words
    from national_sync.clock import local_date
    from national_sync.exchange.accounts import exchangeable_seconds
    from national_sync.operators.rights import Right, require
    from national_sync.reconcile.effects import STAR_HOURS
    from national_sync.reconcile.facts import facts_of

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        reader = invocation.reader(connection)
        stars = bootstrap.loaded.policy.stars.in_force(local_date(invocation.now))
        star_hours = STAR_HOURS if stars is None else stars.hours
        facts = facts_of(connection, bootstrap.sealer(), number, star_hours=star_hours, balance_of=exchangeable_seconds)
        require(reader, Right.READ, county=facts.county)
    shown = facts.to_json()
    invocation.answer({"mismatch": shown}, lambda: mismatch_in_words(shown))


@mismatch.command(help=N_("Tell what a kind of mismatch means and what can be done; without a kind, list them all."))
@click.argument("kind", required=False)
@pass_invocation
def explain(invocation: Invocation, kind: str | None) -> None:
    from national_sync.cli.mismatch_words import explanation_in_words
    from national_sync.errors import NotFound
    from national_sync.prose.layout import table
    from national_sync.reconcile.kinds import explained
    from national_sync.sync.kinds import MismatchKind

    if kind is None:
        every = [explained(one) for one in MismatchKind]
        headings = [_(N_("Kind")), _(N_("What")), _(N_("Why"))]
        rows = [(one["kind"], one["name"], one["cause"]) for one in every]
        invocation.answer({"kinds": every}, lambda: table(headings, rows))
        return
    if kind not in set(MismatchKind):
        words = N_("There is no kind of mismatch {kind}.")
        raise NotFound(words, hint=N_("All kinds: national-sync mismatch explain"), kind=kind)
    facts = explained(MismatchKind(kind))
    invocation.answer({"kind": facts}, lambda: explanation_in_words(facts))


@mismatch.command(help=N_("Decide one mismatch, or with --where every one that fits; the next run carries it out."))
@click.argument("number", type=NUMBER, metavar="[NO]", required=False)
@click.option(
    "--keep", cls=Option, type=click.Choice(["local", "national"]), help=N_("Keep our value or the national one.")
)
@click.option(
    "--set", "assignment", cls=Option, metavar="FIELD=VALUE", help=N_("Give the field another value on both sides.")
)
@click.option("--facts", cls=Option, metavar="CODE", help=N_("Only if the facts are still those shown with this code."))
@click.option("--now", "at_once", cls=Option, is_flag=True, help=N_("Carry it out and send it at once."))
@click.option("--where", "every", cls=Option, is_flag=True, help=N_("Every open one that the filters below fit."))
@filters
@click.option("--dry-run", cls=Option, is_flag=True, help=N_("Only say what would be decided."))
@click.option("--yes", cls=Option, is_flag=True, help=N_("Do not ask; an empty value is meant."))
@pass_invocation
def resolve(
    invocation: Invocation,
    /,
    number: int | None,
    keep: str | None,
    assignment: str | None,
    facts: str | None,
    at_once: bool,
    every: bool,
    dry_run: bool,
    yes: bool,
    **chosen: Any,
) -> None:
    from national_sync.errors import UsageError
    from national_sync.reconcile.resolving import Choice

    if every == (number is not None):
        raise UsageError(N_("Name one mismatch by its number, or use --where with filters."))
    if (keep is None) == (assignment is None):
        raise UsageError(N_("Say either --keep local, --keep national or --set FIELD=VALUE."))
    if every:
        if keep is None or facts is not None:
            raise UsageError(N_("Many at once are settled by keeping the local or the national value."))
        facts_, in_words = _resolve_many(invocation, filter_of(**chosen), keep, dry_run=dry_run, yes=yes)
    else:
        assert number is not None
        if any(value not in (None, False) for value in chosen.values()):
            raise UsageError(N_("One mismatch by its number needs no filters; with filters, say --where."))
        field, _equals, value = (assignment or "").partition("=")
        choice = Choice(number, keep or "set", value if assignment else None, facts, field or None, may_empty=yes)
        decide_one = _try_one if dry_run else _resolve_one
        facts_, in_words = decide_one(invocation, choice)
    if at_once and not dry_run:
        report = _carry_out_now(invocation)
        invocation.answer({**facts_, "run": report}, lambda: in_words() + "\n\n" + run_in_words(report))
        return
    invocation.answer(facts_, in_words)


Answer = tuple[dict[str, Any], Callable[[], str]]


def _try_one(invocation: Invocation, choice: Choice) -> Answer:
    from national_sync.prose.fields import field_name
    from national_sync.reconcile.kinds import way
    from national_sync.reconcile.resolving import check
    from national_sync.sync.kinds import MismatchKind

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        operator, owners = invocation.operator(connection), bootstrap.loaded.policy.owners
        given_up = sorted(check(connection, bootstrap.sealer(), operator, choice, owners=owners))
        shown = _stored(connection, choice.mismatch_id)

    def in_words() -> str:
        words = N_("Mismatch {id} would be decided: {decision}. Nothing was.")
        lines = [_(words, id=choice.mismatch_id, decision=word(f"keep_{choice.keep}"))]
        lines.append(way(MismatchKind(shown["kind"]), choice.keep))
        if given_up:
            lines.append(_(N_("Given up here: {fields}"), fields=joined(map(field_name, given_up))))
        return "\n".join(lines)

    return {"mismatch": shown, "dry_run": True, "choice": choice.keep, "given_up": given_up}, in_words


def _resolve_one(invocation: Invocation, choice: Choice) -> Answer:
    from national_sync.reconcile.resolving import resolve

    number = choice.mismatch_id
    with _deciding(invocation) as (connection, operator, bootstrap):
        owners = bootstrap.loaded.policy.owners
        resolve(connection, bootstrap.sealer(), operator, choice, invocation.now, owners=owners)
        shown = _stored(connection, number)
    words = N_("Mismatch {id}: {decision}. The next run carries it out: national-sync sync run")
    return {"mismatch": shown}, lambda: _(words, id=number, decision=word(f"keep_{choice.keep}"))


def _resolve_many(invocation: Invocation, wanted: Filter, keep: str, *, dry_run: bool, yes: bool) -> Answer:
    from national_sync.reconcile.resolving import preview_where, resolve_where

    bootstrap = invocation.open()
    with bootstrap.database() as database:
        with database.read() as connection:
            operator = invocation.operator(connection)
            many = preview_where(connection, bootstrap.sealer(), operator, wanted, keep, now=invocation.now)
        if many.count and not dry_run:
            _ask(invocation, many, keep, yes=yes)
            with database.write(durable=True) as connection:
                operator = invocation.operator(connection)
                many = resolve_where(connection, bootstrap.sealer(), operator, wanted, keep, now=invocation.now)
    facts = {
        "keep": keep,
        "dry_run": dry_run,
        "decided": many.decided,
        "left_out": many.left_out,
        "facts_changed": many.facts_changed,
    }
    return facts, lambda: _many_in_words(facts, many.count)


def _ask(invocation: Invocation, many: Many, keep: str, *, yes: bool) -> None:
    """Counts first; whoever answers with JSON or through a pipe must have said --yes."""
    from national_sync.errors import UsageError

    if yes:
        return
    if invocation.as_json or not sys.stdin.isatty():
        raise UsageError(
            N_("{count} mismatches would be decided; nothing was."),
            hint=N_("Look with --dry-run, then say --yes."),
            count=many.count,
        )
    click.echo(_by_kind(many.decided), err=True)
    question = _(N_("Decide these {count}: {decision}?"), count=many.count, decision=word(f"keep_{keep}"))
    click.confirm(question, abort=True, err=True)


def _many_in_words(facts: Mapping[str, Any], count: int) -> str:
    lines = [_by_kind(facts["decided"])] if count else []
    if facts["left_out"]:
        lines += [_(N_("Left out, because they cannot be settled in this way:")), _by_kind(facts["left_out"])]
    if facts["facts_changed"]:
        lines += [_(N_("Left open, because the value here has changed since:")), _by_kind(facts["facts_changed"])]
    if facts["dry_run"]:
        lines.append(_(N_("{count} mismatches would be decided; nothing was."), count=count))
    else:
        words = N_("{count} mismatches are decided. The next run carries it out: national-sync sync run")
        lines.append(_(words, count=count))
    return "\n".join(lines)


def _by_kind(numbers: Mapping[str, int]) -> str:
    return "\n".join(f"{number:>6}  {word(kind)}" for kind, number in numbers.items())


def _carry_out_now(invocation: Invocation) -> dict[str, Any]:
    """A run that carries out decisions and sends what is due, and does nothing else."""
    from national_sync.cli.progress import shown_progress
    from national_sync.run_files import keep_report
    from national_sync.stopping import StopFlag, stopping_on_signals
    from national_sync.sync.run import RunKind, RunRequest

    bootstrap, flag = invocation.open(), StopFlag()
    with (
        stopping_on_signals(flag, notice=lambda: None),
        shown_progress() as progress,
        bootstrap.engine(stop=flag, progress=progress) as engine,
    ):
        report = engine.run(RunRequest(kind=RunKind.DECISIONS)).to_json()
    keep_report(bootstrap.reports_directory, report)
    return report


@mismatch.command(help=N_("Take the last decision about a mismatch back, as far as that is possible."))
@_number
@pass_invocation
def undo(invocation: Invocation, number: int) -> None:
    from national_sync.reconcile.undoing import undo as undo_decision

    with _deciding(invocation) as (connection, operator, bootstrap):
        outcome = undo_decision(connection, bootstrap.sealer(), operator, number, invocation.now)
        shown = _stored(connection, number)
    words = {
        "dropped": N_("The decision about mismatch {id} is taken back; it had not been carried out."),
        "reopened": N_("Mismatch {id} is open again."),
        "asked_again": N_(
            "Mismatch {id} is open again: our value stands here again, beside the one that the national side holds now."
        ),
        "put_back": N_("The other value stands here again; the next run sends it: national-sync sync run"),
    }
    invocation.answer({"mismatch": shown, "outcome": outcome}, lambda: _(words[outcome], id=number))


@mismatch.command(help=N_("Keep a remark with a mismatch."))
@_number
@click.argument("words", metavar="TEXT")
@pass_invocation
def note(invocation: Invocation, number: int, words: str) -> None:
    from national_sync.reconcile.resolving import note as keep_note

    with _deciding(invocation) as (connection, operator, _bootstrap):
        keep_note(connection, operator, number, words, invocation.now)
        shown = _stored(connection, number)
    invocation.answer({"mismatch": shown}, lambda: _(N_("Noted with mismatch {id}."), id=number))


@mismatch.command(help=N_("Give a mismatch to an operator; without a name, to nobody."))
@_number
@click.argument("name", required=False)
@pass_invocation
def assign(invocation: Invocation, number: int, name: str | None) -> None:
    from national_sync.reconcile.resolving import assign as give

    with _deciding(invocation) as (connection, operator, _bootstrap):
        give(connection, operator, number, name, invocation.now)
        shown = _stored(connection, number)
    words = N_("Mismatch {id} is with {name}.") if name else N_("Mismatch {id} is with nobody.")
    invocation.answer({"mismatch": shown}, lambda: _(words, id=number, name=name or "-"))


@mismatch.command(help=N_("Leave a mismatch out of the lists until a day; without --until, bring it back."))
@_number
@click.option("--until", cls=Option, type=DAY, metavar="DATE", help=N_("The day it comes back."))
@pass_invocation
def snooze(invocation: Invocation, number: int, until: datetime | None) -> None:
    from national_sync.clock import PUER_TIME
    from national_sync.reconcile.resolving import snooze as put_off

    moment = None if until is None else int(until.replace(tzinfo=PUER_TIME).timestamp())
    with _deciding(invocation) as (connection, operator, _bootstrap):
        put_off(connection, operator, number, moment, invocation.now)
        shown = _stored(connection, number)
    words = N_("Mismatch {id} is put off until {day}.") if until else N_("Mismatch {id} is in the lists again.")
    day = until.date() if until else "-"
    invocation.answer({"mismatch": shown}, lambda: _(words, id=number, day=day))


@contextmanager
def _deciding(invocation: Invocation) -> Iterator[tuple[Connection, Operator, Bootstrap]]:
    """One transaction of the person who is logged in."""
    bootstrap = invocation.open()
    with bootstrap.database() as database, database.write(durable=True) as connection:
        yield connection, invocation.operator(connection), bootstrap


def _stored(connection: Connection, number: int) -> dict[str, Any]:
    from national_sync.sync.mismatches import load_mismatch

    return mismatch_facts(load_mismatch(connection, number))
