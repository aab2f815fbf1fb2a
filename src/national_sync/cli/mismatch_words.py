"""One mismatch, and lists of them, in the words of the person who decides. From the same facts that `--json` prints."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from national_sync.clock import local_date, local_text
from national_sync.i18n import N_, _, joined, say_numbered
from national_sync.prose.causes import cause
from national_sync.prose.codes import code_word
from national_sync.prose.fields import field_name
from national_sync.prose.layout import SCREEN_WIDTH, cut, padded, table, width, wrapped
from national_sync.prose.words import word

_DAY: Final = 86_400
_INDENT: Final = "  "
_NAME_WIDTH: Final = 16
_UNDO: Final = N_("Take it back: national-sync mismatch undo {id}")
_SUM: Final = N_("sum of the records")
_SIDES: Final = {"base": N_("Agreed before"), "ours": N_("Ours"), "theirs": N_("National")}


def list_in_words(mismatches: Sequence[Mapping[str, Any]], now: int) -> str:
    headings = [_(N_("No.")), _(N_("Days")), _(N_("County")), _(N_("About")), _(N_("What")), _(N_("Values"))]
    return table(headings, [_row(facts, now) for facts in mismatches])


def _row(facts: Mapping[str, Any], now: int) -> tuple[object, ...]:
    state = facts["resolution"] if facts["state"] == "closed" else facts["decision"]
    return (
        facts["id"],
        (now - facts["first_seen_at"]) // _DAY,
        facts["county"] or "-",
        cut(facts["about"] or word(facts["entity"]), _NAME_WIDTH),
        word(facts["kind"]) + (f" → {word(state)}" if state else ""),
        _values(facts) or "-",
    )


def _values(facts: Mapping[str, Any]) -> str:
    """The field and both values, ours first."""
    if not facts["field"]:
        return ""
    name = field_name(facts["field"])
    if facts["ours"] is None and facts["theirs"] is None:
        return name
    ours, theirs = (code_word(facts["field"], facts[side]) if facts[side] else "-" for side in ("ours", "theirs"))
    return f"{name}: {ours} | {theirs}"


def totals_in_words(totals: Sequence[Mapping[str, Any]]) -> str:
    headings = [_(N_("What")), _(N_("County")), _(N_("Mismatches"))]
    rows = [(word(row["kind"]), row["county"] or "-", row["mismatches"]) for row in totals]
    total = sum(row["mismatches"] for row in totals)
    return table(headings, rows) + "\n" + _(N_("{count} in all."), count=total)


def mismatch_in_words(facts: Mapping[str, Any]) -> str:
    """The whole page of one mismatch."""
    parts = (
        _heading(facts),
        _record(facts),
        _sides(facts),
        _others(facts),
        _history(facts),
        _proposal(facts),
        _ways(facts),
        _ending(facts),
    )
    return "\n\n".join("\n".join(part) for part in map(list, parts) if part)


def page_in_words(facts: Mapping[str, Any]) -> str:
    """The same for a screen on which keys decide: what a decision rests on comes first, and no commands."""
    parts = (
        _sides(facts),
        _proposal(facts),
        _record(facts),
        _others(facts),
        _effects(facts),
        _heading(facts),
        _history(facts),
    )
    return "\n".join("\n".join(part) for part in map(list, parts) if part)


def _effects(facts: Mapping[str, Any]) -> Iterable[str]:
    if facts["state"] != "open":
        return
    for way in facts["ways"]:
        choice = word(f"keep_{way['choice']}")
        yield from wrapped(f"{choice}: {way['words']}", SCREEN_WIDTH)
        yield from (_INDENT + line for line in _given_up(way["given_up"]))
        yield from (_INDENT + line for line in _effect(way["effect"]))


def _heading(facts: Mapping[str, Any]) -> Iterable[str]:
    yield _(N_("Mismatch {id}: {kind}"), id=facts["id"], kind=word(facts["kind"]))
    yield from wrapped(cause(facts["kind"]), SCREEN_WIDTH)
    ended = facts["resolution"] if facts["state"] == "closed" else facts["decision"]
    state = word(facts["state"]) + (f" ({word(ended)})" if ended else "")
    yield _(
        N_("{state}, county {county}, first seen {first}, came up {times} x"),
        state=state,
        county=facts["county"] or "-",
        first=local_date(facts["first_seen_at"]),
        times=facts["times"],
    )
    if facts["assigned_to"]:
        yield _(N_("With {name}"), name=facts["assigned_to"])
    if facts["snoozed_until"]:
        yield _(N_("Put off until {day}"), day=local_date(facts["snoozed_until"]))


def _record(facts: Mapping[str, Any]) -> Iterable[str]:
    yield _(N_("About: {entity} {subject}"), entity=word(facts["entity"]), subject=facts["subject"])
    yield from _columns(facts["record"])
    yield from _columns(facts["limits"])
    yield from _detail(facts["detail"])


def _columns(values: Mapping[str, str | None]) -> Iterable[str]:
    for name, value in values.items():
        if name != "national_id" and value is not None:
            label = _(_SUM) if name == "sum_seconds" else field_name(name)
            yield f"{_INDENT}{label}: {code_word(name, value)}"


def _detail(detail: Mapping[str, Any]) -> Iterable[str]:
    for name, value in detail.items():
        if name in _DETAILS and value:
            shown = _detail_shown(name, value)
            yield from wrapped(f"{_INDENT}{_(_DETAILS[name])}: {shown}", SCREEN_WIDTH)


def _detail_shown(name: str, value: Any) -> str:
    if isinstance(value, list):
        return joined(map(field_name, value))
    return word(f"send_{value}") if name == "verb" else say_numbered(word(str(value)))


_DETAILS: Final = {
    "words": N_("their words"),
    "code": N_("their code"),
    "verb": N_("what was sent"),
    "fields": N_("fields"),
    "fault": N_("fault"),
    "waits_for": N_("waits for"),
}
"""What is told of the details; the rest is for the program."""


def _sides(facts: Mapping[str, Any]) -> Iterable[str]:
    if not facts["field"]:
        return
    yield _(N_("Field: {field} ({column})"), field=field_name(facts["field"]), column=facts["field"])
    space = max(width(_(name)) for name in _SIDES.values())
    for side, name in _SIDES.items():
        value = facts[side]
        shown = _told(facts["field"], value["shown"])
        yield f"{_INDENT}{padded(_(name), space)}  {shown}"
        marks = marked_below(value["shown"] or "", value["marks"])
        if marks:
            yield f"{_INDENT}{' ' * space}  {marks}"
    if facts["has_moved"]:
        yield _INDENT + _(N_("Here it now says: {value}"), value=_told(facts["field"], facts["present"]))


def _told(field: str, shown: str | None) -> str:
    from national_sync.reconcile.coded import with_words

    return _(N_("(empty)")) if shown is None else with_words(field, shown)


def marked_below(shown: str, marks: Iterable[Sequence[int]]) -> str:
    """A line of ^ below the characters that differ, as wide as they are."""
    differing = {position for start, end in marks for position in range(start, end)}
    line = ("^" if position in differing else " " for position in range(len(shown)))
    return "".join(mark * width(shown[position]) for position, mark in enumerate(line)).rstrip()


def _others(facts: Mapping[str, Any]) -> Iterable[str]:
    for other in facts["others"]:
        yield _(N_("Together with: {entity} {subject}"), entity=word(facts["entity"]), subject=_subject(other))
        yield from _columns({name: value for name, value in other.items() if name != "row_id"})


def _subject(other: Mapping[str, str | None]) -> str:
    return other.get("national_id") or f"row:{other['row_id']}"


def _history(facts: Mapping[str, Any]) -> Iterable[str]:
    told = [
        *((step["at"] or 0, _step(step)) for step in facts["steps"]),
        *((event["at"], _event(event)) for event in facts["events"]),
        *((one["last_seen_at"], _earlier(one)) for one in facts["earlier"]),
    ]
    lines = [line for _at, line in sorted(told, key=lambda one: one[0])]
    if lines:
        yield _(N_("What happened:"))
    for line in lines:
        first, *more = wrapped(line, SCREEN_WIDTH - 4)
        yield _INDENT + first
        yield from (_INDENT * 2 + one for one in more)


def _step(step: Mapping[str, Any]) -> str:
    when = "-" if step["at"] is None else local_text(step["at"])
    return _(
        N_("{moment} {side} ({actor}), {field}: {value}"),
        moment=when,
        side=word(f"side_{step['side']}"),
        actor=step["actor"],
        field=field_name(step["field"]),
        value=_step_value(step) or _(N_("(empty)")),
    )


def _step_value(step: Mapping[str, Any]) -> str:
    if step["field"] == "record" or step["shown"] is None:
        return word(step["shown"])
    return code_word(step["field"], step["shown"])


def _event(event: Mapping[str, Any]) -> str:
    detail = event["detail"]
    said = detail.get("note") or word(detail.get("decision")) or word(detail.get("resolution")) or ""
    if event["event"] == "assigned":
        said = detail["to"] or "-"
    if event["event"] == "snoozed":
        said = str(local_date(detail["until"])) if detail["until"] else "-"
    if "reason" in detail:
        said = f"{said} ({word(detail['reason'])})"
    return " ".join(filter(None, [local_text(event["at"]), event["actor"], word(f"event_{event['event']}"), said]))


def _earlier(earlier: Mapping[str, Any]) -> str:
    return _(
        N_("Came up before as number {id}, until {day}: {resolution}"),
        id=earlier["id"],
        day=local_date(earlier["last_seen_at"]),
        resolution=word(earlier["resolution"]),
    )


def _proposal(facts: Mapping[str, Any]) -> Iterable[str]:
    if facts["state"] != "open":
        return
    choice = facts["proposal"]["choice"]
    proposed = word(f"keep_{choice}") if choice else _(N_("wait"))
    yield from wrapped(
        _(N_("Proposed: {choice}. {reason}"), choice=proposed, reason=facts["proposal"]["reason"]), SCREEN_WIDTH
    )


def _ways(facts: Mapping[str, Any]) -> Iterable[str]:
    if facts["state"] != "open":
        return
    for way in facts["ways"]:
        yield f"national-sync mismatch resolve {facts['id']} {_option(facts, way['choice'])}"
        yield from (_INDENT * 2 + line for line in wrapped(way["words"], SCREEN_WIDTH - 4))
        if way["choice"] == "set":
            yield from (_INDENT * 2 + line for line in _codes_to_set(facts))
        yield from (_INDENT * 2 + line for line in _given_up(way["given_up"]))
        yield from (_INDENT * 2 + line for line in _effect(way["effect"]))


def _codes_to_set(facts: Mapping[str, Any]) -> Iterable[str]:
    from national_sync.reconcile.coded import codes_to_set
    from national_sync.records import Entity

    codes = codes_to_set(Entity(facts["entity"]), facts["field"])
    if codes:
        yield from wrapped(_(N_("The codes: {codes}"), codes=joined(codes)), SCREEN_WIDTH - 4)


def _option(facts: Mapping[str, Any], choice: str) -> str:
    if choice == "set":
        return f"--set {facts['field'] or _(N_('FIELD'))}={_(N_('VALUE'))} --facts {facts['digest']}"
    return f"--keep {choice} --facts {facts['digest']}"


def _given_up(columns: Sequence[str]) -> Iterable[str]:
    if columns:
        yield from wrapped(
            _(N_("Also given up here: {fields}"), fields=joined(map(field_name, columns))), SCREEN_WIDTH - 4
        )


def _effect(effect: Mapping[str, Any] | None) -> Iterable[str]:
    if effect is None:
        return
    before, after = effect["seconds_before"], effect["seconds_after"]
    if before == after:
        sentence = N_("Hours stay {hours}, stars {stars}.")
        hours = _(sentence, hours=_hours(before), stars=effect["star_before"])
    else:
        hours = _(
            N_("Hours {before} become {after}, stars {star_before} become {star_after}."),
            before=_hours(before),
            after=_hours(after),
            star_before=effect["star_before"],
            star_after=effect["star_after"],
        )
    yield from wrapped(hours, SCREEN_WIDTH - 4)
    yield _balance(effect)


def _balance(effect: Mapping[str, Any]) -> str:
    before, after = effect["balance_before"], effect["balance_after"]
    if before is None:
        return _(N_("There is no exchange account yet."))
    return _(N_("Exchangeable hours {before} become {after}."), before=_hours(before), after=_hours(after))


def _hours(seconds: int) -> str:
    return f"{seconds / 3600:.2f}"


def _ending(facts: Mapping[str, Any]) -> Iterable[str]:
    if facts["decision"] and facts["state"] == "open":
        yield _(
            N_("Decided; the next run carries it out. Take it back: national-sync mismatch undo {id}"), id=facts["id"]
        )
    elif facts["state"] == "closed" and facts["resolution"] == facts["decision"]:
        yield from _undoing(facts)


def _undoing(facts: Mapping[str, Any]) -> Iterable[str]:
    """How a decision that was carried out is taken back, where that is possible."""
    if facts["can_undo"]:
        yield _(_UNDO, id=facts["id"])
    elif facts["row_id"] is not None:
        entity = facts["entity"].removesuffix("_record")
        yield _(
            N_("What stood here before: national-sync history {entity} {row_id}"), entity=entity, row_id=facts["row_id"]
        )


def explanation_in_words(explained: Mapping[str, Any]) -> str:
    lines = [f"{explained['kind']}: {explained['name']}", *_block(N_("Why"), explained["cause"])]
    for choice, words in explained["choices"].items():
        lines += _block(f"--keep {choice}" if choice != "set" else "--set", words)
    lines += _block(N_("Proposed"), explained["reason"])
    lines += _block(N_("Closes by itself when"), explained["closes"])
    return "\n".join(lines)


def _block(name: str, words: str) -> list[str]:
    first, *more = wrapped(_(N_("{name}: {words}"), name=_(name), words=words), SCREEN_WIDTH - 2)
    return [_INDENT + first, *(_INDENT * 2 + line for line in more)]
