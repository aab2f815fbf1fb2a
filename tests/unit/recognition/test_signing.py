"""A certificate's code is genuine or it is not."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from national_sync.errors import CodeRefused, SigningKeyMissing
from national_sync.signing import Facts, Signer, create_key, load_signer, verify

FACTS = Facts("star", "202501-000001", "白茶", "3", "2025-12-31")


@pytest.fixture(scope="module")
def signer(tmp_path_factory: pytest.TempPathFactory) -> Signer:
    file = tmp_path_factory.mktemp("keys") / "certificates.key"
    assert create_key(file)
    return load_signer(file)


def test_a_code_says_what_it_vouches_for_and_is_verified_with_the_public_key_alone(signer: Signer) -> None:
    code = signer.code(FACTS)
    assert code.startswith("NS1|star|202501-000001|白茶|3|2025-12-31|")
    assert verify(f" {code}\n", signer.public_key) == FACTS
    assert signer.code(FACTS) == code


@given(st.data())
def test_a_code_changed_anywhere_is_not_genuine(signer: Signer, data: st.DataObject) -> None:
    code = signer.code(FACTS)
    place = data.draw(st.integers(0, len(code) - 1))
    other = data.draw(st.characters(blacklist_categories=["Cs"], blacklist_characters=code[place]))
    changed = code[:place] + other + code[place + 1 :]
    if changed.strip() != code:
        with pytest.raises(CodeRefused):
            verify(changed, signer.public_key)


def test_a_code_of_another_city_or_none_at_all_is_not_genuine(signer: Signer, tmp_path: Path) -> None:
    create_key(tmp_path / "other")
    other = load_signer(tmp_path / "other")
    with pytest.raises(CodeRefused, match="of another city"):
        verify(other.code(FACTS), signer.public_key)
    for code in ("", "NS1", "NS1|||", "https://puer.example/1", signer.code(FACTS)[:-1], signer.code(FACTS) + "A"):
        with pytest.raises(CodeRefused):
            verify(code, signer.public_key)
    with pytest.raises(CodeRefused, match="public key is not one"):
        verify(signer.code(FACTS), "rubbish")


def test_a_bar_in_a_name_cannot_move_the_other_facts(signer: Signer) -> None:
    code = signer.code(FACTS._replace(name="白茶|5"))
    assert verify(code, signer.public_key) == FACTS._replace(name="白茶/5")


def test_the_key_is_made_once_and_is_its_owners_alone(tmp_path: Path) -> None:
    file = tmp_path / "certificates.key"
    assert create_key(file) is True
    before = file.read_bytes()
    assert create_key(file) is False
    assert file.read_bytes() == before
    assert file.stat().st_mode & 0o077 == 0


def test_a_missing_damaged_or_open_key_is_told(tmp_path: Path) -> None:
    file = tmp_path / "certificates.key"
    with pytest.raises(SigningKeyMissing, match="is not there") as caught:
        load_signer(file)
    assert "certificate key --create" in caught.value.hint_template
    file.write_text("rubbish")
    file.chmod(0o600)
    with pytest.raises(SigningKeyMissing, match="is none"):
        load_signer(file)
    file.chmod(0o644)
    with pytest.raises(SigningKeyMissing, match="open to other users"):
        load_signer(file)
