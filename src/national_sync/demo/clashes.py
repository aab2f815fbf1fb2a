"""The trouble of the day: at least one of every kind of mismatch, a record nobody can read, a mass deletion."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from national_sync.clock import local_text
from national_sync.demo.deck import Card
from national_sync.demo.mapping import check_digit
from national_sync.demo.scene import Scene

MASS_DELETION: Final = 24
"""More than the guard lets through: over 20 records and over 5 % of them."""
IMPOSSIBLE_ID_NUMBER: Final = "530802199013450019"
"""A month 13 on a day 45."""


def evening(scene: Scene) -> None:
    _both_edit(scene)
    _edits_of_what_is_not_ours(scene)
    _deletions(scene)
    _odd_hours(scene)
    _odd_people(scene)
    _what_will_be_refused(scene)
    for card in scene.deck.deal("training_record", MASS_DELETION):
        scene.there.withdraw(card)


def _both_edit(scene: Scene) -> None:
    for card in scene.volunteers(2):
        scene.here.change(card, occupation=scene.other(card["occupation"], "13", "17"))
        scene.there.change(card, albp0018=scene.other(card["occupation"], "24", "37"))
    team = scene.deck.one("team")
    scene.here.change(team, contact_name=scene.name())
    scene.there.change(team, albe0018="岩晓明")
    for card in scene.volunteers(scene.share(6)):
        # Different fields of one record are no trouble at all, nor is the same value in the same field.
        scene.here.change(card, skills="01,04", education="20")
        scene.there.change(card, albp0003=scene.name(), albp0017="20")


def _edits_of_what_is_not_ours(scene: Scene) -> None:
    """Fields that the national side owns, and hours that have been audited."""
    star, total = scene.volunteers(2)
    scene.here.change(star, star=5)
    scene.here.change(total, total_seconds=3_600_000)
    # Another program has copied a mark that turns the writing direction.
    scene.here.change(scene.deck.one("project"), address="\u202e思茅区茶城大道")
    remarked, deleted = scene.hours(2, "effective")
    scene.here.change(remarked, remark="重复登记？")
    scene.here.delete(deleted)


def _deletions(scene: Scene) -> None:
    training = scene.deck.one("training_record")
    scene.here.delete(training)
    scene.there.change(training, organiser="普洱市应急管理局")
    [applied] = scene.hours(1, "applying")
    scene.here.change(applied, remark="等待核对")
    scene.there.withdraw(applied)
    for card in scene.hours(3, "effective"):
        scene.there.withdraw(card)
    _project_with_hours(scene)


def _project_with_hours(scene: Scene) -> None:
    """Deleted here though people have served in it; nobody else touches its hours."""
    served = {card["project_id"] for card in scene.deck.all("hour_record").values() if card["state"] == "effective"}
    busy = {project.national_id for project in scene.projects_with_room}
    project = scene.deck.one("project", lambda card: card.national_id in served and card.national_id not in busy)
    scene.deck.deal(
        "hour_record", len(scene.deck.all("hour_record")), lambda card: card["project_id"] == project.national_id
    )
    scene.here.delete(project)


def _odd_hours(scene: Scene) -> None:
    [wrong, overlapped, outside] = scene.hours(3, "effective")
    scene.there.change(wrong, albx0172=f"{int(wrong.row['service_seconds']) // 36 / 100 + 1:.2f}")
    start, end = int(overlapped.row["started_at"]), int(overlapped.row["ended_at"])
    scene.there.create("hour_record", **_hours_beside(overlapped, start + 600, end))
    project = scene.deck.all("project")[str(outside["project_id"])]
    before = int(project.row["started_at"]) - 3 * 3600
    scene.there.create("hour_record", **_hours_beside(outside, before, before + 3600))


def _hours_beside(card: Card, start: int, end: int) -> dict[str, str]:
    """Another effective record of the same person at the same project."""
    return {
        **{name: str(card.wire[name]) for name in ("albx0175", "albx0176", "albx0177")},
        "albx0181": f"{local_text(start)}.0",
        "albx0182": f"{local_text(end)}.0",
        "albx0172": f"{(end - start + 18) // 36 / 100:.2f}",
    }


def _odd_people(scene: Scene) -> None:
    [failing] = scene.volunteers(1)
    scene.there.change(failing, albp0063="0")
    twice, namesake = scene.deck.deal("volunteer", 2, _has_long_number_of_last_century)
    number = str(twice["id_number"])
    again = replace(scene.person(), id_number=number[:6] + number[8:17], birth_date=str(twice["birth_date"]))
    scene.there.create("volunteer", **scene.registration(again))
    body = str(namesake["id_number"])[:14] + scene.other(str(namesake["id_number"])[14:17], "516", "518")
    alike = replace(
        scene.person(),
        name=str(namesake["name"]),
        birth_date=str(namesake["birth_date"]),
        id_number=body + check_digit(body),
    )
    scene.there.create("volunteer", **scene.registration(alike))
    nobody = scene.registration(replace(scene.person(), id_number=IMPOSSIBLE_ID_NUMBER))
    scene.there.create("volunteer", **nobody)
    scene.there.create(
        "membership", albe0133=nobody["albp0029"], teamId=scene.teams_to_join[0].national_id, albe0134="1"
    )


def _has_long_number_of_last_century(card: Card) -> bool:
    number = str(card.wire["albp0005"])
    return card["id_type"] == "01" and len(number) == 18 and number[6:8] == "19"


def _what_will_be_refused(scene: Scene) -> None:
    [busy] = scene.deck.deal("hour_record", 1, lambda card: _takes_hours(scene, card))
    start, end = int(busy.row["started_at"]) + 600, int(busy.row["ended_at"])
    scene.here.create(
        "hour_record",
        volunteer_id=busy.row["volunteer_id"],
        project_id=busy.row["project_id"],
        team_id=busy.row["team_id"],
        started_at=start,
        ended_at=end,
        service_seconds=(end - start + 18) // 36 * 36,
    )
    [early, joining] = scene.volunteers(2)
    scene.here.create(
        "training_record",
        volunteer_id=early.row_id,
        topic="夏季防汛演练",
        training_date=f"{scene.today + timedelta(days=90)}",
        training_seconds=7_200,
    )
    closed = scene.deck.one("team", lambda card: card["state"] != "approved")
    scene.here.create("membership", volunteer_id=joining.row_id, team_id=closed.row_id)


def _takes_hours(scene: Scene, card: Card) -> bool:
    return card["state"] == "effective" and any(
        project.national_id == card["project_id"] for project in scene.projects_with_room
    )
