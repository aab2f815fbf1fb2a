"""Every measured variant runs in a fresh process of its own and reports its seconds and its peak memory."""

from __future__ import annotations

import importlib
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent


@dataclass
class Measured:
    """`seconds` is the work alone, `whole_seconds` the process from start to end, imports included."""

    seconds: float
    peak_mb: float = 0.0
    whole_seconds: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)


@contextmanager
def stopwatch() -> Iterator[Measured]:
    measured = Measured(0.0)
    started = time.perf_counter()
    yield measured
    measured.seconds = time.perf_counter() - started


def in_fresh_process(variant: Callable[..., Measured], **arguments: object) -> Measured:
    """Run a variant by its name, so that nothing but its arguments reaches the new process."""
    command = [sys.executable, "-m", __name__, f"{variant.__module__}:{variant.__name__}", json.dumps(arguments)]
    return measured_process(command)


def measured_process(command: Sequence[str], environment: Mapping[str, str] | None = None) -> Measured:
    """Run a command that prints a `Measured` as JSON on its last line."""
    started = time.perf_counter()
    ended = subprocess.run(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, encoding="utf-8", check=True
    )
    whole_seconds = time.perf_counter() - started
    measured = Measured(**json.loads(ended.stdout.splitlines()[-1]))
    measured.whole_seconds = whole_seconds
    return measured


def peak_mb() -> float:
    """The most memory this process has held.

    Linux hands `ru_maxrss` of the process that started this one down to it, so its own mark is read where there is one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


def _main() -> None:
    module, _, name = sys.argv[1].partition(":")
    variant: Callable[..., Measured] = getattr(importlib.import_module(module), name)
    measured = variant(**json.loads(sys.argv[2]))
    measured.peak_mb = peak_mb()
    print(json.dumps(asdict(measured)))
    sys.stdout.flush()
    os._exit(0)


if __name__ == "__main__":
    _main()
