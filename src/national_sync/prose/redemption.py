"""One redemption told step by step, in plain words: what happens, what the books say, what asking twice does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours
from national_sync.prose.layout import SCREEN_WIDTH, table, wrapped
from national_sync.prose.words import word

_INDENT: Final = 4
_SENTENCES: Final = {
    "person": N_(
        "{name} (volunteer {volunteer_id}) has served. {records} records of own sign-in count: {usable} hours can be "
        "spent."
    ),
    "offer": N_("{merchant} offers: {offer}, for {price} hours; {left_pieces} are left."),
    "hold": N_(
        "At the screen {seconds} hours are set aside, for ten minutes: redemption {redemption}. {usable} can be spent, "
        "{held} are held."
    ),
    "hold_again": N_(
        "The answer was lost, so the screen asks again with the same key. It is redemption {redemption} again; nothing "
        "is held twice."
    ),
    "confirm": N_(
        "Confirmed: the hours are spent, and a voucher is issued, good until {good_until}. Its code has 80 random bits and "
        "is shown once; the database keeps a hash of it."
    ),
    "collect": N_("The till of the partner takes the code: handed over."),
    "collect_again": N_("Somebody tries the same code once more. Refused: {refusal}."),
    "proof": N_(
        "The books: each line goes from one balance to the next, each posting adds up to zero, {laws} laws hold over "
        "everything. The recorded hours, on which stars rest, are still {recorded}."
    ),
}


def redemption_in_words(steps: Sequence[Mapping[str, Any]]) -> str:
    """A numbered sentence for each step, then the entries."""
    lines = [_(N_("One redemption, step by step:"))]
    for number, step in enumerate(steps, 1):
        sentence = wrapped(_(_SENTENCES[step["step"]], **_shown(step)), SCREEN_WIDTH - _INDENT)
        lines += [f"{number:>2}. {sentence[0]}", *(" " * _INDENT + line for line in sentence[1:])]
    return "\n".join([*lines, _entries(steps[-1]["entries"])])


def _shown(step: Mapping[str, Any]) -> dict[str, Any]:
    shown = {name.removesuffix("_seconds"): hours(value) for name, value in step.items() if name.endswith("_seconds")}
    words = {"refusal": word(step["refusal"])} if "refusal" in step else {}
    seconds = {"seconds": hours(step["seconds"])} if "seconds" in step else {}
    return {**step, **shown, **words, **seconds}


def _entries(entries: Sequence[Mapping[str, Any]]) -> str:
    headings = [_(N_("Posting")), _(N_("Account")), _(N_("Was")), _(N_("Hours")), _(N_("Is now"))]
    rows = [(word(entry["kind"]), word(entry["account"]), *map(hours, _amounts(entry))) for entry in entries]
    return table(headings, rows)


def _amounts(entry: Mapping[str, Any]) -> tuple[int, int, int]:
    return entry["balance_before"], entry["seconds"], entry["balance_after"]
