"""From the moment both sides disagree until they agree again, as a person sees it."""

from __future__ import annotations

import json

import pytest
from tests.integration.reconcile.desk import (
    ADMINISTRATOR,
    CHEN,
    LI,
    NINGER,
    POLICY,
    SEALER,
    VIEWER,
    Desk,
    hours,
    project,
    team,
    volunteer,
)

from national_sync.errors import (
    AlreadySettled,
    CannotUndo,
    FactsChanged,
    NationalSyncError,
    NotAllowed,
    NotFound,
    UsageError,
    ValueRefused,
)
from national_sync.provenance import history_of
from national_sync.reconcile.resolving import Choice, assign, check, note, preview_where, resolve_where, snooze
from national_sync.reconcile.search import Filter, totals, within
from national_sync.reconcile.undoing import undo
from national_sync.records import Entity
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.mismatches import open_mismatch
from national_sync.sync.outbox import Outbox
from national_sync.sync.report import RunReport, count_open_items


def _both_edited(desk: Desk, *numbers: int, column: str = "occupation", **areas: str) -> None:
    """Here somebody wrote 13, there somebody wrote 37."""
    numbers = numbers or (1,)
    desk.shows(*(volunteer(number, **{column: "24"}, **areas) for number in numbers))
    for number in numbers:
        desk.edit(f"UPDATE volunteer SET {column} = '13' WHERE number = ?", f"V{number}")
    desk.shows(*(volunteer(number, version=2, **{column: "37"}, **areas) for number in numbers))


def test_our_value_kept_becomes_an_edit_of_theirs(any_desk: Desk) -> None:
    desk = any_desk
    _both_edited(desk)
    mismatch = desk.one("both_edited")
    assert (mismatch["county"], mismatch["times"], mismatch["first_seen_at"]) == ("530802", 1, desk.now)

    desk.decide(mismatch["id"], "local")
    assert desk.run() == 1

    assert desk.volunteer(1)["occupation"] == "13"
    assert desk.base("volunteer", "occupation") == "37"
    assert desk.events(mismatch["id"]) == ["decided", "carried_out"]
    closed = desk.one("both_edited", "closed")
    assert (closed["resolution"], closed["decided_by"]) == ("local", "operator:chen")
    assert [row["action"] for row in desk.rows("SELECT action FROM audit_entry ORDER BY id")][-2:] == [
        "mismatch.decided",
        "mismatch.carried_out",
    ]


def test_their_value_kept_leaves_nothing_to_send(desk: Desk) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    desk.decide(number, "national")
    desk.run()
    assert desk.volunteer(1)["occupation"] == "37"
    assert desk.rows("SELECT * FROM local_change") == []
    [event] = desk.rows("SELECT detail FROM mismatch_event WHERE event = 'carried_out'")
    assert json.loads(event["detail"])["sync_rev"] == desk.volunteer(1)["sync_rev"]


def test_third_value_is_sealed_where_the_field_is(any_desk: Desk) -> None:
    desk = any_desk
    desk.shows(team())
    desk.edit("UPDATE team SET contact_phone = '13887900002'")
    desk.shows(team(version=2, contact_phone="13887900003"))
    number = desk.one("both_edited")["id"]

    desk.decide(number, "set", value=" 13887900004 ")

    assert "13887900004" not in str(desk.rows("SELECT * FROM mismatch") + desk.rows("SELECT * FROM mismatch_event"))
    desk.run()
    [row] = desk.rows("SELECT contact_phone, contact_phone_hash FROM team")
    assert SEALER.open(row["contact_phone"]) == "13887900004"
    assert bytes(row["contact_phone_hash"]) == SEALER.match_hash("13887900004")
    assert desk.base("team", "contact_phone") == "13887900003"


@pytest.mark.parametrize(
    ("value", "field"), [("x" * 201, None), ("", "name"), ("5", "star"), ("1\u202e2", None), ("1", "no_such")]
)
def test_value_that_does_not_fit_is_refused(desk: Desk, value: str, field: str | None) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    with pytest.raises((ValueRefused, UsageError)):
        desk.decide(number, "set", value=value, field=field)
    assert desk.one("both_edited")["decision"] is None


# Facts that change


