"""The wheel alone is the whole program: built, installed into an empty environment, tried with the source gone."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

# One worker has the one environment.
pytestmark = [pytest.mark.packaging, pytest.mark.xdist_group("packaging")]

ROOT = Path(__file__).parents[2]
PACKAGES = ("national_sync", "national_sync_adapters", "national_sync_mocks")
NOT_PYTHON = (
    "national_sync/py.typed",
    "national_sync/locale/zh_CN/LC_MESSAGES/national_sync.mo",
    "national_sync/store/migrations/env.py",
)


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # The tools that build are installed already: --no-isolation keeps the package registry out of it.
    _checked(sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of programs of an environment that holds the wheel and what it requires, nothing else."""
    environment = tmp_path_factory.mktemp("empty") / "venv"
    _checked(sys.executable, "-m", "venv", environment)
    programs = environment / "bin"
    _checked(programs / "python", "-m", "pip", "install", "--quiet", "-c", ROOT / "constraints.txt", wheel)
    return programs


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A folder from which the checkout cannot be imported."""
    return tmp_path


def _checked(*command: object, folder: Path | None = None) -> str:
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    ended = subprocess.run(
        [str(part) for part in command], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout


def test_the_wheel_holds_all_packages_and_nothing_else(wheel: Path) -> None:
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/", 1)[0] for name in names if ".dist-info" not in name} == set(PACKAGES)
    assert set(NOT_PYTHON) <= set(names)
    assert [name for name in names if "__pycache__" in name] == []


def test_everything_is_imported_from_the_wheel(installed: Path, elsewhere: Path) -> None:
    code = f"import importlib; print(*[importlib.import_module(name).__file__ for name in {PACKAGES!r}], sep='\\n')"
    for place in _checked(installed / "python", "-c", code, folder=elsewhere).splitlines():
        assert Path(place).is_relative_to(installed.parent)


def test_the_program_speaks_chinese_and_sets_up_a_machine(installed: Path, elsewhere: Path) -> None:
    assert _checked(installed / "national-sync", "--help", folder=elsewhere).startswith("用法：")
    _checked(installed / "national-sync", "init", folder=elsewhere)
    assert (elsewhere / "national-sync.db").exists()
    assert "尚未同步过" in _checked(installed / "national-sync", "sync", "history", folder=elsewhere)


def test_the_mock_can_be_started(installed: Path, elsewhere: Path) -> None:
    assert "--seed" in _checked(installed / "national-sync-mock", "--help", folder=elsewhere)


def test_the_demo_runs(installed: Path, elsewhere: Path) -> None:
    told = json.loads(_checked(installed / "national-sync", "demo", "--json", folder=elsewhere))
    assert len(told["nights"]) == 2
    assert told["sides_agree"] is True
    assert told["second_run_writes"] == 0
