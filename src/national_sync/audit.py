"""The audit: an append-only chain of what was done, when, by whom.

Each entry carries a hash over the entry before it and over itself, so that a change, a gap or another order shows at
the first entry concerned. The *head*, number and hash of the newest entry, is also kept among the marks and in the
report of every run, so that a tail that was cut off shows too. No personal data: ids, codes, counts and digests only.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync.store.marks import read_mark, write_mark

HEAD_MARK: Final = "audit_head"
_ONE_AT_A_TIME: Final = 0x6E7361756469
"""The advisory lock under which PostgreSQL transactions append; held until they end."""


@dataclass(frozen=True)
class Entry:
    """What is written down."""

    at: int
    """UTC epoch seconds."""
    actor: str
    """`operator:chen`, `rule:3` or `run:7`."""
    action: str
    """Noun and verb, such as `mismatch.decided`."""
    entity: str | None = None
    row_id: int | None = None
    run_id: int | None = None
    detail: Mapping[str, Any] = field(default_factory=dict)
    """Ids, codes, counts, digests."""


class Head(NamedTuple):
    """The newest entry of a chain."""

    number: int
    hash: bytes

    def __str__(self) -> str:
        return f"{self.number}:{self.hash.hex()}"


EMPTY: Final = Head(0, bytes(32))
"""What the first entry is linked to."""


class Row(NamedTuple):
    """An entry as stored. Whoever tampered with it may have left values of other kinds."""

    id: Any
    at: Any
    actor: Any
    action: Any
    entity: Any
    row_id: Any
    run_id: Any
    detail: Any
    previous_hash: Any
    entry_hash: Any


COLUMNS: Final = ", ".join(Row._fields)
_INSERT: Final = text(f"INSERT INTO audit_entry ({COLUMNS}) VALUES ({', '.join(f':{name}' for name in Row._fields)})")


def append(connection: Connection, entry: Entry) -> None:
    """Add an entry in the transaction of what it describes.

    Do it last in that transaction: on PostgreSQL others that want to append wait until it ends.
    """
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _ONE_AT_A_TIME})
    head = head_of(connection)
    # Behind whatever stands there: a row that another program put in must not stop the night; `verify` names it.
    number = max(head.number, _newest(connection).number) + 1
    detail = json.dumps(dict(entry.detail), ensure_ascii=False, sort_keys=True)
    content = (number, entry.at, entry.actor, entry.action, entry.entity, entry.row_id, entry.run_id, detail)
    row = Row(*content, head.hash, linked(head.hash, content))
    connection.execute(_INSERT, row._asdict())
    write_mark(connection, HEAD_MARK, str(Head(row.id, row.entry_hash)))


def list_entries(
    connection: Connection,
    *,
    actor: str | None = None,
    action: str | None = None,
    since: int | None = None,
    record: tuple[str, int] | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Entries, the newest first; `action` is one, or a noun for all of that noun."""
    entity, row_id = record or (None, None)
    given = {"actor": actor, "action": action, "since": since, "entity": entity, "row_id": row_id}
    conditions = [condition for name, condition in _CONDITIONS.items() if given[name] is not None]
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    rows = connection.execute(
        text(f"SELECT {_LISTED} FROM audit_entry{where} ORDER BY id DESC LIMIT :limit OFFSET :offset"),
        {**{name: value for name, value in given.items() if value is not None}, "limit": limit, "offset": offset},
    )
    return [dict(row) for row in rows.mappings()]


_LISTED: Final = ", ".join(Row._fields[:8])
_CONDITIONS: Final = {
    "actor": "actor = :actor",
    "action": "(action = :action OR substr(action, 1, length(:action) + 1) = :action || '.')",
    "since": "at >= :since",
    "entity": "entity = :entity",
    "row_id": "row_id = :row_id",
}


def head_of(connection: Connection) -> Head:
    """The newest entry, as noted beside the chain; where that note is gone or spoilt, as it stands in the chain."""
    return _noted_head(connection) or _newest(connection)


def _noted_head(connection: Connection) -> Head | None:
    try:
        return _read_head(read_mark(connection, HEAD_MARK))
    except ValueError:
        return None


def _read_head(written: Any) -> Head | None:
    try:
        return parsed_head(written)
    except (ValueError, AttributeError):
        return None


def _newest(connection: Connection) -> Head:
    row = connection.execute(text("SELECT id, entry_hash FROM audit_entry ORDER BY id DESC LIMIT 1")).first()
    return EMPTY if row is None else Head(row[0], _bytes(row[1]) or EMPTY.hash)


def parsed_head(written: str) -> Head:
    """A head as printed, `NUMBER:HASH`. Raises ValueError."""
    number, _, digest = written.strip().partition(":")
    head = Head(int(number), bytes.fromhex(digest))
    if head.number < 0 or len(head.hash) != len(EMPTY.hash):
        raise ValueError(written)
    return head


def linked(previous_hash: bytes, content: Sequence[Any]) -> bytes:
    """The hash of an entry: over the one before, and over its columns from `id` to `detail` as a JSON array."""
    encoded = json.dumps(list(content), separators=(",", ":"), default=repr).encode()
    return hashlib.blake2b(previous_hash + encoded, digest_size=len(EMPTY.hash)).digest()


