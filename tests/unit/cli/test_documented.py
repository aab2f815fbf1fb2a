"""`docs/cli.md` knows every command, and its JSON table every object's names."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from tests.unit.cli.conftest import Terminal

from national_sync.cli.root import cli

DOCUMENT = (Path(__file__).parents[3] / "docs" / "cli.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    found = []
    for name in cli.places:
        command = cli.get_command(None, name)  # type: ignore[arg-type]
        if isinstance(command, click.Group):
            found += [f"{name} {inner}" for inner in command.commands]
        else:
            found.append(name)
    return [name for name in found if not name.startswith("settings ")]


@pytest.mark.parametrize("command", commands())
def test_every_command_is_documented(command: str) -> None:
    noun, _space, verb = command.partition(" ")
    lines = [line for line in DOCUMENT.splitlines() if line.startswith(f"| `{noun}")]
    assert any(not verb or f"`{verb}" in line or f" {verb}" in line for line in lines), command


@pytest.mark.parametrize(
    "command",
    ["sync run", "sync plan", "sync status", "sync history", "mismatch list", "hold list", "quarantine list", "verify"],
)
def test_every_name_of_an_answer_is_documented(national_sync: Terminal, command: str) -> None:
    for name in national_sync(*command.split(), "--json").json:
        assert f"`{name}`" in DOCUMENT, name


def test_every_exit_code_is_documented() -> None:
    section = DOCUMENT.partition("## Exit codes")[2].partition("\n## ")[0]
    for code in range(8):
        assert f"{code} " in section
