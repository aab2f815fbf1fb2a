from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from itertools import pairwise

import pytest
from tests.unit.mock.desk import Desk

from national_sync_mocks.nvsi_server import forms, rules
from national_sync_mocks.nvsi_server.areas import counties
from national_sync_mocks.nvsi_server.clock import parse_ms
from national_sync_mocks.nvsi_server.generator import Sizes
from national_sync_mocks.nvsi_server.identity import id_number_fault
from national_sync_mocks.nvsi_server.wire import COMMON_FIELDS, hundredths

SIZES = Sizes(volunteers=500, teams=120, projects=150, hours=6000)


@pytest.fixture
def big(make_desk: Callable[..., Desk]) -> Desk:
    return make_desk(SIZES, seed=7)


def test_the_same_seed_and_clock_make_the_same_city(make_desk: Callable[..., Desk]) -> None:
    sizes = Sizes(60, 12, 20, 400)
    first, second, other = (make_desk(sizes, seed=seed) for seed in (3, 3, 4))
    assert first.admin.dump({}) == second.admin.dump({})
    assert first.admin.dump({}) != other.admin.dump({})


def test_the_city_has_the_sizes_that_were_asked_for(big: Desk) -> None:
    tables = big.state.tables
    assert len(tables["volunteer"].records) == 500
    assert len(tables["team"].records) == 120
    assert len(tables["project"].records) == 150
    assert len(tables["hour"].records) == 6000
    assert {team.albe0012[:6] for team in tables["team"].records.values()} == {area.id[:6] for area in counties()}


def test_mainland_id_numbers_are_sound_and_some_are_old(big: Desk) -> None:
    people = [v for v in big.state.tables["volunteer"].records.values() if v.albp0004 == "01"]
    assert all(id_number_fault(person.albp0005) is None for person in people)
    assert {len(person.albp0005) for person in people} == {15, 18}
    assert {person.albp0005[:4] for person in people} >= {"5327", "5308"}
    assert {v.albp0063 for v in big.state.tables["volunteer"].records.values()} == {"0", "1", "2"}


def test_every_generated_record_would_pass_the_forms(big: Desk) -> None:
    for segment, table in big.state.tables.items():
        for record in table.records.values():
            content = {
                name: getattr(record, name)
                for name in record.__struct_fields__
                if name not in COMMON_FIELDS | forms.FORMS[segment].assigned
            }
            if segment == "volunteer":
                content["albp0002"] = content["albp0002"].strip()
            forms.new_record(segment, content)


def test_hours_lie_inside_their_project_in_the_past_and_never_overlap(big: Desk) -> None:
    projects = big.state.tables["project"].records
    spans: dict[str, list[tuple[int, int]]] = defaultdict(list)
    for hour in big.state.tables["hour"].records.values():
        start, end = parse_ms(hour.albx0181), parse_ms(hour.albx0182)
        project = projects[hour.albx0176]
        assert hour.albx0181[:10] == hour.albx0182[:10]
        assert parse_ms(project.albx0004) <= start < end <= min(parse_ms(project.albx0005), big.state.clock.now_ms())
        assert hundredths(hour.albx0172) == rules.rounded_hours(end - start) > 0
        assert hour.albx0177 == project.teamId
        spans[hour.albx0175].append((start, end))
    for own in spans.values():
        own.sort()
        assert all(first[1] <= second[0] for first, second in pairwise(own))


def test_totals_are_the_sums_but_for_a_few_on_purpose(big: Desk) -> None:
    sums: dict[str, int] = defaultdict(int)
    for hour in big.state.tables["hour"].records.values():
        if hour.albx0174 == "2":
            sums[hour.albx0175] += hundredths(hour.albx0172)
    people = big.state.tables["volunteer"].records.values()
    different = [person for person in people if hundredths(person.albp0089) != sums[person.albp0029]]
    assert 1 <= len(different) <= 3


def test_update_times_are_unique_and_not_after_the_clock(big: Desk) -> None:
    stamps = [stamp for table in big.state.tables.values() for stamp in table.stamps]
    assert len(stamps) == len(set(stamps))
    assert max(stamps) < big.state.clock.now_ms()
