"""A run's report as two files: JSON for machines, Chinese prose for the morning."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import structlog

from national_sync.prose.report import run_in_words

log = structlog.get_logger()


def keep_report(directory: Path, facts: dict[str, Any]) -> Path | None:
    """Write `run-<number>.json` and `.txt`; the JSON file's path.

    The run is done and its report is in the database: files that cannot be written are no reason to fail, so that is
    logged and None returned.
    """
    base = directory / f"run-{facts['run']:06}"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        write_file(base.with_suffix(".txt"), run_in_words(facts) + "\n")
        return write_file(base.with_suffix(".json"), json.dumps(facts, ensure_ascii=False, indent=2) + "\n")
    except OSError as error:
        log.warning("report_not_written", run=facts["run"], reason=error.strerror)
        return None


def write_file(file: Path, content: str) -> Path:
    """Whole or not at all."""
    draft = file.with_suffix(file.suffix + ".part")
    draft.write_text(content, encoding="utf-8")
    os.replace(draft, file)
    return file
