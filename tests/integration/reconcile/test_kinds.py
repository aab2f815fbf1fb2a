"""Kinds of mismatch in themselves: when one opens, in which county, and that it closes when its cause is gone."""

from __future__ import annotations

import pytest
from tests.integration.reconcile.desk import NINGER, SEALER, Desk, hours, project, team, volunteer

from national_sync.reconcile.search import Filter, names_of
from national_sync.records import Entity
from national_sync.sync.bulk import report_missing_here, report_unresolved
from national_sync.sync.kinds import MismatchKind
from national_sync.sync.mismatches import close_mismatches, open_mismatch
from national_sync.sync.stage import stage_records

SPELLINGS = (
    "530802900307001",
    "５３０８０２１９９００３０７００１４",
    " 530802199003070014 ",
)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_id_number_in_any_spelling_is_one_person(any_desk: Desk, spelling: str) -> None:
    """15 and 18 digits, full-width digits, blanks: written by another program, sealed by the next run."""
    desk = any_desk
    desk.shows(volunteer(1, id_number="530802199003070014"), volunteer(2))
    desk.edit("UPDATE volunteer SET id_number = ? WHERE number = 'V2'", spelling)
    desk.run()
    assert SEALER.open(desk.volunteer(2)["id_number"]) == "530802199003070014"
    mismatch = desk.one("same_person_twice")
    assert [other["name"] for other in desk.facts(mismatch["id"]).others] == ["白茶"]
    desk.shows(volunteer(1, version=2, id_number="530802199003070014", is_deleted=True))
    desk.run()
    assert desk.listed(Filter(kind="same_person_twice")) == []


def test_small_x_is_the_same_as_the_great_one(desk: Desk) -> None:
    desk.shows(volunteer(1, id_number="53080219680716002X"), volunteer(2))
    desk.edit("UPDATE volunteer SET id_number = '５３０８０２１９６８０７１６００２ｘ' WHERE number = 'V2'")
    desk.run()
    assert desk.one("same_person_twice")["row_id"] == desk.volunteer(2)["id"]


def test_namesakes_with_different_numbers_are_shown_together(desk: Desk) -> None:
    desk.shows(volunteer(1), volunteer(2, name="白茶"))
    desk.run()
    facts = desk.facts(desk.one("same_name_and_birth")["id"])
    assert (facts.proposal.choice, [other["number"] for other in facts.others]) == ("national", ["V1"])


def test_record_that_was_lost_here_without_a_trace_is_told_and_closes_when_it_is_back(any_desk: Desk) -> None:
    desk = any_desk
    desk.shows(volunteer(1))
    with desk.transactions.write() as tx:
        stage_records(tx, Entity.VOLUNTEER, [volunteer(2, service_area_id=NINGER)], keep_unchanged=True)
        report_missing_here(tx, Entity.VOLUNTEER, 5_000)
    mismatch = desk.one("missing_locally")
    assert (mismatch["county"], mismatch["row_id"]) == ("530821", None)
    assert desk.facts(mismatch["id"]).ways == ()
    desk.shows(volunteer(2, service_area_id=NINGER))
    desk.run()
    assert desk.one("missing_locally", "closed")["resolution"] == "restored"


def test_what_was_read_only_now_was_not_missing(desk: Desk) -> None:
    with desk.transactions.write() as tx:
        stage_records(tx, Entity.VOLUNTEER, [volunteer(2, version=9)], keep_unchanged=True)
        report_missing_here(tx, Entity.VOLUNTEER, 5_000)
    assert desk.listed() == []


def test_record_that_names_an_unknown_one_belongs_to_the_county_of_its_volunteer(any_desk: Desk) -> None:
    desk = any_desk
    desk.shows(volunteer(1, service_area_id=NINGER))
    with desk.transactions.write() as tx:
        stage_records(tx, Entity.HOUR_RECORD, [hours()], keep_unchanged=False)
        report_unresolved(tx, Entity.HOUR_RECORD)
    mismatch = desk.one("unknown_reference")
    assert mismatch["county"] == "530821"
    facts = desk.facts(mismatch["id"])
    assert facts.record == {"volunteer_id": "V1", "project_id": "bb" * 16, "team_id": "aa" * 16}
    assert facts.detail == {"waits_for": ["project_id", "team_id"]}
    desk.shows(team(), project(), hours())
    assert desk.one("unknown_reference", "closed")["resolution"] == "cause_gone"


