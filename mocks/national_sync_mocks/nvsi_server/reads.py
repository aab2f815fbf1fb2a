"""Lists, single records, searches, totals and digests."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from hashlib import blake2b
from itertools import islice
from typing import Any, Final

from national_sync_mocks.nvsi_server import refusal
from national_sync_mocks.nvsi_server.areas import significant_prefix
from national_sync_mocks.nvsi_server.clock import DAY_MS, day_text, parse_day, parse_ms
from national_sync_mocks.nvsi_server.identity import normalised
from national_sync_mocks.nvsi_server.refusal import Refusal
from national_sync_mocks.nvsi_server.state import State
from national_sync_mocks.nvsi_server.wire import KINDS, decimal_text, hundredths

LARGEST_PAGE: Final = 500
MOST_FOUND: Final = 20
_SECOND = re.compile(r"\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}")
_FILTERS = frozenset({"areaId", "dateFrom", "dateTo", "includeDeleted"})


@dataclass(frozen=True)
class Query:
    """What a list call asks for, checked."""

    page_number: int = 1
    page_size: int = 100
    from_ms: int | None = None
    until_ms: int | None = None
    area_prefix: str | None = None
    date_from: str | None = None
    date_until: str | None = None
    include_deleted: bool = True
    after_id: str | None = None
    after_ms: int | None = None

    @property
    def by_update(self) -> bool:
        return self.from_ms is not None or self.after_ms is not None


@dataclass
class Listing:
    """The ids of a whole list, in order, and what has been selected before from the same state."""

    cache: dict[tuple[Any, ...], Sequence[str]] = field(default_factory=dict)

    def ids(self, state: State, segment: str, query: Query) -> Sequence[str]:
        key = (
            id(state),
            state.revision,
            segment,
            day_text(state.clock.now_ms()),
            state.settings.capabilities.tombstones,
            state.settings.behaviour.tombstoneDays,
            replace(query, page_number=1, page_size=1, after_id=None, after_ms=0 if query.by_update else None),
        )
        if key not in self.cache:
            for old in list(islice(self.cache, max(0, len(self.cache) - 15))):
                del self.cache[old]
            self.cache[key] = _select(state, segment, query)
        return self.cache[key]


def list_query(state: State, segment: str, body: dict[str, Any]) -> Query:
    """The list call's body, checked; refused with the name of the field that is wrong."""
    offered = state.settings.capabilities
    allowed = {"pageNum", "pageSize", *_FILTERS}
    if KINDS[segment].name in offered.changeFilter:
        allowed |= {"updatedFrom", "updatedTo"}
    if offered.keysetPaging:
        allowed |= {"afterId", "afterUpdated"}
    check_names(body, allowed)
    include_deleted = body.get("includeDeleted", True)
    if not isinstance(include_deleted, bool):
        raise Refusal(refusal.MALFORMED, "includeDeleted 须为 true 或 false")
    return Query(
        page_number=_integer(body, "pageNum", 1, None) or 1,
        page_size=_integer(body, "pageSize", 1, LARGEST_PAGE) or 100,
        from_ms=_second(body, "updatedFrom"),
        until_ms=_second(body, "updatedTo"),
        area_prefix=_area(body),
        date_from=_day(body, "dateFrom"),
        date_until=_day(body, "dateTo"),
        include_deleted=include_deleted and offered.tombstones,
        after_id=text_of(body, "afterId") or None,
        after_ms=_integer(body, "afterUpdated", 0, None),
    )


def page_of(ids: Sequence[str], state: State, segment: str, query: Query, shift: int = 0) -> Sequence[str]:
    """The ids of one page. `shift` moves the window, as a record that left the list in between would."""
    if query.after_id is not None:
        start = _start_after(ids, state, segment, query)
    else:
        start = max(0, (query.page_number - 1) * query.page_size + shift)
    return ids[start : start + query.page_size]


def _start_after(ids: Sequence[str], state: State, segment: str, query: Query) -> int:
    stamp_of = state.tables[segment].stamp_of
    target = (query.after_ms or 0, query.after_id or "")
    low, high = 0, len(ids)
    while low < high:
        middle = (low + high) // 2
        own = (stamp_of[ids[middle]], ids[middle]) if query.by_update else (target[0], ids[middle])
        if own <= target:
            low = middle + 1
        else:
            high = middle
    return low


