"""The service at work: one process with one event loop, until it is told to stop."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn

from national_sync.exchange.codes import VoucherCodes
from national_sync.exchange.ledger import open_ledger
from national_sync.exchange.steps import Steps
from national_sync.keys import check_key
from national_sync.signing import load_signer
from national_sync.web.app import kiosk_app
from national_sync.web.desk import Desk
from national_sync.web.names import Names
from national_sync.web.patience import PatientProtocol

if TYPE_CHECKING:
    from national_sync.bootstrap import Bootstrap

MOST_CONNECTIONS: Final = 200
_KEEP_ALIVE_SECONDS: Final = 15
_GRACE_SECONDS: Final = 10


@contextmanager
def open_desk(bootstrap: Bootstrap) -> Iterator[Desk]:
    """Raises KeyUnusable, DatabaseMissing and whatever else stands against working."""
    sealer = bootstrap.sealer()
    with bootstrap.database() as database:
        with database.read() as connection:
            check_key(connection, sealer)
        with open_ledger(database, bootstrap.clock) as ledger:
            desk = Desk(
                database=database,
                ledger=ledger,
                steps=Steps(bootstrap.loaded.policy.exchange, VoucherCodes(sealer)),
                sealer=sealer,
                clock=bootstrap.clock,
                names=Names(sealer),
            )
            with closing(desk.looks):
                yield desk


def public_key(bootstrap: Bootstrap) -> str | None:
    """What certificates are verified with; None before the office has made its key."""
    file = bootstrap.signing_key_file
    return load_signer(file).public_key if file.exists() else None


def settle() -> None:
    """What was made until now stays for good: the collector need not look through all of it again and again."""
    gc.collect()
    gc.freeze()


def serve(bootstrap: Bootstrap, host: str, port: int, *, certificate: Path | None, key: Path | None) -> None:
    """Serve until SIGTERM; requests at work are finished first."""
    with open_desk(bootstrap) as desk:
        app = kiosk_app(desk, public_key=public_key(bootstrap))
        settle()
        uvicorn.run(
            app,
            host=host,
            port=port,
            http=PatientProtocol,
            ssl_certfile=certificate,
            ssl_keyfile=key,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
