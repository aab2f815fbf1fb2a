"""The audit as a file: one JSON object a line, the head on the last, to be kept and checked elsewhere."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from sqlalchemy import Connection

from national_sync.audit import Fault, Head, Row, Verdict, check_chain, head_of, parsed_head, stored_rows
from national_sync.errors import UsageError
from national_sync.i18n import N_

_NO_ENTRY: Final = (ValueError, KeyError, TypeError, RecursionError)
"""What comes of reading a line that is none; the last, of one that opens brackets without end."""


def export_to(connection: Connection, file: str) -> Head:
    """Write the whole chain as it is, good or bad. Raises UsageError when the file exists or cannot be written."""
    head = head_of(connection)
    try:
        with open(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.writelines(_line(row) for row in stored_rows(connection))
            opened.write(json.dumps({"head": str(head)}) + "\n")
    except FileExistsError as error:
        raise UsageError(N_("{file} is there already; nothing was written over it."), file=file) from error
    except OSError as error:
        raise UsageError(N_("{file} cannot be written: {reason}"), file=file, reason=error.strerror) from error
    return head


def verify_file(file: str, *, also: Sequence[Head] = ()) -> Verdict:
    """Check an exported chain. Raises UsageError when the file cannot be read."""
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            return _verify_lines(opened, also)
    except OSError as error:
        raise UsageError(N_("{file}: it cannot be read ({reason})"), file=file, reason=error.strerror) from error


def _verify_lines(lines: Iterable[str], also: Sequence[Head]) -> Verdict:
    ends: list[Head] = []
    verdict = check_chain(_rows(lines, ends), heads=also)
    if verdict.fault is not None:
        return verdict
    if not ends:
        return Verdict(verdict.head, Fault.CUT, verdict.head.number + 1)
    return check_chain([], start=verdict.head, end=ends[0])


def _rows(lines: Iterable[str], ends: list[Head]) -> Iterator[Row]:
    """The entries, and the head of the last line, which goes to `ends`."""
    for line in lines:
        end = _end(line)
        if end is not None:
            ends.append(end)
            continue
        yield _row(line)


def _end(line: str) -> Head | None:
    try:
        return parsed_head(json.loads(line)["head"])
    except (*_NO_ENTRY, AttributeError):
        return None


def _line(row: Row) -> str:
    return json.dumps(row._asdict(), ensure_ascii=False, default=_hexadecimal) + "\n"


def _hexadecimal(value: Any) -> str:
    return value.hex() if isinstance(value, bytes) else bytes(value).hex()


def _row(line: str) -> Row:
    """A line that is no entry gives a row that fits nowhere."""
    try:
        facts = json.loads(line)
        hashes = {name: bytes.fromhex(facts[name]) for name in ("previous_hash", "entry_hash")}
        return Row(**{**facts, **hashes})
    except _NO_ENTRY:
        return Row(*[None] * len(Row._fields))