def _select(state: State, segment: str, query: Query) -> Sequence[str]:
    table = state.tables[segment]
    until = None if query.until_ms is None else query.until_ms + 999
    if query.by_update:
        ids: Sequence[str] = [table.id_at[ms] for ms in table.stamps_between(query.from_ms, until)]
    elif until is not None:
        ids = [record_id for record_id in table.ids if table.stamp_of[record_id] <= until]
    else:
        ids = table.ids
    if table.deleted:
        oldest = _oldest_tombstone_ms(state)
        keep = query.include_deleted
        ids = [each for each in ids if not table.records[each].is_deleted or (keep and table.stamp_of[each] >= oldest)]
    for matches in _filters(state, segment, query):
        ids = [each for each in ids if matches(table.records[each])]
    return ids


def _oldest_tombstone_ms(state: State) -> int:
    midnight = parse_ms(day_text(state.clock.now_ms()) + " 00:00:00")
    return midnight - state.settings.behaviour.tombstoneDays * DAY_MS


def _filters(state: State, segment: str, query: Query) -> list[Callable[[Any], bool]]:
    filters: list[Callable[[Any], bool]] = []
    if query.area_prefix is not None:
        prefix, area_of = query.area_prefix, _area_of(state, segment)
        filters.append(lambda record: area_of(record).startswith(prefix))
    name = KINDS[segment].date_field
    if query.date_from is not None:
        earliest = query.date_from
        filters.append(lambda record: getattr(record, name)[:10] >= earliest)
    if query.date_until is not None:
        latest = query.date_until
        filters.append(lambda record: getattr(record, name)[:10] <= latest)
    return filters


def _area_of(state: State, segment: str) -> Callable[[Any], str]:
    """Where a record belongs: its own area, its team's, or its volunteer's."""
    teams = state.tables["team"].records

    def of_team(team_id: str) -> str:
        team = teams.get(team_id)
        return team.albe0012 if team else ""

    def of_person(number: str) -> str:
        volunteer = state.volunteer(number)
        return volunteer.albp0020 if volunteer else ""

    return {
        "team": lambda r: str(r.albe0012),
        "volunteer": lambda r: str(r.albp0020),
        "membership": lambda r: of_team(r.teamId),
        "project": lambda r: str(r.albx0021),
        "hour": lambda r: of_team(r.albx0177),
        "training": lambda r: of_person(r.volunteerNumber),
    }[segment]


# Single records


def get_one(state: State, segment: str, record_id: str) -> Any:
    """The record; deleted ones as long as tombstones last; None otherwise."""
    record = state.get(segment, record_id)
    if record is None or not record.is_deleted:
        return record
    stamp = state.tables[segment].stamp_of[record_id]
    known = state.settings.capabilities.tombstones and stamp >= _oldest_tombstone_ms(state)
    return record if known else None


def get(state: State, segment: str, body: dict[str, Any]) -> Any:
    offered = state.settings.capabilities
    check_names(body, {"id", "ids"} if offered.batchRead else {"id"})
    if "ids" not in body:
        return get_one(state, segment, text_of(body, "id", required=True))
    ids = body["ids"]
    if "id" in body or not isinstance(ids, list) or not all(isinstance(each, str) for each in ids):
        raise Refusal(refusal.MALFORMED, "ids 须为字符串列表，且不得与 id 同时出现")
    if len(ids) > offered.batchSize:
        raise Refusal(refusal.BATCH_TOO_LARGE, f"每次最多 {offered.batchSize} 个 id")
    found = (get_one(state, segment, each) for each in dict.fromkeys(ids))
    return [record for record in found if record is not None]


FIND_KEYS: Final[dict[str, tuple[frozenset[str], ...]]] = {
    "team": (frozenset({"albe0002", "albe0012"}),),
    "volunteer": (frozenset({"albp0005"}), frozenset({"albp0029"})),
    "membership": (frozenset({"albe0133", "teamId"}),),
    "project": (frozenset({"albx0002", "teamId", "albx0004"}),),
    "hour": (frozenset({"albx0175", "albx0176", "albx0181"}),),
    "training": (frozenset({"volunteerNumber", "albx0282", "albx0284"}),),
}


def find(state: State, segment: str, body: dict[str, Any]) -> list[Any]:
    keys = list(FIND_KEYS[segment])
    if state.settings.capabilities.clientReference:
        keys.append(frozenset({"clientReference"}))
    check_names(body, frozenset().union(*keys))
    if frozenset(body) not in keys:
        raise Refusal(refusal.MALFORMED, "只能按以下字段查询：" + " 或 ".join("+".join(sorted(key)) for key in keys))
    wanted = {name: text_of(body, name, required=True) for name in body}
    if "clientReference" in wanted:
        place = state.references.get(wanted["clientReference"])
        record = state.live(*place) if place and place[0] == segment else None
        return [record] if record is not None else []
    return _found(state, segment, wanted)[:MOST_FOUND]


