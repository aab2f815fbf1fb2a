"""Whatever is wrong with settings, key, database, disk or connection: it is told with what to do, and nothing is lost.

Each trouble strikes while an edit waits to go out. The run that meets it ends with its message, its hint and its exit
code; the edit stays; and once the trouble is mended the next run delivers the edit, once.
"""

from __future__ import annotations

import ctypes
import os
import re
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import structlog
from tests.certificate import self_signed
from tests.office import PROGRAM, Office, Told

from national_sync import i18n
from national_sync.keys import create_key_file
from national_sync.sync.invariants import broken_invariants
from national_sync_mocks.nvsi_server.process import MockServer

Repair = Callable[[], Any]

_DROP_FROM_BOUNDING_SET = 24
_CAP_DAC_OVERRIDE = 1
_TEN_MINUTES = 600
_SKILLS_ON_THE_WIRE = "albp0039"
_ONLY_THE_RUN = ("run", "sqlite_sequence")
"""The tables in which a run that could not begin leaves its own row."""


@pytest.fixture(scope="module")
def national() -> Iterator[MockServer]:
    with MockServer(seed=11, volunteers=12, teams=2, projects=3, hours=20) as mock:
        mock.admin.set_capabilities(totalsRefresh="never", asyncResults=False)
        yield mock


@pytest.fixture(scope="module")
def mirrored(national: MockServer, tmp_path_factory: pytest.TempPathFactory) -> Office:
    """An office whose first night is over."""
    office = Office.furnished(tmp_path_factory.mktemp("office"), national)
    first = office.national_sync("sync", "run")
    assert first.exit_code == 0, first.out + first.err
    national.admin.snapshot("mirrored")
    return office


@pytest.fixture
def office(mirrored: Office, tmp_path: Path) -> Iterator[Office]:
    """Its copy, with an edit that waits to go out."""
    mirrored.mock.admin.restore("mirrored")
    office = mirrored.moved_to(tmp_path / "office")
    edit(office)
    mirrored.mock.admin.clear_calls()
    yield office
    i18n.use(i18n.DEFAULT_LANGUAGE)
    structlog.reset_defaults()


def edit(office: Office) -> None:
    office.sql("UPDATE volunteer SET skills = '02,03' WHERE id = 1")


def waiting_edits(office: Office) -> list[tuple[Any, ...]]:
    return office.sql(
        "SELECT c.field, v.skills FROM local_change c JOIN volunteer v ON v.id = c.row_id AND c.entity = 'volunteer'"
    )


def skills_there(office: Office) -> str:
    [(national_id,)] = office.sql("SELECT national_id FROM volunteer WHERE id = 1")
    record = office.mock.admin.record("volunteer", national_id)
    assert record is not None
    return str(record[_SKILLS_ON_THE_WIRE])


def assert_is_delivered_once(office: Office) -> None:
    """The next run sends the edit; the one after it has nothing to do."""
    run = office.national_sync("sync", "run")
    assert run.exit_code == 0, run.out + run.err
    assert (skills_there(office), waiting_edits(office)) == ("02,03", [])
    assert office.mock.admin.call_counts()["writes"] == 1
    assert office.national_sync("sync", "run").exit_code == 0
    assert office.mock.admin.call_counts()["writes"] == 1
    with office.database() as database, database.read() as connection:
        assert broken_invariants(connection) == []


def assert_is_told(told: Told, *, exit_code: int, message: str, hint: str) -> None:
    assert told.exit_code == exit_code, told.out + told.err
    words = told.err[told.err.index("错误：") :]
    assert re.search(message, words), words
    assert f"怎么办：{hint}" in words, words
    assert "Traceback" not in words
    assert "hidden" not in words
    # Chinese throughout: what stays in Latin letters are commands, names of files and keys, addresses, and what the
    # database server says of itself.
    ours = re.sub("connection failed.*", "", words)
    assert not re.search(r"\b(the|is|not|cannot|no|was|with)\b", ours), ours


# What is spoilt, and how it is mended


