"""Checking after a run that both sides agree: digests where offered, otherwise totals and a share read again."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from national_sync.clock import local_date
from national_sync.errors import StopRequested
from national_sync.national.port import BucketDigest, NationalSystem, Reject, Scope, Totals
from national_sync.records import Entity, Record
from national_sync.sync.slices import slices
from national_sync.sync.stage import quarantine, stage_records
from national_sync.sync.transaction import Transaction, Transactions

BUCKETS: Final = 256
READ_AGAIN_TOGETHER: Final = 1_000


@dataclass(frozen=True)
class Difference:
    """Both sides count differently, more than open items explain."""

    entity: Entity
    ours: int
    theirs: int


def local_digest(tx: Transaction, entity: Entity) -> dict[str, BucketDigest]:
    """The mirror's digest by bucket, kept up by every write of the engine."""
    return {
        row["bucket"]: BucketDigest(row["records"], row["version_sum"])
        for row in tx.rows("SELECT * FROM bucket_digest WHERE entity = :entity AND records <> 0", entity=entity.value)
    }


def local_totals(tx: Transaction, entity: Entity) -> Totals:
    row = tx.rows(
        "SELECT COALESCE(SUM(records), 0) AS records, COALESCE(SUM(effective_seconds), 0) AS seconds"
        " FROM bucket_digest WHERE entity = :entity",
        entity=entity.value,
    )[0]
    return Totals(int(row["records"]), int(row["seconds"]) if entity is Entity.HOUR_RECORD else None)


def explained_records(tx: Transaction, entity: Entity) -> int:
    """How many records may differ for a reason that is on somebody's list."""
    return int(
        tx.execute(
            f"SELECT (SELECT COUNT(*) FROM observed_{entity})"
            " + (SELECT COUNT(*) FROM quarantine WHERE entity = :entity AND state <> 'solved')"
            " + (SELECT COUNT(*) FROM absence WHERE entity = :entity)"
            " + (SELECT COUNT(*) FROM local_deletion WHERE entity = :entity)"
            " + (SELECT COUNT(*) FROM operation WHERE entity = :entity AND state IN ('unknown', 'in_flight', 'pending'))",
            entity=entity.value,
        ).scalar_one()
    )


def compare(transactions: Transactions, national: NationalSystem, entity: Entity) -> Difference | None:
    """Compare the two sides as cheaply as the national side allows."""
    capabilities = national.capabilities()
    if capabilities.digest:
        theirs = national.digest(entity)
        with transactions.read() as tx:
            ours = local_digest(tx, entity)
            explained = explained_records(tx, entity)
        apart = sum(1 for bucket in {*ours, *theirs} if ours.get(bucket) != theirs.get(bucket))
        if apart <= explained:
            return None
        return Difference(entity, _records(ours), _records(theirs))
    if not capabilities.totals:
        return None
    their_totals = national.totals(entity, Scope())
    with transactions.read() as tx:
        our_totals = local_totals(tx, entity)
        explained = explained_records(tx, entity)
    if abs(our_totals.count - their_totals.count) > explained:
        return Difference(entity, our_totals.count, their_totals.count)
    if not explained and our_totals.service_seconds != their_totals.service_seconds:
        return Difference(entity, our_totals.count, their_totals.count)
    return None


def read_share_again(
    transactions: Transactions, national: NationalSystem, entity: Entity, *, nights: int, stop: Callable[[], bool]
) -> int:
    """Ask again for the share of the mirror that is due tonight; stages what has changed unseen.

    After `nights` nights every record has been asked for. Returns how many differed. Absence from an answer is not a
    deletion (invariant I5): the next complete listing judges it.
    """
    capabilities = national.capabilities()
    per_call = capabilities.batch_size if capabilities.batch_read else 1
    night = local_date(transactions.lease.clock.now()).toordinal() % nights
    changed = 0
    for ids in _shares(transactions, entity, range(night, BUCKETS, nights)):
        if stop():
            raise StopRequested()
        transactions.lease.check()
        answers = [answer for part in slices(ids, per_call) for answer in national.get(entity, part)]
        changed += _stage_changed(transactions, entity, answers)
    return changed


def _shares(transactions: Transactions, entity: Entity, buckets: Iterable[int]) -> Iterator[list[str]]:
    """The ids of these buckets, so many at once: small buckets together, a large one in parts."""
    waiting: list[str] = []
    for bucket in buckets:
        waiting += _ids_of_bucket(transactions, entity, bucket)
        while len(waiting) >= READ_AGAIN_TOGETHER:
            yield waiting[:READ_AGAIN_TOGETHER]
            waiting = waiting[READ_AGAIN_TOGETHER:]
    if waiting:
        yield waiting


def _ids_of_bucket(transactions: Transactions, entity: Entity, bucket: int) -> list[str]:
    with transactions.read() as tx:
        found = tx.execute(
            f"SELECT national_id FROM {entity} WHERE national_id >= :lo AND national_id < :hi"
            " AND withdrawn_at IS NULL ORDER BY national_id",
            lo=f"{bucket:02x}",
            hi=f"{bucket + 1:02x}" if bucket + 1 < BUCKETS else "g",
        )
        return list(found.scalars())


def _stage_changed(transactions: Transactions, entity: Entity, answers: list[Record | Reject | None]) -> int:
    records = [answer for answer in answers if answer is not None and not isinstance(answer, Reject)]
    rejects = [answer for answer in answers if isinstance(answer, Reject)]
    with transactions.read() as tx:
        known = {
            row["national_id"]: bytes(row["national_hash"] or b"")
            for part in slices(records, 500)
            for row in tx.rows(
                f"SELECT national_id, national_hash FROM {entity} WHERE national_id IN ("
                + ", ".join(f"'{record.national_id}'" for record in part)
                + ")"
            )
        }
        moved = [record for record in records if known.get(record.national_id) != tx.sealer.record_hash(record)]
    if not moved and not rejects:
        return 0
    with transactions.write() as tx:
        quarantine(tx, entity, rejects)
        return stage_records(tx, entity, moved, keep_unchanged=False)


def _records(digest: dict[str, BucketDigest]) -> int:
    return sum(bucket.count for bucket in digest.values())
