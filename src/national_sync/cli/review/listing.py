"""The list on the screen: draws only the rows in sight, and asks for more when the cursor nears the end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rich.segment import Segment
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from national_sync.cli.review.docket import SLICE
from national_sync.cli.review.wording import listed

DECIDED, PUT_OFF, ELSEWHERE, OPEN = "*", "~", "!", ""


class Listing(ScrollView, can_focus=True, inherit_bindings=False):
    """Rows come from `fetch(beyond)`; none are held that nobody has scrolled to."""

    class Moved(Message):
        """The cursor stands on another row."""

    def __init__(self, fetch: Callable[[int | None], list[dict[str, Any]]], now: Callable[[], int]) -> None:
        super().__init__(id="list")
        self._fetch = fetch
        self._now = now
        self.rows: list[dict[str, Any]] = []
        self.marks: dict[int, str] = {}
        """By number: what has become of a row here."""
        self.place = 0
        self._is_complete = False

    @property
    def current(self) -> dict[str, Any] | None:
        return self.rows[self.place] if self.rows else None

    def read_anew(self) -> None:
        """Forget the rows and begin at the top."""
        self.rows, self.marks, self.place, self._is_complete = [], {}, 0, False
        self._read_on()
        self.scroll_to(0, 0, animate=False)
        self.post_message(self.Moved())

    def put(self, row: dict[str, Any], mark: str) -> None:
        """Show a row as it now is."""
        self.marks[row["id"]] = mark
        for place, known in enumerate(self.rows):
            if known["id"] == row["id"]:
                self.rows[place] = row
                self.refresh_lines(place, 1)

    def move_to(self, place: int) -> None:
        while place >= len(self.rows) - SLICE // 2 and not self._is_complete:
            self._read_on()
        before, self.place = self.place, max(0, min(place, len(self.rows) - 1))
        self.refresh_lines(before, 1)
        self.refresh_lines(self.place, 1)
        self._bring_into_sight()
        self.post_message(self.Moved())

    def move_to_next_open(self) -> bool:
        """From the cursor on, or from the top where there is none below; whether one was found."""
        place = self.place + 1
        while place < len(self.rows) or not self._is_complete:
            if place >= len(self.rows):
                self._read_on()
                continue
            if not self.marks.get(self.rows[place]["id"]):
                self.move_to(place)
                return True
            place += 1
        above = (place for place, row in enumerate(self.rows) if not self.marks.get(row["id"]))
        found = next(above, None)
        self.move_to(self.place if found is None else found)
        return found is not None

    def render_line(self, y: int) -> Strip:
        place = self.scroll_offset.y + y
        columns = self.size.width
        if place >= len(self.rows):
            return Strip.blank(columns, self.rich_style)
        row = self.rows[place]
        text = listed(row, self.marks.get(row["id"], OPEN), self._now(), columns)
        style = self.get_component_rich_style("listing--cursor") if place == self.place else self.rich_style
        return Strip([Segment(text, style)], columns)

    COMPONENT_CLASSES = {"listing--cursor"}  # noqa: RUF012 - textual reads it so

    def _read_on(self) -> None:
        more = self._fetch(self.rows[-1]["id"] if self.rows else None)
        self.rows += more
        self._is_complete = len(more) < SLICE
        self.virtual_size = Size(self.size.width, len(self.rows))
        self.refresh()

    def _bring_into_sight(self) -> None:
        top, height = self.scroll_offset.y, max(self.size.height, 1)
        if self.place < top:
            self.scroll_to(0, self.place, animate=False, immediate=True)
        elif self.place >= top + height:
            self.scroll_to(0, self.place - height + 1, animate=False, immediate=True)
