"""`volunteer submit … search` and `card`, as they are typed in an office."""

from __future__ import annotations

import json
import stat
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import click
import pytest
from click.testing import CliRunner
from tests.integration.registration.office import RegistrationOffice, form, id_number, write_sheet
from tests.unit.cli.conftest import FakeBootstrap, Terminal

from national_sync.cli.invocation import Invocation
from national_sync.cli.registration import STATES, _answer
from national_sync.cli.root import cli
from national_sync.prose.layout import width
from national_sync.registration.stages import State
from national_sync.sealing import Sealer
from national_sync.signing import Facts, create_key, load_signer
from national_sync.store.database import Database


@pytest.fixture
def office(store: Database, sealer: Sealer) -> RegistrationOffice:
    return RegistrationOffice(store, sealer)


@pytest.fixture
def written(tmp_path: Path) -> str:
    file = tmp_path / "form.json"
    file.write_text(json.dumps(form(2), ensure_ascii=False), encoding="utf-8")
    return str(file)


def test_the_states_that_can_be_asked_for_are_all_there_are() -> None:
    assert list(STATES) == [state.value for state in State]


@pytest.mark.usefixtures("chen")
def test_a_registration_from_the_form_to_the_next_run(
    national_sync: Terminal, office: RegistrationOffice, written: str, tmp_path: Path
) -> None:
    taken = national_sync("volunteer", "submit", written, "--json").json["registration"]
    assert taken == {"id": 1, "state": "submitted", "approver": "federation", "volunteer_id": None}
    assert "registration 1 stands for this person already" in national_sync("volunteer", "submit", written).err
    printed = tmp_path / "form.pdf"
    assert "two copies each: 1" in national_sync("volunteer", "form", "1", str(printed)).out
    assert stat.S_IMODE(printed.stat().st_mode) == 0o600
    assert "cannot be written" in national_sync("volunteer", "form", "1", str(tmp_path / "nowhere" / "form.pdf")).err
    assert "1, now approved" in national_sync("volunteer", "approve", "1").out
    assert "cannot be approved now" in national_sync("volunteer", "approve", "1").err
    national_sync("volunteer", "file", "1")
    assert national_sync("volunteer", "send", "--json").json == {"sent": {"made": 1, "adopted": 0}}
    assert "No registration is ready" in national_sync("volunteer", "send").err
    assert "Nothing new" in national_sync("volunteer", "follow").out
    assert national_sync("volunteer", "registrations", "--json").json["registrations"][0]["state"] == "sent"
    shown = national_sync("volunteer", "registration", "1")
    assert f"530802*********{id_number(2)[15:]}" in shown.out
    assert "138****1234" in shown.out
    assert "operator:chen" in shown.out
    assert office.rows("SELECT name FROM volunteer") == [{"name": "李文秀"}]


@pytest.mark.usefixtures("chen")
def test_what_is_wrong_with_a_form_is_told_without_the_numbers_in_it(national_sync: Terminal, tmp_path: Path) -> None:
    file = tmp_path / "form.json"
    file.write_text(json.dumps(form(2, phone="1388", id_number="530802199004120021")), encoding="utf-8")
    answer = national_sync("volunteer", "submit", str(file))
    assert answer.exit_code == 2
    assert "phone: is no mobile number" in answer.err
    assert "530802199004120021" not in answer.err
    for text in ("[]", "{", '{"id_number": 5}'):
        file.write_text(text, encoding="utf-8")
        assert national_sync("volunteer", "submit", str(file)).exit_code == 2
    assert "no terminal" in national_sync("volunteer", "submit").err


@pytest.mark.usefixtures("chen")
def test_a_sheet_is_written_taken_and_approved(
    national_sync: Terminal, office: RegistrationOffice, tmp_path: Path
) -> None:
    empty = str(tmp_path / "empty.xlsx")
    assert national_sync("volunteer", "template", empty).exit_code == 0
    assert national_sync("volunteer", "template", empty).exit_code == 2
    file = str(write_sheet(tmp_path / "unit.xlsx", [form(2), form(4, phone="1")]))
    refused = national_sync("volunteer", "import", file)
    assert refused.exit_code == 2
    assert "Row 3: phone: is no mobile number" in refused.out
    taken = national_sync("volunteer", "import", file, "--only-valid", "--json")
    assert (taken.exit_code, taken.json["counts"]) == (0, {"rows": 2, "valid": 1, "known": 0, "refused": 1})
    assert "1, now approved" in national_sync("volunteer", "approve", "--sheet", taken.json["sheet"]).out
    assert national_sync("volunteer", "approve").exit_code == 2


