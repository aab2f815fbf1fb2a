"""Records as no rule would let them be: what a reader must survive."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

Shown = dict[str, Any]
_DIGITS = str.maketrans("0123456789", "０１２３４５６７８９")

_START = {"project": "albx0004", "hour": "albx0181"}
_END = {"project": "albx0005", "hour": "albx0182"}
_HOURS = {"team": "albe0069", "volunteer": "albp0089", "hour": "albx0172", "training": "albx0288"}
_DATE = {
    "team": "updatetime",
    "volunteer": "albp0014",
    "membership": "albe0136",
    "project": "albx0004",
    "hour": "albx0181",
    "training": "albx0284",
}
_CODE = {
    "team": "albe0003",
    "volunteer": "albp0006",
    "membership": "albe0134",
    "project": "albx0015",
    "hour": "albx0174",
    "training": "albx0291",
}
_TEXT = {
    "team": "albe0002",
    "volunteer": "albp0003",
    "membership": "albe0133",
    "project": "albx0002",
    "hour": "remark",
    "training": "albx0282",
}
_NUMBER = {
    "team": "albe0019",
    "volunteer": "albp0005",
    "membership": "albe0136",
    "project": "albx0004",
    "hour": "albx0172",
    "training": "albx0288",
}


def _impossible_id_number(shown: Shown, segment: str, _: int) -> None:
    field = "albp0005" if segment == "volunteer" else _NUMBER[segment]
    shown[field] = "530802199013450019"


def _thirty_first_of_february(shown: Shown, segment: str, _: int) -> None:
    field = _DATE[segment]
    shown[field] = "2025-02-31" + str(shown.get(field, ""))[10:]


def _hours(value: Any) -> Callable[[Shown, str, int], None]:
    def distort(shown: Shown, segment: str, _: int) -> None:
        shown[_HOURS.get(segment, _NUMBER[segment])] = value

    return distort


def _end_before_start(shown: Shown, segment: str, _: int) -> None:
    if segment in _START:
        start, end = _START[segment], _END[segment]
        shown[start], shown[end] = shown[end], shown[start]
    else:
        shown["createtime"], shown["updatetime"] = "2030-01-01 00:00:00.000", "2020-01-01 00:00:00.000"


def _unknown_code(shown: Shown, segment: str, _: int) -> None:
    shown[_CODE[segment]] = "77"


def _unknown_field(shown: Shown, segment: str, _: int) -> None:
    shown["zzzz9999"] = "new"


def _missing_id(shown: Shown, segment: str, _: int) -> None:
    shown.pop("id", None)


def _text(make: Callable[[str, int], str]) -> Callable[[Shown, str, int], None]:
    def distort(shown: Shown, segment: str, length: int) -> None:
        field = _TEXT[segment]
        shown[field] = make(str(shown.get(field, "")), length)

    return distort


def _full_width_digits(shown: Shown, segment: str, _: int) -> None:
    field = _NUMBER[segment]
    shown[field] = str(shown.get(field, "")).translate(_DIGITS)


VARIANTS: Final[dict[str, Callable[[Shown, str, int], None]]] = {
    "impossible-id-number": _impossible_id_number,
    "31-february": _thirty_first_of_february,
    "negative-hours": _hours("-3.00"),
    "nan-hours": _hours(float("nan")),
    "nan-text-hours": _hours("NaN"),
    "1e9-hours": _hours("1000000000.00"),
    "end-before-start": _end_before_start,
    "unknown-code": _unknown_code,
    "unknown-field": _unknown_field,
    "missing-id": _missing_id,
    "long-string": _text(lambda text, length: "x" * length),
    "lone-surrogates": _text(lambda text, _: text + "\ud800"),
    "nul": _text(lambda text, _: text + "\x00"),
    "right-to-left": _text(lambda text, _: f"\u202e{text}\u202c"),
    "full-width-digits": _full_width_digits,
    "two-records-one-id": lambda shown, segment, _: None,
}
"""How each variant changes a shown record. Two records with one id need a neighbour: see `distort_page`."""


def distort(shown: Shown, segment: str, variant: str, length: int = 10_000_000) -> Shown:
    """A copy, distorted. `length` is that of the long string, in characters."""
    odd = dict(shown)
    VARIANTS[variant](odd, segment, length)
    return odd


def distort_page(page: list[Shown], segment: str, position: int, variant: str, length: int) -> list[Shown]:
    """The page with the record at `position` (counted modulo the page) distorted."""
    if not page:
        return page
    at = position % len(page)
    if variant == "two-records-one-id":
        other = page[at - 1]
        twin = {**page[at], "id": other["id"]} if len(page) > 1 else dict(page[at])
        return [*page[:at], twin, *page[at + 1 :]] if len(page) > 1 else [*page, twin]
    return [*page[:at], distort(page[at], segment, variant, length), *page[at + 1 :]]
