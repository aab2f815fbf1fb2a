"""Files that a command writes: one that cannot be written is told, not traced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from national_sync.errors import UsageError
from national_sync.i18n import N_


@contextmanager
def written(file: Path) -> Iterator[None]:
    """Raises UsageError when the file cannot be written: its folder is missing, it is open in a spreadsheet program."""
    from xlsxwriter.exceptions import FileCreateError

    try:
        yield
    except (OSError, FileCreateError) as error:
        cause = error if isinstance(error, OSError) else error.args[0]
        reason = getattr(cause, "strerror", None) or type(cause).__name__
        raise UsageError(N_("{file} cannot be written: {reason}"), file=file, reason=reason) from error
