"""Hour records by the page: ten million of them pass here, so each costs microseconds.

The wire struct is made from the mapping table, and `converted` raises for anything out of the ordinary; then
`reading` looks at the records one by one and names what is wrong. A test holds both ways equal.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import msgspec

from national_sync.national.port import Reject
from national_sync.records import Entity, HourRecord, HourState, Record
from national_sync_adapters.nvsi.envelope import NOT_DECODED, Reply, decoded, page_decoder
from national_sync_adapters.nvsi.kinds import FORBIDDEN, Choice, Moment, Text, Unreadable, moment_ms, time_of_day
from national_sync_adapters.nvsi.mapping import ENTITIES, IDENTITY, IS_DELETED, RECORD_ID, UPDATED, column
from national_sync_adapters.nvsi.reading import TRUTHS, Content, read_list, read_record

MOST_REMEMBERED: Final = 200_000
"""Bound of each memory below, some 20 MB at worst; a full one starts anew."""


class Extraordinary(Exception):
    """Something in the page needs a closer look."""


class _Memory(dict[Any, Any]):
    """Remembers what each text means; a text not met before is read by the rules."""

    def __missing__(self, text: Any) -> Any:
        if len(self) >= MOST_REMEMBERED:
            self.clear()
        meaning = self[text] = self.read(text)
        return meaning

    def read(self, text: str) -> Any:
        raise NotImplementedError


class _Hour(_Memory):
    """`YYYY-MM-DD HH` -> UTC epoch seconds."""

    def read(self, text: str) -> int:
        return moment_ms(f"{text}:00:00") // 1000


class _WithinHour(_Memory):
    """`:MM:SS.0` -> seconds."""

    def read(self, text: str) -> int:
        return time_of_day(f" 00{text}") // 1000


class _Hours(_Memory):
    def read(self, text: str) -> Any:
        return column(Entity.HOUR_RECORD, "service_seconds").kind.read(text)


class _Ids(_Memory):
    def read(self, text: str) -> str:
        return RECORD_ID.read(text)


def _wire_struct() -> Any:
    """The typed wire record, under the core's names where it has them.

    Moments that are always there are decoded into datetimes, ten times faster than any parsing here; those that may be
    an empty text cannot be, for a datetime and a text are the same to the decoder.
    """
    table = ENTITIES[Entity.HOUR_RECORD]
    names = {each.field: each.wire for each in table.columns}
    names.update({name: name for name in (*IDENTITY, *table.ignored)})
    types: dict[str, Any] = dict.fromkeys(names, str | None)
    types.update({each.field: str | int | None for each in table.columns if isinstance(each.kind, Choice)})
    types.update({each.field: datetime for each in table.columns if isinstance(each.kind, Moment) and each.is_required})
    types.update({IS_DELETED: str | int | None, UPDATED: datetime})
    required = [(name, kind) for name, kind in types.items() if kind is datetime]
    others = [(name, kind, None) for name, kind in types.items() if kind is not datetime]
    return msgspec.defstruct(
        "WireHour", [*required, *others], rename=names, forbid_unknown_fields=True, gc=False, kw_only=True
    )


def _words(field: str) -> dict[object, str]:
    """The code list of a field, for codes given as text or as numbers."""
    kind = column(Entity.HOUR_RECORD, field).kind
    assert isinstance(kind, Choice)
    by_number: dict[object, str] = {int(code): word for code, word in kind.words.items()}
    return by_number | dict(kind.words)


_remark = column(Entity.HOUR_RECORD, "remark").kind
assert isinstance(_remark, Text)
LONGEST_REMARK: Final = _remark.longest
LONGEST_NUMBER: Final = 32
NUMBER_BYTES: Final = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
"""Those of a volunteer number, as the mapping table has them."""
METHODS: Final = _words("method")
STATES: Final = _words("state")
KINDS: Final = _words("kind")
DELETED: Final = str(HourState.DELETED)
ORIGIN: Final = datetime(1970, 1, 1, 8)
"""The Puer time of the UTC epoch."""
HOUR_STARTS: Final = _Hour()
WITHIN_HOURS: Final = _WithinHour()
HOURS: Final = _Hours()
IDS: Final = _Ids()
_Wire: Final = _wire_struct()
ROWS: Final = msgspec.json.Decoder(_Wire)
PAGES: Final = page_decoder(_Wire)


def read_page(reply: Reply) -> Content:
    """What a list reply held that was decoded with `PAGES`, if that was possible."""
    if not reply.body:
        return read_list(Entity.HOUR_RECORD, reply.data, _read_row)
    try:
        records = converted(reply.data)
    except Extraordinary:
        return read_list(Entity.HOUR_RECORD, decoded(reply.body).data, _read_row)
    last_key = (records[-1].national_id, records[-1].updated_at_ms) if records else None
    return Content(records, (), last_key)


def _read_row(entity: Entity, row: msgspec.Raw) -> Record | Reject:
    try:
        return converted([ROWS.decode(row)])[0]
    except (Extraordinary, *NOT_DECODED):
        return read_record(entity, row)


def converted(wires: Sequence[Any]) -> list[HourRecord]:
    """The records of a page; `Extraordinary` when one of them needs a closer look."""
    if not wires:
        return []
    try:
        records = _converted(wires)
        _check(records)
    except (Unreadable, KeyError, TypeError, ValueError, AttributeError) as error:
        raise Extraordinary from error
    return records


def _converted(wires: Sequence[Any]) -> list[HourRecord]:
    origin, hour_starts, within_hours, hours, ids = ORIGIN, HOUR_STARTS, WITHIN_HOURS, HOURS, IDS
    methods, states, kinds, truths, deleted = METHODS, STATES, KINDS, TRUTHS, DELETED
    records = []
    for w in wires:
        started, ended, updated = w.started_at - origin, w.ended_at - origin, w.updatetime - origin
        entered, applied, remark = w.entered_at, w.applied_at, w.remark
        state = states[w.state]
        if ended < started:
            raise Extraordinary
        records.append(
            HourRecord(
                w.volunteer_number,
                ids[w.project_national_id],
                ids[w.team_national_id],
                started.days * 86_400 + started.seconds,
                ended.days * 86_400 + ended.seconds,
                hours[w.service_seconds],
                methods[w.method],
                state,
                kinds[w.kind],
                hour_starts[entered[:13]] + within_hours[entered[13:]] if entered else None,
                hour_starts[applied[:13]] + within_hours[applied[13:]] if applied else None,
                remark.strip() or None if remark else None,
                w.id,
                updated.days * 86_400_000 + updated.seconds * 1000 + updated.microseconds // 1000,
                truths[w.isdelete] or state == deleted,
            )
        )
    return records


def _check(records: list[HourRecord]) -> None:
    """What is cheaper to see for the whole page at once."""
    numbers = [record.volunteer_number for record in records]
    if "".join(numbers).encode("ascii").translate(None, NUMBER_BYTES) or not all(numbers):
        raise Extraordinary
    if max(map(len, numbers)) > LONGEST_NUMBER:
        raise Extraordinary
    ids = [record.national_id for record in records]
    bytes.fromhex("".join(ids))
    if set(map(len, ids)) != {32} or len(set(ids)) != len(ids):
        raise Extraordinary
    remarks = [record.remark for record in records if record.remark]
    joined = "".join(remarks)
    if not joined.isprintable() and FORBIDDEN.search(joined):
        raise Extraordinary
    if remarks and max(map(len, remarks)) > LONGEST_REMARK:
        raise Extraordinary