def test_decision_on_what_was_shown_is_refused_when_it_has_changed(desk: Desk) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    shown = desk.facts(number)
    desk.edit("UPDATE volunteer SET occupation = '17'")
    for seen in (shown.digest, None):
        with pytest.raises(FactsChanged, match="occupation is now 17 here and 37 nationally"):
            desk.decide(number, "local", facts=seen)
    again = desk.facts(number)
    assert (again.present, again.has_moved, again.digest != shown.digest) == ("17", True, True)
    desk.decide(number, "local", facts=again.digest)
    desk.run()
    assert desk.volunteer(1)["occupation"] == "17"


@pytest.mark.parametrize("by_digest", [True, False])
def test_decision_is_withdrawn_when_facts_change_before_it_is_carried_out(any_desk: Desk, by_digest: bool) -> None:
    desk = any_desk
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    if by_digest:
        desk.decide(number, "national", facts=desk.facts(number).digest)
    else:
        with desk.connection() as connection:
            resolve_where(connection, SEALER, CHEN, Filter(), "national", now=desk.now)
    desk.edit("UPDATE volunteer SET occupation = '17'")

    assert desk.run() == 0

    mismatch = desk.one("both_edited")
    assert (mismatch["decision"], mismatch["ours"], mismatch["times"]) == (None, "17", 2)
    assert desk.events(number) == ["decided", "changed", "withdrawn"]
    report = RunReport(run=1, kind="manual")
    with desk.database.read() as connection:
        count_open_items(connection, report)
    assert report.decisions_withdrawn == 1
    assert desk.volunteer(1)["occupation"] == "17"


def test_decision_is_withdrawn_when_the_national_side_changes_again(desk: Desk) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    desk.decide(number, "local")
    desk.shows(volunteer(1, version=3, occupation="99"))
    assert desk.run() == 0
    assert (desk.one("both_edited")["theirs"], desk.one("both_edited")["decision"]) == ("99", None)


def test_record_deleted_here_meanwhile_is_not_written_to(desk: Desk) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    desk.decide(number, "local")
    desk.edit("DELETE FROM volunteer")
    desk.run()
    assert desk.rows("SELECT * FROM local_change") == []
    assert desk.events(number)[:2] == ["decided", "withdrawn"]


def test_dropped_edits_are_those_that_were_decided_about(desk: Desk) -> None:
    desk.shows(volunteer(occupation="24"))
    desk.edit("UPDATE volunteer SET occupation = '13'")
    desk.shows(volunteer(version=2, is_deleted=True, occupation="24"))
    number = desk.one("edited_here_deleted_there")["id"]
    desk.decide(number, "national")
    desk.edit("UPDATE volunteer SET education = '30'")
    assert desk.run() == 0
    assert desk.volunteer(1)["education"] == "30"
    desk.decide(number, "national")
    assert desk.run() == 1
    assert (desk.volunteer(1)["education"], desk.volunteer(1)["occupation"]) == (None, "24")


# Settled already, not there, not allowed


def test_what_somebody_else_has_settled_is_told(desk: Desk) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    desk.decide(number, "national")
    desk.run()
    with pytest.raises(AlreadySettled):
        desk.decide(number, "local")
    with pytest.raises(NotFound):
        desk.decide(number + 1, "local")


def test_what_somebody_else_decided_a_second_ago_stands_until_it_is_taken_back(desk: Desk) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    desk.decide(number, "national")
    with pytest.raises(AlreadySettled, match="decided by chen"):
        desk.decide(number, "local", by=ADMINISTRATOR)
    desk.decide(number, "local")
    with desk.connection() as connection:
        undo(connection, SEALER, ADMINISTRATOR, number, desk.now)
    desk.decide(number, "national", by=ADMINISTRATOR)
    assert desk.one("both_edited")["decided_by"] == "operator:bai"


def test_county_operator_decides_and_sees_own_county_only(desk: Desk) -> None:
    """R5: records belong to a county's office."""
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    for person in (LI, VIEWER):
        with pytest.raises(NotAllowed):
            desk.decide(number, "local", by=person)
    assert within(Filter(), LI).county == "530821"
    with pytest.raises(NotAllowed):
        within(Filter(county="530802"), LI)
    with desk.connection() as connection:
        assert resolve_where(connection, SEALER, LI, Filter(), "local", now=desk.now).count == 0


