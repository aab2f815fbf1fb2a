"""The service at work: one process with one event loop, until it is told to stop."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn

from national_sync.exchange.codes import VoucherCodes
from national_sync.exchange.ledger import open_ledger
from national_sync.exchange.steps import Steps
from national_sync.keys import check_key
from national_sync.web.app import kiosk_app
from national_sync.web.desk import Desk
from national_sync.web.names import Names

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
            yield Desk(
                database=database,
                ledger=ledger,
                steps=Steps(bootstrap.loaded.policy.exchange, VoucherCodes(sealer)),
                sealer=sealer,
                clock=bootstrap.clock,
                names=Names(sealer),
            )


def serve(bootstrap: Bootstrap, host: str, port: int, *, certificate: Path | None, key: Path | None) -> None:
    """Serve until SIGTERM; requests at work are finished first."""
    with open_desk(bootstrap) as desk:
        uvicorn.run(
            kiosk_app(desk),
            host=host,
            port=port,
            ssl_certfile=certificate,
            ssl_keyfile=key,
            log_level="warning",
            access_log=False,
            server_header=False,
            limit_concurrency=MOST_CONNECTIONS,
            timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            timeout_graceful_shutdown=_GRACE_SECONDS,
        )
