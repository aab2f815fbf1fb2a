"""dlt as the thing to compare with: its own environment, made on first use, and its pipeline run from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import venv
from pathlib import Path
from typing import Final

from bench.measure import ROOT, Measured, measured_process

_FOLDER: Final = ROOT / "bench"
_ENVIRONMENT: Final = _FOLDER / ".venv-dlt"
_REQUIREMENTS: Final = _FOLDER / "requirements-dlt.txt"


def run(*, server: str, database: Path, directory: Path, since: str | None = None) -> Measured:
    """Bring the hour records, or those changed `since`, into an SQLite file."""
    arguments = {"server": server, "database": str(database), "directory": str(directory), "since": since}
    command = [str(_python()), str(_FOLDER / "dlt_pipeline.py"), json.dumps(arguments)]
    return measured_process(command, os.environ | {"PYTHONWARNINGS": "ignore"})


def ensure() -> None:
    """Install what `requirements-dlt.txt` pins, unless that was done already."""
    done = _ENVIRONMENT / "installed.txt"
    if done.exists() and done.read_text() == _REQUIREMENTS.read_text():
        return
    print("Making the environment for dlt in bench/.venv-dlt …", file=sys.stderr)
    venv.create(_ENVIRONMENT, with_pip=True, clear=True)
    options = ["--quiet", "--disable-pip-version-check", "-r", str(_REQUIREMENTS)]
    subprocess.run([str(_python()), "-m", "pip", "install", *options], check=True)
    done.write_text(_REQUIREMENTS.read_text())


def _python() -> Path:
    return _ENVIRONMENT / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
