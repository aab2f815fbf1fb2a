"""The full screen: the list above, the page of the mismatch under the cursor below, one key for each choice."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import ClassVar, Final

from rich.text import Text
from textual import events
from textual.app import App, ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.widgets import Static

from national_sync.cli.failure import failure_of
from national_sync.cli.mismatch_words import page_in_words
from national_sync.cli.review.dialogs import Ask, Confirm, Dialog, Told
from national_sync.cli.review.docket import MOST_AT_ONCE, MOST_COUNTED, Alike, Docket
from national_sync.cli.review.listing import DECIDED, ELSEWHERE, OPEN, PUT_OFF, Listing
from national_sync.cli.review.wording import HELP, KEYS, heading, retyped, title, typed_filter
from national_sync.clock import PUER_TIME, local_date
from national_sync.errors import (
    AlreadySettled,
    CannotUndo,
    FactsChanged,
    NationalSyncError,
    UsageError,
)
from national_sync.i18n import N_, _
from national_sync.prose.fields import field_name
from national_sync.prose.layout import readable
from national_sync.prose.words import word
from national_sync.reconcile.facts import Facts

_DAY: Final = 86_400
_WEEK: Final = "7"
_REST_SECONDS: Final = 0.12
"""The page follows when the cursor has stood still so long; while a key is held down the list alone moves."""
_LOST_SECONDS: Final = 10.0
"""A key that has had no effect for so long no longer holds up those behind it."""


class Review(App[None]):
    CSS = """
    Screen { layout: vertical; background: ansi_default; }
    #title, #heading { height: 1; }
    #title, .keys { text-style: reverse; }
    #heading { text-style: bold; }
    #list { height: 9; scrollbar-size: 0 0; background: ansi_default; }
    #list > .listing--cursor { text-style: reverse; }
    #page { height: 1fr; scrollbar-size: 0 0; border-top: solid gray; background: ansi_default; }
    #status { height: 1; text-style: bold; }
    .keys { height: 1; }
    .is-large #list, .is-large #heading { display: none; }
    .dialog { width: 78; height: auto; max-height: 100%; border: solid gray; padding: 0 1; }
    Ask, Confirm, Told { align: center middle; }
    """
    ENABLE_COMMAND_PALETTE = False
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", show=False),
        Binding("down", "move(1)", show=False),
        Binding("pageup", "move(-8)", show=False),
        Binding("pagedown", "move(8)", show=False),
        Binding("home", "move(-1000000000)", show=False),
        Binding("1", "decide('local')", show=False),
        Binding("2", "decide('national')", show=False),
        Binding("3", "set", show=False),
        Binding("p", "accept", show=False),
        Binding("P", "accept_alike", show=False),
        Binding("s", "snooze", show=False),
        Binding("n", "note", show=False),
        Binding("u", "undo", show=False),
        Binding("slash", "search", show=False),
        Binding("f", "filter", show=False),
        Binding("k", "this_kind", show=False),
        Binding("o", "turn_order", show=False),
        Binding("r", "read_anew", show=False),
        Binding("enter", "enlarge", show=False),
        Binding("space", "turn_page(1)", show=False),
        Binding("backspace", "turn_page(-1)", show=False),
        Binding("question_mark", "help", show=False),
        Binding("q", "quit", show=False),
    ]

    def __init__(self, docket: Docket) -> None:
        super().__init__(ansi_color=True)
        self.docket = docket
        # Held here, because what one asks the app for is looked for in the dialog that is in front.
        self.title_line = Static(id="title", markup=False)
        self.heading_line = Static(id="heading", markup=False)
        self.listing = Listing(docket.some, docket.now)
        self.page = VerticalScroll(id="page", can_focus=False)
        self.words = Static(markup=False)
        self.status = Static(id="status", markup=False)
        self.facts: Facts | None = None
        """Of the mismatch under the cursor, once its page is shown."""
        self.decided = 0
        self._count = ""
        self._rest = 0
        self._typed: deque[events.Key | events.Paste] = deque()
        self._under_way: events.Key | None = None

    # Keys, one after the other

    async def on_event(self, event: events.Event) -> None:
        """A key waits until the one before has had its effect: typed fast, it is meant for what that one brings up."""
        if not isinstance(event, events.Key | events.Paste):
            await super().on_event(event)
        elif event.is_forwarded:
            await super().on_event(event)
            self.call_later(self._type_on, event)
        else:
            self._typed.append(event)
            await self._type_on()

    async def on_dialog_shown(self) -> None:
        await self._type_on()

    async def _type_on(self, done: events.Event | None = None) -> None:
        if done is self._under_way:
            self._under_way = None
        while self._typed and not self._must_wait(self._typed[0]):
            event = self._typed.popleft()
            if self._is_too_early(event):
                continue
            is_text = isinstance(event, events.Paste) or (isinstance(self.screen, Ask) and event.is_printable)
            if isinstance(self.screen, Ask):
                self.screen.set_focus(self.screen.line)
            await super().on_event(event)
            if not isinstance(event, events.Paste) and event.is_forwarded and not is_text:
                self._under_way = event

    def _must_wait(self, event: events.Event) -> bool:
        if isinstance(self.screen, Dialog) and self.screen.shown_at is None:
            return True
        return self._under_way is not None and event.time - self._under_way.time < _LOST_SECONDS

    def _is_too_early(self, event: events.Event) -> bool:
        """A question that is asked for safety is answered by who has seen it."""
        front = self.screen
        return isinstance(front, Confirm) and front.shown_at is not None and event.time < front.shown_at

    # What is on the screen

    def compose(self) -> ComposeResult:
        yield self.title_line
        yield self.heading_line
        yield self.listing
        with self.page:
            yield self.words
        yield self.status
        for keys in KEYS:
            yield Static(_(keys), classes="keys", markup=False)

    def on_mount(self) -> None:
        self.listing.focus()
        self.read_anew()

    def on_resize(self) -> None:
        self._show_title()
        self.heading_line.update(heading(self.size.width), layout=False)

    def read_anew(self) -> None:
        found = self.docket.count()
        self._count = f"{MOST_COUNTED}+" if found > MOST_COUNTED else str(found)
        self.listing.read_anew()
        self.show_page()
        self.say(_(N_("Nothing is left to decide here.")) if not found else "")

    def on_listing_moved(self) -> None:
        self._show_title()
        self._rest += 1
        rest = self._rest
        self.set_timer(_REST_SECONDS, lambda: self.show_page() if rest == self._rest and self.is_running else None)

    def show_page(self) -> None:
        """The page of the mismatch under the cursor, with its facts as they are at this moment."""
        row = self.listing.current
        self._show_title()
        if row is None:
            self.facts = None
            self.words.update("")
            return
        if self.facts is None or self.facts.id != row["id"]:
            self.facts = self.docket.facts(row["id"])
            words = readable(page_in_words(self.facts.to_json()))
            self.words.update(Text(words, no_wrap=True, overflow="ellipsis"))
            self.page.scroll_home(animate=False)

    def _show_title(self) -> None:
        place = self.listing.place + 1 if self.listing.rows else 0
        words = title(self.docket.wanted, place, self._count, self.decided, self.size.width)
        self.title_line.update(words, layout=False)

    def say(self, words: str) -> None:
        self.status.update(words, layout=False)

    def _refused(self, error: NationalSyncError) -> None:
        """Say why it was not done, and show what is there now."""
        failure = failure_of(error)
        self.say(failure.message)
        row = self.listing.current
        if row is not None and isinstance(error, AlreadySettled | FactsChanged):
            mark = OPEN if isinstance(error, FactsChanged) else ELSEWHERE
            self.listing.put(self.docket.row(row["id"]), mark)
            self.facts = None
            self.show_page()

    # Moving

    def action_move(self, by: int) -> None:
        self.listing.move_to(self.listing.place + by)

    def action_enlarge(self) -> None:
        self.screen.toggle_class("is-large")

    def action_turn_page(self, by: int) -> None:
        self.page.scroll_relative(y=by * max(self.page.size.height - 1, 1), animate=False)

    # Deciding

    def action_decide(self, keep: str) -> None:
        self._decide(keep)

    def action_accept(self) -> None:
        self.show_page()
        if self.facts is None:
            return
        choice = self.facts.proposal.choice
        if choice == "set":
            self.action_set()
        elif choice is None:
            self.say(_(N_("Nothing is proposed here but to wait; it can be put off with s.")))
        else:
            self._decide(choice)

    def action_set(self) -> None:
        self.show_page()
        facts = self.facts
        if facts is None:
            return
        if not facts.field or all(way.choice != "set" for way in facts.ways):
            self.say(_(N_("No value can be set here; where a field can: mismatch resolve NO --set FIELD=VALUE.")))
            return
        question = _(N_("{field}: which value?"), field=field_name(facts.field))
        self._ask(question, lambda typed: self._decide("set", typed) if typed.strip() else self._ask_for_empty(facts))

    def _ask_for_empty(self, facts: Facts) -> None:
        question = _(N_("{field}: leave it empty on both sides?"), field=field_name(facts.field))
        self.push_screen(Confirm(question), lambda is_wanted: self._decide("set", "") if is_wanted else None)

    def _decide(self, keep: str, value: str | None = None) -> None:
        self.show_page()
        facts = self.facts
        if facts is None:
            return
        try:
            self.docket.decide(facts, keep, value)
        except NationalSyncError as error:
            self._refused(error)
            return
        self.decided += 1
        self.listing.put(self.docket.row(facts.id), DECIDED)
        is_more = self.listing.move_to_next_open()
        self.say(_(N_("{id}: {choice}"), id=facts.id, choice=word(f"keep_{keep}")) + self._end(is_more))

    def _end(self, is_more: bool) -> str:
        return "" if is_more else " " + _(N_("Nothing is left to decide here."))

    def action_accept_alike(self) -> None:
        self.show_page()
        alike = self.docket.alike(self.facts) if self.facts else None
        if alike is None or self.facts is None:
            self.say(_(N_("Nothing that could be accepted for all is proposed here.")))
            return
        count = len(alike.digests)
        question = _(
            N_("{count} × {kind}: {choice} for all of them?"),
            count=f"{count}+" if count == MOST_AT_ONCE else count,
            kind=word(self.facts.kind.value),
            choice=word(f"keep_{alike.choice}"),
        )
        self.push_screen(Confirm(question), lambda is_wanted: self._decide_alike(alike) if is_wanted else None)

    def _decide_alike(self, alike: Alike) -> None:
        try:
            decided, left = self.docket.decide_alike(alike)
        except NationalSyncError as error:
            self._refused(error)
            return
        self.decided += decided
        self.read_anew()
        words = [_(N_("Decided: {count}; u takes them back."), count=decided)]
        if left:
            words.append(_(N_("Left, for they have changed: {count}."), count=left))
        self.say(" ".join(words))

    def action_undo(self) -> None:
        try:
            ids = self.docket.undo()
        except (AlreadySettled, CannotUndo, FactsChanged) as error:
            self.docket.forget_last()
            self._refused(error)
            return
        except NationalSyncError as error:
            self._refused(error)
            return
        self.decided -= len(ids)
        self._show_again(list(ids))
        self.say(_(N_("Taken back: {count}"), count=len(ids)) if ids else _(N_("There is nothing to take back.")))

    def _show_again(self, ids: list[int]) -> None:
        """The cursor goes to what was taken back; after many, or out of sight, the list is read anew."""
        places = {row["id"]: place for place, row in enumerate(self.listing.rows)}
        if len(ids) == 1 and ids[0] in places:
            self.listing.put(self.docket.row(ids[0]), OPEN)
            self.listing.move_to(places[ids[0]])
        elif ids:
            self.read_anew()

    # What is kept beside it

    def action_snooze(self) -> None:
        self._ask(_(N_("Put off for how many days, or until which date?")), self._snooze, _WEEK)

    def _snooze(self, typed: str) -> None:
        until = moment_of(typed, self.docket.now())

        def put_off(number: int) -> None:
            self.docket.snooze(number, until)
            self.listing.put(self.docket.row(number), PUT_OFF)
            self.listing.move_to_next_open()

        self._with_current(put_off, _(N_("Put off until {day}"), day=local_date(until)))

    def action_note(self) -> None:
        def keep(number: int, words: str) -> None:
            self.docket.note(number, words)
            self.facts = None
            self.show_page()

        self._ask(
            _(N_("Remark, without personal data:")),
            lambda typed: (
                self._with_current(lambda number: keep(number, typed), _(N_("Noted."))) if typed.strip() else None
            ),
        )

    def _with_current(self, act: Callable[[int], None], said: str) -> None:
        row = self.listing.current
        if row is not None:
            act(row["id"])
            self.say(said)

    # Finding

    def action_search(self) -> None:
        def look(typed: str) -> None:
            self.docket.look_for(replace(self.docket.wanted, text=typed.strip() or None))
            self.read_anew()

        self._ask(_(N_("Search in values, numbers and fields; empty: everything")), look, self.docket.wanted.text or "")

    def action_filter(self) -> None:
        def look(typed: str) -> None:
            self.docket.look_for(typed_filter(typed, self.docket.wanted))
            self.read_anew()

        question = _(N_("County, kind, entity, >days, @operator, volunteer number; empty: everything"))
        self._ask(question, look, retyped(self.docket.wanted))

    def action_this_kind(self) -> None:
        row = self.listing.current
        kind = None if self.docket.wanted.kind or row is None else row["kind"]
        self.docket.wanted = replace(self.docket.wanted, kind=kind)
        self.read_anew()

    def action_turn_order(self) -> None:
        self.docket.newest_first = not self.docket.newest_first
        self.read_anew()

    def action_read_anew(self) -> None:
        self.read_anew()

    def action_help(self) -> None:
        self.push_screen(Told(_(HELP)))

    def _ask(self, question: str, then: Callable[[str], None], typed: str = "") -> None:
        def answered(answer: str | None) -> None:
            if answer is None:
                return
            try:
                then(answer)
            except NationalSyncError as error:
                self._refused(error)

        self.push_screen(Ask(question, typed), answered)


def moment_of(typed: str, now: int) -> int:
    """The end of a time in days, or the beginning of a date in Puer. Raises UsageError."""
    typed = typed.strip()
    if typed.isascii() and typed.isdigit() and len(typed) < 5:
        return now + int(typed) * _DAY
    try:
        return int(datetime.fromisoformat(typed).replace(tzinfo=PUER_TIME).timestamp())
    except ValueError as error:
        raise UsageError(N_("A number of days or a date such as 2026-03-01 is wanted.")) from error
