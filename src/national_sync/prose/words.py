"""The engine's codes in the words of the people who decide about them."""

from __future__ import annotations

from typing import Final

from national_sync.i18n import N_, _

_WORDS: Final[dict[str, str]] = {
    # entities
    "team": N_("team"),
    "volunteer": N_("volunteer"),
    "membership": N_("membership"),
    "project": N_("project"),
    "hour_record": N_("hour record"),
    "training_record": N_("training record"),
    # actions
    "create": N_("add here"),
    "update": N_("change here"),
    "withdraw": N_("withdraw here"),
    "send_create": N_("add nationally"),
    "send_update": N_("change nationally"),
    "send_delete": N_("delete nationally"),
    "settle_deletion": N_("deleted on both sides"),
    # runs
    "nightly": N_("nightly"),
    "light": N_("light"),
    "manual": N_("by hand"),
    "running": N_("at work"),
    "finished": N_("finished"),
    "interrupted": N_("interrupted"),
    "failed": N_("failed"),
    # states of open items
    "open": N_("open"),
    "closed": N_("closed"),
    "approved": N_("approved"),
    "rejected": N_("rejected"),
    "executed": N_("executed"),
    "superseded": N_("superseded"),
    "replay": N_("to be tried again"),
    "solved": N_("solved"),
    "dropped": N_("dropped"),
    # how a mismatch ended
    "local": N_("our value kept"),
    "national": N_("the national value kept"),
    "cause_gone": N_("its cause is gone"),
    "restored": N_("the national value was put back"),
    # mismatches
    "both_edited": N_("both sides changed the same field"),
    "national_field_edited": N_("a field of the national side was changed here"),
    "audited_edit": N_("audited hours were changed here"),
    "deleted_here_edited_there": N_("deleted here, changed nationally"),
    "edited_here_deleted_there": N_("changed here, deleted nationally"),
    "missing_nationally": N_("no longer found nationally"),
    "hours_withdrawn": N_("effective hours were withdrawn nationally"),
    "unknown_reference": N_("names a record that is not here"),
    "unsendable_value": N_("holds a value that cannot be sent"),
    "not_a_whole_number": N_("not a whole number"),
    "not_text": N_("not text"),
    "invisible_characters": N_("invisible or direction-changing characters"),
    "unreadable": N_("unreadable text"),
    "refused_by_review": N_("refused by the national review"),
    "write_undone": N_("the national side keeps undoing our value"),
    "same_person_twice": N_("the same ID number twice"),
    "same_name_and_birth": N_("same name and birth date, perhaps one person"),
    "real_name_failed": N_("the real-name check failed"),
    "hours_not_span": N_("the hours differ from start and end"),
    "hours_overlap": N_("two records of one person overlap"),
    "hours_outside_project": N_("the hours lie outside the project's dates"),
    "total_not_sum": N_("the total differs from the sum of the records"),
    # guards
    "too_many_withdrawals": N_("too many records would be withdrawn"),
    "too_many_updates": N_("too many records would change"),
    "too_many_deletions": N_("too many records would be deleted nationally"),
    "total_dropped": N_("the national total dropped"),
    "mapping_changed": N_("the translation of fields changed"),
    "scope_changed": N_("the extent of the run changed"),
    # quarantine
    "missing_id": N_("has no id"),
    "malformed": N_("is malformed"),
    "unknown_field": N_("has an unknown field"),
    "missing_field": N_("lacks a field"),
    "bad_id_number": N_("has an impossible ID number"),
    "bad_date": N_("has an impossible date"),
    "bad_hours": N_("has impossible hours"),
    "end_before_start": N_("ends before it starts"),
    "unknown_code": N_("has an unknown code"),
    "bad_text": N_("has characters that cannot be kept"),
    "too_long": N_("is too long"),
    "two_records_one_id": N_("shares its id with another record"),
    # why a run stopped early
    "national_unavailable": N_("the national system cannot be reached"),
    "national_busy": N_("the national system asks us to slow down"),
    "circuit_open": N_("calls are paused after repeated failures"),
    "quota_spent": N_("today's call quota is spent"),
    "credentials_refused": N_("the application id or its signature was refused"),
    "clock_skewed": N_("the clocks differ"),
    "stop_requested": N_("it was asked to stop"),
    # nouns of messages
    "hold": N_("hold"),
    "mismatch": N_("mismatch"),
    "quarantine": N_("quarantined record"),
}


def word(code: str | None) -> str:
    """A code in words; a code without words stands for itself."""
    if not code:
        return ""
    return _(_WORDS[code]) if code in _WORDS else code
