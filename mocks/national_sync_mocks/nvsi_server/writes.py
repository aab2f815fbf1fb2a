"""Creations, changes and deletions, one at a time and in batches."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import msgspec

from national_sync_mocks.nvsi_server import forms, refusal, rules
from national_sync_mocks.nvsi_server.areas import puer
from national_sync_mocks.nvsi_server.clock import local
from national_sync_mocks.nvsi_server.identity import number_serial
from national_sync_mocks.nvsi_server.reads import check_names, text_of
from national_sync_mocks.nvsi_server.refusal import Refusal
from national_sync_mocks.nvsi_server.reviews import Review, open_ticket
from national_sync_mocks.nvsi_server.state import State, flag
from national_sync_mocks.nvsi_server.wire import KINDS

Item = dict[str, Any]


@dataclass(frozen=True)
class Trouble:
    """What a fault does to a write: every so manyth item fails, or creations wait for review."""

    fail_every: int = 0
    fail_code: int = 0
    review: Review | None = None


NO_TROUBLE = Trouble()


def create(state: State, segment: str, item: Item, trouble: Trouble = NO_TROUBLE) -> Item:
    """`{id, record}` or `{ticket}`."""
    offered = state.settings.capabilities
    allowed = {"record"}
    allowed |= {"clientReference"} if offered.clientReference else set()
    allowed |= {"idempotencyKey"} if offered.idempotencyKey else set()
    check_names(item, allowed)
    return _once(state, segment, "create", item, lambda: _create(state, segment, item, trouble))


def _create(state: State, segment: str, item: Item, trouble: Trouble) -> Item:
    reference = text_of(item, "clientReference")
    if reference in state.references:
        place, record_id = state.references[reference]
        raise Refusal(refusal.ALREADY_EXISTS, f"该引用号已用于 {KINDS[place].name}", {"id": record_id})
    record = rules.admit(state, segment, forms.new_record(segment, item.get("record")))
    review = trouble.review
    if review is None and segment == "volunteer" and state.settings.capabilities.asyncResults:
        review = Review(state.settings.behaviour.reviewHours)
    if review is not None:
        return {"ticket": open_ticket(state, segment, record, review, reference)}
    stored = store_new(state, segment, record, reference)
    return {"id": stored.id, "record": stored}


def store_new(state: State, segment: str, record: Any, client_reference: str | None) -> Any:
    """Store an admitted record under a new id."""
    _replace_refused_membership(state, segment, record)
    record_id = state.new_id(segment, record)
    completed = _completed(state, segment, record)
    stored = state.write(segment, msgspec.structs.replace(completed, id=record_id, isdelete=flag(record_id, 0)))
    if client_reference:
        state.references[client_reference] = (segment, record_id)
    return stored


def _replace_refused_membership(state: State, segment: str, record: Any) -> None:
    if segment == "membership":
        for other in state.tables[segment].named("pair", f"{record.albe0133}|{record.teamId}"):
            state.tombstone(segment, other)


def _completed(state: State, segment: str, record: Any) -> Any:
    """The record with what only the national side gives."""
    match segment:
        case "volunteer":
            return msgspec.structs.replace(
                record,
                albp0029=_free_number(state, record),
                albp0025=record.albp0025 or _area_name(record.albp0020),
                albp0047=record.albp0047 or _area_name(record.albp0028),
            )
        case "project":
            key = KINDS[segment].natural_key(record)
            return msgspec.structs.replace(
                record, albx0013=f"{record.albx0021[:6]}{number_serial(state.seed, key):06d}"
            )
        case _:
            return record


def _area_name(area_id: str) -> str:
    area = puer().get(area_id)
    return area.name if area else ""


def _free_number(state: State, volunteer: Any) -> str:
    month = f"{local(state.clock.now_ms()):%y%m}"
    serial = number_serial(state.seed, volunteer.albp0005)
    while True:
        number = f"V{volunteer.albp0020[:6]}{month}{serial:06d}V"
        if state.volunteer(number) is None:
            return number
        serial = (serial + 1) % 1_000_000


def update(state: State, segment: str, item: Item) -> Item:
    """`{id, record}`, the record as it now is."""
    offered = state.settings.capabilities
    allowed = {"id", "record"}
    allowed |= {"version"} if offered.etag else set()
    allowed |= {"idempotencyKey"} if offered.idempotencyKey else set()
    check_names(item, allowed)
    return _once(state, segment, "update", item, lambda: _update(state, segment, item))


def _update(state: State, segment: str, item: Item) -> Item:
    before = _present(state, segment, item)
    _check_version(state, segment, item)
    after = forms.changed_record(segment, before, item.get("record"))
    after = rules.admit_change(state, segment, before, after)
    stored = before if after == before else state.write(segment, after)
    return {"id": stored.id, "record": stored}


def delete(state: State, segment: str, item: Item) -> Item:
    """`{id}`. An hour record goes only with all of its facts."""
    allowed = {"id"}
    if segment == "hour":
        allowed |= {"areaId", "teamId", "projectId", "volunteerNumber", "albx0172"}
    allowed |= {"version"} if state.settings.capabilities.etag else set()
    allowed |= {"idempotencyKey"} if state.settings.capabilities.idempotencyKey else set()
    check_names(item, allowed)
    return _once(state, segment, "delete", item, lambda: _delete(state, segment, item))


def _delete(state: State, segment: str, item: Item) -> Item:
    record = _present(state, segment, item)
    _check_version(state, segment, item)
    rules.check_deletion(state, segment, record, item)
    state.tombstone(segment, record)
    return {"id": record.id}


def _present(state: State, segment: str, item: Item) -> Any:
    record = state.live(segment, text_of(item, "id", required=True))
    if record is None:
        raise Refusal(refusal.NOT_FOUND, "id 所指记录不存在")
    return record


def _check_version(state: State, segment: str, item: Item) -> None:
    wanted = text_of(item, "version")
    if wanted and wanted != str(state.tables[segment].stamp_of[item["id"]]):
        raise Refusal(refusal.VERSION_CONFLICT, "记录已被他人修改")


def _once(state: State, segment: str, verb: str, item: Item, act: Callable[[], Item]) -> Item:
    """Answer a repeated idempotency key as before, without acting again."""
    key = text_of(item, "idempotencyKey")
    if not key:
        return act()
    canonical = json.dumps([segment, verb, item], sort_keys=True)
    digest = blake2b(canonical.encode()).hexdigest()
    if key in state.answered:
        known_digest, answer = state.answered[key]
        if known_digest != digest:
            raise Refusal(refusal.ALREADY_EXISTS, "该幂等键已用于其他请求")
        return answer
    answer = act()
    state.answered[key] = (digest, answer)
    return answer


# Batches


def batch(state: State, segment: str, verb: str, body: Item, trouble: Trouble = NO_TROUBLE) -> Item:
    """`{results: [...]}`, one entry an item, some refused; for memberships `already` and `pending` too."""
    check_names(body, {"items"})
    items = body.get("items")
    most = state.settings.capabilities.batchSize
    if [KINDS[segment].name, verb] not in state.settings.capabilities.batchWrite:
        raise Refusal(refusal.NOT_ALLOWED, f"未提供 {KINDS[segment].name} 的批量接口 {verb}")
    if not isinstance(items, list) or not items:
        raise Refusal(refusal.MALFORMED, "items 须为至少一项的列表")
    if len(items) > most:
        raise Refusal(refusal.BATCH_TOO_LARGE, f"每次最多 {most} 项")
    submission = _Submission(state, segment, verb, trouble)
    results: list[Item] = []
    standing: dict[str, list[int]] = {"already": [], "pending": []}
    for index, item in enumerate(items):
        if found := _standing(state, segment, verb, item):
            standing[found].append(index)
        else:
            results.append({"index": index, **submission.take(index, item)})
    shows_standing = segment == "membership" and verb == "create"
    return {"results": results, **(standing if shows_standing else {})}


@dataclass
class _Submission:
    """The items of one batch call, done one by one."""

    state: State
    segment: str
    verb: str
    trouble: Trouble
    periods: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Hour records so far by volunteer and project."""

    def take(self, index: int, item: Any) -> Item:
        try:
            done = self._done(index, item)
        except Refusal as refused:
            beside = refused.data if isinstance(refused.data, dict) else {}
            return {"code": refused.code, "message": refused.message, **beside}
        return {"code": 0, "message": "", **done}

    def _done(self, index: int, item: Any) -> Item:
        if not isinstance(item, dict):
            raise Refusal(refusal.MALFORMED, "每一项须为对象")
        if self.trouble.fail_every and (index + 1) % self.trouble.fail_every == 0:
            raise Refusal(self.trouble.fail_code, "系统繁忙")
        if self.verb == "update":
            return update(self.state, self.segment, item)
        if self.segment == "hour":
            self._count_period(item.get("record"))
        return create(self.state, self.segment, item, self.trouble)

    def _count_period(self, record: Any) -> None:
        most = self.state.settings.behaviour.periodsPerSubmission
        if not isinstance(record, dict) or not most:
            return
        key = (str(record.get("albx0175")), str(record.get("albx0176")))
        self.periods[key] += 1
        if self.periods[key] > most:
            words = f"同一志愿者同一项目每次最多提交 {most} 个时段"
            raise Refusal(refusal.BATCH_TOO_LARGE, words)


def _standing(state: State, segment: str, verb: str, item: Any) -> str | None:
    """Where a membership that is asked for again stands: `already` a member, or its application `pending`."""
    record = item.get("record") if isinstance(item, dict) else None
    if segment != "membership" or verb != "create" or not isinstance(record, dict):
        return None
    pair = f"{record.get('albe0133')}|{record.get('teamId')}"
    states = {other.albe0134 for other in state.tables[segment].named("pair", pair)}
    return "already" if "1" in states else "pending" if "2" in states else None
