"""The small city with which every scenario begins: who is in it, under which label and national id.

A label is a letter for the kind and a number: `T1` a team, `V1` a volunteer, `M1` a membership, `P1` a project, `H1` an
hour record, `R1` a training record. Ids rise with the numbers, so that the first mirror gives row 1 to `T1`, and so on.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final

from national_sync.records import Entity
from national_sync_mocks.nvsi_server.identity import check_digit
from national_sync_mocks.nvsi_server.process import AdminClient

SHANGHAI: Final = timezone(timedelta(hours=8))
EVENING: Final = "2026-03-01 20:00:00"
"""When the city is made; the first night begins the next day."""
FIRST_NIGHT: Final = "2026-03-02 01:00:00"
SIMAO: Final = "530802000000000000"
NINGER: Final = "530821000000000000"

ENTITY_OF: Final = {
    "T": Entity.TEAM,
    "V": Entity.VOLUNTEER,
    "M": Entity.MEMBERSHIP,
    "P": Entity.PROJECT,
    "H": Entity.HOUR_RECORD,
    "R": Entity.TRAINING_RECORD,
}
_DIGIT_OF: Final = {"T": "a", "V": "b", "M": "c", "P": "d", "H": "e", "R": "f"}

SWITCHES: Final = {"totalsRefresh": "never", "perSecond": 0, "concurrency": 1, "asyncResults": False}
"""Totals stand still, so that no day's change disturbs; nothing waits, and calls come one after the other. Who is
registered is so at once: `asynchronous-review` is a fault of its own."""


def at(text: str) -> int:
    """UTC epoch seconds of `2026-02-20 09:00` in Puer."""
    return int(datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC).timestamp())


def hours(start: str, end: str) -> dict[str, int]:
    """The time columns of an hour record made here: `2026-02-20 09:00` to `2026-02-20 11:00`."""
    return {"started_at": at(start), "ended_at": at(end), "service_seconds": at(end) - at(start)}


def entity_of(label: str) -> Entity:
    return ENTITY_OF[label[0]]


def national_id(label: str) -> str:
    """The id of a record that is in the city from the start, spread over the buckets of the digest."""
    return f"{int(label[1:]) * 9:02x}{_DIGIT_OF[label[0]] * 30}"


def identity_number(born: str, serial: int) -> str:
    """A valid ID number: born `1990-04-12`; an odd serial is a man's."""
    body = f"530802{born.replace('-', '')}{serial:03d}"
    return body + check_digit(body)


def volunteer_number(label: str) -> str:
    return f"V5308022401{int(label[1:]):06d}V"


_PEOPLE: Final = [
    ("岩温", "1990-04-12", 101),
    ("玉香", "1985-11-02", 202),
    ("李娜", "2001-07-30", 304),
    ("张伟", "1978-01-15", 405),
    ("王芳", "1995-09-09", 506),
    ("刀美兰", "1969-12-24", 608),
]
_TEAMS: Final = [("青松志愿服务队", SIMAO, "2"), ("茶马志愿服务队", NINGER, "1"), ("绿水志愿服务队", SIMAO, "2")]
_MEMBERS: Final = [("V1", "T1"), ("V2", "T1"), ("V3", "T2"), ("V4", "T3"), ("V5", "T1")]
_PROJECTS: Final = [
    ("古茶园护林", "T1", "2026-01-10", "2026-06-30", "4"),
    ("义诊进乡村", "T2", "2026-01-15", "2026-05-31", "4"),
    ("图书角整理", "T3", "2026-02-01", "2026-04-30", "4"),
    ("森林防火巡查", "T1", "2025-10-01", "2025-12-31", "5"),
]
_HOURS: Final = [
    # volunteer, project, day, from, until, state: 2 effective, 0 applying
    ("V1", "P1", "2026-02-01", "09:00", "11:00", "2"),
    ("V1", "P1", "2026-02-02", "09:00", "12:30", "2"),
    ("V1", "P4", "2025-11-05", "14:00", "16:00", "2"),
    ("V2", "P1", "2026-02-01", "09:00", "11:00", "2"),
    ("V2", "P1", "2026-02-03", "13:00", "15:00", "2"),
    ("V2", "P4", "2025-11-05", "14:00", "16:00", "2"),
    ("V3", "P2", "2026-02-04", "09:00", "10:00", "2"),
    ("V3", "P2", "2026-02-05", "09:00", "10:00", "2"),
    ("V3", "P2", "2026-02-06", "09:00", "10:00", "0"),
    ("V4", "P3", "2026-02-07", "08:00", "10:00", "2"),
    ("V4", "P3", "2026-02-08", "08:00", "10:00", "2"),
    ("V4", "P3", "2026-02-09", "08:00", "10:00", "0"),
    ("V5", "P1", "2026-02-10", "15:00", "16:00", "2"),
    ("V5", "P1", "2026-02-11", "15:00", "16:00", "0"),
    ("V6", "P1", "2026-02-12", "15:00", "16:00", "2"),
    ("V6", "P1", "2026-02-13", "15:00", "17:00", "2"),
]
_TRAININGS: Final = [("V1", "志愿服务通识", "2026-01-20", "2.00"), ("V2", "应急救护员", "2026-01-21", "8.00")]


