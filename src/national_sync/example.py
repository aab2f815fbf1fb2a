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
from national_sync.settings import NationalTable, Settings
from national_sync.settings_file import ENVIRONMENT_PREFIX

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
    "stars": N_("The yearly certification of stars (clauses A1 and A2)."),
    "stars.notice_working_days": N_("working days of public notice before the three bodies certify"),
    "stars.exchange_reduces_stars": N_("hours that are spent stay recorded, so they never lower a star"),
    "stars.rules": N_("How hours become stars, from this day on; another table holds from its own day on."),
    "stars.rules.basis": N_("accumulated: all recorded hours; calendar_year: those of the year of the cut-off"),
    "stars.rules.hours": N_("hours for one, two, three, four and five stars"),
    "stars.rules.states": N_("the states of hour records that count"),
    "stars.rules.kinds": N_("the kinds that count: credit hours, honour hours"),
    "calendar": N_("Days that differ from the national calendar, or that it does not know yet."),
    "calendar.holidays": N_("days off, as 2027-02-08"),
    "calendar.workdays": N_("Saturdays and Sundays on which the office works"),
    "registration": N_("Who may register, and who approves it (clauses R2 and R5)."),
    "registration.youngest": N_("from this birthday on without a guardian"),
    "registration.oldest": N_("up to this birthday without a statement of fitness"),
    "registration.federation_counties": N_("where the federation approves; elsewhere the county's civilisation office"),
    "assessment": N_("What units and stations are measured against (clauses R3, S5-S7)."),
    "assessment.city_counties": N_("the divisions of the built-up city"),
    "assessment.registration_percent": N_("Registered volunteers in percent of a unit's head count, by its kind."),
    "assessment.registration_percent.government": N_("government bodies and people's organisations, all staff"),
    "assessment.registration_percent.institution": N_("public institutions, all staff"),
    "assessment.registration_percent.college": N_("colleges and senior high schools, staff and students"),
    "assessment.registration_percent.school": N_("junior high and primary schools, kindergartens, teachers"),
    "assessment.registration_percent.company": N_("companies, staff"),
    "assessment.yearly_hours": N_("Average hours of a unit's volunteers in a year."),
    "assessment.yearly_hours.city_unit": N_("units and colleges of the built-up city"),
    "assessment.yearly_hours.city_company": N_("companies of the built-up city"),
    "assessment.yearly_hours.other_county": N_("units and companies of the other counties"),
    "exchange": N_("Which hours can be spent, until when, and how often (clause E2)."),
    "exchange.admitted_methods": N_("how the hours were recorded; by default by the volunteer's own sign-in only"),
    "exchange.admitted_kinds": N_("credit hours, honour hours"),
    "exchange.counts_from": N_("service from this day on"),
    "exchange.waiting_days": N_("days in which hours entered afterwards (team, application) can be objected to first"),
    "exchange.rates": N_("percent by category of the project, as '0017 150'; otherwise 100"),
    "exchange.activity_cap_minutes": N_("minutes that one activity counts for a person at most; 0: no cap"),
    "exchange.expiry": N_("none: never; months: so long after the service; year_end: on 31 December"),
    "exchange.expiry_months": N_("with expiry = months"),
    "exchange.at_least_days": N_("days for which hours that arrive late can be spent all the same"),
    "exchange.limits": N_("for each person, as '2 per offer', '1 per day', '3 per merchant per month'"),
    "exchange.hold_seconds": N_("seconds to confirm a redemption in"),
    "exchange.wrong_codes": N_("voucher codes that a device may guess wrong in ten minutes"),
    "exchange.stale_hours": N_("a kiosk lets nobody spend hours when the last run is older than so many hours"),
    "exchange.far_apart_minutes": N_("redemptions of one person in two counties within so many minutes are reviewed"),
    "exchange.burst_pieces": N_("more pieces than this for one person in an hour are reviewed"),
    "transfer": N_("Transfers between teams (clauses X1-X3)."),
    "transfer.working_days": N_("working days in which a transfer is to be done, from the day after the request"),
    "transfer.tries": N_("refusals by the national side, one a run, after which a person decides"),
    "recording": N_("Entering hours, and until when (clause S2)."),
    "recording.due_working_days": N_("working days in which hours are to be recorded, from the day after the service"),
    "recording.shortest_minutes": N_("a stretch of service lasts at least so long"),
    "recording.longest_hours": N_("and at most so long; a calendar day allows 24"),
    "recording.most_periods": N_("stretches of one person on one day that can wait here to be sent"),
    "teams": N_("Teams and memberships."),
    "teams.most_per_person": N_("teams in which one person can be at a time, applications included"),
    "stations": N_("Stations (clause S6)."),
    "stations.hours_a_day": N_("hours that are recorded at least on a day on which a station is open"),
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


def _policy_table(table: BaseModel, path: str, commented: str = "") -> Iterator[str]:
    """`commented` is the path under which the comments are kept, where it is another."""
    prefix, commented = (f"{path}." if path else ""), commented or path
    values = {name: getattr(table, name) for name in type(table).model_fields}
    if path:
        yield ""
        yield from _comment(POLICY_COMMENTS[commented])
    plain = {name: value for name, value in values.items() if not isinstance(value, BaseModel | dict)}
    if path and (plain or not values):
        yield f"[{path}]"
    for name, value in plain.items():
        yield from _comment(POLICY_COMMENTS.get(f"{commented}.{name}" if commented else name, ""))
        yield f"{name} = {toml_value(value)}"
    for name, value in values.items():
        if isinstance(value, BaseModel):
            yield from _policy_table(value, prefix + name)
        elif isinstance(value, dict):
            for key, each in value.items():
                yield from _policy_table(each, f"{prefix}{name}.{key}", prefix + name)


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
