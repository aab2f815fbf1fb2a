"""What the rest of the national side does on the day between the nights. Field names are those of the wire."""

from __future__ import annotations

from national_sync.clock import local_text
from national_sync.demo.deck import Card
from national_sync.demo.scene import Scene

CATEGORIES = ("0001", "0003,0006", "0004,0012", "0008", "0011,0017", "0014")


def evening(scene: Scene) -> None:
    _people(scene)
    _teams_and_projects(scene)
    _memberships(scene)
    _hours(scene)
    _trainings(scene)


def _people(scene: Scene) -> None:
    for card in scene.volunteers(scene.share(45)):
        scene.there.change(card, albp0021=scene.other(card["categories"], *CATEGORIES))
    for card in scene.volunteers(scene.share(25)):
        scene.there.change(card, albp0017=scene.other(card["education"], "11", "14", "20", "30"))
    for card in scene.volunteers(scene.share(25)):
        scene.there.change(card, albp0018=scene.other(card["occupation"], "13", "17", "24", "37"))
    for card in scene.volunteers(scene.share(12)):
        scene.there.change(card, albp0003=scene.name())
    for card in scene.volunteers(scene.share(6)):
        scene.there.change(card, albp0020="530827000000000000", albp0025="孟连傣族拉祜族佤族自治县")
    for card in scene.volunteers(scene.share(3)):
        scene.there.change(card, albp0026="1")
    for _ in range(scene.share(6)):
        scene.there.create("volunteer", **scene.registration(scene.person()))
    loser, winner = scene.volunteers(2)
    scene.there.merge(loser, winner)


def _teams_and_projects(scene: Scene) -> None:
    for card in scene.deck.deal("team", scene.share(8)):
        scene.there.change(card, albe0018=scene.name())
    for card in scene.deck.deal("team", scene.share(6)):
        scene.there.change(card, albe0017=scene.other(card["categories"], *CATEGORIES))
    scene.there.change(scene.deck.one("team", lambda card: card["state"] == "approved"), albe0026="3")
    for card in scene.deck.deal("project", scene.share(12)):
        scene.there.change(card, albx0003=scene.address())
    for card in scene.deck.deal("project", scene.share(8), lambda card: card["state"] == "running"):
        later = local_text(int(card.row["ended_at"]) + 7 * 86_400)
        scene.there.change(card, albx0005=f"{later}.0")
    for card in scene.deck.deal("project", scene.share(6), lambda card: card["state"] == "running"):
        scene.there.change(card, albx0015="8")


def _memberships(scene: Scene) -> None:
    for volunteer, team in scene.pairs_to_join(scene.share(12)):
        scene.there.create(
            "membership",
            albe0133=str(volunteer["number"]),
            teamId=team.national_id,
            albe0134="1",
            albe0136=f"{scene.today} 18:00:00.0",
        )
    for card in scene.deck.deal("membership", scene.share(6)):
        scene.there.withdraw(card)
    for card in scene.deck.deal("membership", scene.share(4), lambda card: card["state"] == "applied"):
        scene.there.change(card, albe0134="1")


def _hours(scene: Scene) -> None:
    for card in scene.hours(scene.share(35), "effective"):
        scene.there.change(card, remark=scene.remark())
    for card in scene.hours(scene.share(15), "applying"):
        scene.there.change(card, albx0174="2")
    for card in scene.hours(scene.share(5), "applying"):
        scene.there.change(card, albx0174="4")
    for number, volunteer in enumerate(scene.volunteers(scene.share(30))):
        scene.there.create("hour_record", **scene.national_hours(volunteer, number), remark=scene.remark())


def _trainings(scene: Scene) -> None:
    for volunteer in scene.volunteers(scene.share(8)):
        scene.there.create("training_record", **_training(volunteer, f"{scene.today}"))
    for card in scene.deck.deal("training_record", scene.share(6)):
        scene.there.change(card, place="市文化馆")


def _training(volunteer: Card, day: str) -> dict[str, str]:
    return {
        "volunteerNumber": str(volunteer["number"]),
        "albx0282": "森林防火常识",
        "albx0284": day,
        "albx0288": "2.00",
    }
