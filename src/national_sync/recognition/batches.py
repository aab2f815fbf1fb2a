"""Star batches from draft to publication: clause A1.

draft -> notice -> certified -> published. A certified star is never changed here: who deserves more later gets it in a
supplementary batch, who deserves less goes to the review list (`recognition.reviews`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync import audit
from national_sync.acts import Act, find_volunteer, row_by_id, rows
from national_sync.errors import AlreadySettled, NotFound, StarsRefused, TallyOvertaken
from national_sync.i18n import N_
from national_sync.policy import Policy, StarBasis, StarRules
from national_sync.recognition.tally import Recipe, bring_up, settle
from national_sync.store.database import Database
from national_sync.workdays import LastDay, last_of_working_days


class Body(StrEnum):
    """The three who certify: clause A1."""

    CIVILISATION_OFFICE = "civilisation_office"
    GUIDANCE_CENTRE = "guidance_centre"
    FEDERATION = "federation"


YEARLY: Final = 1


class Place(NamedTuple):
    """Where the next batch of a year goes, and by what it is reckoned."""

    batch: int
    batch_id: int | None
    """An open draft, which is made anew."""
    recipe: Recipe


# Drafting


def draft(database: Database, policy: Policy, *, year: int, cut_off: date | None, act: Act) -> Mapping[str, Any] | None:
    """Draft the yearly batch of a year or, once that is certified, a supplementary one; an open draft is made anew.

    Gives the batch, or None where there is nothing to supplement. Raises StarsRefused.
    """
    with database.read() as connection:
        recipe = _next_place(connection, policy, year, cut_off, act.today).recipe
    bring_up(database, recipe)
    with database.write(durable=True) as connection:
        # Settling first: whoever drafts at the same time waits at the tally's mark, and finds this batch afterwards.
        revision = settle(connection, recipe)
        place = _next_place(connection, policy, year, cut_off, act.today)
        if place.recipe != recipe:
            raise TallyOvertaken()
        batch_id = _write_batch(connection, place, year, revision, act)
        proposed = _propose(connection, place, batch_id, year)
        if not proposed:
            _refuse_empty(connection, place, year)
            connection.execute(text("DELETE FROM star_batch WHERE id = :id"), {"id": batch_id})
            return None
        act.written_down(connection, "star.drafted", "star_batch", batch_id, awards=proposed, revision=revision)
        return show(connection, batch_id)


def _next_place(connection: Connection, policy: Policy, year: int, cut_off: date | None, today: date) -> Place:
    batches = rows(connection, "SELECT * FROM star_batch WHERE year = :year ORDER BY batch", year=year)
    if not batches:
        return Place(YEARLY, None, _yearly_recipe(policy, year, cut_off, today))
    latest = batches[-1]
    match latest["state"]:
        case "draft" if latest["batch"] == YEARLY:
            return Place(YEARLY, latest["id"], _yearly_recipe(policy, year, cut_off, today))
        case "notice":
            raise StarsRefused(
                N_("Batch {number} of {year} is in its public notice; another one can follow when it is certified."),
                number=latest["batch"],
                year=year,
                hint=N_("See where it stands: national-sync star show {id}"),
                id=latest["id"],
            )
    _refuse_other_cut_off(batches[0], cut_off)
    is_open = latest["state"] == "draft"
    return Place(latest["batch"] + (not is_open), latest["id"] if is_open else None, recipe_of(batches[0]))


def _yearly_recipe(policy: Policy, year: int, cut_off: date | None, today: date) -> Recipe:
    last = cut_off or date(year, 12, 31)
    if last.year != year:
        raise StarsRefused(N_("The cut-off {day} does not lie in {year}."), day=last, year=year)
    if last >= today:
        raise StarsRefused(
            N_("The cut-off {day} is not over: hours could still be added to it."),
            hint=N_("Name a day that is over: --cut-off YYYY-MM-DD"),
            day=last,
        )
    rules = policy.stars.in_force(last)
    if rules is None:
        raise StarsRefused(N_("The policy has no star rules that are in force on {day}."), day=last)
    return Recipe(rules, last)


def _refuse_other_cut_off(yearly: Mapping[str, Any], cut_off: date | None) -> None:
    if cut_off is not None and cut_off.isoformat() != yearly["cut_off"]:
        raise StarsRefused(
            N_("The year's batch was certified with the cut-off {day}; a supplementary one keeps to it."),
            hint=N_("Leave --cut-off out."),
            day=yearly["cut_off"],
        )


def recipe_of(batch: Mapping[str, Any]) -> Recipe:
    return Recipe(StarRules.model_validate_json(batch["rules"]), date.fromisoformat(batch["cut_off"]))


_BY_PERSON: Final = (
    "SELECT COALESCE(m.kept_id, a.volunteer_id) AS volunteer_id, {star} AS star FROM star_award a"
    " JOIN star_batch b ON b.id = a.batch_id"
    " LEFT JOIN volunteer_merge m ON m.gone_id = a.volunteer_id AND m.state = 'merged'"
    " WHERE {condition} GROUP BY COALESCE(m.kept_id, a.volunteer_id)"
)
_REVOKED: Final = _BY_PERSON.format(star="MIN(a.star)", condition="a.state = 'revoked' AND b.year = :year")
"""Who lost a star of this year does not get it again, nor a higher one, before the next."""
_OBJECTED: Final = (
    "SELECT 1 FROM star_objection o JOIN star_award x ON x.id = o.award_id JOIN star_batch y ON y.id = x.batch_id"
    " LEFT JOIN volunteer_merge g ON g.gone_id = x.volunteer_id AND g.state = 'merged'"
    " WHERE COALESCE(g.kept_id, x.volunteer_id) = v.id"
    " AND (o.state = 'open' OR (o.state = 'upheld' AND y.year = :year))"
)
PASSED_REAL_NAME: Final = (
    "COALESCE((SELECT c.base FROM local_change c WHERE c.entity = 'volunteer' AND c.row_id = v.id"
    " AND c.field = 'real_name_state'), v.real_name_state) = 'passed'"
)


def _due(place: Place, columns: str) -> str:
    """SQL for those who deserve more stars than they have: one row a person, from the tally."""
    rules = place.recipe.rules
    star = " ".join(f"WHEN t.seconds >= {hours * 3600} THEN {star}" for star, hours in _highest_first(rules))
    in_year = " AND b.year = :year" if rules.basis is StarBasis.CALENDAR_YEAR else ""
    before = _BY_PERSON.format(star="MAX(a.star)", condition=f"a.state = 'certified'{in_year}")
    return (
        f"SELECT {columns} FROM (SELECT v.id, v.number, v.name, substr(v.service_area_id, 1, 6) AS county, t.seconds,"
        f" t.records, CASE {star} ELSE 0 END AS star, COALESCE(p.star, 0) AS star_before, q.star AS star_revoked"
        f" FROM star_tally t JOIN volunteer v ON v.id = t.volunteer_id LEFT JOIN ({before}) p ON p.volunteer_id = v.id"
        f" LEFT JOIN ({_REVOKED}) q ON q.volunteer_id = v.id"
        f" WHERE t.seconds >= {rules.hours[0] * 3600} AND v.withdrawn_at IS NULL AND v.national_id IS NOT NULL"
        f" AND v.number IS NOT NULL AND {PASSED_REAL_NAME} AND NOT EXISTS ({_OBJECTED})) due"
        " WHERE due.star > due.star_before AND (due.star_revoked IS NULL OR due.star < due.star_revoked)"
    )


def _highest_first(rules: StarRules) -> list[tuple[int, int]]:
    return sorted(enumerate(rules.hours, start=1), reverse=True)


def _refuse_empty(connection: Connection, place: Place, year: int) -> None:
    if place.batch != YEARLY:
        return
    records = connection.execute(text("SELECT COALESCE(SUM(records), 0) FROM star_tally")).scalar_one()
    raise StarsRefused(
        N_("Nobody reaches a star in {year}: up to {day}, {records} hour records count."),
        hint=N_("Check the year, and whether the hours have arrived: national-sync sync status"),
        year=year,
        day=place.recipe.cut_off,
        records=records,
    )


def _write_batch(connection: Connection, place: Place, year: int, revision: int, act: Act) -> int:
    values = {
        "year": year,
        "batch": place.batch,
        "rules": place.recipe.rules.model_dump_json(),
        "cut_off": place.recipe.cut_off.isoformat(),
        "cut_off_rev": revision,
        "drafted_at": act.now,
        "drafted_by": act.actor,
    }
    if place.batch_id is not None:
        assignments = ", ".join(f"{name} = :{name}" for name in values)
        connection.execute(
            text(f"UPDATE star_batch SET {assignments} WHERE id = :id"), {**values, "id": place.batch_id}
        )
        connection.execute(text("DELETE FROM star_award WHERE batch_id = :id"), {"id": place.batch_id})
        return place.batch_id
    names = ", ".join(values)
    places = ", ".join(f":{name}" for name in values)
    return int(
        connection.execute(
            text(f"INSERT INTO star_batch ({names}) VALUES ({places}) RETURNING id"), values
        ).scalar_one()
    )


def _propose(connection: Connection, place: Place, batch_id: int, year: int) -> int:
    """How many awards."""
    columns = "due.id, due.number, due.name, due.county, due.star, due.seconds, due.records, due.star_before"
    inserted = connection.execute(
        text(
            "INSERT INTO star_award (batch_id, volunteer_id, volunteer_number, volunteer_name, county, star, seconds,"
            f" records, star_before) {_due(place, f':batch_id, {columns}')} ORDER BY due.star DESC, due.number"
        ),
        {"batch_id": batch_id, "year": year},
    )
    return inserted.rowcount


# Notice and objections


def give_notice(connection: Connection, policy: Policy, batch_id: int, *, first: date | None, act: Act) -> LastDay:
    """Put a draft to the public. Gives the last day of the notice. Raises StarsRefused."""
    batch = _in_state(connection, batch_id, "draft")
    first = first or act.today
    if first < act.today:
        raise StarsRefused(N_("A notice cannot begin on {day}, which is past."), day=first)
    last = last_of_working_days(first, policy.stars.notice_working_days, policy.calendar)
    connection.execute(
        text("UPDATE star_batch SET state = 'notice', notice_from = :first, notice_until = :last WHERE id = :id"),
        {"first": first.isoformat(), "last": last.day.isoformat(), "id": batch["id"]},
    )
    act.written_down(connection, "star.notice_given", "star_batch", batch_id, until=last.day.isoformat())
    return last


def raise_objection(connection: Connection, batch_id: int, volunteer: str, reason: str, act: Act) -> int:
    """Freeze one person of a batch in notice; the others go on. Gives the objection's number."""
    batch = _in_state(connection, batch_id, "notice")
    if not batch["notice_from"] <= act.today.isoformat() <= batch["notice_until"]:
        raise StarsRefused(
            N_("The notice runs from {first} to {last}; objections are taken in that time only."),
            first=batch["notice_from"],
            last=batch["notice_until"],
            hint=N_("After it, a certified star can be revoked: national-sync star revoke AWARD --reason TEXT"),
        )
    award = award_of(connection, batch_id, volunteer)
    if award["state"] != "proposed":
        raise AlreadySettled(noun="award", id=award["id"], state=award["state"])
    objection_id = connection.execute(
        text(
            "INSERT INTO star_objection (award_id, reason, raised_at, raised_by) VALUES (:award, :reason, :now, :actor)"
            " RETURNING id"
        ),
        {"award": award["id"], "reason": reason, "now": act.now, "actor": act.actor},
    ).scalar_one()
    _set_award(connection, award["id"], "frozen")
    act.written_down(connection, "star.objected", "star_award", award["id"], objection=objection_id)
    return int(objection_id)


