"""What the triggers keep of every change, on both stores, and what is read from it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.outside import Outside, outside_program

from national_sync import audit
from national_sync.errors import NotFound
from national_sync.provenance import (
    NOT_KEPT,
    RECORD,
    Absence,
    Change,
    Side,
    as_of,
    county_of_record,
    find_record,
    history_of,
    steps_of,
)
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.store.tables import MIRROR, synced_columns
from national_sync.sync.deletions import restore_deleted
from national_sync.sync.mirror import load_deletion
from national_sync.sync.transaction import Transaction

PHONE, OTHER_PHONE = "13800000001", "13900000002"


@dataclass
class Archive:
    """The database, the other programs' way into it, and what is read from its history."""

    database: Database
    outside: Outside
    sealer: Sealer
    revisions: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def engine_makes(self, **columns: Any) -> int:
        revision = next(self.revisions)
        given = {"name": "Sunshine", "area_id": "530802000000", "national_id": f"T{revision}"} | columns
        return self.outside.insert("team", **given, sync_rev=revision)

    def engine_writes(self, row: int, **columns: Any) -> int:
        revision = self.outside.give_out(next(self.revisions))
        assignments = ", ".join(f"{name} = ?" for name in columns)
        self.outside.sql(f"UPDATE team SET {assignments}, sync_rev = ? WHERE id = ?", *columns.values(), revision, row)
        return revision

    def edit(self, row: int, **columns: Any) -> None:
        assignments = ", ".join(f"{name} = ?" for name in columns)
        self.outside.sql(f"UPDATE team SET {assignments} WHERE id = ?", *columns.values(), row)

    def history(self, row: int) -> list[Change]:
        with self.database.read() as connection:
            return history_of(connection, self.sealer, Entity.TEAM, row)

    def as_of(self, row: int, moment: int) -> Any:
        with self.database.read() as connection:
            return as_of(connection, self.sealer, Entity.TEAM, row, moment)

    def told(self, row: int, name: str) -> list[tuple[Any, Any, str]]:
        return [(one.old, one.new, str(one.side)) for one in self.history(row) if one.field == name]

    def date(self, moments: list[int]) -> None:
        """Let the notes be of these moments, in their order."""
        for note, moment in zip(self.outside.sql("SELECT id FROM row_history ORDER BY id"), moments, strict=True):
            self.outside.sql("UPDATE row_history SET at = ? WHERE id = ?", moment, *note)

    def notes(self) -> list[Any]:
        return [json.loads(before) for (before,) in self.outside.sql("SELECT before FROM row_history ORDER BY id")]


@pytest.fixture
def archive(database: Database, outside: Outside, sealer: Sealer) -> Archive:
    return Archive(database, outside, sealer)


# What is kept


def test_what_the_engine_makes_leaves_no_note(archive: Archive) -> None:
    archive.engine_makes()

    assert archive.notes() == []


def test_an_update_leaves_the_old_values_of_what_it_changed(archive: Archive) -> None:
    row = archive.engine_makes(member_count=3)

    archive.edit(row, name="Moonlight", member_count=4, area_id="530802000000")
    archive.engine_writes(row, contact_name="Li", withdrawn_at=9)

    assert archive.notes() == [
        {"name": "Sunshine", "member_count": "3"},
        {"contact_name": None, "withdrawn_at": None, "sync_rev": "1"},
    ]


def test_an_update_that_changes_nothing_leaves_nothing(archive: Archive) -> None:
    row = archive.engine_makes()

    archive.edit(row, name="Sunshine")
    archive.edit(row, contact_phone_hash=b"x")

    assert archive.notes() == []


def test_a_statement_over_many_rows_leaves_a_note_of_each(archive: Archive) -> None:
    rows = [archive.engine_makes(name=f"N{number}") for number in range(50)]

    archive.outside.sql("UPDATE team SET name = 'x' WHERE name <> 'N7'")
    archive.outside.sql("DELETE FROM team")

    found = archive.outside.sql("SELECT row_id, before FROM row_history ORDER BY id")
    assert {row: json.loads(before)["name"] for row, before in found[:49]} == {
        row: f"N{number}" for number, row in enumerate(rows) if number != 7
    }
    assert len(found) == 99


