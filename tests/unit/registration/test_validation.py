"""What people write on a form, and what becomes of it: clauses R1 and S1."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from national_sync.code_lists import LISTS, code_of, words_of
from national_sync.identity import check_digit
from national_sync.registration.validation import FIELDS, Checked, check, fault_in

TODAY = date(2026, 3, 1)
BODY = "53080219900412102"
NUMBER = BODY + check_digit(BODY)
WITH_X = "53080219900412001X"


def form(**changes: str) -> dict[str, str | None]:
    usual = {
        "name": "李文秀",
        "id_number": NUMBER,
        "phone": "13887901234",
        "service_area_id": "530802",
        "recruiting_kind": "own_unit",
        "recruiting_body": "普洱市茶叶研究所",
    }
    return {**usual, **changes}


def checked(**changes: str) -> Checked:
    return check(form(**changes), TODAY)


def faulty(**changes: str) -> list[str]:
    return [fault.field for fault in checked(**changes).faults]


def test_a_plain_form_is_taken_with_what_follows_from_it() -> None:
    found = checked()
    assert found.faults == ()
    assert set(found.values) == set(FIELDS)
    assert found.values["birth_date"] == "1990-04-12"
    assert found.values["sex"] == "female"
    assert found.values["service_area_id"] == "530802000000000000"
    assert found.values["service_area_name"] == "思茅区"
    assert found.county == "530802"


def test_r1_every_registration_names_its_recruiting_body_and_its_record_office() -> None:
    assert checked().values["record_office"] == "guidance_centre"
    assert checked(recruiting_body="").faults[0].field == "recruiting_body"
    assert faulty(recruiting_kind="") == ["recruiting_kind"]
    assert (
        checked(recruiting_kind="志愿服务队", record_office="普洱市志愿服务联合会").values["record_office"]
        == "federation"
    )


def test_the_check_digit_may_be_small_or_wide() -> None:
    assert check_digit(WITH_X[:17]) == "X"
    wide = "".join(chr(ord(character) + 0xFEE0) for character in WITH_X.lower())
    for written in (WITH_X, WITH_X.lower(), wide, f" {WITH_X[:6]} {WITH_X[6:]} "):
        assert checked(id_number=written).values["id_number"] == WITH_X


def test_an_id_number_of_fifteen_digits_becomes_one_of_eighteen() -> None:
    old = BODY[:6] + BODY[8:]
    assert checked(id_number=old).values["id_number"] == NUMBER


@pytest.mark.parametrize(
    ("written", "told"),
    [
        (BODY + "9", "last digit"),
        ("530802199013451023", "last digit"),
        ("5308021990", "has 10 characters"),
        ("530802991345101", "birth date"),
    ],
)
def test_an_id_number_is_refused_with_the_reason(written: str, told: str) -> None:
    [fault] = checked(id_number=written).faults
    assert (fault.field, told in str(fault.reason)) == ("id_number", True)


def test_birth_and_sex_may_not_contradict_the_id_number() -> None:
    assert faulty(birth_date="1990-04-13", sex="男") == ["birth_date", "sex"]
    assert faulty(birth_date="1990年4月12日", sex="女") == []


def test_another_document_says_nothing_so_birth_and_sex_are_needed() -> None:
    assert faulty(id_type="护照", id_number="E12345678") == ["birth_date", "sex"]
    assert faulty(id_type="05", id_number="E12345678", birth_date="1990-04-12", sex="male") == []


@pytest.mark.parametrize(
    "written", ["2000-03-05", "2000/3/5", "2000.3.5", "20000305", "2000年3月5日", "２０００-０３-０５"]
)
def test_a_date_comes_in_five_shapes(written: str) -> None:
    assert checked(fitness_stated_on=written).values["fitness_stated_on"] == "2000-03-05"


@pytest.mark.parametrize("written", ["2000-02-30", "05/03/2000", "明天", "43891", "2000-3"])
def test_what_is_no_date_is_refused(written: str) -> None:
    assert faulty(fitness_stated_on=written) == ["fitness_stated_on"]


@pytest.mark.parametrize("written", ["138 8790 1234", "138-8790-1234", "+86 13887901234", "１３８８７９０１２３４"])
def test_a_phone_comes_in_several_shapes(written: str) -> None:
    assert checked(phone=written).values["phone"] == "13887901234"


def test_a_code_may_be_written_as_its_words() -> None:
    found = checked(
        politics="中共党员", ethnicity="哈尼", education="20", categories="社区服务、0006", skills="1，摄影"
    ).values
    assert (found["politics"], found["ethnicity"], found["education"]) == ("01", "16", "20")
    assert (found["categories"], found["skills"]) == ("0001,0006", "01,23")
    assert faulty(politics="55", skills="飞行") == ["politics", "skills"]
    assert faulty(categories="0001,0002,0003,0004,0005") == ["categories"]


def test_every_code_is_found_by_its_words() -> None:
    for name, listed in LISTS.items():
        for code, words in listed.items():
            assert code_of(name, words) == code
            assert words_of(name, code) == words


def test_a_service_area_lies_in_a_county_of_puer() -> None:
    assert checked(service_area_id="墨江哈尼族自治县").values["service_area_id"] == "530822000000000000"
    assert checked(service_area_id="530802001").values["service_area_id"] == "530802001000000000"
    assert faulty(service_area_id="530800") == ["service_area_id"]
    assert faulty(service_area_id="昆明") == ["service_area_id"]
    assert faulty(living_area_id="440100") == []


@pytest.mark.parametrize("name", ["岩温", "买买提·吐尔逊", "买买提•吐尔逊", "Anna Maria O'Neill", "阿卜杜拉·艾山江"])
def test_names_of_many_kinds_are_names(name: str) -> None:
    assert faulty(name=name) == []


@pytest.mark.parametrize("name", ["李文秀1", "=1+1", "@SUM(A1)", "李\u202e秀\u0007", "<b>", "_"])
def test_what_is_no_name_is_refused(name: str) -> None:
    assert faulty(name=name) == ["name"]


def test_a_text_that_begins_like_a_formula_is_refused() -> None:
    assert faulty(recruiting_body="=HYPERLINK(1)") == ["recruiting_body"]


def test_unknown_fields_and_everything_that_is_missing_are_told_at_once() -> None:
    told = [fault.field for fault in check({"shoe_size": "42"}, TODAY).faults]
    assert told[:7] == [
        "shoe_size",
        "name",
        "id_number",
        "phone",
        "service_area_id",
        "recruiting_kind",
        "recruiting_body",
    ]


def test_nobody_is_born_tomorrow() -> None:
    assert faulty(id_type="05", id_number="E1", birth_date="2026-03-02", sex="男") == ["birth_date"]


@given(st.dictionaries(st.sampled_from(FIELDS), st.text(max_size=30)))
def test_whatever_is_written_is_judged_and_what_is_taken_stays_as_it_is(written: dict[str, str]) -> None:
    found = check({**form(), **written}, TODAY)
    if not found.faults:
        assert check(found.values, TODAY) == found
    assert "13887901234" not in " ".join(str(fault.reason) for fault in found.faults)


def test_one_answer_is_judged_by_itself() -> None:
    assert fault_in("id_number", NUMBER) is None
    assert "last digit" in str(fault_in("id_number", BODY + "9"))
    assert fault_in("id_number", "E12345678") is None
    assert "mobile" in str(fault_in("phone", "12"))
    assert fault_in("phone", "") is None
