"""What a row of the table is: where both sides begin, what happens, and what must be so in the end."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection
from tests.acceptance import world
from tests.acceptance.both_sides import BothSides
from tests.acceptance.events import Event, Night
from tests.acceptance.pictures import opened

from national_sync.records import Entity
from national_sync_mocks.nvsi_server.process import AdminClient


@dataclass(frozen=True)
class Before:
    """The city, mirrored, with the usual switches and policy, but for what is said here."""

    mirror_is_empty: bool = False
    events: Sequence[Event] = ()
    """What happened earlier; the runs among it are not killed."""
    policy: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class After:
    """What is not named is not looked at, but for the open items: those that are named are all there are."""

    here: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    """By label: mirror columns (and `is_withdrawn`), or None where there is no row."""
    there: Mapping[str, Mapping[str, Any] | None] = field(default_factory=dict)
    """By label: wire fields, or None where there is no record that is not deleted."""
    live: Mapping[str, int] = field(default_factory=dict)
    """National records that are not deleted, by entity; so that nothing is there twice."""
    teams: Mapping[str, set[str]] = field(default_factory=dict)
    """By volunteer: the teams of which the national side says that they are a member."""
    mismatches: Mapping[str, int] = field(default_factory=dict)
    """Open ones by kind."""
    holds: Mapping[str, str] = field(default_factory=dict)
    """State by action."""
    quarantine: Mapping[str, int] = field(default_factory=dict)
    """Unsolved by reason."""
    operations: Mapping[str, int] = field(default_factory=dict)
    """Unsettled by state."""
    waiting: Mapping[str, int] = field(default_factory=dict)
    """Staged records by entity."""
    transfers: Sequence[str] = ()
    """State of each, and what it waits for, in the order in which they were requested."""
    changes: int = 0
    """Local changes that are still to go out, or to be decided."""
    unexplained: int = 0


@dataclass(frozen=True)
class Scenario:
    name: str
    events: Sequence[Event]
    after: After = After()
    before: Before = Before()
    kills: bool = True
    """Whether it is also run with a kill at every failpoint."""

    def __str__(self) -> str:
        return self.name

    def about(self) -> tuple[str, ...]:
        """The kinds of record that its events name, in the order of a run; none where it names none."""
        named = {world.entity_of(label) for label in _labels([*self.before.events, *self.events])}
        return tuple(entity.value for entity in Entity if entity in named)

    def last_run(self) -> Night:
        """What its last run asked for, to be asked for once more."""
        [*_, last] = (event for event in self.events if isinstance(event, Night))
        return Night(entities=last.entities, scope=last.scope)


def _labels(events: Sequence[Event]) -> Iterator[str]:
    for event in events:
        if isinstance(event, Night):
            for meanwhile in event.meanwhile:
                yield from _labels(meanwhile.do)
        for name in ("label", "loser", "winner"):
            label = getattr(event, name, None)
            if label is not None:
                yield label


def what_differs(after: After, both: BothSides) -> list[str]:
    """What is not as it should be, in words."""
    with both.database.read() as connection:
        words = _open_items_that_differ(after, connection)
        for label, columns in after.here.items():
            words += _row_that_differs(connection, both, label, columns)
    for label, fields in after.there.items():
        words += _record_that_differs(both, label, fields)
    for label, teams in after.teams.items():
        found_teams = _teams_of(both, label)
        words += [] if found_teams == teams else [f"{label} is in {sorted(found_teams)}, not {sorted(teams)}"]
    for entity, count in after.live.items():
        found = len(_live(both.national, entity))
        words += [] if found == count else [f"{found} live {entity} nationally, not {count}"]
    return words


def _teams_of(both: BothSides, label: str) -> set[str]:
    person = both.national.record("volunteer", both.national_id(label))
    assert person is not None
    team_labels = {world.national_id(one): one for one in world.LABELS if one.startswith("T")}
    return {
        team_labels[one["teamId"]]
        for one in _live(both.national, "membership")
        if one["albe0133"] == person["albp0029"] and one["albe0134"] == "1"
    }


def _live(national: AdminClient, entity: str) -> list[dict[str, Any]]:
    return [record for record in national.records(entity) if str(record["isdelete"]) == "0"]


def _open_items_that_differ(after: After, connection: Connection) -> list[str]:
    def counted(query: str) -> dict[str, int]:
        return dict(connection.exec_driver_sql(query).all())

    found = {
        "mismatches": counted("SELECT kind, COUNT(*) FROM mismatch WHERE state = 'open' GROUP BY kind"),
        "holds": counted(
            "SELECT action, MIN(state) FROM hold WHERE state IN ('open', 'approved', 'rejected') GROUP BY 1"
        ),
        "quarantine": counted("SELECT reason, COUNT(*) FROM quarantine WHERE state <> 'solved' GROUP BY reason"),
        "operations": counted(
            "SELECT state, COUNT(*) FROM operation WHERE state IN ('planned', 'in_flight', 'unknown', 'pending') GROUP BY 1"
        ),
        "waiting": {
            entity.value: number
            for entity in Entity
            for number in connection.exec_driver_sql(f"SELECT COUNT(*) FROM observed_{entity}").scalars()
            if number
        },
        "transfers": tuple(
            " ".join(filter(None, row))
            for row in connection.exec_driver_sql("SELECT state, waits_for FROM transfer ORDER BY id")
        ),
        "changes": sum(connection.exec_driver_sql("SELECT COUNT(*) FROM local_change").scalars())
        + sum(connection.exec_driver_sql("SELECT COUNT(*) FROM local_deletion").scalars()),
    }
    return [
        f"{name}: {found[name]}, not {getattr(after, name)}" for name in found if found[name] != getattr(after, name)
    ]


def _row_that_differs(
    connection: Connection, both: BothSides, label: str, columns: Mapping[str, Any] | None
) -> list[str]:
    entity = world.entity_of(label)
    where = ("id", both.labels.row_ids[label]) if label in both.labels.row_ids else None
    column, value = where or ("national_id", f"'{both.labels.national_ids[label]}'")
    row = connection.exec_driver_sql(f"SELECT * FROM {entity} WHERE {column} = {value}").mappings().first()
    if row is None or columns is None:
        return [] if row is None and columns is None else [f"{label} is {'not ' if row is None else ''}in the mirror"]
    found = {name: opened(value) for name, value in row.items()} | {"is_withdrawn": row["withdrawn_at"] is not None}
    return [
        f"{label}.{name} is {found[name]!r} here, not {value!r}"
        for name, value in columns.items()
        if found[name] != value
    ]


def _record_that_differs(both: BothSides, label: str, fields: Mapping[str, Any] | None) -> list[str]:
    record = both.national.record(world.entity_of(label).value, both.national_id(label))
    is_live = record is not None and str(record["isdelete"]) == "0"
    if record is None or not is_live or fields is None:
        return [] if is_live is (fields is not None) else [f"{label} {'lives' if is_live else 'is gone'} nationally"]
    return [
        f"{label}.{name} is {record[name]!r} there, not {value!r}"
        for name, value in fields.items()
        if record[name] != value
    ]
