"""Making things happen on either side, by the front doors that others use: plain SQL here, the mock's admin API there."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, assert_never

import pytest
from sqlalchemy import Connection, text
from tests.acceptance import world
from tests.acceptance.events import (
    AddRule,
    AnswerHold,
    AnswerQuarantine,
    CallOff,
    Corrupt,
    CreateHere,
    CreateThere,
    Decide,
    DeleteHere,
    EditHere,
    EditThere,
    Event,
    Faults,
    Forget,
    Heal,
    MergeHere,
    MergeThere,
    Night,
    Passed,
    PurgeThere,
    RequestTransfer,
    Resume,
    Review,
    Switch,
    TeamDecides,
    Undo,
    WithdrawThere,
)
from tests.outside import outside_program

from national_sync.acts import Act
from national_sync.errors import TransferRefused
from national_sync.operators.rights import Operator, Role
from national_sync.policy import Policy
from national_sync.reconcile.merge_preview import plan_merge
from national_sync.reconcile.merging import merge
from national_sync.reconcile.resolving import Choice, resolve
from national_sync.reconcile.rules import NewRule, add_rule
from national_sync.reconcile.search import Filter, page
from national_sync.reconcile.undoing import undo
from national_sync.records import Entity
from national_sync.sealing import Sealer, SealingKey
from national_sync.store.database import Database
from national_sync.store.marks import write_mark
from national_sync.sync.holds import approve_hold, list_holds, reject_hold
from national_sync.sync.quarantines import drop, list_quarantine, replay
from national_sync.transfer.requests import Reason, Wanted, approve, cancel, request, resume
from national_sync_mocks.nvsi_server.process import AdminClient

LABEL: Final = re.compile("[TVMPHR][0-9]+")
_NAMED_ON_THE_WIRE_BY_NUMBER: Final = frozenset({"albe0133", "albx0175", "volunteerNumber", "albe0024"})
_OTHER_PROGRAM_COLUMNS: Final = {"volunteer": "volunteer_id", "team": "team_id", "project": "project_id"}


SEALER: Final = Sealer([SealingKey("k1", bytes(range(32)))])
OPERATOR: Final = Operator(1, "chen", Role.ADMINISTRATOR)


@dataclass
class Labels:
    """Which row and which national record a label stands for."""

    row_ids: dict[str, int] = field(default_factory=dict)
    national_ids: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of_city(cls) -> Labels:
        return cls({}, {label: world.national_id(label) for label in world.LABELS})

    def copy(self) -> Labels:
        return Labels(self.row_ids.copy(), self.national_ids.copy())


@dataclass
class BothSides:
    database: Database
    national: AdminClient
    labels: Labels

    def do(self, event: Event) -> None:
        """Make it happen. A night is the business of `stage`."""
        match event:
            case EditHere(label, columns):
                self._edit_here(label, columns)
            case CreateHere(label, columns):
                self._create_here(label, columns)
            case DeleteHere(label):
                self._sql(f"DELETE FROM {world.entity_of(label)} WHERE id = ?", self.row_id(label))
            case EditThere(label, fields):
                self.national.edit(world.entity_of(label).value, self.national_id(label), **self._on_the_wire(fields))
            case CreateThere(label, fields):
                self._create_there(label, fields)
            case WithdrawThere(label):
                self.national.withdraw(world.entity_of(label).value, self.national_id(label))
            case PurgeThere(label):
                self.national.purge(world.entity_of(label).value, self.national_id(label))
            case Corrupt(label, variant):
                self.national.corrupt(world.entity_of(label).value, self.national_id(label), variant, length=3000)
            case Heal(label):
                self.national.heal(self.national_id(label))
            case MergeThere(loser, winner):
                self.national.merge(self.national_id(loser), self.national_id(winner))
            case MergeHere(kept, gone):
                self._merge(kept, gone)
            case Review(decision, words):
                self.national.decide(decision, message=words)
            case Faults(entries):
                self.national.set_faults([dict(entry) for entry in entries])
            case Switch(values):
                self.national.set_capabilities(**values)
            case Passed(seconds):
                self.national.set_clock(advance=seconds)
            case Decide(kind, keep, label, value, field):
                self._decide(kind, keep, label, value, field)
            case Undo(kind):
                self._undo(kind)
            case AddRule(entity, field, keep):
                self._add_rule(NewRule(Entity(entity), keep, field=field))
            case RequestTransfer() | CallOff() | Resume() | TeamDecides():
                self._transfer(event)
            case AnswerHold(answer, action):
                self._answer_hold(answer, action)
            case AnswerQuarantine(answer):
                self._answer_quarantine(answer)
            case Forget(entity):
                self._forget(entity)
            case Night():
                raise TypeError("a night is run by the stage")
            case _:
                assert_never(event)

    # Labels

    def row_id(self, label: str) -> int:
        if label in self.labels.row_ids:
            return self.labels.row_ids[label]
        query = f"SELECT id FROM {world.entity_of(label)} WHERE national_id = ?"
        [[row_id]] = self._sql(query, self.labels.national_ids[label])
        return int(row_id)

    def national_id(self, label: str) -> str:
        if label in self.labels.national_ids:
            return self.labels.national_ids[label]
        query = f"SELECT national_id FROM {world.entity_of(label)} WHERE id = ?"
        [[national_id]] = self._sql(query, self.labels.row_ids[label])
        assert national_id, f"{label} has no national record"
        return str(national_id)

    # Here

    def _edit_here(self, label: str, columns: Mapping[str, Any]) -> None:
        values = self._as_columns(columns)
        assignments = ", ".join(f"{name} = ?" for name in values)
        statement = f"UPDATE {world.entity_of(label)} SET {assignments} WHERE id = ?"
        self._sql(statement, *values.values(), self.row_id(label))

    def _create_here(self, label: str, columns: Mapping[str, Any]) -> None:
        values = self._as_columns(columns)
        with outside_program(self.database) as program:
            self.labels.row_ids[label] = program.insert(world.entity_of(label).value, **values)

    def _as_columns(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        return {
            _OTHER_PROGRAM_COLUMNS.get(name, name): self.row_id(value) if name in _OTHER_PROGRAM_COLUMNS else value
            for name, value in columns.items()
        }

    def _sql(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with outside_program(self.database) as program:
            return program.sql(statement, *values)

    def _forget(self, entity: str) -> None:
        with self.database.write() as connection:
            write_mark(connection, f"mapping.{entity}", "an older translation")

    # There

    def _create_there(self, label: str, fields: Mapping[str, Any]) -> None:
        created = self.national.create(world.entity_of(label).value, **self._on_the_wire(fields))
        self.labels.national_ids[label] = created["id"]

    def _on_the_wire(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        return {name: self._wire_value(name, value) for name, value in fields.items()}

    def _wire_value(self, name: str, value: Any) -> Any:
        if not isinstance(value, str) or not LABEL.fullmatch(value):
            return value
        if name in _NAMED_ON_THE_WIRE_BY_NUMBER:
            record = self.national.record(Entity.VOLUNTEER.value, self.national_id(value))
            assert record is not None
            return record["albp0029"]
        return self.national_id(value)

    # The operator

    @property
    def now(self) -> int:
        return int(self.national.clock()["now"]) // 1000

    def _decide(self, kind: str, keep: str, label: str | None, value: str | None, field: str | None) -> None:
        with self.database.write() as connection:
            mismatches = page(connection, Filter(kind=kind), now=self.now)
            if label is not None:
                known = {self.labels.national_ids.get(label), f"row:{self.labels.row_ids.get(label)}"}
                mismatches = [one for one in mismatches if one["subject"] in known]
            assert mismatches, f"no open mismatch of the kind {kind}"
            for mismatch in mismatches:
                choice = Choice(mismatch["id"], keep, value, field=field)
                resolve(connection, SEALER, OPERATOR, choice, self.now)

    def _undo(self, kind: str) -> None:
        with self.database.write() as connection:
            [*_, last] = page(connection, Filter(kind=kind, state="all"), now=self.now)
            undo(connection, SEALER, OPERATOR, last["id"], self.now)

    def _add_rule(self, rule: NewRule) -> None:
        with self.database.write() as connection:
            add_rule(connection, OPERATOR, rule, self.now)

    def _merge(self, kept: str, gone: str) -> None:
        pair = self.row_id(kept), self.row_id(gone)
        with self.database.write() as connection:
            plan = plan_merge(connection, OPERATOR, *pair)
            merge(connection, SEALER, OPERATOR, *pair, shown=plan.digest, now=self.now)

    def _transfer(self, event: RequestTransfer | CallOff | Resume | TeamDecides) -> None:
        if isinstance(event, TeamDecides):
            self._let_the_team_decide(event)
            return
        act = Act(OPERATOR.actor, self.now)
        volunteer_id = self.row_id(event.label)
        with self.database.write() as connection:
            if isinstance(event, RequestTransfer):
                self._request_transfer(connection, event, act)
                return
            query = text("SELECT MAX(id) FROM transfer WHERE volunteer_id = :id")
            transfer_id = connection.execute(query, {"id": volunteer_id}).scalar_one()
            (cancel if isinstance(event, CallOff) else resume)(connection, transfer_id, act)

    def _let_the_team_decide(self, event: TeamDecides) -> None:
        number, team_id = self._wire_value("albe0133", event.label), self.national_id(event.team)
        application = {"albe0133": number, "teamId": team_id, "albe0134": "2", "isdelete": "0"}
        [found] = [one for one in self.national.records("membership") if application.items() <= one.items()]
        self.national.edit("membership", found["id"], albe0134="1" if event.answer == "accept" else "3")

    def _request_transfer(self, connection: Connection, event: RequestTransfer, act: Act) -> None:
        person, old, new = (str(self.row_id(label)) for label in (event.label, event.old, event.new))
        wanted = Wanted(person, old, new, Reason.ADDRESS, **event.areas)
        if event.is_second:
            with pytest.raises(TransferRefused):
                request(connection, Policy(), wanted, act)
            return
        requested = request(connection, Policy(), wanted, act)
        if event.is_approved:
            approve(connection, requested.id, act)

    def _answer_hold(self, answer: str, action: str) -> None:
        with self.database.write() as connection:
            [hold] = [one for one in list_holds(connection) if one["action"] == action]
            settle = approve_hold if answer == "approve" else reject_hold
            settle(connection, hold["id"], hold["plan_hash"])

    def _answer_quarantine(self, answer: str) -> None:
        with self.database.write() as connection:
            for entry in list_quarantine(connection):
                (replay if answer == "replay" else drop)(connection, entry["id"])
