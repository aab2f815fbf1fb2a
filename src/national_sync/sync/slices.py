"""Cutting work into bounded pieces."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")


def slices(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    """Consecutive pieces of at most `size`, in order."""
    for start in range(0, len(items), size):
        yield items[start : start + size]
