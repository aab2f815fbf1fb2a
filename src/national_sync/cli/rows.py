"""Database rows as answers: no sealed values, no bytes, times in words where people read them."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from national_sync.clock import local_text
from national_sync.i18n import N_, _

HIDDEN_VALUE: Final = "***"
_JSON_COLUMNS: Final = ("detail", "report", "scope")


def mismatch_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    """A mismatch as documented; values of sealed fields are starred out."""
    from national_sync.records import SEALED_FIELDS, Entity
    from national_sync.sync.kinds import DECISIONS, MismatchKind

    facts = row_facts(row)
    facts["choices"] = list(DECISIONS.get(MismatchKind(row["kind"]), ()))
    if not str(row["field"]).endswith("area_id"):
        facts.update({side: masked(row[side]) for side in ("base", "ours", "theirs")})
    facts["decided_value"] = masked(row["decided_value"])
    sealed = SEALED_FIELDS[Entity(row["entity"])]
    hidden: tuple[str, ...] = ("base", "ours", "theirs") if row["field"] in sealed else ()
    if (row["decided_field"] or row["field"]) in sealed:
        hidden += ("decided_value",)
    facts.update({side: HIDDEN_VALUE for side in hidden if row[side] is not None})
    return facts


def masked(text: Any) -> Any:
    """Free text without the long numbers in it: somebody may have written an ID number or a phone into a remark."""
    return re.sub(r"\d{11,}", lambda number: "*" * len(number.group()), text) if isinstance(text, str) else text


def row_facts(row: Mapping[str, Any]) -> dict[str, Any]:
    """A row as a JSON object; columns that hold JSON text are opened."""
    return {name: _value(name, value) for name, value in row.items() if not isinstance(value, bytes)}


def moment(epoch_seconds: int | None) -> str:
    return local_text(epoch_seconds) if epoch_seconds is not None else "-"


def more_below(shown: int, limit: int) -> str:
    """What to say under a list that may go on."""
    return _(N_("There may be more: use --limit and --offset.")) if shown == limit else ""


def _value(name: str, value: Any) -> Any:
    if name in _JSON_COLUMNS and isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value
