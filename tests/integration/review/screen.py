"""The full screen in a process of its own, as it is started on a terminal."""

from __future__ import annotations

import sys

from tests.integration.reconcile.desk import CHEN, POLICY, SEALER

from national_sync import i18n
from national_sync.cli.review.app import Review
from national_sync.cli.review.docket import Docket
from national_sync.reconcile.search import Filter
from national_sync.store.database import Database


def main() -> None:
    i18n.use("zh")
    database = Database(sys.argv[1])
    Review(Docket(database, SEALER, lambda _connection: CHEN, Filter(), lambda: 1_772_400_000, POLICY.owners)).run()


if __name__ == "__main__":
    main()