def misspelt_key(office: Office) -> Repair:
    office.write_settings(more='\n[schedule]\nnightley = "02:30"\n')
    return office.write_settings


def unknown_key(office: Office) -> Repair:
    office.write_settings(more='colour = "red"\n')
    return office.write_settings


def misspelt_variable(office: Office) -> Repair:
    office.environment["NATIONAL_SYNC__NATIONAL__APPID"] = "puer"
    return office.environment.clear


def another_key(office: Office) -> Repair:
    kept = office.key_file.rename(office.folder / "kept.key")
    create_key_file(office.key_file)
    return lambda: kept.replace(office.key_file)


def lost_key(office: Office) -> Repair:
    kept = office.key_file.rename(office.folder / "kept.key")
    return lambda: kept.replace(office.key_file)


def damaged_key(office: Office) -> Repair:
    kept = office.key_file.read_text(encoding="utf-8")
    office.key_file.write_text(kept[:-9], encoding="utf-8")
    return lambda: office.key_file.write_text(kept, encoding="utf-8")


def shared_key(office: Office) -> Repair:
    office.key_file.chmod(0o644)
    return lambda: office.key_file.chmod(0o600)


def newer_database(office: Office) -> Repair:
    [(known,)] = office.sql("SELECT version_num FROM alembic_version")
    office.sql("UPDATE alembic_version SET version_num = '9999'")
    return lambda: office.sql("UPDATE alembic_version SET version_num = ?", known)


def no_database_server(office: Office) -> Repair:
    usual = office.database_url
    office.database_url = "postgresql://somebody:hidden@127.0.0.1:9/mirror"
    office.write_settings()
    office.database_url = usual
    return office.write_settings


def lost_secret_file(office: Office) -> Repair:
    kept = office.secret_file.rename(office.folder / "kept.secret")
    return lambda: kept.replace(office.secret_file)


def nobody_there(office: Office) -> Repair:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        office.write_settings(address=f"http://127.0.0.1:{unused.getsockname()[1]}")
    return office.write_settings


def wrong_secret(office: Office) -> Repair:
    office.secret_file.write_text("somebody else's", encoding="utf-8")
    return lambda: office.secret_file.write_text(office.mock.secret, encoding="utf-8")


def wrong_application(office: Office) -> Repair:
    office.environment["NATIONAL_SYNC__NATIONAL__APP_ID"] = "somebody-else"
    return office.environment.clear


def clock_ten_minutes_off(office: Office) -> Repair:
    now = office.mock.admin.clock()["now"]
    office.mock.admin.set_clock(set=now + _TEN_MINUTES * 1000, frozen=True)
    return lambda: office.mock.admin.set_clock(set=now, frozen=False)


@dataclass(frozen=True)
class Trouble:
    spoil: Callable[[Office], Repair]
    exit_code: int
    message: str
    hint: str
    check: str
    """The check of `doctor` that finds it as well."""

    def __str__(self) -> str:
        return self.spoil.__name__


CORRECT_THE_LINES = "请改正上述各行，再执行：national-sync doctor"
RESTORE_THE_KEY = (
    "请恢复此数据库原来的密钥文件（否则加密的内容无法读取），再执行 national-sync doctor。没有改动任何内容。"
)
LOOK_AND_GO_ON = "进度已保存。请先用 national-sync doctor 检查，再执行：national-sync sync run"
CHECK_THE_SECRET = "请检查应用标识、共享密钥文件和本机时钟：national-sync doctor"
ASK_THE_OFFICE = (
    "请向网络管理部门核实地址是否正确；对方自有的签发机构证书填在 ca_file。切勿关闭证书检查。"
    "再执行 national-sync doctor"
)
FREE_THE_DISK = "请腾出磁盘空间（df -h 可查看哪里不足），再执行同一命令。"
LOOK_AT_THE_DISK = "请检查磁盘是否已满、是否超出配额或有故障"
ALLOW_WRITING = "请让运行本程序的用户能够写入该文件及其所在目录"
ASK_WHY = "请查明原因：磁盘出错时系统常将其改为只读"
SET_THE_CLOCK = "请校准时钟（timedatectl set-ntp true），再执行 national-sync doctor。已有进展不会丢失。"