def settle_objection(connection: Connection, objection_id: int, *, is_upheld: bool, answer: str, act: Act) -> None:
    """Answer an objection. Upheld, the person gets no star in this batch; dismissed, the star goes on, or comes with
    the next supplementary batch when this one was certified meanwhile."""
    objection = row_by_id(connection, "star_objection", objection_id)
    if objection["state"] != "open":
        raise AlreadySettled(noun="star_objection", id=objection_id, state=objection["state"])
    state = "upheld" if is_upheld else "dismissed"
    connection.execute(
        text(
            "UPDATE star_objection SET state = :state, answer = :answer, settled_at = :now, settled_by = :actor"
            " WHERE id = :id"
        ),
        {"state": state, "answer": answer, "now": act.now, "actor": act.actor, "id": objection_id},
    )
    award = row_by_id(connection, "star_award", objection["award_id"])
    if award["state"] == "frozen":
        _set_award(connection, award["id"], "set_aside" if is_upheld else "proposed")
    act.written_down(connection, f"star.objection_{state}", "star_award", award["id"], objection=objection_id)


# Certifying


def sign(connection: Connection, batch_id: int, body: Body, act: Act) -> bool:
    """Certify a batch for one of the three bodies; the third makes it so. True when it is certified now.

    Whoever is still frozen then is set aside. Raises StarsRefused, AlreadySettled.
    """
    batch = _in_state(connection, batch_id, "notice")
    if act.today.isoformat() <= batch["notice_until"]:
        raise StarsRefused(
            N_("The public notice runs until {day}; nobody can certify before it is over."), day=batch["notice_until"]
        )
    signed = signatures(connection, batch_id)
    if any(one["body"] == body for one in signed):
        raise AlreadySettled(noun="star_batch", id=batch_id, state=body.value)
    connection.execute(
        text("INSERT INTO star_signature (batch_id, body, signed_at, signed_by) VALUES (:batch, :body, :now, :actor)"),
        {"batch": batch_id, "body": body.value, "now": act.now, "actor": act.actor},
    )
    is_last = len(signed) + 1 == len(Body)
    if is_last:
        _certify(connection, batch, act)
    act.written_down(
        connection, "star.signed", "star_batch", batch_id, body=body.value, digest=_digest(connection, batch_id)
    )
    return is_last


