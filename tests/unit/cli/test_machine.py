"""`init` and `doctor` on a real machine, whole and in trouble: what is told, and that nothing is lost."""

from __future__ import annotations

import ctypes
import os
import resource
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tests.unit.cli.conftest import Answer, Terminal

from national_sync.bootstrap import Bootstrap
from national_sync.errors import ClockSkewed, NationalUnavailable
from national_sync.keys import create_key_file
from national_sync.national.port import Capabilities

_DROP_FROM_BOUNDING_SET = 24
_CAP_DAC_OVERRIDE = 1
_A_HOLD = (
    "INSERT INTO hold (run_id, entity, action, reason, records, plan_hash, state)"
    " VALUES (1, 'team', 'update', 'too_many_updates', 9, 'abc', 'open')"
)


@dataclass
class FakeNational:
    """A national side that answers, or does not."""

    skew_seconds: float = 0.0
    error: Exception | None = None

    def open(self) -> None:
        if self.error is not None:
            raise self.error

    def close(self) -> None: ...

    def capabilities(self) -> Capabilities:
        return Capabilities(tombstones=True)

    def now_ms(self) -> int:
        from time import time

        return int((time() + self.skew_seconds) * 1000)


@pytest.fixture
def national() -> FakeNational:
    return FakeNational()


@pytest.fixture
def city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, national: FakeNational) -> Terminal:
    """A terminal in an empty folder, with the real settings, keys and database behind it."""

    @dataclass
    class Real(Bootstrap):
        def national(self, **_named: Any) -> Any:
            return national

    def bootstrap(config: Path, environment: Mapping[str, str]) -> Bootstrap:
        return Real.from_file(config, environment)

    monkeypatch.chdir(tmp_path)
    return Terminal(bootstrap, {"NATIONAL_SYNC_SECRET": "s"})


def names(answer: Answer, *, ok: bool) -> list[str]:
    return [check["name"] for check in answer.json["checks"] if check["ok"] is ok]


def test_init_makes_everything_and_doctor_is_content(city: Terminal, tmp_path: Path) -> None:
    answer = city("init", "--json")
    assert answer.exit_code == 0, answer.err
    assert {step["name"]: step["result"] for step in answer.json["steps"]} == {
        "settings": "created",
        "policy": "created",
        "keys": "created",
        "database": "created",
    }
    assert (tmp_path / "national-sync.key").stat().st_mode & 0o077 == 0
    checked = city("doctor", "--json")
    assert checked.exit_code == 0, checked.out
    assert names(checked, ok=False) == []
    assert city("doctor", language="zh").out.startswith("✓ 配置")


def test_a_second_init_keeps_everything(city: Terminal, tmp_path: Path) -> None:
    city("init")
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir() if file.suffix in (".toml", ".key")}
    answer = city("init", "--json")
    assert {step["result"] for step in answer.json["steps"]} == {"kept"}
    assert {name: (tmp_path / name).read_bytes() for name in before} == before


def test_init_keeps_a_settings_file_and_uses_its_places(city: Terminal, tmp_path: Path) -> None:
    (tmp_path / "national-sync.toml").write_text(
        '[national]\nbase_url = "https://a.example"\napp_id = "a"\n[keys]\nfile = "k/own.key"\n'
        '[database]\nurl = "sqlite:///d/own.db"\n',
        encoding="utf-8",
    )
    assert city("init").exit_code == 0
    assert (tmp_path / "k/own.key").exists()
    assert (tmp_path / "d/own.db").exists()
    assert not (tmp_path / "policy.toml").exists()


def test_doctor_writes_nothing(city: Terminal, tmp_path: Path) -> None:
    city("init")
    database = sqlite3.connect(tmp_path / "national-sync.db")
    before = list(database.iterdump())
    city("doctor")
    assert list(database.iterdump()) == before
    database.close()


def test_doctor_without_settings_says_how_to_begin(city: Terminal) -> None:
    answer = city("doctor")
    assert answer.exit_code == 2
    assert "national-sync init" in answer.out


