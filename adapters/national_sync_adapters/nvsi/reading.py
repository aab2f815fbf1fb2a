"""Wire records -> the core's records: fast for what is well-formed, in plain words for what is not.

A page of hour records is first decoded into typed structs and converted as a whole (`hour_pages`); the other entities,
and the records of a page in which something is wrong, are read one by one along the mapping table. So one bad record
costs its page speed and nothing else.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import msgspec

from national_sync.i18n import N_
from national_sync.identity import mainland_number, normalised_number
from national_sync.national.port import Reject, RejectReason
from national_sync.records import RECORD_TYPES, Entity, Record, Value
from national_sync_adapters.nvsi.envelope import NOT_DECODED, loads, rows_of
from national_sync_adapters.nvsi.kinds import Unreadable, moment_ms
from national_sync_adapters.nvsi.mapping import (
    ENTITIES,
    ID,
    IS_DELETED,
    MAINLAND_ID_CARD,
    RECORD_ID,
    UPDATED,
    EntityMap,
)

TRUTHS: Final[dict[object, bool]] = {"0": False, 0: False, "1": True, 1: True, "": False, None: False}
ReadRow: TypeAlias = Callable[[Entity, msgspec.Raw], Record | Reject]
FIELD_NAME: Final = re.compile("[A-Za-z0-9_]{1,40}")


@dataclass(frozen=True)
class Content:
    """What a list of wire records held."""

    records: Sequence[Record]
    rejects: Sequence[Reject] = ()
    last_key: tuple[str, int] | None = None
    """Id and update time of the last one that tells both, for keyset paging."""

    def __len__(self) -> int:
        return len(self.records) + len(self.rejects)

    def ids(self) -> set[str]:
        named = {reject.national_id for reject in self.rejects if reject.national_id is not None}
        return named.union([record.national_id for record in self.records])

    @property
    def nameless(self) -> int:
        """Rejects that do not even tell their id."""
        return sum(reject.national_id is None for reject in self.rejects)


def read_list(entity: Entity, data: msgspec.Raw, read: ReadRow | None = None) -> Content:
    """Read undecoded JSON: a list of wire records, or null. `Garbled` when it is neither."""
    rows = rows_of(data)
    read = read or read_record
    found = [read(entity, row) for row in rows]
    twins = _twins(found)
    records: list[Record] = []
    rejects: list[Reject] = []
    for each, row in zip(found, rows, strict=True):
        if isinstance(each, Reject):
            rejects.append(each)
        elif each.national_id in twins:
            rejects.append(_twin(each.national_id, row))
        else:
            records.append(each)
    return Content(records, rejects, _last_key(found))


def _twins(found: Sequence[Record | Reject]) -> set[str]:
    """Ids under which the list holds two different records. The same record twice is merely repeated."""
    records = [each for each in found if not isinstance(each, Reject)]
    if len({record.national_id for record in records}) == len(records):
        return set()
    counts = Counter(record.national_id for record in set(records))
    return {national_id for national_id, count in counts.items() if count > 1}


def _twin(national_id: str, row: msgspec.Raw) -> Reject:
    detail = N_("is also the id of another record on the same page")
    return Reject(national_id, RejectReason.TWO_RECORDS_ONE_ID, "national_id", detail, bytes(row))


def _last_key(found: Sequence[Record | Reject]) -> tuple[str, int] | None:
    for each in reversed(found):
        if not isinstance(each, Reject):
            return each.national_id, each.updated_at_ms
        if each.national_id is not None:
            try:
                return each.national_id, moment_ms(_fields(msgspec.Raw(each.raw)).get(UPDATED))
            except Unreadable:
                continue
    return None


def read_record(entity: Entity, row: msgspec.Raw) -> Record | Reject:
    """Read one wire record."""
    national_id: str | None = None
    field = "record"
    try:
        wire = _fields(row)
        field = "national_id"
        national_id = _read_id(wire)
        field = "updated_at_ms"
        updated_at_ms = moment_ms(_present(wire.get(UPDATED)))
        field = "is_deleted"
        is_deleted = _truth(wire.get(IS_DELETED))
    except Unreadable as error:
        return Reject(national_id, error.reason, field, error.detail, bytes(row))
    try:
        return _read_content(entity, wire, (national_id, updated_at_ms, is_deleted))
    except _Wrong as error:
        return Reject(national_id, error.reason, error.field, error.detail, bytes(row))


def _fields(row: msgspec.Raw) -> dict[str, object]:
    try:
        wire = msgspec.json.decode(row)
    except NOT_DECODED:
        try:
            wire = loads(bytes(row))
        except (ValueError, RecursionError) as error:
            raise Unreadable(RejectReason.MALFORMED, N_("is not JSON")) from error
    if not isinstance(wire, dict):
        raise Unreadable(RejectReason.MALFORMED, N_("is not a JSON object"))
    return wire


def _read_id(wire: dict[str, object]) -> str:
    value = wire.get(ID)
    if value is None or value == "":
        raise Unreadable(RejectReason.MISSING_ID, N_("is missing"))
    return RECORD_ID.read(value)


def _present(value: object) -> object:
    if value is None or value == "":
        raise Unreadable(RejectReason.MISSING_FIELD, N_("is missing"))
    return value


def _truth(value: object) -> bool:
    truth = TRUTHS.get(value) if value is None or isinstance(value, str | int) else None
    if truth is None:
        raise Unreadable(RejectReason.UNKNOWN_CODE, N_("is neither 0 nor 1"))
    return truth


class _Wrong(Exception):
    """A field of an otherwise known record cannot be understood."""

    def __init__(self, field: str, reason: RejectReason, detail: str) -> None:
        super().__init__(detail)
        self.field = field
        self.reason = reason
        self.detail = detail


def _read_content(entity: Entity, wire: dict[str, object], identity: tuple[str, int, bool]) -> Record:
    """A deleted record need not be complete: what it no longer shows is blank."""
    national_id, updated_at_ms, is_deleted = identity
    table = ENTITIES[entity]
    values: dict[str, Value] = {}
    wrong: list[_Wrong] = []
    for column in table.columns:
        value = wire.get(column.wire)
        try:
            values[column.field] = column.read_text(value) if isinstance(value, str) else column.read(value)
        except Unreadable as error:
            wrong.append(_Wrong(column.field, error.reason, error.detail))
            values[column.field] = column.blank
    is_deleted = is_deleted or (table.deleted_state is not None and values["state"] == table.deleted_state)
    if not is_deleted:
        _excuse_what_is_to_come(table, values, wrong)
        if wrong:
            raise wrong[0]
        _check_together(table, wire, values)
    if entity is Entity.VOLUNTEER:
        _check_document(values, is_deleted)
    make: Callable[..., Record] = RECORD_TYPES[entity]
    return make(*values.values(), national_id, updated_at_ms, is_deleted)


def _excuse_what_is_to_come(table: EntityMap, values: dict[str, Value], wrong: list[_Wrong]) -> None:
    """A sign-in without a sign-out yet is no fault: its end and its hours are simply not there."""
    if table.open_state is None or values["state"] != table.open_state:
        return
    excused = dict(table.to_come)
    for each in list(wrong):
        if each.reason is RejectReason.MISSING_FIELD and each.field in excused:
            values[each.field] = excused[each.field]
            wrong.remove(each)


def _check_together(table: EntityMap, wire: dict[str, object], values: dict[str, Value]) -> None:
    """What only the whole record can show."""
    unknown = wire.keys() - table.wire_names
    if unknown:
        name = min(unknown)
        shown = name if FIELD_NAME.fullmatch(name) else "?"
        raise _Wrong(shown, RejectReason.UNKNOWN_FIELD, N_("is a field that this program does not know"))
    for first, second in table.in_order:
        earlier, later = values[first], values[second]
        if isinstance(earlier, int) and isinstance(later, int) and later < earlier:
            raise _Wrong(second, RejectReason.END_BEFORE_START, N_("lies before its beginning"))


def _check_document(values: dict[str, Value], is_deleted: bool) -> None:
    text = str(values["id_number"])
    if values["id_type"] != MAINLAND_ID_CARD:
        values["id_number"] = normalised_number(text)
        return
    number = mainland_number(text)
    if number is None and not is_deleted:
        detail = N_("cannot exist: its length, date or check digit is wrong")
        raise _Wrong("id_number", RejectReason.BAD_ID_NUMBER, detail)
    values["id_number"] = number or ""
