"""Everything the exchange does by itself, once a night and whenever it is asked to."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from national_sync.clock import Clock
from national_sync.exchange.codes import VoucherCodes
from national_sync.exchange.credits import Followed, follow
from national_sync.exchange.ledger import Ledger, open_ledger
from national_sync.exchange.lives import follow_merges, follow_volunteers
from national_sync.exchange.steps import Steps
from national_sync.exchange.suspicions import look_for_suspicions
from national_sync.exchange.sweep import Swept, sweep
from national_sync.policy import Exchange
from national_sync.sealing import Sealer
from national_sync.store.database import Database

_REVIEWED_SECONDS: Final = 40 * 86_400


@dataclass(frozen=True)
class KeptUp:
    followed: Followed
    swept: Swept
    accounts_changed: int
    merges: int
    suspicions: int

    def to_json(self) -> dict[str, Any]:
        return {**asdict(self.followed), **asdict(self.swept)} | {
            "accounts_changed": self.accounts_changed,
            "merges": self.merges,
            "suspicions": self.suspicions,
        }


def keep_up(database: Database, ledger: Ledger, steps: Steps, clock: Clock) -> KeptUp:
    """Follow the mirror, book what is over, note what looks wrong."""
    accounts_changed = follow_volunteers(database, steps, clock)
    merges = follow_merges(database, steps, clock)
    followed = follow(database, steps.policy, clock)
    swept = sweep(database, ledger, steps, clock)
    now = int(clock.now())
    suspicions = look_for_suspicions(database, steps.policy, now - _REVIEWED_SECONDS, now)
    return KeptUp(followed, swept, accounts_changed, merges, suspicions)


def keep_up_with(database: Database, sealer: Sealer, policy: Exchange, clock: Clock) -> KeptUp:
    """The same on a database, with a ledger of its own."""
    with open_ledger(database, clock) as ledger:
        return keep_up(database, ledger, Steps(policy, VoucherCodes(sealer)), clock)
