"""`national-sync ledger`: the accounts of hours."""

from __future__ import annotations

from typing import Any

import click

from national_sync.cli.choices import NUMBER, limit_option, offset_option
from national_sync.cli.command import Group, Option
from national_sync.cli.counter import at_counter, looking, tell_rows
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.nouns import do_and_tell, number_argument
from national_sync.cli.rows import moment
from national_sync.i18n import N_, _, say
from national_sync.prose.amounts import hours
from national_sync.prose.layout import table
from national_sync.prose.words import word


@click.group(cls=Group, help=N_("The accounts of hours: follow the mirror, look, prove."))
def ledger() -> None:
    pass


@ledger.command(help=N_("Book what has changed in the mirror and what is over; every night, and whenever wanted."))
@pass_invocation
def follow(invocation: Invocation) -> None:
    from national_sync.bootstrap import follow_exchange
    from national_sync.prose.exchange import followed_in_words

    facts = follow_exchange(invocation.open()).to_json()
    invocation.answer(
        {"followed": facts}, lambda: "\n".join(followed_in_words(facts)) or _(N_("Nothing has changed since."))
    )


@ledger.command(help=N_("The account of a volunteer, each line in plain words, the newest first."))
@click.argument("volunteer", type=NUMBER)
@click.option("--before", cls=Option, type=NUMBER, help=N_("Only lines older than this one."))
@limit_option
@pass_invocation
def statement(invocation: Invocation, volunteer: int, before: int | None, limit: int) -> None:
    from national_sync.exchange.accounts import exchangeable
    from national_sync.exchange.rows import show as row_of
    from national_sync.exchange.statement import account_facts, line_in_words, page

    with looking(invocation) as connection:
        row_of(connection, "volunteer", volunteer)
        facts = account_facts(connection, volunteer, invocation.now)
        lines = page(connection, exchangeable(volunteer), before=before, limit=limit)
    entries = [{**line, "sentence": line_in_words(line)} for line in lines]
    invocation.answer({"account": facts, "entries": entries}, lambda: _statement_in_words(facts, entries, limit))


def _statement_in_words(facts: dict[str, Any], entries: list[dict[str, Any]], limit: int) -> str:
    headings = [_(N_("No.")), _(N_("When")), _(N_("Hours")), _(N_("Balance")), _(N_("Explanation"))]
    rows = [
        (
            line["version"],
            moment(line["at"])[:16],
            hours(line["seconds"]),
            hours(line["balance_after"]),
            line["sentence"],
        )
        for line in entries
    ]
    return "\n".join(
        [*_account_in_words(facts), *([table(headings, rows)] if rows else []), *_older(facts, entries, limit)]
    )


def _account_in_words(facts: dict[str, Any]) -> list[str]:
    amounts = {name: hours(facts[f"{name}_seconds"]) for name in ("usable", "held", "deficit")}
    if facts["deficit_seconds"]:
        words = N_(
            "Deficit: {deficit} hours that were spent have been withdrawn; new hours make up for them first. {held} are "
            "held."
        )
    else:
        words = N_("{usable} hours can be spent, {held} are held.")
    lines = [_(words, **amounts)]
    if facts["closed_for"]:
        lines.append(_(N_("The account is closed: {cause}."), cause=word(facts["closed_for"])))
    return lines


def _older(facts: dict[str, Any], entries: list[dict[str, Any]], limit: int) -> list[str]:
    if len(entries) < limit or entries[-1]["version"] == 1:
        return []
    words = N_("Older lines: national-sync ledger statement {volunteer} --before {line}")
    return [_(words, volunteer=facts["volunteer_id"], line=entries[-1]["version"])]


