"""What the full screen asks of the database, on both stores."""

from __future__ import annotations

import pytest
from tests.integration.reconcile.registry import CHEN, NOW, OF_MOJIANG, Registry

from national_sync.cli.review.docket import Docket
from national_sync.errors import AlreadySettled, NotAllowed
from national_sync.operators.rights import Operator
from national_sync.policy import Policy
from national_sync.reconcile.search import Filter
from national_sync.sealing import Sealer
from national_sync.store.database import Database


@pytest.fixture
def registry(database: Database, sealer: Sealer) -> Registry:
    return Registry(database, sealer)


def docket(registry: Registry, operator: Operator = CHEN, wanted: Filter | None = None) -> Docket:
    wanted = wanted or Filter()
    return Docket(registry.database, registry.sealer, lambda _c: operator, wanted, lambda: NOW, Policy().owners)


def test_undecided_ones_are_read_on_in_either_order(registry: Registry) -> None:
    numbers = [registry.clash() for _ in range(3)]
    lying = docket(registry)
    assert [row["id"] for row in lying.some()] == numbers
    assert [row["id"] for row in lying.some(numbers[0])] == numbers[1:]
    lying.newest_first = True
    assert [row["id"] for row in lying.some(numbers[2])] == [numbers[1], numbers[0]]
    lying.decide(lying.facts(numbers[0]), "local")
    assert (lying.count(), [row["id"] for row in lying.some()]) == (2, [numbers[2], numbers[1]])


def test_alike_means_kind_field_and_proposal_and_is_undone_together(registry: Registry) -> None:
    alike = [registry.clash() for _ in range(3)]
    other = registry.clash("茶城路", "茶城路 1 号")
    lying = docket(registry)
    found = lying.alike(lying.facts(alike[0]))
    assert found is not None
    assert (found.choice, sorted(found.digests)) == ("local", alike)
    registry.execute(
        "UPDATE volunteer SET service_area_name = 'x' WHERE id = (SELECT row_id FROM mismatch WHERE id = :id)",
        id=alike[1],
    )
    assert lying.decide_alike(found) == (2, 1)
    assert sorted(row["id"] for row in lying.some()) == [alike[1], other]
    assert sorted(lying.undo()) == [alike[0], alike[2]]
    assert lying.undo() == []
    assert lying.count() == 4


def test_a_decision_of_somebody_else_stands(registry: Registry) -> None:
    number = registry.clash()
    one, other = docket(registry), docket(registry, Operator(3, "dao", CHEN.role))
    seen = one.facts(number)
    other.decide(other.facts(number), "national")
    with pytest.raises(AlreadySettled):
        one.decide(seen, "local")
    assert one.row(number)["decision"] == "national"


def test_a_county_operator_stays_in_the_county(registry: Registry) -> None:
    here = registry.clash(service_area_id="530822000000000000")
    elsewhere = registry.clash()
    lying = docket(registry, OF_MOJIANG, Filter(county="530822"))
    assert [row["id"] for row in lying.some()] == [here]
    with pytest.raises(NotAllowed):
        lying.decide(lying.facts(elsewhere), "local")
    with pytest.raises(NotAllowed):
        lying.look_for(Filter(county="530802"))
    lying.look_for(Filter())
    assert lying.wanted.county == "530822"
