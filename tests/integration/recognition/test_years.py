"""Years side by side, month by month in the time of Puer."""

from __future__ import annotations

from datetime import date
from xml.etree import ElementTree

from tests.integration.recognition.city import HOUR, City, moment

from national_sync.recognition.years import Years, count, page


def counted(city: City) -> Years:
    with city.database.read() as connection:
        return count(connection, 2024, 2025, date(2025, 12, 31))


def test_each_month_has_its_volunteers_hours_and_active_people(city: City) -> None:
    old = city.volunteer(registered_at=moment("2023-05-01 09:00"))
    new = city.volunteer(registered_at=moment("2025-02-01 00:00:00"))
    gone = city.volunteer(registered_at=moment("2025-02-01 00:00:00"))
    city.merge(new, gone)
    city.volunteer(county="530828", registered_at=moment("2026-01-01 00:00:00"))
    city.serve(old, HOUR, "2025-01-31 23:59:59")
    city.serve(old, HOUR, "2025-02-01 00:00:00")
    city.serve(new, 100 * HOUR, "2025-02-02 08:00")
    city.serve(new, HOUR, "2025-02-03 08:00", state="applying")
    city.serve(new, HOUR, "2023-12-31 23:59:59")
    city.serve(new, HOUR, "2026-01-01 00:00:00")
    city.certified()
    years = counted(city)
    simao = years.volunteers("530802")
    assert (simao["2024-01"], simao["2025-01"], simao["2025-02"], simao["2025-12"]) == (1, 1, 2, 2)
    assert years.seconds == {("530802", "2025-01"): HOUR, ("530802", "2025-02"): 101 * HOUR}
    assert years.active == {("530802", "2025-01"): 1, ("530802", "2025-02"): 2}
    assert years.stars == {("530802", 2025): 1}
    assert len(years.months) == 24


def test_the_page_is_whole_and_needs_nothing_else(sqlite_city: City) -> None:
    sqlite_city.volunteer(hours=100)
    text = page(counted(sqlite_city))
    words = "".join(ElementTree.fromstring(text.removeprefix("<!DOCTYPE html>\n")).itertext())
    assert "思茅区" in words
    assert "100.00" in words
    assert "http" not in text
    # Three drawings for the city and three for each county, month by month, and the stars by county.
    assert text.count("<svg") == 3 * 11 + 1


def test_months_that_have_not_begun_are_left_out(sqlite_city: City) -> None:
    with sqlite_city.database.read() as connection:
        years = count(connection, 2026, 2026, date(2026, 2, 10))
    assert years.months == ["2026-01", "2026-02"]
    assert "2月" in page(years)
