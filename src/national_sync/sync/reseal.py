"""Sealing everything again with the newest key, in chunks: killed in between, the next call goes on with what is left.

The match hashes stay as they are, for their key is derived from the oldest key (docs/decisions/0008).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final

from national_sync.errors import StopRequested
from national_sync.records import Entity
from national_sync.store.sealed import SEALED_PLACES, SealedPlace, count_sealed_with, rows_sealed_with
from national_sync.store.triggers import unseen
from national_sync.sync.transaction import Transaction, Transactions

CHUNK_ROWS: Final = 500


def has_old_values(transactions: Transactions) -> bool:
    with transactions.read() as tx:
        return count_sealed_with(tx.connection, tx.sealer.key_ids[1:]) > 0


def reseal(transactions: Transactions, *, stop: Callable[[], bool]) -> int:
    """Seal again whatever an older key has sealed; returns how many rows were written."""
    return sum(_reseal_place(transactions, place, stop) for place in SEALED_PLACES)


def _reseal_place(transactions: Transactions, place: SealedPlace, stop: Callable[[], bool]) -> int:
    written, after = 0, ()
    while True:
        if stop():
            raise StopRequested()
        with transactions.read() as tx:
            rows = rows_sealed_with(tx.connection, place, tx.sealer.key_ids[1:], after=after, limit=CHUNK_ROWS)
        if not rows:
            return written
        after = rows[-1][0]
        with transactions.write() as tx, _unseen(tx, place):
            written += sum(_reseal_row(tx, place, key, stored) for key, stored in rows)


def _unseen(tx: Transaction, place: SealedPlace) -> AbstractContextManager[None]:
    """No value of the mirror changes by it: it leaves no edit, no history and no other `sync_rev`."""
    return unseen(tx.connection, Entity(place.table)) if place.is_mirror else nullcontext()


def _reseal_row(tx: Transaction, place: SealedPlace, key: Sequence[Any], stored: Any) -> int:
    """Write one row, if nobody has written its value meanwhile."""
    sealed = tx.sealer.resealed_bytes(bytes(stored)) if place.is_bytes else tx.sealer.resealed(stored)
    if sealed == stored:
        return 0
    names = {f"key{number}": value for number, value in enumerate(key)}
    is_it = " AND ".join(f"{name} = :key{number}" for number, name in enumerate(place.key))
    done = tx.execute(
        f"UPDATE {place.table} SET {place.column} = :sealed WHERE {is_it} AND {place.column} = :stored",
        sealed=sealed,
        stored=stored,
        **names,
    )
    return int(done.rowcount)
