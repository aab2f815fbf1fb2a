"""Hours entered here, and the national side, over a real socket: it takes all of them, at most fifty a call."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from tests.integration.recording.office import write_sheet
from tests.office import Office

from national_sync import i18n
from national_sync.clock import local_date
from national_sync_mocks.nvsi_server.process import MockServer

DAYS, A_DAY = 6, 10


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with MockServer(seed=21, volunteers=20, teams=2, projects=6, hours=1) as national:
        office = Office.furnished(tmp_path / "office", national)
        office.log_in()
        yield office
    i18n.use(i18n.DEFAULT_LANGUAGE)


_MEMBER = (
    "SELECT v.number, v.name, p.id, p.started_at FROM membership m JOIN volunteer v ON v.id = m.volunteer_id"
    " JOIN project p ON p.team_id = m.team_id JOIN team t ON t.id = m.team_id WHERE m.state = 'member'"
    " AND v.real_name_state = 'passed' AND v.account_state = 'enabled' AND t.state = 'approved'"
    " AND p.state IN ('running', 'ended') AND p.ended_at - p.started_at > 30 * 86400 ORDER BY p.id, v.id LIMIT 1"
)


def test_s4_a_sheet_of_hours_becomes_national_records_fifty_a_call(office: Office, tmp_path: Path) -> None:
    assert office.national_sync("sync", "run").exit_code in (0, 1)
    [[number, name, project, started_at]] = office.sql(_MEMBER)
    first = local_date(started_at) + timedelta(days=1)
    lines = [
        [
            number,
            name,
            str(project),
            (first + timedelta(days=day)).isoformat(),
            f"{7 + hour:02}:00",
            f"{7 + hour:02}:30",
            "清扫",
        ]
        for day in range(DAYS)
        for hour in range(A_DAY)
    ]
    file = write_sheet(tmp_path / "hours.xlsx", lines)
    told = office.national_sync("hours", "import", str(file), "--json", language="en").json
    assert (told["taken"], told["counts"]["refused"]) == (True, 0)
    before = len(office.mock.admin.calls())
    report = office.national_sync("sync", "run", "--json").json
    assert report["pushed"]["hour_record"] == {"create": DAYS * A_DAY}
    sent = [call for call in office.mock.admin.calls()[before:] if call["path"].endswith("/hour/createBatch")]
    # The mock refuses more than fifty records in a call.
    assert 2 <= len(sent) <= DAYS
    assert len(office.mock.admin.records("hour_record", remark="清扫")) == DAYS * A_DAY
    waiting = office.sql("SELECT COUNT(*) FROM hour_record WHERE national_id IS NULL")
    assert waiting == [(0,)]
