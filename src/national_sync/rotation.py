"""Rotating the key that personal data is sealed with: a new one in the key file, then everything sealed again with it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from typing import Any

import structlog

from national_sync import audit
from national_sync.bootstrap import Bootstrap
from national_sync.errors import KeyUnusable, NationalSyncError
from national_sync.i18n import N_
from national_sync.keys import KEYS_VARIABLE, add_key, check_key
from national_sync.operators.rights import Operator
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.store.sealed import FIXED_PLACES, SEALED_PLACES, count_sealed_with
from national_sync.sync import lease as leases
from national_sync.sync.reseal import has_old_values, reseal
from national_sync.sync.transaction import Transactions

log = structlog.get_logger()


@dataclass(frozen=True)
class Rotated:
    key: str
    """The id of the key that seals now."""
    resealed: int
    left: int
    """Rows that still hold values of older keys, because no key opens them."""


def list_keys(bootstrap: Bootstrap) -> list[dict[str, Any]]:
    """Every key with what it is for, and how many rows hold values that it has sealed."""
    sealer = bootstrap.sealer()
    with bootstrap.database() as database, database.read() as connection:
        check_key(connection, sealer)
        ids = sealer.key_ids
        return [
            {
                "id": key_id,
                "seals": key_id == ids[0],
                "matches": key_id == ids[-1],
                "rows": count_sealed_with(connection, [key_id], (*SEALED_PLACES, *FIXED_PLACES)),
            }
            for key_id in ids
        ]


def add(bootstrap: Bootstrap, by: Operator) -> str:
    """Put a new key before the others, to seal with from now on; its id."""
    if KEYS_VARIABLE in bootstrap.environment:
        raise KeyUnusable(
            N_("The keys are in the environment variable {variable}, which a command cannot change."),
            hint=N_("Put a new key before the others there (k2:BASE64 of 32 bytes), then: national-sync key rotate"),
            variable=KEYS_VARIABLE,
        )
    bootstrap.sealer()
    with bootstrap.database() as database:
        key_id = add_key(bootstrap.key_file)
        _note(database, bootstrap, by, "key.added", {"key": key_id})
    return key_id


def rotate(bootstrap: Bootstrap, by: Operator, *, stop: Callable[[], bool]) -> Rotated:
    """Seal everything with a new key, or go on where an earlier rotation was stopped.

    Takes the lease of a run, so that no run reads and writes meanwhile. Raises RunInProgress, KeyUnusable.
    """
    with bootstrap.database() as database:
        with database.read() as connection:
            check_key(connection, bootstrap.sealer())
        lease = leases.acquire(database, bootstrap.clock, holder=leases.holder_name(), kind="key_rotation")
        try:
            resealed = _rotate_under(lease, bootstrap, by, stop)
        except BaseException as error:
            code = error.exit_code if isinstance(error, NationalSyncError) else NationalSyncError.exit_code
            with suppress(NationalSyncError):
                # The error that ended it is the one to tell.
                leases.finish(lease, state="failed", exit_code=code, report="")
            raise
        sealer = bootstrap.sealer()
        leases.finish(lease, state="finished", exit_code=0, report="")
        rotated = Rotated(sealer.key_ids[0], resealed, _left(database, sealer))
        _note(database, bootstrap, by, "key.rotated", asdict(rotated))
    log.info("key_rotated", run=lease.run_id, key=rotated.key, resealed=rotated.resealed, left=rotated.left)
    return rotated


def _rotate_under(lease: leases.Lease, bootstrap: Bootstrap, by: Operator, stop: Callable[[], bool]) -> int:
    transactions = Transactions(lease, bootstrap.sealer())
    if not has_old_values(transactions):
        key = add(bootstrap, by)
        log.info("key_added", run=lease.run_id, key=key)
        transactions = Transactions(lease, bootstrap.sealer())
    return reseal(transactions, stop=stop)


def _note(database: Database, bootstrap: Bootstrap, by: Operator, action: str, detail: Mapping[str, Any]) -> None:
    with database.write(durable=True) as connection:
        audit.append(connection, audit.Entry(int(bootstrap.clock.now()), by.actor, action, detail=detail))


def _left(database: Database, sealer: Sealer) -> int:
    with database.read() as connection:
        return count_sealed_with(connection, sealer.key_ids[1:])
