"""The registration form in two copies (clause R4) and the volunteer card (clause R8)."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path

import pytest
from tests.integration.registration.office import RegistrationOffice, id_number

from national_sync.errors import CardRefused, CodeRefused, GlyphMissing, NotFound, UsageError
from national_sync.registration.cards import bearers, bearers_of_team, card_data, card_pictures, cards
from national_sync.registration.forms import form_data, form_pictures, registration_form
from national_sync.registration.record_book import record_book, record_book_pdf, record_book_pictures
from national_sync.registration.stages import load
from national_sync.registration.validation import FIELDS, check
from national_sync.signing import Facts, Signer, create_key, load_signer, verify


@pytest.fixture
def signer(tmp_path: Path) -> Signer:
    create_key(tmp_path / "certificates.key")
    return load_signer(tmp_path / "certificates.key")


def test_r4_the_form_comes_in_two_copies_with_the_approval_block(sqlite_office: RegistrationOffice) -> None:
    registration = sqlite_office.submit(guardian_name="王大山", fitness_stated_on="2026-03-01")
    with sqlite_office.database.read() as connection:
        row = load(connection, registration)
    data = form_data([row], sqlite_office.sealer)
    assert [copy[:3] for copy in data["copies"]] == ["第一联", "第二联"]
    [form] = data["forms"]
    assert ["证件号码", id_number(2)] in form["person"]
    assert (form["approver"], form["record_office"]) == ("普洱市志愿服务联合会", "普洱市志愿服务发展指导中心")
    pages = form_pictures([row], sqlite_office.sealer)
    assert len(pages) == 2
    assert all(page.startswith(b"\x89PNG") for page in pages)
    document = registration_form([row], sqlite_office.sealer)
    assert document.startswith(b"%PDF-")
    assert registration_form([row], sqlite_office.sealer) == document


def test_a_name_whose_character_the_font_lacks_is_refused_by_name(sqlite_office: RegistrationOffice) -> None:
    registration = sqlite_office.submit(name="李𠮷")
    with sqlite_office.database.read() as connection, pytest.raises(GlyphMissing, match="𠮷"):
        registration_form([load(connection, registration)], sqlite_office.sealer)


def test_r8_a_card_carries_a_signed_number_and_no_id_number(sqlite_office: RegistrationOffice, signer: Signer) -> None:
    person = sqlite_office.person("李文秀", id_number(2), registered_at=1_772_300_000)
    with sqlite_office.database.read() as connection:
        people = bearers(connection, [person])
    data = card_data(people, signer)
    assert id_number(2) not in str(data)
    document = cards(people, signer)
    assert cards(people, signer) == document
    [page] = card_pictures(people * 10, signer)
    assert page.startswith(b"\x89PNG")
    assert len(card_pictures(people * 11, signer)) == 2


def test_r8_the_code_of_a_card_is_verified_offline_and_a_changed_one_refused(signer: Signer) -> None:
    code = signer.code(Facts("card", "V5308022603000001V", "李文秀", "530802", "2026-03-01"))
    assert verify(code, signer.public_key).number == "V5308022603000001V"
    with pytest.raises(CodeRefused):
        verify(code.replace("000001V", "000002V"), signer.public_key)


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"real_name_state": "failed"}, "real-name"),
        ({"account_state": "disabled"}, "disabled"),
        ({"withdrawn_at": 1}, "no longer"),
        ({"number": None}, "not registered"),
    ],
)
def test_r8_there_is_no_card_before_the_national_side_has_registered(
    sqlite_office: RegistrationOffice, columns: dict[str, object], told: str
) -> None:
    person = sqlite_office.person(id_number=id_number(2), **columns)
    with sqlite_office.database.read() as connection, pytest.raises(CardRefused, match=re.escape(told)):
        bearers(connection, [person])


def test_the_cards_of_a_team_are_those_of_its_members_who_can_have_one(sqlite_office: RegistrationOffice) -> None:
    team = sqlite_office.team()
    fit = sqlite_office.person("李文秀", id_number(2))
    unfit = sqlite_office.person("岩温", id_number(3), real_name_state="in_review")
    for person in (fit, unfit):
        sqlite_office.known("membership", volunteer_id=person, team_id=team, state="member")
    with sqlite_office.database.read() as connection:
        assert [row["id"] for row in bearers_of_team(connection, team)] == [fit]
        with pytest.raises(NotFound):
            bearers_of_team(connection, 99)


def test_s4_the_record_book_has_the_effective_hours_of_a_team_also_of_those_who_left(
    office: RegistrationOffice,
) -> None:
    team = office.team(name="茶城队")
    stays, left = office.person("李文秀", id_number(2)), office.person("岩温", id_number(3))
    office.known("membership", volunteer_id=stays, team_id=team, state="member")
    office.known("membership", volunteer_id=left, team_id=team, state="member", withdrawn_at=1)
    office.hours(stays, 0, team_id=team)
    office.hours(stays, 86_400, 5_400, team_id=team)
    office.hours(left, 0, team_id=team)
    office.hours(left, 7_200, team_id=team, state="rejected")
    office.hours(left, 10_800, team_id=team + 1)
    office.hours(left, 86_400 * 365, team_id=team)
    with office.database.read() as connection:
        book = record_book(connection, team, date(2026, 1, 1), date(2026, 6, 30))
        with pytest.raises(UsageError):
            record_book(connection, team, date(2020, 1, 1), date(2020, 6, 30))
    assert [(person["name"], person["hours"]) for person in book["people"]] == [("李文秀", "2.50"), ("岩温", "1.00")]
    assert (book["count"], book["hours"]) == (3, "3.50")
    many = {**book, "people": [{**book["people"][0], "lines": book["people"][0]["lines"] * 40}]}
    assert len(record_book_pictures(many)) > 1
    assert record_book_pdf(book) == record_book_pdf(book)


def test_the_form_shown_in_the_documents_is_taken() -> None:
    for name in ("registration.md", "registration.zh-CN.md"):
        document = (Path(__file__).parents[3] / "docs" / name).read_text(encoding="utf-8")
        shown = re.search(r"^    (\{\"name\".*?\})$", document, re.MULTILINE | re.DOTALL)
        assert shown is not None
        checked = check(json.loads(shown[1]), date(2026, 3, 1))
        assert checked.faults == ()
        assert all(f"`{field}`" in document for field in FIELDS)
