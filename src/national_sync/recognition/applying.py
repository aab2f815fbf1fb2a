"""Applying for certified stars on the national side, and following what becomes of it.

Only for the exact band of the hours shown there, never for the present star or a lower one. What is about to be sent is
written down first; where no answer can be trusted, the national side is asked what it has before anything is sent again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act, rows
from national_sync.errors import CapabilityMissing
from national_sync.i18n import N_, Phrase
from national_sync.national.port import (
    Done,
    NationalSystem,
    NotSent,
    Outcome,
    Refused,
    StarApplication,
    StarRequest,
    StarState,
)
from national_sync.policy import StarRules
from national_sync.recognition.national_stars import applications
from national_sync.recognition.stars import star_of
from national_sync.store.database import Database
from national_sync.sync.slices import slices

_AT_A_TIME: Final = 50
"""No national batch is larger."""
_UNDER_WAY: Final = ("pending", "passed")
_OVER: Final = ("failed", "expired", "refused")


@dataclass(frozen=True)
class Candidate:
    """Somebody with more stars here than there; `obstacle` says why they are not applied for now."""

    volunteer_id: int
    number: str
    star: int
    team: str | None
    """National id of a team of which the person is a member: it applies."""
    obstacle: str | None


def obstacle_of(person: Mapping[str, Any], rules: StarRules, *, again: bool) -> str | None:
    """not_exact_band, no_team, already_applied or was_refused; None where nothing is in the way."""
    if person["application"] in _UNDER_WAY:
        return "already_applied"
    if star_of(person["total_seconds"], rules) != person["star"]:
        return "not_exact_band"
    if person["team"] is None:
        return "no_team"
    return "was_refused" if person["application"] in _OVER and not again else None


def candidates(connection: Connection, rules: StarRules, *, again: bool = False) -> list[Candidate]:
    """`again`: also those whose application failed before."""
    return [
        Candidate(one["id"], one["number"], one["star"], one["team"], obstacle_of(one, rules, again=again))
        for one in applications(connection)
    ]


@contextmanager
def opened(national: NationalSystem) -> Iterator[NationalSystem]:
    """Connected. Raises CapabilityMissing where stars cannot be applied for."""
    national.open()
    try:
        if not national.capabilities().star_applications:
            raise CapabilityMissing(capability=Phrase(N_("applications for stars")))
        yield national
    finally:
        national.close()


def apply(
    database: Database, national: NationalSystem, chosen: Sequence[Candidate], act: Act
) -> list[Mapping[str, Any]]:
    """Apply for those with nothing in the way. Gives `volunteer_number`, `star`, `state` and `words` of every application
    for the chosen ones."""
    follow(database, national, [(one.volunteer_id, one.number) for one in chosen], act)
    size = min(_AT_A_TIME, national.capabilities().batch_size)
    for some in slices([one for one in chosen if one.obstacle is None], size):
        with database.write(durable=True) as connection:
            due = [one for one in some if not _is_under_way(connection, one)]
            for one in due:
                _set(connection, one.volunteer_id, one.star, "sending", act)
                act.written_down(connection, "star.applied", "volunteer", one.volunteer_id, star=one.star)
        if due and not _send(database, national, due, act):
            break
    with database.read() as connection:
        return _standing(connection, chosen)


def _send(database: Database, national: NationalSystem, due: Sequence[Candidate], act: Act) -> bool:
    """False when nothing more can be sent today."""
    requests = [StarRequest(one.number, one.team or "", one.star) for one in due]
    outcomes = national.apply_for_stars(requests)
    with database.write(durable=True) as connection:
        for one, outcome in zip(due, outcomes, strict=True):
            _take(connection, one, outcome, act)
    return not any(isinstance(outcome, NotSent) and outcome.stops_the_run for outcome in outcomes)


def _take(connection: Connection, one: Candidate, outcome: Outcome, act: Act) -> None:
    match outcome:
        case Done(national_id=national_id):
            _set(connection, one.volunteer_id, one.star, "pending", act, national_id=national_id)
        case Refused(words=words):
            _set(connection, one.volunteer_id, one.star, "refused", act, words=words)
        case NotSent():
            connection.execute(
                text("DELETE FROM star_application WHERE volunteer_id = :id AND star = :star AND state = 'sending'"),
                {"id": one.volunteer_id, "star": one.star},
            )
        case _:
            _set(connection, one.volunteer_id, one.star, "unknown", act)


def follow(database: Database, national: NationalSystem, people: Sequence[tuple[int, str]], act: Act) -> None:
    """Write down where the applications of these people, by row id and number, stand on the national side."""
    for some in slices(people, _AT_A_TIME):
        shown = national.star_applications([number for _id, number in some])
        with database.write() as connection:
            for volunteer_id, number in some:
                own = [one for one in shown if one.volunteer_number == number]
                _follow_one(connection, volunteer_id, own, act)


def _follow_one(connection: Connection, volunteer_id: int, shown: Sequence[StarApplication], act: Act) -> None:
    newest = {one.star: one for one in shown}
    known = rows(connection, "SELECT star, state FROM star_application WHERE volunteer_id = :id", id=volunteer_id)
    for star, one in newest.items():
        _set(connection, volunteer_id, star, one.state.value, act, national_id=one.national_id)
    for row in known:
        if row["star"] not in newest and row["state"] != "refused":
            # What was about to be sent never arrived, and may be sent; what had arrived is gone.
            state = "missing" if row["state"] in set(StarState) else "unknown"
            _set(connection, volunteer_id, row["star"], state, act)


def followed(connection: Connection) -> list[tuple[int, str]]:
    """Everybody for whom an application was sent or seen."""
    found = connection.execute(
        text(
            "SELECT DISTINCT v.id, v.number FROM star_application a JOIN volunteer v ON v.id = a.volunteer_id"
            " WHERE v.number IS NOT NULL ORDER BY v.id"
        )
    )
    return [(int(volunteer), number) for volunteer, number in found]


def _is_under_way(connection: Connection, one: Candidate) -> bool:
    """The national side may have shown one just now."""
    found = rows(
        connection,
        "SELECT state FROM star_application WHERE volunteer_id = :id AND star = :star",
        id=one.volunteer_id,
        star=one.star,
    )
    return bool(found) and found[0]["state"] in _UNDER_WAY


def _set(connection: Connection, volunteer_id: int, star: int, state: str, act: Act, **known: str | None) -> None:
    """A state that is the same stays as it was written first."""
    connection.execute(
        text(
            "INSERT INTO star_application (volunteer_id, star, state, national_id, words, changed_at, changed_by)"
            " VALUES (:volunteer, :star, :state, :national_id, :words, :now, :actor)"
            " ON CONFLICT (volunteer_id, star) DO UPDATE SET state = excluded.state,"
            " national_id = COALESCE(excluded.national_id, star_application.national_id), words = excluded.words,"
            " changed_at = excluded.changed_at, changed_by = excluded.changed_by"
            " WHERE star_application.state <> excluded.state OR star_application.national_id IS NULL"
        ),
        {
            "volunteer": volunteer_id,
            "star": star,
            "state": state,
            "national_id": known.get("national_id"),
            "words": known.get("words"),
            "now": act.now,
            "actor": act.actor,
        },
    )


def _standing(connection: Connection, chosen: Sequence[Candidate]) -> list[Mapping[str, Any]]:
    wanted = {(one.volunteer_id, one.star): one.number for one in chosen}
    found = rows(connection, "SELECT volunteer_id, star, state, words FROM star_application ORDER BY id")
    return [
        {"volunteer_number": number, "star": one["star"], "state": one["state"], "words": one["words"]}
        for one in found
        if (number := wanted.get((one["volunteer_id"], one["star"])))
    ]
