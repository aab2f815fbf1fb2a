"""Walking through a list page by page, and noticing when it moves underfoot.

Page numbers are positions in a list that others change meanwhile. A pull of changes looks at a window whose end is the
national side's clock at its start: a record changed later leaves the window, the total drops, what follows moves up,
and a record at a page's edge would be missed. So when the total drops, or a page lies across an earlier one, a pull of
changes restarts at the last moment that is surely delivered, and a full listing steps back. With keyset paging nothing
can be missed. Totals are claims: the data decides when a list ends.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import msgspec
from msgspec.structs import replace

from national_sync.clock import local_text
from national_sync.errors import ProtocolBroken
from national_sync.national.port import Page, PullRequest
from national_sync_adapters.nvsi.reading import Content

STILL_PAGES: Final = 5
"""A page that brings nothing new is asked for again this often; a list that then still stands is broken."""
SHIFTS: Final = 5
"""Beyond this many shifts the pull no longer goes back; it ends inexact."""
PAGES_LOOKED_AT_TWICE: Final = 20
"""When fewer records came than were announced, a listing this short is read once more. A longer one is not: it is
dear, and the next one is near."""
MOST_PAGES: Final = 1_000_000
"""Half a billion records: no list is longer, so a pull that goes on is going round in circles."""


@dataclass(frozen=True)
class Listed:
    """What one list call brought."""

    content: Content
    total: int | None
    server_time_ms: int | None


class ListCall(Protocol):
    """Fetches one page: request fields in, what it held and claimed out."""

    def __call__(self, payload: Mapping[str, object], /) -> Listed: ...


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """Where a pull stands; its JSON is the port's `resume`."""

    page: int = 1
    from_ms: int | None = None
    """Start of the window, when changes are pulled."""
    until_ms: int | None = None
    """The national side's clock at the start: the end of the window."""
    last: str | None = None
    """The sort key of the last record delivered."""
    after: tuple[str, int] | None = None
    """Its id and update time, where the next page is asked for by them."""
    total: int | None = None
    seen: int = 0
    """Distinct records met since the start or the last restart."""
    newest_ms: int | None = None
    """The latest update delivered."""
    safe_ms: int | None = None
    """`newest_ms` one page ago: what is missed at a page's edge is not older."""
    shifts: int = 0
    is_exact: bool = True
    is_sorted: bool = True
    """Pages come in the order of their keys, so that what is new and what is covered can be told from the last key."""
    is_second_look: bool = False


