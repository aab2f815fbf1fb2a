"""What every edit of the story needs: the two writers, the cards, and made-up people, times and texts."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from typing import Any, Final

from national_sync.clock import local_text
from national_sync.demo.deck import Card, Deck
from national_sync.demo.mapping import check_digit
from national_sync.demo.writers import NationalOffice, Platform
from national_sync.records import Value

USUAL_EDITS: Final = 300
"""On each side; the counts in the story are those of this many."""

_SURNAMES: Final = "李王张刘陈杨赵黄周吴徐孙"
_GIVEN: Final = "云山水木林青松柏兰竹梅菊晨晓明亮华英"
_STREETS: Final = ("茶城大道", "振兴大道", "月光路", "宁洱大道", "人民西路", "滨河路", "石龙路", "白云路")
_REMARKS: Final = ("已核对签到表", "补充说明：雨天改在室内", "带队老师确认", "活动照片已存档")
_OPEN_PROJECTS: Final = ("4", "5", "12")
_OPEN_JOIN_RULES: Final = ("1", "2")
_EVENING_START: Final = 19 * 3600 + 1800
"""Nobody serves as late in the mock's city, so a record made then overlaps with no other."""
_EVENING_SECONDS: Final = 5_400


@dataclass(frozen=True)
class Person:
    """Somebody who is not registered yet."""

    name: str
    id_number: str
    sex: str
    """male or female."""
    birth_date: str
    phone: str
    area_id: str


@dataclass
class Scene:
    deck: Deck
    here: Platform
    there: NationalOffice
    dice: random.Random
    today: date
    edits: int
    teams_to_join: list[Card] = field(default_factory=list)
    """Teams that stay open all day."""
    _serials: Iterator[int] = field(default_factory=lambda: iter(range(900_000, 1_000_000)))

    def share(self, count: int) -> int:
        """A count of the usual story, in a story of another length."""
        return max(1, count * self.edits // USUAL_EDITS)

    # Made up

    def name(self) -> str:
        return self.dice.choice(_SURNAMES) + "".join(self.dice.sample(_GIVEN, 2))

    def phone(self) -> str:
        return f"1{self.dice.choice('3578')}{self.dice.randrange(10**9):09d}"

    def address(self) -> str:
        return f"{self.dice.choice(_STREETS)}{self.dice.randint(1, 300)}号"

    def remark(self) -> str:
        return self.dice.choice(_REMARKS)

    def other(self, present: Value, *choices: str) -> str:
        """One of the choices that is not the present value."""
        return self.dice.choice([choice for choice in choices if choice != present])

    def person(self) -> Person:
        born = self.today - timedelta(days=self.dice.randint(18 * 365, 60 * 365))
        county = f"5308{self.dice.choice(('02', '21', '22', '23', '24', '25', '26', '27', '28', '29'))}"
        body = f"{county}{born:%Y%m%d}{self.dice.randint(1, 999):03d}"
        sex = "male" if int(body[16]) % 2 else "female"
        return Person(self.name(), body + check_digit(body), sex, born.isoformat(), self.phone(), county + "0" * 12)

    def volunteer_number(self, area_id: str) -> str:
        return f"V{area_id[:6]}{self.today:%y%m}{next(self._serials)}V"

    # Dealt

    def volunteers(self, count: int) -> list[Card]:
        """People whose real-name check has passed."""
        return self.deck.deal("volunteer", count, lambda card: card["real_name_state"] == "passed")

    def hours(self, count: int, state: str) -> list[Card]:
        return self.deck.deal("hour_record", count, lambda card: card["state"] == state)

    @cached_property
    def projects_with_room(self) -> list[Card]:
        """Projects that had begun by yesterday and still take hours."""
        midnight = self.midnight
        fitting = [
            card
            for _, card in sorted(self.deck.all("project").items())
            if card.wire["albx0015"] in _OPEN_PROJECTS and card.row["started_at"] + 86_400 <= midnight
        ]
        self.dice.shuffle(fitting)
        return fitting

    @property
    def midnight(self) -> int:
        return (self.today.toordinal() - date(1970, 1, 1).toordinal()) * 86_400 - 8 * 3600

    def evening(self, number: int) -> tuple[Card, int, int]:
        """A project, and start and end of an evening on its first day."""
        project = self.projects_with_room[number % len(self.projects_with_room)]
        start = int(project.row["started_at"]) + _EVENING_START
        return project, start, start + _EVENING_SECONDS

    def pairs_to_join(self, count: int) -> list[tuple[Card, Card]]:
        """Volunteers and teams that are not members of one another."""
        members = {(card["volunteer_id"], card["team_id"]) for card in self.deck.all("membership").values()}
        ids = [team.national_id for team in self.teams_to_join]

        def is_stranger(card: Card) -> bool:
            return card["real_name_state"] == "passed" and not any(
                (card["number"], number) in members for number in ids
            )

        strangers = self.deck.deal("volunteer", count, is_stranger)
        return [(card, self.teams_to_join[place % len(ids)]) for place, card in enumerate(strangers)]

    def reserve_teams(self) -> None:
        def is_open(card: Card) -> bool:
            return card["state"] == "approved" and card.wire["albe0028"] in _OPEN_JOIN_RULES

        self.teams_to_join = self.deck.deal("team", self.share(15), is_open)

    def local_hours(self, volunteer_id: int, number: int) -> dict[str, Any]:
        """The columns of an hour record of that evening."""
        project, start, end = self.evening(number)
        return {
            "volunteer_id": volunteer_id,
            "project_id": project.row_id,
            "team_id": project.row["team_id"],
            "started_at": start,
            "ended_at": end,
            "service_seconds": end - start,
        }

    def national_hours(self, volunteer: Card, number: int) -> dict[str, str]:
        """The same on the national side, in its own names."""
        project, start, end = self.evening(number)
        return {
            "albx0175": str(volunteer["number"]),
            "albx0176": project.national_id,
            "albx0177": str(project["team_id"]),
            "albx0181": f"{local_text(start)}.0",
            "albx0182": f"{local_text(end)}.0",
            "albx0172": f"{(end - start) // 36 / 100:.2f}",
        }

    def registration(self, person: Person) -> dict[str, str]:
        """A volunteer as the national side would register one, in its own names."""
        return {
            "albp0003": person.name,
            "albp0004": "01",
            "albp0005": person.id_number,
            "albp0006": "1" if person.sex == "male" else "2",
            "albp0014": person.birth_date,
            "albp0010": person.phone,
            "albp0020": person.area_id,
            "albp0029": self.volunteer_number(person.area_id),
            "albp0034": f"{self.today} 09:00:00.0",
        }