@ledger.command(help=N_("Prove the books: every balance from its entries, every entry from the one before."))
@pass_invocation
def verify(invocation: Invocation) -> None:
    from national_sync.exchange.verifying import LAWS
    from national_sync.exchange.verifying import verify as look

    with looking(invocation) as connection:
        faults = look(connection)
    facts = [{"law": fault.law.name, "ids": fault.ids, "sentence": say(fault.words)} for fault in faults]
    invocation.answer(
        {"is_right": not faults, "laws": len(LAWS), "faults": facts},
        lambda: (
            "\n".join(str(fault["sentence"]) for fault in facts)
            or _(N_("The books are right: {laws} laws hold."), laws=len(LAWS))
        ),
    )
    if faults:
        click.get_current_context().exit(7)


@ledger.command(help=N_("Make balances anew from the entries, should verify find them wrong."))
@pass_invocation
def rebuild(invocation: Invocation) -> None:
    from national_sync.exchange.verifying import rebuild as make_anew

    with at_counter(invocation, "ledger.rebuilt") as counter:
        changed = make_anew(counter.connection)
    invocation.answer({"rebuilt": changed}, lambda: _(N_("{changed} balances were made anew."), changed=changed))


@ledger.command(help=N_("Close a volunteer's account: holds go back, nothing can be redeemed, nothing is lost."))
@click.argument("volunteer", type=NUMBER)
@click.option("--cause", cls=Option, type=click.Choice(["left", "died"]), required=True)
@pass_invocation
def close(invocation: Invocation, volunteer: int, cause: str) -> None:
    from national_sync.exchange.lives import close_by_hand

    with at_counter(invocation, "account.closed", volunteer=volunteer, cause=cause) as counter:
        close_by_hand(counter.book, counter.steps, counter.now, volunteer, cause)
    _tell_account(invocation, volunteer, "closed", N_("The account of volunteer {volunteer} is closed."))


@ledger.command(help=N_("Open a closed account again."))
@click.argument("volunteer", type=NUMBER)
@pass_invocation
def reopen(invocation: Invocation, volunteer: int) -> None:
    from national_sync.exchange.lives import reopen_by_hand

    with at_counter(invocation, "account.reopened", volunteer=volunteer) as counter:
        reopen_by_hand(counter.book, volunteer)
    _tell_account(invocation, volunteer, "open", N_("The account of volunteer {volunteer} is open again."))


def _tell_account(invocation: Invocation, volunteer: int, state: str, sentence: str) -> None:
    facts = {"volunteer_id": volunteer, "state": state}
    invocation.answer({"account": facts}, lambda: _(sentence, volunteer=volunteer))


@ledger.command(help=N_("Redemptions that look wrong: far apart, bursts, one's own shop, guessed codes."))
@click.option("--state", cls=Option, type=click.Choice(["open", "cleared", "confirmed"]), default="open")
@limit_option
@offset_option
@pass_invocation
def suspicions(invocation: Invocation, state: str, limit: int, offset: int) -> None:
    from national_sync.exchange.rows import listed
    from national_sync.exchange.suspicions import occurrence

    with looking(invocation) as connection:
        rows = listed(connection, "suspicion", limit=limit, offset=offset, state=state)
    rows = [{**row, "occurrence": occurrence(row["subject"])} for row in rows]
    columns = ("id", "kind", "volunteer_id", "merchant_id", "occurrence")
    tell_rows(invocation, "suspicions", rows, columns, limit=limit)


@ledger.command(help=N_("Say what became of a suspicion; hours are given back by a refund only."))
@number_argument
@click.argument("verdict", type=click.Choice(["cleared", "confirmed"]))
@click.option("--note", cls=Option, required=True)
@pass_invocation
def judge(invocation: Invocation, number: int, verdict: str, note: str) -> None:
    from national_sync.exchange.suspicions import decide_suspicion

    do_and_tell(
        invocation,
        "suspicion.judged",
        "suspicion",
        N_("Suspicion {id}: {state}."),
        lambda counter: decide_suspicion(
            counter.connection,
            counter.now,
            number,
            is_confirmed=verdict == "confirmed",
            note=note,
            actor=counter.actor,
        ),
        number=number,
        verdict=verdict,
    )
