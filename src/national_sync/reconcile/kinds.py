"""The kinds of mismatch as a person meets them: cause, ways out, when it closes by itself. At length: docs/mismatches.md."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from national_sync.i18n import N_, _, say
from national_sync.prose.causes import cause
from national_sync.prose.words import word
from national_sync.reconcile.proposals import Seen, propose
from national_sync.sync.kinds import ACCEPT_KINDS, DECISIONS, MismatchKind


@dataclass(frozen=True)
class Explanation:
    """Catalogue keys."""

    closes: str
    """When it closes by itself."""
    ways: Mapping[str, str] = field(default_factory=dict)
    """By choice: what it does. A kind whose only choice is to accept needs none."""


_ACCEPT: Final = N_("Seen and accepted: nothing changes on either side, and it is not brought up again.")
_SET: Final = N_("The value you give is written here and goes out with the next push.")
_SEND: Final = N_("Ours stays and goes out with the next push.")
_TAKE: Final = N_("Theirs is taken; ours is given up.")
_DROP_EDITS: Final = N_("What was edited here is given up.")
_DROP_FIELD: Final = N_(
    "What was entered in this field is given up; a record that the national side has not yet is withdrawn here."
)

_KINDS: Final[Mapping[MismatchKind, Explanation]] = {
    MismatchKind.BOTH_EDITED: Explanation(
        N_("both sides hold the same value again"), {"local": _SEND, "national": _TAKE, "set": _SET}
    ),
    MismatchKind.NATIONAL_FIELD_EDITED: Explanation(N_("at once: the national value was put back")),
    MismatchKind.AUDITED_EDIT: Explanation(
        N_("the edit is taken back here, or both sides agree"),
        {"national": N_("The edit here is given up; a record that was deleted here comes back.")},
    ),
    MismatchKind.DELETED_HERE_EDITED_THERE: Explanation(
        N_("the record is deleted there too"),
        {
            "local": N_("The record is deleted there too, with what was entered there."),
            "national": N_("The record comes back here as it is there."),
        },
    ),
    MismatchKind.DELETED_WITH_RECORDS: Explanation(
        N_("no hours of the record are left; then the deletion goes out"),
        {"national": N_("The record comes back here as it was.")},
    ),
    MismatchKind.EDITED_HERE_DELETED_THERE: Explanation(
        N_("the record comes back, or the edits here are taken back"), {"national": _DROP_EDITS}
    ),
    MismatchKind.MISSING_NATIONALLY: Explanation(N_("the record comes back")),
    MismatchKind.MISSING_LOCALLY: Explanation(N_("the record is here again")),
    MismatchKind.HOURS_WITHDRAWN: Explanation(N_("the hours are effective again")),
    MismatchKind.UNKNOWN_REFERENCE: Explanation(N_("what it names arrives, or the record is deleted there")),
    MismatchKind.UNSENDABLE_VALUE: Explanation(
        N_("the value is corrected or taken back here"), {"national": _DROP_FIELD, "set": _SET}
    ),
    MismatchKind.REFUSED_BY_REVIEW: Explanation(
        N_("a later write of that record is accepted"),
        {
            "local": N_("The same is sent once more."),
            "national": N_(
                "It is not sent again: edits are given up, a new record is withdrawn, a deletion is undone."
            ),
            "set": _SET,
        },
    ),
    MismatchKind.WRITE_UNDONE: Explanation(
        N_("the edit is taken back here, or theirs becomes the same"),
        {"local": N_("Ours is sent again."), "national": _TAKE, "set": _SET},
    ),
    MismatchKind.SAME_PERSON_TWICE: Explanation(N_("one of the two is gone")),
    MismatchKind.SAME_NAME_AND_BIRTH: Explanation(N_("one of the two changes or is gone")),
    MismatchKind.REAL_NAME_FAILED: Explanation(N_("the check passes")),
    MismatchKind.HOURS_NOT_SPAN: Explanation(N_("hours and times agree")),
    MismatchKind.HOURS_OVERLAP: Explanation(N_("the records no longer overlap")),
    MismatchKind.HOURS_OUTSIDE_PROJECT: Explanation(N_("the hours lie within the project's dates")),
    MismatchKind.TOTAL_NOT_SUM: Explanation(N_("the total and the sum of the records agree")),
    MismatchKind.STAR_DIFFERS: Explanation(N_("both sides show the same star")),
    MismatchKind.BOOK_DIFFERS: Explanation(N_("the record book and the record agree, at the next comparison")),
    MismatchKind.TRANSFER_HALF_DONE: Explanation(
        N_("the transfer is completed or called off"),
        {
            "local": N_("The transfer goes on: what was refused is tried again."),
            "national": N_("The transfer is called off: the person is put back into the old team."),
        },
    ),
}


def choices_of(kind: MismatchKind) -> tuple[str, ...]:
    return DECISIONS.get(kind, ())


def way(kind: MismatchKind, choice: str) -> str:
    """What a choice does, in words."""
    return _(_ACCEPT if kind in ACCEPT_KINDS else _KINDS[kind].ways[choice])


def explained(kind: MismatchKind) -> dict[str, Any]:
    """Everything there is to know about a kind, in words."""
    proposal = propose(kind, Seen())
    return {
        "kind": kind.value,
        "name": word(kind.value),
        "cause": cause(kind.value),
        "choices": {choice: way(kind, choice) for choice in choices_of(kind)},
        "proposal": proposal.choice,
        "reason": _by_the_facts() if kind is MismatchKind.BOTH_EDITED else say(proposal.reason),
        "closes": _(_KINDS[kind].closes),
    }


def _by_the_facts() -> str:
    return _(N_("It depends: the fuller value is proposed, or else the later one."))
