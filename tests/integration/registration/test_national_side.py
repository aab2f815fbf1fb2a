"""Registrations and the national side, over a real socket: clause R6."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.acceptance.world import SIMAO, volunteer_fields
from tests.integration.registration.office import form
from tests.office import Office

from national_sync import i18n
from national_sync_mocks.nvsi_server.process import MockServer


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    with MockServer(seed=21, volunteers=3, teams=1, projects=1, hours=1) as national:
        national.admin.set_capabilities(totalsRefresh="never", asyncResults=True)
        office = Office.furnished(tmp_path / "office", national)
        office.log_in()
        yield office
    i18n.use(i18n.DEFAULT_LANGUAGE)


def _submit(office: Office, **person: str) -> int:
    file = office.folder / "form.json"
    file.write_text(json.dumps(form(**{"serial": 2, **person})), encoding="utf-8")  # type: ignore[arg-type]
    return int(office.national_sync("volunteer", "submit", str(file), "--json").json["registration"]["id"])


def _states(office: Office) -> dict[int, str]:
    found = office.national_sync("volunteer", "registrations", "--json").json["registrations"]
    return {one["id"]: one["state"] for one in found}


def test_r6_the_national_review_makes_the_volunteer_and_a_person_known_there_is_not_doubled(office: Office) -> None:
    admin = office.mock.admin
    known = volunteer_fields("玉香", "1985-11-02", 202)
    admin.create("volunteer", **known)
    new, adopted = _submit(office), _submit(office, name="玉香", id_number=known["albp0005"], service_area_id=SIMAO)
    for step in ("approve", "file", "send"):
        assert office.national_sync("volunteer", step, str(new), str(adopted)).exit_code == 0
    assert office.national_sync("sync", "run").exit_code in (0, 1)

    assert _states(office) == {new: "under_review", adopted: "registered"}
    admin.decide("pass")
    assert office.national_sync("sync", "run").exit_code in (0, 1)
    assert _states(office) == {new: "registered", adopted: "registered"}
    for name in ("李文秀", "玉香"):
        assert len(admin.records("volunteer", albp0003=name)) == 1
        assert len(office.sql("SELECT id FROM volunteer WHERE name = ?", name)) == 1
    [[number]] = office.sql("SELECT number FROM volunteer WHERE name = ?", "李文秀")
    assert number


def test_r6_a_refusal_by_the_national_review_is_shown_with_its_words(office: Office) -> None:
    refused = _submit(office)
    for step in ("approve", "file", "send"):
        office.national_sync("volunteer", step, str(refused))
    office.national_sync("sync", "run")
    office.mock.admin.decide("refuse", message="信息有误")
    office.national_sync("sync", "run")
    assert _states(office) == {refused: "refused"}
    assert "信息有误" in office.national_sync("volunteer", "registration", str(refused)).out
