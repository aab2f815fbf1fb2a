"""What is proposed, explained and reckoned about mismatches."""

from __future__ import annotations

import pytest

from national_sync import i18n
from national_sync.reconcile.effects import effect_of, seconds_changed, star_of
from national_sync.reconcile.kinds import choices_of, explained
from national_sync.reconcile.proposals import Seen, propose
from national_sync.reconcile.showing import differing, masked, without_numbers
from national_sync.sync.kinds import ACCEPT_KINDS, DECISIONS, MismatchKind

HOUR = 3600
RECORD = {"service_seconds": 2 * HOUR, "state": "effective"}


@pytest.mark.parametrize(
    ("seen", "choice", "reason"),
    [
        (Seen(None, "茶城路 12", "茶城路１２"), "national", "the same"),
        (Seen("x", "y", None), "local", "no value"),
        (Seen("x", None, "y"), "national", "no value here"),
        (Seen("x", "茶城路12号3栋", "茶城路12号"), "local", "and more"),
        (Seen("x", "茶城路", "茶城路12号"), "national", "and more"),
        (Seen("x", "y", "z", ours_at=9000, theirs_at=1), "local", "later"),
        (Seen("x", "y", "z", ours_at=1, theirs_at=9000), "national", "later"),
        (Seen("x", "y", "z", ours_at=9000, theirs_at=9000), "national", "Nothing speaks"),
        (Seen("x", "y", "z", ours_at=9030, theirs_at=9000), "national", "Nothing speaks"),
        (Seen("x", "y", "z", ours_at=1), "national", "Nothing speaks"),
    ],
)
def test_fuller_value_is_proposed_or_else_the_later_one(seen: Seen, choice: str, reason: str) -> None:
    proposal = propose(MismatchKind.BOTH_EDITED, seen)
    assert proposal.choice == choice
    assert reason in str(proposal.reason)


@pytest.mark.parametrize("kind", MismatchKind)
@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_kind_has_a_name_a_cause_ways_out_and_an_end(kind: MismatchKind, language: i18n.Language) -> None:
    i18n.use(language)
    facts = explained(kind)
    assert all(facts[name] for name in ("name", "cause", "reason", "closes"))
    assert list(facts["choices"]) == list(choices_of(kind))
    assert all(facts["choices"].values())
    assert facts["proposal"] in (None, *choices_of(kind))
    assert (language == "zh") is not facts["name"].isascii()


def test_accepting_is_one_of_the_decisions() -> None:
    assert all(DECISIONS[kind] == ("national",) for kind in ACCEPT_KINDS)


@pytest.mark.parametrize(("hours", "stars"), [(0, 0), (99.99, 0), (100, 1), (300, 2), (600, 3), (1000, 4), (1500, 5)])
def test_star_rests_on_hours(hours: float, stars: int) -> None:
    """A2: 100, 300, 600, 1000, 1500 hours."""
    assert star_of(int(hours * HOUR)) == stars


def test_effect_tells_hours_stars_and_balance() -> None:
    effect = effect_of(99 * HOUR, 2 * HOUR, 10 * HOUR)
    assert (effect.star_before, effect.star_after) == (0, 1)
    assert (effect.balance_before, effect.balance_after) == (10 * HOUR, 12 * HOUR)
    assert effect_of(0, 0, None).balance_after is None


@pytest.mark.parametrize(
    ("kind", "choice", "deleted", "field", "theirs", "changed"),
    [
        (MismatchKind.DELETED_HERE_EDITED_THERE, "national", True, "", None, 2 * HOUR),
        (MismatchKind.DELETED_HERE_EDITED_THERE, "local", True, "", None, 0),
        (MismatchKind.AUDITED_EDIT, "national", True, "", None, 2 * HOUR),
        (MismatchKind.AUDITED_EDIT, "national", False, "service_seconds", "3600", -HOUR),
        (MismatchKind.AUDITED_EDIT, "national", False, "remark", "3600", 0),
        (MismatchKind.BOTH_EDITED, "local", False, "service_seconds", "3600", 0),
        (MismatchKind.HOURS_OVERLAP, "national", False, "", None, 0),
    ],
)
def test_seconds_change_only_where_a_choice_touches_hours_that_count(
    kind: MismatchKind, choice: str, deleted: bool, field: str, theirs: str | None, changed: int
) -> None:
    def asked(row: dict[str, object] | None) -> int:
        return seconds_changed(kind, choice, row, is_deleted_here=deleted, field=field, theirs=theirs)

    assert asked(RECORD) == changed
    assert asked({**RECORD, "state": "applying"}) == 0
    assert asked(None) == 0


def test_differing_characters_are_those_the_other_side_lacks() -> None:
    assert differing("茶城大道", "茶马大道") == ((1, 2),)
    assert differing("同", "同") == ()
    assert differing("一二", "") == ((0, 2),)


def test_personal_values_are_masked() -> None:
    assert masked("13887900001") == "138******01"
    assert masked("12345") == "*****"
    assert without_numbers("电话13887900001，号 12") == "电话138******01，号 12"
