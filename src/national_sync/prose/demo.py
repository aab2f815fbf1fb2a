"""The demo in plain words: what went out, what came in, what needs a person, what was refused and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from national_sync.i18n import N_, _
from national_sync.prose.causes import cause
from national_sync.prose.layout import SCREEN_WIDTH, table, width, wrapped
from national_sync.prose.redemption import redemption_in_words
from national_sync.prose.words import word

_CAUSE_INDENT: Final = 8


def demo_in_words(facts: Mapping[str, Any], program: str = "national-sync") -> str:
    """`program` is how the reader calls this program."""
    sections = [
        _nights(facts),
        _movements(facts),
        _what_happened(facts),
        _for_a_person(facts),
        _refused(facts),
        _promises(facts),
        _places(facts),
        _what_next(facts, program),
        redemption_in_words(facts["exchange"]["told"]),
        _look_at_it(facts, program),
    ]
    return "\n\n".join(section for section in sections if section)


def _nights(facts: Mapping[str, Any]) -> str:
    headings = [
        _(N_("Night")),
        _(N_("came in")),
        _(N_("went out")),
        _(N_("to be decided")),
        _(N_("quarantined")),
        _(N_("holds")),
        _(N_("seconds")),
    ]
    rows = [
        [
            night["moment"][:16],
            *(night[name] for name in ("pulled", "pushed", "mismatches", "quarantined", "held", "seconds")),
        ]
        for night in facts["nights"]
    ]
    return table(headings, rows)


def _movements(facts: Mapping[str, Any]) -> str:
    """The last night, record by kind of record."""
    report = facts["nights"][-1]["report"]
    headings = [
        _(N_("In the last night")),
        _(N_("in: new")),
        _(N_("changed")),
        _(N_("withdrawn")),
        _(N_("out: new")),
        _(N_("changed")),
        _(N_("deleted")),
    ]
    rows = []
    for entity in dict.fromkeys([*report["pulled"], *report["pushed"]]):
        pulled, pushed = report["pulled"].get(entity, {}), report["pushed"].get(entity, {})
        numbers = [pulled.get(name, 0) for name in ("created", "updated", "withdrawn")]
        rows.append((word(entity), *numbers, *(pushed.get(name, 0) for name in ("create", "update", "delete"))))
    return table(headings, rows)


def _what_happened(facts: Mapping[str, Any]) -> str:
    lines = [
        _(
            N_("Between the nights: {here} edits here, {there} edits there."),
            here=facts["edits"]["here"],
            there=facts["edits"]["there"],
        )
    ]
    for fault, sentence in (
        ("lost-answer", N_("An answer of the national side was lost on its way; nothing was sent twice.")),
        ("429", N_("The national side asked to slow down; the program waited and went on.")),
    ):
        if facts["faults"].get(fault):
            lines.append(_(sentence))
    if any(facts["reviews"].values()):
        sentence = N_("Reviewed there: {passed} registrations passed, {refused} refused, {pending} still wait.")
        lines.append(_(sentence, **facts["reviews"]))
    return "\n".join(lines)


def _for_a_person(facts: Mapping[str, Any]) -> str:
    lines = [line for kind in facts["mismatches"] if kind["open"] for line in _kind_in_words(kind)]
    lines += [
        _(
            N_("Held: {action}, {records} x {entity}: {reason}."),
            action=word(hold["action"]),
            records=hold["records"],
            entity=word(hold["entity"]),
            reason=word(hold["reason"]),
        )
        for hold in facts["holds"]
        if hold["state"] == "open"
    ]
    lines += [
        _(N_("In quarantine: a {entity} that {reason}."), entity=word(entry["entity"]), reason=word(entry["reason"]))
        for entry in facts["quarantine"]
    ]
    lines += _put_back(facts)
    return "\n".join([_(N_("What needs a person:")), *lines]) if lines else ""


def _kind_in_words(kind: Mapping[str, Any]) -> list[str]:
    """How many of a kind, and why: on one line where it fits."""
    heading, reason = f"{kind['open']:>6}  {word(kind['kind'])}", cause(kind["kind"])
    together = _(N_("{what}: {cause}"), what=heading, cause=reason) if reason else heading
    if width(together) <= SCREEN_WIDTH:
        return [together]
    return [heading, *(" " * _CAUSE_INDENT + line for line in wrapped(reason, SCREEN_WIDTH - _CAUSE_INDENT))]


def _put_back(facts: Mapping[str, Any]) -> list[str]:
    """Settled by a rule, and told so that nobody wonders where an edit has gone."""
    return [
        line
        for kind in facts["mismatches"]
        if kind["kind"] == "national_field_edited"
        for line in wrapped(
            _(
                N_("Put back and noted, {count}: {what}; {cause}."),
                count=kind["closed"],
                what=word(kind["kind"]),
                cause=cause(kind["kind"]),
            ),
            SCREEN_WIDTH,
        )
    ]


def _refused(facts: Mapping[str, Any]) -> str:
    if not facts["refused"]:
        return ""
    lines = [
        ("    " if number else "  ") + line
        for entry in facts["refused"]
        for number, line in enumerate(wrapped(_refusal(entry), SCREEN_WIDTH - 4))
    ]
    return "\n".join([_(N_("What the national side refused, in its words:")), *lines])


def _refusal(entry: Mapping[str, Any]) -> str:
    return _(
        N_("{entity}, {action}: {words}"),
        entity=word(entry["entity"]),
        action=word("send_" + entry["verb"]),
        words=entry["words"],
    )


def _promises(facts: Mapping[str, Any]) -> str:
    duplicates = sum(night["duplicates_created"] for night in facts["nights"])
    lost = sum(night["lost_edits"] for night in facts["nights"])
    promises = (
        (not duplicates, _(N_("records created twice: {count}"), count=duplicates)),
        (not lost, _(N_("edits lost: {count}"), count=lost)),
        (
            not facts["second_run_writes"],
            _(N_("writes of a second run with nothing to do: {count}"), count=facts["second_run_writes"]),
        ),
        (
            facts["sides_agree"],
            _(N_("both sides agree; every difference that is left is on one of the lists above"))
            if facts["sides_agree"]
            else _(N_("the sides differ, and nothing explains it")),
        ),
    )
    lines = [f"  {'✓' if is_kept else '✗'} {promise}" for is_kept, promise in promises]
    return "\n".join([_(N_("Compared record by record, both sides against each other:")), *lines])


def _places(facts: Mapping[str, Any]) -> str:
    return "\n".join(
        [
            _(N_("Database: {path}"), path=facts["database"]),
            _(N_("Report: {path}"), path=facts["report"]),
        ]
    )


def _what_next(facts: Mapping[str, Any], program: str) -> str:
    mock = f"{program}-mock --port {facts['national']['port']} --state {facts['national']['state']}"
    program = f"{program} --config {facts['config']}"
    examples = [kind["example"] for kind in facts["mismatches"] if kind["open"] and kind["kind"] == "both_edited"]
    commands = [
        f"{program} mismatch list",
        *(f"{program} mismatch show {example}" for example in examples),
        f"{program} hold list",
        f"{program} quarantine list",
        f"{program} sync history",
    ]
    another = [mock, f"{program} sync run"]
    return "\n".join(
        [
            _(N_("What to type next:")),
            *(f"  {command}" for command in commands),
            _(N_("Another night: start the mock in one terminal, then run in a second one:")),
            *(f"  {command}" for command in another),
        ]
    )


def _look_at_it(facts: Mapping[str, Any], program: str) -> str:
    program = f"{program} --config {facts['config']}"
    volunteer = facts["exchange"]["told"][0]["volunteer_id"]
    commands = (f"ledger statement {volunteer}", "redemption list", "settlement show 1", "ledger suspicions")
    return "\n".join(
        [_(N_("Look at it, and at what else happened in that month:")), *(f"  {program} {one}" for one in commands)]
    )
