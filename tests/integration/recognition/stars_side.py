"""The national side in memory, as far as stars go."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from national_sync.national.port import Capabilities, Done, Outcome, StarApplication, StarRequest, StarState


@dataclass
class Stars:
    """`answers` come before its own; `shown` is what it has."""

    answers: list[Outcome] = field(default_factory=list)
    shown: list[StarApplication] = field(default_factory=list)
    asked: list[StarRequest] = field(default_factory=list)
    batches: int = 0

    def open(self) -> None: ...

    def close(self) -> None: ...

    def capabilities(self) -> Capabilities:
        return Capabilities(star_applications=True, batch_size=2)

    def star_applications(self, volunteer_numbers: Sequence[str]) -> list[StarApplication]:
        return [one for one in self.shown if one.volunteer_number in volunteer_numbers]

    def apply_for_stars(self, requests: Sequence[StarRequest]) -> list[Outcome]:
        self.batches += 1
        return [self._taken(request) for request in requests]

    def _taken(self, request: StarRequest) -> Outcome:
        self.asked.append(request)
        if self.answers:
            return self.answers.pop(0)
        self.show(request.volunteer_number, request.star, StarState.PENDING)
        return Done(self.shown[-1].national_id, None)

    def show(self, number: str, star: int, state: StarState) -> None:
        self.shown.append(StarApplication(f"{len(self.shown) + 1:032x}", number, "t", star, state, len(self.shown)))

    def decide(self, state: StarState) -> None:
        self.shown = [
            StarApplication(one.national_id, one.volunteer_number, "t", one.star, state, one.applied_at)
            for one in self.shown
        ]