def test_choice_that_a_kind_does_not_have_is_refused(desk: Desk) -> None:
    desk.shows(volunteer(real_name_state="failed"))
    desk.run()
    with pytest.raises(UsageError, match="cannot be settled"):
        desk.decide(desk.one("real_name_failed")["id"], "local")


# Many at once


def test_many_are_decided_together_with_one_audit_entry(any_desk: Desk) -> None:
    desk = any_desk
    _both_edited(desk, 1, 2, 3)
    desk.shows(volunteer(4, service_area_id=NINGER, real_name_state="failed"))
    desk.run()
    with desk.connection() as connection:
        planned = preview_where(connection, SEALER, CHEN, Filter(), "local", now=desk.now)
        assert (planned.decided, planned.left_out) == ({"both_edited": 3}, {"real_name_failed": 1})
        done = resolve_where(connection, SEALER, CHEN, Filter(), "local", now=desk.now)
    assert done == planned
    assert [one["decision"] for one in desk.listed()] == ["local", "local", "local", None]
    [entry] = desk.rows("SELECT * FROM audit_entry WHERE action = 'mismatch.decided'")
    assert json.loads(entry["detail"])["count"] == 3
    assert desk.run() == 3
    assert [desk.volunteer(number)["occupation"] for number in (1, 2, 3)] == ["13"] * 3


def test_accepted_findings_are_closed_in_one_go_and_not_brought_up_again(any_desk: Desk) -> None:
    desk = any_desk
    desk.shows(*(volunteer(number, real_name_state="failed") for number in (1, 2)))
    desk.run()
    with desk.connection() as connection:
        resolve_where(connection, SEALER, CHEN, Filter(kind="real_name_failed"), "national", now=desk.now)
    assert desk.run() == 2
    desk.shows(*(volunteer(number, version=2, real_name_state="failed", occupation="1") for number in (1, 2)))
    desk.run()
    assert desk.listed(Filter(kind="real_name_failed")) == []
    assert desk.events(desk.listed(Filter(state="all"))[0]["id"]) == ["decided", "carried_out"]


def test_finding_closes_by_itself_and_says_so(desk: Desk) -> None:
    desk.shows(team(), project(), volunteer(total_seconds=7200), hours(service_seconds=7200 + 36))
    desk.run()
    assert {one["kind"] for one in desk.listed()} == {"hours_not_span", "total_not_sum"}
    assert {one["county"] for one in desk.listed()} == {"530802"}
    desk.shows(hours(version=2))
    desk.run()
    assert desk.listed() == []
    [closed] = desk.rows("SELECT detail FROM mismatch_event WHERE event = 'closed' ORDER BY id LIMIT 1")
    assert json.loads(closed["detail"]) == {"resolution": "cause_gone"}
    desk.shows(hours(version=3, service_seconds=7200 + 72))
    desk.run()
    again = desk.one("hours_not_span")
    assert again["times"] == 2
    assert [one["resolution"] for one in desk.facts(again["id"]).earlier] == ["cause_gone"]


def test_many_leave_out_what_has_changed_here_since(any_desk: Desk) -> None:
    desk = any_desk
    _both_edited(desk, 1, 2, 3)
    desk.edit("UPDATE volunteer SET occupation = '17' WHERE number = 'V1'")
    desk.edit("DELETE FROM volunteer WHERE number = 'V2'")
    with desk.connection() as connection:
        planned = preview_where(connection, SEALER, CHEN, Filter(), "national", now=desk.now)
        done = resolve_where(connection, SEALER, CHEN, Filter(), "national", now=desk.now)
    assert done == planned
    assert (done.decided, done.facts_changed) == ({"both_edited": 1}, {"both_edited": 2})
    assert [one["decision"] for one in desk.listed()] == [None, None, "national"]


def test_what_would_be_decided_is_checked_and_nothing_is_written(desk: Desk) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    with desk.database.read() as connection:
        assert check(connection, SEALER, CHEN, Choice(number, "national")) == {"occupation"}
        with pytest.raises(ValueRefused):
            check(connection, SEALER, CHEN, Choice(number, "set", "x" * 201))
    assert desk.one("both_edited")["decision"] is None
    assert desk.events(number) == []


