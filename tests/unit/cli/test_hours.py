"""`hours`: entering, what is overdue, corrections and objections (clauses S2 and S4)."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.integration.recognition.city import City
from tests.integration.recording.office import HEADINGS, write_sheet
from tests.login import log_in
from tests.unit.cli.conftest import Terminal

from national_sync.cli.hour_cases import STATES
from national_sync.operators.rights import Role
from national_sync.prose.layout import width
from national_sync.recording.cases import State
from national_sync.store.database import Database

ENTER = ("hours", "enter", "1", "1", "--day", "2025-03-05", "--from", "08:00", "--until", "09:30")


@pytest.fixture
def city(store: Database) -> City:
    """A member of a team, whose project of last year nobody has recorded anything for."""
    city = City(store)
    city.join(city.volunteer(), city.team())
    city.project(state="ended")
    return city


def test_the_states_on_the_help_page_are_those_of_a_case() -> None:
    assert set(STATES) == {state.value for state in State}


@pytest.mark.usefixtures("city")
def test_entering_needs_a_login(national_sync: Terminal) -> None:
    assert "needs a login" in national_sync(*ENTER).err


@pytest.mark.usefixtures("chen", "city")
def test_s2_hours_are_entered_and_the_activity_is_no_longer_overdue(national_sync: Terminal) -> None:
    overdue = ("hours", "overdue", "--since", "2025-01-01")
    [missing] = national_sync(*overdue, "--json").json["missing"]
    assert (missing["due_on"], missing["county"]) == ("2025-03-19", "530802")
    told = national_sync(*ENTER, "--remark", "清扫")
    assert told.out == "Hour record 1: 1.50 hours. The next run sends it.\nIt is late: it was due by 2025-03-19.\n"
    assert national_sync(*overdue).out == "Every activity past its due day has hours recorded.\n"
    again = national_sync(*ENTER)
    assert again.exit_code == 2
    assert again.err.startswith("Error: These hours cannot be entered:\nit overlaps another record of this person\n")
    assert "25:00 is no time of day" in national_sync(*ENTER[:-1], "25:00").err


@pytest.mark.usefixtures("chen")
def test_a_sheet_tells_every_wrong_row_and_takes_the_others_when_asked_to(
    national_sync: Terminal, city: City, tmp_path: Path
) -> None:
    [(number, name)] = city.rows("SELECT number, name FROM volunteer")
    line = [number, name, "清洁家园", "2025-03-05", "08:00", "09:00", ""]
    file = write_sheet(tmp_path / "hours.xlsx", [line, [*line[:4], "08:30", "09:30", ""]])
    refused = national_sync("hours", "import", str(file))
    assert refused.exit_code == 2
    assert refused.out.splitlines() == [
        "Row 3: it overlaps row 2 of this file",
        "Rows: 2; right: 1, of them late: 1; refused: 1",
        "Nothing was taken. Correct these rows and give the file again, or take the",
        "others: --only-valid",
    ]
    assert national_sync("hours", "import", str(file), "--dry-run", "--json").json["taken"] is False
    taken = national_sync("hours", "import", str(file), "--only-valid", "--json").json
    assert (taken["taken"], taken["counts"]) == (True, {"rows": 2, "valid": 1, "late": 1, "refused": 1})
    empty = tmp_path / "empty.xlsx"
    assert "national-sync hours import" in national_sync("hours", "template", str(empty)).out
    assert "nothing was written over it" in national_sync("hours", "template", str(empty)).err
    assert len(HEADINGS) == 7


@pytest.mark.usefixtures("chen")
def test_i9_a_correction_and_an_objection_from_their_receipt_to_their_end(national_sync: Terminal, city: City) -> None:
    record = str(city.serve(1, 3_600, "2025-03-05 08:00"))
    assert "Nothing is open." in national_sync("hours", "objections").out
    assert "Objection 1" in national_sync("hours", "object", "1", "--record", record, "--reason", "少记").out
    correct = (
        "hours",
        "correct",
        record,
        "--until",
        "10:00",
        "--reason",
        "签到表 530802199004120028",
        "--objection",
        "1",
    )
    assert "only the national side can change it" in " ".join(national_sync(*correct).out.split())
    assert "it cannot become handed over now" in national_sync("hours", "decide", "2", "sent").err
    checked = national_sync("hours", "decide", "2", "checked").out
    assert "it ought to say: 2025-03-05 08:00 - 10:00, 2.00" in checked
    assert "530802199004120028" not in checked
    assert "Handed over" in national_sync("hours", "decide", "2", "sent").out
    assert national_sync("hours", "decide", "1", "checked", "--json").json["case"]["state"] == "checked"
    assert "objection 1: corrected" in national_sync("hours", "decide", "1", "corrected").out
    [handed] = national_sync("hours", "corrections", "--state", "sent", "--json").json["corrections"]
    assert (handed["objection_id"], handed["is_followed"]) == (1, False)
    assert national_sync("hours", "show", "9").exit_code == 2


@pytest.mark.usefixtures("chen")
def test_s4_a_record_book_is_compared_and_its_differences_are_mismatches(
    national_sync: Terminal, city: City, tmp_path: Path
) -> None:
    record = city.serve(1, 3_600, "2025-03-05 08:00")
    [(number, name)] = city.rows("SELECT number, name FROM volunteer")
    line = [number, name, "清洁家园", "2025-03-05", "08:00", "10:00", ""]
    file = write_sheet(tmp_path / "book.xlsx", [line, [*line[:4], "18:00", "19:00", ""]])
    compare = ("hours", "compare", str(file), "--team", "1", "--from", "2025-03-01", "--until", "2025-03-31")
    told = national_sync(*compare)
    assert told.out.splitlines()[0] == "Alike: 0; other times: 1; not in the book: 0"
    assert "Not in the national system, 1 rows: 3." in told.out
    [mismatch] = national_sync("mismatch", "list", "--kind", "book_differs", "--json").json["mismatches"]
    assert (mismatch["row_id"], mismatch["field"], mismatch["choices"]) == (record, "ended_at", ["national"])
    shown = national_sync("mismatch", "show", str(mismatch["id"])).out
    assert "10:00" in shown
    other_days = national_sync(*compare[:-4], "--from", "2025-03-06", "--until", "2025-03-31")
    assert (other_days.exit_code, "Nothing was compared" in other_days.out) == (2, True)


def test_a_county_acts_within_itself(national_sync: Terminal, city: City, store: Database) -> None:
    record = city.serve(1, 3_600, "2025-03-05 08:00")
    log_in(store, national_sync.environment, "bai", Role.COUNTY_OPERATOR, "530822")
    asked = (
        ("object", "1", "--record", str(record), "--reason", "x"),
        ("object", "1", "--day", "2025-03-05", "--reason", "x"),
        ("correct", str(record), "--until", "10:00", "--reason", "x"),
        ("overdue", "--county", "530802"),
    )
    for command in asked:
        assert "bound to county 530822" in national_sync("hours", *command).err
    assert national_sync("hours", "overdue", "--json").json == {"missing": []}
    log_in(store, national_sync.environment, "li", Role.COUNTY_OPERATOR, "530802")
    assert national_sync("hours", *asked[0]).exit_code == 0


@pytest.mark.usefixtures("chen")
def test_the_lists_fit_eighty_columns_in_both_languages(national_sync: Terminal, city: City) -> None:
    record = city.serve(1, 3_600, "2025-03-05 08:00", entered_at=city.act.now)
    city.project(state="ended", name="清洁家园" * 6)
    national_sync("hours", "object", "1", "--record", str(record), "--reason", "少记" * 60)
    for language in ("zh", "en"):
        for command in (
            ("overdue", "--since", "2025-01-01"),
            ("overdue", "--late", "--since", "2025-01-01"),
            ("objections",),
            ("show", "1"),
        ):
            told = national_sync("hours", *command, language=language)
            assert max(map(width, told.out.splitlines())) <= 80
            assert told.out.count("\n") > 2
