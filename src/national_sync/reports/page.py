"""The morning report as one HTML page: no script, no picture, nothing from the network; Chinese first."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Final

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from national_sync.clock import local_text
from national_sync.i18n import N_, _, speaking
from national_sync.prose.words import word
from national_sync.reports import words
from national_sync.reports.charts import WIDTH, Chart, Column, chart

_MOST_KINDS: Final = 5
"""As many as colours that can be told apart, also by those who see few; the rest goes together."""
_OTHER: Final = "other"
_SMALL_PLOT: Final = 76
_LAST_NIGHTS: Final = 7


@dataclass(frozen=True)
class Pair:
    """A text in both languages."""

    zh: str
    en: str


@dataclass(frozen=True)
class Table:
    caption: Pair
    headings: Sequence[Pair]
    rows: Sequence[Sequence[object]]
    """Cells: numbers, plain texts or pairs; the first one heads its row."""


@dataclass(frozen=True)
class Figure:
    heading: Pair
    charts: Sequence[tuple[Pair, Chart]]
    table: Table
    legend: Sequence[tuple[str, Pair]] = ()


def morning_page(facts: Mapping[str, Any]) -> str:
    """The whole page; the same facts always give the same page."""
    nights = facts["nights"]
    return _template().render(
        title=_both(lambda: _(N_("Morning report"))),
        subtitle=_both(lambda: _subtitle(facts["county"])),
        day=local_text(facts["run"]["started_at"])[:10] if facts["run"] else "",
        state=facts["run"]["state"] if facts["run"] else "",
        state_words=_both(lambda: word(facts["run"]["state"])) if facts["run"] else None,
        summary=_both_lists(lambda: words.summary(facts)),
        figures_in_short=_in_short(facts),
        to_do=_to_do(facts),
        figures=_figures(facts) if nights else [],
        tables=[table for table in (_counties(facts), _holds(facts), _quarantine(facts)) if table.rows],
        appendix=[_kinds(facts), _all_nights(nights)] if nights else [],
        chart_width=WIDTH,
        texts=_both_texts(_TEXTS),
    )


_TEXTS: Final = {
    "summary": N_("In short"),
    "to_do": N_("To do today"),
    "nothing_to_do": N_("Nothing waits for a person."),
    "thirty_nights": N_("The last thirty nights"),
    "waiting": N_("What waits"),
    "appendix": N_("All numbers"),
    "failed_mark": N_("× the run failed or was cut off"),
    "footer": N_("Written by national-sync report morning. It names no person."),
}


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("national_sync.reports", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["pair"] = lambda value: isinstance(value, Pair)
    return environment.get_template("morning.html.j2")


def _both(speak: Callable[[], str]) -> Pair:
    with speaking("zh"):
        chinese = speak()
    with speaking("en"):
        return Pair(chinese, speak())


def _both_lists(speak: Callable[[], list[str]]) -> tuple[list[str], list[str]]:
    with speaking("zh"):
        chinese = speak()
    with speaking("en"):
        return chinese, speak()


def _both_texts(texts: Mapping[str, str]) -> dict[str, Pair]:
    return {name: _text(text) for name, text in texts.items()}


def _text(text: str) -> Pair:
    return _both(lambda: _(text))


def _word(code: str) -> Pair:
    return _both(lambda: word(code))


def _subtitle(county: str | None) -> str:
    whole = _(N_("Puer volunteer service: the platform and the national system"))
    return f"{whole} · {words.county(county)}" if county else whole


def _in_short(facts: Mapping[str, Any]) -> list[tuple[Pair, int]]:
    if facts["county"]:
        return [(_text(N_("mismatches wait")), facts["mismatches"]["waiting"])]
    return [
        (_text(N_("records came in")), sum(facts["came_in"].values())),
        (_text(N_("records went out")), sum(facts["went_out"].values())),
        (_text(N_("mismatches wait")), facts["mismatches"]["waiting"]),
        (_text(N_("held plans")), len(facts["holds"])),
        (_text(N_("in quarantine")), sum(row["records"] for row in facts["quarantine"])),
    ]


def _to_do(facts: Mapping[str, Any]) -> list[tuple[int, Pair, str]]:
    return [
        (entry["count"], _both(lambda entry=entry: words.to_do(entry)), words.COMMANDS[entry["what"]])  # type: ignore[misc]
        for entry in facts["to_do"]
    ]


# The figures


def _figures(facts: Mapping[str, Any]) -> list[Figure]:
    nights = facts["nights"]
    if facts["county"]:
        return [_opened_and_closed(nights)]
    return [_movements(nights), _opened_and_closed(nights), _quota(nights, facts["calls_per_day"]), _durations(nights)]


def _movements(nights: Sequence[Mapping[str, Any]]) -> Figure:
    came_in, went_out = _text(N_("records came in")), _text(N_("records went out"))
    return Figure(
        _text(N_("Records in and out")),
        [
            (came_in, chart(_columns(nights, lambda night: {"in": night["came_in"]}), plot_height=_SMALL_PLOT)),
            (went_out, chart(_columns(nights, lambda night: {"out": night["went_out"]}), plot_height=_SMALL_PLOT)),
        ],
        _last_nights(nights, [came_in, went_out], lambda night: [night["came_in"], night["went_out"]]),
    )


def _opened_and_closed(nights: Sequence[Mapping[str, Any]]) -> Figure:
    kinds = _commonest_kinds(nights)
    series = {kind: f"kind{number}" for number, kind in enumerate(kinds)}
    columns = _columns(
        nights, lambda night: _by_series(night["opened"], series), lambda night: _by_series(night["closed"], series)
    )
    legend = [(name, _word(kind)) for kind, name in series.items()]
    if any(kind not in series for night in nights for kind in (*night["opened"], *night["closed"])):
        legend.append((_OTHER, _text(N_("other kinds"))))
    opened, closed = _text(N_("opened")), _text(N_("closed"))
    return Figure(
        _text(N_("Mismatches opened and closed")),
        [(_text(N_("above the line opened, below it closed")), chart(columns, plot_height=170))],
        _last_nights(nights, [opened, closed], lambda night: [_sum(night["opened"]), _sum(night["closed"])]),
        legend,
    )


def _quota(nights: Sequence[Mapping[str, Any]], calls_per_day: int) -> Figure:
    calls = _text(N_("calls"))
    what = _both(lambda: _(N_("calls a day; the quota is {quota}"), quota=f"{calls_per_day:,}"))
    share = _text(N_("of the quota"))
    return Figure(
        _text(N_("Quota used")),
        [(what, chart(_columns(nights, lambda night: {"calls": night["calls"]}), limit=calls_per_day))],
        _last_nights(
            nights, [calls, share], lambda night: [night["calls"], f"{100 * night['calls'] / calls_per_day:.1f} %"]
        ),
    )


def _durations(nights: Sequence[Mapping[str, Any]]) -> Figure:
    return Figure(
        _text(N_("How long the night's run took")),
        [(_text(N_("seconds")), chart(_columns(nights, lambda night: {"time": night["seconds"] or 0})))],
        _last_nights(nights, [_text(N_("took"))], lambda night: [_duration(night)]),
    )


def _columns(
    nights: Sequence[Mapping[str, Any]],
    above: Callable[[Mapping[str, Any]], Mapping[str, int]],
    below: Callable[[Mapping[str, Any]], Mapping[str, int]] = lambda _night: {},
) -> list[Column]:
    return [
        Column(night["date"][5:], above(night), below(night), is_failed=night["state"] in ("failed", "interrupted"))
        for night in nights
    ]


def _commonest_kinds(nights: Sequence[Mapping[str, Any]]) -> list[str]:
    counts: Counter[str] = Counter()
    for night in nights:
        counts.update(night["opened"])
        counts.update(night["closed"])
    return sorted(counts, key=lambda kind: (-counts[kind], kind))[:_MOST_KINDS]


def _by_series(counts: Mapping[str, int], series: Mapping[str, str]) -> dict[str, int]:
    pieces = dict.fromkeys([*series.values(), _OTHER], 0)
    for kind, count in counts.items():
        pieces[series.get(kind, _OTHER)] += count
    return pieces


# The tables


def _last_nights(
    nights: Sequence[Mapping[str, Any]], headings: list[Pair], cells: Callable[[Mapping[str, Any]], list[object]]
) -> Table:
    return Table(
        _text(N_("The last seven nights")),
        [_text(N_("Night")), *headings],
        [[night["date"][5:], *cells(night)] for night in reversed(nights[-_LAST_NIGHTS:])],
    )


def _counties(facts: Mapping[str, Any]) -> Table:
    headings = (N_("County"), N_("wait"), N_("Oldest"), N_("days"), N_("What"), N_("Team"))
    rows = [
        [
            _both(lambda code=row["county"]: words.county(code)),  # type: ignore[misc]
            row["waiting"],
            row["oldest"]["id"],
            row["oldest"]["days"],
            _word(row["oldest"]["kind"]),
            row["oldest"]["team"] or "-",
        ]
        for row in facts["counties"]
    ]
    return Table(_text(N_("The oldest open mismatch of each county")), [_text(text) for text in headings], rows)


def _holds(facts: Mapping[str, Any]) -> Table:
    headings = (N_("No."), N_("About"), N_("Action"), N_("Records"), N_("Why"))
    rows = [
        [hold["id"], _word(hold["entity"]), _word(hold["action"]), hold["records"], _word(hold["reason"])]
        for hold in facts["holds"]
    ]
    return Table(_text(N_("Plans that wait for approval")), [_text(text) for text in headings], rows)


def _quarantine(facts: Mapping[str, Any]) -> Table:
    headings = (N_("About"), N_("Why"), N_("Records"))
    rows = [[_word(row["entity"]), _word(row["reason"]), row["records"]] for row in facts["quarantine"]]
    return Table(_text(N_("Records in quarantine")), [_text(text) for text in headings], rows)


def _kinds(facts: Mapping[str, Any]) -> Table:
    """Every kind that moved or waits."""
    waiting = {row["kind"]: row for row in facts["mismatches"]["by_kind"]}
    opened: Counter[str] = Counter()
    closed: Counter[str] = Counter()
    for night in facts["nights"]:
        opened.update(night["opened"])
        closed.update(night["closed"])
    headings = (N_("What"), N_("opened"), N_("closed"), N_("wait"), N_("decided"), N_("snoozed"))
    rows = [
        [
            _word(kind),
            opened[kind],
            closed[kind],
            *(waiting.get(kind, {}).get(name, 0) for name in ("waiting", "decided", "snoozed")),
        ]
        for kind in sorted({*waiting, *opened, *closed})
    ]
    return Table(_text(N_("Mismatches by kind, in thirty nights")), [_text(text) for text in headings], rows)


def _all_nights(nights: Sequence[Mapping[str, Any]]) -> Table:
    rows = [[night["date"], _state(night), *_night_numbers(night), _duration(night)] for night in reversed(nights)]
    return Table(_text(N_("Night by night")), [_text(text) for text in words.NIGHT_HEADINGS], rows)


def _night_numbers(night: Mapping[str, Any]) -> list[object]:
    opened, closed = _sum(night["opened"]), _sum(night["closed"])
    return [words.known(night["came_in"]), words.known(night["went_out"]), opened, closed, words.known(night["calls"])]


def _state(night: Mapping[str, Any]) -> Pair | str:
    return _word(night["state"]) if night["state"] else "-"


def _duration(night: Mapping[str, Any]) -> Pair:
    return _both(lambda: words.duration(night["seconds"]))


def _sum(counts: Mapping[str, int]) -> int:
    return sum(counts.values())
