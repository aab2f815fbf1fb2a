"""One kind of record with its indexes, sorted by id and by update time."""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterable, Sequence
from typing import Any, Final, Generic, TypeVar

from national_sync_mocks.nvsi_server.identity import normalised
from national_sync_mocks.nvsi_server.wire import (
    Hour,
    Membership,
    Project,
    Team,
    Training,
    Volunteer,
    WireRecord,
)

R = TypeVar("R", bound=WireRecord)
KeyOf = Callable[[Any], str]

INDEXES: Final[dict[type[WireRecord], dict[str, KeyOf]]] = {
    Team: {"name": lambda r: f"{r.albe0002}|{r.albe0012}"},
    Volunteer: {"number": lambda r: str(r.albp0029), "id_number": lambda r: normalised(r.albp0005)},
    Membership: {
        "pair": lambda r: f"{r.albe0133}|{r.teamId}",
        "person": lambda r: str(r.albe0133),
    },
    Project: {"key": lambda r: f"{r.albx0002}|{r.teamId}|{r.albx0004}"},
    Hour: {"person": lambda r: str(r.albx0175)},
    Training: {"person": lambda r: str(r.volunteerNumber)},
}
"""Lookups among the records that are not deleted."""


class Table(Generic[R]):
    """Records by id. Copying is shallow, for records never change in place."""

    def __init__(self, record_type: type[R]) -> None:
        self.record_type = record_type
        self.records: dict[str, R] = {}
        self.ids: list[str] = []
        self.stamps: list[int] = []
        self.id_at: dict[int, str] = {}
        self.stamp_of: dict[str, int] = {}
        self.indexes: dict[str, dict[str, tuple[str, ...]]] = {name: {} for name in INDEXES[record_type]}
        self.deleted = 0

    def copy(self) -> Table[R]:
        twin = Table(self.record_type)
        twin.records = self.records.copy()
        twin.ids = self.ids.copy()
        twin.stamps = self.stamps.copy()
        twin.id_at = self.id_at.copy()
        twin.stamp_of = self.stamp_of.copy()
        twin.indexes = {name: index.copy() for name, index in self.indexes.items()}
        twin.deleted = self.deleted
        return twin

    def load(self, stamped: Iterable[tuple[int, R]]) -> None:
        """Fill an empty table; stamps must be unique."""
        for stamp, record in stamped:
            self.records[record.id] = record
            self.stamp_of[record.id] = stamp
            self.id_at[stamp] = record.id
            self.deleted += record.is_deleted
        self.ids = sorted(self.records)
        self.stamps = sorted(self.id_at)
        for name, key_of in INDEXES[self.record_type].items():
            groups: dict[str, list[str]] = {}
            for record in self.records.values():
                if not record.is_deleted:
                    groups.setdefault(key_of(record), []).append(record.id)
            self.indexes[name] = {key: tuple(ids) for key, ids in groups.items()}

    def put(self, record: R, stamp: int) -> None:
        if record.id in self.records:
            self._forget_stamp_and_keys(record.id)
        else:
            insort(self.ids, record.id)
        self.records[record.id] = record
        self.stamp_of[record.id] = stamp
        self.id_at[stamp] = record.id
        insort(self.stamps, stamp)
        if record.is_deleted:
            self.deleted += 1
            return
        for name, key_of in INDEXES[self.record_type].items():
            index, key = self.indexes[name], key_of(record)
            index[key] = (*index.get(key, ()), record.id)

    def remove(self, record_id: str) -> None:
        self._forget_stamp_and_keys(record_id)
        del self.records[record_id]
        del self.ids[bisect_left(self.ids, record_id)]

    def _forget_stamp_and_keys(self, record_id: str) -> None:
        record = self.records[record_id]
        stamp = self.stamp_of.pop(record_id)
        del self.id_at[stamp]
        del self.stamps[bisect_left(self.stamps, stamp)]
        if record.is_deleted:
            self.deleted -= 1
            return
        for name, key_of in INDEXES[self.record_type].items():
            index, key = self.indexes[name], key_of(record)
            rest = tuple(each for each in index[key] if each != record_id)
            if rest:
                index[key] = rest
            else:
                del index[key]

    def named(self, index: str, key: str) -> list[R]:
        """The records not deleted under this key."""
        return [self.records[record_id] for record_id in self.indexes[index].get(key, ())]

    def stamps_between(self, from_ms: int | None, until_ms: int | None) -> Sequence[int]:
        """Update times within the bounds, both inclusive, ascending."""
        low = 0 if from_ms is None else bisect_left(self.stamps, from_ms)
        high = len(self.stamps) if until_ms is None else bisect_right(self.stamps, until_ms)
        return self.stamps[low:high]
