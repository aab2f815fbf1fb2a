"""The mismatches that lie before an operator: read some at a time, decided one by one, in short transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync.cli.rows import mismatch_facts
from national_sync.errors import AlreadySettled, FactsChanged
from national_sync.exchange.accounts import exchangeable_seconds
from national_sync.operators.rights import Operator
from national_sync.policy import Owner
from national_sync.reconcile import resolving
from national_sync.reconcile.briefs import briefs_of
from national_sync.reconcile.facts import Facts, facts_of
from national_sync.reconcile.resolving import Choice
from national_sync.reconcile.search import Filter, where, within
from national_sync.reconcile.undoing import undo
from national_sync.records import Entity
from national_sync.sealing import Sealer
from national_sync.store.database import Database
from national_sync.sync.mismatches import load_mismatch, lock_mismatches

SLICE: Final = 50
"""Rows read at a time: some screens."""
MOST_COUNTED: Final = 10_000
"""Counting goes no further, so that it takes no longer for more."""
MOST_AT_ONCE: Final = 500
"""So many alike are decided together, and taken back together."""

_SEARCHED: Final = ("kind", "county", "team", "volunteer", "assigned_to")
"""With one of these, an index finds the few that fit; without, the rows are read in their own order."""


class Alike(NamedTuple):
    """Mismatches of one kind and field for which the same is proposed, each with the facts it was proposed on."""

    choice: str
    digests: Mapping[int, str]


@dataclass
class Docket:
    database: Database
    sealer: Sealer
    who: Callable[[Connection], Operator]
    """Asked for each decision, because a login may end meanwhile."""
    wanted: Filter
    now: Callable[[], int]
    owners: Mapping[Entity, Mapping[str, Owner]]
    newest_first: bool = False
    _done: list[list[int]] = field(default_factory=list)
    """What was decided here, the latest last: for taking it back."""

    # Reading

    def some(self, beyond: int | None = None) -> list[dict[str, Any]]:
        """The next undecided ones beyond a number in the order in use, as they may be shown."""
        condition, parameters = self._condition()
        if beyond is not None:
            condition += f" AND mismatch.id {'<' if self.newest_first else '>'} :beyond"
            parameters["beyond"] = beyond
        order = " DESC" if self.newest_first else ""
        with self.database.read() as connection:
            rows = connection.execute(
                text(
                    f"SELECT * FROM mismatch{self._by_number(connection)} WHERE {condition}"
                    f" ORDER BY mismatch.id{order} LIMIT {SLICE}"
                ),
                parameters,
            )
            return [mismatch_facts(dict(row)) for row in rows.mappings()]

    def count(self) -> int:
        """How many are undecided; one more than `MOST_COUNTED` for any larger number."""
        condition, parameters = self._condition()
        with self.database.read() as connection:
            few = f"SELECT 1 FROM mismatch{self._by_number(connection)} WHERE {condition} LIMIT {MOST_COUNTED + 1}"
            found: int = connection.execute(text(f"SELECT COUNT(*) FROM ({few}) few"), parameters).scalar_one()
        return found

    def row(self, mismatch_id: int) -> dict[str, Any]:
        with self.database.read() as connection:
            return mismatch_facts(load_mismatch(connection, mismatch_id))

    def facts(self, mismatch_id: int) -> Facts:
        with self.database.read() as connection:
            return facts_of(connection, self.sealer, mismatch_id, balance_of=exchangeable_seconds)

    def alike(self, facts: Facts) -> Alike | None:
        """The undecided ones like this one, itself included; None where nothing can be accepted."""
        choice = facts.proposal.choice
        if choice not in ("local", "national"):
            return None
        wanted = replace(self.wanted, kind=facts.kind.value, entity=facts.entity.value, decided=False)
        condition, parameters = where(wanted, now=self.now())
        with self.database.read() as connection:
            ids = connection.execute(
                text(
                    f"SELECT id FROM mismatch WHERE {condition} AND mismatch.field = :field_"
                    f" ORDER BY id LIMIT {MOST_AT_ONCE}"
                ),
                {**parameters, "field_": facts.field},
            ).scalars()
            every = briefs_of(connection, self.sealer, list(ids))
        return Alike(choice, {one.id: one.digest for one in every if one.proposal.choice == choice})

    def _condition(self) -> tuple[str, dict[str, Any]]:
        condition, parameters = where(replace(self.wanted, decided=False), now=self.now())
        return condition, parameters

    def _by_number(self, connection: Connection) -> str:
        """SQLite takes an index on the state where there is one, and sorts all that are open for each page."""
        is_searched = any(getattr(self.wanted, name) is not None for name in _SEARCHED)
        return "" if is_searched or connection.dialect.name != "sqlite" else " NOT INDEXED"

    # Deciding

    def decide(self, facts: Facts, keep: str, value: str | None = None) -> None:
        """Decide on what was shown; an empty value empties the field. Raises what `resolve` does."""
        field_ = facts.field or None if keep == "set" else None
        choice = Choice(facts.id, keep, value, facts.digest, field_, may_empty=True)
        with self._acting() as (connection, operator):
            resolving.resolve(connection, self.sealer, operator, choice, self.now(), owners=self.owners)
        self._done.append([facts.id])

    def decide_alike(self, alike: Alike) -> tuple[int, int]:
        """How many were decided, and how many were left because they are no longer as they were."""
        decided: list[int] = []
        with self._acting() as (connection, operator):
            lock_mismatches(connection, alike.digests)
            for mismatch_id, digest in alike.digests.items():
                choice = Choice(mismatch_id, alike.choice, facts=digest)
                try:
                    resolving.resolve(connection, self.sealer, operator, choice, self.now(), owners=self.owners)
                except (AlreadySettled, FactsChanged):
                    continue
                decided.append(mismatch_id)
        if decided:
            self._done.append(decided)
        return len(decided), len(alike.digests) - len(decided)

    def undo(self) -> Sequence[int]:
        """Take the latest decision of this sitting back; the numbers concerned, none where there is nothing to undo."""
        if not self._done:
            return []
        with self._acting() as (connection, operator):
            lock_mismatches(connection, self._done[-1])
            for mismatch_id in self._done[-1]:
                undo(connection, self.sealer, operator, mismatch_id, self.now())
        return self._done.pop()

    def forget_last(self) -> None:
        """What cannot be undone does not stand in the way of what came before it."""
        if self._done:
            self._done.pop()

    def note(self, mismatch_id: int, words: str) -> None:
        with self._acting() as (connection, operator):
            resolving.note(connection, operator, mismatch_id, words, self.now())

    def snooze(self, mismatch_id: int, until: int) -> None:
        with self._acting() as (connection, operator):
            resolving.snooze(connection, operator, mismatch_id, until, self.now())

    def look_for(self, wanted: Filter) -> None:
        """Raises NotAllowed for another county than the operator's."""
        with self.database.read() as connection:
            self.wanted = within(wanted, self.who(connection))

    @contextmanager
    def _acting(self) -> Iterator[tuple[Connection, Operator]]:
        with self.database.write(durable=True) as connection:
            yield connection, self.who(connection)
