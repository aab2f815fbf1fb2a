"""The files a new city starts from, written from the models: each key with its default and a comment."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any, Final

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from national_sync.i18n import N_, translated
from national_sync.policy import Policy
from national_sync.settings import ENVIRONMENT_PREFIX, NationalTable, Settings

_SETTINGS_HEADING: Final = N_("Settings of national-sync. A key that is left out has the value shown here.")
_ENVIRONMENT: Final = N_("Each key can also be set in the environment, as in {example}.")
_POLICY_HEADING: Final = N_("What the city decides about the synchronisation. A key left out has the value shown here.")
_ADAPTER_KEYS: Final = N_("The keys below belong to the adapter {name}.")

POLICY_COMMENTS: Final[dict[str, str]] = {
    "effective_from": N_("from which day this version holds (clause Z1 of the Measures)"),
    "fields": N_(
        "Who owns which field. National: their value always counts. Local: ours does. "
        "Not listed: both sides may change it."
    ),
    "fields.team": N_("teams"),
    "fields.volunteer": N_("volunteers"),
    "fields.membership": N_("memberships"),
    "fields.project": N_("projects"),
    "fields.hour_record": N_("hour records"),
    "fields.training_record": N_("training records"),
    "guards": N_("When changes are held until a person approves them: above both the percentage and the number."),
    "guards.withdrawals_percent": N_("of an entity's records withdrawn in one run"),
    "guards.withdrawals_count": N_("and more than this number"),
    "guards.updates_percent": N_("of an entity's records changed in one run"),
    "guards.updates_count": N_("and more than this number"),
    "guards.total_drop_percent": N_("by which the national total may drop from one run to the next"),
    "windows": N_("How far to look back and how long to wait."),
    "windows.overlap_seconds": N_("every pull starts this much before the last one ended"),
    "windows.settle_seconds": N_("a write without an answer may still take effect for this long"),
    "windows.reread_nights": N_("every record is read again within this many nights"),
    "windows.full_listing_every_days": N_("how often everything is listed, to notice what is missing"),
    "push": N_("Limits on what is sent."),
    "push.undone_after": N_("a value undone nationally this many times is not sent again"),
    "checks": N_("Limits of the rules that records are examined by."),
    "checks.rounding_seconds": N_("recorded hours may differ from start and end by this much: half of 0.01 hours"),
}


def settings_text(adapter_settings: type[BaseModel]) -> str:
    """`national-sync.toml` as `init` writes it."""
    lines = [
        *_comment(_SETTINGS_HEADING),
        *_comment(_ENVIRONMENT, example=f"{ENVIRONMENT_PREFIX}DATABASE__URL=sqlite:////srv/national-sync.db"),
    ]
    for name, field in Settings.model_fields.items():
        model = _model(field)
        lines += ["", *_comment(model.__doc__ or ""), f"[{name}]", *_keys(model)]
        if model is NationalTable:
            lines += ["", *_comment(_ADAPTER_KEYS, name=NationalTable().adapter), *_keys(adapter_settings)]
    return "\n".join(lines) + "\n"


def policy_text() -> str:
    """`policy.toml` with the built-in policy."""
    lines = _comment(_POLICY_HEADING)
    return "\n".join([*lines, *_policy_table(Policy(), "")]) + "\n"


def _policy_table(table: BaseModel, path: str) -> Iterator[str]:
    prefix = f"{path}." if path else ""
    values = {name: getattr(table, name) for name in type(table).model_fields}
    if path:
        yield ""
        yield from _comment(POLICY_COMMENTS[path])
    plain = {name: value for name, value in values.items() if not isinstance(value, BaseModel)}
    if path and (plain or not values):
        yield f"[{path}]"
    for name, value in plain.items():
        yield from _comment(POLICY_COMMENTS.get(prefix + name, ""))
        yield f"{name} = {toml_value(value)}"
    for name, value in values.items():
        if isinstance(value, BaseModel):
            yield from _policy_table(value, prefix + name)


def _keys(model: type[BaseModel]) -> Iterator[str]:
    for name, field in model.model_fields.items():
        if field.exclude:
            continue
        yield from _comment(field.description or "")
        if field.is_required():
            example = (field.examples or ["…"])[0]
            yield f"{name} = {toml_value(example)}"
            continue
        default = field.get_default(call_default_factory=True, validated_data={})
        if default is None:
            yield f"# {name} = {toml_value((field.examples or ['…'])[0])}"
        else:
            yield f"{name} = {toml_value(default)}"


def _comment(text: str, **facts: object) -> Iterable[str]:
    if not text:
        return []
    languages: tuple[Callable[[str], str], ...] = (lambda key: translated(key, "zh"), lambda key: key)
    texts = [say(text) for say in languages]
    return [f"# {text.format(**facts) if facts else text}" for text in texts]


def _model(field: FieldInfo) -> type[BaseModel]:
    annotation = field.annotation
    assert isinstance(annotation, type)
    assert issubclass(annotation, BaseModel)
    return annotation


def toml_value(value: Any) -> str:
    match value:
        case bool():
            return str(value).lower()
        case Enum():
            return toml_value(value.value)
        case int() | float():
            return str(value)
        case date():
            return value.isoformat()
        case list() | tuple() | set() | frozenset():
            inner = ", ".join(toml_value(entry) for entry in value)
            return f"[{inner}]"
        case Path():
            return json.dumps(value.as_posix())
        case _:
            return json.dumps(str(value), ensure_ascii=False)