def digest_of(values: Iterable[str | bytes]) -> str:
    """A digest over several values, for an entry that stands for many rows."""
    digest = hashlib.blake2b(digest_size=16)
    for value in values:
        digest.update(value.encode() + b"\n" if isinstance(value, str) else value)
    return digest.hexdigest()


# Checking


class Fault(StrEnum):
    CHANGED = "audit_changed"
    MISSING = "audit_missing"
    FOREIGN = "audit_foreign"
    """An entry with a number that no entry of the program can have."""
    REWRITTEN = "audit_rewritten"
    """The chain holds, but this entry is another one than a head that was noted elsewhere."""
    CUT = "audit_cut"
    ADDED = "audit_added"
    """Behind the newest entry that the program knows of."""
    UNNOTED = "audit_unnoted"
    """The note of the newest entry is gone or spoilt; the next entry makes it anew."""


class Verdict(NamedTuple):
    head: Head
    """Of the part that is whole."""
    fault: Fault | None = None
    entry: Any = None
    """The first bad one."""


def verify(connection: Connection, *, also: Sequence[Head] = (), newest: int | None = None) -> Verdict:
    """Check the whole chain, or its `newest` entries, against the noted head and others that somebody kept."""
    noted = _noted_head(connection)
    start = EMPTY if newest is None else _start(connection, head_of(connection).number - newest)
    with closing(stored_rows(connection, after=start.number)) as rows:
        verdict = check_chain(rows, start=start, end=noted, heads=[*_reported(connection), *also])
    if verdict.fault is None and noted is None and verdict.head != EMPTY:
        return verdict._replace(fault=Fault.UNNOTED, entry=verdict.head.number)
    return verdict


def stored_rows(connection: Connection, *, after: int = 0) -> Generator[Row, None, None]:
    """The entries in their order, read some at a time; with them any whose number no entry of ours can have."""
    statement = text(f"SELECT {COLUMNS} FROM audit_entry WHERE id > :after OR id < 1 ORDER BY id")
    with connection.execute(statement.execution_options(yield_per=1_000), {"after": after}) as rows:
        for row in rows:
            yield Row(*row)


def _start(connection: Connection, number: int) -> Head:
    """The entry from which on is checked; it is believed itself."""
    found = connection.execute(
        text("SELECT id, entry_hash FROM audit_entry WHERE id = :number"), {"number": number}
    ).first()
    return EMPTY if found is None or found[1] is None else Head(found[0], bytes(found[1]))


def _reported(connection: Connection) -> list[Head]:
    """The head that the latest report of a run names, if it can be read."""
    report = connection.execute(text(_LATEST_REPORT)).scalar_one_or_none()
    try:
        return [parsed_head(json.loads(report or "{}")["audit_head"])]
    except (ValueError, KeyError, TypeError, AttributeError):
        return []


_LATEST_REPORT: Final = (
    """SELECT report FROM run WHERE report LIKE '%"audit_head"%' AND report NOT LIKE '%"audit_head": ""%'"""
    " ORDER BY id DESC LIMIT 1"
)


def check_chain(
    rows: Iterable[Row], *, end: Head | None = None, start: Head = EMPTY, heads: Sequence[Head] = ()
) -> Verdict:
    """Whether these rows, in their order, lead from `start` through all `heads`, and to `end` where it is known."""
    noted = [*heads] if end is None else [end, *heads]
    head, before = start, start
    for row in rows:
        fault = _fault_of(row, head)
        if fault is not None:
            return Verdict(head, *_blamed(fault, row, head, before))
        before, head = head, Head(row.id, bytes(row.entry_hash))
        if any(other.number == head.number and other.hash != head.hash for other in noted):
            return Verdict(before, Fault.REWRITTEN, head.number)
    if any(other.number > head.number for other in noted):
        return Verdict(head, Fault.CUT, head.number + 1)
    if end is not None and head.number > end.number:
        return Verdict(head, Fault.ADDED, end.number + 1)
    return Verdict(head)


def _fault_of(row: Row, head: Head) -> Fault | None:
    if not isinstance(row.id, int) or row.id <= head.number:
        return Fault.FOREIGN
    if row.id > head.number + 1:
        return Fault.MISSING
    if _bytes(row.previous_hash) != head.hash or not _is_itself(row):
        return Fault.CHANGED
    return None


def _blamed(fault: Fault, row: Row, head: Head, before: Head) -> tuple[Fault, Any]:
    """The fault and the first entry at fault."""
    if fault is Fault.MISSING:
        return fault, head.number + 1
    if fault is Fault.CHANGED and _is_itself(row) and head != before:
        # This one is whole and names another predecessor: that one was written anew, with a hash that fits it.
        return fault, head.number
    return fault, row.id


def _is_itself(row: Row) -> bool:
    previous = _bytes(row.previous_hash)
    return previous is not None and _bytes(row.entry_hash) == linked(previous, row[:8])


def _bytes(value: Any) -> bytes | None:
    return bytes(value) if isinstance(value, bytes | memoryview) else None
