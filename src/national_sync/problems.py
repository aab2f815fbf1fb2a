"""What is wrong with a settings file, in words: the place, what was expected, what was found."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Final, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from national_sync.i18n import N_, Phrase

_SECRET_WORDS: Final = ("secret", "password", "token")
_LONGEST_VALUE: Final = 40
"""A found value is shown to be recognised, not to be read."""

_WANTED: Final[dict[str, str]] = {
    "int_type": N_("a whole number"),
    "int_parsing": N_("a whole number"),
    "int_from_float": N_("a whole number"),
    "float_type": N_("a number"),
    "float_parsing": N_("a number"),
    "finite_number": N_("a number"),
    "bool_type": N_("true or false"),
    "bool_parsing": N_("true or false"),
    "string_type": N_("text in quotes"),
    "path_type": N_("the path of a file, in quotes"),
    "tuple_type": N_("a list in square brackets"),
    "list_type": N_("a list in square brackets"),
    "model_type": N_("a table: [name] and below it the keys"),
    "dict_type": N_("a table: [name] and below it the keys"),
    "date_type": N_("a date, YYYY-MM-DD"),
    "date_parsing": N_("a date, YYYY-MM-DD"),
    "date_from_datetime_parsing": N_("a date, YYYY-MM-DD"),
    "date_from_datetime_inexact": N_("a date, YYYY-MM-DD"),
    "url_parsing": N_("an address, https://…"),
    "url_type": N_("an address, https://…"),
    "url_scheme": N_("an address, https://…"),
    "greater_than_equal": N_("at least {ge}"),
    "less_than_equal": N_("at most {le}"),
    "greater_than": N_("more than {gt}"),
    "less_than": N_("less than {lt}"),
    "string_too_short": N_("at least {min_length} characters"),
    "string_too_long": N_("at most {max_length} characters"),
    "literal_error": N_("one of {expected}"),
    "enum": N_("one of {expected}"),
}
_PATTERNS: Final[dict[str, str]] = {r"^([01]\d|2[0-3]):[0-5]\d$": N_("a time of day, HH:MM")}


@dataclass(frozen=True)
class Problem:
    text: Phrase

    def phrase(self) -> Phrase:
        return self.text


@dataclass(frozen=True)
class Origin:
    """Where settings come from, so that a problem can name the file and key or the variable."""

    file: str
    environment_prefix: str = ""
    overridden: Mapping[str, Any] = field(default_factory=dict)
    """The tables and keys that the environment sets."""
    table: tuple[str, ...] = ()

    def below(self, table: str) -> Origin:
        return replace(self, table=(*self.table, table))

    def place(self, location: Sequence[str]) -> str:
        path = (*self.table, *location)
        if self._is_overridden(path):
            return self.environment_prefix + "__".join(path).upper()
        *tables, key = path
        return f"{self.file} [{'.'.join(tables)}] {key}" if tables else f"{self.file} [{key}]"

    def _is_overridden(self, path: Sequence[str]) -> bool:
        values: Any = self.overridden
        for name in path:
            if not isinstance(values, Mapping) or name not in values:
                return False
            values = values[name]
        return True


def problems_of(
    error: ValidationError,
    model: type[BaseModel],
    data: Mapping[str, Any],
    origin: Origin,
    known_at_top: Iterable[str] = (),
) -> list[Problem]:
    """Every problem pydantic found, each with its place."""
    return [_problem(details, model, origin, known_at_top) for details in error.errors(include_url=False)]


def unknown_key(place: str, name: str, known: Iterable[str]) -> Problem:
    """A key nobody reads. Its value is not repeated: a misspelt secret is still a secret."""
    names = sorted(set(known))
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    if near:
        return Problem(Phrase(N_("{place}: unknown key; did you mean {near}?"), place=place, near=near[0]))
    return Problem(Phrase(N_("{place}: unknown key; the keys here are: {known}"), place=place, known=", ".join(names)))


def _problem(details: ErrorDetails, model: type[BaseModel], origin: Origin, known_at_top: Iterable[str]) -> Problem:
    location = [str(part) for part in details["loc"]]
    place = origin.place(location) if location else origin.file
    if details["type"] == "extra_forbidden":
        known = list(_model_at(model, location[:-1]).model_fields)
        return unknown_key(place, location[-1], [*known, *(known_at_top if len(location) == 1 else ())])
    if details["type"] == "missing":
        return Problem(Phrase(N_("{place}: this key is missing; add it"), place=place))
    text = Phrase(N_("{place}: {reason}"), place=place, reason=_reason(details))
    if _may_be_shown(location, details["input"]):
        text = Phrase(N_("{problem}, found {found}"), problem=text, found=_found(details["input"]))
    return Problem(text)


def _reason(details: ErrorDetails) -> Phrase | str:
    facts = details.get("ctx", {})
    if details["type"] == "value_error":
        reason = facts.get("error")
        return reason.args[0] if isinstance(reason, ValueError) and reason.args else details["msg"]
    if details["type"] == "string_pattern_mismatch" and facts.get("pattern") in _PATTERNS:
        return Phrase(N_("expected {wanted}"), wanted=Phrase(_PATTERNS[facts["pattern"]]))
    template = _WANTED.get(details["type"])
    return details["msg"] if template is None else Phrase(N_("expected {wanted}"), wanted=Phrase(template, **facts))


def _may_be_shown(location: Sequence[str], found: object) -> bool:
    if any(word in part.lower() for part in location for word in _SECRET_WORDS):
        return False
    # An address may carry a user and a password before the @.
    return isinstance(found, int | float) or (isinstance(found, str) and "@" not in found)


def _found(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else repr(value)
    return text if len(text) <= _LONGEST_VALUE else text[:_LONGEST_VALUE] + "…"


def _model_at(model: type[BaseModel], location: Sequence[str]) -> type[BaseModel]:
    for name in location:
        known = model.model_fields.get(name)
        annotation = known.annotation if known else None
        candidates = [annotation, *get_args(annotation)]
        inner = [entry for entry in candidates if isinstance(entry, type) and issubclass(entry, BaseModel)]
        if not inner:
            return model
        model = inner[0]
    return model
