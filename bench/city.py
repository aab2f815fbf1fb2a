"""The national side of one size, running in its own process."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

from bench.book import HOUR, Book, Digest, render
from bench.measure import ROOT
from bench.population import Size
from bench.server import Night


class RunningCity:
    def __init__(self, address: str, directory: Path, size: Size) -> None:
        self.address = address
        self.size = size
        self._directory = directory

    def night(self, night: Night) -> None:
        """Set what the next run meets, and begin to count its calls."""
        self._control("night", asdict(night))
        self.calls()

    def calls(self) -> dict[str, int]:
        """Calls by path since they were last counted."""
        counted: dict[str, int] = self._control("calls", {})
        return counted

    def changed(self, digest: Digest) -> Digest:
        """The digest of a mirror of any size once the changed hour records are in it."""
        book = Book(self._directory / HOUR)
        return {
            bucket: [count, version_sum + book.digest_later[bucket][1] - book.digest[bucket][1]]
            for bucket, (count, version_sum) in digest.items()
        }

    def _control(self, name: str, body: dict[str, Any]) -> Any:
        request = Request(f"{self.address}/bench/{name}", json.dumps(body).encode())
        with urlopen(request) as reply:
            return json.load(reply)


@contextmanager
def running_city(directory: Path, size: Size) -> Iterator[RunningCity]:
    render(directory, size)
    command = [sys.executable, "-m", "bench.server", str(directory)]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield RunningCity(f"http://127.0.0.1:{int(process.stdout.readline())}", directory, size)
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()