def test_an_empty_value_must_be_meant(desk: Desk) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    with pytest.raises(UsageError, match="empty the field occupation on both sides"):
        desk.decide(number, "set", value=" ")
    desk.decide(number, "set", value="", may_empty=True)
    desk.run()
    assert desk.volunteer(1)["occupation"] is None


# What a decision gives up


def _unsendable(desk: Desk) -> int:
    """Three fields edited here, one of them so that it can never be sent."""
    desk.shows(volunteer(occupation="24", education="20", skills="07"))
    desk.edit("UPDATE volunteer SET occupation = '13', education = '30', skills = 'a' || char(8238) || 'b'")
    _plan_what_goes_out(desk)
    return int(desk.one("unsendable_value")["id"])


def _plan_what_goes_out(desk: Desk) -> None:
    outbox = Outbox(desk.transactions, desk.national, POLICY, lambda: False)
    for _left in outbox.plan_updates(Entity.VOLUNTEER):
        pass


def test_taking_back_a_value_that_cannot_be_sent_leaves_the_other_edits(desk: Desk) -> None:
    desk.decide(_unsendable(desk), "national")
    assert desk.run() == 1
    here = desk.volunteer(1)
    assert (here["skills"], here["occupation"], here["education"]) == ("07", "13", "30")
    assert {row["field"] for row in desk.rows("SELECT field FROM local_change")} == {"occupation", "education"}


def test_value_that_cannot_be_sent_is_shown_beside_what_was_agreed(desk: Desk) -> None:
    facts = desk.facts(_unsendable(desk))
    assert (facts.base.shown, facts.ours.shown, facts.theirs.shown) == ("07", "a\u202eb", "07")
    assert [way.given_up for way in facts.ways] == [(), ()]


def test_value_that_cannot_be_sent_is_decided_as_it_was_shown(desk: Desk) -> None:
    number = _unsendable(desk)
    desk.edit("UPDATE volunteer SET skills = 'a' || char(8237)")
    with pytest.raises(FactsChanged):
        desk.decide(number, "national")


def test_new_record_is_withdrawn_only_as_it_was_when_decided(desk: Desk) -> None:
    desk.shows(team())
    desk.edit(
        "INSERT INTO project (name, team_id, address, area_id, started_at, ended_at)"
        " SELECT '护林', id, 'a' || char(8238), '530802000000000000', 1770000000, 1780000000 FROM team",
    )
    outbox = Outbox(desk.transactions, desk.national, POLICY, lambda: False)
    list(outbox.plan_creates(Entity.PROJECT))
    number = desk.one("unsendable_value")["id"]
    desk.decide(number, "national")
    desk.edit("UPDATE project SET people_served = '每周一次'")
    assert desk.run() == 0
    assert desk.events(number)[-1] == "withdrawn"
    assert desk.rows("SELECT withdrawn_at FROM project") == [{"withdrawn_at": None}]


def test_taking_back_what_was_refused_leaves_what_was_edited_since(desk: Desk) -> None:
    desk.shows(volunteer(occupation="24", education="20"))
    desk.edit("UPDATE volunteer SET occupation = '13'")
    with desk.transactions.write() as tx:
        row = desk.volunteer(1)
        detail = {"verb": "update", "fields": ["occupation"], "code": "x", "words": "y"}
        open_mismatch(
            tx,
            MismatchKind.REFUSED_BY_REVIEW,
            Entity.VOLUNTEER,
            row_id=row["id"],
            national_id=row["national_id"],
            detail=detail,
        )
    desk.decide(desk.one("refused_by_review")["id"], "national")
    desk.edit("UPDATE volunteer SET education = '30'")
    assert desk.run() == 1
    assert (desk.volunteer(1)["occupation"], desk.volunteer(1)["education"]) == ("24", "30")


