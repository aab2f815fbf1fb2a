"""The morning report in plain words, from the same facts that `--json` prints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from national_sync.clock import local_text
from national_sync.divisions import COUNTIES
from national_sync.i18n import N_, _, joined
from national_sync.prose.layout import SCREEN_WIDTH, table, wrapped
from national_sync.prose.report import troubles_in_words
from national_sync.prose.words import word

_LAST_NIGHTS: Final = 7
_MARKS_HANG: Final = 4
"""Punctuation that may not begin a line stands at the end of the one before."""
COMMANDS: Final[dict[str, str]] = {
    "first_run": "national-sync sync plan",
    "failed_run": "national-sync sync run",
    "holds": "national-sync hold list",
    "mismatches": "national-sync mismatch list",
    "quarantine": "national-sync quarantine list",
    "overdue_transfers": "national-sync transfer list --overdue",
    "missing_hours": "national-sync hours overdue",
}
_TO_DO: Final[dict[str, str]] = {
    "first_run": N_("look at what the first run would do"),
    "failed_run": N_("the run did not come to its end: run it again"),
    "holds": N_("plans to approve or refuse"),
    "mismatches": N_("mismatches to decide"),
    "quarantine": N_("records in quarantine to look at"),
    "overdue_transfers": N_("transfers past their day"),
    "missing_hours": N_("activities past their day without hours"),
}
NIGHT_HEADINGS: Final = (
    N_("Night"),
    N_("State"),
    N_("came in"),
    N_("went out"),
    N_("opened"),
    N_("closed"),
    N_("calls"),
    N_("took"),
)


def morning_in_words(facts: Mapping[str, Any]) -> str:
    """At most as wide as a screen."""
    sections = [
        "\n".join(line for sentence in summary(facts) for line in wrapped(sentence, SCREEN_WIDTH - _MARKS_HANG)),
        _to_do(facts),
        _counties(facts["counties"]),
        _nights(facts["nights"][-_LAST_NIGHTS:]),
    ]
    return "\n\n".join(section for section in sections if section)


def summary(facts: Mapping[str, Any]) -> list[str]:
    """The night in a few sentences."""
    if facts["run"] is None:
        return [_(N_("There has been no run yet."))]
    sentences = [how_it_ended(facts["run"])]
    if facts["county"]:
        sentences.append(_(N_("The figures are those of {county} alone."), county=county(facts["county"])))
    if facts["report"]:
        sentences += [
            _came_in(facts),
            _went_out(facts),
            *_troubles(facts["report"], is_failed=facts["run"]["state"] == "failed"),
        ]
    return [*sentences, *_decided(facts["decisions"]), _waiting(facts)]


def how_it_ended(run: Mapping[str, Any]) -> str:
    named = _(N_("Last night's run")) if run["kind"] == "nightly" else _(N_("The run"))
    sentences = {
        "finished": N_("{named} (no. {id}, begun {moment}) came to its end and took {duration}."),
        "running": N_("{named} (no. {id}, begun {moment}) is still at work."),
        "interrupted": N_("{named} (no. {id}, begun {moment}) was cut off; what it stored is kept."),
        "failed": N_("{named} (no. {id}, begun {moment}) failed: {reason}. What it stored is kept."),
    }
    return _(
        sentences[run["state"]],
        named=named,
        id=run["id"],
        moment=local_text(run["started_at"])[:16],
        duration=duration(run["seconds"]),
        reason=word(run["stopped"]),
    )


def _came_in(facts: Mapping[str, Any]) -> str:
    return _moved(
        facts["came_in"],
        N_("From the national system came {count} records: {kinds}."),
        N_("Nothing new came from the national system."),
    )


def _went_out(facts: Mapping[str, Any]) -> str:
    return _moved(
        facts["went_out"],
        N_("To the national system went {count} records: {kinds}."),
        N_("Nothing had to be sent to the national system."),
    )


def _moved(counts: Mapping[str, int], some: str, none: str) -> str:
    if not counts:
        return _(none)
    kinds = joined(f"{word(entity)} {count:,}" for entity, count in counts.items())
    return _(some, count=f"{sum(counts.values()):,}", kinds=kinds)


def _troubles(report: Mapping[str, Any], *, is_failed: bool) -> list[str]:
    """Of a failed run the reason is told already."""
    return troubles_in_words({**report, "stopped": ""} if is_failed else report)


def _decided(decisions: Mapping[str, int]) -> list[str]:
    if not any(decisions.values()):
        return []
    words = N_("Mismatches decided in the day before: by people {people}, by standing rules {rules}.")
    return [_(words, **decisions)]


def _waiting(facts: Mapping[str, Any]) -> str:
    if not facts["to_do"]:
        return _(N_("Nothing waits for a person."))
    counts = facts["mismatches"]
    if not counts["waiting"]:
        return _(N_("No mismatch waits for a decision; what else there is to do stands below."))
    oldest = facts["counties"][0]
    return _(
        N_("{count} mismatches wait for a decision, {new} of them new; the oldest has waited {days} days ({county})."),
        count=f"{counts['waiting']:,}",
        new=f"{counts['new']:,}",
        days=oldest["oldest"]["days"],
        county=county(oldest["county"]),
    )


def to_do(entry: Mapping[str, Any]) -> str:
    return _(_TO_DO[entry["what"]])


def _to_do(facts: Mapping[str, Any]) -> str:
    if not facts["to_do"]:
        return ""
    rows = [(entry["count"], to_do(entry), COMMANDS[entry["what"]]) for entry in facts["to_do"]]
    return table([_(N_("How many")), _(N_("To do")), _(N_("To type"))], rows)


def _counties(counties: list[Mapping[str, Any]]) -> str:
    if not counties:
        return ""
    headings = [_(N_("County")), _(N_("wait")), _(N_("Oldest")), _(N_("days")), _(N_("What"))]
    rows = [
        (
            county(row["county"]),
            row["waiting"],
            row["oldest"]["id"],
            row["oldest"]["days"],
            word(row["oldest"]["kind"]),
        )
        for row in counties
    ]
    return table(headings, rows)


def _nights(nights: list[Mapping[str, Any]]) -> str:
    if not nights:
        return ""
    headings = [_(text) for text in NIGHT_HEADINGS]
    return table(headings, [night_cells(night) for night in nights])


def night_cells(night: Mapping[str, Any]) -> list[object]:
    return [
        night["date"],
        word(night["state"]) or "-",
        known(night["came_in"]),
        known(night["went_out"]),
        sum(night["opened"].values()),
        sum(night["closed"].values()),
        known(night["calls"]),
        duration(night["seconds"]),
    ]


def known(number: int | None) -> object:
    """A number that is not told to everybody."""
    return "-" if number is None else number


def county(code: str | None) -> str:
    return COUNTIES.get(code, code) if code else _(N_("no county named"))


def duration(seconds: int | None) -> str:
    if seconds is None:
        return "-"
    if seconds < 60:
        return _(N_("{seconds} s"), seconds=seconds)
    if seconds < 3600:
        return _(N_("{minutes} min {seconds} s"), minutes=seconds // 60, seconds=seconds % 60)
    return _(N_("{hours} h {minutes} min"), hours=seconds // 3600, minutes=seconds % 3600 // 60)
