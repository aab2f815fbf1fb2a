"""click's help pages, with lines broken by columns and not by characters: a Chinese character takes two."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Final

import click

from national_sync.prose.layout import SCREEN_WIDTH, padded, width, wrapped

_NARROWEST_SCREEN: Final = 50


def screen_width() -> int:
    """The width of help pages: the terminal's, at most 80."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit():
        return max(min(int(columns), SCREEN_WIDTH), _NARROWEST_SCREEN)
    try:
        return max(min(os.get_terminal_size().columns, SCREEN_WIDTH), _NARROWEST_SCREEN)
    except OSError:
        return SCREEN_WIDTH


class WideFormatter(click.HelpFormatter):
    def write_text(self, text: str) -> None:
        indent = " " * self.current_indent
        paragraphs = [
            wrapped(" ".join(paragraph.split()), self.width - len(indent)) for paragraph in text.split("\n\n")
        ]
        self.write("\n".join("".join(f"{indent}{line}\n" for line in lines) for lines in paragraphs))

    def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
        entries = list(rows)
        indent = " " * self.current_indent
        first = min(max(width(term) for term, _ in entries), col_max) + col_spacing
        for term, text in entries:
            lines = wrapped(text, max(self.width - first - len(indent), 10))
            if width(term) + col_spacing > first:
                self.write(f"{indent}{term}\n")
            else:
                self.write(f"{indent}{padded(term, first)}{lines.pop(0)}".rstrip() + "\n")
            for line in lines:
                self.write(f"{indent}{' ' * first}{line}\n")
