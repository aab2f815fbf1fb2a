"""Corrections of audited records as requests, and objections by volunteers (clause S2; order 67, articles 11-13)."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from tests.integration.recognition.city import moment
from tests.integration.recording.office import RecordingOffice

from national_sync.errors import HourCaseRefused, HoursRefused
from national_sync.recording.cases import Kind, State, decide, list_cases, show_case
from national_sync.recording.correcting import correct, handover, moved, object_to

AT_EIGHT = moment("2026-03-05 08:00")


def ask(office: RecordingOffice, record: int, **times: Any) -> dict[str, Any]:
    given = {"started_at": None, "ended_at": AT_EIGHT + 7_200, "reason": "签退晚了", **times}
    with office.city.database.write() as connection:
        return correct(connection, office.recorder(), record, **given)


def take_on(office: RecordingOffice, case: int, *states: str, note: str | None = None) -> None:
    for state in states:
        with office.city.database.write() as connection:
            decide(connection, case, State(state), office.act, note)


def shown(office: RecordingOffice, case: int) -> dict[str, Any]:
    with office.city.database.read() as connection:
        return show_case(connection, case)


def complain(office: RecordingOffice, volunteer: int, **about: Any) -> int:
    given = {"record_id": None, "day": None, "reason": "少记了一小时", "act": office.act, **about}
    with office.city.database.write() as connection:
        return object_to(connection, str(volunteer), **given)


def test_i9_an_audited_record_is_never_changed_but_asked_about(office: RecordingOffice) -> None:
    record = office.city.serve(1, 3_600, "2026-03-05 08:00")
    before = office.records()
    asked = ask(office, record)
    assert office.records() == before
    take_on(office, asked["case"], "checked", "sent")
    case = shown(office, asked["case"])
    assert [(step["state"], step["actor"]) for step in case["steps"]] == [
        (state, "operator:chen") for state in ("received", "checked", "sent")
    ]
    assert (case["is_followed"], case["old_service_seconds"], case["service_seconds"]) == (False, 3_600, 7_200)
    request = dict(handover(case))
    assert (request["is"], request["ought"]) == ("2026-03-05 08:00 - 09:00, 1.00", "2026-03-05 08:00 - 10:00, 2.00")
    assert len(request["record"]) == 32
    office.city.change("hour_record", record, ended_at=AT_EIGHT + 7_200, service_seconds=7_200)
    assert shown(office, asked["case"])["is_followed"]
    actions = office.city.rows("SELECT action FROM audit_entry WHERE action LIKE 'hours.%' ORDER BY id")
    assert [action for (action,) in actions] == [
        "hours.correction_received",
        "hours.correction_checked",
        "hours.correction_sent",
    ]


def test_a_record_that_is_not_audited_is_changed_at_once_and_goes_out(office: RecordingOffice) -> None:
    record = office.city.serve(1, 3_600, "2026-03-05 08:00", state="applying")
    assert ask(office, record)["case"] is None
    assert office.records()[0][3:6] == (AT_EIGHT, AT_EIGHT + 7_200, 7_200)
    changes = office.city.rows("SELECT field, base FROM local_change WHERE entity = 'hour_record' ORDER BY field")
    assert changes == [("ended_at", str(AT_EIGHT + 3_600)), ("service_seconds", "3600")]


def test_a_request_that_could_never_be_followed_is_refused(office: RecordingOffice) -> None:
    city = office.city
    record = city.serve(1, 3_600, "2026-03-05 08:00")
    city.serve(1, 3_600, "2026-03-05 09:30")
    with pytest.raises(HoursRefused, match="overlaps another record"):
        ask(office, record)
    with pytest.raises(HoursRefused, match="ends before it begins"):
        ask(office, record, ended_at=AT_EIGHT - 60)
    with pytest.raises(HourCaseRefused, match="says so already"):
        ask(office, record, ended_at=AT_EIGHT + 3_600)
    with pytest.raises(HourCaseRefused, match="no longer counts"):
        ask(office, city.serve(1, 3_600, "2026-03-05 18:00", state="rejected"))
    first = ask(office, record, ended_at=AT_EIGHT + 1_800)["case"]
    with pytest.raises(HourCaseRefused, match=f"correction {first} of this record is under way"):
        ask(office, record, ended_at=AT_EIGHT + 1_800)
    # Whoever has left the team since has served all the same.
    city.change("membership", city.rows("SELECT id FROM membership WHERE volunteer_id = 2")[0][0], withdrawn_at=1)
    assert ask(office, city.serve(2, 3_600, "2026-03-05 08:00"))["case"] == first + 1


def test_steps_come_in_their_order_and_a_rejection_says_why(office: RecordingOffice) -> None:
    case = ask(office, office.city.serve(1, 3_600, "2026-03-05 08:00"))["case"]
    for wrong in ("sent", "corrected"):
        with pytest.raises(HourCaseRefused):
            take_on(office, case, wrong)
    with pytest.raises(HourCaseRefused, match="needs its reason"):
        take_on(office, case, "rejected")
    take_on(office, case, "rejected", note="签到表为准")
    with pytest.raises(HourCaseRefused, match="it cannot become"):
        take_on(office, case, "checked")
    assert shown(office, case)["steps"][-1]["note"] == "签到表为准"
    with office.city.database.read() as connection:
        assert list_cases(connection, Kind.CORRECTION) == []
        assert [row["id"] for row in list_cases(connection, Kind.CORRECTION, state=State.REJECTED)] == [case]


def test_an_objection_ends_as_corrected_only_when_something_was_done(office: RecordingOffice) -> None:
    record = office.city.serve(1, 3_600, "2026-03-05 08:00")
    objection = complain(office, 1, record_id=record)
    take_on(office, objection, "checked")
    with pytest.raises(HourCaseRefused, match=f"hours correct {record} --objection {objection}"):
        take_on(office, objection, "corrected")
    correction = ask(office, record, objection_id=objection)["case"]
    take_on(office, correction, "checked", "sent")
    take_on(office, objection, "corrected")
    assert [step["state"] for step in shown(office, objection)["steps"]] == ["received", "checked", "corrected"]
    assert {step["at"] for step in shown(office, objection)["steps"]} == {office.now}


def test_a_service_that_was_not_recorded_can_be_objected_to(office: RecordingOffice) -> None:
    objection = complain(office, 1, day=date(2026, 3, 5))
    take_on(office, objection, "checked")
    with pytest.raises(HourCaseRefused, match="no hours of that day yet"):
        take_on(office, objection, "corrected")
    office.enter()
    take_on(office, objection, "corrected")
    with office.city.database.read() as connection:
        [closed] = list_cases(connection, Kind.OBJECTION, state=State.CORRECTED, county="530802")
        assert closed["service_day"] == "2026-03-05"
        assert list_cases(connection, Kind.OBJECTION, state=State.CORRECTED, county="530822") == []


def test_nobody_objects_to_anothers_record_or_to_a_day_to_come(office: RecordingOffice) -> None:
    record = office.city.serve(1, 3_600, "2026-03-05 08:00")
    with pytest.raises(HourCaseRefused, match="another person's"):
        complain(office, 2, record_id=record)
    for day in (None, date(2026, 3, 19)):
        with pytest.raises(HourCaseRefused, match="on which past day"):
            complain(office, 1, day=day)


def test_a_day_or_an_hour_moves_the_record_and_leaves_the_rest() -> None:
    record = {"started_at": AT_EIGHT, "ended_at": AT_EIGHT + 3_600}
    assert moved(record, None, None, 36_000) == {"started_at": AT_EIGHT, "ended_at": AT_EIGHT + 7_200}
    assert moved(record, date(2026, 3, 6), 32_400, None) == {
        "started_at": AT_EIGHT + 90_000,
        "ended_at": AT_EIGHT + 90_000,
    }
    assert moved({**record, "ended_at": None}, None, None, None)["ended_at"] is None
