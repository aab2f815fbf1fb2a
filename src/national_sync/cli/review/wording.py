"""What stands on the screen: a row of the list, the page of one mismatch, the filter as it is typed. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, Final

from national_sync.divisions import check_county
from national_sync.errors import UsageError
from national_sync.i18n import N_, _
from national_sync.prose.fields import field_name
from national_sync.prose.layout import cut, padded, readable, width
from national_sync.prose.words import word
from national_sync.reconcile.search import Filter
from national_sync.records import Entity
from national_sync.sync.kinds import MismatchKind

_DAY: Final = 86_400
_COLUMNS: Final = ((1, ""), (6, N_("No.")), (4, N_("Days")), (6, N_("County")), (16, N_("What")), (12, N_("Field")))
"""Columns that keep their width, and their headings; the two sides share what is left."""
_GAP: Final = 1

KEYS: Final = (
    N_("1 ours  2 national  3 set  p proposed  P all alike  s later  n note  u undo"),
    N_("/ find  f filter  k kind  o order  r reread  Enter page  Space on  ? help  q end"),
)
HELP: Final = N_(
    "1  keep our value\n"
    "2  keep the national value, or see and accept\n"
    "3  set a value of your own\n"
    "p  do what is proposed here\n"
    "P  do it for all of this kind and field for which the same is proposed; asks first\n"
    "s  put it off for some days\n"
    "n  keep a remark with it\n"
    "u  take back the latest decision made on this screen\n\n"
    "/  search for a text\n"
    "f  filter: a county's six digits, a kind, an entity, >DAYS, @OPERATOR, a volunteer number\n"
    "k  only this kind, or every kind again\n"
    "o  the oldest or the newest first\n"
    "r  read the list anew\n\n"
    "Up, Down, PgUp, PgDn  move; Enter  the page of one, large; Space, Backspace  turn it\n"
    "q  end. What was decided is carried out by the next run.\n"
    "In the list: * decided here, ~ put off, ! settled by somebody else."
)


def heading(columns: int) -> str:
    return _line([_(name) if name else "" for _space, name in _COLUMNS], _(N_("Ours")), _(N_("National")), columns)


def listed(row: Mapping[str, Any], mark: str, now: int, columns: int) -> str:
    """One row, exactly as wide as the screen."""
    decision = row["resolution"] if row["state"] == "closed" else row["decision"]
    cells = [
        mark,
        str(row["id"]),
        str((now - row["first_seen_at"]) // _DAY),
        row["county"] or "-",
        word(row["kind"]),
        field_name(row["field"]) or "-",
    ]
    if decision:
        return _line(cells, f"→ {word(decision)}", None, columns)
    return _line(cells, row["ours"] or "-", row["theirs"] or "-", columns)


def _line(cells: list[str], ours: str, theirs: str | None, columns: int) -> str:
    """Without `theirs`, `ours` has the room of both."""
    fixed = [_cell(cell, space) for cell, (space, _name) in zip(cells, _COLUMNS, strict=True)]
    left = max(columns - sum(space + _GAP for space, _name in _COLUMNS), 3)
    half = (left - _GAP) // 2
    sides = [_cell(ours, left)] if theirs is None else [_cell(ours, half), _cell(theirs, left - half - _GAP)]
    return padded(cut((" " * _GAP).join([*fixed, *sides]), columns), columns)


def _cell(text: str, space: int) -> str:
    return padded(cut(readable(" ".join(text.split())), space), space)


def title(wanted: Filter, place: int, count: str, decided: int, columns: int) -> str:
    """Where one is, what is looked at, what was done."""
    left = _(N_("Mismatches {place}/{count}"), place=place, count=count)
    filters = told_filter(wanted)
    right = _(N_("decided: {count}"), count=decided)
    middle = f"  {filters}" if filters else ""
    space = columns - width(right) - 1
    return padded(cut(left + middle, space), space) + " " + right


def told_filter(wanted: Filter) -> str:
    """The filter in the words in which it is typed."""
    parts = [
        word(wanted.kind),
        wanted.county,
        word(wanted.entity),
        f">{wanted.min_age_days}" if wanted.min_age_days is not None else "",
        f"@{wanted.assigned_to}" if wanted.assigned_to else "",
        wanted.volunteer,
        wanted.team,
        f"“{wanted.text}”" if wanted.text else "",
    ]
    return " ".join(filter(None, parts))


def typed_filter(typed: str, before: Filter) -> Filter:
    """A filter as a person types it; what was searched for stays. Raises UsageError for a word it does not know."""
    wanted = Filter(text=before.text, snoozed=before.snoozed)
    for part in typed.split():
        wanted = replace(wanted, **_meaning(part))
    return wanted


def _meaning(part: str) -> dict[str, Any]:
    kinds = {name: kind.value for kind in MismatchKind for name in (kind.value, "".join(word(kind.value).split()))}
    entities = {name: entity.value for entity in Entity for name in (entity.value, word(entity.value))}
    match part[0]:
        case ">" if part[1:].isdigit():
            return {"min_age_days": int(part[1:])}
        case "@" if part[1:]:
            return {"assigned_to": part[1:]}
        case _ if part.isdigit() and len(part) == 6:
            return {"county": check_county(part)}
        case _ if part in kinds:
            return {"kind": kinds[part]}
        case _ if part in entities:
            return {"entity": entities[part]}
        case "V" if part[1:-1].isdigit():
            return {"volunteer": part}
        case _:
            raise UsageError(
                N_("The filter does not know {part}."),
                hint=N_("It takes a county's six digits, a kind, an entity, >DAYS, @OPERATOR, a volunteer number."),
                part=part,
            )


def retyped(wanted: Filter) -> str:
    """A filter as it would be typed, for changing it."""
    known = {name.name: getattr(wanted, name.name) for name in fields(wanted)}
    parts = [
        known["kind"],
        known["county"],
        known["entity"],
        f">{known['min_age_days']}" if known["min_age_days"] is not None else "",
        f"@{known['assigned_to']}" if known["assigned_to"] else "",
        known["volunteer"],
    ]
    return " ".join(filter(None, parts))
