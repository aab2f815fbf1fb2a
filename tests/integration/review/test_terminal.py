"""What the full screen sends to a terminal: nothing that a plain one, an old console or another encoding cannot take."""

from __future__ import annotations

import fcntl
import io
import os
import pty
import re
import select
import struct
import sys
import termios
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest
from tests.integration.reconcile.desk import Desk, team

from national_sync import i18n
from national_sync.cli.failure import failure_of
from national_sync.cli.review.app import Review
from national_sync.cli.review.terminal import check_terminal
from national_sync.errors import UsageError
from national_sync.store.database import Database

ROOT: Final = Path(__file__).parents[3]
_LONG_ENOUGH: Final = 20.0
_QUIT: Final = "退出"
_SEQUENCE: Final = re.compile(r"\x1b(\[[?>=<]?[0-9;]*\$?[A-Za-z]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_PLAIN_COLOURS: Final = {0, 1, 7, 22, 27, *range(30, 38), 39, *range(40, 48), 49, *range(90, 98), *range(100, 108)}
_KEYS: Final = {"up", "down", "pageup", "pagedown", "home", "enter", "space", "backspace", "slash", "question_mark"}


class _Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    i18n.use("zh")
    yield
    i18n.use(i18n.DEFAULT_LANGUAGE)


def drawn(database: Database, environment: dict[str, str]) -> bytes:
    """All that is sent to a terminal of 80 by 24 until `q` has been pressed."""
    child, terminal = pty.fork()
    if child == 0:
        arguments = [sys.executable, "-m", "tests.integration.review.screen", str(database.url)]
        os.chdir(ROOT)
        os.execve(sys.executable, arguments, {**os.environ, **environment})
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
    sent = b""
    until = time.monotonic() + _LONG_ENOUGH
    is_told = False
    while time.monotonic() < until and select.select([terminal], [], [], _LONG_ENOUGH)[0]:
        try:
            some = os.read(terminal, 65_536)
        except OSError:
            break
        sent += some
        if not is_told and _QUIT.encode(environment["PYTHONIOENCODING"]) in sent:
            os.write(terminal, b"q")
            is_told = True
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    os.close(terminal)
    return sent


def test_only_plain_sequences_are_sent_in_the_encoding_of_the_terminal(sqlite_database: Database) -> None:
    desk = Desk(sqlite_database)
    desk.shows(team())
    desk.edit("UPDATE team SET name = '青松服务队'")
    desk.shows(team(version=2, name="茶山服务队"))
    sent = drawn(sqlite_database, {"TERM": "vt100", "PYTHONIOENCODING": "gbk", "COLORTERM": ""})
    text = sent.decode("gbk")
    assert "青松服务队" in text
    assert "?" not in text.replace("? 帮助", "").replace("\x1b[?", "")
    for sequence in _SEQUENCE.findall(text):
        if sequence.startswith("[") and sequence.endswith("m"):
            colours = {int(number or 0) for number in sequence[1:-1].split(";")}
            assert colours <= _PLAIN_COLOURS, sequence
        else:
            # Moves, erasing and modes, which what does not know them passes over; no other kind of sequence.
            assert re.fullmatch(r"\[[0-9;]*[HJK]|\[\?[0-9]+(\$p|[hl])|\[[<>][0-9]*u|\]22;[a-z]*\x07", sequence), (
                sequence
            )


def test_only_keys_are_used_that_every_terminal_has() -> None:
    keys = {binding.key for binding in Review.BINDINGS}  # type: ignore[union-attr]
    assert {key for key in keys if len(key) > 1} <= _KEYS


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "cp437"])
def test_a_terminal_without_chinese_is_told_in_english_what_to_do(encoding: str) -> None:
    terminal = _Terminal()
    terminal.encoding = encoding  # type: ignore[misc]
    with pytest.raises(UsageError) as caught:
        check_terminal(terminal, {"TERM": "xterm"})
    failure = failure_of(caught.value)
    assert failure.message.isascii()
    assert failure.hint.isascii()
    assert "UTF-8" in failure.hint


def test_a_terminal_without_a_full_screen_is_refused() -> None:
    with pytest.raises(UsageError):
        check_terminal(_Terminal(), {"TERM": "dumb"})
    for term in ("vt100", "xterm", "xterm-256color", "linux", "screen"):
        check_terminal(_Terminal(), {"TERM": term})
