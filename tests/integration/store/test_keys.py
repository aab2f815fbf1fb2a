"""The key file: made once, closed to others, never overwritten; the wrong one is noticed."""

from __future__ import annotations

import base64
import os
import stat
from pathlib import Path

import pytest

from national_sync.errors import KeyUnusable
from national_sync.keys import KEYS_VARIABLE, add_key, check_key, create_key_file, load_sealer, remember_key
from national_sync.store.database import Database

_NOTHING: dict[str, str] = {}


@pytest.fixture
def key_file(tmp_path: Path) -> Path:
    path = tmp_path / "secrets" / "keys"
    assert create_key_file(path) is True
    return path


def written(path: Path, text: str) -> Path:
    path.write_text(text)
    path.chmod(0o600)
    return path


def encoded(letter: bytes) -> str:
    return base64.b64encode(letter * 32).decode()


# Making and reading


def test_new_key_file_is_the_owners_alone(key_file: Path) -> None:
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert os.listdir(key_file.parent) == ["keys"]


def test_value_sealed_with_the_file_opens_with_the_file(key_file: Path) -> None:
    sealed = load_sealer(key_file, _NOTHING).seal("532701199001010011")

    assert sealed.startswith("k1:")
    assert load_sealer(key_file, _NOTHING).open(sealed) == "532701199001010011"


def test_key_file_is_never_overwritten(key_file: Path) -> None:
    before = key_file.read_bytes()

    assert create_key_file(key_file) is False
    assert key_file.read_bytes() == before


def test_two_key_files_are_never_alike(tmp_path: Path) -> None:
    create_key_file(tmp_path / "a")
    create_key_file(tmp_path / "b")

    assert (tmp_path / "a").read_text() != (tmp_path / "b").read_text()


def test_keys_may_come_from_the_environment(tmp_path: Path) -> None:
    environment = {KEYS_VARIABLE: f"k2:{encoded(b'b')} k1:{encoded(b'a')}"}
    path = written(tmp_path / "keys", f"k2:{encoded(b'b')}\n# older\n\nk1:{encoded(b'a')}\n")

    from_environment = load_sealer(tmp_path / "none", environment)

    assert from_environment.seal("x").startswith("k2:")
    assert from_environment.fingerprint == load_sealer(path, _NOTHING).fingerprint


# Rotation


def test_new_key_seals_and_the_old_ones_go_on_opening_and_matching(key_file: Path) -> None:
    before = load_sealer(key_file, _NOTHING)
    sealed = before.seal("13800000000")

    assert add_key(key_file) == "k2"
    assert add_key(key_file) == "k3"

    after = load_sealer(key_file, _NOTHING)
    assert after.seal("x").startswith("k3:")
    assert after.open(sealed) == "13800000000"
    assert after.match_hash("x") == before.match_hash("x")
    assert after.fingerprint == before.fingerprint
    assert stat.S_IMODE(key_file.stat().st_mode) == 0o600
    assert os.listdir(key_file.parent) == ["keys"]


# Bad files


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "holds no key"),
        ("# only a comment\n", "holds no key"),
        ("k1\n", "line 1 of .* is not key-id:base64 of 32 bytes"),
        ("k1:c2hvcnQ=\n", "line 1 of .* is not key-id:base64 of 32 bytes"),
        ("k1:****\n", "line 1 of .* is not key-id:base64 of 32 bytes"),
        (f"k2:{encoded(b'b')}\nk1 {encoded(b'a')}\n", "line 2 of .* is not key-id"),
        (f"k1:{encoded(b'b')}\nk1:{encoded(b'a')}\n", "names two keys alike"),
    ],
)
def test_file_that_cannot_be_used_is_refused_with_the_reason(text: str, reason: str, tmp_path: Path) -> None:
    path = written(tmp_path / "keys", text)

    with pytest.raises(KeyUnusable, match=reason):
        load_sealer(path, _NOTHING)


def test_refusal_never_shows_a_secret(tmp_path: Path) -> None:
    path = written(tmp_path / "keys", f"k1 {encoded(b'a')}\n")

    with pytest.raises(KeyUnusable) as caught:
        load_sealer(path, _NOTHING)

    assert encoded(b"a")[:8] not in str(caught.value)


def test_line_numbers_count_comments(tmp_path: Path) -> None:
    path = written(tmp_path / "keys", "# one\n\n# three\nrubbish\n")

    with pytest.raises(KeyUnusable, match="line 4 of"):
        load_sealer(path, _NOTHING)


def test_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "keys"
    path.write_bytes(b"\xff\xfe\x00")
    path.chmod(0o600)

    with pytest.raises(KeyUnusable, match="not UTF-8 text"):
        load_sealer(path, _NOTHING)


def test_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="keys does not exist"):
        load_sealer(tmp_path / "keys", _NOTHING)


def test_folder_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(KeyUnusable, match="directory"):
        load_sealer(tmp_path, _NOTHING)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660])
def test_file_open_to_others_is_refused_with_the_command_that_closes_it(mode: int, key_file: Path) -> None:
    key_file.chmod(mode)

    with pytest.raises(KeyUnusable, match=f"mode {mode:04o}") as caught:
        load_sealer(key_file, _NOTHING)

    assert "chmod 600" in caught.value.hint_template
    assert caught.value.facts["file"] == key_file


# The key of a database


def test_database_knows_the_key_it_was_made_with(database: Database, key_file: Path, tmp_path: Path) -> None:
    create_key_file(tmp_path / "other")
    right, wrong = load_sealer(key_file, _NOTHING), load_sealer(tmp_path / "other", _NOTHING)
    with database.write() as connection:
        with pytest.raises(KeyUnusable, match="does not say"):
            check_key(connection, right)
        remember_key(connection, right)
        remember_key(connection, right)

    with database.write() as connection:
        check_key(connection, right)
        with pytest.raises(KeyUnusable, match="made with another key") as caught:
            check_key(connection, wrong)
        with pytest.raises(KeyUnusable):
            remember_key(connection, wrong)
        check_key(connection, right)

    assert "Restore the key file" in caught.value.hint_template


def test_rotation_does_not_estrange_the_database(database: Database, key_file: Path) -> None:
    with database.write() as connection:
        remember_key(connection, load_sealer(key_file, _NOTHING))
        add_key(key_file)
        check_key(connection, load_sealer(key_file, _NOTHING))