@dataclass
class Walk:
    """One pull. Iterating gives its pages."""

    request: PullRequest
    filters: Mapping[str, object]
    page_size: int
    uses_keys: bool
    call: ListCall

    def __post_init__(self) -> None:
        self._place = self._start()
        self._previous: set[str] = set()
        self._first: set[str] = set()
        self._still = 0

    def __iter__(self) -> Iterator[Page]:
        for _ in range(MOST_PAGES):
            page = self._next()
            if page is not None:
                yield page
                if page.is_last:
                    return
        raise ProtocolBroken(reason="a list without an end")

    @property
    def _pulls_changes(self) -> bool:
        return self.request.changed_since_ms is not None

    def _start(self) -> Place:
        fresh = Place(from_ms=self.request.changed_since_ms)
        if self.request.resume is None:
            return fresh
        try:
            return msgspec.json.decode(self.request.resume, type=Place)
        except msgspec.MsgspecError:
            return fresh

    def _payload(self) -> dict[str, object]:
        place = self._place
        payload: dict[str, object] = {"pageNum": place.page, "pageSize": self.page_size, **self.filters}
        if place.from_ms is not None:
            payload["updatedFrom"] = local_text(place.from_ms // 1000)
            if place.until_ms is not None:
                payload["updatedTo"] = local_text(place.until_ms // 1000)
        if self.uses_keys and place.after is not None:
            payload["afterId"], updated_at_ms = place.after
            if self._pulls_changes:
                payload["afterUpdated"] = updated_at_ms
        return payload

    def _next(self) -> Page | None:
        """Ask for the page at the present place and move on. None when it has to be asked for again or elsewhere."""
        listed = self.call(self._payload())
        keys = self._keys(listed.content)
        new = self._new(listed.content, keys)
        if self._has_shifted(listed, new):
            self._go_back(listed)
            return None
        if listed.content and not new and self._stands_still(listed.content):
            return None
        return self._delivered(listed, keys, new)

    # What is new

    def _keys(self, content: Content) -> list[str]:
        """What the list is ordered by: the id, in a list of changes after the update time."""
        if self._pulls_changes:
            return [_key(record.updated_at_ms, record.national_id) for record in content.records]
        return [record.national_id for record in content.records]

    def _new(self, content: Content, keys: Sequence[str]) -> int:
        """How many of these records have not been delivered yet."""
        place = self._place
        rejected = len({each.national_id for each in content.rejects} - self._previous - {None}) + content.nameless
        if not place.is_sorted:
            return len({record.national_id for record in content.records} - self._previous) + rejected
        last = place.last
        if last is None:
            return len(content.records) + rejected
        return sum([key > last for key in keys]) + rejected

    # Shifts

    def _has_shifted(self, listed: Listed, new: int) -> bool:
        """Records have left the list since the page before, so that later ones moved up; or the page lies across one
        that is delivered, so one of the two was not where it belongs."""
        place = self._place
        if self.uses_keys or place.page == 1 or place.shifts >= SHIFTS:
            return False
        has_shrunk = place.total is not None and listed.total is not None and listed.total < place.total
        return has_shrunk or (place.is_sorted and place.last is not None and 0 < new < len(listed.content))

    def _go_back(self, listed: Listed) -> None:
        place, self._previous = self._place, set()
        if self._pulls_changes and place.is_sorted and place.safe_ms is not None:
            self._place = self._restarted(place.safe_ms, is_exact=False)
            return
        gone = max(0, (place.total or 0) - (listed.total or 0))
        page = place.page - max(1, -(-gone // self.page_size))
        if self._pulls_changes or page <= 1:
            self._place = self._restarted(self.request.changed_since_ms, is_exact=True)
        else:
            self._place = replace(
                place, page=page, last=None, after=None, total=listed.total, shifts=place.shifts + 1, is_exact=False
            )

    def _restarted(self, from_ms: int | None, *, is_exact: bool) -> Place:
        place = self._place
        return Place(
            from_ms=from_ms,
            newest_ms=place.newest_ms,
            shifts=place.shifts + 1,
            is_exact=is_exact,
            is_sorted=place.is_sorted,
            is_second_look=place.is_second_look,
        )

    def _stands_still(self, content: Content) -> bool:
        """True when a page of old records has to be asked for again. One that is neither the page before nor the first
        is taken after all: then it was the last key that misled."""
        self._still += 1
        if self._still <= STILL_PAGES:
            return True
        ids = content.ids()
        if self.uses_keys or ids <= self._previous or ids <= self._first:
            raise ProtocolBroken(reason="a list gives the same page again and again")
        return False

    # Delivery

    def _delivered(self, listed: Listed, keys: Sequence[str], new: int) -> Page:
        self._still = 0
        content = listed.content
        place = self._grown(listed, keys, new)
        is_over = self._is_over(place, content)
        onward = self._onward(place, content, is_over)
        if onward is not None:
            self._place = onward
            self._previous = content.ids()
            self._first = self._first or self._previous
        is_last = onward is None
        return Page(
            records=content.records,
            rejects=content.rejects,
            covered_until_ms=self._covered_until_ms(place, is_last),
            resume=None if onward is None else msgspec.json.encode(onward).decode(),
            total=place.total,
            is_last=is_last,
            is_exact=is_last and is_over and place.is_exact and place.is_sorted and place.seen == place.total,
        )

    def _grown(self, listed: Listed, keys: Sequence[str], new: int) -> Place:
        """The place with what this page adds to what is known."""
        place, content = self._place, listed.content
        until_ms = place.until_ms if place.until_ms is not None else listed.server_time_ms
        is_sorted = keys == sorted(keys) and (new > 0 or not content)
        return replace(
            place,
            until_ms=until_ms,
            last=self._last(content) or place.last,
            after=content.last_key or place.after,
            total=listed.total,
            seen=place.seen + new,
            newest_ms=_newest(content, place.newest_ms, until_ms),
            safe_ms=place.newest_ms,
            is_exact=place.is_exact and place.total in (None, listed.total) and not content.nameless,
            is_sorted=place.is_sorted and is_sorted,
        )

    def _last(self, content: Content) -> str | None:
        if content.last_key is None:
            return None
        national_id, updated_at_ms = content.last_key
        return _key(updated_at_ms, national_id) if self._pulls_changes else national_id

    def _is_over(self, place: Place, content: Content) -> bool:
        if not content:
            return True
        return len(content) < self.page_size and (place.total is None or place.seen >= place.total)

    def _onward(self, place: Place, content: Content, is_over: bool) -> Place | None:
        """The place of the next page; None when the pull ends here."""
        if is_over:
            return self._second_look(place)
        if self.uses_keys:
            return None if content.last_key is None else place
        return replace(place, page=place.page + 1)

    def _second_look(self, place: Place) -> Place | None:
        """From the start, when fewer records came than were announced; at most once."""
        is_short = place.total is not None and place.seen < place.total
        is_small = self._pulls_changes or place.page <= PAGES_LOOKED_AT_TWICE
        if self.uses_keys or place.is_second_look or not (is_short and is_small):
            return None
        return Place(
            from_ms=self.request.changed_since_ms,
            newest_ms=place.newest_ms,
            shifts=place.shifts,
            is_sorted=place.is_sorted,
            is_second_look=True,
        )

    def _covered_until_ms(self, place: Place, is_last: bool) -> int | None:
        if place.newest_ms is None or place.until_ms is None:
            return None
        if not is_last and not (self._pulls_changes and place.is_sorted):
            return None
        return min(place.newest_ms, place.until_ms)


def _key(updated_at_ms: int, national_id: str) -> str:
    return f"{updated_at_ms:015d}{national_id}"


def _newest(content: Content, so_far: int | None, until_ms: int | None) -> int | None:
    """The latest update, without those that claim to lie ahead of the national side's own clock."""
    stamps = [record.updated_at_ms for record in content.records]
    if until_ms is not None and stamps and max(stamps) > until_ms:
        stamps = [stamp for stamp in stamps if stamp <= until_ms]
    if so_far is not None:
        stamps.append(so_far)
    return max(stamps, default=None)
