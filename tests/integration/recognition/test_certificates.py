"""Certificates and rosters: printed from what was certified, the same bytes every time."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook
from tests.integration.recognition.city import HOUR, City

from national_sync.errors import GlyphMissing, NotFound, StarsRefused, UsageError
from national_sync.recognition import certificates, reviews
from national_sync.recognition.rosters import write_applications, write_roster
from national_sync.signing import Signer, create_key, load_signer


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    file = tmp_path_factory.mktemp("keys") / "certificates.key"
    create_key(file)
    return load_signer(file)


def test_star_certificates_are_printed_once_certified_and_always_alike(sqlite_city: City, signer: Signer) -> None:
    city = sqlite_city
    one, _other = city.volunteer(hours=100), city.volunteer(hours=300, county="530828")
    batch_id = city.draft()["id"]
    with city.database.read() as connection, pytest.raises(StarsRefused, match="not certified"):
        certificates.star_certificates(connection, batch_id, signer)
    city.notice(batch_id)
    city.later(10)
    city.sign(batch_id)
    with city.database.read() as connection:
        document, count = certificates.star_certificates(connection, batch_id, signer)
        assert count == 2
        assert certificates.star_certificates(connection, batch_id, signer)[0] == document
        single, count = certificates.star_certificates(connection, batch_id, signer, volunteer_id=one)
        assert count == 1
        assert certificates.reprint(connection, "202501-000002", signer) == single
        assert certificates.star_certificates(connection, batch_id, signer, county="530828")[1] == 1
        with pytest.raises(NotFound):
            certificates.star_certificates(connection, batch_id, signer, county="530829")
    city.change("volunteer", one, name="改名")
    with city.database.read() as connection:
        assert certificates.reprint(connection, "202501-000002", signer) == single


def test_a_revoked_star_is_printed_no_more(sqlite_city: City, signer: Signer) -> None:
    sqlite_city.volunteer(hours=100)
    sqlite_city.volunteer(hours=300)
    batch_id = sqlite_city.certified()
    with sqlite_city.database.write() as connection:
        reviews.revoke(connection, 1, "误", sqlite_city.act)
    with sqlite_city.database.read() as connection:
        assert certificates.star_certificates(connection, batch_id, signer)[1] == 1
        assert certificates.state_of(connection, "202501-000001")["state"] == "revoked"
        with pytest.raises(StarsRefused, match="was revoked"):
            certificates.reprint(connection, "202501-000001", signer)


def test_a_name_that_the_font_lacks_prints_nothing(sqlite_city: City, signer: Signer) -> None:
    sqlite_city.volunteer(hours=100, name="\U0001f375茶")
    batch_id = sqlite_city.certified()
    with sqlite_city.database.read() as connection, pytest.raises(GlyphMissing, match="U\\+1F375"):
        certificates.star_certificates(connection, batch_id, signer)


def test_a_service_certificate_states_the_effective_records_of_its_time(city: City, signer: Signer) -> None:
    volunteer, team = city.volunteer(), city.team()
    project = city.project(team)
    inside = {"project_id": project, "team_id": team}
    city.serve(volunteer, 2 * HOUR, "2025-03-05 08:00", **inside)
    city.serve(volunteer, HOUR, "2025-03-31 23:30", **inside)
    city.serve(volunteer, HOUR, "2025-04-01 00:00", **inside)
    city.serve(volunteer, HOUR, "2025-03-06 08:00", state="applying", **inside)
    days = date(2025, 3, 5), date(2025, 3, 31)
    with city.database.write() as connection:
        number, document = certificates.issue_service_certificate(connection, volunteer, *days, signer, city.act)
    assert number == "FW2026-000001"
    [(content,)] = city.rows("SELECT content FROM service_certificate")
    assert '"count": 2, "seconds": 10800, "hours": "3.00"' in content
    assert "清洁家园" in content
    assert "白茶志愿服务队" in content
    city.serve(volunteer, HOUR, "2025-03-20 08:00", **inside)
    with city.database.read() as connection:
        assert certificates.reprint(connection, number, signer) == document
        with pytest.raises(NotFound):
            certificates.reprint(connection, "FW2026-000002", signer)


def test_a_service_certificate_needs_records_and_a_time_that_is_over(sqlite_city: City, signer: Signer) -> None:
    volunteer = sqlite_city.volunteer()
    for days, words in [
        ((date(2025, 1, 1), date(2025, 12, 31)), "no effective hour record"),
        ((date(2025, 2, 1), date(2025, 1, 1)), "no time that is over"),
        ((date(2025, 1, 1), date(2027, 1, 1)), "no time that is over"),
    ]:
        with sqlite_city.database.write() as connection, pytest.raises(UsageError, match=words):
            certificates.issue_service_certificate(connection, volunteer, *days, signer, sqlite_city.act)
    assert sqlite_city.rows("SELECT COUNT(*) FROM service_certificate") == [(0,)]


# Rosters


def test_a_roster_lists_everybody_and_is_the_same_file_every_time(sqlite_city: City, tmp_path: Path) -> None:
    city = sqlite_city
    city.volunteer(hours=100, name="=1+1")
    city.volunteer(hours=300, county="530828")
    batch_id = city.certified()
    for suffix in ("xlsx", "pdf"):
        files = [tmp_path / f"{name}.{suffix}" for name in ("a", "b")]
        for file in files:
            with city.database.read() as connection:
                assert write_roster(connection, batch_id, file) == 2
        assert files[0].read_bytes() == files[1].read_bytes()
    rows = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx")).get_sheet_by_index(0).to_python()
    assert rows[0][0] == "普洱市2025年度星级志愿者名册"
    assert [row[1:3] + row[4:7] for row in rows[3:5]] == [
        ["202501-000001", "墨江", "澜沧拉祜族自治县", 300.0, "二星级"],
        ["202501-000002", "=1+1", "思茅区", 100.0, "一星级"],
    ]


def test_a_roster_of_a_notice_says_until_when(sqlite_city: City, tmp_path: Path) -> None:
    sqlite_city.volunteer(hours=100)
    sqlite_city.notice(sqlite_city.draft()["id"])
    with sqlite_city.database.read() as connection:
        write_roster(connection, 1, tmp_path / "notice.xlsx", county="530802")
        with pytest.raises(UsageError, match="neither"):
            write_roster(connection, 1, tmp_path / "notice.doc")
    rows = CalamineWorkbook.from_path(str(tmp_path / "notice.xlsx")).get_sheet_by_index(0).to_python()
    assert rows[0][0].endswith("（公示）")
    assert "公示期：2026年1月12日至2026年1月16日" in rows[1][0]


def test_the_list_of_applications_is_a_workbook(sqlite_city: City, tmp_path: Path) -> None:
    sqlite_city.volunteer(hours=300, star=1)
    sqlite_city.certified()
    with sqlite_city.database.read() as connection:
        assert write_applications(connection, tmp_path / "apply.xlsx") == 1
        with pytest.raises(UsageError):
            write_applications(connection, tmp_path / "apply.pdf")
    [*_top, row] = CalamineWorkbook.from_path(str(tmp_path / "apply.xlsx")).get_sheet_by_index(0).to_python()
    assert row[1:] == ["普文", "思茅区", 2.0, 1.0, 300.0]
