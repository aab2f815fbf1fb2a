"""`national-sync star`: certify stars, from the draft to the publication, and what comes after."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.acting import deciding, reading
from national_sync.cli.choices import COUNTY, DAY, FILE, NUMBER, limit_option, offset_option
from national_sync.cli.command import Group, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import masked, more_below, row_facts
from national_sync.cli.star_national import applications, apply, compare
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours
from national_sync.prose.layout import table
from national_sync.prose.words import word

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from national_sync.recognition.tally import Recipe

_BODIES: Final = ("civilisation_office", "guidance_centre", "federation")
"""The values of `recognition.batches.Body`; a test holds the two equal."""
_REASON: Final = N_("Why, for the record.")


@click.group(cls=Group, help=N_("Star volunteers: draft, public notice, certification, publication."))
def star() -> None:
    pass


def _day(chosen: datetime | None) -> date | None:
    return None if chosen is None else chosen.date()


# The way of a batch


@star.command(
    help=N_(
        "Draft the stars of a year from the mirrored hours. Once that batch is certified, the same command drafts a "
        "supplementary one for what came later."
    )
)
@click.option("--year", cls=Option, type=click.IntRange(1990, 9999), required=True)
@click.option("--cut-off", cls=Option, type=DAY, help=N_("The last service day that counts; else 31 December."))
@pass_invocation
def run(invocation: Invocation, year: int, cut_off: datetime | None) -> None:
    from national_sync.recognition.batches import draft

    bootstrap = invocation.open()
    with bootstrap.database() as database:
        with database.read() as connection:
            act = deciding(invocation, connection)
        batch = draft(database, bootstrap.loaded.policy, year=year, cut_off=_day(cut_off), act=act)
    facts = None if batch is None else row_facts(batch)
    invocation.answer({"batch": facts}, lambda: _drafted(facts))


def _drafted(batch: Mapping[str, Any] | None) -> str:
    if batch is None:
        return _(N_("Nobody has risen since the last batch; nothing was drafted."))
    lines = [
        _batch_in_words(batch),
        _(N_("Put it to the public: national-sync star notice {id}"), id=batch["id"]),
    ]
    return "\n".join(lines)


@star.command("list", help=N_("List the batches."))
@pass_invocation
def list_(invocation: Invocation) -> None:
    from national_sync.recognition.batches import list_batches

    with invocation.open().database() as database, database.read() as connection:
        reading(invocation, connection)
        batches = [row_facts(row) for row in list_batches(connection)]
    invocation.answer({"batches": batches}, lambda: _list_in_words(batches))


def _list_in_words(batches: list[dict[str, Any]]) -> str:
    if not batches:
        return _(N_("No batch yet. Draft one: national-sync star run --year YEAR"))
    headings = [_(N_("No.")), _(N_("Year")), _(N_("Batch")), _(N_("Cut-off")), _(N_("Stars")), _(N_("State"))]
    rows = [
        (one["id"], one["year"], one["batch"], one["cut_off"], one["awards"], word(one["state"])) for one in batches
    ]
    return table(headings, rows)


@star.command(help=N_("Show one batch: how many stars, who has signed, which objections are open."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def show(invocation: Invocation, number: int) -> None:
    from national_sync.recognition.batches import show as show_batch

    with invocation.open().database() as database, database.read() as connection:
        reading(invocation, connection)
        batch = row_facts(show_batch(connection, number))
    for objection in batch["objections"]:
        objection["reason"] = masked(objection["reason"])
    invocation.answer({"batch": batch}, lambda: _batch_in_words(batch))


def _batch_in_words(batch: Mapping[str, Any]) -> str:
    lines = [
        _(
            N_("Batch {id}: stars of {year}, number {batch}, {state}"),
            id=batch["id"],
            year=batch["year"],
            batch=batch["batch"],
            state=word(batch["state"]),
        ),
        _(N_("Hours up to {day}, as recorded up to change {rev}"), day=batch["cut_off"], rev=batch["cut_off_rev"]),
        *(
            _(N_("{star} stars: {count}"), star=stars, count=batch["by_star"][stars])
            for stars in sorted(batch["by_star"], reverse=True)
        ),
    ]
    if batch["notice_until"]:
        first, last = batch["notice_from"], batch["notice_until"]
        lines.append(_(N_("Public notice: {first} to {last}"), first=first, last=last))
    lines += [_(N_("Certified by: {body}"), body=word(one["body"])) for one in batch["signatures"]]
    lines += [
        _(
            N_("Objection {id} against {number}: {state}"),
            id=one["id"],
            number=one["volunteer_number"],
            state=word(one["state"]),
        )
        for one in batch["objections"]
    ]
    return "\n".join(lines)


@star.command(help=N_("Put a draft to the public for the working days that the policy names."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.option("--from", "first", cls=Option, type=DAY, help=N_("The first day of the notice; else today."))
@pass_invocation
def notice(invocation: Invocation, number: int, first: datetime | None) -> None:
    from national_sync.recognition.batches import give_notice

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.write(durable=True) as connection:
        act = deciding(invocation, connection)
        last = give_notice(connection, bootstrap.loaded.policy, number, first=_day(first), act=act)
    facts = {"id": number, "notice_until": last.day.isoformat(), "is_guessed": last.is_guessed}
    invocation.answer({"notice": facts}, lambda: _noticed(number, facts))


def _noticed(number: int, facts: Mapping[str, Any]) -> str:
    lines = [_(N_("The notice of batch {id} runs until {day}."), id=number, day=facts["notice_until"])]
    if facts["is_guessed"]:
        lines.append(
            _(
                N_(
                    "Attention: the holidays of that time are not known to the program; Monday to Friday were counted. "
                    "Enter them under [calendar] in policy.toml."
                )
            )
        )
    lines.append(_(N_("The list to hang out: national-sync star roster {id} notice.pdf"), id=number))
    return "\n".join(lines)


@star.command("object", help=N_("Enter an objection: it freezes this person's star, not the batch."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.argument("volunteer")
@click.option("--reason", cls=Option, required=True, help=_REASON)
@pass_invocation
def object_(invocation: Invocation, number: int, volunteer: str, reason: str) -> None:
    from national_sync.recognition.batches import raise_objection

    with invocation.open().database() as database, database.write(durable=True) as connection:
        objection = raise_objection(connection, number, volunteer, reason, deciding(invocation, connection))
    invocation.answer(
        {"objection": {"id": objection, "state": "open"}},
        lambda: _(
            N_("Objection {id} is entered. Answer it: national-sync star answer {id} --uphold|--dismiss --reason TEXT"),
            id=objection,
        ),
    )


@star.command(help=N_("Answer an objection."))
@click.argument("number", type=NUMBER, metavar="OBJECTION")
@click.option("--uphold/--dismiss", "is_upheld", cls=Option, required=True, help=N_("Whether it is right."))
@click.option("--reason", cls=Option, required=True, help=_REASON)
@pass_invocation
def answer(invocation: Invocation, number: int, is_upheld: bool, reason: str) -> None:
    from national_sync.recognition.batches import settle_objection

    with invocation.open().database() as database, database.write(durable=True) as connection:
        act = deciding(invocation, connection)
        settle_objection(connection, number, is_upheld=is_upheld, answer=reason, act=act)
    state = "upheld" if is_upheld else "dismissed"
    invocation.answer(
        {"objection": {"id": number, "state": state}},
        lambda: _(N_("Objection {id} is {state}."), id=number, state=word(state)),
    )


@star.command(help=N_("Certify a batch for one of the three bodies, after the notice; the third makes it so."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.option("--body", cls=Option, type=click.Choice(_BODIES), required=True, help=N_("Which body certifies."))
@pass_invocation
def certify(invocation: Invocation, number: int, body: str) -> None:
    from national_sync.recognition.batches import Body, sign
    from national_sync.signing import load_signer

    bootstrap = invocation.open()
    load_signer(bootstrap.signing_key_file)
    with bootstrap.database() as database, database.write(durable=True) as connection:
        is_certified = sign(connection, number, Body(body), deciding(invocation, connection))
    invocation.answer(
        {"batch": {"id": number, "body": body, "is_certified": is_certified}},
        lambda: _signed(number, body, is_certified),
    )


def _signed(number: int, body: str, is_certified: bool) -> str:
    if not is_certified:
        return _(N_("Batch {id} is certified by: {body}. The others are still to follow."), id=number, body=word(body))
    return "\n".join(
        [
            _(N_("Batch {id} is certified by all three bodies, and its certificates are numbered."), id=number),
            _(N_("Print them: national-sync certificate stars {id} certificates.pdf"), id=number),
            _(N_("Make it public: national-sync star publish {id}"), id=number),
        ]
    )


@star.command(help=N_("Note that a certified batch has been made public."))
@click.argument("number", type=NUMBER, metavar="NO")
@pass_invocation
def publish(invocation: Invocation, number: int) -> None:
    from national_sync.recognition.batches import publish as publish_batch

    with invocation.open().database() as database, database.write(durable=True) as connection:
        publish_batch(connection, number, deciding(invocation, connection))
    invocation.answer(
        {"batch": {"id": number, "state": "published"}}, lambda: _(N_("Batch {id} is published."), id=number)
    )


@star.command(help=N_("Write the roster of a batch, as .xlsx or .pdf with an area for the stamps."))
@click.argument("number", type=NUMBER, metavar="NO")
@click.argument("file", type=FILE)
@click.option("--county", cls=Option, type=COUNTY, metavar="CODE", help=N_("Only this county."))
@pass_invocation
def roster(invocation: Invocation, number: int, file: Path, county: str | None) -> None:
    from national_sync.recognition.rosters import write_roster

    with invocation.open().database() as database, database.read() as connection:
        reading(invocation, connection, county, named=True)
        people = write_roster(connection, number, file, county=county)
    invocation.answer(
        {"roster": {"file": str(file), "people": people}},
        lambda: _(N_("{people} people are in {file}."), people=people, file=file),
    )


# Evidence


@star.command(help=N_("Why somebody has a star or not: every record, counted or left out with the reason."))
@click.argument("volunteer")
@click.option("--batch", "number", cls=Option, type=NUMBER, help=N_("By this batch; else by the newest."))
@pass_invocation
def explain(invocation: Invocation, volunteer: str, number: int | None) -> None:
    from national_sync.acts import find_volunteer
    from national_sync.recognition.explain import explain as explain_star

    bootstrap = invocation.open()
    with bootstrap.database() as database, database.read() as connection:
        volunteer_id = find_volunteer(connection, volunteer)
        recipe, revision = _recipe(connection, bootstrap.loaded.policy, number, invocation.now)
        facts = explain_star(connection, volunteer_id, recipe, revision=revision)
        reading(invocation, connection, facts["volunteer"]["county"], named=True)
    invocation.answer(facts, lambda: _explained(facts))


def _recipe(connection: Connection, policy: Any, number: int | None, now: int) -> tuple[Recipe, int | None]:
    """Of the batch, of the newest one, or, before there is any, of the policy as it holds today."""
    from national_sync.clock import local_date
    from national_sync.errors import StarsRefused
    from national_sync.recognition.batches import list_batches, recipe_of, show
    from national_sync.recognition.tally import Recipe

    batches = [show(connection, number)] if number else list_batches(connection)
    if batches:
        return recipe_of(batches[0]), batches[0]["cut_off_rev"]
    today = local_date(now)
    rules = policy.stars.in_force(today)
    if rules is None:
        raise StarsRefused(N_("The policy has no star rules that are in force on {day}."), day=today)
    return Recipe(rules, today), None


def _explained(facts: Mapping[str, Any]) -> str:
    volunteer = facts["volunteer"]
    headings = [_(N_("Record")), _(N_("Begun")), _(N_("Hours")), _(N_("Project")), _(N_("Counted?"))]
    rows = [
        (
            one["record_id"],
            one["started"][:16],
            hours(one["seconds"]),
            one["project"] or "-",
            word(one["verdict"]) + (" *" if one["changed_since"] else ""),
        )
        for one in facts["records"]
    ]
    lines = [
        f"{volunteer['name']} {volunteer['number']}",
        _(
            N_("Counted up to {day}: {hours} hours in {records} records, {star} stars"),
            hours=hours(facts["seconds"]),
            records=facts["records_counted"],
            day=facts["cut_off"],
            star=facts["star"],
        ),
        _missing(facts["seconds_to_next_star"]),
        _doubled(facts["doubled_seconds"]),
        *(
            _(
                N_("Award {id}: {star} stars in batch {year}/{batch} with {hours} hours, {state}"),
                **{**one, "hours": hours(one["seconds"]), "state": word(one["state"])},
            )
            for one in facts["awards"]
        ),
        table(headings, rows) if rows else "",
        _(N_("* changed after that batch")) if any(one["changed_since"] for one in facts["records"]) else "",
    ]
    return "\n".join(filter(None, lines))


def _missing(seconds: int | None) -> str:
    if seconds is None:
        return ""
    minutes, rest = divmod(seconds, 60)
    return _(
        N_("To the next star: {hours} h {minutes} min {seconds} s"),
        hours=minutes // 60,
        minutes=minutes % 60,
        seconds=rest,
    )


def _doubled(seconds: int) -> str:
    if not seconds:
        return ""
    return _(N_("Claimed under two registrations and counted once: {hours} hours"), hours=hours(seconds))


# Afterwards


@star.command(help=N_("Look through the certified stars again: list those that would not be given today."))
@limit_option
@offset_option
@pass_invocation
def review(invocation: Invocation, limit: int, offset: int) -> None:
    from national_sync.recognition.reviews import list_reviews, look_again

    with invocation.open().database() as database:
        with database.read() as connection:
            act = deciding(invocation, connection)
        look_again(database, act)
        with database.read() as connection:
            found = list_reviews(connection, limit=limit, offset=offset)
        reviews = [row_facts(row) for row in found]
    invocation.answer({"reviews": reviews}, lambda: _reviews_in_words(reviews, limit))


def _reviews_in_words(reviews: list[dict[str, Any]], limit: int) -> str:
    if not reviews:
        return _(N_("Every certified star still has its hours."))
    headings = [_(N_("Award")), _(N_("Volunteer")), _(N_("Name")), _(N_("Stars")), _(N_("Now")), _(N_("Why"))]
    rows = [
        (
            one["award_id"],
            one["volunteer_number"],
            one["volunteer_name"],
            one["star"],
            one["star_now"],
            word(one["cause"]),
        )
        for one in reviews
    ]
    hint = _(N_("Decide: national-sync star revoke|keep AWARD --reason TEXT"))
    return "\n".join(filter(None, [table(headings, rows), more_below(len(rows), limit), hint]))


@star.command(help=N_("Revoke a certified star; it stays in the record as revoked."))
@click.argument("award", type=NUMBER)
@click.option("--reason", cls=Option, required=True, help=_REASON)
@pass_invocation
def revoke(invocation: Invocation, award: int, reason: str) -> None:
    from national_sync.recognition.reviews import revoke as revoke_star

    with invocation.open().database() as database, database.write(durable=True) as connection:
        facts = row_facts(revoke_star(connection, award, reason, deciding(invocation, connection)))
    invocation.answer(
        {"award": facts}, lambda: _(N_("Award {id} ({number}) is revoked."), id=award, number=facts["number"])
    )


@star.command(help=N_("Let a star on the review list stand."))
@click.argument("award", type=NUMBER)
@click.option("--reason", cls=Option, required=True, help=_REASON)
@pass_invocation
def keep(invocation: Invocation, award: int, reason: str) -> None:
    from national_sync.recognition.reviews import keep as keep_star

    with invocation.open().database() as database, database.write(durable=True) as connection:
        facts = row_facts(keep_star(connection, award, reason, deciding(invocation, connection)))
    invocation.answer({"award": facts}, lambda: _(N_("Award {id} stands."), id=award))


for _command in (compare, apply, applications):
    star.add_command(_command)
