"""The law of the triggers: the mirror overlaid with the local changes is what both sides last agreed on."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test
from tests.outside import Outside

_FIELDS = ("name", "contact_name", "member_count", "contact_phone")
_VALUES = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["a", "b", "1"]),
        "contact_name": st.sampled_from([None, "", "a"]),
        "member_count": st.sampled_from([0, 1, -1]),
        "contact_phone": st.sampled_from([None, "k1:x", "138"]),
    }
)
_SOME_FIELDS = st.sets(st.sampled_from(_FIELDS), min_size=1)


@dataclass
class Row:
    current: dict[str, Any]
    agreed: dict[str, Any] | None
    """None: a local creation."""


class Mirror(RuleBasedStateMachine):
    """Random edits by other programs and writes by the engine, beside a model in plain Python."""

    def __init__(self, outside: Outside) -> None:
        super().__init__()
        self.outside = outside
        for table in ("mark", "team", "local_change", "local_deletion"):
            outside.sql(f"DELETE FROM {table}")
        self.rows: dict[int, Row] = {}
        self.deleted: list[int] = []
        self.revisions = itertools.count(1)

    def a_row(self, choice: int) -> int:
        return sorted(self.rows)[choice % len(self.rows)]

    # The engine

    @rule(values=_VALUES)
    def engine_creates(self, values: dict[str, Any]) -> None:
        number = next(self.revisions)
        row = self.outside.insert("team", area_id="5308", national_id=f"T{number}", sync_rev=number, **values)
        self.rows[row] = Row(dict(values), dict(values))

    @precondition(lambda self: self.rows)
    @rule(choice=st.integers(0, 9), values=_VALUES, fields=_SOME_FIELDS)
    def engine_writes_what_is_agreed(self, choice: int, values: dict[str, Any], fields: set[str]) -> None:
        """For some fields a new agreed value; a local creation becomes agreed as a whole."""
        row_id = self.a_row(choice)
        row = self.rows[row_id]
        number = next(self.revisions)
        if row.agreed is None:
            fields = set(_FIELDS)
            self.outside.give_out(number)
            self.outside.sql("UPDATE team SET national_id = ?, sync_rev = ? WHERE id = ?", f"T{number}", number, row_id)
            row.agreed = {}
        written = {name: values[name] for name in fields}
        assignments = ", ".join(f"{name} = ?" for name in written)
        self.outside.sql("BEGIN")
        number = self.outside.give_out(next(self.revisions))
        self.outside.sql(f"UPDATE team SET {assignments}, sync_rev = ? WHERE id = ?", *written.values(), number, row_id)
        for name in written:
            self.outside.sql("DELETE FROM local_change WHERE row_id = ? AND field = ?", row_id, name)
        self.outside.sql("COMMIT")
        row.current |= written
        row.agreed |= written

    # Other programs

    @rule(values=_VALUES)
    def outside_creates(self, values: dict[str, Any]) -> None:
        row = self.outside.insert("team", area_id="5308", **values)
        self.rows[row] = Row(dict(values), None)

    @precondition(lambda self: self.rows)
    @rule(choice=st.integers(0, 9), values=_VALUES, fields=_SOME_FIELDS, is_kept=st.booleans())
    def outside_edits(self, choice: int, values: dict[str, Any], fields: set[str], is_kept: bool) -> None:
        row_id = self.a_row(choice)
        edit = {name: values[name] for name in fields}
        assignments = ", ".join(f"{name} = ?" for name in edit)
        self.outside.sql("BEGIN")
        self.outside.sql(f"UPDATE team SET {assignments} WHERE id = ?", *edit.values(), row_id)
        self.outside.sql("COMMIT" if is_kept else "ROLLBACK")
        if is_kept:
            self.rows[row_id].current |= edit

    @rule(values=_VALUES, fields=_SOME_FIELDS)
    def outside_edits_every_row(self, values: dict[str, Any], fields: set[str]) -> None:
        edit = {name: values[name] for name in fields}
        assignments = ", ".join(f"{name} = ?" for name in edit)
        self.outside.sql(f"UPDATE team SET {assignments}", *edit.values())
        for row in self.rows.values():
            row.current |= edit

    @precondition(lambda self: self.rows)
    @rule(choice=st.integers(0, 9), values=_VALUES)
    def outside_upserts(self, choice: int, values: dict[str, Any]) -> None:
        row_id = self.a_row(choice)
        columns = {"id": row_id, "area_id": "5308", **values}
        places = ", ".join("?" * len(columns))
        assignments = ", ".join(f"{name} = excluded.{name}" for name in values)
        self.outside.sql(
            f"INSERT INTO team ({', '.join(columns)}) VALUES ({places}) ON CONFLICT (id) DO UPDATE SET {assignments}",
            *columns.values(),
        )
        self.rows[row_id].current |= values

    @precondition(lambda self: self.rows and self.outside.is_sqlite)
    @rule(choice=st.integers(0, 9), values=_VALUES, recursion=st.sampled_from(["on", "off"]))
    def outside_replaces(self, choice: int, values: dict[str, Any], recursion: str) -> None:
        row_id = self.a_row(choice)
        self.outside.sql(f"PRAGMA recursive_triggers = {recursion}")
        self.outside.insert_or_replace("team", id=row_id, area_id="5308", **values)
        self.rows[row_id].current |= values

    @precondition(lambda self: self.rows)
    @rule(choice=st.integers(0, 9))
    def outside_inserts_in_vain(self, choice: int) -> None:
        self.outside.sql(
            "INSERT INTO team (id, name, area_id) VALUES (?, 'x', 'y') ON CONFLICT DO NOTHING", self.a_row(choice)
        )

    @precondition(lambda self: self.rows)
    @rule(choice=st.integers(0, 9))
    def outside_deletes(self, choice: int) -> None:
        row_id = self.a_row(choice)
        self.outside.sql("DELETE FROM team WHERE id = ?", row_id)
        del self.rows[row_id]
        self.deleted.append(row_id)

    # The law

    @invariant()
    def overlaid_mirror_is_what_was_agreed(self) -> None:
        bases: dict[int, dict[str, Any]] = {}
        for row_id, field, base in self.outside.sql("SELECT row_id, field, base FROM local_change"):
            bases.setdefault(row_id, {})[field] = base
        for row_id, *found in self.outside.sql(f"SELECT id, {', '.join(_FIELDS)} FROM team"):
            row = self.rows[row_id]
            assert dict(zip(_FIELDS, found, strict=True)) == row.current
            changed = bases.pop(row_id, {})
            if row.agreed is None:
                assert changed == {}
            else:
                assert texts(row.current) | changed == texts(row.agreed)
                assert all(texts(row.current)[field] != base for field, base in changed.items())
        assert bases == {}

    @invariant()
    def every_deletion_is_kept_once(self) -> None:
        found = self.outside.sql("SELECT row_id FROM local_deletion ORDER BY id")
        assert [row_id for (row_id,) in found] == self.deleted

    @invariant()
    def engine_columns_are_set_together(self) -> None:
        assert self.outside.one("SELECT count(*) FROM team WHERE (national_id IS NULL) <> (sync_rev IS NULL)") == 0


def texts(values: dict[str, Any]) -> dict[str, str | None]:
    return {name: None if value is None else str(value) for name, value in values.items()}


def test_mirror_overlaid_with_local_changes_is_what_both_sides_agreed_on(outside: Outside) -> None:
    run_state_machine_as_test(
        lambda: Mirror(outside),  # type: ignore[arg-type]
        settings=settings(
            max_examples=60,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
