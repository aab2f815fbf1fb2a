"""Every fault the mock knows, on a city in which both sides go on working: both sides agree in the end."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

from tests.acceptance.events import DeleteHere, Event, Night, Passed, create_here, edit_here, edit_there
from tests.acceptance.scenario import Before
from tests.acceptance.scenarios import NEW_VOLUNTEER, hours_here
from tests.acceptance.stage import HOUR, Stage

from national_sync_mocks.nvsi_server.faults import PARAMETERS

NIGHTS: Final = 14
LEFT_OUT: Final = frozenset({"duplicate-page", "shifted-page", "page-repeats-for-ever"})
"""They need more pages than a changed handful fills; rows of the table are about them."""
NATURAL_KEYS: Final = {
    "team": ("albe0002", "albe0012"),
    "volunteer": ("albp0005",),
    "membership": ("albe0133", "teamId"),
    "project": ("albx0002", "teamId", "albx0004"),
    "hour_record": ("albx0175", "albx0176", "albx0181"),
    "training_record": ("volunteerNumber", "albx0282", "albx0284"),
}


def _day(number: int) -> Sequence[Event]:
    """What happens between two nights, on both sides."""
    return [
        hours_here(f"H{20 + 2 * number}", "V1", f"2026-02-{14 + number:02d}"),
        hours_here(f"H{21 + 2 * number}", "V2", f"2026-02-{14 + number:02d}"),
        create_here(
            f"R{10 + number}",
            volunteer="V3",
            topic=f"培训{number}",
            training_date="2026-02-01",
            training_seconds=3600,
        ),
        edit_here("H9", remark=f"第{number}次"),
        edit_here("H12", remark=f"第{number}次"),
        edit_here("V4", skills=f"0{1 + number % 5}"),
        edit_there("V5", albp0039=f"0{1 + number % 5}"),
        edit_there("P1", albx0003=f"思亭路{number}号"),
        edit_there("T3", albe0018=f"联络人{number}"),
        edit_there("M1", albe0136=f"2025-01-{10 + number} 10:00:00.0"),
    ]


SOME_DAYS: Final[dict[int, Sequence[Event]]] = {
    2: [create_here("V7", **NEW_VOLUNTEER)],
    3: [create_here("M6", volunteer="V6", team="T1"), DeleteHere("M4")],
    5: [DeleteHere("R1"), create_here("M7", volunteer="V6", team="T3")],
    7: [create_here("M8", volunteer="V4", team="T1"), create_here("M9", volunteer="V2", team="T3")],
    8: [DeleteHere("R2")],
}


def test_with_every_fault_both_sides_agree_in_the_end(stage: Stage) -> None:
    stage.begin(Before(policy={"windows": {"reread_nights": 1}}))
    stage.national.set_faults("every")
    for number in range(NIGHTS):
        stage.do([*_day(number), *SOME_DAYS.get(number, []), Passed(HOUR)])
        night = Night(kind="nightly", full=number % 4 == 3, adapter={"page_size": 4, "silence_seconds": 2})
        ended = stage.run(night)
        assert "Traceback" not in ended.error, ended.error
    fired = {entry["fault"] for entry in stage.national.faults() if entry["fired"]}

    stage.until_quiet(Night(kind="nightly"))

    assert {*PARAMETERS} - LEFT_OUT - fired == set()
    assert stage.unexplained() == []
    assert stage.broken_invariants() == []
    assert list(_there_twice(stage)) == []


def _there_twice(stage: Stage) -> Iterator[str]:
    for entity, names in NATURAL_KEYS.items():
        live = [record for record in stage.national.records(entity) if str(record["isdelete"]) == "0"]
        keys = Counter(tuple(record[name] for name in names) for record in live)
        yield from (f"{entity} {key} is there {times} times" for key, times in keys.items() if times > 1)
