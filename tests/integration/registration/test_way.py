"""The way of a registration from the form to the national side: clauses R1, R2, R5, R6, S1."""

from __future__ import annotations

import pytest
from tests.integration.registration.office import CITY, MOJIANG, OF_MOJIANG, RegistrationOffice, form, id_number

from national_sync.errors import NotAllowed, NotFound, RegistrationRefused, WrongStep
from national_sync.records import Entity
from national_sync.registration.stages import State, chosen, decide, follow, send
from national_sync.registration.submitting import submit

DAY = 86_400


def go(office: RegistrationOffice, registration: int, *states: State, operator: object = CITY) -> None:
    for state in states:
        with office.at_work(operator) as (connection, desk):  # type: ignore[arg-type]
            if state is State.SENT:
                send(connection, desk, [registration])
            else:
                decide(connection, desk, [registration], state)


def follow_now(office: RegistrationOffice) -> dict[str, int]:
    with office.at_work() as (connection, desk):
        return follow(connection, desk.now)


def registered_nationally(office: RegistrationOffice, volunteer: int, real_name_state: str = "passed") -> None:
    """As a run leaves the row when the national side has taken the person."""
    with office.run() as tx:
        tx.execute(
            "UPDATE volunteer SET national_id = :national, number = :number, real_name_state = :state,"
            " sync_rev = :rev WHERE id = :id",
            national=f"{volunteer:032x}",
            number=f"V5308022603{volunteer:06d}V",
            state=real_name_state,
            rev=tx.next_revision(),
            id=volunteer,
        )


def test_r5_r6_from_the_form_to_a_registered_volunteer_each_step_with_who_and_when(
    office: RegistrationOffice,
) -> None:
    registration = office.submit()
    go(office, registration, State.APPROVED, State.FILED, State.SENT)
    [row] = office.rows("SELECT * FROM registration")
    [volunteer] = office.rows("SELECT * FROM volunteer")
    assert row["volunteer_id"] == volunteer["id"]
    assert (volunteer["sync_rev"], volunteer["national_id"], volunteer["real_name_state"]) == (None, None, "in_review")
    assert office.sealer.open(volunteer["id_number"]) == id_number(2)
    assert bytes(volunteer["id_number_hash"]) == office.sealer.match_hash(id_number(2))
    assert (volunteer["name"], volunteer["politics"], volunteer["sex"]) == ("李文秀", "01", "female")

    office.plan_what_goes_out(Entity.VOLUNTEER)
    assert office.rows("SELECT entity, verb FROM operation") == [{"entity": "volunteer", "verb": "create"}]
    office.execute("UPDATE operation SET state = 'pending'")
    assert follow_now(office) == {"under_review": 1}
    registered_nationally(office, volunteer["id"])
    assert follow_now(office) == {"registered": 1}
    assert follow_now(office) == {}
    assert office.steps(registration) == [
        *((state, "operator:chen") for state in ("submitted", "approved", "filed", "sent")),
        ("under_review", "national"),
        ("registered", "national"),
    ]
    audited = office.rows("SELECT action, row_id FROM audit_entry WHERE entity = 'registration' ORDER BY id")
    assert [entry["action"] for entry in audited] == [
        f"registration.{state}" for state in ("submitted", "approved", "filed", "sent")
    ]


def test_s1_personal_numbers_are_sealed_from_the_first_moment(office: RegistrationOffice) -> None:
    office.submit(guardian_name="王大山", guardian_phone="13887905678")
    written = str(office.rows("SELECT * FROM registration")) + str(office.rows("SELECT detail FROM audit_entry"))
    for number in (id_number(2), "13887901234", "13887905678"):
        assert number not in written


def test_r6_a_person_who_is_a_volunteer_already_is_adopted_and_not_doubled(office: RegistrationOffice) -> None:
    known = office.person(id_number=id_number(2))
    with office.at_work() as (connection, desk):
        submitted = submit(connection, desk, form(2))
    assert submitted.volunteer_id == known
    go(office, submitted.id, State.APPROVED, State.FILED, State.SENT)
    assert [row["id"] for row in office.rows("SELECT id FROM volunteer")] == [known]
    assert follow_now(office) == {"registered": 1}
    assert office.steps(submitted.id)[-2:] == [("adopted", "operator:chen"), ("registered", "national")]


def test_a_withdrawn_volunteer_is_not_adopted_and_of_two_the_national_one_is(office: RegistrationOffice) -> None:
    office.person(id_number=id_number(2), withdrawn_at=1)
    first = office.submit(2)
    office.entered_here("volunteer", **_row(office, 4))
    national = office.person(id_number=id_number(4))
    second = office.submit(4)
    for registration in (first, second):
        go(office, registration, State.APPROVED, State.FILED, State.SENT)
    by_registration = {
        row["id"]: row["volunteer_id"] for row in office.rows("SELECT id, volunteer_id FROM registration")
    }
    assert by_registration[second] == national
    assert office.rows("SELECT id FROM volunteer WHERE id = :id AND sync_rev IS NULL", id=by_registration[first])


