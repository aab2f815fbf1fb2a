"""Why each kind of mismatch comes about, in a line for the person who decides. At length: docs/mismatches.md."""

from __future__ import annotations

from typing import Final

from national_sync.i18n import N_, _

_CAUSES: Final[dict[str, str]] = {
    "both_edited": N_("two people entered different values; both are kept until one is chosen"),
    "national_field_edited": N_("only the national side may change it"),
    "audited_edit": N_("after the audit only the national side corrects hours; nothing was sent"),
    "deleted_here_edited_there": N_("deleting it there too would lose what was entered there"),
    "deleted_with_records": N_("deleting it there would take the hours of the people in it along; nothing was sent"),
    "edited_here_deleted_there": N_("the edit has no record left to go to; it is kept aside"),
    "missing_nationally": N_("two full lists do not show it, nor is it marked deleted"),
    "missing_locally": N_("the row was removed without a trace; it is fetched again"),
    "transfer_half_done": N_("one team has let the person go and the other has not taken them yet"),
    "hours_withdrawn": N_("a star or an exchange may rest on them"),
    "unknown_reference": N_("it waits until the record that it names can be taken in"),
    "unsendable_value": N_(
        "another program wrote what is no number or no readable text; correct it where it was written"
    ),
    "refused_by_review": N_("the reasons stand below"),
    "write_undone": N_("sent three times and undone each time; it is not sent again"),
    "same_person_twice": N_("registered in the old and in the new form of the number"),
    "same_name_and_birth": N_("the ID numbers differ; please compare"),
    "real_name_failed": N_("they can join no team before it is put right nationally"),
    "hours_not_span": N_("more was recorded than lies between start and end, or less"),
    "hours_overlap": N_("nobody serves in two places at once"),
    "hours_outside_project": N_("the project had not begun, or was over"),
    "book_differs": N_("the team's record book says otherwise, or does not have the record"),
    "star_differs": N_("the star has not been applied for there yet, or was given by other figures"),
    "total_not_sum": N_("mostly the national total comes a day late; then this closes itself"),
}


def cause(kind: str) -> str:
    """The line for a kind of mismatch; empty for a kind without one."""
    return _(_CAUSES[kind]) if kind in _CAUSES else ""
