"""A run's report and a plan in plain words, from the same facts that `--json` prints."""

from __future__ import annotations

from collections.abc import Mapping
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
        *_troubles(facts),
        *_for_a_person(facts),
    ]
    return "\n".join(lines).rstrip()


def _movements(facts: Mapping[str, Any]) -> str:
    """One line for each entity that moved."""
    headings = [
        "",
        _(N_("read")),
        _(N_("added here")),
        _(N_("changed here")),
        _(N_("withdrawn")),
        _(N_("waiting")),
        _(N_("added there")),
        _(N_("changed there")),
        _(N_("deleted there")),
    ]
    rows = []
    for entity in dict.fromkeys([*facts["pulled"], *facts["pushed"]]):
        pulled, pushed = facts["pulled"].get(entity, {}), facts["pushed"].get(entity, {})
        numbers = [pulled.get(name, 0) for name in ("seen", *_PULLED)] + [pushed.get(name, 0) for name in _PUSHED]
        rows.append((word(entity), *numbers))
    return table(headings, rows, columns=100) if rows else _(N_("Nothing moved."))


def _troubles(facts: Mapping[str, Any]) -> list[str]:
    """What did not go as wished, each with what becomes of it."""
    sentences = (
        (facts["refused"], N_("{count} writes were refused by the national side; see the mismatches.")),
        (facts["unknown"], N_("{count} writes have no certain answer; the next run looks them up first.")),
        (facts["pending"], N_("{count} writes await the national review.")),
        (facts["not_sent"], N_("{count} writes were not sent; the next run sends them.")),
        (facts["sealed"], N_("{count} personal values written plain by other programs were sealed.")),
        (facts["decided"], N_("{count} decisions were carried out.")),
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
                N_("{count} mismatches wait for a decision ({new} new): national-sync mismatch list"),
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
        (mismatches, N_("{count} mismatches wait for a decision: national-sync mismatch list")),
        (holds, N_("{count} plans wait for approval: national-sync hold list")),
        (quarantine, N_("{count} records are in quarantine: national-sync quarantine list")),
    )
    return [_(sentence, count=count) for count, sentence in sentences if count]


def plan_in_words(facts: Mapping[str, Any]) -> str:
    rows = [
        (word(entity), word(action), count)
        for entity, counts in facts["counts"].items()
        for action, count in counts.items()
        if count
    ]
    if not rows:
        return _(N_("Both sides agree; a run would change nothing."))
    total = sum(count for _entity, _action, count in rows)
    lines = [table([_(N_("About")), _(N_("Action")), _(N_("Records"))], rows), ""]
    lines += facts["lines"]
    if total > len(facts["lines"]):
        lines.append(_(N_("… and {count} more"), count=total - len(facts["lines"])))
    lines += [
        "",
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
    lines = [table(headings, rows), ""]
    if facts["not_exact"]:
        names = joined(word(entity) for entity in facts["not_exact"])
        lines.append(_(N_("The list shifted while it was read, so absences were not judged: {names}"), names=names))
    if facts["sides_agree"]:
        lines.append(_(N_("Both sides agree: every difference is explained by an open item.")))
    else:
        unexplained = facts["unexplained"]
        lines.append(_(N_("{count} differences are not explained:"), count=len(unexplained)))
        lines += [f"  {word(row['entity'])} {row['national_id'] or row['row_id']}" for row in unexplained[:_MOST_SHOWN]]
        if len(unexplained) > _MOST_SHOWN:
            lines.append(_(N_("… and {count} more"), count=len(unexplained) - _MOST_SHOWN))
        lines.append(_(N_("Read everything again: national-sync sync run --full")))
    return "\n".join(lines)