def test_one_audited_field_taken_back_leaves_the_other_edit(desk: Desk) -> None:
    desk.shows(team(), project(), volunteer(), hours())
    [before] = desk.rows("SELECT started_at, ended_at FROM hour_record")
    desk.edit("UPDATE hour_record SET started_at = started_at + 60, ended_at = ended_at + 60")
    outbox = Outbox(desk.transactions, desk.national, POLICY, lambda: False)
    list(outbox.plan_updates(Entity.HOUR_RECORD))
    [number] = [one["id"] for one in desk.listed(Filter(kind="audited_edit")) if one["field"] == "started_at"]
    desk.decide(number, "national")
    assert desk.run() == 1
    [after] = desk.rows("SELECT started_at, ended_at FROM hour_record")
    assert after == {"started_at": before["started_at"], "ended_at": before["ended_at"] + 60}


# Taking back


def test_decision_that_waits_is_dropped(desk: Desk) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    desk.decide(number, "local")
    with desk.connection() as connection:
        assert undo(connection, SEALER, CHEN, number, desk.now) == "dropped"
        with pytest.raises(CannotUndo, match="nothing has been decided"):
            undo(connection, SEALER, CHEN, number, desk.now)
    assert desk.run() == 0


@pytest.mark.parametrize(
    ("keep", "value", "back", "base"),
    [("national", None, "13", "37"), ("local", None, "37", None)],
)
def test_value_that_was_given_up_comes_back_as_an_edit(
    any_desk: Desk, keep: str, value: str | None, back: str, base: str | None
) -> None:
    desk = any_desk
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    desk.decide(number, keep, value=value)
    desk.run()
    with desk.connection() as connection:
        assert undo(connection, SEALER, CHEN, number, desk.now) == "put_back"
    assert desk.volunteer(1)["occupation"] == back
    edits = [row["base"] for row in desk.rows("SELECT base FROM local_change")]
    assert edits == ([] if base is None else [base])
    assert desk.events(number)[-1] == "undone"
    with desk.database.read() as connection:
        put_back = history_of(connection, SEALER, Entity.VOLUNTEER, desk.volunteer(1)["id"])[-1]
    assert (put_back.new, put_back.side, put_back.actor) == (back, "decision", "operator:chen")
    with desk.connection() as connection, pytest.raises(FactsChanged):
        undo(connection, SEALER, CHEN, number, desk.now)


@pytest.mark.parametrize("is_sent", [False, True])
def test_a_third_value_is_taken_back_and_the_question_is_asked_again(any_desk: Desk, is_sent: bool) -> None:
    """Against what the national side holds: its own value, or the third one where that has gone out."""
    desk = any_desk
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    desk.decide(number, "set", value="17")
    desk.run()
    if is_sent:
        with desk.transactions.write() as tx:
            tx.execute("DELETE FROM local_change")
    assert desk.facts(number).can_undo
    with desk.connection() as connection:
        assert undo(connection, SEALER, CHEN, number, desk.now) == "asked_again"
    desk.run()
    assert (desk.volunteer(1)["occupation"], desk.base("volunteer", "occupation")) == ("13", "17" if is_sent else "37")
    again = desk.one("both_edited")
    assert (again["id"], again["ours"], again["theirs"]) == (number, "13", "17" if is_sent else "37")
    with desk.database.read() as connection:
        assert history_of(connection, SEALER, Entity.VOLUNTEER, desk.volunteer(1)["id"])[-1].actor == "operator:chen"
    desk.decide(number, "national")
    desk.run()
    assert desk.volunteer(1)["occupation"] == again["theirs"]


def test_a_third_value_that_is_being_sent_is_not_taken_back(desk: Desk) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    desk.decide(number, "set", value="17")
    desk.run()
    with desk.transactions.write() as tx:
        tx.execute(
            "INSERT INTO operation (reference, entity, row_id, verb, fields, record, state, attempts, run_id)"
            " VALUES ('r1', 'volunteer', :row, 'update', '{}', '[]', 'unknown', 1, :run)",
            row=desk.volunteer(1)["id"],
            run=tx.run_id,
        )
    with desk.connection() as connection, pytest.raises(CannotUndo, match="being sent"):
        undo(connection, SEALER, CHEN, number, desk.now)
    assert desk.volunteer(1)["occupation"] == "17"


