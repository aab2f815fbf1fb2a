"""What a person has, and the latest lines of the account, as the mirror knows it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from national_sync.exchange.accounts import exchangeable
from national_sync.exchange.book import Book
from national_sync.exchange.statement import facts_in, line_in_words, page_in
from national_sync.web.masks import masked_name

LINES: Final = 10
_AS_OF: Final = (
    "SELECT ended_at FROM run WHERE state = 'finished' AND kind <> 'decisions' AND ended_at IS NOT NULL"
    " ORDER BY id DESC LIMIT 1"
)
_NAME_AND_AS_OF: Final = f"SELECT (SELECT name FROM volunteer WHERE id = ?), ({_AS_OF})"


@dataclass(frozen=True)
class Standing:
    """What a person has, as the mirror knew it at `as_of`."""

    masked_name: str
    balance_seconds: int
    usable_seconds: int
    held_seconds: int
    deficit_seconds: int
    as_of: int | None
    """When the last run with the national side ended; None before the first."""
    is_stale: bool
    """Too old: nothing can be redeemed."""
    lines: Sequence[Mapping[str, Any]]


def mirror_as_of(book: Book) -> int | None:
    """When the last run that read the national side ended."""
    found = book.one(_AS_OF)
    return found[0] if found else None


def standing_of(book: Book, volunteer_id: int, now: int, is_stale: Callable[[int | None], bool]) -> Standing:
    facts = facts_in(book, volunteer_id, now)
    lines = page_in(book, exchangeable(volunteer_id), limit=LINES)
    [(name, as_of)] = book.rows(_NAME_AND_AS_OF, volunteer_id)
    return Standing(
        masked_name=masked_name(name or ""),
        balance_seconds=facts["balance_seconds"],
        usable_seconds=facts["usable_seconds"],
        held_seconds=facts["held_seconds"],
        deficit_seconds=facts["deficit_seconds"],
        as_of=as_of,
        is_stale=is_stale(as_of),
        lines=[_told(line) for line in lines],
    )


def _told(line: dict[str, Any]) -> Mapping[str, Any]:
    """The numbers of rows stay inside."""
    line["record_id"] = line["redemption_id"] = ""
    return {"at": line["at"], "seconds": line["seconds"], "words": line_in_words(line)}