def _certify(connection: Connection, batch: Mapping[str, Any], act: Act) -> None:
    connection.execute(
        text("UPDATE star_award SET state = 'set_aside' WHERE batch_id = :id AND state = 'frozen'"), {"id": batch["id"]}
    )
    connection.execute(
        text(
            "UPDATE star_award SET state = 'certified', number = numbered.number FROM"
            " (SELECT id, :prefix || substr(CAST(1000000 + ROW_NUMBER() OVER (ORDER BY star DESC, volunteer_number)"
            " AS TEXT), 2) AS number FROM star_award WHERE batch_id = :id AND state = 'proposed') AS numbered"
            " WHERE star_award.id = numbered.id"
        ),
        {"prefix": f"{batch['year']}{batch['batch']:02}-", "id": batch["id"]},
    )
    connection.execute(
        text("UPDATE star_batch SET state = 'certified', certified_at = :now WHERE id = :id"),
        {"now": act.now, "id": batch["id"]},
    )


def _digest(connection: Connection, batch_id: int) -> str:
    """Over who gets which star: what was signed cannot be exchanged without the audit showing it."""
    found = connection.execute(
        text(
            "SELECT volunteer_id, star, seconds, state, number FROM star_award WHERE batch_id = :id"
            " ORDER BY volunteer_id"
        ).execution_options(yield_per=5_000),
        {"id": batch_id},
    )
    return audit.digest_of("|".join(str(value) for value in row) for row in found)


