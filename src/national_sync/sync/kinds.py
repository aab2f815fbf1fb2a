"""Every kind of mismatch, and what may be chosen about it. Pure, and light to import."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Final


class MismatchKind(StrEnum):
    """Every kind of difference that is shown to a person."""

    BOTH_EDITED = "both_edited"
    NATIONAL_FIELD_EDITED = "national_field_edited"
    AUDITED_EDIT = "audited_edit"
    DELETED_HERE_EDITED_THERE = "deleted_here_edited_there"
    DELETED_WITH_RECORDS = "deleted_with_records"
    EDITED_HERE_DELETED_THERE = "edited_here_deleted_there"
    MISSING_NATIONALLY = "missing_nationally"
    MISSING_LOCALLY = "missing_locally"
    HOURS_WITHDRAWN = "hours_withdrawn"
    UNKNOWN_REFERENCE = "unknown_reference"
    UNSENDABLE_VALUE = "unsendable_value"
    REFUSED_BY_REVIEW = "refused_by_review"
    WRITE_UNDONE = "write_undone"
    SAME_PERSON_TWICE = "same_person_twice"
    SAME_NAME_AND_BIRTH = "same_name_and_birth"
    REAL_NAME_FAILED = "real_name_failed"
    HOURS_NOT_SPAN = "hours_not_span"
    HOURS_OVERLAP = "hours_overlap"
    HOURS_OUTSIDE_PROJECT = "hours_outside_project"
    TOTAL_NOT_SUM = "total_not_sum"
    STAR_DIFFERS = "star_differs"
    BOOK_DIFFERS = "book_differs"
    TRANSFER_HALF_DONE = "transfer_half_done"


DECISIONS: Final[Mapping[MismatchKind, tuple[str, ...]]] = {
    MismatchKind.BOTH_EDITED: ("local", "national", "set"),
    MismatchKind.AUDITED_EDIT: ("national",),
    MismatchKind.DELETED_HERE_EDITED_THERE: ("local", "national"),
    MismatchKind.DELETED_WITH_RECORDS: ("national",),
    MismatchKind.EDITED_HERE_DELETED_THERE: ("national",),
    MismatchKind.MISSING_NATIONALLY: ("national",),
    MismatchKind.HOURS_WITHDRAWN: ("national",),
    MismatchKind.REFUSED_BY_REVIEW: ("local", "national", "set"),
    MismatchKind.WRITE_UNDONE: ("local", "national", "set"),
    MismatchKind.UNSENDABLE_VALUE: ("national", "set"),
    MismatchKind.SAME_PERSON_TWICE: ("national",),
    MismatchKind.SAME_NAME_AND_BIRTH: ("national",),
    MismatchKind.REAL_NAME_FAILED: ("national",),
    MismatchKind.HOURS_NOT_SPAN: ("national",),
    MismatchKind.HOURS_OVERLAP: ("national",),
    MismatchKind.HOURS_OUTSIDE_PROJECT: ("national",),
    MismatchKind.TOTAL_NOT_SUM: ("national",),
    MismatchKind.STAR_DIFFERS: ("national",),
    MismatchKind.BOOK_DIFFERS: ("national",),
    MismatchKind.TRANSFER_HALF_DONE: ("local", "national"),
}
"""What a person may choose. A kind that is missing closes only when its cause is gone."""

FIELD_KINDS: Final = frozenset({MismatchKind.BOTH_EDITED, MismatchKind.WRITE_UNDONE})
"""Two values of one field, of which either can be kept and put back."""

VALUE_KINDS: Final = FIELD_KINDS | {MismatchKind.AUDITED_EDIT, MismatchKind.UNSENDABLE_VALUE}
"""Which tell the value that a field holds here, where they are about a field."""

ACCEPT_KINDS: Final = frozenset(
    {
        MismatchKind.MISSING_NATIONALLY,
        MismatchKind.HOURS_WITHDRAWN,
        MismatchKind.SAME_PERSON_TWICE,
        MismatchKind.SAME_NAME_AND_BIRTH,
        MismatchKind.REAL_NAME_FAILED,
        MismatchKind.HOURS_NOT_SPAN,
        MismatchKind.HOURS_OVERLAP,
        MismatchKind.HOURS_OUTSIDE_PROJECT,
        MismatchKind.TOTAL_NOT_SUM,
        MismatchKind.STAR_DIFFERS,
        MismatchKind.BOOK_DIFFERS,
    }
)
"""Where `national` means seen and accepted: nothing is written on either side."""
