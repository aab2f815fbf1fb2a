"""Small questions in front of the list."""

from __future__ import annotations

import time
from typing import TypeVar

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.message import Message
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from national_sync.i18n import N_, _

Answer = TypeVar("Answer")


class Dialog(ModalScreen[Answer]):
    """Takes keys from the moment on at which it can be seen."""

    class Shown(Message):
        """It can be seen."""

    shown_at: float | None = None
    """On the clock that events carry."""

    def on_mount(self) -> None:
        self.call_after_refresh(self._note_that_it_is_shown)

    def _note_that_it_is_shown(self) -> None:
        self.shown_at = time.monotonic()
        self.post_message(self.Shown())


class Line(Input):
    """Enter ends the dialog at once, before the next key is looked at."""

    async def action_submit(self) -> None:
        self.screen.dismiss(self.value)


class Ask(Dialog[str | None]):
    """One line to type; None when it is left with Escape."""

    BINDINGS = [  # noqa: RUF012 - textual reads it so
        Binding("escape", "dismiss", show=False),
        Binding("enter", "submit", show=False),
    ]

    def __init__(self, question: str, typed: str = "") -> None:
        super().__init__()
        self._question = question
        self.line = Line(typed)

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            yield self.line
            yield Static(_(N_("Enter: do it  Esc: leave it")), markup=False)

    async def action_submit(self) -> None:
        await self.line.action_submit()


class Confirm(Dialog[bool]):
    """Yes or no, with a key that was pressed when the question could be read."""

    BINDINGS = [  # noqa: RUF012 - textual reads it so
        Binding("y,enter", "answer(True)", show=False),
        Binding("n,escape,q", "answer(False)", show=False),
    ]

    def __init__(self, question: str) -> None:
        super().__init__()
        self._question = question

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            yield Static(_(N_("y: yes  n: no")), markup=False)

    def action_answer(self, is_wanted: bool) -> None:
        self.dismiss(is_wanted)


class Told(Dialog[None]):
    """Something to read; any of the keys that one would try ends it."""

    BINDINGS = [Binding("escape,enter,space,q,question_mark", "dismiss", show=False)]  # noqa: RUF012

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._words, markup=False)