TROUBLES = [
    Trouble(misspelt_key, 2, r"national-sync\.toml \[schedule\] nightley.*nightly", CORRECT_THE_LINES, "settings"),
    Trouble(
        unknown_key, 2, r"national-sync\.toml \[national\] colour.*adapter.*base_url", CORRECT_THE_LINES, "settings"
    ),
    Trouble(misspelt_variable, 2, "NATIONAL_SYNC__NATIONAL__APPID.*app_id", CORRECT_THE_LINES, "settings"),
    Trouble(another_key, 2, "密钥文件无法使用：.*", RESTORE_THE_KEY, "key_fits"),
    Trouble(lost_key, 2, "密钥文件无法使用：.*national-sync.key 不存在", RESTORE_THE_KEY, "keys"),
    Trouble(damaged_key, 2, "密钥文件无法使用：.*第 2 行不是", RESTORE_THE_KEY, "keys"),
    Trouble(shared_key, 2, "本机其他用户也能读取.*0644", "请收紧权限：chmod 600 ", "keys"),
    Trouble(newer_database, 2, "9999", "请在本机安装更新的程序，再执行 national-sync doctor。", "database"),
    Trouble(
        lost_secret_file,
        2,
        "共享密钥文件 .*national.secret 无法读取：没有这个文件或目录",
        CORRECT_THE_LINES,
        "national",
    ),
    Trouble(nobody_there, 6, r"127\.0\.0\.1：无法建立连接", LOOK_AND_GO_ON, "national"),
    Trouble(wrong_secret, 6, "全国系统拒绝了应用标识或签名：", CHECK_THE_SECRET, "national"),
    Trouble(wrong_application, 6, "全国系统拒绝了应用标识或签名：", CHECK_THE_SECRET, "national"),
    Trouble(clock_ten_minutes_off, 6, "相差 -(599|600|601) 秒", SET_THE_CLOCK, "clock"),
]


@pytest.mark.parametrize("trouble", TROUBLES, ids=str)
def test_a_trouble_is_told_and_costs_nothing(office: Office, trouble: Trouble) -> None:
    repair = trouble.spoil(office)
    has_begun = trouble.exit_code == 6
    before = office.content(but=_ONLY_THE_RUN if has_begun else ())
    told = office.national_sync("sync", "run")
    assert_is_told(told, exit_code=trouble.exit_code, message=trouble.message, hint=trouble.hint)
    assert office.content(but=_ONLY_THE_RUN if has_begun else ()) == before
    checked = office.national_sync("doctor", "--json")
    assert checked.exit_code == (6 if trouble.exit_code == 6 else 2)
    assert trouble.check in [check["name"] for check in checked.json["checks"] if not check["ok"]]
    assert office.mock.admin.call_counts()["writes"] == 0
    repair()
    assert waiting_edits(office) == [("skills", "02,03")]
    assert office.national_sync("doctor").exit_code == 0
    assert_is_delivered_once(office)


# A stranger at the address


def test_a_certificate_that_nobody_vouches_for_ends_the_run_before_anything_is_sent(
    office: Office, tmp_path: Path
) -> None:
    with MockServer(volunteers=2, teams=1, projects=1, hours=2, certificate=self_signed(tmp_path)) as stranger:
        office.write_settings(address=stranger.address)
        before = office.content(but=_ONLY_THE_RUN)
        told = office.national_sync("sync", "run")
        assert_is_told(
            told, exit_code=6, message=r"127\.0\.0\.1 .*：证书是自签的，不是由机构签发的", hint=ASK_THE_OFFICE
        )
        assert office.content(but=_ONLY_THE_RUN) == before
        assert office.national_sync("doctor").exit_code == 6
        assert stranger.admin.call_counts()["counts"] == {}
    office.write_settings()
    assert_is_delivered_once(office)