def publish(connection: Connection, batch_id: int, act: Act) -> None:
    _in_state(connection, batch_id, "certified")
    connection.execute(
        text("UPDATE star_batch SET state = 'published', published_at = :now WHERE id = :id"),
        {"now": act.now, "id": batch_id},
    )
    act.written_down(connection, "star.published", "star_batch", batch_id)


# Looking


def list_batches(connection: Connection) -> list[Mapping[str, Any]]:
    return rows(
        connection,
        "SELECT b.*, (SELECT COUNT(*) FROM star_award a WHERE a.batch_id = b.id) AS awards FROM star_batch b"
        " ORDER BY b.year DESC, b.batch DESC",
    )


def show(connection: Connection, batch_id: int) -> dict[str, Any]:
    """A batch with its awards counted by star and by state, its signatures and open objections."""
    batch = dict(row_by_id(connection, "star_batch", batch_id))
    counted = rows(
        connection,
        "SELECT star, state, COUNT(*) AS awards FROM star_award WHERE batch_id = :id GROUP BY star, state",
        id=batch_id,
    )
    batch["awards"] = sum(one["awards"] for one in counted)
    for name in ("star", "state"):
        sums: dict[str, int] = {}
        for one in sorted(counted, key=lambda one: str(one[name])):
            sums[str(one[name])] = sums.get(str(one[name]), 0) + one["awards"]
        batch[f"by_{name}"] = sums
    batch["signatures"] = signatures(connection, batch_id)
    batch["objections"] = rows(
        connection,
        "SELECT o.id, o.award_id, o.state, o.reason, a.volunteer_number FROM star_objection o"
        " JOIN star_award a ON a.id = o.award_id WHERE a.batch_id = :id ORDER BY o.id",
        id=batch_id,
    )
    return batch


def signatures(connection: Connection, batch_id: int) -> Sequence[Mapping[str, Any]]:
    return rows(
        connection,
        "SELECT body, signed_at, signed_by FROM star_signature WHERE batch_id = :id ORDER BY signed_at, body",
        id=batch_id,
    )


def award_of(connection: Connection, batch_id: int, volunteer: str) -> Mapping[str, Any]:
    """The award of a volunteer in a batch. Raises NotFound."""
    volunteer_id = find_volunteer(connection, volunteer)
    found = rows(
        connection,
        "SELECT * FROM star_award WHERE batch_id = :batch AND volunteer_id = :volunteer",
        batch=batch_id,
        volunteer=volunteer_id,
    )
    if not found:
        raise NotFound(noun="award", id=volunteer)
    return found[0]


def _in_state(connection: Connection, batch_id: int, state: str) -> Mapping[str, Any]:
    batch = row_by_id(connection, "star_batch", batch_id)
    if batch["state"] != state:
        raise StarsRefused(
            N_("Batch {number} of {year} cannot go this way now: it is {state}."),
            hint=N_("See where it stands: national-sync star show {id}"),
            number=batch["batch"],
            year=batch["year"],
            state=batch["state"],
            id=batch_id,
        )
    return batch


def _set_award(connection: Connection, award_id: int, state: str) -> None:
    connection.execute(text("UPDATE star_award SET state = :state WHERE id = :id"), {"state": state, "id": award_id})
