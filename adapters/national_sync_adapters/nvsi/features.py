"""What the national side says about itself in `/system/info`."""

from __future__ import annotations

from typing import Literal, TypeVar

import msgspec

from national_sync.national.port import Capabilities, Verb
from national_sync.records import Entity

E = TypeVar("E", Entity, Verb)


class Features(msgspec.Struct, frozen=True):
    changeFilter: tuple[str, ...] = ()
    tombstones: bool = False
    keysetPaging: bool = False
    batchWrite: tuple[tuple[str, str], ...] = ()
    batchRead: bool = False
    batchSize: int = 50
    idempotencyKey: bool = False
    etag: bool = False
    clientReference: bool = False
    digest: bool = False
    asyncResults: bool = False
    twoMemberships: bool = True
    totals: bool = True
    starApplications: bool = False
    encryptedBodies: Literal["off", "accepted", "required"] = "off"
    concurrency: int = 4


class RateDeclared(msgspec.Struct, frozen=True):
    perSecond: float | None = None


class Info(msgspec.Struct, frozen=True):
    serverTime: int
    features: Features = Features()
    rate: RateDeclared = RateDeclared()


def capabilities_of(info: Info, concurrency: int) -> Capabilities:
    """In the core's terms; entities and verbs that the core does not have are passed over."""
    features = info.features
    batches = ((_member(Entity, name), _member(Verb, verb)) for name, verb in features.batchWrite)
    return Capabilities(
        change_filter=frozenset(entity for name in features.changeFilter if (entity := _member(Entity, name))),
        tombstones=features.tombstones,
        keyset_paging=features.keysetPaging,
        batch_write=frozenset((entity, verb) for entity, verb in batches if entity and verb),
        batch_read=features.batchRead,
        batch_size=max(1, features.batchSize),
        idempotency_key=features.idempotencyKey,
        conditional_write=features.etag,
        client_reference=features.clientReference,
        digest=features.digest,
        asynchronous_results=features.asyncResults,
        two_memberships=features.twoMemberships,
        totals=features.totals,
        star_applications=features.starApplications,
        concurrency=max(1, min(concurrency, features.concurrency)),
    )


def _member(kind: type[E], name: str) -> E | None:
    return kind(name) if name in set(kind) else None