def _row(office: RegistrationOffice, serial: int) -> dict[str, object]:
    number = id_number(serial)
    return {
        "name": "李文秀",
        "id_number": office.sealer.seal(number),
        "id_number_hash": office.sealer.match_hash(number),
        "sex": "female",
        "birth_date": "1990-04-12",
        "service_area_id": "530802000000000000",
    }


def test_the_same_person_is_registered_once_until_rejected(office: RegistrationOffice) -> None:
    registration = office.submit()
    with pytest.raises(RegistrationRefused, match=f"registration {registration} stands"):
        office.submit()
    with office.at_work() as (connection, desk):
        decide(connection, desk, [registration], State.REJECTED, "照片不符")
    assert office.submit() != registration
    assert office.rows("SELECT reason FROM registration_step WHERE state = 'rejected'") == [{"reason": "照片不符"}]


def test_r6_a_refusal_is_shown_and_a_later_registration_heals_it(office: RegistrationOffice) -> None:
    registration = office.submit()
    go(office, registration, State.APPROVED, State.FILED, State.SENT)
    office.plan_what_goes_out(Entity.VOLUNTEER)
    office.execute("UPDATE operation SET state = 'refused', outcome = '姓名与公安库不符'")
    assert follow_now(office) == {"refused": 1}
    [volunteer] = office.rows("SELECT id FROM volunteer")
    registered_nationally(office, volunteer["id"], "failed")
    assert follow_now(office) == {}
    registered_nationally(office, volunteer["id"])
    assert follow_now(office) == {"registered": 1}


def test_a_refused_one_does_not_come_back_beside_another_that_stands(office: RegistrationOffice) -> None:
    registration = office.submit()
    go(office, registration, State.APPROVED, State.FILED, State.SENT)
    office.plan_what_goes_out(Entity.VOLUNTEER)
    office.execute("UPDATE operation SET state = 'refused'")
    assert follow_now(office) == {"refused": 1}
    office.submit()
    office.execute("UPDATE operation SET state = 'pending'")
    assert follow_now(office) == {}


def test_steps_are_taken_in_their_order_all_or_none(office: RegistrationOffice) -> None:
    first, second = office.submit(2), office.submit(4)
    go(office, first, State.APPROVED)
    with pytest.raises(WrongStep, match=f"Registration {first}"), office.at_work() as (connection, desk):
        decide(connection, desk, [second, first], State.APPROVED)
    with pytest.raises(NotFound), office.at_work() as (connection, desk):
        decide(connection, desk, [second, 999], State.APPROVED)
    with pytest.raises(WrongStep), office.at_work() as (connection, desk):
        send(connection, desk, [first])
    assert (office.state(first), office.state(second)) == ("approved", "submitted")


def test_r5_a_county_office_decides_in_its_county_and_the_federation_for_city_bodies(
    office: RegistrationOffice,
) -> None:
    own = office.submit(2, OF_MOJIANG, service_area_id=MOJIANG)
    citys = office.submit(4, OF_MOJIANG, service_area_id=MOJIANG, unit_level="city")
    with pytest.raises(RegistrationRefused, match="not for this account"):
        office.submit(6, OF_MOJIANG)
    go(office, own, State.APPROVED, operator=OF_MOJIANG)
    with pytest.raises(NotAllowed):
        go(office, citys, State.APPROVED, operator=OF_MOJIANG)
    go(office, citys, State.APPROVED)
    go(office, citys, State.FILED, operator=OF_MOJIANG)
    simao = office.submit(8)
    with pytest.raises(NotAllowed):
        go(office, simao, State.APPROVED, operator=OF_MOJIANG)


def test_r2_eligibility_is_asked_again_on_the_day_of_approval(sqlite_office: RegistrationOffice) -> None:
    old = sqlite_office.submit(id_number=id_number(2, "19570101"))
    sqlite_office.now += 365 * DAY
    with pytest.raises(RegistrationRefused, match="over 70"):
        go(sqlite_office, old, State.APPROVED)


def test_r2_a_child_is_registered_with_a_guardian_only(sqlite_office: RegistrationOffice) -> None:
    child = id_number(3, "20150601")
    with pytest.raises(RegistrationRefused, match="under 14"):
        sqlite_office.submit(id_number=child)
    guardian = {"guardian_name": "王大山", "guardian_phone": "13887905678", "guardian_consented_on": "2026-03-01"}
    assert sqlite_office.submit(id_number=child, **guardian)


def test_all_that_are_ready_are_chosen_within_the_operators_county(sqlite_office: RegistrationOffice) -> None:
    here = sqlite_office.submit(2, service_area_id=MOJIANG)
    other = sqlite_office.submit(4)
    for registration in (here, other):
        go(sqlite_office, registration, State.APPROVED, State.FILED)
    with sqlite_office.at_work(OF_MOJIANG) as (connection, desk):
        assert chosen(connection, desk, State.SENT) == [here]
    with sqlite_office.at_work() as (connection, desk):
        assert chosen(connection, desk, State.SENT) == [here, other]
