"""The port, over the national volunteer service information system's HTTP interface (`docs/national-api`)."""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from typing import ClassVar, Final

from national_sync.clock import Clock
from national_sync.errors import ClockSkewed
from national_sync.i18n import N_
from national_sync.national.port import (
    BucketDigest,
    CallMeter,
    Capabilities,
    Notebook,
    Operation,
    Outcome,
    Page,
    PullRequest,
    Reject,
    Scope,
    StarApplication,
    StarRequest,
    Totals,
)
from national_sync.records import Entity, Record, Value
from national_sync_adapters.nvsi import mapping
from national_sync_adapters.nvsi.breaker import Breaker
from national_sync_adapters.nvsi.calls import decoded_data
from national_sync_adapters.nvsi.envelope import Reply
from national_sync_adapters.nvsi.features import Info, capabilities_of
from national_sync_adapters.nvsi.http import Transport, TransportLimits
from national_sync_adapters.nvsi.limits import DailyQuota, Limits
from national_sync_adapters.nvsi.reader import Reader
from national_sync_adapters.nvsi.session import Session
from national_sync_adapters.nvsi.settings import NvsiSettings
from national_sync_adapters.nvsi.stars import StarDesk
from national_sync_adapters.nvsi.writer import Writer

LOOKS_AT_CLOCK: Final = 2


class NvsiAdapter:
    """`NationalSystem` over HTTP. Thread-safe after `open`."""

    Settings: ClassVar[type[NvsiSettings]] = NvsiSettings

    def __init__(
        self, settings: NvsiSettings, *, secret: bytes, meter: CallMeter, notebook: Notebook, clock: Clock
    ) -> None:
        self._settings = settings
        self._clock = clock
        quota = DailyQuota(meter, block=settings.quota_block, calls_per_day=settings.calls_per_day)
        self._limits = Limits(quota, clock, per_second=settings.calls_per_second, concurrency=settings.concurrency)
        self._session = Session(
            settings,
            secret,
            transport=_transport(settings),
            limits=self._limits,
            breaker=_breaker(settings, notebook, clock),
            clock=clock,
        )
        self._adopt(Capabilities())

    def open(self) -> None:
        """Connect, compare the clocks, learn the capabilities. What fails leaves no connection open."""
        try:
            info = self._compared_clocks()
        except BaseException:
            self.close()
            raise
        self._adopt(capabilities_of(info, self._settings.concurrency))
        self._session.limits = self._limits.narrowed(
            per_second=_smaller(self._settings.calls_per_second, info.rate.perSecond),
            concurrency=self._capabilities.concurrency,
        )
        if info.features.encryptedBodies == "required" and self._settings.encrypt_bodies == "auto":
            self._session.is_encrypting = True

    def close(self) -> None:
        self._session.close()

    def capabilities(self) -> Capabilities:
        return self._capabilities

    def mapping_version(self) -> str:
        return mapping.version()

    def now_ms(self) -> int:
        info, reply = self._system_info()
        return reply.server_time_ms or info.serverTime

    def pull(self, request: PullRequest) -> Generator[Page, None, None]:
        return self._reader.pull(request)

    def get(self, entity: Entity, national_ids: Sequence[str]) -> list[Record | Reject | None]:
        return self._reader.get(entity, national_ids)

    def find(self, entity: Entity, key: Mapping[str, Value]) -> list[Record]:
        return self._reader.find(entity, key)

    def totals(self, entity: Entity, scope: Scope) -> Totals:
        return self._reader.totals(entity, scope)

    def digest(self, entity: Entity) -> dict[str, BucketDigest]:
        return self._reader.digest(entity)

    def send(self, operations: Sequence[Operation]) -> list[Outcome]:
        return self._writer.send(operations)

    def result(self, ticket: str) -> Outcome:
        return self._writer.result(ticket)

    def star_applications(self, volunteer_numbers: Sequence[str]) -> list[StarApplication]:
        return self._stars.applications(volunteer_numbers)

    def apply_for_stars(self, requests: Sequence[StarRequest]) -> list[Outcome]:
        return self._stars.apply(requests)

    def _adopt(self, capabilities: Capabilities) -> None:
        self._capabilities = capabilities
        self._reader = Reader(self._session, self._settings, capabilities)
        self._writer = Writer(self._session, self._reader, capabilities)
        self._stars = StarDesk(self._session, capabilities)

    def _system_info(self) -> tuple[Info, Reply]:
        reply = self._session.read("/system/info", {}, is_metered=False)
        return decoded_data(reply, Info, N_("the description of the national system")), reply

    def _compared_clocks(self) -> Info:
        """One strange answer may come from one strange machine on the other side, so it is asked again."""
        for _ in range(LOOKS_AT_CLOCK):
            info, reply = self._system_info()
            seconds = self._clock.now() - (reply.server_time_ms or info.serverTime) / 1000
            if abs(seconds) <= self._settings.max_clock_skew_seconds:
                return info
        raise ClockSkewed(seconds=round(seconds))


def _transport(settings: NvsiSettings) -> Transport:
    limits = TransportLimits(
        connect_seconds=settings.connect_seconds,
        silence_seconds=settings.silence_seconds,
        body_bytes=settings.body_bytes,
        connections=settings.concurrency,
    )
    ca_file = None if settings.ca_file is None else str(settings.ca_file)
    return Transport(settings.base_url, limits, ca_file=ca_file, proxy=settings.proxy)


def _breaker(settings: NvsiSettings, notebook: Notebook, clock: Clock) -> Breaker:
    return Breaker(
        notebook,
        clock,
        failures=settings.breaker_failures,
        pause_seconds=settings.breaker_pause_seconds,
        longest_pause_seconds=settings.breaker_longest_pause_seconds,
    )


def _smaller(ours: float | None, theirs: float | None) -> float | None:
    return min((each for each in (ours, theirs) if each), default=None)
