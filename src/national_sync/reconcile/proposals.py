"""Which way out to propose for a mismatch, and why. Pure: no database, no clock."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from national_sync.i18n import N_, Phrase
from national_sync.sync.kinds import MismatchKind

CLOCKS_DIFFER_SECONDS: Final = 600
"""Two houses' clocks: moments that lie no further apart tell nothing about which came first."""


@dataclass(frozen=True)
class Proposal:
    """`choice` is None where nothing has to be chosen, or nothing speaks for either side."""

    choice: str | None
    reason: Phrase


@dataclass(frozen=True)
class Seen:
    """What is known of a mismatch. Values in plain; moments in UTC epoch seconds."""

    base: str | None = None
    ours: str | None = None
    theirs: str | None = None
    ours_at: int | None = None
    theirs_at: int | None = None


_BY_KIND: Final[Mapping[MismatchKind, tuple[str | None, str]]] = {
    MismatchKind.NATIONAL_FIELD_EDITED: (None, N_("The national value was put back; there is nothing to choose.")),
    MismatchKind.AUDITED_EDIT: (
        "national",
        N_("Audited hours are corrected by the national side only; ours can never be sent."),
    ),
    MismatchKind.DELETED_HERE_EDITED_THERE: (
        "national",
        N_(
            "Somebody has worked on the record there since; a record that comes back can be deleted again, not the reverse."
        ),
    ),
    MismatchKind.DELETED_WITH_RECORDS: (
        "national",
        N_("People's hours hang on it; bring it back unless they are deleted or moved first."),
    ),
    MismatchKind.EDITED_HERE_DELETED_THERE: (
        "national",
        N_("The record is gone there, so the edit has nowhere to go."),
    ),
    MismatchKind.MISSING_NATIONALLY: (
        "national",
        N_("Two full lists and a question by its number found nothing; ask the national side before you accept."),
    ),
    MismatchKind.MISSING_LOCALLY: (None, N_("The record is fetched again; this closes when it is here.")),
    MismatchKind.HOURS_WITHDRAWN: (
        "national",
        N_("The national audit counts; look first whether a star or an exchange rests on these hours."),
    ),
    MismatchKind.UNKNOWN_REFERENCE: (None, N_("It closes when what it names arrives; look into the quarantine first.")),
    MismatchKind.UNSENDABLE_VALUE: (
        "set",
        N_("The value as it stands can never be sent; give the right one, or take the national one back."),
    ),
    MismatchKind.REFUSED_BY_REVIEW: (
        "set",
        N_("Sent again as it is it would be refused again; correct what the reviewers name."),
    ),
    MismatchKind.WRITE_UNDONE: (
        "national",
        N_("Three times undone is no accident; find out who undoes it before ours is sent again."),
    ),
    MismatchKind.SAME_PERSON_TWICE: (
        None,
        N_("Have the two merged: national-sync volunteer duplicates. Accept only if it has to wait."),
    ),
    MismatchKind.SAME_NAME_AND_BIRTH: (
        "national",
        N_("Different ID numbers mostly mean two people; accept once you have checked."),
    ),
    MismatchKind.REAL_NAME_FAILED: (
        None,
        N_("The person has to correct name or ID number; it closes when the check passes."),
    ),
    MismatchKind.HOURS_NOT_SPAN: (
        None,
        N_("Ask the recording team for a correction; it closes when hours and times agree."),
    ),
    MismatchKind.HOURS_OVERLAP: (
        None,
        N_("Ask the recording teams which record is wrong; it closes when one is corrected."),
    ),
    MismatchKind.HOURS_OUTSIDE_PROJECT: (
        None,
        N_("Ask the recording team to correct the record or the project's dates; it closes then."),
    ),
    MismatchKind.TOTAL_NOT_SUM: (None, N_("Mostly the national total follows a day later, and this closes by itself.")),
    MismatchKind.STAR_DIFFERS: (
        None,
        N_("Apply nationally for the star certified here: national-sync star apply. It closes when both agree."),
    ),
    MismatchKind.BOOK_DIFFERS: (
        None,
        N_("See which is true. If the book: national-sync hours correct. If the record: have the book corrected."),
    ),
    MismatchKind.TRANSFER_HALF_DONE: (None, N_("It closes when the transfer is completed or called off.")),
}


def propose(kind: MismatchKind, seen: Seen) -> Proposal:
    """The way out that the facts speak for."""
    if kind is MismatchKind.BOTH_EDITED:
        return _between(seen)
    choice, reason = _BY_KIND[kind]
    return Proposal(choice, Phrase(reason))


def _between(seen: Seen) -> Proposal:
    """Two people entered different values."""
    if _alike(seen.ours) == _alike(seen.theirs):
        return Proposal("national", Phrase(N_("Both say the same, but for blanks, width or case.")))
    if not seen.theirs:
        return Proposal("local", Phrase(N_("The national side has no value, and here is one.")))
    if not seen.ours:
        return Proposal("national", Phrase(N_("There is no value here, and the national side has one.")))
    if _alike(seen.theirs) in _alike(seen.ours):
        return Proposal("local", Phrase(N_("Ours says what theirs says, and more.")))
    if _alike(seen.ours) in _alike(seen.theirs):
        return Proposal("national", Phrase(N_("Theirs says what ours says, and more.")))
    if seen.ours_at is not None and seen.theirs_at is not None:
        later = seen.ours_at - seen.theirs_at
        if later > CLOCKS_DIFFER_SECONDS:
            return Proposal("local", Phrase(N_("Ours was entered later.")))
        if later < -CLOCKS_DIFFER_SECONDS:
            return Proposal("national", Phrase(N_("Theirs was entered later.")))
    return Proposal(
        "national", Phrase(N_("Nothing speaks for either; the national record is the one that others see."))
    )


def _alike(value: str | None) -> str:
    """A value without what two typists do differently."""
    return "".join(unicodedata.normalize("NFKC", value or "").casefold().split())