@pytest.mark.parametrize("entity", list(Entity))
def test_every_field_of_every_table_is_read_back(entity: Entity, archive: Archive) -> None:
    columns = {name: MIRROR[entity].c[name].type.python_type for name in synced_columns(entity)}
    values = [
        {name: number if kind is int else f"text {number}" for name, kind in columns.items()} for number in (1, 2)
    ]
    row = archive.outside.insert(entity.value, **values[0])

    assignments = ", ".join(f"{name} = ?" for name in columns)
    archive.outside.sql(f"UPDATE {entity} SET {assignments}", *values[1].values())
    archive.outside.sql(f"DELETE FROM {entity}")
    archive.date([100, 200, 300])

    with archive.database.read() as connection:
        stood = [as_of(connection, archive.sealer, entity, row, moment) for moment in (99, 100, 200, 300)]
    assert stood[0] is Absence.NOT_HERE_YET
    assert stood[3] is Absence.DELETED
    secrets = {"phone", "contact_phone", "id_number"} & set(columns)
    for before, value in zip(stood[1:3], values, strict=True):
        assert before == value | dict.fromkeys(secrets, NOT_KEPT) | {"national_id": None, "withdrawn_at": None}


@pytest.mark.parametrize("value", ["", "袁隆平", "a'b\"c\\", "\u202eabc", "𠮷野", "line\nline\t", "null", "{}"])
def test_values_are_kept_to_the_letter(value: str, archive: Archive) -> None:
    row = archive.engine_makes(contact_name=value)

    archive.edit(row, contact_name="other")

    assert archive.told(row, "contact_name") == [(None, value, "national"), (value, "other", "local")]


def test_a_plain_secret_is_never_kept(archive: Archive) -> None:
    """What another program writes plain lives on in its sealed form only."""
    sealed, sealed_again = archive.sealer.seal(PHONE), archive.sealer.seal(OTHER_PHONE)
    row = archive.engine_makes(contact_phone=sealed)
    archive.edit(row, contact_phone=PHONE)
    archive.edit(row, contact_phone=OTHER_PHONE)
    archive.engine_writes(row, contact_phone=sealed_again)
    archive.edit(row, contact_phone=PHONE)
    archive.outside.sql("DELETE FROM team")

    assert not any(secret in str(archive.notes()) for secret in (PHONE, OTHER_PHONE))
    assert archive.told(row, "contact_phone") == [
        (None, PHONE, "national"),
        (PHONE, NOT_KEPT, "local"),
        (NOT_KEPT, OTHER_PHONE, "local"),
        (OTHER_PHONE, NOT_KEPT, "local"),
    ]


def test_a_value_sealed_anew_has_not_changed(archive: Archive) -> None:
    row = archive.engine_makes(contact_phone=archive.sealer.seal(PHONE))

    archive.engine_writes(row, contact_phone=archive.sealer.seal(PHONE))

    assert archive.told(row, "contact_phone") == [(None, PHONE, "national")]


def test_a_rolled_back_change_leaves_no_note(archive: Archive) -> None:
    row = archive.engine_makes()

    archive.outside.sql("BEGIN")
    archive.edit(row, name="Moonlight")
    archive.outside.sql("ROLLBACK")

    assert archive.notes() == []


@pytest.mark.parametrize("recursion", ["on", "off"])
def test_a_replaced_row_is_an_edited_one(recursion: str, sqlite_database: Database, sealer: Sealer) -> None:
    with outside_program(sqlite_database) as outside:
        archive = Archive(sqlite_database, outside, sealer)
        row = archive.engine_makes(contact_name="Li", contact_phone=sealer.seal(PHONE))
        outside.sql(f"PRAGMA recursive_triggers = {recursion}")
        outside.insert_or_replace("team", id=row, name="Moonlight", area_id="530802000000", contact_phone=PHONE)
        outside.insert_or_replace("team", id=row, name="Moonlight", area_id="530802000000", contact_phone=PHONE)

        assert [set(note) for note in archive.notes()] == [{"name", "contact_name", "contact_phone"}]
        assert archive.told(row, "name") == [(None, "Sunshine", "national"), ("Sunshine", "Moonlight", "local")]
        assert archive.told(row, RECORD) == [(None, "here", "national")]


