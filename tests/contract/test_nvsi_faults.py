"""Every fault of the mock over a real socket: what is read arrives whole, and no write is lost or doubled unseen."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

import msgspec
import pytest
from tests.certificate import self_signed
from tests.contract.nvsi_side import HastyClock, connected
from tests.unit.nvsi.side import Meter, Notes

from national_sync.errors import (
    CertificateRefused,
    CircuitOpen,
    ClockSkewed,
    CredentialsRefused,
    NationalBusy,
    NationalSideError,
    NationalUnavailable,
    ProtocolBroken,
    QuotaSpent,
)
from national_sync.failpoint import install
from national_sync.national.port import (
    Done,
    NotSent,
    Operation,
    Outcome,
    Page,
    Pending,
    PullRequest,
    RefusalKind,
    Refused,
    RejectReason,
    Unknown,
    Verb,
)
from national_sync.records import Entity, HourRecord, JoinRule, Membership, Record, Team, TeamState, TeamType, Volunteer
from national_sync.testing import change, creation, pages_of, pulled, removal
from national_sync_adapters.nvsi.adapter import NvsiAdapter
from national_sync_mocks.nvsi_server.process import MockServer

Connect = Callable[..., NvsiAdapter]


@pytest.fixture(scope="module")
def running() -> Iterator[MockServer]:
    with MockServer(seed=5, volunteers=150, teams=12, projects=20, hours=600, clock="2026-11-20 01:00:00") as server:
        server.admin.set_capabilities(clockToleranceSeconds=0, totalsRefresh="never")
        server.admin.snapshot("start")
        yield server


@pytest.fixture
def mock(running: MockServer) -> MockServer:
    running.admin.restore("start")
    running.admin.clear_calls()
    return running


@pytest.fixture
def connect(mock: MockServer) -> Iterator[Connect]:
    """Makes opened adapters whose clock does not matter, and closes them."""
    made: list[NvsiAdapter] = []

    def make(**settings: Any) -> NvsiAdapter:
        adapter = connected(mock, **{"max_clock_skew_seconds": 10**9, "page_size": 100, **settings})
        adapter.open()
        made.append(adapter)
        return adapter

    yield make
    for adapter in made:
        adapter.close()


def fault(kind: str, path: str = "*", **parameters: Any) -> dict[str, Any]:
    return {"match": {"path": path, "nth": 1}, "fault": kind, "parameters": parameters}


def a_team(**changes: Any) -> Team:
    team = Team(
        name=f"故障服务队{uuid.uuid4().hex[:8]}",
        team_type=TeamType.GROUP,
        body_type="99",
        area_id="530802000000000000",
        categories="0001",
        contact_name=None,
        contact_phone=None,
        leader_name=None,
        leader_number=None,
        contact_organisation=None,
        state=TeamState.APPROVED,
        join_rule=JoinRule.ANYONE,
        member_count=0,
        total_seconds=0,
        national_id="",
        updated_at_ms=0,
    )
    return msgspec.structs.replace(team, **changes)


def create(adapter: NvsiAdapter, team: Team) -> Outcome:
    [outcome] = adapter.send([creation(team, Entity.TEAM)])
    return outcome


def ids(pages: list[Page]) -> list[str]:
    return [record.national_id for page in pages for record in page.records]


# Reading goes on


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [
        ("429", {"retryAfter": 3}),
        ("429-date", {"retryAfter": 3}),
        ("429-no-header", {}),
        ("5xx", {"status": 503}),
        ("5xx", {"status": 500}),
        ("error-envelope", {"code": 50001}),
        ("error-envelope", {"code": 50301}),
        ("html-login", {}),
        ("truncated", {"share": 0.5}),
        ("gzip-cut", {"share": 0.5}),
        ("lost-answer", {}),
        ("lost-request", {}),
        ("redirect", {}),
        ("expired-token", {}),
        ("slow-drip", {"pieces": 3, "seconds": 0.02}),
        ("latency", {"seconds": 0.05}),
    ],
)
def test_a_pull_survives_the_fault_and_misses_nothing(
    mock: MockServer, connect: Connect, kind: str, parameters: dict[str, Any]
) -> None:
    adapter = connect()
    everything = ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD)))
    entry = fault(kind, "/hour/list", **parameters)
    mock.admin.set_faults([{**entry, "match": {"path": "/hour/list", "nth": 3, "times": 2}}])
    assert ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD))) == everything
    [counted] = mock.admin.faults()
    assert counted["fired"] == 2


def test_retry_after_is_waited_for(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    clock: Any = adapter._clock
    clock.waited.clear()
    mock.admin.set_faults([fault("429", "/team/list", retryAfter=7)])
    pulled(adapter, Entity.TEAM)
    assert clock.waited == [7]


def test_a_pause_longer_than_the_deadline_is_not_waited_for(mock: MockServer, connect: Connect) -> None:
    adapter = connect(call_deadline_seconds=5)
    mock.admin.set_faults([fault("429", "/team/list", retryAfter=600)])
    with pytest.raises(NationalBusy):
        pulled(adapter, Entity.TEAM)


def test_a_drip_is_cut_at_the_deadline(mock: MockServer, connect: Connect) -> None:
    adapter = connect(call_deadline_seconds=0.5, attempts=1)
    mock.admin.set_faults([fault("slow-drip", "/team/list", pieces=20, seconds=3)])
    with pytest.raises(NationalUnavailable):
        pulled(adapter, Entity.TEAM)


def test_a_redirect_is_not_followed_and_names_only_the_host(mock: MockServer, connect: Connect) -> None:
    adapter = connect(attempts=1)
    mock.admin.set_faults([fault("redirect", "/team/list", location="http://elsewhere.invalid/login?user=13800000000")])
    with pytest.raises(NationalUnavailable, match=r"elsewhere\.invalid") as caught:
        pulled(adapter, Entity.TEAM)
    assert "13800000000" not in str(caught.value)


def test_many_threads_renew_an_expired_token_once(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    volunteers = pulled(adapter, Entity.VOLUNTEER)
    mock.admin.set_capabilities(batchRead=False)
    adapter.open()
    mock.admin.expire_tokens()
    before = mock.admin.call_counts()["counts"].get("/token", 0)
    assert adapter.get(Entity.VOLUNTEER, ids_of(volunteers)) == volunteers
    assert mock.admin.call_counts()["counts"]["/token"] == before + 1


def ids_of(records: list[Record]) -> list[str]:
    return [record.national_id for record in records]


# Lists that move or lie


@pytest.mark.parametrize("by", [1, -2, 5])
def test_a_shifted_page_of_a_listing_hides_no_record(mock: MockServer, connect: Connect, by: int) -> None:
    adapter = connect()
    everything = set(ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD))))
    mock.admin.set_faults([{**fault("shifted-page", "/hour/list", by=by), "match": {"path": "/hour/list", "nth": 3}}])
    pages = pages_of(adapter, PullRequest(Entity.HOUR_RECORD))
    assert set(ids(pages)) == everything
    assert not pages[-1].is_exact


@pytest.mark.parametrize("by", [1, -2])
def test_a_shifted_page_of_changes_hides_no_record(mock: MockServer, connect: Connect, by: int) -> None:
    adapter = connect()
    everything = set(ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD, changed_since_ms=0))))
    mock.admin.set_faults([{**fault("shifted-page", "/hour/list", by=by), "match": {"path": "/hour/list", "nth": 3}}])
    assert set(ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD, changed_since_ms=0)))) == everything


def test_a_page_given_twice_is_taken_once(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    everything = ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD)))
    mock.admin.set_faults([{"match": {"path": "/hour/list", "nth": 3}, "fault": "duplicate-page"}])
    pages = pages_of(adapter, PullRequest(Entity.HOUR_RECORD))
    assert ids(pages) == everything
    assert pages[-1].is_exact


def test_a_page_that_repeats_for_a_while_is_waited_out(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    everything = ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD)))
    match = {"path": "/hour/list", "nth": 4, "times": 4}
    mock.admin.set_faults([{"match": match, "fault": "page-repeats-for-ever"}])
    assert ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD))) == everything


@pytest.mark.parametrize("page", [1, 2])
def test_a_page_that_repeats_for_ever_ends_the_pull(mock: MockServer, connect: Connect, page: int) -> None:
    adapter = connect()
    match = {"path": "/hour/list", "nth": 4, "times": 10**6}
    mock.admin.set_faults([{"match": match, "fault": "page-repeats-for-ever", "parameters": {"page": page}}])
    with pytest.raises(ProtocolBroken, match="again and again"):
        pages_of(adapter, PullRequest(Entity.HOUR_RECORD))


@pytest.mark.parametrize("by", [7, -7])
@pytest.mark.parametrize("since_ms", [None, 0])
def test_a_total_that_always_lies_costs_exactness_and_nothing_else(
    mock: MockServer, connect: Connect, by: int, since_ms: int | None
) -> None:
    adapter = connect()
    everything = set(ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD))))
    mock.admin.set_faults([{"match": {"path": "/hour/list"}, "fault": "totals-lie", "parameters": {"by": by}}])
    pages = pages_of(adapter, PullRequest(Entity.HOUR_RECORD, changed_since_ms=since_ms))
    assert set(ids(pages)) == everything
    assert not pages[-1].is_exact


@pytest.mark.parametrize("nth", [1, 2, 3, 7])
@pytest.mark.parametrize("by", [7, -7])
def test_a_total_that_lies_once_hides_no_record(mock: MockServer, connect: Connect, by: int, nth: int) -> None:
    adapter = connect()
    everything = set(ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD))))
    match = {"path": "/hour/list", "nth": nth}
    mock.admin.set_faults([{"match": match, "fault": "totals-lie", "parameters": {"by": by}}])
    assert set(ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD)))) == everything


@pytest.mark.parametrize("keyset", [False, True])
def test_a_record_changed_during_the_pull_hides_no_other(mock: MockServer, connect: Connect, keyset: bool) -> None:
    mock.admin.set_capabilities(keysetPaging=keyset)
    adapter = connect(fetch_ahead_pages=0)
    everything = set(ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD, changed_since_ms=0))))
    pages = adapter.pull(PullRequest(Entity.HOUR_RECORD, changed_since_ms=0))
    first = next(pages)
    mock.admin.set_clock(advance=5)
    for record in first.records[:3]:
        mock.admin.edit("hour_record", record.national_id, remark="改正")
    assert {*ids([first]), *ids(list(pages))} == everything


def test_a_record_purged_during_a_listing_hides_no_other(mock: MockServer, connect: Connect) -> None:
    adapter = connect(fetch_ahead_pages=0)
    everything = set(ids(pages_of(adapter, PullRequest(Entity.HOUR_RECORD))))
    pages = adapter.pull(PullRequest(Entity.HOUR_RECORD))
    found = [next(pages), next(pages)]
    mock.admin.purge("hour_record", found[0].records[0].national_id)
    found += pages
    assert set(ids(found)) == everything
    assert not found[-1].is_exact


@pytest.mark.parametrize("entity", list(Entity), ids=str)
def test_with_every_fault_on_a_few_tries_bring_everything(mock: MockServer, connect: Connect, entity: Entity) -> None:
    adapter = connect(page_size=50, breaker_failures=100)
    everything = {record.national_id for record in pulled(adapter, entity)}
    mock.admin.set_faults("every")
    found: set[str] = set()
    for _ in range(6):
        with suppress(NationalSideError):
            for page in adapter.pull(PullRequest(entity)):
                found.update(ids([page]))
    assert found == everything


# Bad records


@pytest.mark.parametrize(
    ("variant", "entity", "reason"),
    [
        ("impossible-id-number", Entity.VOLUNTEER, RejectReason.BAD_ID_NUMBER),
        ("31-february", Entity.HOUR_RECORD, RejectReason.BAD_DATE),
        ("negative-hours", Entity.HOUR_RECORD, RejectReason.BAD_HOURS),
        ("nan-hours", Entity.HOUR_RECORD, RejectReason.BAD_HOURS),
        ("nan-text-hours", Entity.HOUR_RECORD, RejectReason.BAD_HOURS),
        ("1e9-hours", Entity.HOUR_RECORD, RejectReason.BAD_HOURS),
        ("end-before-start", Entity.HOUR_RECORD, RejectReason.END_BEFORE_START),
        ("unknown-code", Entity.TEAM, RejectReason.UNKNOWN_CODE),
        ("unknown-field", Entity.MEMBERSHIP, RejectReason.UNKNOWN_FIELD),
        ("missing-id", Entity.PROJECT, RejectReason.MISSING_ID),
        ("long-string", Entity.HOUR_RECORD, RejectReason.TOO_LONG),
        ("lone-surrogates", Entity.HOUR_RECORD, RejectReason.BAD_TEXT),
        ("lone-surrogates", Entity.VOLUNTEER, RejectReason.BAD_TEXT),
        ("nul", Entity.HOUR_RECORD, RejectReason.BAD_TEXT),
        ("right-to-left", Entity.TRAINING_RECORD, RejectReason.BAD_TEXT),
        ("full-width-digits", Entity.HOUR_RECORD, RejectReason.BAD_HOURS),
    ],
)
def test_a_bad_record_is_the_only_one_rejected(
    mock: MockServer, connect: Connect, variant: str, entity: Entity, reason: RejectReason
) -> None:
    adapter = connect()
    total = len(pulled(adapter, entity))
    parameters = {"variant": variant, "position": 3}
    mock.admin.set_faults([fault("bad-record", "*/list", **parameters)])
    pages = pages_of(adapter, PullRequest(entity))
    assert [reject.reason for page in pages for reject in page.rejects] == [reason]
    assert len(ids(pages)) == total - 1


def test_two_records_with_one_id_are_both_rejected(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    total = len(pulled(adapter, Entity.HOUR_RECORD))
    mock.admin.set_faults([fault("bad-record", "/hour/list", variant="two-records-one-id", position=3)])
    pages = pages_of(adapter, PullRequest(Entity.HOUR_RECORD))
    reasons = [reject.reason for page in pages for reject in page.rejects]
    assert set(reasons) == {RejectReason.TWO_RECORDS_ONE_ID}
    assert len(set(ids(pages))) == total, "the second look has brought both"


def test_a_bad_record_asked_for_by_id_comes_as_a_reject(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    first, second = pulled(adapter, Entity.VOLUNTEER)[:2]
    mock.admin.corrupt("volunteer", first.national_id, "impossible-id-number")
    bad, good = adapter.get(Entity.VOLUNTEER, [first.national_id, second.national_id])
    assert good == second
    assert getattr(bad, "reason", None) is RejectReason.BAD_ID_NUMBER


# Writes


@pytest.mark.parametrize(
    ("kind", "parameters", "has_effect"),
    [
        ("lost-answer", {}, True),
        ("lost-request", {}, False),
        ("truncated", {"share": 0.4}, None),
        ("gzip-cut", {"share": 0.4}, None),
        ("html-login", {}, None),
        ("5xx", {"status": 500}, None),
        ("5xx", {"status": 503}, None),
        ("redirect", {}, None),
        ("error-envelope", {"code": 50001}, None),
    ],
)
def test_a_write_without_a_clear_answer_is_unknown_and_sent_once(
    mock: MockServer, connect: Connect, kind: str, parameters: dict[str, Any], has_effect: bool | None
) -> None:
    adapter = connect()
    team = a_team()
    mock.admin.set_faults([fault(kind, "/team/create", **parameters)])
    assert isinstance(create(adapter, team), Unknown)
    assert mock.admin.call_counts()["counts"]["/team/create"] == 1
    found = adapter.find(Entity.TEAM, {"name": team.name, "area_id": team.area_id})
    if has_effect is not None:
        assert bool(found) is has_effect


@pytest.mark.parametrize(
    ("kind", "parameters"),
    [("429", {"retryAfter": 1}), ("429-no-header", {}), ("expired-token", {}), ("error-envelope", {"code": 50301})],
)
def test_a_write_that_was_certainly_not_done_is_sent_again(
    mock: MockServer, connect: Connect, kind: str, parameters: dict[str, Any]
) -> None:
    adapter = connect()
    mock.admin.set_faults([fault(kind, "/team/create", **parameters)])
    assert isinstance(create(adapter, a_team()), Done)


def test_a_write_refused_for_speed_longer_than_the_deadline_is_not_sent(mock: MockServer, connect: Connect) -> None:
    adapter = connect(call_deadline_seconds=5)
    mock.admin.set_faults([fault("429", "/team/create", retryAfter=600)])
    outcome = create(adapter, a_team())
    assert isinstance(outcome, NotSent)
    assert not outcome.stops_the_run


def test_a_spent_quota_stops_reading_and_writing(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    mock.admin.set_capabilities(perDay=1)
    with pytest.raises(QuotaSpent):
        [pulled(adapter, Entity.TEAM) for _ in range(3)]
    outcome = create(adapter, a_team())
    assert isinstance(outcome, NotSent)
    assert outcome.stops_the_run


def test_our_own_quota_spent_sends_nothing(mock: MockServer) -> None:
    adapter = connected(mock, meter=Meter(left=0), max_clock_skew_seconds=10**9)
    adapter.open()
    outcome = create(adapter, a_team())
    assert isinstance(outcome, NotSent)
    assert outcome.stops_the_run
    assert "/team/create" not in mock.admin.call_counts()["counts"]
    adapter.close()


def test_unused_calls_of_the_quota_are_given_back(mock: MockServer) -> None:
    meter = Meter(left=100)
    adapter = connected(mock, meter=meter, quota_block=50, max_clock_skew_seconds=10**9)
    adapter.open()
    pulled(adapter, Entity.TEAM)
    assert meter.left == 50
    adapter.close()
    assert meter.left == 99


def test_the_failpoint_lies_between_the_request_and_its_answer(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    passed: list[str] = []
    install(passed.append)
    try:
        pulled(adapter, Entity.TEAM)
        assert not passed
        assert isinstance(create(adapter, a_team()), Done)
    finally:
        install(None)
    assert passed == ["after_send"]


def test_a_batch_that_succeeds_in_part_gives_each_its_own_outcome(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    operations = _remarks(adapter, 9)
    mock.admin.set_faults([fault("partial-batch", "/hour/updateBatch", every=3, code=40301)])
    outcomes = adapter.send(operations)
    assert [type(outcome) for outcome in outcomes] == [Done, Done, Refused] * 3
    assert mock.admin.call_counts()["counts"]["/hour/updateBatch"] == 1


def test_a_lost_answer_to_a_batch_leaves_all_of_it_unknown(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    operations = _remarks(adapter, 4)
    mock.admin.set_faults([fault("lost-answer", "/hour/updateBatch")])
    assert {type(outcome) for outcome in adapter.send(operations)} == {Unknown}


def test_a_batch_of_more_periods_than_allowed_is_completed_by_further_calls(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    operations = _new_hours(adapter, 13)
    outcomes = adapter.send(operations)
    assert {type(outcome) for outcome in outcomes} == {Done}
    starts = [
        outcome.record.started_at
        for outcome in outcomes
        if isinstance(outcome, Done) and isinstance(outcome.record, HourRecord)
    ]
    assert starts == [
        operation.record.started_at for operation in operations if isinstance(operation.record, HourRecord)
    ]


def test_members_and_applicants_of_a_batch_are_told_apart(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    teams = [t for t in pulled(adapter, Entity.TEAM) if isinstance(t, Team) and not t.is_deleted]
    asking = next(team for team in teams if team.state == TeamState.APPROVED)
    mock.admin.edit("team", asking.national_id, albe0028="1")
    members = {
        m.volunteer_number
        for m in pulled(adapter, Entity.MEMBERSHIP)
        if isinstance(m, Membership) and m.team_national_id == asking.national_id
    }
    people = [
        v
        for v in pulled(adapter, Entity.VOLUNTEER)
        if isinstance(v, Volunteer) and v.real_name_state == "passed" and not v.is_deleted and v.number
    ]
    fresh = [v for v in people if v.number not in members][:2]
    operations = [_joining(person, asking) for person in fresh]
    first = adapter.send(operations)
    assert [
        outcome.record.state
        for outcome in first
        if isinstance(outcome, Done) and isinstance(outcome.record, Membership)
    ] == ["applied"] * 2
    again = adapter.send([_joining(person, asking) for person in fresh])
    assert again == first


def test_hours_are_deleted_with_all_their_facts(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    hour = next(h for h in pulled(adapter, Entity.HOUR_RECORD) if isinstance(h, HourRecord) and not h.is_deleted)
    [outcome] = adapter.send([removal(hour, Entity.HOUR_RECORD)])
    assert outcome == Done(hour.national_id, None)
    [left] = adapter.get(Entity.HOUR_RECORD, [hour.national_id])
    assert isinstance(left, HourRecord)
    assert left.is_deleted


def test_hours_that_are_no_longer_as_we_saw_them_are_not_deleted(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    hour = next(h for h in pulled(adapter, Entity.HOUR_RECORD) if isinstance(h, HourRecord) and not h.is_deleted)
    seen = msgspec.structs.replace(hour, service_seconds=hour.service_seconds + 3600)
    [outcome] = adapter.send([removal(seen, Entity.HOUR_RECORD)])
    assert isinstance(outcome, Refused)
    assert outcome.kind is RefusalKind.CHANGED_MEANWHILE


def test_an_update_of_a_version_that_has_passed_is_refused(mock: MockServer, connect: Connect) -> None:
    mock.admin.set_capabilities(etag=True)
    adapter = connect()
    team = next(t for t in pulled(adapter, Entity.TEAM) if isinstance(t, Team) and not t.is_deleted)
    mock.admin.edit("team", team.national_id, albe0018="别人")
    [outcome] = adapter.send([change(team, Entity.TEAM, contact_name="岩温")])
    assert isinstance(outcome, Refused)
    assert outcome.kind is RefusalKind.CHANGED_MEANWHILE


def test_an_idempotency_key_makes_a_repeated_creation_harmless(mock: MockServer, connect: Connect) -> None:
    mock.admin.set_capabilities(idempotencyKey=True, clientReference=True)
    adapter = connect()
    operation = creation(a_team(), Entity.TEAM)
    mock.admin.set_faults([fault("lost-answer", "/team/create")])
    assert isinstance(adapter.send([operation])[0], Unknown)
    [done] = adapter.send([operation])
    assert isinstance(done, Done)
    assert adapter.find(Entity.TEAM, {"reference": operation.reference}) == [done.record]


# Reviews


def test_a_registration_waits_for_review_and_passes(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    operation = _registration(adapter)
    [pending] = adapter.send([operation])
    assert isinstance(pending, Pending)
    assert adapter.result(pending.ticket) == pending
    mock.admin.decide("pass")
    done = adapter.result(pending.ticket)
    assert isinstance(done, Done)
    assert isinstance(done.record, Volunteer)
    assert done.record.id_number == getattr(operation.record, "id_number", None)


def test_a_registration_whose_answer_was_lost_gives_its_ticket_when_sent_again(
    mock: MockServer, connect: Connect
) -> None:
    adapter = connect()
    operation = _registration(adapter)
    mock.admin.set_faults([fault("lost-answer", "/volunteer/create")])
    assert isinstance(adapter.send([operation])[0], Unknown)
    assert isinstance(adapter.send([operation])[0], Pending)
    assert len(mock.admin.tickets()) == 1


def test_a_registration_refused_by_review_says_why(mock: MockServer, connect: Connect) -> None:
    adapter = connect()
    [pending] = adapter.send([_registration(adapter)])
    assert isinstance(pending, Pending)
    mock.admin.decide("refuse", message="证件 53270119731202109X 不清晰")
    refused = adapter.result(pending.ticket)
    assert isinstance(refused, Refused)
    assert refused.kind is RefusalKind.REVIEW
    assert refused.words == "证件 *** 不清晰"


# Whom we speak to


def test_a_wrong_secret_is_named(mock: MockServer) -> None:
    adapter = connected(mock, secret="wrong", max_clock_skew_seconds=10**9)
    with pytest.raises(CredentialsRefused, match="signature"):
        adapter.open()
    adapter.close()


def test_a_clock_ten_minutes_off_is_named_with_its_seconds(mock: MockServer) -> None:
    mock.admin.set_capabilities(clockToleranceSeconds=300)
    mock.admin.set_clock(set=int(HastyClock().now() * 1000) - 600_000)
    adapter = connected(mock)
    with pytest.raises(ClockSkewed, match=r"by (599|600|601) s"):
        adapter.open()
    adapter.close()


def test_a_clock_that_is_wrong_for_one_look_only_is_looked_at_again(mock: MockServer) -> None:
    mock.admin.set_capabilities(clockToleranceSeconds=300)
    mock.admin.set_clock(set=int(HastyClock().now() * 1000))
    mock.admin.set_faults(
        [fault("clock-skew", "/token", seconds=600), fault("clock-skew", "/system/info", seconds=600)]
    )
    adapter = connected(mock)
    adapter.open()
    adapter.close()


def test_nobody_at_the_address_is_unavailable_and_opens_the_breaker(mock: MockServer) -> None:
    notebook = Notes()
    nobody: dict[str, Any] = {"base_url": "http://127.0.0.1:9/open/v1", "breaker_failures": 4}
    adapter = connected(mock, notebook=notebook, **nobody)
    with pytest.raises(CircuitOpen):
        adapter.open()
    adapter.close()
    assert notebook.writes == 1
    with pytest.raises(CircuitOpen):
        connected(mock, notebook=notebook, **nobody).open()


def test_a_certificate_of_somebody_else_is_refused_and_nothing_is_sent(
    mock: MockServer, certificate: tuple[str, str]
) -> None:
    with MockServer(volunteers=10, teams=2, projects=2, hours=10, certificate=certificate) as secured:
        stranger = connected(secured)
        with pytest.raises(CertificateRefused, match=r"127\.0\.0\.1"):
            stranger.open()
        stranger.close()
        trusted = connected(secured, ca_file=certificate[0])
        trusted.open()
        assert isinstance(create(trusted, a_team()), Done)
        trusted.close()
        assert secured.admin.call_counts()["counts"]["/token"] == 1


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    return self_signed(tmp_path_factory.mktemp("certificate"))


# Builders


def _remarks(adapter: NvsiAdapter, count: int) -> list[Operation]:
    live = [hour for hour in pulled(adapter, Entity.HOUR_RECORD) if not hour.is_deleted][:count]
    return [change(hour, Entity.HOUR_RECORD, remark=f"改正{number}") for number, hour in enumerate(live)]


def _new_hours(adapter: NvsiAdapter, count: int) -> list[Operation]:
    """Periods of a quarter of an hour, one after the other, of a member in a project of the team."""
    model = next(
        hour
        for hour in pulled(adapter, Entity.HOUR_RECORD)
        if isinstance(hour, HourRecord) and hour.state == "effective" and not hour.is_deleted
    )
    midnight = model.started_at - (model.started_at + 8 * 3600) % 86_400
    fields = (
        "volunteer_number",
        "project_national_id",
        "team_national_id",
        "started_at",
        "ended_at",
        "service_seconds",
    )
    operations = []
    for number in range(count):
        start = midnight + number * 900
        record = msgspec.structs.replace(
            model, started_at=start, ended_at=start + 900, service_seconds=900, national_id="", remark=None
        )
        chosen = {name: getattr(record, name) for name in fields}
        operations.append(Operation(uuid.uuid4().hex, Entity.HOUR_RECORD, Verb.CREATE, record, chosen))
    return operations


def _joining(person: Volunteer, team: Team) -> Operation:
    record = Membership(person.number or "", team.national_id, "member", None, "", 0)
    fields = {"volunteer_number": record.volunteer_number, "team_national_id": record.team_national_id}
    return Operation(uuid.uuid4().hex, Entity.MEMBERSHIP, Verb.CREATE, record, fields)


def _registration(adapter: NvsiAdapter) -> Operation:
    model = next(v for v in pulled(adapter, Entity.VOLUNTEER) if isinstance(v, Volunteer) and not v.is_deleted)
    record = msgspec.structs.replace(
        model, number=None, name="岩温", id_number="530802199001010019", sex="male", birth_date="1990-01-01", star=None
    )
    number = _with_check_digit("53080219900101001")
    record = msgspec.structs.replace(record, id_number=number)
    given = ("name", "id_type", "id_number", "sex", "birth_date", "service_area_id")
    fields = {name: getattr(record, name) for name in given} | {"id_type": "01"}
    return Operation(uuid.uuid4().hex, Entity.VOLUNTEER, Verb.CREATE, record, fields)


def _with_check_digit(first_seventeen: str) -> str:
    weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
    total = sum(weight * int(digit) for weight, digit in zip(weights, first_seventeen, strict=True))
    return first_seventeen + "10X98765432"[total % 11]
