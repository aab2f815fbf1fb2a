"""Applications for stars over a real socket, from the hand-in to the star that is shown."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.contract.nvsi_side import connected
from tests.unit.mock.desk import AREA, person_fields

from national_sync.errors import CapabilityMissing
from national_sync.national.port import Done, Outcome, RefusalKind, Refused, StarRequest, StarState
from national_sync_adapters.nvsi.adapter import NvsiAdapter
from national_sync_mocks.nvsi_server.process import MockServer

NUMBER = "V530802202601000001V"


@pytest.fixture(scope="module")
def mock() -> Iterator[MockServer]:
    with MockServer(seed=3, volunteers=0, teams=0, projects=0, hours=0) as server:
        server.admin.snapshot("start")
        yield server


@pytest.fixture
def team(mock: MockServer) -> str:
    """A team with one member, who has 300 hours."""
    mock.admin.restore("start")
    fields = {"albe0002": "青松志愿服务队", "albe0003": "1", "albe0005": "09", "albe0012": AREA, "albe0026": "1"}
    team = mock.admin.create("team", **fields)
    person: dict[str, Any] = {"albp0029": NUMBER, "albp0063": "1", "albp0089": "300.00", "albp0026": "1"}
    mock.admin.create("volunteer", **{**person_fields(7), **person})
    mock.admin.create("membership", albe0133=NUMBER, teamId=team["id"], albe0134="1")
    return str(team["id"])


@pytest.fixture
def national(mock: MockServer) -> Iterator[NvsiAdapter]:
    adapter = connected(mock)
    adapter.open()
    yield adapter
    adapter.close()


def applied(national: NvsiAdapter, team: str, star: int, number: str = NUMBER) -> Outcome:
    [outcome] = national.apply_for_stars([StarRequest(number, team, star)])
    return outcome


def test_an_application_waits_then_passes_and_the_star_is_shown(
    mock: MockServer, national: NvsiAdapter, team: str
) -> None:
    outcome = applied(national, team, 2)
    assert isinstance(outcome, Done)
    [waiting] = national.star_applications([NUMBER, "V530802202601000009V"])
    assert (waiting.national_id, waiting.star, waiting.state) == (outcome.national_id, 2, StarState.PENDING)
    assert (waiting.volunteer_number, waiting.team_national_id) == (NUMBER, team)
    again = applied(national, team, 2)
    assert isinstance(again, Refused)
    assert again.kind is RefusalKind.EXISTS
    mock.admin.decide("pass", star=outcome.national_id)
    assert [one.state for one in national.star_applications([NUMBER])] == [StarState.PASSED]
    assert mock.admin.records("volunteer")[0]["albp0026"] == "2"


def test_only_the_exact_band_above_the_present_star_is_taken(national: NvsiAdapter, team: str) -> None:
    requests = [StarRequest(NUMBER, team, star) for star in (1, 3)]
    requests += [StarRequest(NUMBER, "0" * 32, 2), StarRequest("V530802202601000009V", team, 2)]
    outcomes = national.apply_for_stars(requests)
    assert [each.kind for each in outcomes if isinstance(each, Refused)] == [
        RefusalKind.INVALID, RefusalKind.INVALID, RefusalKind.NOT_ALLOWED, RefusalKind.NOT_FOUND,
    ]  # fmt: skip
    assert national.star_applications([NUMBER]) == []


def test_an_application_refused_or_out_of_its_band_by_then_does_not_pass(
    mock: MockServer, national: NvsiAdapter, team: str
) -> None:
    first = applied(national, team, 2)
    assert isinstance(first, Done)
    mock.admin.decide("refuse", star=first.national_id)
    second = applied(national, team, 2)
    assert isinstance(second, Done)
    volunteer = mock.admin.records("volunteer")[0]
    mock.admin.edit("volunteer", volunteer["id"], albp0089="600.00")
    mock.admin.decide("pass", star=second.national_id)
    assert [one.state for one in national.star_applications([NUMBER])] == [StarState.FAILED, StarState.FAILED]


def test_a_side_without_applications_says_so(mock: MockServer, team: str) -> None:
    mock.admin.set_capabilities(starApplications=False)
    adapter = connected(mock)
    adapter.open()
    with pytest.raises(CapabilityMissing):
        adapter.star_applications([NUMBER])
    with pytest.raises(CapabilityMissing):
        applied(adapter, team, 2)
    adapter.close()