# Who it was


def test_each_change_tells_its_side_its_run_and_who_decided(archive: Archive) -> None:
    archive.outside.insert("run", kind="nightly", state="running", holder="h", lease_until=0, started_at=0)
    row = archive.engine_makes()
    with archive.database.write() as connection:
        audit.append(connection, audit.Entry(50, "run:1", "rows.applied", run_id=1, detail={"revision": 1}))
    archive.edit(row, name="ours")
    archive.engine_writes(row, name="theirs")
    for actor in ("operator:chen", "rule:3"):
        mismatch = archive.outside.insert(
            "mismatch", kind="both_edited", entity="team", subject="T1", row_id=row, decided_by=actor, state="closed"
        )
        revision = archive.engine_writes(row, name=actor)
        archive.outside.sql(
            "INSERT INTO mismatch_event (mismatch_id, at, event, actor, detail) VALUES (?, 0, 'carried_out', 'run:1', ?)",
            mismatch,
            json.dumps({"sync_rev": revision}),
        )

    changes = [one for one in archive.history(row) if one.field == "name"]

    assert [(one.new, one.side, one.run_id, one.actor) for one in changes] == [
        ("Sunshine", Side.NATIONAL, 1, None),
        ("ours", Side.LOCAL, None, None),
        ("theirs", Side.NATIONAL, 1, None),
        ("operator:chen", Side.DECISION, 1, "operator:chen"),
        ("rule:3", Side.RULE, 1, "rule:3"),
    ]
    assert changes[0].at == 50


def test_what_the_engine_restores_was_deleted_in_between(archive: Archive) -> None:
    row = archive.engine_makes()
    archive.outside.sql("DELETE FROM team")
    with archive.database.write() as connection:
        tx = Transaction(connection, archive.sealer, 4, 0)
        deletion = load_deletion(tx, Entity.TEAM, "T1")
        assert deletion is not None
        restore_deleted(tx, Entity.TEAM, deletion)
    archive.date([100, 200])

    assert archive.told(row, RECORD) == [
        (None, "here", "national"),
        ("here", "deleted", "local"),
        ("deleted", "here", "national"),
    ]
    assert archive.as_of(row, 199) is Absence.DELETED
    assert archive.as_of(row, 200)["name"] == "Sunshine"


# As it stood


def test_a_change_counts_from_its_own_second_on(archive: Archive) -> None:
    row = archive.outside.insert("team", name="a", area_id="530802000000")
    archive.edit(row, name="b")
    archive.edit(row, name="c")
    archive.outside.sql("DELETE FROM team")
    archive.date([100, 200, 200, 300])

    stood = [archive.as_of(row, moment) for moment in (99, 100, 199, 200, 299, 300)]

    assert stood[0] is Absence.NOT_HERE_YET
    assert [one["name"] for one in stood[1:5]] == ["a", "a", "c", "c"]
    assert stood[5] is Absence.DELETED


def test_a_record_that_never_was_is_not_found(archive: Archive) -> None:
    with pytest.raises(NotFound):
        archive.history(1)


def test_a_record_is_found_by_each_of_its_names_even_when_it_is_gone(archive: Archive) -> None:
    row = archive.engine_makes(area_id="530822000000")
    with archive.database.read() as connection:
        assert find_record(connection, Entity.TEAM, "T1") == row
        assert find_record(connection, Entity.TEAM, str(row)) == row
    archive.outside.sql("DELETE FROM team")
    archive.outside.sql("DELETE FROM local_deletion")

    with archive.database.read() as connection:
        assert find_record(connection, Entity.TEAM, "T1") == row
        assert find_record(connection, Entity.TEAM, str(row)) == row
        assert county_of_record(connection, Entity.TEAM, row) == "530822"
        with pytest.raises(NotFound):
            find_record(connection, Entity.TEAM, "T%")
        with pytest.raises(NotFound):
            find_record(connection, Entity.TEAM, "9" * 30)


