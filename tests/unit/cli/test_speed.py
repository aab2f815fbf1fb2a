"""`--help` stays fast: it imports nothing heavy."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from tests.unit.cli.conftest import Terminal

from national_sync.cli.command import first_sentence
from national_sync.cli.root import cli

PROGRAM = Path(sys.executable).parent / "national-sync"
HEAVY = ("sqlalchemy", "sqlmodel", "pydantic", "httpx", "msgspec", "rich", "apscheduler", "cryptography", "structlog")


@pytest.mark.parametrize(
    "arguments", [["--help"], *([name, "--help"] for name in cli.places)], ids=lambda arguments: arguments[0]
)
def test_a_help_page_imports_nothing_heavy(arguments: list[str]) -> None:
    code = (
        "import sys; from national_sync.cli.root import cli\n"
        f"try: cli({arguments!r})\n"
        "except SystemExit as end: assert not end.code, end.code\n"
        f"print([name for name in {HEAVY!r} if name in sys.modules], file=sys.stderr)"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ended.stderr.strip() == "[]"


def test_the_installed_program_answers_in_chinese_first() -> None:
    ended = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True)
    assert ended.stdout.startswith("用法：")
    english = subprocess.run([PROGRAM, "--help", "--lang", "en"], capture_output=True, text=True, check=True)
    assert english.stdout.startswith("Usage:")


def test_the_root_page_and_the_commands_tell_the_same(national_sync: Terminal) -> None:
    page = " ".join(national_sync("--help").out.split())
    for name, place in cli.places.items():
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        assert command is not None
        if place.summary:
            assert f"{name} {place.summary}" in page
            assert first_sentence(command.help or "")


def test_a_closed_pipe_is_no_error() -> None:
    ended = subprocess.run(
        f"{PROGRAM} --help | head -n 1", shell=True, capture_output=True, text=True, check=True, executable="/bin/bash"
    )
    assert ended.stderr == ""
