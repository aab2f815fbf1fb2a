"""A process with many clients at one ledger: `python -m tests.simulation.exchange.clients URL JSON`.

Each client redeems at random and asks again when it gets no answer. Every answer is printed, as one JSON line, after the
ledger gave it; with a number drawn in the same transaction, so that all answers of all processes have one order.
"""

from __future__ import annotations

import json
import os
import random
import sys
import threading
from collections.abc import Callable
from typing import Any, Final

from tests.integration.exchange.town import CODES, NOON, SetClock

from national_sync.exchange.book import Book
from national_sync.exchange.ledger import Ledger, open_ledger
from national_sync.exchange.outcomes import Outcome, State
from national_sync.exchange.steps import HoldRequest, Steps
from national_sync.policy import Exchange
from national_sync.store.database import Database

ORDER: Final = (
    "UPDATE mark SET value = CAST(CAST(value AS BIGINT) + 1 AS TEXT) WHERE name = 'test.order' RETURNING value"
)
BEGIN_ORDER: Final = "INSERT INTO mark (name, value) VALUES ('test.order', '0')"
LIMITS: Final = ("6 per offer",)
_PRINTING = threading.Lock()


def play(url: str, task: dict[str, Any]) -> None:
    database = Database(url)
    steps = Steps(Exchange(limits=LIMITS), CODES)
    with open_ledger(database, SetClock(NOON)) as ledger:
        threads = [
            threading.Thread(target=_client, args=(ledger, steps, task, number)) for number in range(task["clients"])
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    database.close()


def _client(ledger: Ledger, steps: Steps, task: dict[str, Any], number: int) -> None:
    dice = random.Random(f"{task['seed']} {number}")
    for turn in range(task["turns"]):
        wish = HoldRequest(
            f"{task['seed']}-{number}-{turn}",
            dice.choice(task["people"]),
            dice.choice(task["offers"]),
            dice.randint(1, 2),
            f"kiosk-{number}",
        )
        held = _ask(ledger, "hold", wish._asdict(), lambda book, now, wish=wish: steps.hold(book, now, wish))
        if dice.random() < 0.2:
            _ask(ledger, "hold", wish._asdict(), lambda book, now, wish=wish: steps.hold(book, now, wish))
        if held.state is State.HELD and held.redemption_id:
            _resolve(ledger, steps, dice, held.redemption_id, wish)


def _resolve(ledger: Ledger, steps: Steps, dice: random.Random, number: int, wish: HoldRequest) -> None:
    facts = {"number": number, "quantity": dice.choice([None, None, 1])}
    match dice.randint(0, 3):
        case 0:
            _ask(ledger, "release", facts, lambda book, now: steps.release(book, now, number, device=wish.device))
        case 1:
            pass
        case _:
            for _time in range(dice.choice([1, 1, 2])):
                _ask(
                    ledger,
                    "confirm",
                    facts,
                    lambda book, now: steps.confirm(book, now, number, facts["quantity"], device=wish.device),
                )


def _ask(ledger: Ledger, verb: str, facts: dict[str, Any], step: Callable[[Book, float], Outcome]) -> Outcome:
    def job(book: Book, now: float) -> tuple[str, Outcome, str]:
        begun = book.one("SELECT value FROM mark WHERE name = 'test.order'")
        outcome = step(book, now)
        order = book.one(ORDER)
        assert begun is not None
        assert order is not None
        return begun[0], outcome, order[0]

    begun, outcome, order = ledger.run(job)
    line = {
        "begun": int(begun),
        "order": int(order),
        "verb": verb,
        "facts": facts,
        "redemption": outcome.redemption_id,
        "state": outcome.state.value,
        "refusal": outcome.refusal and outcome.refusal.value,
        "code": outcome.code,
    }
    with _PRINTING:
        os.write(1, json.dumps(line).encode() + b"\n")
    return outcome


if __name__ == "__main__":
    play(sys.argv[1], json.loads(sys.argv[2]))
