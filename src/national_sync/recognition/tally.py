"""The hours that count, for every volunteer of the city, by set-based SQL in chunks of bounded size.

A tally belongs to a recipe (rules and cut-off) and to a revision. Asked for again with the same recipe it adds what the
records written since make more or less (`recognition.differences`); asked for with another one it begins from nothing.
Where that difference cannot be told, the volunteer is reckoned anew. Killed at any moment, it goes on from its last
chunk: what is left to do stands in the mark and in `star_due`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.errors import TallyOvertaken
from national_sync.persons import Span, doubled_seconds
from national_sync.policy import StarRules
from national_sync.recognition.differences import add_differences
from national_sync.recognition.hours import Unsettled, services_of, unsettled
from national_sync.recognition.stars import Period, Service, counted, period_of
from national_sync.records import Entity, HourKind
from national_sync.store.database import Database, write_many
from national_sync.store.marks import read_mark, write_mark
from national_sync.sync.transaction import current_revision

MARK: Final = "star_tally"
CHUNK_VOLUNTEERS: Final = 10_000
"""Some tens of milliseconds in which a kiosk cannot write."""
_SINGLY: Final = 500


@dataclass(frozen=True)
class Recipe:
    """What makes one tally differ from another."""

    rules: StarRules
    cut_off: date

    @cached_property
    def period(self) -> Period:
        return period_of(self.rules.basis, self.cut_off)

    @property
    def key(self) -> dict[str, Any]:
        """Tallies with equal keys are equal; thresholds do not matter to the sums."""
        return {
            "begin": self.period.begin,
            "end": self.period.end,
            "states": sorted(self.rules.states),
            "kinds": sorted(self.rules.kinds),
        }

    def condition(self, row: str) -> str:
        """SQL for the hour records that count. With its columns alone an index answers, so `kind` is only named when
        a kind is left out."""
        conditions = [f"{row}.state IN ({_listed(self.rules.states)})", f"{row}.started_at < {self.period.end}"]
        if self.period.begin is not None:
            conditions.append(f"{row}.started_at >= {self.period.begin}")
        if set(self.rules.kinds) != set(HourKind):
            conditions.append(f"{row}.kind IN ({_listed(self.rules.kinds)})")
        return " AND ".join(conditions)


@dataclass(frozen=True)
class Total:
    """What one person's records come to."""

    seconds: int
    records: int
    doubled_seconds: int = 0
    """Claimed by two registrations of the person, counted once."""


@dataclass(frozen=True)
class Special:
    """Volunteers whose tally is not simply the sum of their rows."""

    local: Unsettled
    gone_by_kept: Mapping[int, list[int]]
    kept_by_gone: Mapping[int, int] = field(default_factory=dict)

    @property
    def volunteers(self) -> frozenset[int]:
        return frozenset({*self.local.volunteers, *self.gone_by_kept, *self.kept_by_gone})

    def rows_of(self, volunteer: int) -> list[int]:
        return [volunteer, *self.gone_by_kept.get(volunteer, [])]


def special(connection: Connection, recipe: Recipe) -> Special:
    gone_by_kept: dict[int, list[int]] = {}
    merges = connection.execute(
        text("SELECT kept_id, gone_id FROM volunteer_merge WHERE state = 'merged' ORDER BY kept_id, gone_id")
    ).all()
    for kept, gone in merges:
        gone_by_kept.setdefault(kept, []).append(gone)
    return Special(unsettled(connection, recipe.rules.states), gone_by_kept, {gone: kept for kept, gone in merges})


def total_of(services: Mapping[int, list[Service]], recipe: Recipe) -> Total:
    """A person's hours, whose registrations' records are given by row id."""
    return total_in(services, recipe.rules, recipe.period)[0]


def total_in(services: Mapping[int, list[Service]], rules: StarRules, period: Period) -> tuple[Total, list[Service]]:
    """The same for any period, with the records that count, by time."""
    own = [one for each in services.values() for one in counted(each, rules, period)]
    spans = [Span(one.volunteer_id, one.started_at, one.ended_at) for one in own if one.ended_at is not None]
    doubled = doubled_seconds(spans) if len(services) > 1 else 0
    total = Total(sum(one.service_seconds for one in own) - doubled, len(own), doubled)
    return total, sorted(own, key=lambda one: (one.started_at, one.record_id))


def bring_up(database: Database, recipe: Recipe) -> None:
    """Make the tally fit the recipe and the mirror as it was a moment ago; `settle` closes the gap that is left."""
    with database.write() as connection:
        _begin(connection, recipe)
    while True:
        with database.write() as connection:
            if not _step(connection, recipe):
                return


