"""How mismatches stand in a spreadsheet that a county office fills in: columns, choices, checksums. Pure.

A row carries everything that its import needs: the digest of the facts that were shown, and a checksum over its locked
cells and the export it belongs to.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Final, NamedTuple

from national_sync.i18n import N_, translated
from national_sync.sealing import Sealer
from national_sync.sync.kinds import ACCEPT_KINDS, DECISIONS, MismatchKind

SHEET: Final = "差异"
GUIDE: Final = "说明"
MOST_ROWS: Final = 100_000
"""More is no longer for people to fill in; and a file has to fit into memory."""
LONGEST_CELL: Final = 1_000


class Name(StrEnum):
    """The columns, in their order."""

    ID = "id"
    COUNTY = "county"
    KIND = "kind"
    RECORD = "record"
    FIELD = "field"
    BASE = "base"
    OURS = "ours"
    THEIRS = "theirs"
    CONTEXT = "context"
    PROPOSAL = "proposal"
    DECISION = "decision"
    VALUE = "value"
    NOTE = "note"
    FACTS = "facts"
    CHECKSUM = "checksum"


class Column(NamedTuple):
    heading: str
    width: int


COLUMNS: Final[Mapping[Name, Column]] = {
    Name.ID: Column(N_("No."), 9),
    Name.COUNTY: Column(N_("County"), 12),
    Name.KIND: Column(N_("What"), 22),
    Name.RECORD: Column(N_("Record"), 40),
    Name.FIELD: Column(N_("Field"), 14),
    Name.BASE: Column(N_("Agreed before"), 18),
    Name.OURS: Column(N_("Ours"), 22),
    Name.THEIRS: Column(N_("National"), 22),
    Name.CONTEXT: Column(N_("What else is known"), 40),
    Name.PROPOSAL: Column(N_("Proposal"), 40),
    Name.DECISION: Column(N_("Decision"), 24),
    Name.VALUE: Column(N_("New value"), 22),
    Name.NOTE: Column(N_("Remark"), 26),
    Name.FACTS: Column(N_("Facts"), 10),
    Name.CHECKSUM: Column(N_("Checksum"), 32),
}
OPEN: Final = (Name.DECISION, Name.VALUE, Name.NOTE)
"""What the office fills in; everything else is locked."""
LOCKED: Final = tuple(name for name in Name if name not in (*OPEN, Name.CHECKSUM))

_CHOICES: Final[Mapping[str, str]] = {
    "local": N_("keep ours"),
    "national": N_("take theirs"),
    "set": N_("other value"),
}
_ACCEPT: Final = N_("seen and accepted")
_RISKY: Final = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")
"""What a spreadsheet program may take for the beginning of a formula."""


def heading(name: Name) -> str:
    """Chinese first, English second, whatever the language in use: the import knows its columns by it."""
    written = COLUMNS[name].heading
    return f"{translated(written, 'zh')} {written}"


def choices_in_sheet(kind: MismatchKind, field: str) -> tuple[str, ...]:
    """What can be chosen in a row; without a field there is nothing to set."""
    return tuple(choice for choice in DECISIONS.get(kind, ()) if choice != "set" or field)


def label(kind: MismatchKind, choice: str) -> str:
    """A choice as it stands in the drop-down list: in Chinese, then its code."""
    return f"{translated(_words(kind, choice), 'zh')} {choice}"


def chosen(kind: MismatchKind, field: str, written: str) -> str | None:
    """The code of the choice that was written into the cell; None for what is no choice of this row."""
    for choice in choices_in_sheet(kind, field):
        words = _words(kind, choice)
        if written in (label(kind, choice), choice, translated(words, "zh"), words):
            return choice
    return None


def _words(kind: MismatchKind, choice: str) -> str:
    return _ACCEPT if kind in ACCEPT_KINDS else _CHOICES[choice]


# Cells


def tidy(text: str) -> str:
    """A text as a cell can hold it: one line, readable characters, not endless."""
    readable = text if text.isprintable() else "".join(one if one.isprintable() else " " for one in text)
    line = " ".join(readable.split())
    return line if len(line) <= LONGEST_CELL else line[: LONGEST_CELL - 1] + "…"


def neutral(text: str) -> str:
    """What no spreadsheet program takes for a formula, whatever the file is saved as later."""
    return f"'{text}" if _RISKY.match(text) else text


def restored(text: str) -> str:
    """The text that `neutral` was given."""
    return text[1:] if text.startswith("'") and _RISKY.match(text) else text


def checksum(sealer: Sealer, export: str, cells: Iterable[str]) -> str:
    """The last cell of a row: its export, and a keyed hash over it and the locked cells in their order."""
    return f"{export}-{sealer.match_hash(chr(31).join(['sheet', export, *map(tidy, cells)])).hex()[:16]}"


def is_untouched(sealer: Sealer, cells: Mapping[Name, str]) -> bool:
    """Whether the locked cells of a row are as they were exported."""
    export = cells[Name.CHECKSUM].partition("-")[0]
    return cells[Name.CHECKSUM] == checksum(sealer, export, (cells[name] for name in LOCKED))
