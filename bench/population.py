"""A city as the national side would list it: records on the wire, the same for the same sizes.

Every volunteer serves at most once a day, inside the project's dates, and the totals of persons and teams add up, so
that nothing here is a mismatch: the benchmarks measure the ordinary record.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache, cached_property
from typing import Final, NamedTuple


class WireRecord(NamedTuple):
    national_id: str
    updated_at_ms: int
    text: str
    """The record as JSON."""


EPOCH_MS: Final = 1_772_301_600_000
"""The national side's clock when the first run begins: 2026-03-01 02:00 in Puer. Every record is older."""
SECONDS_PER_HUNDREDTH: Final = 36

_ID_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_AREA: Final = "530802001000000000"
_FIRST_DAY: Final = date(2025, 1, 1)
_DAYS: Final = 365
_DAY_STEP: Final = 17  # 17 x 20 services stay within a year, so a volunteer never serves twice a day
_FIRST_MS: Final = 1_735_660_800_000  # midnight of the first day in Puer
_SETTLED: Final = "2026-02-20 09:00:00.000"
_SETTLED_MS: Final = 1_771_549_200_000
_MS_PER_DAY: Final = 86_400_000
_LAST_CHANGE_MS: Final = (_DAYS + 20) * _MS_PER_DAY
_REMARKS: Final = ("", "", "", "社区卫生清扫", "交通文明劝导", "陪伴独居老人", "环保宣传，发放资料 200 份")
_METHODS: Final = "14213"