def settle(connection: Connection, recipe: Recipe) -> int:
    """In the transaction that uses the tally: reckon what has changed since. Returns the revision it holds for.

    Raises TallyOvertaken when another recipe has taken its place meanwhile.
    """
    _progress(connection, recipe)
    _collect_due(connection, recipe)
    while _step(connection, recipe):
        pass
    return int(_progress(connection, recipe)["rev"])


def _begin(connection: Connection, recipe: Recipe) -> None:
    mark = _read(connection)
    if mark is None or mark["recipe"] != recipe.key:
        connection.execute(text("DELETE FROM star_tally"))
        connection.execute(text("DELETE FROM star_due"))
        fresh = {"recipe": recipe.key, "rev": current_revision(connection), "next": 0}
        write_mark(connection, MARK, {**fresh, "is_even": True, "history": _latest_history(connection)})
    elif mark["next"] is None:
        _collect_due(connection, recipe)


def _step(connection: Connection, recipe: Recipe) -> bool:
    """Do one chunk; false when there was none left."""
    mark = _progress(connection, recipe)
    if mark["next"] is None:
        is_done = not _reckon_due(connection, recipe)
        _note_evenness(connection, mark)
        return not is_done
    low = connection.execute(
        text("SELECT MIN(volunteer_id) FROM hour_record WHERE volunteer_id >= :next"), {"next": mark["next"]}
    ).scalar_one()
    if low is None:
        mark["next"] = None
        _reckon_singly(connection, recipe, above=None)
    else:
        mark["next"] = low + CHUNK_VOLUNTEERS
        _sum_range(connection, recipe, low, low + CHUNK_VOLUNTEERS)
    write_mark(connection, MARK, mark)
    _note_evenness(connection, mark)
    return True


def _note_evenness(connection: Connection, mark: dict[str, Any]) -> None:
    """Sums may hold records written after the tally's revision: then no difference may be added to them."""
    if mark.get("is_even") and current_revision(connection) != mark["rev"]:
        mark["is_even"] = False
        write_mark(connection, MARK, mark)


def _sum_range(connection: Connection, recipe: Recipe, low: int, high: int) -> None:
    connection.execute(
        text(
            "INSERT INTO star_tally (volunteer_id, seconds, records) SELECT h.volunteer_id, SUM(h.service_seconds),"
            " COUNT(*) FROM hour_record h WHERE h.volunteer_id >= :low AND h.volunteer_id < :high"
            f" AND {recipe.condition('h')} GROUP BY h.volunteer_id"
        ),
        {"low": low, "high": high},
    )
    _reckon_singly(connection, recipe, above=(low, high))


def _collect_due(connection: Connection, recipe: Recipe) -> None:
    """Bring in the records written since the tally's revision: by what they differ or, where that is not enough, by
    putting their volunteers among those to be reckoned again, with everybody special, then and now."""
    mark = _progress(connection, recipe)
    _hold_still(connection)
    looked_at = mark["history"] - _COMMITTED_LATER
    is_even = bool(mark.get("is_even"))
    if is_even:
        add_differences(connection, recipe.condition, since=mark["rev"], history=looked_at)
    else:
        # The plus keeps SQLite from reading the whole index of volunteers, for the sake of DISTINCT, instead of the new rows.
        _put_among_due(
            connection, "SELECT DISTINCT +volunteer_id FROM hour_record WHERE sync_rev > :rev", rev=mark["rev"]
        )
    _put_among_due(connection, "SELECT volunteer_id FROM star_tally WHERE is_special = 1")
    _put_among_due(connection, "SELECT kept_id FROM volunteer_merge UNION SELECT gone_id FROM volunteer_merge")
    volunteers = sorted(
        special(connection, recipe).volunteers | _former_volunteers(connection, looked_at, is_told=is_even)
    )
    write_many(
        connection,
        "INSERT INTO star_due (volunteer_id) VALUES (?) ON CONFLICT DO NOTHING",
        [(volunteer,) for volunteer in volunteers],
    )
    mark |= {"rev": current_revision(connection), "history": _latest_history(connection), "is_even": True}
    write_mark(connection, MARK, mark)


