"""What the office keeps: who may act, what was done, what became of each mismatch, what a record was before.

Operators are named because the Measures make named bodies answer for the records (clauses R5, S4, A1); nothing else
of them is kept. Audit entries and histories hold ids, codes and sealed values only.
"""

from __future__ import annotations

from sqlalchemy import Index, text
from sqlmodel import SQLModel

from national_sync.store.columns import (
    integer,
    optional_integer,
    optional_text,
    raw_bytes,
    serial,
    text_column,
)


class OperatorRow(SQLModel, table=True):
    """A local account of a person who acts for the office."""

    __tablename__ = "operator"
    __table_args__ = (Index("operator_name", "name", unique=True),)
    id: int | None = serial()
    name: str = text_column()
    """The login name; it stands in the audit and is never given to somebody else."""
    role: str = text_column()
    """viewer, county_operator, city_operator, administrator."""
    county: str | None = optional_text()
    """The six-digit division a county operator is bound to."""
    password_hash: str = text_column()
    state: str = text_column(default="active")
    """active, disabled."""
    failed_logins: int = integer(default=0)
    locked_until: int | None = optional_integer()
    created_at: int = integer()


class OperatorSessionRow(SQLModel, table=True):
    """One login. The token itself is known to the person's machine only."""

    __tablename__ = "operator_session"
    token_hash: str = text_column(primary_key=True)
    operator_id: int = integer()
    created_at: int = integer()
    expires_at: int = integer()


class AuditEntryRow(SQLModel, table=True):
    """One link of the audit chain. Append only: triggers refuse UPDATE and DELETE."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("audit_subject", "entity", "row_id"),)
    id: int = integer(primary_key=True)
    """1, 2, 3 … without a gap."""
    at: int = integer()
    actor: str = text_column()
    """`operator:chen`, `rule:3` or `run:7`."""
    action: str = text_column()
    """Noun and verb, such as `mismatch.resolved` or `rows.applied`."""
    entity: str | None = optional_text()
    row_id: int | None = optional_integer()
    run_id: int | None = optional_integer()
    detail: str = text_column(default="{}")
    """JSON object of facts: ids, codes, counts, digests; no personal data."""
    previous_hash: bytes | None = raw_bytes()
    entry_hash: bytes | None = raw_bytes()
    """Over the previous hash and every column above."""


class RowHistoryRow(SQLModel, table=True):
    """What a mirror row held before a change. Written by triggers (`store.history_triggers`), whoever changes the row;
    the engine's inserts leave none."""

    __tablename__ = "row_history"
    __table_args__ = (Index("row_history_row", "entity", "row_id"),)
    id: int | None = serial()
    entity: str = text_column()
    row_id: int = integer()
    at: int = integer()
    sync_rev: int | None = optional_integer()
    """The new `sync_rev` where the engine made the change; null for a local edit or deletion."""
    run_id: int | None = optional_integer()
    """The run at work where the engine made the change."""
    before: str = text_column()
    """JSON object of the old values of what changed, as texts, of `history_triggers.kept_columns`; of all of them where
    the row was deleted, null where it was made. Sealed columns hold sealed values only: false stands for a plain one,
    true for a plain one that is being sealed."""


class MismatchEventRow(SQLModel, table=True):
    """One step in the life of a mismatch."""

    __tablename__ = "mismatch_event"
    __table_args__ = (Index("mismatch_event_mismatch", "mismatch_id"),)
    id: int | None = serial()
    mismatch_id: int = integer()
    at: int = integer()
    event: str = text_column()
    """changed, decided, undone, withdrawn, carried_out, closed, noted, assigned, snoozed."""
    actor: str = text_column()
    """As in the audit."""
    run_id: int | None = optional_integer()
    detail: str = text_column(default="{}")
    """JSON object: the decision, the note, whom it went to, what changed."""


class MismatchRuleRow(SQLModel, table=True):
    """A standing rule: mismatches that fit are decided without a person."""

    __tablename__ = "mismatch_rule"
    __table_args__ = (
        Index(
            "mismatch_rule_active",
            "kind",
            "entity",
            "field",
            "county",
            unique=True,
            sqlite_where=text("removed_at IS NULL"),
            postgresql_where=text("removed_at IS NULL"),
        ),
    )
    id: int | None = serial()
    kind: str = text_column(default="both_edited")
    entity: str = text_column()
    field: str = text_column(default="")
    county: str = text_column(default="")
    """A six-digit division; empty for the whole city."""
    keep: str = text_column()
    """local or national."""
    created_at: int = integer()
    created_by: str = text_column()
    removed_at: int | None = optional_integer()
    removed_by: str | None = optional_text()