# The law


_VALUES = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "b", "1"]),
        "contact_name": st.sampled_from([None, "", "a"]),
        "member_count": st.sampled_from([0, 1, -1]),
    }
)


class Histories(RuleBasedStateMachine):
    """Random writes of everybody, beside a list of what stood after each."""

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self.archive = archive
        for table in ("team", "row_history", "local_deletion", "local_change"):
            archive.outside.sql(f"DELETE FROM {table}")
        archive.outside.sql("DELETE FROM row_history")
        self.stood: dict[int, list[dict[str, Any] | None]] = {}

    def a_row(self, choice: int) -> int | None:
        here = sorted(row for row, states in self.stood.items() if states[-1] is not None)
        return here[choice % len(here)] if here else None

    def note(self, row: int, state: dict[str, Any] | None) -> None:
        if self.stood[row][-1] != state:
            self.stood[row].append(state)

    @rule(values=_VALUES, by_engine=st.booleans())
    def make(self, values: dict[str, Any], by_engine: bool) -> None:
        given = values | {"area_id": "5308"}
        row = self.archive.engine_makes(**given) if by_engine else self.archive.outside.insert("team", **given)
        self.stood[row] = [values] if by_engine else [None, values]

    @precondition(lambda self: self.a_row(0))
    @rule(choice=st.integers(0, 5), values=_VALUES, by_engine=st.booleans())
    def write(self, choice: int, values: dict[str, Any], by_engine: bool) -> None:
        row = self.a_row(choice)
        assert row is not None
        (self.archive.engine_writes if by_engine else self.archive.edit)(row, **values)
        self.note(row, values)

    @rule(name=st.sampled_from(["a", "b"]))
    def write_all(self, name: str) -> None:
        self.archive.outside.sql("UPDATE team SET name = ?", name)
        for row, states in self.stood.items():
            if states[-1] is not None:
                self.note(row, states[-1] | {"name": name})

    @precondition(lambda self: self.a_row(0) and self.archive.outside.is_sqlite)
    @rule(choice=st.integers(0, 5), values=_VALUES, recursion=st.sampled_from(["on", "off"]))
    def replace(self, choice: int, values: dict[str, Any], recursion: str) -> None:
        row = self.a_row(choice)
        assert row is not None
        self.archive.outside.sql(f"PRAGMA recursive_triggers = {recursion}")
        self.archive.outside.insert_or_replace("team", id=row, area_id="5308", **values)
        self.note(row, values)

    @precondition(lambda self: self.a_row(0))
    @rule(choice=st.integers(0, 5))
    def remove(self, choice: int) -> None:
        row = self.a_row(choice)
        assert row is not None
        self.archive.outside.sql("DELETE FROM team WHERE id = ?", row)
        self.note(row, None)

    @invariant()
    def every_state_is_read_back(self) -> None:
        for row, states in self.stood.items():
            assert self.read_back(row) == states

    def read_back(self, row: int) -> list[dict[str, Any] | None]:
        with self.archive.database.read() as connection:
            steps = steps_of(connection, Entity.TEAM, row)
        read: list[dict[str, Any] | None] = [None] if steps[0].origin.side is Side.LOCAL else []
        for step in steps:
            state = None if step.after is None else self._picked(step.after)
            if not read or read[-1] != state:
                read.append(state)
        return read

    @staticmethod
    def _picked(state: Any) -> dict[str, Any]:
        return {
            "name": state["name"],
            "contact_name": state["contact_name"],
            "member_count": int(state["member_count"]),
        }


def test_reading_back_gives_what_stood_after_every_write(archive: Archive) -> None:
    run_state_machine_as_test(
        lambda: Histories(archive),  # type: ignore[arg-type]
        settings=settings(
            max_examples=15, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