def settle_in(national: AdminClient) -> None:
    """Let the city come into being on the national side, and keep it as the snapshot `city`."""
    national.set_clock(set=EVENING, frozen=True)
    national.set_capabilities(**SWITCHES)
    for label, fields in _wire_records():
        national.create(entity_of(label).value, id=national_id(label), **fields)
    national.set_capabilities(totalsRefresh="immediate")
    national.set_clock(advance=3600)
    national.set_capabilities(**SWITCHES)
    national.set_clock(set=FIRST_NIGHT)
    national.snapshot("city")


def _wire_records() -> list[tuple[str, dict[str, Any]]]:
    teams = [team_fields(name, area, joining=joining) for name, area, joining in _TEAMS]
    people = [
        volunteer_fields(name, born, serial) | {"albp0029": volunteer_number(f"V{number}")}
        for number, (name, born, serial) in enumerate(_PEOPLE, 1)
    ]
    members = [membership_fields(volunteer, team) for volunteer, team in _MEMBERS]
    projects = [project_fields(*project) for project in _PROJECTS]
    hours = [hour_fields(*hour) for hour in _HOURS]
    trainings = [training_fields(*training) for training in _TRAININGS]
    kinds = {"T": teams, "V": people, "M": members, "P": projects, "H": hours, "R": trainings}
    return [(f"{kind}{number}", one) for kind, every in kinds.items() for number, one in enumerate(every, 1)]


def team_fields(name: str, area: str = SIMAO, *, joining: str = "2") -> dict[str, str]:
    return {
        "albe0002": name,
        "albe0003": "1",
        "albe0005": "10",
        "albe0012": area,
        "albe0017": "0001",
        "albe0018": "白云",
        "albe0019": "13887900001",
        "albe0026": "1",
        "albe0028": joining,
    }


def volunteer_fields(name: str, born: str, serial: int) -> dict[str, str]:
    return {
        "albp0003": name,
        "albp0004": "01",
        "albp0005": identity_number(born, serial),
        "albp0006": "1" if serial % 2 else "2",
        "albp0007": "13",
        "albp0008": "01",
        "albp0010": f"1388790{serial:04d}",
        "albp0014": born,
        "albp0017": "20",
        "albp0018": "24",
        "albp0020": SIMAO,
        "albp0025": "思茅区",
        "albp0021": "0001",
        "albp0034": "2024-01-05 10:00:00.0",
        "albp0039": "01",
    }


def membership_fields(volunteer: str, team: str) -> dict[str, str]:
    return {
        "albe0133": volunteer_number(volunteer),
        "teamId": national_id(team),
        "albe0134": "1",
        "albe0136": "2025-01-05 10:00:00.0",
    }


def project_fields(name: str, team: str, first: str, last: str, state: str) -> dict[str, str]:
    return {
        "albx0002": name,
        "albx0004": f"{first} 00:00:00.0",
        "albx0005": f"{last} 23:59:59.0",
        "albx0009": "0006",
        "albx0013": f"530802{first[5:7]}{first[8:10]}01",
        "albx0015": state,
        "albx0021": SIMAO,
        "teamId": national_id(team),
    }


def hour_fields(volunteer: str, project: str, day: str, start: str, end: str, state: str) -> dict[str, str]:
    seconds = at(f"{day} {end}") - at(f"{day} {start}")
    team = _PROJECTS[int(project[1:]) - 1][1]
    return {
        "albx0172": f"{seconds / 3600:.2f}",
        "albx0174": state,
        "albx0175": volunteer_number(volunteer),
        "albx0176": national_id(project),
        "albx0177": national_id(team),
        "albx0178": f"{day} 20:00:00.0",
        "albx0181": f"{day} {start}:00.0",
        "albx0182": f"{day} {end}:00.0",
    }


def training_fields(volunteer: str, topic: str, day: str, hours: str) -> dict[str, str]:
    return {"volunteerNumber": volunteer_number(volunteer), "albx0282": topic, "albx0284": day, "albx0288": hours}


LABELS: Final = tuple(label for label, _ in _wire_records())
