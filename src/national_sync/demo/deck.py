"""The records of the first night as cards: each is dealt once, so that no edit meets another one by chance."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from national_sync.demo.mapping import ENTITIES, national_value
from national_sync.demo.sides import Row, Sides
from national_sync.records import Value


@dataclass(frozen=True)
class Card:
    """One record that both sides have alike."""

    entity: str
    row_id: int
    national_id: str
    wire: Mapping[str, Any]
    """As the national side shows it."""
    row: Row

    def __getitem__(self, column: str) -> Value:
        """What both sides say in a mirror column; another record is named as the national side names it."""
        return national_value(self.entity, column, self.wire)


class Deck:
    def __init__(self, sides: Sides, dice: random.Random) -> None:
        self._left: dict[str, list[Card]] = {}
        self._all: dict[str, dict[str, Card]] = {}
        for entity in ENTITIES:
            rows = sides.row_ids[entity]
            cards = [
                Card(entity, rows[number], number, record, sides.mirror[entity][rows[number]])
                for number, record in sides.alive(entity)
                if number in rows
            ]
            self._all[entity] = {card.national_id: card for card in cards}
            dice.shuffle(cards)
            self._left[entity] = cards

    def deal(self, entity: str, count: int, fits: Callable[[Card], bool] = lambda _card: True) -> list[Card]:
        """This many cards that nobody has had yet, or as many as there are."""
        dealt: list[Card] = []
        kept: list[Card] = []
        for card in self._left[entity]:
            (dealt if len(dealt) < count and fits(card) else kept).append(card)
        self._left[entity] = kept
        return dealt

    def one(self, entity: str, fits: Callable[[Card], bool] = lambda _card: True) -> Card:
        [card] = self.deal(entity, 1, fits)
        return card

    def all(self, entity: str) -> Mapping[str, Card]:
        """Every card by national id, dealt or not."""
        return self._all[entity]
