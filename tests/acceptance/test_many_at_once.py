"""More to send than fits one window: it goes out while the rest is still planned, each record once."""

from __future__ import annotations

from collections import Counter

from tests.acceptance.events import Night
from tests.acceptance.scenario import Before
from tests.acceptance.stage import Stage
from tests.acceptance.world import hours

VOLUNTEERS = (1, 2, 3, 5, 6)
"""Five of them, for a submission holds at most ten periods of one person and fifty of all."""
DAYS = range(22, 32)
HOURS = range(7, 20)
RECORDS = len(VOLUNTEERS) * len(DAYS) * len(HOURS)
A_BATCH = 50


def test_records_beyond_a_window_go_out_in_full_batches(sqlite_stage: Stage) -> None:
    _begin(sqlite_stage)

    ended = sqlite_stage.run(Night())

    assert ended.report is not None, ended.error
    assert ended.report["pushed"]["hour_record"] == {"create": RECORDS}
    batches = [call for call in sqlite_stage.national.calls() if call["path"].endswith("/hour/createBatch")]
    assert len(batches) == RECORDS / A_BATCH
    assert _times_there(sqlite_stage) == {1: RECORDS}
    assert sqlite_stage.written_by(Night()) == []


def test_records_beyond_a_window_go_out_once_when_the_run_is_killed_between_windows(sqlite_stage: Stage) -> None:
    _begin(sqlite_stage)
    sqlite_stage.keep("many")
    passed = sqlite_stage.run(Night()).passed
    second_window = [number for number, name in enumerate(passed, 1) if name == "before_send"][1]

    for kill_at in (passed.index("after_reply") + 1, second_window):
        sqlite_stage.go_back("many")
        assert sqlite_stage.run(Night(), kill_at=kill_at).was_killed
        sqlite_stage.until_quiet(Night())
        assert _times_there(sqlite_stage) == {1: RECORDS}, passed[kill_at - 1]


def _begin(stage: Stage) -> None:
    stage.begin(Before())
    stage.national.set_capabilities(concurrency=4)
    rows = [
        hours(f"2026-01-{day} {hour:02d}:00", f"2026-01-{day} {hour:02d}:30") | {"volunteer": volunteer}
        for day in DAYS
        for hour in HOURS
        for volunteer in VOLUNTEERS
    ]
    with stage.database.write() as connection:
        connection.connection.driver_connection.executemany(
            "INSERT INTO hour_record (volunteer_id, project_id, team_id, started_at, ended_at, service_seconds)"
            " VALUES (:volunteer, 1, 1, :started_at, :ended_at, :service_seconds)",
            rows,
        )


def _times_there(stage: Stage) -> Counter[int]:
    """How many of the new records are there so many times."""
    times = Counter(
        (record["albx0175"], record["albx0181"])
        for record in stage.national.records("hour_record", limit=2 * RECORDS)
        if record["albx0181"].startswith("2026-01-")
    )
    return Counter(times.values())
