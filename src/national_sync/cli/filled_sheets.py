"""What the commands have alike that take a filled-in sheet: their options, the rows that were refused, what to do then."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final

import click

from national_sync.cli.command import Option
from national_sync.cli.files import written
from national_sync.i18n import N_, _, say
from national_sync.prose.layout import SCREEN_WIDTH, wrapped

if TYPE_CHECKING:
    from pathlib import Path

    from national_sync.sheet_files import RefusedRow

REFUSED_EXIT_CODE: Final = 2
MOST_SHOWN: Final = 50
"""A screenful or two; --json has them all."""


def taking_options(command: Callable[..., None]) -> Callable[..., None]:
    """`--only-valid` and `--dry-run`."""
    for option in (
        click.option("--dry-run", cls=Option, is_flag=True, help=N_("Only check every row.")),
        click.option(
            "--only-valid", cls=Option, is_flag=True, help=N_("Take the rows that are right; the others are told.")
        ),
    ):
        command = option(command)
    return command


def write_empty(file: Path, write: Callable[[Path], None]) -> None:
    """A sheet to fill in. Raises UsageError for a file that is there already, or cannot be written."""
    from national_sync.errors import UsageError

    if file.exists():
        raise UsageError(N_("{file} is there already; nothing was written over it."), file=file)
    with written(file):
        write(file)


def refused_facts(refused: Iterable[RefusedRow]) -> list[dict[str, Any]]:
    return [{"row": one.row, "reason": say(one.reason)} for one in refused]


def refused_in_words(refused: Sequence[Mapping[str, Any]], count: int) -> Iterator[str]:
    """The first of `count` rows, a line for each reason."""
    told = refused[:MOST_SHOWN]
    for row in told:
        for reason in row["reason"].splitlines():
            yield from wrapped(_(N_("Row {row}: {reason}"), row=row["row"], reason=reason), SCREEN_WIDTH)
    if count > len(told):
        yield _(N_("… and {count} more"), count=count - len(told))


def nothing_taken(refused_count: int, *, only_valid: bool) -> Iterator[str]:
    """That nothing was taken, and how it can be."""
    if refused_count and not only_valid:
        words = N_("Nothing was taken. Correct these rows and give the file again, or take the others: --only-valid")
        yield from wrapped(_(words), SCREEN_WIDTH)
    else:
        yield _(N_("Nothing was taken."))