def test_a_page_to_log_in_instead_of_an_answer_is_told(office: Office) -> None:
    office.mock.admin.set_faults([{"fault": "html-login"}])
    told = office.national_sync("sync", "run")
    assert_is_told(told, exit_code=6, message="未能取得访问令牌（返回的是 HTML 页面，不是 JSON）", hint=LOOK_AND_GO_ON)
    office.mock.admin.set_faults([])
    assert_is_delivered_once(office)


# A database that cannot be written


def obey_file_modes() -> None:
    """Root may write everywhere; without this capability it is like everybody else."""
    ctypes.CDLL(None).prctl(_DROP_FROM_BOUNDING_SET, _CAP_DAC_OVERRIDE, 0, 0, 0)


def test_a_read_only_database_is_told_and_costs_nothing(office: Office) -> None:
    office.database_file.chmod(0o444)
    before = office.content()
    told = office.in_a_process("sync", "run", before=obey_file_modes)
    assert_is_told(told, exit_code=7, message="数据库无法写入：数据库文件是只读的", hint=ALLOW_WRITING)
    assert office.content() == before
    office.database_file.chmod(0o644)
    assert_is_delivered_once(office)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of eight megabytes."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a small disk")
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", disk], check=False).returncode:
        pytest.skip("mounting is not allowed here")
    yield disk
    subprocess.run(["umount", disk], check=True)


def fill(disk: Path, *, but_bytes: int) -> Repair:
    free = os.statvfs(disk).f_bavail * os.statvfs(disk).f_frsize
    filler = disk / "filler"
    filler.write_bytes(bytes(free - but_bytes))
    return filler.unlink


def test_a_disk_that_fills_up_at_any_moment_is_told_and_costs_nothing(office: Office, small_disk: Path) -> None:
    office = office.moved_to(small_disk / "office")
    told = []
    for free_kilobytes in range(0, 500, 40):
        free_it = fill(small_disk, but_bytes=free_kilobytes * 1024)
        told.append(office.in_a_process("sync", "run"))
        free_it()
        if told[-1].exit_code == 0:
            break
        assert_is_told(
            told[-1],
            exit_code=7,
            message="数据库无法写入：(磁盘已满|磁盘读写出错)",
            hint=FREE_THE_DISK if "磁盘已满" in told[-1].err else LOOK_AT_THE_DISK,
        )
        assert waiting_edits(office) == [("skills", "02,03")] or skills_there(office) == "02,03"
    assert [each.exit_code for each in told[-3:]] == [7, 7, 0]
    assert_is_delivered_once(office)


def test_a_disk_that_turned_read_only_is_told_and_costs_nothing(office: Office, small_disk: Path) -> None:
    office = office.moved_to(small_disk / "office")
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    told = office.national_sync("sync", "run")
    looked_at = [
        office.national_sync(*command) for command in (("sync", "status"), ("sync", "history"), ("hold", "list"))
    ]
    subprocess.run(["mount", "-o", "remount,rw", small_disk], check=True)
    assert [each.exit_code for each in looked_at] == [0, 0, 0], looked_at
    assert_is_told(told, exit_code=7, message="数据库无法写入：所在磁盘以只读方式挂载", hint=ASK_WHY)
    assert waiting_edits(office) == [("skills", "02,03")]
    assert_is_delivered_once(office)


# A wish to stop


def test_a_wish_to_stop_ends_a_long_wait_for_the_national_side_at_once(office: Office) -> None:
    office.mock.admin.set_faults([{"fault": "429", "match": {"path": "*/list"}, "parameters": {"retryAfter": 45}}])
    with subprocess.Popen(
        [PROGRAM, "sync", "run"], cwd=office.folder, stderr=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    ) as run:
        while not any(path.endswith("/list") for path in office.mock.admin.call_counts()["counts"]):
            assert run.poll() is None
        asked_at = time.monotonic()
        run.terminate()
        _out, err = run.communicate(timeout=20)
    assert run.returncode == 6, err
    assert time.monotonic() - asked_at < 10
    assert "进度" in err
    office.mock.admin.set_faults([])
    assert_is_delivered_once(office)
