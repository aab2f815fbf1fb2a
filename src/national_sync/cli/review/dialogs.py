"""Small questions in front of the list."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from national_sync.i18n import N_, _


class Ask(ModalScreen[str | None]):
    """One line to type; None when it is left with Escape."""

    BINDINGS = [Binding("escape", "dismiss", show=False)]  # noqa: RUF012 - textual reads it so

    def __init__(self, question: str, typed: str = "") -> None:
        super().__init__()
        self._question = question
        self._typed = typed

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._question, markup=False)
            yield Input(self._typed)
            yield Static(_(N_("Enter: do it  Esc: leave it")), markup=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        self.dismiss(event.value)


class Confirm(ModalScreen[bool]):
    """Yes or no."""

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


class Told(ModalScreen[None]):
    """Something to read; any of the keys that one would try ends it."""

    BINDINGS = [Binding("escape,enter,space,q,question_mark", "dismiss", show=False)]  # noqa: RUF012

    def __init__(self, words: str) -> None:
        super().__init__()
        self._words = words

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog"):
            yield Static(self._words, markup=False)