def test_doctor_without_a_database_still_looks_at_the_rest(city: Terminal, tmp_path: Path) -> None:
    city("init")
    (tmp_path / "national-sync.db").unlink()
    answer = city("doctor", "--json")
    assert answer.exit_code == 2
    assert names(answer, ok=False) == ["database"]
    assert names(answer, ok=True) == ["settings", "keys", "national", "clock", "capabilities"]
    assert not (tmp_path / "national-sync.db").exists()


def test_an_unreachable_national_side_is_six(city: Terminal, national: FakeNational) -> None:
    city("init")
    national.error = NationalUnavailable(reason="refused")
    answer = city("doctor", "--json")
    assert answer.exit_code == 6
    assert names(answer, ok=False) == ["national"]


@pytest.mark.parametrize("is_told_by_the_adapter", [True, False])
def test_a_clock_ten_minutes_off_is_named(city: Terminal, national: FakeNational, is_told_by_the_adapter: bool) -> None:
    city("init")
    if is_told_by_the_adapter:
        national.error = ClockSkewed(seconds=600)
    else:
        national.skew_seconds = 600
    answer = city("doctor", "--json")
    assert answer.exit_code == 6
    assert names(answer, ok=False) == ["clock"]
    assert "timedatectl" in answer.out


def test_a_wrong_key_file_is_named_and_the_database_stays_as_it_is(city: Terminal, tmp_path: Path) -> None:
    city("init")
    key = tmp_path / "national-sync.key"
    kept = key.rename(tmp_path / "kept.key")
    create_key_file(key)
    answer = city("doctor", "--json")
    assert answer.exit_code == 2
    assert names(answer, ok=False) == ["key_fits"]
    refused = city("init")
    assert refused.exit_code == 2
    assert "Restore the key file" in refused.err
    kept.rename(key)
    assert city("doctor").exit_code == 0


def test_init_makes_no_second_key_beside_a_database(city: Terminal, tmp_path: Path) -> None:
    city("init")
    (tmp_path / "national-sync.key").unlink()
    answer = city("init")
    assert answer.exit_code == 2
    assert "Restore the key file" in answer.err
    assert not (tmp_path / "national-sync.key").exists()


@pytest.mark.parametrize("command", [("sync", "status"), ("init",), ("mismatch", "list"), ("daemon",)])
def test_a_database_from_a_newer_version_is_left_alone(
    city: Terminal, tmp_path: Path, command: tuple[str, ...]
) -> None:
    city("init")
    with sqlite3.connect(tmp_path / "national-sync.db") as database:
        database.execute("UPDATE alembic_version SET version_num = '9999'")
    database.close()
    answer = city(*command)
    assert answer.exit_code == 2
    assert "made by a newer national-sync (schema 9999" in answer.err
    assert "Nothing was read or changed" in answer.err


def test_a_file_that_is_no_database_is_told(city: Terminal, tmp_path: Path) -> None:
    city("init")
    (tmp_path / "national-sync.db").write_bytes(b"not a database" * 1000)
    answer = city("sync", "status")
    assert answer.exit_code == 7
    assert "The database cannot be read: the file is no SQLite database" in answer.err
    assert "national-sync init" in answer.err


def test_a_terminal_of_another_encoding_is_served(city: Terminal, tmp_path: Path) -> None:
    city("init")
    ended = subprocess.run(
        [str(Path(sys.executable).parent / "national-sync"), "init"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONIOENCODING": "gbk"},
        capture_output=True,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.decode("gbk").startswith("? 配置文件")


def in_a_process(folder: Path, *arguments: str, before: Callable[[], object]) -> Answer:
    ended = subprocess.run(
        [str(Path(sys.executable).parent / "national-sync"), "--lang", "en", *arguments],
        cwd=folder,
        preexec_fn=before,
        env={**os.environ, "NATIONAL_SYNC_SECRET": "s"},
        capture_output=True,
        text=True,
        check=False,
    )
    return Answer(ended.returncode, ended.stdout, ended.stderr)


def test_a_full_disk_is_told_and_the_same_command_goes_on_later(city: Terminal, tmp_path: Path) -> None:
    def fill() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))

    answer = in_a_process(tmp_path, "init", before=fill)
    assert answer.exit_code == 7
    assert answer.err.startswith("Error: The database cannot be written: ")
    assert "Traceback" not in answer.err
    assert city("init").exit_code == 0
    assert city("doctor").exit_code == 0