def _hold_still(connection: Connection) -> None:
    """Nobody takes a new revision before this transaction ends. On SQLite that is so already."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT 1 FROM mark WHERE name = 'sync_rev' FOR SHARE"))


def _put_among_due(connection: Connection, source: str, **parameters: int) -> None:
    connection.execute(
        text(f"INSERT INTO star_due (volunteer_id) SELECT * FROM ({source}) found WHERE true ON CONFLICT DO NOTHING"),
        parameters,
    )


_COMMITTED_LATER: Final = 1_000
"""On PostgreSQL an entry may become visible after one with a higher number; so far back is looked again."""


def _former_volunteers(connection: Connection, since: int, *, is_told: bool) -> frozenset[int]:
    """Whom hour records named that name somebody else now, or are gone; `is_told`: without those that the engine moved."""
    here = " AND sync_rev IS NULL" if is_told else ""
    # Asked for its entity too, SQLite would take the index and read the history of all time.
    found = connection.execute(
        text(f"SELECT entity, before FROM row_history WHERE id > :since{here} AND before LIKE '%\"volunteer_id\"%'"),
        {"since": since},
    )
    named = (json.loads(before)["volunteer_id"] for entity, before in found if entity == Entity.HOUR_RECORD)
    return frozenset(int(volunteer) for volunteer in named if volunteer is not None)


def _latest_history(connection: Connection) -> int:
    return int(connection.execute(text("SELECT COALESCE(MAX(id), 0) FROM row_history")).scalar_one())


def _reckon_due(connection: Connection, recipe: Recipe) -> bool:
    """Reckon the next volunteers that are due; false when nobody is."""
    chunk = connection.execute(
        text(
            "SELECT MIN(volunteer_id), MAX(volunteer_id), COUNT(*) FROM"
            " (SELECT volunteer_id FROM star_due ORDER BY volunteer_id LIMIT :limit) first_due"
        ),
        {"limit": CHUNK_VOLUNTEERS},
    ).one()
    low, high, count = chunk
    if not count:
        return False
    bounds = {"low": low, "high": high}
    connection.execute(
        text(
            "INSERT INTO star_tally (volunteer_id, seconds, records)"
            " SELECT d.volunteer_id, COALESCE(SUM(h.service_seconds), 0), COUNT(h.volunteer_id) FROM star_due d"
            f" LEFT JOIN hour_record h ON h.volunteer_id = d.volunteer_id AND {recipe.condition('h')}"
            " WHERE d.volunteer_id BETWEEN :low AND :high GROUP BY d.volunteer_id ON CONFLICT (volunteer_id)"
            " DO UPDATE SET seconds = excluded.seconds, records = excluded.records, is_special = 0"
        ),
        bounds,
    )
    _reckon_singly(connection, recipe, above=(low, high + 1))
    connection.execute(text("DELETE FROM star_due WHERE volunteer_id BETWEEN :low AND :high"), bounds)
    return True


def _reckon_singly(connection: Connection, recipe: Recipe, *, above: tuple[int, int] | None) -> None:
    """Put right those for whom the sum of the rows is not the sum; `above` limits them to a range of ids."""
    found = special(connection, recipe)
    chosen = sorted(one for one in found.volunteers if above is None or above[0] <= one < above[1])
    for start in range(0, len(chosen), _SINGLY):
        _write(connection, totals(connection, recipe, chosen[start : start + _SINGLY], found))


def totals(connection: Connection, recipe: Recipe, volunteers: Iterable[int], found: Special) -> dict[int, Total]:
    """Exact totals by volunteer, from the agreed records; a row that was merged into another one has none."""
    wanted = list(volunteers)
    kept = [one for one in wanted if one not in found.kept_by_gone]
    records = services_of(connection, {row for one in kept for row in found.rows_of(one)}, found.local)
    own = {one: total_of({row: records[row] for row in found.rows_of(one)}, recipe) for one in kept}
    return {one: own.get(one, Total(0, 0)) for one in wanted}


def _write(connection: Connection, reckoned: Mapping[int, Total]) -> None:
    write_many(
        connection,
        "INSERT INTO star_tally (volunteer_id, seconds, records, is_special) VALUES (?, ?, ?, 1)"
        " ON CONFLICT (volunteer_id) DO UPDATE SET seconds = excluded.seconds, records = excluded.records,"
        " is_special = 1",
        [(volunteer, total.seconds, total.records) for volunteer, total in reckoned.items()],
    )


def _progress(connection: Connection, recipe: Recipe) -> dict[str, Any]:
    mark = _read(connection)
    if mark is None or mark["recipe"] != recipe.key:
        raise TallyOvertaken()
    return mark


def _read(connection: Connection) -> dict[str, Any] | None:
    """The mark; on PostgreSQL locked, so that two who reckon take turns."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT 1 FROM mark WHERE name = :name FOR UPDATE"), {"name": MARK})
    mark: dict[str, Any] | None = read_mark(connection, MARK)
    return mark


def _listed(values: Iterable[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))
