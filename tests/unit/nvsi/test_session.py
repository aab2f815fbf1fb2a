"""Calls: what is repeated, what is not, and what is said when one cannot be served."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

import httpx
import pytest
import respx
from tests.unit.nvsi.side import (
    BASE,
    NOON,
    NOON_MS,
    FakeClock,
    Meter,
    Notes,
    adapter,
    envelope,
    record_id,
    reply,
    sent,
    serve_info,
    serve_token,
    team,
    wire,
)

from national_sync.clock import InterruptibleClock
from national_sync.errors import (
    CapabilityMissing,
    CircuitOpen,
    ClockSkewed,
    CredentialsRefused,
    NationalBusy,
    NationalUnavailable,
    ProtocolBroken,
    QuotaSpent,
    RequestRefused,
    StopRequested,
)
from national_sync.national.port import (
    Done,
    NotSent,
    Outcome,
    Pending,
    PullRequest,
    RefusalKind,
    Refused,
    Scope,
    Totals,
    Unknown,
)
from national_sync.records import Entity
from national_sync.testing import change, creation
from national_sync_adapters.nvsi.adapter import NvsiAdapter
from national_sync_adapters.nvsi.encryption import BodyCipher
from national_sync_adapters.nvsi.signing import signature

TOTALS = f"{BASE}/team/totals"
CREATE = f"{BASE}/team/create"


@pytest.fixture
def national() -> Iterator[respx.Router]:
    """A national side that gives tokens and describes itself; each test adds what it says."""
    with respx.mock(assert_all_called=False) as router:
        serve_token(router)
        yield router


def created(side: NvsiAdapter) -> Outcome:
    [outcome] = side.send([creation(team(national_id=""), Entity.TEAM)])
    return outcome


# The envelope


@pytest.mark.parametrize(
    "body",
    [
        envelope({"count": 3}, code=0),
        envelope({"count": "3"}, code="0"),
        envelope({"count": 3}, code=" 0 ", total="12"),
        {"code": 0, "data": {"count": 3}, "somethingNew": True},
        {"code": 0, "message": None, "data": {"count": 3}, "totalCount": None},
    ],
)
def test_an_envelope_is_read_in_all_its_forms(national: respx.Router, body: dict[str, Any]) -> None:
    national.post(TOTALS).respond(json=body)
    assert adapter().totals(Entity.TEAM, Scope()) == Totals(3)


@pytest.mark.parametrize(
    "content",
    [
        b"<html><body>Please log in</body></html>",
        b"",
        b'{"code": 0, "data": {"cou',
        b'{"message": "no code"}',
        b'{"code": "many", "data": null}',
        b"[]",
        b"\xff\xfe",
    ],
)
def test_a_body_that_is_no_envelope_is_asked_for_again(national: respx.Router, content: bytes) -> None:
    route = national.post(TOTALS).mock(side_effect=[httpx.Response(200, content=content), reply({"count": 3})])
    assert adapter().totals(Entity.TEAM, Scope()) == Totals(3)
    assert route.call_count == 2


def test_an_html_page_for_ever_is_told_without_its_content(national: respx.Router) -> None:
    national.post(TOTALS).respond(200, html="<html>李扎迫 13887900002</html>")
    with pytest.raises(NationalUnavailable, match="HTML page") as caught:
        adapter().totals(Entity.TEAM, Scope())
    assert "李扎迫" not in str(caught.value)


def test_words_of_a_refused_reading_are_ours_because_they_reach_the_log(national: respx.Router) -> None:
    national.post(TOTALS).mock(return_value=reply(code=40003, message="李扎迫 13887900002 invalid"))
    with pytest.raises(RequestRefused, match="invalid value") as caught:
        adapter().totals(Entity.TEAM, Scope())
    assert "李扎迫" not in str(caught.value)


# Repeating


def test_reading_backs_off_longer_each_time_and_gives_up_after_its_attempts(national: respx.Router) -> None:
    route = national.post(TOTALS).respond(502)
    clock = FakeClock()
    with pytest.raises(NationalUnavailable, match="502"):
        adapter(clock=clock, attempts=5).totals(Entity.TEAM, Scope())
    assert route.call_count == 5
    assert len(clock.waited) == 4
    assert all(wait <= 10 for wait in clock.waited)


def test_reading_gives_up_at_its_deadline(national: respx.Router) -> None:
    national.post(TOTALS).mock(side_effect=lambda _: reply(code=42901, headers={"Retry-After": "20"}))
    clock = FakeClock()
    with pytest.raises(NationalBusy):
        adapter(clock=clock, call_deadline_seconds=50).totals(Entity.TEAM, Scope())
    assert clock.waited == [20, 20]


def test_a_wish_to_stop_ends_the_wait_for_the_national_side(national: respx.Router) -> None:
    route = national.post(TOTALS).mock(side_effect=lambda _: reply(code=42901, headers={"Retry-After": "30"}))
    clock = FakeClock()
    asked = InterruptibleClock(clock, lambda: bool(clock.waited))
    with pytest.raises(StopRequested):
        adapter(clock=asked).totals(Entity.TEAM, Scope())
    assert route.call_count == 1
    assert sum(clock.waited) < 1


def test_a_write_whose_wait_is_ended_was_not_sent(national: respx.Router) -> None:
    route = national.post(CREATE).mock(side_effect=lambda _: reply(code=42901, headers={"Retry-After": "30"}))
    clock = FakeClock()
    asked = InterruptibleClock(clock, lambda: bool(clock.waited))
    assert isinstance(created(adapter(clock=asked)), NotSent)
    assert route.call_count == 1


@pytest.mark.parametrize("status", [200, 429])
def test_the_national_side_says_how_long_to_wait_in_seconds(national: respx.Router, status: int) -> None:
    busy = reply(code=42901, status=status, headers={"Retry-After": "9"})
    national.post(TOTALS).mock(side_effect=[busy, reply({"count": 3})])
    clock = FakeClock()
    adapter(clock=clock).totals(Entity.TEAM, Scope())
    assert clock.waited == [9]


def test_the_national_side_says_how_long_to_wait_as_a_date(national: respx.Router) -> None:
    until = format_datetime(datetime.fromtimestamp(NOON + 12, UTC), usegmt=True)
    busy = httpx.Response(503, text="overloaded", headers={"Retry-After": until})
    national.post(TOTALS).mock(side_effect=[busy, reply({"count": 3})])
    clock = FakeClock()
    adapter(clock=clock).totals(Entity.TEAM, Scope())
    assert clock.waited == [12]


def test_a_refused_reading_is_not_repeated(national: respx.Router) -> None:
    route = national.post(TOTALS).mock(return_value=reply(code=40301))
    with pytest.raises(RequestRefused):
        adapter().totals(Entity.TEAM, Scope())
    assert route.call_count == 1


@pytest.mark.parametrize("status", [400, 404, 413])
def test_a_request_the_server_does_not_know_is_a_broken_protocol(national: respx.Router, status: int) -> None:
    national.post(TOTALS).respond(status, text="what?")
    with pytest.raises(ProtocolBroken, match=str(status)):
        adapter().totals(Entity.TEAM, Scope())


# Tokens


def test_a_token_is_used_until_it_is_refused_and_then_renewed_once(national: respx.Router) -> None:
    route = national.post(TOTALS).mock(side_effect=[reply({"count": 1}), reply(code="40102"), reply({"count": 3})])
    side = adapter()
    side.totals(Entity.TEAM, Scope())
    assert side.totals(Entity.TEAM, Scope()) == Totals(3)
    tokens = [call.request.headers["X-Access-Token"] for call in route.calls]
    assert tokens == ["token-1", "token-1", "token-2"]


def test_a_token_near_its_end_is_renewed_before_it_is_refused(national: respx.Router) -> None:
    route = national.post(TOTALS).mock(return_value=reply({"count": 1}))
    clock = FakeClock()
    side = adapter(clock=clock)
    side.totals(Entity.TEAM, Scope())
    clock.moment += 7190
    side.totals(Entity.TEAM, Scope())
    assert route.calls[-1].request.headers["X-Access-Token"] == "token-2"


def test_fresh_tokens_that_are_refused_end_the_call(national: respx.Router) -> None:
    national.post(TOTALS).mock(side_effect=lambda _: reply(code=40102))
    with pytest.raises(CredentialsRefused, match="fresh tokens"):
        adapter().totals(Entity.TEAM, Scope())


def test_the_token_call_is_signed_over_id_time_and_nonce(national: respx.Router) -> None:
    national.post(TOTALS).mock(return_value=reply({"count": 1}))
    adapter().totals(Entity.TEAM, Scope())
    body = json.loads(national.calls[0].request.content)
    assert body["timestamp"] == NOON_MS
    assert body["sign"] == signature(b"secret", "puer", NOON_MS, body["nonce"])


def test_a_nonce_seen_before_is_replaced(national: respx.Router) -> None:
    granted = reply({"token": "t", "expiresIn": 7200})
    route = national.post(f"{BASE}/token").mock(side_effect=[reply(code=40104), granted])
    national.post(TOTALS).mock(return_value=reply({"count": 1}))
    adapter().totals(Entity.TEAM, Scope())
    assert sent(route, 0)["nonce"] != sent(route, 1)["nonce"]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (reply(code=40101), CredentialsRefused),
        (reply({"serverTime": NOON_MS - 600_000}, code=40103), ClockSkewed),
        (reply({"nothing": 1}), NationalUnavailable),
        (httpx.Response(401, text="who?"), CredentialsRefused),
    ],
)
def test_a_token_that_is_not_given_says_why(
    national: respx.Router, answer: httpx.Response, error: type[Exception]
) -> None:
    national.post(f"{BASE}/token").mock(return_value=answer)
    with pytest.raises(error):
        adapter().totals(Entity.TEAM, Scope())


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (httpx.ConnectError("refused"), "nothing was sent: national.test: no connection"),
        (httpx.Response(500), r"nothing was sent: no access token was given \(HTTP status 500\)"),
        (reply(code=50301), r"no access token was given \(The national system is under maintenance\.\)"),
    ],
)
def test_a_token_call_that_fails_tells_its_cause(national: respx.Router, answer: Any, words: str) -> None:
    national.post(f"{BASE}/token").mock(side_effect=[answer] * 6)
    with pytest.raises(NationalUnavailable, match=words):
        adapter().totals(Entity.TEAM, Scope())


def test_the_difference_of_the_clocks_is_told_in_seconds(national: respx.Router) -> None:
    skewed = reply({"serverTime": NOON_MS - 600_000}, code=40103)
    national.post(f"{BASE}/token").mock(return_value=skewed)
    with pytest.raises(ClockSkewed, match="by 600 s"):
        adapter().totals(Entity.TEAM, Scope())


# Writing


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, text="oops"),
        httpx.Response(502, text="bad gateway"),
        httpx.Response(503, text="overloaded", headers={"Retry-After": "1"}),
        httpx.Response(200, html="<html>log in</html>"),
        httpx.Response(200, content=b'{"code": 0, "data": {"id'),
        httpx.Response(302, headers={"Location": "https://elsewhere.test/"}),
        reply(code=50001),
        httpx.Response(404, text="what?"),
        reply("done"),
        reply({}),
    ],
)
def test_a_write_whose_fate_is_not_clear_is_unknown_and_not_repeated(
    national: respx.Router, answer: httpx.Response
) -> None:
    route = national.post(CREATE).mock(return_value=answer)
    assert isinstance(created(adapter()), Unknown)
    assert route.call_count == 1


@pytest.mark.parametrize(
    "first",
    [
        reply(code=42901),
        httpx.Response(429, text="slow down"),
        reply(code=40102),
        reply(code=50301),
        httpx.ConnectError("refused"),
    ],
)
def test_a_write_that_had_no_effect_is_repeated(national: respx.Router, first: Any) -> None:
    done = reply({"id": team().national_id, "record": wire(Entity.TEAM, team())})
    route = national.post(CREATE).mock(side_effect=[first, done])
    assert created(adapter()) == Done(team().national_id, team())
    assert route.call_count == 2


def test_a_write_for_which_no_token_is_given_is_not_sent(national: respx.Router) -> None:
    national.post(f"{BASE}/token").respond(500)
    route = national.post(CREATE).mock(return_value=reply({}))
    outcome = created(adapter())
    assert isinstance(outcome, NotSent)
    assert not outcome.stops_the_run
    assert not route.called


def test_nobody_at_the_address_means_not_sent(national: respx.Router) -> None:
    national.post(CREATE).mock(side_effect=httpx.ConnectError("refused"))
    assert isinstance(created(adapter(breaker_failures=100)), NotSent)


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (40001, RefusalKind.INVALID),
        (40003, RefusalKind.INVALID),
        (40301, RefusalKind.NOT_ALLOWED),
        (40401, RefusalKind.NOT_FOUND),
        (40901, RefusalKind.CHANGED_MEANWHILE),
        (40902, RefusalKind.EXISTS),
        (40903, RefusalKind.INVALID),
        (42210, RefusalKind.CHANGED_MEANWHILE),
        (46000, RefusalKind.REVIEW),
        (49999, RefusalKind.INVALID),
    ],
)
def test_each_code_of_refusal_has_its_meaning(national: respx.Router, code: int, kind: RefusalKind) -> None:
    national.post(CREATE).mock(return_value=reply(code=str(code), message="证件 53270119731202109x 电话 13887900002"))
    assert created(adapter()) == Refused(kind, str(code), "证件 *** 电话 ***")


def test_a_person_under_review_is_pending_under_the_open_ticket(national: respx.Router) -> None:
    national.post(CREATE).mock(return_value=reply({"ticket": "T-1"}, code=40902))
    assert isinstance(created(adapter()), Pending)


def test_a_creation_whose_echo_is_not_understood_is_done_all_the_same(national: respx.Router) -> None:
    odd = wire(Entity.TEAM, team(), zzzz="new")
    national.post(CREATE).mock(return_value=reply({"id": team().national_id, "record": odd}))
    outcome = created(adapter())
    assert isinstance(outcome, Done)
    assert outcome.national_id == team().national_id


def test_only_what_changed_is_sent_and_an_emptied_field_as_empty_text(national: respx.Router) -> None:
    route = national.post(f"{BASE}/team/update").mock(
        return_value=reply({"id": team().national_id, "record": wire(Entity.TEAM, team())})
    )
    adapter().send([change(team(), Entity.TEAM, contact_organisation="新址", contact_phone=None)])
    assert sent(route) == {
        "id": team().national_id,
        "record": {"albe0038": "新址", "albe0041": "新址", "albe0019": ""},
    }


def test_a_value_without_a_national_form_is_refused_here_and_not_sent(national: respx.Router) -> None:
    route = national.post(f"{BASE}/team/update").mock(return_value=reply({}))
    [outcome] = adapter().send([change(team(), Entity.TEAM, team_type="club")])
    assert isinstance(outcome, Refused)
    assert outcome.kind is RefusalKind.INVALID
    assert "team_type" in outcome.words
    assert not route.called


def test_a_key_without_a_national_form_finds_nothing_and_asks_nobody(national: respx.Router) -> None:
    route = national.post(f"{BASE}/project/find").mock(return_value=reply([]))
    key = {"name": "巡查", "team_national_id": record_id(9), "started_at": "tomorrow"}
    assert adapter().find(Entity.PROJECT, key) == []
    assert not route.called


def test_a_match_that_is_not_understood_is_no_absence(national: respx.Router) -> None:
    odd = wire(Entity.TEAM, team(), albe0003="77")
    national.post(f"{BASE}/team/find").mock(return_value=reply([odd]))
    with pytest.raises(ProtocolBroken, match="team_type"):
        adapter().find(Entity.TEAM, {"name": team().name, "area_id": team().area_id})


def test_an_id_missing_from_a_batch_with_a_nameless_record_is_asked_for_alone(national: respx.Router) -> None:
    serve_info(national, batchRead=True)
    nameless = wire(Entity.TEAM, team(1), id=None)

    def answer(request: httpx.Request) -> httpx.Response:
        asked = json.loads(request.content)
        return reply([nameless, wire(Entity.TEAM, team(2))]) if "ids" in asked else reply(wire(Entity.TEAM, team(1)))

    national.post(f"{BASE}/team/get").mock(side_effect=answer)
    side = adapter()
    side.open()
    assert side.get(Entity.TEAM, [record_id(1), record_id(2)]) == [team(1), team(2)]


# Quota, breaker, clock


def test_calls_are_taken_in_blocks_and_what_is_left_is_given_back(national: respx.Router) -> None:
    national.post(TOTALS).mock(side_effect=lambda _: reply({"count": 1}))
    meter = Meter(left=100)
    side = adapter(meter=meter, quota_block=10)
    for _ in range(12):
        side.totals(Entity.TEAM, Scope())
    assert meter.blocks == [10, 10]
    side.close()
    assert meter.left == 100 - 12


def test_a_quota_that_grants_less_than_a_block_is_used_up_to_the_last_call(national: respx.Router) -> None:
    national.post(TOTALS).mock(side_effect=lambda _: reply({"count": 1}))
    side = adapter(meter=Meter(left=3), calls_per_day=500)
    for _ in range(3):
        side.totals(Entity.TEAM, Scope())
    with pytest.raises(QuotaSpent, match="500"):
        side.totals(Entity.TEAM, Scope())


def test_the_national_quota_spent_says_so(national: respx.Router) -> None:
    national.post(TOTALS).mock(return_value=reply(code=42902))
    with pytest.raises(QuotaSpent):
        adapter().totals(Entity.TEAM, Scope())


def test_the_breaker_outlives_the_process_and_closes_after_one_good_call(national: respx.Router) -> None:
    route = national.post(TOTALS).respond(500)
    notes, clock = Notes(), FakeClock()
    first = adapter(notes=notes, clock=clock, breaker_failures=3, attempts=3)
    with pytest.raises(NationalUnavailable):
        first.totals(Entity.TEAM, Scope())
    later = adapter(notes=notes, clock=clock)
    with pytest.raises(CircuitOpen):
        later.totals(Entity.TEAM, Scope())
    assert route.call_count == 3
    route.mock(side_effect=lambda _: reply({"count": 1}))
    clock.moment += 61
    later.totals(Entity.TEAM, Scope())
    assert notes.notes == {}
    assert notes.writes == 2


def test_an_open_breaker_means_not_sent(national: respx.Router) -> None:
    notes = Notes()
    notes.write("nvsi.breaker", {"until": NOON + 30, "pause_seconds": 60})
    outcome = created(adapter(notes=notes))
    assert isinstance(outcome, NotSent)
    assert outcome.stops_the_run


def test_opening_learns_the_capabilities_and_the_smaller_concurrency(national: respx.Router) -> None:
    serve_info(national, concurrency=2, batchSize=30, changeFilter=["team", "ship"], batchWrite=[["team", "sink"]])
    side = adapter(concurrency=8)
    side.open()
    capabilities = side.capabilities()
    assert (capabilities.concurrency, capabilities.batch_size) == (2, 30)
    assert capabilities.change_filter == {Entity.TEAM}
    assert capabilities.batch_write == frozenset()


def test_a_clock_too_far_off_is_found_on_opening(national: respx.Router) -> None:
    serve_info(national)
    with pytest.raises(ClockSkewed, match="by -400 s"):
        adapter(clock=FakeClock(NOON - 400)).open()


def test_what_is_not_offered_is_not_asked_for(national: respx.Router) -> None:
    serve_info(national, totals=False)
    side = adapter()
    side.open()
    with pytest.raises(CapabilityMissing):
        side.totals(Entity.TEAM, Scope())
    with pytest.raises(CapabilityMissing):
        side.digest(Entity.TEAM)
    with pytest.raises(CapabilityMissing):
        side.find(Entity.TEAM, {"reference": "r"})
    with pytest.raises(CapabilityMissing):
        next(side.pull(PullRequest(Entity.TEAM, changed_since_ms=0)))


# Encryption


def test_bodies_are_encrypted_once_the_national_side_demands_it(national: respx.Router) -> None:
    cipher = BodyCipher(b"secret")

    def secretive(data: object) -> Callable[[httpx.Request], httpx.Response]:
        sealed = cipher.encrypted(json.dumps(envelope(data)).encode())
        refused = reply(code=40005)
        return lambda request: httpx.Response(200, content=sealed) if b"encrypted" in request.content else refused

    tokens = national.post(f"{BASE}/token").mock(side_effect=secretive({"token": "t", "expiresIn": 7200}))
    totals = national.post(TOTALS).mock(side_effect=secretive({"count": 3}))
    assert adapter().totals(Entity.TEAM, Scope(county="530802")) == Totals(3)
    assert (tokens.call_count, totals.call_count) == (2, 1)
    assert json.loads(cipher.decrypted(totals.calls[0].request.content)) == {"areaId": "530802000000000000"}


def test_a_body_that_cannot_be_decrypted_is_asked_for_again(national: respx.Router) -> None:
    cipher = BodyCipher(b"secret")
    good = cipher.encrypted(json.dumps(envelope({"count": 3})).encode())
    other = BodyCipher(b"other").encrypted(b'{"code": 0}')
    granted = cipher.encrypted(json.dumps(envelope({"token": "t", "expiresIn": 7200})).encode())
    national.post(f"{BASE}/token").respond(200, content=granted)
    national.post(TOTALS).mock(side_effect=[httpx.Response(200, content=other), httpx.Response(200, content=good)])
    assert adapter(encrypt_bodies="always").totals(Entity.TEAM, Scope()) == Totals(3)
