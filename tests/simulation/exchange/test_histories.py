"""Many processes at one ledger: what each was told, replayed in the order of the commits, is what the model says.

And whatever was told is still there after the process was killed.
"""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import pytest
from sqlalchemy import text
from tests.integration.exchange.town import HOUR, NOON, Town, town_in
from tests.simulation.exchange.clients import BEGIN_ORDER, LIMITS, ORDER
from tests.simulation.exchange.effort import EFFORT
from tests.simulation.exchange.model import NEVER, Model
from tests.simulation.exchange.test_ledger_model import picture

from national_sync.exchange.credits import CHUNK, Followed, _book_changed
from national_sync.store.database import Database

ROOT: Final = Path(__file__).parents[3]
_PROCESSES: Final = 4
_CLIENTS_EACH: Final = 16


@contextmanager
def busy_town(database: Database) -> Iterator[tuple[Town, list[int], list[int]]]:
    """Few people and little stock, so that the clients get into each other's way."""
    with town_in(database, limits=LIMITS) as town:
        people = [town.volunteer(hours=8) for _ in range(8)]
        cinema = town.cinema()
        offers = [town.offer(cinema, hours=1, stock=25), town.offer(cinema, hours=2, stock=10)]
        with database.write() as connection:
            connection.execute(text(BEGIN_ORDER))
        yield town, people, offers


def begin(url: str, **task: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.simulation.exchange.clients", url, json.dumps(task)]
    return subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)


def correct(town: Town, dice: random.Random, records: dict[int, int]) -> list[dict[str, Any]]:
    """The mirror corrects, withdraws and restores a record, and the ledger follows in one transaction with its number."""
    record = dice.choice(list(records))
    hours = dice.choice([0, 3, 8])
    town.nationally("hour_record", record, service_seconds=8 * HOUR if not hours else hours * HOUR,
                    withdrawn_at=None if hours else 1)  # fmt: skip
    with town.database.write() as connection:
        _book_changed(connection, town.policy, NOON, Followed(), CHUNK)
        order = int(connection.execute(text(ORDER)).scalar_one())
    return [{"order": order, "verb": "correct", "record": record, "hours": hours, "person": records[record]}]


@pytest.mark.parametrize("seed", range(EFFORT))
def test_what_many_processes_were_told_is_what_the_model_says(database: Database, seed: int) -> None:
    """64 clients in four processes, while the mirror corrects, withdraws and restores their hours."""
    with busy_town(database) as (town, people, offers):
        records = dict(town.sql("SELECT id, volunteer_id FROM hour_record"))
        url = town.database.url.render_as_string(hide_password=False)
        task = {"clients": _CLIENTS_EACH, "turns": 2, "people": people, "offers": offers}
        processes = [begin(url, seed=f"{seed}-{number}", **task) for number in range(_PROCESSES)]
        dice, history = random.Random(seed), []
        while any(process.poll() is None for process in processes) and len(history) < 20:
            history += correct(town, dice, records)
        for process in processes:
            out, _err = process.communicate(timeout=120)
            assert process.returncode == 0
            history += [json.loads(line) for line in out.splitlines()]
        assert len(history) > _PROCESSES * _CLIENTS_EACH * 2
        replay(town, people, offers, history)
        assert town.faults() == []


def replay(town: Town, people: list[int], offers: list[int], history: list[dict[str, Any]]) -> None:
    model = Model(
        prices={offers[0]: 1, offers[1]: 2}, stock={offers[0]: 25, offers[1]: 10}, limit_per_offer=int(LIMITS[0][0])
    )
    for record, person in town.sql("SELECT id, volunteer_id FROM hour_record"):
        model.record(record, person, 8, NEVER)
    events = sorted(history, key=lambda event: int(event["order"]))
    refusals = [event for event in events if event["verb"] == "hold" and event["refusal"]]
    for event in events:
        _note_true_refusals(model, refusals, event["order"])
        if event["verb"] == "correct":
            model.record(event["record"], event["person"], event["hours"], NEVER)
        elif event in refusals:
            answer = model.answers.setdefault(event["facts"]["key"], ("refused", event["refusal"]))
            assert answer == ("refused", event["refusal"]), event
        else:
            assert (event["state"], event["refusal"]) == _of_model(model, event), event
    assert [event for event in refusals if not event.get("was_true")] == []
    assert picture(town) == model.picture()


def _note_true_refusals(model: Model, refusals: list[dict[str, Any]], order: int) -> None:
    """A refusal changes nothing, so it may be judged by any state between the step's beginning and its commit."""
    for event in refusals:
        if event["begun"] < order <= event["order"]:
            facts = event["facts"]
            known = model.answers.get(facts["key"], ("", None))[1]
            reason = known or model._refusal(facts["volunteer_id"], facts["offer_id"], facts["quantity"], NOON)
            event["was_true"] = event.get("was_true") or reason == event["refusal"]


def _of_model(model: Model, event: dict[str, Any]) -> tuple[str, str | None]:
    facts = event["facts"]
    match event["verb"]:
        case "hold":
            return model.hold(
                facts["key"], event["redemption"], facts["volunteer_id"], facts["offer_id"], facts["quantity"], NOON
            )
        case "confirm":
            return model.confirm(facts["number"], facts["quantity"], NOON)
        case _:
            return model.release(facts["number"], NOON)


@pytest.mark.parametrize("seed", range(EFFORT))
def test_what_was_told_survives_the_killing_of_the_process(sqlite_database: Database, seed: int) -> None:
    """kill -9 at a random moment; the books are right, and nothing that was answered is gone."""
    with busy_town(sqlite_database) as (town, people, offers):
        url = town.database.url.render_as_string(hide_password=False)
        process = begin(url, seed=seed, clients=16, turns=200, people=people, offers=offers)
        told = []
        assert process.stdout is not None
        for _ in range(random.Random(seed).randint(5, 60)):
            told.append(json.loads(process.stdout.readline()))
        process.kill()
        told += [json.loads(line) for line in process.stdout.read().splitlines() if line.endswith("}")]
        process.wait()
        process.stdout.close()
        assert town.faults() == []
        check_told(town, told)


def check_told(town: Town, told: list[dict[str, Any]]) -> None:
    """The last that was told of each redemption is what the database says, or what a later, untold step made of it."""
    states = dict(town.sql("SELECT id, state FROM redemption"))
    granted = {"held", "confirmed", "released"}
    for event in told:
        if event["verb"] == "hold":
            assert states[event["redemption"]] in ({"refused"} if event["refusal"] else granted), event
        elif event["refusal"] is None:
            assert states[event["redemption"]] == event["state"], event
