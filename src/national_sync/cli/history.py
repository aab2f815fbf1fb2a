"""`national-sync history`: every value a record has had, and where each came from."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.command import Command, Option
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.cli.rows import moment
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours
from national_sync.prose.codes import code_word
from national_sync.prose.fields import field_name
from national_sync.prose.layout import table
from national_sync.prose.words import word

if TYPE_CHECKING:
    from national_sync.provenance import Change
    from national_sync.records import Entity

_ENTITIES: Final = {
    "volunteer": "volunteer",
    "team": "team",
    "membership": "membership",
    "project": "project",
    "hour": "hour_record",
    "training": "training_record",
}
_DAY: Final = "%Y-%m-%d"


class _Moment(click.ParamType[int]):
    """A day, which means its end, or a moment, in the time of Puer; as UTC epoch seconds."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        from national_sync.clock import PUER_TIME

        for form in (_DAY, "%Y-%m-%d %H:%M", "%Y-%m-%d %H:%M:%S"):
            try:
                found = datetime.strptime(str(value), form).replace(tzinfo=PUER_TIME)
            except ValueError:
                continue
            return int(found.timestamp()) + (86_399 if form == _DAY else 0)
        words = _(N_("{given} is neither a day such as 2026-03-01 nor a moment such as 2026-03-01 08:30."), given=value)
        raise click.BadParameter(words, ctx, param)


@click.command(
    cls=Command, help=N_("Show every value a record has had: when, from which side, by which run or person.")
)
@click.argument("kind", type=click.Choice(list(_ENTITIES)))
@click.argument("record", metavar="NO|NATIONAL-ID|NUMBER")
@click.option("--field", cls=Option, metavar="COLUMN", help=N_("Only this field, such as phone."))
@click.option("--as-of", cls=Option, type=_Moment(), metavar="DATE", help=N_("Show the record as it stood then."))
@pass_invocation
def history(invocation: Invocation, /, kind: str, record: str, field: str | None, as_of: int | None) -> None:
    from national_sync import provenance
    from national_sync.operators.rights import Right, require
    from national_sync.records import Entity

    entity = Entity(_ENTITIES[kind])
    _check_field(entity, field)
    started = invocation.open()
    sealer = started.sealer()
    with started.database() as database, database.read() as connection:
        reader = invocation.reader(connection)
        row_id = provenance.find_record(connection, entity, record)
        require(reader, Right.READ, county=provenance.county_of_record(connection, entity, row_id))
        facts: dict[str, Any] = {"entity": entity.value, "row_id": row_id}
        if as_of is None:
            changes = provenance.history_of(connection, sealer, entity, row_id)
            facts["changes"] = [_change_facts(entity, one) for one in changes if field in (None, one.field)]
        else:
            facts |= _standing_facts(entity, provenance.as_of(connection, sealer, entity, row_id, as_of), field)
            facts["as_of"] = as_of
    invocation.answer(facts, lambda: _history_in_words(facts) if as_of is None else _standing_in_words(facts))


def _check_field(entity: Entity, field: str | None) -> None:
    from national_sync.store.history_triggers import kept_columns

    columns = kept_columns(entity)[:-1]
    if field is not None and field not in columns:
        words = N_("A {entity} has no field {field}. It has: {columns}")
        raise click.UsageError(_(words, entity=word(entity), field=field, columns=", ".join(columns)))


def _change_facts(entity: Entity, change: Change) -> dict[str, Any]:
    return {
        "field": change.field,
        "old": _public(entity, change.field, change.old),
        "new": _public(entity, change.field, change.new),
        "at": change.at,
        "side": change.side.value,
        "run_id": change.run_id,
        "actor": change.actor,
    }


def _standing_facts(entity: Entity, stood: Any, field: str | None) -> dict[str, Any]:
    if not isinstance(stood, Mapping):
        return {"state": str(stood), "record": None}
    shown = {name: _public(entity, name, value) for name, value in stood.items() if field in (None, name)}
    return {"state": "here", "record": shown}


def _public(entity: Entity, column: str, value: Any) -> Any:
    """A value without what is personal in it."""
    from national_sync.provenance import NOT_KEPT
    from national_sync.reconcile.showing import masked, without_numbers
    from national_sync.records import SEALED_FIELDS

    if not isinstance(value, str) or value == NOT_KEPT:
        return value
    if column in SEALED_FIELDS[entity]:
        return masked(value)
    return value if column.endswith(("area_id", "national_id", "number")) else without_numbers(value)


# In words


def _history_in_words(facts: Mapping[str, Any]) -> str:
    if not facts["changes"]:
        return _(N_("This field has always been empty."))
    headings = [_(N_("When")), _(N_("Field")), _(N_("Before")), _(N_("After")), _(N_("From"))]
    rows = [
        (
            moment(change["at"])[:16],
            field_name(change["field"]),
            _shown(change["field"], change["old"]),
            _shown(change["field"], change["new"]),
            _origin(change),
        )
        for change in facts["changes"]
    ]
    return "\n".join([_heading(facts), "", table(headings, rows)])


def _standing_in_words(facts: Mapping[str, Any]) -> str:
    day = moment(facts["as_of"])
    match facts["state"]:
        case "not_here_yet":
            return _(N_("{record} was not here yet on {moment}."), record=_heading(facts), moment=day)
        case "deleted":
            return _(N_("{record} was deleted before {moment}."), record=_heading(facts), moment=day)
    rows = [(field_name(name), _shown(name, value)) for name, value in facts["record"].items()]
    title = _(N_("{record} as it stood on {moment}"), record=_heading(facts), moment=day)
    return "\n".join([title, "", table([_(N_("Field")), _(N_("Value"))], rows)])


def _heading(facts: Mapping[str, Any]) -> str:
    return _(N_("{entity} {id}"), entity=word(facts["entity"]), id=facts["row_id"])


def _origin(change: Mapping[str, Any]) -> str:
    side = word(f"side_{change['side']}")
    if change["actor"]:
        return f"{side} {change['actor']}"
    return f"{side} {word('run')} {change['run_id']}" if change["run_id"] else side


def _shown(column: str, value: Any) -> str:
    from national_sync.provenance import NOT_KEPT, RECORD

    if value is None:
        return "-"
    if value == NOT_KEPT:
        return _(N_("(not kept)"))
    if isinstance(value, int):
        return _number_shown(column, value)
    return word(value) if column == RECORD else code_word(column, value)


def _number_shown(column: str, number: int) -> str:
    if column.endswith("_at") or column.startswith("recruit_"):
        return moment(number)
    return hours(number) if column.endswith("_seconds") else str(number)