@pytest.mark.usefixtures("chen")
def test_people_are_searched_for_and_an_id_number_is_not_typed_on_the_command_line(
    national_sync: Terminal, office: RegistrationOffice, store: Database, sealer: Sealer, tmp_path: Path
) -> None:
    office.person("李文秀", id_number(2), number="V5308022601000001V")
    for text in ("lwx", "李文秀", "v5308022601000001v"):
        assert [one["name"] for one in national_sync("volunteer", "search", text, "--json").json["volunteers"]] == [
            "李文秀"
        ]
    refused = national_sync("volunteer", "search", id_number(2))
    assert (refused.exit_code, id_number(2) in refused.err) == (2, False)
    bootstrap = FakeBootstrap(store, sealer, SimpleNamespace(), tmp_path)  # type: ignore[arg-type]
    invocation = Invocation(environment={"XDG_STATE_HOME": str(tmp_path / "state")}, bootstrap=lambda *_: bootstrap)
    asked = CliRunner().invoke(
        cli, ["volunteer", "search", "--id-number", "--json"], obj=invocation, input=id_number(2)
    )
    assert json.loads(asked.stdout)["volunteers"][0]["name"] == "李文秀"
    assert "Nobody was found." in national_sync("volunteer", "search", "zzz").out
    assert national_sync("volunteer", "search").exit_code == 2


@pytest.mark.usefixtures("chen")
@pytest.mark.parametrize("day", ["9999-12-31", "0001-01-01"])
def test_a_day_that_nobody_can_mean_is_refused(national_sync: Terminal, tmp_path: Path, day: str) -> None:
    book = str(tmp_path / "book.pdf")
    refused = national_sync("volunteer", "record-book", book, "--team", "1", "--from", "2026-01-01", "--until", day)
    assert (refused.exit_code, "in the years 1900 to 2999" in refused.err) == (2, True)


def test_what_is_typed_is_asked_again_until_it_can_be_taken() -> None:
    @click.command()
    def ask() -> None:
        click.echo(_answer("phone") + _answer("skills") + _answer("id_type"))

    told = CliRunner().invoke(ask, input="12\n\n13887901234\n飞行\n\n\n")
    assert told.stdout.endswith("1388790123401\n"), told.output
    assert told.output.count("* ") == 3


def test_taking_and_printing_need_a_login(national_sync: Terminal, written: str, tmp_path: Path) -> None:
    for arguments in (["submit", written], ["form", "1", str(tmp_path / "x.pdf")], ["send"], ["follow"]):
        answer = national_sync("volunteer", *arguments)
        assert (answer.exit_code, "needs a login" in answer.err) == (2, True)


@pytest.mark.usefixtures("chen")
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_line_fits_eighty_columns(
    national_sync: Terminal, office: RegistrationOffice, tmp_path: Path, language: str
) -> None:
    office.submit(recruiting_body="很长" * 60)
    office.person(number="V5308022601000001V")
    sheet = str(write_sheet(tmp_path / "unit.xlsx", [form(4, politics="无" * 20), {"name": "李"}]))
    for arguments in (["registrations"], ["registration", "1"], ["search", "yw"], ["import", sheet]):
        told = national_sync("volunteer", *arguments, language=language).out
        assert max(map(width, told.splitlines())) <= 80, told


def _card_office(store: Database, sealer: Sealer, tmp_path: Path) -> Any:
    bootstrap: Any = FakeBootstrap(store, sealer, SimpleNamespace(), tmp_path)  # type: ignore[arg-type]
    bootstrap.signing_key_file = tmp_path / "certificates.key"
    create_key(bootstrap.signing_key_file)
    return Terminal(lambda _config, _environment: bootstrap, {"XDG_STATE_HOME": str(tmp_path / "state")})


@pytest.mark.usefixtures("chen")
def test_r8_cards_are_printed_and_verified(
    store: Database, sealer: Sealer, office: RegistrationOffice, tmp_path: Path
) -> None:
    type_ = _card_office(store, sealer, tmp_path)
    office.person("李文秀", id_number(2), number="V5308022601000001V", registered_at=1_772_300_000)
    file = tmp_path / "cards.pdf"
    assert "Cards in" in type_("card", "print", str(file), "V5308022601000001V").out
    assert file.read_bytes().startswith(b"%PDF-")
    assert type_("card", "print", str(file)).exit_code == 2
    signer = load_signer(tmp_path / "certificates.key")
    code = signer.code(Facts("card", "V5308022601000001V", "李文秀", "530802", "2026-03-01"))
    told = type_("card", "verify", code, "--public-key", signer.public_key)
    assert (told.exit_code, "Genuine. Card V5308022601000001V of 李文秀, 思茅区" in " ".join(told.out.split())) == (
        0,
        True,
    )
    star = signer.code(Facts("star", "2025-1", "李文秀", "1", "2025-12-31"))
    assert type_("card", "verify", star).exit_code == 1
