"""`docs/cli.md` knows every command, and its JSON table every object's names."""

from __future__ import annotations

import re
from pathlib import Path

import click
import pytest
from tests.unit.cli.conftest import Terminal

from national_sync.cli.root import cli
from national_sync.store.database import Database
from national_sync.sync.preview import PlanPreview, VerifyReport
from national_sync.sync.report import RunReport

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


# Names of the objects inside an answer

ONE_OF_EACH = (
    "INSERT INTO run (id, kind, state, holder, lease_until, started_at) VALUES (1, 'nightly', 'failed', 'x:1', 1, 1)",
    "INSERT INTO hold (id, run_id, entity, action, reason, records, plan_hash, state) VALUES"
    " (1, 1, 'team', 'update', 'too_many_updates', 1, 'abc', 'open')",
    "INSERT INTO quarantine (id, entity, identity, national_id, reason, payload, state, first_run_id, last_run_id)"
    " VALUES (1, 'team', 'i', 'i', 'malformed', NULL, 'open', 1, 1)",
    "INSERT INTO mismatch (id, kind, entity, subject, row_id, state) VALUES (1, 'both_edited', 'team', 'x', 1, 'open')",
)
OBJECTS = [
    ("A run", "sync history", "runs"),
    ("A hold", "hold list", "holds"),
    ("A hold", "hold show 1", "hold"),
    ("A quarantine entry", "quarantine list", "quarantine"),
    ("A quarantine entry", "quarantine show 1", "quarantine"),
    ("A mismatch", "mismatch list", "mismatches"),
    ("A mismatch in full", "mismatch show 1", "mismatch"),
]


def documented(name: str) -> set[str]:
    """The names that follow `**A run**:` in the document."""
    found = re.search(rf"\*\*{name}\*\*: (.*?)(?=\*\*|\n\n)", DOCUMENT, re.DOTALL)
    assert found is not None, name
    return set(re.findall("`([a-z_]+)`", re.split(r"\.\s", found[1])[0]))


@pytest.mark.parametrize(("name", "command", "key"), OBJECTS)
def test_an_object_has_exactly_the_documented_names(
    national_sync: Terminal, store: Database, name: str, command: str, key: str
) -> None:
    with store.write() as connection:
        for row in ONE_OF_EACH:
            connection.exec_driver_sql(row)
    answer = national_sync(*command.split(), "--json").json[key]
    shown = answer[0] if isinstance(answer, list) else answer
    assert set(shown) == documented(name)


def test_a_report_has_exactly_the_documented_names() -> None:
    table = DOCUMENT.partition("**The report of a run**")[2].partition("\n\n**")[0]
    first_cells = [line.split("|")[1] for line in table.splitlines() if line.startswith("| `")]
    assert set(re.findall("`([a-z_]+)`", " ".join(first_cells))) == set(RunReport(run=1, kind="light").to_json())


@pytest.mark.parametrize(
    ("command", "names"),
    [
        ("verify", set(VerifyReport().to_json())),
        ("sync plan", set(PlanPreview().to_json())),
        ("sync status", {"running", "last_run", "open", "mismatches", "holds", "quarantine", "operations"}),
    ],
)
def test_an_answer_of_its_own_has_the_documented_names(command: str, names: set[str]) -> None:
    row = [line for line in DOCUMENT.splitlines() if line.startswith(f"| `{command}` |")][-1]
    assert names <= set(re.findall("`([a-z_]+)`", row))