def test_record_deleted_here_keeps_its_county_and_shows_what_comes_back(desk: Desk) -> None:
    desk.shows(team(), project(), volunteer(1, service_area_id=NINGER, total_seconds=7200), hours(), hours(2))
    desk.edit("DELETE FROM hour_record WHERE national_id = ?", hours(1).national_id)
    desk.shows(hours(1, version=2, remark="x"))
    mismatch = desk.one("deleted_here_edited_there")
    assert mismatch["county"] == "530821"
    local, national = desk.facts(mismatch["id"]).ways
    assert local.effect is not None
    assert national.effect is not None
    assert (local.effect.seconds_before, local.effect.seconds_after) == (7200, 7200)
    assert (national.effect.seconds_before, national.effect.seconds_after) == (7200, 14_400)


def test_records_go_by_their_own_name_or_that_of_their_volunteer(any_desk: Desk) -> None:
    desk = any_desk
    desk.shows(team(), project(), volunteer(1), hours())
    tables = ("team", "project", "volunteer", "hour_record")
    ids = {table: desk.rows(f"SELECT id FROM {table}")[0]["id"] for table in tables}
    names = names_of(
        lambda sql, parameters: desk.rows(sql, **parameters),
        [{"entity": table, "row_id": row_id} for table, row_id in ids.items()]
        + [{"entity": entity.value, "row_id": 999} for entity in Entity],
    )
    [served] = desk.rows("SELECT started_at FROM hour_record")
    assert names["volunteer", ids["volunteer"]] == ("白茶", None)
    assert names["hour_record", ids["hour_record"]] == ("白茶", served["started_at"])
    assert set(names) == set(ids.items())


def test_withdrawn_hours_close_only_when_they_count_again(desk: Desk) -> None:
    desk.shows(team(), project(), volunteer(1, total_seconds=7200), hours())
    desk.shows(hours(version=2, is_deleted=True))
    desk.run()
    assert desk.one("hours_withdrawn")["national_id"] == hours().national_id
    desk.shows(hours(version=3))
    desk.run()
    assert desk.one("hours_withdrawn", "closed")["resolution"] == "cause_gone"


def test_refusal_closes_when_the_edit_is_taken_back(any_desk: Desk) -> None:
    desk = any_desk
    desk.shows(volunteer(1, occupation="24"))
    desk.edit("UPDATE volunteer SET occupation = '13'")
    person = desk.volunteer(1)
    with desk.transactions.write() as tx:
        named = {"row_id": person["id"], "national_id": person["national_id"]}
        detail = {"verb": "update", "fields": ["occupation"], "code": "1006", "words": "职业代码不存在"}
        open_mismatch(tx, MismatchKind.REFUSED_BY_REVIEW, Entity.VOLUNTEER, **named, detail=detail)
    desk.run()
    mismatch = desk.one("refused_by_review")
    assert desk.facts(mismatch["id"]).detail["words"] == "职业代码不存在"
    desk.decide(mismatch["id"], "set", field="occupation", value="17")
    assert desk.run() == 1
    assert (desk.volunteer(1)["occupation"], desk.base("volunteer", "occupation")) == ("17", "24")
    with desk.transactions.write() as tx:
        open_mismatch(tx, MismatchKind.REFUSED_BY_REVIEW, Entity.VOLUNTEER, **named, detail=detail)
    desk.edit("UPDATE volunteer SET occupation = '24'")
    desk.run()
    assert desk.listed() == []


def test_transfer_can_open_and_close_its_own_kind(desk: Desk) -> None:
    desk.shows(volunteer(1))
    person = desk.volunteer(1)
    with desk.transactions.write() as tx:
        named = {"row_id": person["id"], "national_id": person["national_id"]}
        open_mismatch(tx, MismatchKind.TRANSFER_HALF_DONE, Entity.VOLUNTEER, **named, detail={"transfer": 1})
    facts = desk.facts(desk.one("transfer_half_done")["id"])
    assert [way.choice for way in facts.ways] == ["local", "national"]
    assert facts.proposal.choice is None
    with desk.transactions.write() as tx:
        close_mismatches(tx, Entity.VOLUNTEER, person["id"], kinds=[MismatchKind.TRANSFER_HALF_DONE])
    assert desk.listed() == []
