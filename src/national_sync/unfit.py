"""What people wrote, brought into one form, or the reason why it cannot be taken. Pure."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from national_sync.i18n import N_, Lines, Phrase
from national_sync.prose.fields import field_name

_LIKE_FORMULA: Final = ("=", "+", "-", "@")


class Unfit(ValueError):
    """A value that cannot be taken; the message is for people."""

    def __init__(self, words: str, /, **facts: object) -> None:
        super().__init__(words)
        self.reason = Phrase(words, **facts)


Reader: TypeAlias = Callable[[str], Any]
"""What to keep of a text that is there. Raises Unfit."""


@dataclass(frozen=True)
class Read:
    """What was written, as it is kept, and what is wrong with it."""

    values: Mapping[str, Any]
    faults: tuple[tuple[str, Phrase], ...] = ()

    def in_lines(self) -> Lines:
        return Lines(
            Phrase(N_("{field}: {reason}"), field=field_name(name), reason=reason) for name, reason in self.faults
        )


def read(readers: Mapping[str, Reader], written: Mapping[str, str | None], *, needed: tuple[str, ...] = ()) -> Read:
    """Read what was given; an empty text stands for None."""
    values: dict[str, Any] = {}
    faults = []
    for name, given in written.items():
        text = tidy(given or "")
        try:
            values[name] = readers[name](text) if text else None
        except Unfit as unfit:
            faults.append((name, unfit.reason))
    faulty = {name for name, _reason in faults}
    faults += [(name, Phrase(N_("is missing"))) for name in needed if values.get(name) is None and name not in faulty]
    return Read(values, tuple(faults))


def tidy(text: str) -> str:
    """One line in half width, without what cannot be seen."""
    normal = unicodedata.normalize("NFKC", text)
    visible = "".join(character for character in normal if unicodedata.category(character) != "Cf")
    return " ".join(visible.split())


def begins_like_formula(text: str) -> bool:
    """Whether a spreadsheet that opens it would reckon with it."""
    return text.startswith(_LIKE_FORMULA)


def plain(most: int) -> Reader:
    """Reads a text of so many characters at most."""

    def read_plain(text: str) -> str:
        if len(text) > most:
            raise Unfit(N_("is longer than {most} characters"), most=most)
        if not text.isprintable():
            raise Unfit(N_("holds characters that cannot be printed"))
        if begins_like_formula(text):
            raise Unfit(N_("begins like a formula"))
        return text

    return read_plain


def one_of(known: Iterable[str]) -> Reader:
    """Reads one of these codes."""
    codes = tuple(known)

    def read_code(text: str) -> str:
        if text not in codes:
            raise Unfit(N_("is not in the list: {known}"), known=", ".join(codes))
        return text

    return read_code


def area_in_puer(text: str, counties: Mapping[str, str]) -> str:
    """The 18-digit code of a county, township or village of Puer, of its code or the county's name. Raises Unfit."""
    code = next((code for code, name in counties.items() if name == text), text)
    if not (code.isascii() and code.isdigit() and len(code) in (6, 9, 12, 18) and code[:6] in counties):
        raise Unfit(N_("is no county, township or village of Puer: its code of 6, 9, 12 or 18 digits"))
    return code.ljust(18, "0")
