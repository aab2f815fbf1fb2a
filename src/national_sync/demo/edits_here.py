"""What the city's own programs do on the day between the nights."""

from __future__ import annotations

from typing import Any

from national_sync.demo.scene import Person, Scene
from national_sync.records import Value


def registered(scene: Scene, person: Person) -> int:
    """The row of a new volunteer, written plain as other programs write."""
    return scene.here.create(
        "volunteer",
        name=person.name,
        id_number=person.id_number,
        sex=person.sex,
        birth_date=person.birth_date,
        phone=person.phone,
        service_area_id=person.area_id,
    )


def newcomers_of_the_morning(scene: Scene) -> None:
    """People register and are entered with what they have joined and done; that waits until they are known there."""
    for number in range(scene.share(5)):
        row_id = registered(scene, scene.person())
        team = scene.teams_to_join[number % len(scene.teams_to_join)]
        scene.here.create("membership", volunteer_id=row_id, team_id=team.row_id)
        scene.here.create("hour_record", **scene.local_hours(row_id, number))


def sign_in_sheets_of_the_afternoon(scene: Scene) -> None:
    for number, volunteer in enumerate(scene.volunteers(scene.share(28))):
        scene.here.create("hour_record", **scene.local_hours(volunteer.row_id, number))


def evening(scene: Scene) -> None:
    _people(scene)
    _teams_and_projects(scene)
    _memberships(scene)
    _hours(scene)
    _trainings(scene)
    _new_things(scene)


def _people(scene: Scene) -> None:
    for card in scene.volunteers(scene.share(40)):
        scene.here.change(card, skills=scene.other(card["skills"], "01", "01,03", "04,15", "08", "19,23"))
    for card in scene.volunteers(scene.share(30)):
        scene.here.change(card, occupation=scene.other(card["occupation"], "13", "17", "24", "37", "70"))
    for card in scene.volunteers(scene.share(25)):
        scene.here.change(card, education=scene.other(card["education"], "11", "14", "20", "30"))
    for card in scene.volunteers(scene.share(30)):
        scene.here.change(card, phone=scene.phone())
    for card in scene.volunteers(scene.share(10)):
        area = scene.other(card["living_area_id"], "530802000000000000", "530829000000000000")
        scene.here.change(card, living_area_id=area, living_area_name=_COUNTIES[area])
    for card in scene.volunteers(scene.share(4)):
        scene.here.change(card, name=scene.name())


_COUNTIES = {"530802000000000000": "思茅区", "530829000000000000": "西盟佤族自治县"}


def _teams_and_projects(scene: Scene) -> None:
    for card in scene.deck.deal("team", scene.share(8)):
        scene.here.change(card, contact_phone=scene.phone())
    for card in scene.deck.deal("team", scene.share(6)):
        scene.here.change(card, contact_name=scene.name(), leader_name=scene.name())
    for card in scene.deck.deal("project", scene.share(18)):
        scene.here.change(card, address=scene.address())
    for card in scene.deck.deal("project", scene.share(8)):
        scene.here.change(card, people_served=scene.other(card["people_served"], "01", "03", "09", "10"))


def _memberships(scene: Scene) -> None:
    for volunteer, team in scene.pairs_to_join(scene.share(14)):
        scene.here.create("membership", volunteer_id=volunteer.row_id, team_id=team.row_id)
    for card in scene.deck.deal("membership", scene.share(4)):
        scene.here.delete(card)
    for (volunteer, team), left in zip(
        scene.pairs_to_join(scene.share(5)), scene.deck.deal("membership", scene.share(5)), strict=False
    ):
        # A transfer is two edits: out of the one team, into the other.
        scene.here.delete(left)
        scene.here.create("membership", volunteer_id=volunteer.row_id, team_id=team.row_id)


def _hours(scene: Scene) -> None:
    for number, volunteer in enumerate(scene.volunteers(scene.share(8))):
        scene.here.create("hour_record", **scene.local_hours(volunteer.row_id, number), remark=scene.remark())
    for card in scene.hours(scene.share(14), "applying"):
        scene.here.change(card, remark=scene.remark())
    for card in scene.hours(scene.share(4), "applying"):
        scene.here.delete(card)


def _trainings(scene: Scene) -> None:
    for volunteer in scene.volunteers(scene.share(10)):
        scene.here.create("training_record", **_training(volunteer.row_id, f"{scene.today}"))
    for card in scene.deck.deal("training_record", scene.share(8)):
        scene.here.change(card, content="理论、练习与考核")
    for card in scene.deck.deal("training_record", scene.share(2)):
        scene.here.delete(card)


def _training(volunteer_id: int, day: str) -> dict[str, Any]:
    return {
        "volunteer_id": volunteer_id,
        "topic": "应急救护员复训",
        "training_date": day,
        "training_seconds": 4 * 3600,
        "organiser": "普洱市红十字会",
    }


def _new_things(scene: Scene) -> None:
    for number in range(scene.share(2)):
        scene.here.create("team", name=f"思茅区晚霞志愿服务{number + 1}队", area_id="530802000000000000", **_JOINING)
    for number in range(scene.share(4)):
        team = scene.teams_to_join[number % len(scene.teams_to_join)]
        scene.here.create("project", **_project(scene, f"春季护林{number + 1}", team.row_id, str(team["area_id"])))
    for _ in range(scene.share(2)):
        registered(scene, scene.person())


_JOINING = {"join_rule": "anyone", "contact_name": "刀晓华"}


def _project(scene: Scene, name: str, team_id: int, area_id: str) -> dict[str, Value]:
    start = scene.midnight + 7 * 86_400
    return {
        "name": name,
        "team_id": team_id,
        "started_at": start,
        "ended_at": start + 10 * 86_400 - 1,
        "categories": "0012",
        "area_id": area_id,
        "address": scene.address(),
    }