def _found(state: State, segment: str, wanted: dict[str, str]) -> list[Any]:
    table = state.tables[segment]
    match segment:
        case "team":
            return table.named("name", f"{wanted['albe0002']}|{wanted['albe0012']}")
        case "volunteer" if "albp0029" in wanted:
            return table.named("number", wanted["albp0029"])
        case "volunteer":
            return table.named("id_number", normalised(wanted["albp0005"]))
        case "membership":
            return table.named("pair", f"{wanted['albe0133']}|{wanted['teamId']}")
        case "project":
            moment = _moment(wanted, "albx0004")
            return table.named("key", f"{wanted['albx0002']}|{wanted['teamId']}|{moment}")
        case "hour":
            moment = _moment(wanted, "albx0181")
            return [
                record
                for record in table.named("person", wanted["albx0175"])
                if record.albx0176 == wanted["albx0176"] and record.albx0181 == moment
            ]
        case _:
            return [
                record
                for record in table.named("person", wanted["volunteerNumber"])
                if (record.albx0282, record.albx0284) == (wanted["albx0282"], wanted["albx0284"])
            ]


# Sums


def totals(state: State, segment: str, body: dict[str, Any], ids_of: Callable[[Query], Sequence[str]]) -> Any:
    check_names(body, {"areaId", "dateFrom", "dateTo"})
    query = Query(
        area_prefix=_area(body),
        date_from=_day(body, "dateFrom"),
        date_until=_day(body, "dateTo"),
        include_deleted=False,
    )
    ids = ids_of(query)
    if segment != "hour":
        return {"count": len(ids)}
    records = state.tables["hour"].records
    return {"count": len(ids), "hours": decimal_text(sum(_effective(records[each]) for each in ids))}


def _effective(hour: Any) -> int:
    if hour.albx0174 != "2":
        return 0
    try:
        return hundredths(hour.albx0172)
    except (AttributeError, ValueError):
        return 0


def digest(state: State, segment: str) -> list[dict[str, Any]]:
    table = state.tables[segment]
    counts, sums = [0] * 256, [0] * 256
    for record_id, record in table.records.items():
        if not record.is_deleted:
            bucket = int(record_id[:2], 16)
            counts[bucket] += 1
            sums[bucket] += table.stamp_of[record_id]
    return [
        {"bucket": f"{bucket:02x}", "count": counts[bucket], "versionSum": str(sums[bucket])} for bucket in range(256)
    ]


def is_hidden(seed: int, record_id: str, share: float) -> bool:
    """Whether a record is among those that disappear for a while."""
    return blake2b(f"{seed}|hidden|{record_id}".encode(), digest_size=2).digest()[0] / 256 < share


# Checking bodies


def check_names(body: dict[str, Any], allowed: set[str] | frozenset[str]) -> None:
    unknown = sorted(set(body) - allowed)
    if unknown:
        raise Refusal(refusal.UNKNOWN_FIELD, f"未知字段 {unknown[0][:40]!a}")


def text_of(body: dict[str, Any], name: str, required: bool = False) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or (required and not value):
        raise Refusal(refusal.MALFORMED, f"{name} 须为字符串")
    return value


def _integer(body: dict[str, Any], name: str, least: int, most: int | None) -> int | None:
    value = body.get(name)
    if value is None and name not in body:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or value < least or (most and value > most):
        bound = f"不小于 {least}" if most is None else f"在 {least} 与 {most} 之间"
        raise Refusal(refusal.MALFORMED, f"{name} 须为整数，{bound}")
    return value


def _second(body: dict[str, Any], name: str) -> int | None:
    text = text_of(body, name)
    if name not in body:
        return None
    try:
        if not _SECOND.fullmatch(text):
            raise ValueError
        return parse_ms(text)
    except ValueError:
        raise refusal.invalid(name, "须为 YYYY-MM-DD HH:mm:ss 格式") from None


def _day(body: dict[str, Any], name: str) -> str | None:
    text = text_of(body, name)
    if name not in body:
        return None
    try:
        return parse_day(text)
    except ValueError:
        raise refusal.invalid(name, "须为 YYYY-MM-DD 格式") from None


def _area(body: dict[str, Any]) -> str | None:
    text = text_of(body, "areaId")
    if "areaId" not in body:
        return None
    if len(text) != 18 or not (text.isascii() and text.isdigit()):
        raise refusal.invalid("areaId", "须为 18 位数字")
    return significant_prefix(text)


def _moment(wanted: dict[str, str], name: str) -> str:
    """A time in the form in which it is stored, whatever its fraction."""
    try:
        parse_ms(wanted[name])
    except ValueError:
        raise refusal.invalid(name, "须为 YYYY-MM-DD HH:mm:ss.0 格式") from None
    return wanted[name].partition(".")[0] + ".0"