def obey_file_modes() -> None:
    """Root may write everywhere; without this capability it is like everybody else."""
    ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, _CAP_DAC_OVERRIDE, 0, 0, 0)


def close_the_file(folder: Path) -> None:
    (folder / "national-sync.db").chmod(0o444)


def close_the_folder(folder: Path) -> None:
    folder.chmod(0o555)


@pytest.mark.parametrize(
    ("close", "reason"),
    [
        (close_the_file, "the database file may only be read"),
        (close_the_folder, "the folder of the database file may only be read"),
    ],
)
def test_a_database_that_may_only_be_read_is_still_shown_and_a_writer_says_why_it_cannot(
    city: Terminal, tmp_path: Path, close: Callable[[Path], None], reason: str
) -> None:
    city("init")
    close(tmp_path)
    told = {
        command: in_a_process(tmp_path, *command.split(), before=obey_file_modes)
        for command in ("sync status", "hold list", "sync run", "doctor --json")
    }
    tmp_path.chmod(0o755)
    assert [told["sync status"].exit_code, told["hold list"].exit_code] == [0, 0], told["sync status"].err
    assert names(told["doctor --json"], ok=False) == ["writable", "national"]
    refused = told["sync run"]
    assert refused.exit_code == 7
    assert f"The database cannot be written: {reason}" in refused.err
    assert "chmod u+w" in refused.err


def test_what_a_killed_writer_left_beside_a_closed_folder_is_read_too(city: Terminal, tmp_path: Path) -> None:
    city("init")
    writer = sqlite3.connect(tmp_path / "national-sync.db")
    writer.execute("PRAGMA journal_mode=WAL")
    writer.execute(_A_HOLD)
    writer.commit()
    tmp_path.chmod(0o555)
    told = in_a_process(tmp_path, "hold", "list", "--json", before=obey_file_modes)
    tmp_path.chmod(0o755)
    writer.close()
    assert [hold["plan_hash"] for hold in told.json["holds"]] == ["abc"]


# Secrets that others can read


def name_a_secret_file(folder: Path, content: str, mode: int) -> Path:
    settings = folder / "national-sync.toml"
    settings.write_text(
        settings.read_text("utf-8").replace("# secret_file", 'secret_file = "national.secret" #', 1), "utf-8"
    )
    secret = folder / "national.secret"
    secret.write_text(content, encoding="utf-8")
    secret.chmod(mode)
    return secret


class Plain(Bootstrap):
    """The real way to the national side, as far as it goes without one."""


@pytest.fixture
def real_city(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Terminal:
    monkeypatch.chdir(tmp_path)
    return Terminal(Plain.from_file, {})


def test_a_secret_file_that_others_can_read_is_refused_with_the_command_that_closes_it(
    real_city: Terminal, tmp_path: Path
) -> None:
    real_city("init")
    secret = name_a_secret_file(tmp_path, "s", 0o644)
    for command in (("sync", "plan"), ("doctor",)):
        told = real_city(*command)
        assert told.exit_code == 2
        assert "is open to other users of this machine (mode 0644)" in told.out + told.err
        assert f"chmod 600 {secret}" in told.out + told.err


def test_an_empty_secret_file_is_told_apart_from_a_missing_one(real_city: Terminal, tmp_path: Path) -> None:
    real_city("init")
    name_a_secret_file(tmp_path, " \n", 0o600)
    told = real_city("sync", "plan")
    assert told.exit_code == 2
    assert "national.secret is empty" in told.err


def test_init_tells_how_the_national_secret_is_given_until_it_is_there(real_city: Terminal, tmp_path: Path) -> None:
    told = real_city("init")
    assert "Provide the secret of the national system" in told.out
    assert "NATIONAL_SYNC_SECRET" in told.out
    name_a_secret_file(tmp_path, "s", 0o600)
    assert "Provide the secret" not in real_city("init").out
