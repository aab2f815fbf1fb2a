"""The pages about installing a kiosk: what is typed is the same in both languages, and exists."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import click
import pytest

from national_sync.cli.root import cli

ROOT = Path(__file__).parents[3]
ENGLISH, CHINESE = (
    (ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("kiosk-installing.md", "kiosk-installing.zh-CN.md")
)
UNITS = ("national-sync-kiosk.service", "kiosk-screen.service")


def typed(document: str) -> list[str]:
    """The lines to type, without the remarks behind them."""
    lines = [line for line in document.splitlines() if line.startswith("    ")]
    return [re.sub(r"\s{2,}#.*$", "", line.strip()) for line in lines]


def commands() -> list[str]:
    found = [line for line in typed(ENGLISH) if line.startswith("national-sync ")]
    return sorted({*found, *re.findall(r"`(national-sync [^`]+)`", ENGLISH)})


def test_both_languages_type_the_same() -> None:
    assert typed(ENGLISH) == typed(CHINESE)
    assert len(typed(ENGLISH)) > 40


@pytest.mark.parametrize("line", commands())
def test_every_command_of_the_page_exists_with_its_options(line: str, tmp_path: Path) -> None:
    words = shlex.split(line)[1:]
    command: click.Command | None = cli
    while isinstance(command, click.Group):
        command = command.get_command(click.Context(command), words.pop(0))
    assert command is not None, line
    files = {word: str(tmp_path / word) for word in words if word.endswith((".pem", ".key"))}
    for file in files.values():
        Path(file).touch()
    command.make_context(command.name, [files.get(word, word) for word in words])


@pytest.mark.parametrize("unit", UNITS)
def test_the_units_that_the_page_copies_are_there(unit: str) -> None:
    content = (ROOT / "config" / unit).read_text(encoding="utf-8")
    assert unit in ENGLISH
    assert "docs/kiosk-installing.md" in content
    assert "[Install]\nWantedBy=multi-user.target" in content
