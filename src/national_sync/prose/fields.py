"""The mirror's columns in the words of the forms that people fill in."""

from __future__ import annotations

from collections.abc import Collection
from typing import Final

from national_sync.i18n import N_, Phrase, _, translated

_FIELDS: Final[dict[str, str]] = {
    "account_state": N_("account state"),
    "address": N_("address"),
    "applied_at": N_("applied at"),
    "area_id": N_("division"),
    "birth_date": N_("birth date"),
    "body_type": N_("kind of body"),
    "categories": N_("service categories"),
    "closed_on": N_("last day"),
    "contact_name": N_("contact"),
    "contact_organisation": N_("contact's organisation"),
    "contact_phone": N_("contact's phone"),
    "content": N_("content"),
    "education": N_("education"),
    "ended_at": N_("end"),
    "entered_at": N_("entered at"),
    "ethnicity": N_("ethnicity"),
    "fitness_stated_on": N_("fitness stated on"),
    "form": N_("form of teaching"),
    "guardian_consented_on": N_("guardian's consent on"),
    "guardian_name": N_("guardian"),
    "guardian_phone": N_("guardian's phone"),
    "held_on": N_("day"),
    "id_number": N_("ID number"),
    "id_type": N_("kind of ID"),
    "is_valid": N_("valid"),
    "join_rule": N_("rule of joining"),
    "joined_at": N_("joined at"),
    "kind": N_("kind"),
    "leader_name": N_("leader"),
    "leader_number": N_("leader's volunteer number"),
    "living_area_id": N_("home division code"),
    "living_area_name": N_("home division"),
    "member_count": N_("members"),
    "method": N_("way of recording"),
    "migration_state": N_("migration state"),
    "mode": N_("form of training"),
    "name": N_("name"),
    "national_id": N_("national id"),
    "nationality": N_("nationality"),
    "number": N_("number"),
    "occupation": N_("occupation"),
    "opened_on": N_("first day"),
    "organised_by": N_("given by"),
    "organiser": N_("organiser"),
    "people_served": N_("people served"),
    "phone": N_("phone"),
    "place": N_("place"),
    "politics": N_("political affiliation"),
    "project_id": N_("project"),
    "proof": N_("proof"),
    "real_name_state": N_("real-name check"),
    "record": N_("record"),
    "record_office": N_("record office"),
    "recruit_from": N_("recruiting from"),
    "recruit_scope": N_("recruiting whom"),
    "recruit_until": N_("recruiting until"),
    "recruiting_body": N_("recruiting body"),
    "recruiting_kind": N_("recruited by"),
    "registered_at": N_("registered at"),
    "remark": N_("remark"),
    "service_area_id": N_("service area code"),
    "service_area_name": N_("service area"),
    "service_fields": N_("service fields"),
    "service_seconds": N_("service hours"),
    "service_seconds_per_day": N_("hours a day"),
    "sex": N_("sex"),
    "skills": N_("skills"),
    "star": N_("star"),
    "star_application_state": N_("application for the star"),
    "started_at": N_("start"),
    "state": N_("state"),
    "station_kind": N_("kind of place"),
    "team_id": N_("team"),
    "team_type": N_("kind of team"),
    "topic": N_("topic"),
    "total_seconds": N_("total hours"),
    "training_date": N_("training date"),
    "training_seconds": N_("training hours"),
    "unit_level": N_("level of the unit"),
    "unit_name": N_("unit"),
    "volunteer_id": N_("volunteer"),
    "withdrawn_at": N_("withdrawn at"),
}


def column_named(written: str, columns: Collection[str]) -> str:
    """The column that a person means, by its name or by its words in either language; what is none stays as written."""
    if written in columns:
        return written
    meant = " ".join(written.split()).casefold()
    return next((one for one in sorted(columns) if meant in _names(one)), written)


def _names(column: str) -> set[str]:
    words = _FIELDS.get(column, column)
    return {words.casefold(), translated(words, "zh").casefold()}


def field_name(column: str) -> str:
    """A column in words; one without words stands for itself."""
    return _(_FIELDS[column]) if column in _FIELDS else column


def field_phrase(column: str) -> Phrase:
    """The same, to be said later in whatever language is in use then."""
    return Phrase(_FIELDS.get(column, column))