@dataclass(frozen=True)
class Size:
    """How many of each there are. `changes` hour records are different in the second night."""

    hours: int
    changes: int = 0
    services_each: int = 20

    @property
    def volunteers(self) -> int:
        return max(1, self.hours // self.services_each)

    @property
    def projects(self) -> int:
        return max(1, self.hours // 500)

    @property
    def teams(self) -> int:
        return max(1, self.hours // 5_000)


class Service(NamedTuple):
    """What the totals need to know of one hour record."""

    volunteer: int
    project: int
    day: int
    start_hour: int
    half_hours: int
    is_effective: bool


class Population:
    """The city of one size; all random choices come from the size."""

    def __init__(self, size: Size) -> None:
        self.size = size
        self._hour_ids = _sorted_ids(size.hours, seed=1)
        self._team_ids = _sorted_ids(size.teams, seed=2)
        self._project_ids = _sorted_ids(size.projects, seed=3)
        self._volunteer_ids = _sorted_ids(size.volunteers, seed=4)
        self._stride = size.hours // size.changes if size.changes else size.hours + 1
        self._step = _coprime(size.volunteers)

    def hours(self) -> Iterator[WireRecord]:
        """All hour records, sorted by id, as they were before the second night."""
        versions = random.Random(5)
        volunteers, projects = self._volunteer_numbers, self._project_ids
        team_ids, teams = self._team_ids, self.size.teams
        for index, national_id in enumerate(self._hour_ids):
            service = self._service(index)
            times = _times(service.day, service.start_hour, service.half_hours)
            oldest = (service.day + 1) * _MS_PER_DAY
            version = oldest + int(versions.random() * (_LAST_CHANGE_MS - oldest))
            yield WireRecord(
                national_id,
                _FIRST_MS + version,
                f'{{"id":"{national_id}","isdelete":"0",{times}'
                f'"albx0173":"{_METHODS[index % 5]}","albx0174":"{"2" if service.is_effective else "0"}",'
                f'"albx0175":"{volunteers[service.volunteer]}","albx0176":"{projects[service.project]}",'
                f'"albx0177":"{team_ids[service.project % teams]}","albx0187":"1",'
                f'"remark":"{_REMARKS[index % 7]}","updatetime":"{_stamp(version)}"}}',
            )

    def changed_hours(self) -> Iterator[WireRecord]:
        """The records that are different in the second night, sorted by update time.

        Only applications change, by half an hour and a remark, so that no total is touched.
        """
        stretches = range(min(self.size.changes, self.size.hours // self._stride))
        indexes = [stretch * self._stride + stretch * 37 % self._stride for stretch in stretches]
        shuffled = random.Random(6).sample(indexes, len(indexes))
        for position, index in enumerate(shuffled):
            service = self._service(index)
            longer = service._replace(half_hours=service.half_hours + 1)
            national_id = self._hour_ids[index]
            version = EPOCH_MS - _FIRST_MS + 3_600_000 + position * 3_000 + index % 1_000
            yield WireRecord(
                national_id,
                _FIRST_MS + version,
                f'{{"id":"{national_id}","isdelete":"0",'
                f"{_times(longer.day, longer.start_hour, longer.half_hours)}"
                f'"albx0173":"{_METHODS[index % 5]}","albx0174":"0",'
                f'"albx0175":"{self._volunteer_numbers[service.volunteer]}",'
                f'"albx0176":"{self._project_ids[service.project]}",'
                f'"albx0177":"{self._team_ids[service.project % self.size.teams]}","albx0187":"1",'
                f'"remark":"更正：多记半小时","updatetime":"{_stamp(version)}"}}',
            )

    def volunteers(self) -> Iterator[WireRecord]:
        seconds = self._seconds_by_volunteer
        for index, national_id in enumerate(self._volunteer_ids):
            born = date(1950, 1, 1) + timedelta(days=index % 20_000)
            id_number = _id_number(born, serial=index // 20_000)
            yield WireRecord(
                national_id,
                _SETTLED_MS,
                f'{{"id":"{national_id}","isdelete":"0","createtime":"2024-12-01 09:00:00.000",'
                f'"updatetime":"{_SETTLED}","albp0029":"{self._volunteer_numbers[index]}",'
                f'"albp0003":"{_person_name(index)}","albp0004":"01","albp0005":"{id_number}",'
                f'"albp0006":"{1 if int(id_number[16]) % 2 else 2}","albp0014":"{born}",'
                f'"albp0010":"1{3_800_000_000 + index}","albp0007":"13","albp0008":"01","albp0002":"156  ",'
                f'"albp0017":"20","albp0018":"24","albp0020":"530802000000000000","albp0025":"思茅区",'
                f'"albp0028":"{_AREA}","albp0047":"思茅街道","albp0021":"0001","albp0022":"","albp0039":"01",'
                f'"albp0026":"","albp0034":"2024-12-01 09:00:00.0","albp0063":"1",'
                f'"albp0089":"{_hours_text(seconds[index])}","albp0090":"1","albp0023":"1","albp0058":"1"}}',
            )

    def teams(self) -> Iterator[WireRecord]:
        for index, national_id in enumerate(self._team_ids):
            yield WireRecord(
                national_id,
                _SETTLED_MS,
                f'{{"id":"{national_id}","isdelete":"0","createtime":"2024-11-01 09:00:00.000",'
                f'"updatetime":"{_SETTLED}","albe0002":"第{index}志愿服务队","albe0003":"1",'
                f'"albe0005":"99","albe0012":"{_AREA}","albe0017":"0001","albe0018":"","albe0019":"",'
                f'"albe0022":"","albe0024":"","albe0026":"1","albe0028":"2","albe0038":"","albe0041":"",'
                f'"albe0056":"0","albe0069":"{_hours_text(self._seconds_by_team[index])}"}}',
            )

    def projects(self) -> Iterator[WireRecord]:
        for index, national_id in enumerate(self._project_ids):
            team_id = self._team_ids[index % self.size.teams]
            yield WireRecord(
                national_id,
                _SETTLED_MS,
                f'{{"id":"{national_id}","isdelete":"0","createtime":"2024-12-20 09:00:00.000",'
                f'"updatetime":"{_SETTLED}","albx0002":"第{index}号项目","albx0013":"P{index:08}",'
                f'"teamId":"{team_id}","albx0004":"2025-01-01 00:00:00.0","albx0005":"2025-12-31 23:59:59.0",'
                f'"albx0006":"2025-01-01 00:00:00.0","albx0007":"2025-12-31 23:59:59.0","albx0009":"0001",'
                f'"albx0014":"","albx0021":"{_AREA}","albx0003":"","albx0024":"1","albx0015":"5","albx0047":""}}',
            )

    @cached_property
    def effective_seconds(self) -> int:
        return sum(self._seconds_by_volunteer)

    def _service(self, index: int) -> Service:
        lap, place = divmod(index, self.size.volunteers)
        volunteer = (place * self._step) % self.size.volunteers
        return Service(
            volunteer,
            (index * 2_654_435_761 >> 7) % self.size.projects,
            (lap * _DAY_STEP + volunteer) % _DAYS,
            8 + index % 9,
            1 + index % 7,
            not self._is_application(index),
        )

    def _is_application(self, index: int) -> bool:
        """One record in each stretch of `stride`, at a place that wanders."""
        stretch, place = divmod(index, self._stride)
        return place == stretch * 37 % self._stride

    @cached_property
    def _volunteer_numbers(self) -> Sequence[str]:
        return [f"V5308022412{serial:06}V" for serial in range(self.size.volunteers)]

    @cached_property
    def _seconds_by_volunteer(self) -> list[int]:
        return self._totals[0]

    @cached_property
    def _seconds_by_team(self) -> list[int]:
        return self._totals[1]

    @cached_property
    def _totals(self) -> tuple[list[int], list[int]]:
        by_volunteer, by_team = [0] * self.size.volunteers, [0] * self.size.teams
        for index in range(self.size.hours):
            service = self._service(index)
            if service.is_effective:
                by_volunteer[service.volunteer] += service.half_hours * 1800
                by_team[service.project % self.size.teams] += service.half_hours * 1800
        return by_volunteer, by_team


def _sorted_ids(count: int, *, seed: int) -> list[str]:
    ids = random.Random(seed)
    return sorted(ids.randbytes(16).hex() for _ in range(count))


def _coprime(modulus: int) -> int:
    """A step that visits every place of a circle once, far apart."""
    return next(step for step in (7_919, 104_729, 1_299_709, 1) if modulus % step or step == 1)


@cache
def _times(day: int, start_hour: int, half_hours: int) -> str:
    start = datetime.combine(_FIRST_DAY + timedelta(days=day), datetime.min.time()) + timedelta(hours=start_hour)
    end = start + timedelta(minutes=30 * half_hours)
    entered = end + timedelta(hours=2)
    return (
        f'"createtime":"{entered}.000","albx0172":"{half_hours * 0.5:.2f}","albx0178":"{entered}.0",'
        f'"albx0180":"","albx0181":"{start}.0","albx0182":"{end}.0",'
    )


def _stamp(ms_since_first_day: int) -> str:
    day, ms = divmod(ms_since_first_day, _MS_PER_DAY)
    seconds, ms = divmod(ms, 1000)
    return f"{_day_text(day)} {_clock_text(seconds)}.{ms:03}"


@cache
def _day_text(day: int) -> str:
    return (_FIRST_DAY + timedelta(days=day)).isoformat()


@cache
def _clock_text(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def _hours_text(seconds: int) -> str:
    hundredths = seconds // SECONDS_PER_HUNDREDTH
    return f"{hundredths // 100}.{hundredths % 100:02}"


def _id_number(born: date, *, serial: int) -> str:
    body = f"530802{born:%Y%m%d}{serial:03}"
    check = sum(int(digit) * weight for digit, weight in zip(body, _ID_WEIGHTS, strict=True)) % 11
    return body + "10X98765432"[check]


def _person_name(index: int) -> str:
    family = "李王张刘陈杨赵黄周吴"[index % 10]
    return family + chr(0x4E00 + index // 10 % 5000) + chr(0x4E00 + index // 50_000 % 5000)
