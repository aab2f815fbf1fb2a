"""The review list: certified stars that would not be given today. Nothing is taken back unless a person says so.

A star is looked at by the rules and the cut-off of its own batch, on today's agreed records, so that hours withdrawn or
corrected later show, and hours served later do not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act, row_by_id, rows
from national_sync.errors import AlreadySettled, NotFound, StarsRefused
from national_sync.i18n import N_
from national_sync.recognition.batches import recipe_of
from national_sync.recognition.stars import star_of
from national_sync.recognition.tally import Recipe, Special, special, totals
from national_sync.store.database import Database
from national_sync.sync.slices import slices

_AT_A_TIME: Final = 500


def look_again(database: Database, act: Act) -> None:
    """Put every doubtful award on the review list, and take off it what is in order again. Reads at length, writes
    briefly."""
    with database.read() as connection:
        states = "'certified', 'published'"
        batches = rows(connection, f"SELECT * FROM star_batch WHERE state IN ({states}) ORDER BY id")
        suspects = [(batch, _suspects(connection, batch)) for batch in batches]
    for batch, award_ids in suspects:
        for some in slices(award_ids, _AT_A_TIME):
            with database.write() as connection:
                _judge(connection, recipe_of(batch), some, act)


def _suspects(connection: Connection, batch: Mapping[str, Any]) -> list[int]:
    """Award ids that a sum over the rows speaks against, that it cannot speak about, or that are on the list."""
    recipe = recipe_of(batch)
    thresholds = " ".join(f"WHEN {star} THEN {hours * 3600}" for star, hours in enumerate(recipe.rules.hours, start=1))
    fallen = (
        "SELECT a.id FROM star_award a"
        f" LEFT JOIN hour_record h ON h.volunteer_id = a.volunteer_id AND {recipe.condition('h')}"
        " WHERE a.batch_id = :batch AND a.state = 'certified' GROUP BY a.id, a.star"
        f" HAVING COALESCE(SUM(h.service_seconds), 0) < CASE a.star {thresholds} END"
    )
    others = (
        "SELECT a.id FROM star_award a JOIN volunteer v ON v.id = a.volunteer_id WHERE a.batch_id = :batch"
        " AND a.state = 'certified' AND (v.withdrawn_at IS NOT NULL OR EXISTS"
        " (SELECT 1 FROM star_review r WHERE r.award_id = a.id AND r.state = 'open'))"
    )
    by_sum = connection.execute(text(f"{fallen} UNION {others}"), {"batch": batch["id"]}).scalars()
    return sorted({*by_sum, *_awards_of(connection, batch["id"], special(connection, recipe).volunteers)})


def _awards_of(connection: Connection, batch_id: int, volunteers: frozenset[int]) -> Iterator[int]:
    wanted = sorted(volunteers)
    for start in range(0, len(wanted), _AT_A_TIME):
        chosen = ", ".join(str(int(one)) for one in wanted[start : start + _AT_A_TIME])
        yield from connection.execute(
            text(
                "SELECT id FROM star_award WHERE batch_id = :batch AND state = 'certified'"
                f" AND volunteer_id IN ({chosen})"
            ),
            {"batch": batch_id},
        ).scalars()


def _judge(connection: Connection, recipe: Recipe, award_ids: Sequence[int], act: Act) -> None:
    found = special(connection, recipe)
    chosen = ", ".join(str(one) for one in award_ids)
    awards = rows(
        connection,
        "SELECT a.id, a.volunteer_id, a.star, v.withdrawn_at FROM star_award a"
        f" LEFT JOIN volunteer v ON v.id = a.volunteer_id WHERE a.id IN ({chosen}) AND a.state = 'certified'",
    )
    reckoned = totals(connection, recipe, {_person(award, found) for award in awards}, found)
    for award in awards:
        total = reckoned[_person(award, found)]
        star_now = star_of(total.seconds, recipe.rules)
        cause = _cause(award, found, star_now)
        if cause is None:
            _heal(connection, award["id"])
        else:
            _list(connection, award["id"], cause, total.seconds, star_now, act)


def _person(award: Mapping[str, Any], found: Special) -> int:
    return found.kept_by_gone.get(award["volunteer_id"], award["volunteer_id"])


def _cause(award: Mapping[str, Any], found: Special, star_now: int) -> str | None:
    if award["volunteer_id"] in found.kept_by_gone:
        return "merged_away"
    if award["withdrawn_at"] is not None:
        return "volunteer_gone"
    return "hours_fell" if star_now < award["star"] else None


def _list(connection: Connection, award_id: int, cause: str, seconds: int, star_now: int, act: Act) -> None:
    """Open a review, or bring its figures up to date. A person who kept the star on these figures is not asked again."""
    facts = {"award": award_id, "cause": cause, "seconds": seconds, "star": star_now}
    known = rows(
        connection,
        "SELECT id, state FROM star_review WHERE award_id = :award AND cause = :cause AND seconds_now = :seconds"
        " AND star_now = :star AND state IN ('open', 'kept')",
        **facts,
    )
    if known:
        return
    connection.execute(
        text(
            "INSERT INTO star_review (award_id, cause, seconds_now, star_now, found_at)"
            " VALUES (:award, :cause, :seconds, :star, :now) ON CONFLICT (award_id) WHERE state = 'open'"
            " DO UPDATE SET cause = excluded.cause, seconds_now = excluded.seconds_now, star_now = excluded.star_now"
        ),
        {**facts, "now": act.now},
    )


def _heal(connection: Connection, award_id: int) -> None:
    connection.execute(
        text("UPDATE star_review SET state = 'healed' WHERE award_id = :award AND state = 'open'"), {"award": award_id}
    )


def list_reviews(connection: Connection, *, limit: int, offset: int) -> list[Mapping[str, Any]]:
    """Open reviews, the gravest first."""
    return rows(
        connection,
        "SELECT r.id, r.award_id, r.cause, r.seconds_now, r.star_now, r.found_at, a.number, a.star, a.seconds,"
        " a.volunteer_id, a.volunteer_number, a.volunteer_name, a.county FROM star_review r"
        " JOIN star_award a ON a.id = r.award_id WHERE r.state = 'open'"
        " ORDER BY a.star - r.star_now DESC, r.id LIMIT :limit OFFSET :offset",
        limit=limit,
        offset=offset,
    )


def revoke(connection: Connection, award_id: int, reason: str, act: Act) -> Mapping[str, Any]:
    """Take a certified star back, on the review list or not. Gives the award as it is then."""
    award = row_by_id(connection, "star_award", award_id)
    if award["state"] == "revoked":
        raise AlreadySettled(noun="star_award", id=award_id, state="revoked")
    if award["state"] != "certified":
        raise StarsRefused(
            N_("Award {id} is not certified ({state}); only a certified star can be revoked."),
            id=award_id,
            state=award["state"],
        )
    connection.execute(text("UPDATE star_award SET state = 'revoked' WHERE id = :id"), {"id": award_id})
    _decide(connection, award, "revoked", reason, act)
    return row_by_id(connection, "star_award", award_id)


def keep(connection: Connection, award_id: int, reason: str, act: Act) -> Mapping[str, Any]:
    """Let a star on the review list stand."""
    award = row_by_id(connection, "star_award", award_id)
    if not rows(connection, "SELECT 1 FROM star_review WHERE award_id = :id AND state = 'open'", id=award_id):
        raise NotFound(noun="star_review", id=award_id)
    _decide(connection, award, "kept", reason, act)
    return award


def _decide(connection: Connection, award: Mapping[str, Any], state: str, reason: str, act: Act) -> None:
    facts = {"state": state, "reason": reason, "now": act.now, "actor": act.actor, "award": award["id"]}
    decided = connection.execute(
        text(
            "UPDATE star_review SET state = :state, reason = :reason, decided_at = :now, decided_by = :actor"
            " WHERE award_id = :award AND state = 'open'"
        ),
        facts,
    )
    if not decided.rowcount:
        # Revoked for a reason of the office's own: the decision is kept like one from the list.
        connection.execute(
            text(
                "INSERT INTO star_review (award_id, cause, seconds_now, star_now, found_at, state, reason, decided_at,"
                " decided_by) VALUES (:award, 'by_office', :seconds, :star, :now, :state, :reason, :now, :actor)"
            ),
            {**facts, "seconds": award["seconds"], "star": award["star"]},
        )
    act.written_down(connection, f"star.{state}", "star_award", award["id"], star=award["star"])
