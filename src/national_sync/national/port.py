"""The port to the national side: what the core asks of any adapter, and nothing more.

An adapter translates one technology into these calls and into the core's own records. It declares what
its side can do; for each capability that is missing the core has a fallback. All calls are synchronous
and thread-safe up to `Capabilities.concurrency`. Contract tests: `national_sync.testing`.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any, Protocol, TypeAlias

from national_sync.records import Entity, Record, Value


@dataclass(frozen=True)
class Capabilities:
    """What the national side can do, entity by entity where it differs."""

    change_filter: frozenset[Entity] = frozenset()
    """Lists can be limited to records updated since a moment."""
    tombstones: bool = False
    """Deleted records are still listed for a while, marked deleted."""
    keyset_paging: bool = False
    """Lists can continue after a record instead of at a page number."""
    batch_write: frozenset[tuple[Entity, Verb]] = frozenset()
    """(entity, verb) pairs of which up to `batch_size` go out in one call."""
    batch_read: bool = False
    """Up to `batch_size` records can be fetched by id in one call."""
    batch_size: int = 50
    idempotency_key: bool = False
    """Sending the same operation again under its reference cannot take effect twice."""
    conditional_write: bool = False
    """An update can be made conditional on the version last seen."""
    client_reference: bool = False
    """Records can be found by the reference they were sent with."""
    digest: bool = False
    """Counts and version sums per bucket of ids can be asked for."""
    asynchronous_results: bool = False
    two_memberships: bool = True
    totals: bool = True
    star_applications: bool = False
    """Stars can be applied for, and applications looked up."""
    concurrency: int = 4
    """Calls that may be under way at once."""


@dataclass(frozen=True)
class Scope:
    """Limits a pull; the empty scope means everything. Dates are service dates of the Puer calendar, inclusive."""

    county: str | None = None
    date_from: date | None = None
    date_until: date | None = None

    @property
    def is_everything(self) -> bool:
        return self == Scope()


@dataclass(frozen=True)
class PullRequest:
    entity: Entity
    changed_since_ms: int | None = None
    """Inclusive lower bound of the update time; None lists everything."""
    scope: Scope = field(default_factory=Scope)
    resume: str | None = None
    """The `resume` of the last stored page of an interrupted pull with the same request."""


class RejectReason(StrEnum):
    """Why a record from the national side cannot be understood."""

    MISSING_ID = "missing_id"
    MALFORMED = "malformed"
    UNKNOWN_FIELD = "unknown_field"
    MISSING_FIELD = "missing_field"
    BAD_ID_NUMBER = "bad_id_number"
    BAD_DATE = "bad_date"
    BAD_HOURS = "bad_hours"
    END_BEFORE_START = "end_before_start"
    UNKNOWN_CODE = "unknown_code"
    BAD_TEXT = "bad_text"
    TOO_LONG = "too_long"
    TWO_RECORDS_ONE_ID = "two_records_one_id"
    UNKNOWN_REFERENCE = "unknown_reference"


@dataclass(frozen=True)
class Reject:
    """A record that could not be understood. `raw` may hold personal data; `field` and `detail` never do."""

    national_id: str | None
    reason: RejectReason
    field: str
    detail: str
    raw: bytes


@dataclass(frozen=True)
class Page:
    """One page of a pull. Pages may repeat records; a later page wins if its version is not older."""

    records: Sequence[Record]
    rejects: Sequence[Reject] = ()
    covered_until_ms: int | None = None
    """All changes up to here are delivered once this page is stored; never beyond the server's clock."""
    resume: str | None = None
    """Continue after this page with this token; None on the last page."""
    total: int | None = None
    """The number of records the national side says the whole pull has."""
    is_last: bool = False
    is_exact: bool = False
    """On the last page: no shift was noticed and the totals agree, so absence from it means something."""


class Verb(StrEnum):
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"


@dataclass(frozen=True)
class Operation:
    """One outgoing write. `fields` holds what is to be set, by content field; `record` the whole record as it will be."""

    reference: str
    """32 hex characters, unique to this write for ever."""
    entity: Entity
    verb: Verb
    record: Record
    fields: Mapping[str, Value]


@dataclass(frozen=True)
class Done:
    """It took effect. `record` is the record as the national side now has it; None after a deletion."""

    national_id: str
    record: Record | None


class RefusalKind(StrEnum):
    EXISTS = "exists"
    INVALID = "invalid"
    NOT_FOUND = "not_found"
    CHANGED_MEANWHILE = "changed_meanwhile"
    NOT_ALLOWED = "not_allowed"
    REVIEW = "review"


