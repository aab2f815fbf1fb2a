"""A run's report and a plan in plain words, from the same facts that `--json` prints."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from national_sync.i18n import N_, _, joined
from national_sync.prose.layout import table
from national_sync.prose.words import word

_PULLED: Final = ("created", "updated", "withdrawn", "waiting")
_PUSHED: Final = ("create", "update", "delete")
_MOST_SHOWN: Final = 50
"""A screenful or two; --json has them all."""


def run_in_words(facts: Mapping[str, Any]) -> str:
    """What came in, what went out, what needs a person, and what to type next."""
    lines = [
        _(
            N_("Run {run} ({kind}) took {seconds} s and {calls} calls."),
            run=facts["run"],
            kind=word(facts["kind"]),
            seconds=facts["seconds"],
            calls=facts["calls"],
        ),
        "",
        _movements(facts),
        "",
        *troubles_in_words(facts),
        *_for_a_person(facts),
        _(N_("Audit: {head}"), head=facts["audit_head"]) if facts.get("audit_head") else "",
    ]
    return "\n".join(lines).rstrip()


def _movements(facts: Mapping[str, Any]) -> str:
    """One table for each direction, a line for each entity that moved in it."""
    came_in = [_(N_("Came in")), _(N_("read")), _(N_("new")), _(N_("changed")), _(N_("withdrawn")), _(N_("waiting"))]
    went_out = [_(N_("Went out")), _(N_("new")), _(N_("changed")), _(N_("deleted"))]
    tables = [
        _table_of(came_in, facts["pulled"], ("seen", *_PULLED)),
        _table_of(went_out, facts["pushed"], _PUSHED),
    ]
    return "\n\n".join(filter(None, tables)) or _(N_("Nothing moved."))


def _table_of(headings: list[str], moved: Mapping[str, Mapping[str, int]], names: Sequence[str]) -> str:
    rows = [(word(entity), *(counts.get(name, 0) for name in names)) for entity, counts in moved.items()]
    return table(headings, rows) if rows else ""


def troubles_in_words(facts: Mapping[str, Any]) -> list[str]:
    """What did not go as wished, each with what becomes of it."""
    sentences = (
        (facts["refused"], N_("Writes refused by the national side: {count}; see the mismatches.")),
        (facts["unknown"], N_("Writes without a certain answer: {count}; the next run looks them up first.")),
        (facts["pending"], N_("Writes under national review: {count}.")),
        (facts["not_sent"], N_("Writes not sent: {count}; the next run sends them.")),
        (facts["sealed"], N_("Personal values that other programs wrote plain, now sealed: {count}.")),
        (facts["decided"], N_("Decisions carried out: {count}.")),
        (
            facts.get("decisions_withdrawn", 0),
            N_(
                "Decisions withdrawn, because their facts have changed: {count}. Decide anew: national-sync mismatch list"
            ),
        ),
    )
    lines = [_(sentence, count=count) for count, sentence in sentences if count]
    if facts["stopped"]:
        lines.append(_(N_("The run stopped early ({reason}); progress is kept."), reason=word(facts["stopped"])))
    for difference in facts["differences"]:
        lines.append(
            _(
                N_("The sides count differently: {entity}, {ours} here, {theirs} nationally."),
                entity=word(difference["entity"]),
                ours=difference["ours"],
                theirs=difference["theirs"],
            )
        )
    return lines


def _for_a_person(facts: Mapping[str, Any]) -> list[str]:
    new, opened = sum(facts["mismatches_new"].values()), facts["mismatches_open"]
    lines = []
    if opened:
        lines.append(
            _(
                N_("Mismatches to be decided: {count} ({new} new). Look at them: national-sync mismatch list"),
                count=sum(opened.values()),
                new=new,
            )
        )
        lines += [f"  {count:>6}  {word(kind)}" for kind, count in opened.items()]
    lines += waiting_in_words(holds=facts["holds_open"], quarantine=facts["quarantined_open"])
    return lines or [_(N_("Nothing waits for a person."))]


def waiting_in_words(*, holds: int, quarantine: int, mismatches: int = 0) -> list[str]:
    """What waits for a person, each with the command that shows it."""
    sentences = (
        (mismatches, N_("Mismatches to be decided: {count}. Look at them: national-sync mismatch list")),
        (holds, N_("Plans waiting for approval: {count}. Look at them: national-sync hold list")),
        (quarantine, N_("Records in quarantine: {count}. Look at them: national-sync quarantine list")),
    )
    return [_(sentence, count=count) for count, sentence in sentences if count]


def operations_in_words(operations: Mapping[str, int], *, is_running: bool = False) -> list[str]:
    """Writes that are not settled yet, and what becomes of them."""
    counts = dict(operations)
    sending = counts.pop("in_flight", 0)
    if not is_running:
        # Nobody is sending: the run that was has not heard the answer.
        counts["unknown"] = counts.get("unknown", 0) + sending
        sending = 0
    sentences = (
        (sending, N_("Writes being sent now: {count}.")),
        (counts.get("unknown", 0), N_("Writes without a certain answer: {count}; the next run looks them up first.")),
        (counts.get("pending", 0), N_("Writes under national review: {count}.")),
        (counts.get("planned", 0), N_("Writes not sent: {count}; the next run sends them.")),
    )
    return [_(sentence, count=count) for count, sentence in sentences if count]


def plan_in_words(facts: Mapping[str, Any]) -> str:
    rows = [
        (word(entity), word(action), count)
        for entity, counts in facts["counts"].items()
        for action, count in counts.items()
        if count
    ]
    operations = operations_in_words(facts["operations"])
    if not rows:
        return "\n".join([*operations, _(N_("Both sides agree; a run would change nothing."))])
    total = sum(count for _entity, _action, count in rows)
    lines = [table([_(N_("About")), _(N_("Action")), _(N_("Records"))], rows), ""]
    lines += facts["lines"]
    if total > len(facts["lines"]):
        lines.append(_(N_("… and {count} more"), count=total - len(facts["lines"])))
    lines += [
        "",
        *operations,
        _(N_("Plan: {plan}"), plan=facts["plan_hash"]),
        _(N_("Nothing was written. Carry it out with: national-sync sync run")),
    ]
    return "\n".join(lines)


def verify_in_words(facts: Mapping[str, Any]) -> str:
    headings = [
        _(N_("About")),
        _(N_("different")),
        _(N_("only here")),
        _(N_("explained")),
    ]
    rows = [
        (word(entity), count, facts["only_here"].get(entity, 0), facts["explained"].get(entity, 0))
        for entity, count in facts["differing"].items()
    ]
    lines = [table(headings, rows), "", *_verify_columns(), ""]
    if facts["not_exact"]:
        names = joined(word(entity) for entity in facts["not_exact"])
        lines.append(_(N_("The list shifted while it was read, so absences were not judged: {names}"), names=names))
    if facts["sides_agree"]:
        lines.append(_(N_("Both sides agree: every difference is explained by an open item.")))
    else:
        unexplained = facts["unexplained"]
        lines.append(_(N_("Differences that nothing explains: {count}"), count=len(unexplained)))
        lines += [f"  {word(row['entity'])} {row['national_id'] or row['row_id']}" for row in unexplained[:_MOST_SHOWN]]
        if len(unexplained) > _MOST_SHOWN:
            lines.append(_(N_("… and {count} more"), count=len(unexplained) - _MOST_SHOWN))
        lines.append(_(N_("Read everything again: national-sync sync run --full")))
    return "\n".join(lines)


def _verify_columns() -> list[str]:
    return [
        _(N_("different: the national side says something else than we have, or has a record that is missing here")),
        _(N_("only here: the complete national list does not show the record")),
        _(N_("explained: of all these and of what still has to go out, what an open item accounts for")),
    ]
