"""Reading from the national side."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from functools import partial
from typing import Final

import msgspec

from national_sync.errors import CapabilityMissing, ProtocolBroken
from national_sync.i18n import N_, Phrase
from national_sync.national.port import (
    BucketDigest,
    Capabilities,
    Page,
    PullRequest,
    Reject,
    Scope,
    Totals,
)
from national_sync.records import Entity, Record, Value
from national_sync_adapters.nvsi import hour_pages
from national_sync_adapters.nvsi.ahead import fetched_ahead
from national_sync_adapters.nvsi.calls import at_once, decoded_data, is_nothing, path
from national_sync_adapters.nvsi.envelope import Garbled, Reply, count_of
from national_sync_adapters.nvsi.kinds import SECONDS_A_HUNDREDTH, Unreadable, hundredths
from national_sync_adapters.nvsi.mapping import ID
from national_sync_adapters.nvsi.paging import Listed, Walk
from national_sync_adapters.nvsi.reading import Content, read_list, read_record
from national_sync_adapters.nvsi.sending import Unwritable, wire_of
from national_sync_adapters.nvsi.session import Session
from national_sync_adapters.nvsi.settings import NvsiSettings

AREA_DIGITS: Final = 18
MOST_HUNDREDTHS: Final = 10**15
REFERENCE: Final = "reference"


class Reader:
    """The reading half of the port, for a side with these capabilities."""

    def __init__(self, session: Session, settings: NvsiSettings, capabilities: Capabilities) -> None:
        self._session = session
        self._settings = settings
        self._capabilities = capabilities

    def pull(self, request: PullRequest) -> Generator[Page, None, None]:
        entity = request.entity
        if request.changed_since_ms is not None and entity not in self._capabilities.change_filter:
            raise CapabilityMissing(capability=Phrase(N_("a filter on the update time")))
        filters = _filters(request.scope)
        if self._capabilities.tombstones:
            filters["includeDeleted"] = True
        walk = Walk(
            request,
            filters,
            page_size=self._settings.page_size,
            uses_keys=self._capabilities.keyset_paging,
            call=partial(self._list, entity),
        )
        return fetched_ahead(walk, self._settings.fetch_ahead_pages)

    def _list(self, entity: Entity, payload: Mapping[str, object]) -> Listed:
        typed = hour_pages.PAGES if entity is Entity.HOUR_RECORD else None
        reply = self._session.read(path(entity, "list"), payload, typed)
        try:
            content = read_list(entity, reply.data) if typed is None else hour_pages.read_page(reply)
        except Garbled as error:
            raise ProtocolBroken(reason=str(error)) from error
        return Listed(content, reply.total, reply.server_time_ms)

    def get(self, entity: Entity, national_ids: Sequence[str]) -> list[Record | Reject | None]:
        if not self._capabilities.batch_read:
            return at_once(partial(self.get_one, entity), national_ids, self._capabilities.concurrency)
        size = self._capabilities.batch_size
        batches = [national_ids[start : start + size] for start in range(0, len(national_ids), size)]
        found: dict[str, Record | Reject | None] = {}
        for batch in at_once(partial(self._get_batch, entity), batches, self._capabilities.concurrency):
            found |= batch
        return [found.get(national_id) for national_id in national_ids]

    def get_one(self, entity: Entity, national_id: str) -> Record | Reject | None:
        reply = self._session.read(path(entity, "get"), {ID: national_id}, missing_is_none=True)
        return None if is_nothing(reply) else read_record(entity, reply.data)

    def _get_batch(self, entity: Entity, national_ids: Sequence[str]) -> dict[str, Record | Reject | None]:
        reply = self._session.read(path(entity, "get"), {"ids": list(national_ids)})
        content = _read_list(entity, reply)
        found: dict[str, Record | Reject | None] = {each.national_id: each for each in content.records}
        found |= {each.national_id: each for each in content.rejects if each.national_id is not None}
        if content.nameless:
            found |= {each: self.get_one(entity, each) for each in national_ids if each not in found}
        return found

    def find(self, entity: Entity, key: Mapping[str, Value]) -> list[Record]:
        try:
            payload = self._wanted(entity, key)
        except Unwritable:
            return []  # What has no national form is not there.
        reply = self._session.read(path(entity, "find"), payload, missing_is_none=True)
        content = _read_list(entity, reply)
        if content.rejects:
            first = content.rejects[0]
            words = N_("a {entity} that matches is not understood: {field} {reason}")
            raise ProtocolBroken(reason=Phrase(words, entity=entity.value, field=first.field, reason=first.detail))
        return [record for record in content.records if not record.is_deleted]

    def _wanted(self, entity: Entity, key: Mapping[str, Value]) -> Mapping[str, Value]:
        if REFERENCE not in key:
            return wire_of(entity, key, is_whole=True)
        if not self._capabilities.client_reference:
            raise CapabilityMissing(capability=Phrase(N_("a search by our own reference")))
        return {"clientReference": key[REFERENCE]}

    def totals(self, entity: Entity, scope: Scope) -> Totals:
        if not self._capabilities.totals:
            raise CapabilityMissing(capability=Phrase(N_("totals")))
        reply = self._session.read(path(entity, "totals"), _filters(scope))
        data = decoded_data(reply, _TotalsData, N_("totals"))
        return Totals(_count(data.count), _seconds(data.hours) if entity is Entity.HOUR_RECORD else None)

    def digest(self, entity: Entity) -> dict[str, BucketDigest]:
        if not self._capabilities.digest:
            raise CapabilityMissing(capability=Phrase(N_("digests")))
        reply = self._session.read(path(entity, "digest"), {})
        buckets = decoded_data(reply, list[_BucketData], N_("digests"))
        digests = {each.bucket: BucketDigest(_count(each.count), _count(each.versionSum)) for each in buckets}
        return {bucket: digest for bucket, digest in digests.items() if digest.count}


class _TotalsData(msgspec.Struct):
    count: int | str
    hours: int | float | str | None = None


class _BucketData(msgspec.Struct):
    bucket: str
    count: int | str
    versionSum: int | str


def _filters(scope: Scope) -> dict[str, object]:
    filters: dict[str, object] = {}
    if scope.county is not None:
        filters["areaId"] = scope.county.ljust(AREA_DIGITS, "0")
    if scope.date_from is not None:
        filters["dateFrom"] = scope.date_from.isoformat()
    if scope.date_until is not None:
        filters["dateTo"] = scope.date_until.isoformat()
    return filters


def _read_list(entity: Entity, reply: Reply) -> Content:
    try:
        return read_list(entity, reply.data)
    except Garbled as error:
        raise ProtocolBroken(reason=str(error)) from error


def _seconds(hours: object) -> int:
    try:
        return hundredths(hours, MOST_HUNDREDTHS) * SECONDS_A_HUNDREDTH
    except Unreadable as error:
        raise ProtocolBroken(reason=Phrase(N_("the total of hours {reason}"), reason=error.detail)) from error


def _count(value: int | str) -> int:
    count = count_of(value)
    if count is None:
        raise ProtocolBroken(reason="a count that is no number")
    return count
