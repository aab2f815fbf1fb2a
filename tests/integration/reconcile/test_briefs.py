"""Many mismatches read together tell the same as the page of each, however many they are."""

from __future__ import annotations

from sqlalchemy import event
from tests.integration.reconcile.desk import SEALER, Desk, hours, project, team, volunteer

from national_sync.reconcile.briefs import Brief, briefs_of
from national_sync.reconcile.facts import Facts


def a_morning(desk: Desk) -> list[int]:
    """Mismatches of many kinds; their numbers."""
    persons = [volunteer(number, occupation="茶农", phone="13887900001") for number in (1, 2, 3, 4)]
    desk.shows(*persons, team(), project())
    desk.edit("UPDATE volunteer SET occupation = '教师', phone = '13887900002' WHERE number = 'V1'")
    desk.edit("UPDATE volunteer SET occupation = '医生' WHERE number = 'V2'")
    desk.edit("DELETE FROM volunteer WHERE number = 'V4'")
    desk.clock.moment += 86_400
    desk.shows(
        volunteer(1, version=2_000_000_000, occupation="教师（退休）", phone="13887900003", total_seconds=3600),
        volunteer(2, version=2, name="白茶", occupation="护士"),
        volunteer(3, version=2, id_number="530802198511020029", real_name_state="failed"),
        volunteer(4, version=2, occupation="护士"),
    )
    desk.shows(hours(1), hours(2, started_at=1_771_086_500, ended_at=1_771_086_500 + 3600))
    desk.shows(hours(3, started_at=1_769_000_000, ended_at=1_769_007_200))
    desk.run()
    return [mismatch["id"] for mismatch in desk.listed()]


def told_of(facts: Facts) -> dict[str, object]:
    return {
        "field": facts.field,
        "county": facts.county,
        "base": facts.base.shown,
        "ours": facts.present if facts.has_moved else facts.ours.shown,
        "theirs": facts.theirs.shown,
        "record": facts.record,
        "others": facts.others,
        "limits": facts.limits,
        "digest": facts.digest,
    }


def test_a_brief_tells_what_the_page_tells(any_desk: Desk) -> None:
    desk = any_desk
    numbers = a_morning(desk)
    desk.edit("UPDATE volunteer SET occupation = '司机' WHERE number = 'V2'")
    with desk.database.read() as connection:
        briefs = briefs_of(connection, SEALER, numbers)
    assert [brief.id for brief in briefs] == numbers
    assert {brief.kind.value for brief in briefs} >= {
        "both_edited",
        "deleted_here_edited_there",
        "same_person_twice",
        "same_name_and_birth",
        "real_name_failed",
        "total_not_sum",
        "hours_overlap",
        "hours_not_span",
        "hours_outside_project",
    }
    for brief in briefs:
        facts = desk.facts(brief.id)
        page = told_of(facts)
        assert {name: getattr(brief, name) for name in page} == page, brief.kind
        assert brief.proposal.choice == facts.proposal.choice, brief.kind
        assert str(brief.proposal.reason) == str(facts.proposal.reason), brief.kind


def test_reading_many_takes_as_many_queries_as_reading_few(desk: Desk) -> None:
    numbers = a_morning(desk)
    clashes = [brief.id for brief in _briefs(desk, numbers)[0] if brief.kind == "both_edited"]
    _few, asked_for_few = _briefs(desk, clashes[:1])
    _many, asked_for_many = _briefs(desk, clashes)
    assert len(clashes) > 1
    assert asked_for_many == asked_for_few


def _briefs(desk: Desk, numbers: list[int]) -> tuple[list[Brief], int]:
    """What is told of them, and how many queries it took."""
    asked: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_more: object) -> None:
        asked.append(statement)

    event.listen(desk.database.engine, "before_cursor_execute", note)
    try:
        with desk.database.read() as connection:
            found = briefs_of(connection, SEALER, numbers)
    finally:
        event.remove(desk.database.engine, "before_cursor_execute", note)
    return found, len(asked)
