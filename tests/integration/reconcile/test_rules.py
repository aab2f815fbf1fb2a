"""Standing rules, from adding one to what it has done."""

from __future__ import annotations

import json

import pytest
from tests.integration.reconcile.desk import ADMINISTRATOR, CHEN, NINGER, SEALER, Desk, volunteer

from national_sync.errors import AlreadySettled, NotAllowed, NotFound, UsageError
from national_sync.reconcile.rules import NewRule, add_rule, list_rules, remove_rule, try_rule
from national_sync.reconcile.search import Filter
from national_sync.reconcile.undoing import undo
from national_sync.records import Entity
from national_sync.sync.kinds import MismatchKind

OCCUPATIONS = NewRule(Entity.VOLUNTEER, "local", field="occupation")


def _clash(desk: Desk, *numbers: int, version: int = 2, **content: str) -> None:
    desk.shows(*(volunteer(number, version=version - 1, occupation="24", **content) for number in numbers))
    for number in numbers:
        desk.edit("UPDATE volunteer SET occupation = '13' WHERE number = ?", f"V{number}")
    desk.shows(*(volunteer(number, version=version, occupation="37", **content) for number in numbers))


def _add(desk: Desk, rule: NewRule) -> int:
    with desk.connection() as connection:
        return add_rule(connection, ADMINISTRATOR, rule, desk.now)


def test_rule_decides_what_fits_and_is_named_in_event_and_audit(any_desk: Desk) -> None:
    desk = any_desk
    city, county = _add(desk, OCCUPATIONS), _add(desk, NewRule(Entity.VOLUNTEER, "national", county="530821"))
    _clash(desk, 1, 2)
    _clash(desk, 3, service_area_id=NINGER)
    assert desk.run() == 3
    by = {row["subject"][:2]: row["decided_by"] for row in desk.listed(Filter(state="closed"))}
    assert by == {"01": f"rule:{city}", "02": f"rule:{city}", "03": f"rule:{city}"}
    assert [desk.volunteer(number)["occupation"] for number in (1, 2, 3)] == ["13", "13", "13"]
    entries = desk.rows("SELECT * FROM audit_entry WHERE action = 'mismatch.decided'")
    assert [(entry["actor"], json.loads(entry["detail"])["count"]) for entry in entries] == [(f"rule:{city}", 3)]
    assert desk.events(desk.listed(Filter(state="closed"))[0]["id"]) == ["decided", "carried_out"]
    with desk.connection() as connection:
        assert [(one["id"], one["decided"]) for one in list_rules(connection)] == [(city, 3), (county, 0)]


def test_what_a_person_takes_back_from_a_rule_is_left_to_persons(desk: Desk) -> None:
    _add(desk, OCCUPATIONS)
    _clash(desk, 1)
    from national_sync.sync.standing import apply_rules

    assert apply_rules(desk.transactions) == 1
    number = desk.one("both_edited")["id"]
    with desk.connection() as connection:
        assert undo(connection, SEALER, CHEN, number, desk.now) == "dropped"
    assert desk.run() == 0
    assert desk.one("both_edited")["decision"] is None


def test_removed_rule_decides_nothing_more(desk: Desk) -> None:
    rule = _add(desk, OCCUPATIONS)
    with desk.connection() as connection:
        remove_rule(connection, ADMINISTRATOR, rule, desk.now)
        with pytest.raises(AlreadySettled):
            remove_rule(connection, ADMINISTRATOR, rule, desk.now)
        with pytest.raises(NotFound):
            remove_rule(connection, ADMINISTRATOR, rule + 1, desk.now)
    _clash(desk, 1)
    assert desk.run() == 0


def test_rule_is_compared_with_what_persons_decided(desk: Desk) -> None:
    _clash(desk, 1, 2, 3)
    first, second, third = (one["id"] for one in desk.listed())
    desk.decide(first, "local")
    desk.decide(second, "national")
    desk.run()
    with desk.connection() as connection:
        tested = try_rule(connection, OCCUPATIONS)
    assert (tested.open, tested.past, tested.alike, tested.otherwise) == (1, 2, 1, (second,))
    assert third == desk.one("both_edited")["id"]


@pytest.mark.parametrize(
    "rule",
    [
        NewRule(Entity.VOLUNTEER, "national", MismatchKind.HOURS_NOT_SPAN),
        NewRule(Entity.VOLUNTEER, "local", MismatchKind.AUDITED_EDIT),
        NewRule(Entity.VOLUNTEER, "set"),
        NewRule(Entity.VOLUNTEER, "local", field="shoe_size"),
        NewRule(Entity.VOLUNTEER, "local", county="5308"),
    ],
)
def test_rule_that_cannot_be_is_refused(desk: Desk, rule: NewRule) -> None:
    with pytest.raises(UsageError):
        _add(desk, rule)


def test_rule_is_an_administrators_and_there_is_one_of_each(desk: Desk) -> None:
    with desk.connection() as connection, pytest.raises(NotAllowed):
        add_rule(connection, CHEN, OCCUPATIONS, desk.now)
    _add(desk, OCCUPATIONS)
    with pytest.raises(AlreadySettled):
        _add(desk, OCCUPATIONS)