@dataclass(frozen=True)
class Refused:
    """It did not take effect and will not: the national side said no, with these words."""

    kind: RefusalKind
    national_code: str
    words: str


@dataclass(frozen=True)
class Pending:
    """Accepted for review; ask `result(ticket)` on later nights."""

    ticket: str


@dataclass(frozen=True)
class NotSent:
    """It certainly did not take effect (busy, quota spent, circuit open); it may be sent later."""

    reason: str
    stops_the_run: bool = False
    """No further call will be served today."""


@dataclass(frozen=True)
class Unknown:
    """No answer that can be trusted came: it may or may not have taken effect."""

    reason: str


Outcome: TypeAlias = Done | Refused | Pending | NotSent | Unknown


@dataclass(frozen=True)
class Totals:
    count: int
    service_seconds: int | None = None


@dataclass(frozen=True)
class BucketDigest:
    """`count` records not deleted, and the sum of their `updated_at_ms`, in one bucket of ids."""

    count: int
    version_sum: int


def bucket_of(national_id: str) -> str:
    """The digest bucket of an id: its first two hexadecimal characters."""
    return national_id[:2]


class StarState(StrEnum):
    """Where an application for a star stands on the national side."""

    PASSED = "passed"
    PENDING = "pending"
    FAILED = "failed"
    EXPIRED = "expired"


@dataclass(frozen=True)
class StarRequest:
    """A star to be applied for: only the band that the person's hours lie in, above the present star."""

    volunteer_number: str
    team_national_id: str
    star: int


@dataclass(frozen=True)
class StarApplication:
    """An application as the national side has it."""

    national_id: str
    volunteer_number: str
    team_national_id: str
    star: int
    state: StarState
    applied_at: int
    """UTC epoch seconds."""


class NationalSystem(Protocol):
    """The national side, whatever carries it.

    Reading calls raise a `NationalSideError` when they cannot be served. `send` never raises for the fate of an
    operation: the fate is its outcome.
    """

    def open(self) -> None:
        """Connect and learn the capabilities."""

    def close(self) -> None: ...

    def capabilities(self) -> Capabilities: ...

    def mapping_version(self) -> str:
        """Changes whenever the translation between wire and records changes."""

    def now_ms(self) -> int:
        """The national side's own clock, asked afresh."""

    def pull(self, request: PullRequest) -> Generator[Page, None, None]:
        """Pages in order, fetched ahead of the consumer within a bound; closing the generator ends the fetching."""

    def get(self, entity: Entity, national_ids: Sequence[str]) -> list[Record | Reject | None]:
        """One entry for each id in order; None where the national side says there is none. Deleted records are
        returned marked deleted where the side still knows them."""

    def find(self, entity: Entity, key: Mapping[str, Value]) -> list[Record]:
        """Records not deleted that match the natural key (`records.NATURAL_KEYS`), or `{"reference": …}` where the
        side offers client references."""

    def send(self, operations: Sequence[Operation]) -> list[Outcome]:
        """Send operations of one entity and verb, at most one batch; one outcome each, in order."""

    def result(self, ticket: str) -> Outcome:
        """The outcome of an operation that was `Pending`; `Pending` again while review lasts."""

    def totals(self, entity: Entity, scope: Scope) -> Totals:
        """Counts of records that are not deleted; for hour records also the seconds of the effective ones."""

    def digest(self, entity: Entity) -> dict[str, BucketDigest]:
        """Digests by bucket; raises `CapabilityMissing` where not offered."""

    def star_applications(self, volunteer_numbers: Sequence[str]) -> list[StarApplication]:
        """Every application of these volunteers, by time; raises `CapabilityMissing` where not offered."""

    def apply_for_stars(self, requests: Sequence[StarRequest]) -> list[Outcome]:
        """Hand in at most one batch; one outcome each, in order. `Done` names the application, which waits for review.
        Raises `CapabilityMissing` where not offered."""


class CallMeter(Protocol):
    """The daily quota, shared by every process through the core's database."""

    def reserve(self, calls: int) -> int:
        """How many of `calls` are granted now; 0 when today's quota is spent."""

    def give_back(self, calls: int) -> None: ...


class Notebook(Protocol):
    """A few small values that must survive the process, such as the circuit breaker's state."""

    def read(self, name: str) -> dict[str, Any] | None: ...

    def write(self, name: str, value: Mapping[str, Any] | None) -> None: ...