def test_accepted_finding_is_open_again(desk: Desk) -> None:
    desk.shows(volunteer(real_name_state="failed"))
    desk.run()
    number = desk.one("real_name_failed")["id"]
    desk.decide(number, "national")
    desk.run()
    with desk.connection() as connection:
        assert undo(connection, SEALER, CHEN, number, desk.now) == "reopened"
    desk.run()
    assert desk.one("real_name_failed")["id"] == number


def test_what_cannot_be_taken_back_says_why(desk: Desk) -> None:
    desk.shows(volunteer(occupation="24"))
    desk.edit("UPDATE volunteer SET occupation = '13'")
    desk.shows(volunteer(version=2, is_deleted=True, occupation="24"))
    number = desk.one("edited_here_deleted_there")["id"]
    desk.decide(number, "national")
    desk.run()
    with desk.connection() as connection, pytest.raises(CannotUndo, match="not kept as an edit"):
        undo(connection, SEALER, CHEN, number, desk.now)


# Lists and what is written beside


def test_list_is_filtered_sorted_and_paged(any_desk: Desk) -> None:
    desk = any_desk
    desk.shows(team(), project(), volunteer(1, total_seconds=7200), volunteer(2, service_area_id=NINGER), hours())
    desk.edit("UPDATE volunteer SET name = '50%_茶' WHERE number = 'V2'")
    desk.shows(
        hours(version=2, service_seconds=7400),
        volunteer(1, version=2, total_seconds=7400, real_name_state="failed"),
        volunteer(2, version=2, service_area_id=NINGER, name="玉光", real_name_state="failed"),
    )
    desk.run()

    def kinds(**wanted: object) -> list[str]:
        return [one["kind"] for one in desk.listed(Filter(**wanted))]  # type: ignore[arg-type]

    assert kinds(county="530821") == ["both_edited", "real_name_failed"]
    assert kinds(volunteer="V1") == ["hours_not_span", "real_name_failed"]
    assert kinds(volunteer="白茶", entity="hour_record") == ["hours_not_span"]
    assert kinds(team="青松志愿服务队") == ["hours_not_span"]
    assert kinds(text="50%_") == ["both_edited"]
    assert kinds(text="%") == ["both_edited"]
    assert kinds(min_age_days=1) == []
    desk.clock.moment += 86_400
    assert len(kinds(min_age_days=1)) == 4
    assert [one["kind"] for one in desk.listed(sort="newest", limit=1)] == ["real_name_failed"]
    assert [one["kind"] for one in desk.listed(sort="kind", limit=2, offset=1)] == [
        "hours_not_span",
        "real_name_failed",
    ]
    with desk.connection() as connection:
        numbers = totals(connection, Filter(kind="real_name_failed"), now=desk.now)
    assert [(row["county"], row["mismatches"]) for row in numbers] == [("530802", 1), ("530821", 1)]


def test_what_is_put_off_is_out_of_the_lists_until_its_day(desk: Desk) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    with desk.connection() as connection:
        snooze(connection, CHEN, number, desk.now + 100, desk.now)
        with pytest.raises(UsageError):
            snooze(connection, CHEN, number, desk.now, desk.now)
        with pytest.raises(UsageError, match="a year at most"):
            snooze(connection, CHEN, number, desk.now + 400 * 86_400, desk.now)
    assert desk.listed() == []
    assert len(desk.listed(Filter(snoozed=True))) == 1
    desk.clock.moment += 100
    assert len(desk.listed()) == 1


def test_note_hides_long_numbers_and_a_name_must_have_an_account(desk: Desk) -> None:
    _both_edited(desk)
    number = desk.one("both_edited")["id"]
    with desk.connection() as connection:
        note(connection, CHEN, number, "问过 13887900001", desk.now)
        with pytest.raises(UsageError, match="needs words"):
            note(connection, CHEN, number, " \t", desk.now)
        with pytest.raises(NotFound):
            assign(connection, CHEN, number, "nobody", desk.now)
    [event] = desk.facts(number).events
    assert event["detail"] == {"note": "问过 138******01"}
    assert [one["id"] for one in desk.listed(Filter(assigned_to=""))] == [number]


def test_every_error_names_the_next_step(desk: Desk) -> None:
    for error in (FactsChanged(id=1, reason="x"), ValueRefused(field="a", reason="b")):
        assert isinstance(error, NationalSyncError)
        assert error.hint
