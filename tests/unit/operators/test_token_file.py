"""The file that keeps a login belongs to one user of the machine."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

import pytest

from national_sync.errors import LoginFileUnsafe, LoginFileUnusable
from national_sync.operators.token_file import read_token, remove_token, token_file, write_token

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="file modes are POSIX")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return token_file({"XDG_STATE_HOME": str(tmp_path)}, "sqlite:////srv/a.db")


def test_a_token_lies_in_a_file_of_the_owner_alone(file: Path) -> None:
    assert read_token(file) is None
    write_token(file, "first")
    write_token(file, "second")

    assert read_token(file) == "second"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert os.listdir(file.parent) == [file.name]
    remove_token(file)
    remove_token(file)
    assert read_token(file) is None


def test_each_database_has_a_file_of_its_own(tmp_path: Path, file: Path) -> None:
    environment = {"XDG_STATE_HOME": str(tmp_path)}
    assert token_file(environment, "sqlite:////srv/b.db") != file
    assert token_file(environment, "sqlite:////srv/a.db") == file


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o604])
def test_a_file_that_others_can_read_is_refused(file: Path, mode: int) -> None:
    write_token(file, "token")
    file.chmod(mode)
    with pytest.raises(LoginFileUnsafe, match="open to other users"):
        read_token(file)


@pytest.mark.skipif(os.name != "posix" or os.getuid() != 0, reason="only root can give a file away")
def test_a_file_of_another_user_is_refused(file: Path) -> None:
    write_token(file, "token")
    os.chown(file, 12345, -1)
    with pytest.raises(LoginFileUnsafe, match="another user's"):
        read_token(file)


def test_what_is_in_the_way_is_named(file: Path) -> None:
    file.mkdir(parents=True)
    with pytest.raises(LoginFileUnusable, match="directory"):
        read_token(file)
    with pytest.raises(LoginFileUnusable):
        write_token(file, "token")
