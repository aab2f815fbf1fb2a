"""Finding volunteers, each way through an index."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import event
from tests.integration.registration.office import RegistrationOffice, id_number

from national_sync.registration.search import By, hash_of_number, keep_initials, search, statement


def found(office: RegistrationOffice, by: By, value: Any, **limits: Any) -> list[str]:
    with office.database.write() as connection:
        keep_initials(connection)
        return [row["name"] for row in search(connection, by, value, **limits)]


@pytest.fixture
def people(office: RegistrationOffice) -> RegistrationOffice:
    for serial, name in enumerate(("李文秀", "李文", "岩温", "曾玉香"), 1):
        office.person(name, id_number(serial), number=f"V5308022601{serial:06d}V")
    return office


def test_people_are_found_in_every_way(people: RegistrationOffice) -> None:
    assert found(people, By.NAME, "李文秀") == ["李文秀"]
    assert found(people, By.INITIALS, "LW") == ["李文", "李文秀"]
    assert found(people, By.INITIALS, "LWX") == ["李文秀"]
    assert found(people, By.INITIALS, "AW") == found(people, By.INITIALS, "YW") == ["岩温"]
    assert found(people, By.INITIALS, "Z") == ["曾玉香"]
    assert found(people, By.NUMBER, "V5308022601000003V") == ["岩温"]
    typed = id_number(4).lower()
    assert found(people, By.ID_NUMBER, hash_of_number(people.sealer, typed)) == ["曾玉香"]
    team = people.team()
    people.known("membership", volunteer_id=2, team_id=team, state="member")
    people.known("membership", volunteer_id=3, team_id=team, state="refused")
    assert found(people, By.TEAM, team) == ["李文"]
    assert found(people, By.INITIALS, "L", county="530822") == []
    assert found(people, By.INITIALS, "L", limit=1, offset=1) == ["李文秀"]


def test_initials_follow_the_names_whoever_changes_them(people: RegistrationOffice) -> None:
    assert found(people, By.INITIALS, "LW")
    people.execute("UPDATE volunteer SET name = '赵一' WHERE id = 1")
    assert found(people, By.INITIALS, "ZY") == ["赵一", "曾玉香"]
    people.execute("UPDATE volunteer SET name = '钱一' WHERE id = 1")
    assert found(people, By.INITIALS, "QY") == ["钱一"]
    people.execute("UPDATE volunteer SET name = '李文秀' WHERE id = 1")
    assert found(people, By.INITIALS, "LWX") == ["李文秀"]
    people.entered_here(
        "volunteer", name="孙二", id_number="x", sex="male", birth_date="1990-01-01", service_area_id="5"
    )
    assert found(people, By.INITIALS, "SE") == ["孙二"]
    with people.run() as tx:
        tx.execute("UPDATE volunteer SET name = '周三', sync_rev = :rev WHERE id = 2", rev=tx.next_revision())
    assert found(people, By.INITIALS, "ZS") == ["周三"]
    people.execute("DELETE FROM volunteer WHERE id = 3")
    assert found(people, By.INITIALS, "AW") == []


def test_no_search_reads_a_table_through(sqlite_office: RegistrationOffice) -> None:
    sqlite_office.person("李文秀", id_number(2))
    asked: list[tuple[str, Any]] = []
    for by in By:
        wanted = ("LW", "LX") if by is By.INITIALS else (1,)
        asked += [
            (statement(by, "sqlite", False), (*wanted, 50, 0)),
            (statement(by, "sqlite", True), (*wanted, "5", 50, 0)),
        ]
    with sqlite_office.database.write() as connection:
        keep_initials(connection)
        event.listen(connection, "before_cursor_execute", lambda _c, _cur, sql, given, *_: asked.append((sql, given)))
        keep_initials(connection)
        selects = [one for one in asked if one[0].startswith("SELECT")]
        assert len(selects) > 2 * len(By)
        for sql, given in selects:
            plan = [row[3] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {sql}", given)]
            # A covering partial index that holds only what was edited here is as good as a look-up.
            scans = [step for step in plan if step.startswith("SCAN") and "volunteer_initials_local" not in step]
            assert scans == [], sql
