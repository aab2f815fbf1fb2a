"""A transfer as the office types it, against a national side over a real socket."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.office import Office

from national_sync_mocks.nvsi_server.process import MockServer

_MEMBER = """
    SELECT v.number, m.team_id FROM membership m JOIN volunteer v ON v.id = m.volunteer_id
    WHERE m.state = 'member' AND v.real_name_state = 'passed' AND v.account_state = 'enabled'
    AND NOT EXISTS (SELECT 1 FROM hour_record h WHERE h.volunteer_id = v.id AND h.state <> 'effective')
    ORDER BY m.id LIMIT 1
"""


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with MockServer(seed=5, volunteers=30, teams=4, projects=6, hours=60) as mock:
        office = Office.furnished(tmp_path, mock)
        assert office.national_sync("sync", "run").exit_code in (0, 1)
        office.log_in()
        yield office


def test_x2_one_command_takes_a_person_from_team_to_team(office: Office) -> None:
    [(number, old)] = office.sql(_MEMBER)
    [(new,)] = office.sql("SELECT id FROM team WHERE id <> ? ORDER BY id LIMIT 1", old)
    [(national_id,)] = office.sql("SELECT national_id FROM team WHERE id = ?", new)
    office.mock.admin.edit("team", national_id, albe0026="1", albe0028="2")
    hours = office.sql("SELECT id, service_seconds, team_id, state FROM hour_record ORDER BY id")

    ask = office.national_sync(
        "transfer", "request", number, "--from", str(old), "--to", str(new), "--reason", "employer", "--json"
    )
    office.national_sync("transfer", "approve", str(ask.json["transfer"]["id"]))
    office.national_sync("transfer", "run")

    found = office.national_sync("transfer", "show", "1", "--json").json["transfer"]
    assert (found["state"], [event["event"] for event in found["events"]]) == (
        "done",
        ["requested", "approved", "join", "leave", "finish"],
    )
    teams = office.sql(
        "SELECT team_id FROM membership m JOIN volunteer v ON v.id = m.volunteer_id"
        " WHERE v.number = ? AND m.withdrawn_at IS NULL",
        number,
    )
    assert (new,) in teams
    assert (old,) not in teams
    assert office.sql("SELECT id, service_seconds, team_id, state FROM hour_record ORDER BY id") == hours
