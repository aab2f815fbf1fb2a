"""Pages rendered beforehand: whole reply bodies in one file, found by their offsets."""

from __future__ import annotations

import json
import mmap
from array import array
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final, TypeAlias

from bench.population import Population, Size, WireRecord

PAGE_SIZE: Final = 500
HOUR, VOLUNTEER, TEAM, PROJECT = "hour", "volunteer", "team", "project"
CHANGED_HOUR: Final = "changed_hour"
TOTALS: Final = "totals.json"

Digest: TypeAlias = dict[str, list[int]]
"""Number of records and sum of their update times, by the first two characters of the id."""


class Book:
    """The pages of one listing, opened for reading."""

    def __init__(self, path: Path) -> None:
        index = json.loads(path.with_suffix(".json").read_bytes())
        self.total: int = index["total"]
        self.digest: Digest = index["digest"]
        self.digest_later: Digest = index["digest_later"]
        self._ends: list[int] = index["ends"]
        with path.open("rb") as file:
            # An empty file cannot be mapped, and no page of it is ever asked for.
            self._pages = memoryview(mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) if self._ends else b"")

    def page(self, number: int) -> memoryview | None:
        """The reply body of a page, counted from 1; None behind the end."""
        if not 1 <= number <= len(self._ends):
            return None
        start = self._ends[number - 2] if number > 1 else 0
        return self._pages[start : self._ends[number - 1]]

    def __len__(self) -> int:
        """Its number of pages."""
        return len(self._ends)

    def records(self) -> Iterator[dict[str, Any]]:
        for number in range(1, len(self._ends) + 1):
            yield from json.loads(bytes(self.page(number) or b""))["data"]


def render(directory: Path, size: Size) -> None:
    """Write the books of a whole city into `directory`."""
    population = Population(size)
    changed = {record.national_id: record for record in population.changed_hours()}
    directory.mkdir(parents=True)
    _write(directory / TEAM, population.teams(), size.teams)
    _write(directory / VOLUNTEER, population.volunteers(), size.volunteers)
    _write(directory / PROJECT, population.projects(), size.projects)
    _write(directory / CHANGED_HOUR, changed.values(), len(changed))
    _write(directory / HOUR, population.hours(), size.hours, later=changed)
    totals = {"effective_seconds": population.effective_seconds}
    (directory / TOTALS).write_text(json.dumps(totals))


def _write(
    path: Path, records: Iterable[WireRecord], total: int, later: Mapping[str, WireRecord] | None = None
) -> None:
    tail = f'],"totalCount":{total},"pageCount":{-(-total // PAGE_SIZE)}}}'
    remaining, ends, digest, digest_later = iter(records), array("Q"), Digest(), Digest()
    with path.open("wb") as file:
        while batch := list(islice(remaining, PAGE_SIZE)):
            body = ",".join(record.text for record in batch)
            file.write(f'{{"code":0,"message":"ok","data":[{body}{tail}'.encode())
            ends.append(file.tell())
            _add(digest, batch)
            _add(digest_later, [(later or {}).get(record.national_id, record) for record in batch])
    index = {"total": total, "ends": list(ends), "digest": digest, "digest_later": digest_later}
    path.with_suffix(".json").write_text(json.dumps(index))


def _add(digest: Digest, records: Iterable[WireRecord]) -> None:
    for record in records:
        sums = digest.setdefault(record.national_id[:2], [0, 0])
        sums[0] += 1
        sums[1] += record.updated_at_ms
