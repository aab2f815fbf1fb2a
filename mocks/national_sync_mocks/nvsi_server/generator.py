"""A believable city: volunteers, teams, projects and a year of hours, the same for the same seed and day."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, Final

import msgspec

from national_sync_mocks.nvsi_server.areas import Area, counties, townships
from national_sync_mocks.nvsi_server.clock import (
    DAY_MS,
    Clock,
    day_text,
    millisecond_text,
    parse_ms,
    second_text,
)
from national_sync_mocks.nvsi_server.identity import check_digit, number_serial, record_id, sex_code
from national_sync_mocks.nvsi_server.rules import rounded_hours
from national_sync_mocks.nvsi_server.state import State, flag
from national_sync_mocks.nvsi_server.wire import (
    KINDS,
    Hour,
    Membership,
    Project,
    Team,
    Training,
    Volunteer,
    WireRecord,
    decimal_text,
)

SURNAMES: Final = "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕白普刀岩罕"
GIVEN: Final = "云山水木林青松柏兰竹梅菊春夏秋冬晨晓明亮华英雄美丽珍秀文武志远思勤恩诚信和平安宁康健乐欣雨雪霞"
TEAM_WORDS: Final = (
    "青松",
    "茶马",
    "红帽",
    "暖阳",
    "绿水",
    "同心",
    "木棉",
    "向阳",
    "春蕾",
    "金穗",
    "雨林",
    "橄榄",
    "山茶",
    "晨曦",
)
DEEDS: Final = (
    ("社区清洁日", "0001"),
    ("古茶园护林", "0006"),
    ("留守儿童课业辅导", "0003"),
    ("敬老院探访", "0017"),
    ("交通文明劝导", "0011"),
    ("禁毒宣传进村寨", "0014"),
    ("义诊进乡村", "0004"),
    ("森林防火巡查", "0012"),
    ("图书角整理", "0008"),
    ("旅游咨询服务", "0016"),
    ("全民健身活动保障", "0015"),
    ("税收政策宣讲", "0020"),
)
ETHNICITIES: Final = ("01", "01", "01", "11", "16", "17", "18", "21", "22", "28")
EDUCATIONS: Final = ("20", "30", "40", "60", "70", "80", "14")
OCCUPATIONS: Final = ("11", "13", "17", "24", "27", "31", "54", "80", "90")
DISCREPANCY_EVERY: Final = 400
"""One volunteer in so many shows a total that is not the sum of the hours."""


@dataclass(frozen=True)
class Sizes:
    volunteers: int = 200
    teams: int = 12
    projects: int = 30
    hours: int = 1000


@dataclass
class _City:
    """What is being made. `wanted` is the moment at which a record was last touched, not yet unique."""

    random: random.Random
    seed: int
    now_ms: int
    today: date
    wanted: list[tuple[int, str, WireRecord]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    members: dict[str, list[str]] = field(default_factory=dict)

    def add(self, segment: str, created_ms: int, touched_ms: int, make: Callable[..., Any]) -> Any:
        key = KINDS[segment].natural_key(make(id=""))
        occurrence = 0
        while (number := record_id(self.seed, segment, key, occurrence)) in self.taken:
            occurrence += 1
        self.taken.add(number)
        record = make(id=number, isdelete=flag(number, 0), createtime=millisecond_text(created_ms))
        self.wanted.append((max(created_ms, touched_ms), segment, record))
        return record

    def moment(self, days_ago: int, least_days_ago: int = 0) -> int:
        """Any millisecond between so many days ago and so many days ago, by daylight."""
        day = self.random.randint(least_days_ago, max(least_days_ago, days_ago))
        within = self.random.randint(8 * 3600, 20 * 3600) * 1000 + self.random.randint(0, 999)
        return min(_midnight_ms(self.today - timedelta(days=day)) + within, self.now_ms - 1000)


def generated_state(seed: int, sizes: Sizes, clock: Clock | None = None) -> State:
    """A state whose records end at the clock's present day."""
    state = State(seed=seed, clock=clock or Clock())
    now = state.clock.now_ms()
    today = date.fromisoformat(day_text(now))
    city = _City(random.Random(f"city {seed}"), seed, now, today)
    teams = _teams(city, sizes.teams)
    volunteers = _volunteers(city, sizes.volunteers)
    _memberships(city, volunteers, teams)
    projects = _projects(city, sizes.projects, teams)
    _hours(city, sizes.hours, projects, volunteers)
    _trainings(city, volunteers)
    _stamp(city, state)
    _show_totals(state, sizes)
    return state


def _midnight_ms(day: date) -> int:
    return parse_ms(f"{day.isoformat()} 00:00:00")


def person_name(dice: random.Random) -> str:
    return dice.choice(SURNAMES) + "".join(dice.choice(GIVEN) for _ in range(dice.choice((1, 2, 2))))


def id_number(dice: random.Random, born: date) -> str:
    """A valid number of 18 characters; older ones begin with the former codes of the prefecture."""
    if dice.random() < 0.15:
        division = dice.choice(("530102", "532522", "510104", "522301"))
    elif born.year < 1998 and dice.random() < 0.6:
        division = dice.choice(("532701", "532722", "532723", "532724", "532725", "532728"))
    else:
        division = dice.choice(counties()).id[:6]
    body = f"{division}{born:%Y%m%d}{dice.randint(1, 999):03d}"
    return body + check_digit(body)


def _teams(city: _City, count: int) -> list[Any]:
    dice, places, names, teams = city.random, counties(), set[str](), []
    for number in range(count):
        county = places[number % len(places)]
        area = dice.choice(townships(county.id)) if dice.random() < 0.6 else county
        name = f"{area.name}{dice.choice(TEAM_WORDS)}志愿服务队"
        while name in names:
            name = f"{area.name}{dice.choice(TEAM_WORDS)}志愿服务{dice.randint(2, 999)}队"
        names.add(name)
        teams.append(_team(city, name, area, number, count))
    return teams


def _team(city: _City, name: str, area: Area, number: int, count: int) -> Any:
    dice = city.random
    state = {count - 1: "3", count - 2: "2"}.get(number, "1") if count >= 20 else "1"
    rule = "1" if number % 7 == 3 else "3" if number % 40 == 17 else "4" if number % 40 == 29 else "2"
    content = {
        "albe0002": name,
        "albe0003": dice.choice(("1", "1", "2", "3")),
        "albe0005": dice.choice(("01", "02", "03", "08", "09", "10", "13", "14", "99")),
        "albe0012": area.id,
        "albe0017": ",".join(sorted(dice.sample([code for _, code in DEEDS], dice.randint(1, 3)))),
        "albe0018": person_name(dice),
        "albe0019": _phone(dice),
        "albe0022": person_name(dice),
        "albe0038": f"{area.name}志愿服务联络站",
        "albe0041": f"{area.name}志愿服务联络站",
        "albe0026": state,
        "albe0028": rule,
    }
    return city.add("team", city.moment(1500, 380), city.moment(400), lambda **common: Team(**content, **common))


def _phone(dice: random.Random) -> str:
    return f"1{dice.choice('3578')}{dice.randint(0, 999_999_999):09d}"


def _volunteers(city: _City, count: int) -> list[Any]:
    numbers: set[str] = set()
    documents: set[str] = set()
    return [_volunteer(city, serial, numbers, documents) for serial in range(count)]


def _volunteer(city: _City, serial: int, numbers: set[str], documents: set[str]) -> Any:
    dice = city.random
    born = city.today - timedelta(days=dice.randint(14 * 365, 78 * 365))
    document = id_number(dice, born)
    while document in documents:
        document = id_number(dice, born)
    documents.add(document)
    county = dice.choice(counties())
    area = dice.choice(townships(county.id)) if dice.random() < 0.7 else county
    registered = city.moment(1400, 370)
    content = {
        "albp0002": "156" if serial % 3 else "156  ",
        "albp0003": person_name(dice),
        "albp0004": "01",
        "albp0005": document,
        "albp0006": sex_code(document),
        "albp0007": dice.choice(("01", "03", "13", "13", "13", "12")),
        "albp0008": dice.choice(ETHNICITIES),
        "albp0010": _phone(dice),
        "albp0014": born.isoformat(),
        "albp0017": dice.choice(EDUCATIONS),
        "albp0018": dice.choice(OCCUPATIONS),
        "albp0020": area.id,
        "albp0025": area.name,
        "albp0028": area.id,
        "albp0047": area.name,
        "albp0021": ",".join(sorted(dice.sample([code for _, code in DEEDS], dice.randint(1, 4)))),
        "albp0039": ",".join(sorted(dice.sample(("01", "03", "05", "08", "15", "19", "23"), dice.randint(0, 2)))),
        "albp0029": _volunteer_number(city, county, registered, document, numbers),
        "albp0034": second_text(registered),
        "albp0063": "0" if serial % 61 == 60 else "2" if serial % 53 == 52 else "1",
    }
    content |= _unusual_document(dice, serial, born, document)
    return city.add("volunteer", registered, city.moment(360), lambda **common: Volunteer(**content, **common))


def _unusual_document(dice: random.Random, serial: int, born: date, document: str) -> dict[str, str]:
    """Old numbers of 15 digits, and a few documents that are no ID card, in the forms in which they occur."""
    if serial % 41 == 7 and born.year < 2000:
        return {"albp0005": document[:6] + document[8:17]}
    if serial % 97 == 50:
        return {"albp0004": "05", "albp0005": f"E{dice.randint(10_000_000, 99_999_999)}"}
    if serial % 151 == 90:
        return {
            "albp0004": dice.choice(("6", "7", "08")),
            "albp0005": f"{dice.randint(1_000_000, 9_999_999)}",
        }
    return {}


def _volunteer_number(city: _City, county: Area, registered: int, document: str, taken: set[str]) -> str:
    month = day_text(registered)
    serial = number_serial(city.seed, document)
    while True:
        number = f"V{county.id[:6]}{month[2:4]}{month[5:7]}{serial:06d}V"
        if number not in taken:
            taken.add(number)
            return number
        serial = (serial + 1) % 1_000_000


def _memberships(city: _City, volunteers: list[Any], teams: list[Any]) -> None:
    """Most belong to one team, some to two, a few to none; who has not passed the check belongs to none."""
    dice = city.random
    open_teams = [team for team in teams if team.albe0026 == "1"]
    if not open_teams:
        return
    for volunteer in volunteers:
        if volunteer.albp0063 != "1":
            continue
        count = min(len(open_teams), dice.choice((0, 1, 1, 1, 1, 1, 1, 1, 1, 2)))
        for team in dice.sample(open_teams, count):
            joined = city.moment(365, 120)
            state = "2" if team.albe0028 == "1" and dice.random() < 0.05 else "1"
            if state == "1":
                city.members.setdefault(team.id, []).append(volunteer.albp0029)
            content = {
                "albe0133": volunteer.albp0029,
                "teamId": team.id,
                "albe0134": state,
                "albe0136": second_text(joined),
            }
            city.add(
                "membership",
                joined,
                joined,
                lambda content=content, **common: Membership(**content, **common),
            )


def _projects(city: _City, count: int, teams: list[Any]) -> list[Any]:
    open_teams = [team for team in teams if team.albe0026 == "1"]
    keys: set[str] = set()
    return (
        [_project(city, number, city.random.choice(open_teams), keys) for number in range(count)] if open_teams else []
    )


def _project(city: _City, number: int, team: Any, keys: set[str]) -> Any:
    dice = city.random
    is_coming = number % 23 == 22
    is_running = number % 6 == 5
    if is_coming:
        start = city.today + timedelta(days=dice.randint(1, 30))
        end = start + timedelta(days=dice.randint(1, 20))
    elif is_running:
        start = city.today - timedelta(days=dice.randint(5, 200))
        end = city.today + timedelta(days=dice.randint(5, 60))
    else:
        start = city.today - timedelta(days=dice.randint(30, 364))
        end = min(start + timedelta(days=dice.randint(5, 90)), city.today - timedelta(days=1))
    deed, category = dice.choice(DEEDS)
    name = f"{deed}{start:%Y年%m月}"
    while f"{name}|{team.id}|{start}" in keys:
        name = f"{deed}{start:%Y年%m月}第{dice.randint(2, 999)}期"
    keys.add(f"{name}|{team.id}|{start}")
    is_back_fill = not (is_coming or is_running) and number % 12 == 4
    ended = "6" if number % 20 == 9 else "7" if number % 20 == 19 else "5"
    created = min(_midnight_ms(start) - dice.randint(1, 10) * DAY_MS, city.now_ms - 2 * DAY_MS) + dice.randint(0, 999)
    content = {
        "albx0002": name,
        "albx0003": f"{dice.choice(TEAM_WORDS)}路{dice.randint(1, 300)}号",
        "albx0004": f"{start} 00:00:00.0",
        "albx0005": f"{end} 23:59:59.0",
        "albx0006": f"{start - timedelta(days=5)} 00:00:00.0",
        "albx0007": f"{end} 23:59:59.0",
        "albx0009": category,
        "albx0013": f"{team.albe0012[:6]}{number:06d}",
        "albx0014": dice.choice(("01", "03", "09", "10", "11")),
        "albx0015": "12" if is_back_fill else "3" if is_coming else "4" if is_running else ended,
        "albx0021": team.albe0012,
        "albx0024": "5" if is_back_fill else "1",
        "albx0047": "proof.pdf" if is_back_fill else "",
        "teamId": team.id,
    }
    return city.add("project", created, city.moment(300), lambda **common: Project(**content, **common))


@dataclass(frozen=True)
class _Stage:
    """A project at which hours can have been served: its members and its past days."""

    project: Any
    members: list[str]
    first_day: int
    days: int


def _stages(city: _City, projects: list[Any], volunteers: list[Any]) -> list[_Stage]:
    everybody = [v.albp0029 for v in volunteers if v.albp0063 == "1"]
    today = city.today.toordinal()
    stages = []
    for project in projects:
        first = date.fromisoformat(project.albx0004[:10]).toordinal()
        last = min(date.fromisoformat(project.albx0005[:10]).toordinal(), today - 1)
        members = city.members.get(project.teamId) or everybody
        if last >= first and members:
            stages.append(_Stage(project, members, first, last - first + 1))
    return stages


def _hours(city: _City, count: int, projects: list[Any], volunteers: list[Any]) -> None:
    """One record a person and half day at most, so that none overlap."""
    stages = _stages(city, projects, volunteers)
    if not stages:
        return
    dice, busy = city.random, set[tuple[str, int, int]]()
    days: dict[int, tuple[str, int]] = {}
    made = attempts = 0
    while made < count and attempts < count * 40:
        attempts += 1
        stage = stages[int(dice.random() * len(stages))]
        person = stage.members[int(dice.random() * len(stage.members))]
        day = stage.first_day + int(dice.random() * stage.days)
        half = int(dice.random() * 2)
        if (person, day, half) in busy:
            continue
        busy.add((person, day, half))
        if day not in days:
            days[day] = (date.fromordinal(day).isoformat(), _midnight_ms(date.fromordinal(day)))
        _hour(city, stage.project, person, days[day], half)
        made += 1


def _hour(city: _City, project: Any, person: str, day: tuple[str, int], half: int) -> None:
    dice = city.random
    text, midnight = day
    start = (8 * 60 + int(dice.random() * 9) * 10 if half == 0 else 13 * 60 + int(dice.random() * 18) * 10) * 60
    span = 1800 + int(dice.random() * 15) * 600
    if dice.random() < 0.2:
        start, span = start + int(dice.random() * 60), span + int(dice.random() * 600)
    method = "1421"[int(dice.random() * 4)]
    entered = min(midnight + int((start + span + 3600 + dice.random() * 5 * 86_400) * 1000), city.now_ms - 60_000)
    fate = dice.random()
    key = f"{person}|{project.id}|{text} {_time(start)}.0"
    number = record_id(city.seed, "hour", key, 0)
    entered_text = second_text(entered)
    record = Hour(
        id=number,
        isdelete=flag(number, 0),
        createtime=millisecond_text(entered),
        albx0172=decimal_text(rounded_hours(span * 1000)),
        albx0173=method,
        albx0174="2" if fate < 0.97 else "0" if fate < 0.98 else "4" if fate < 0.995 else "5",
        albx0175=person,
        albx0176=project.id,
        albx0177=project.teamId,
        albx0178=entered_text,
        albx0180=entered_text if method == "2" else "",
        albx0181=f"{text} {_time(start)}.0",
        albx0182=f"{text} {_time(start + span)}.0",
        albx0187="2" if dice.random() < 0.05 else "1",
        remark="",
    )
    city.wanted.append((entered, "hour", record))


def _time(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _trainings(city: _City, volunteers: list[Any]) -> None:
    dice = city.random
    for number in range(len(volunteers) // 10):
        volunteer = volunteers[number * 10]
        held = city.moment(350, 2)
        content = {
            "volunteerNumber": volunteer.albp0029,
            "albx0282": dice.choice(("志愿服务通识", "应急救护员", "儿童陪伴技巧", "森林防火常识")),
            "albx0284": day_text(held),
            "albx0288": dice.choice(("2.00", "4.00", "8.00", "1.50")),
            "albx0291": dice.choice(("1", "2", "3")),
            "albx0292": dice.choice(("1", "2")),
            "content": "理论与练习",
            "organiser": f"{volunteer.albp0025}志愿服务联络站",
            "place": volunteer.albp0025,
        }
        city.add("training", held, held, lambda content=content, **common: Training(**content, **common))


def _stamp(city: _City, state: State) -> None:
    """Give every record its own update time, in the order of their last changes, none after the clock."""
    latest = city.now_ms - len(city.wanted) - 1000
    city.wanted.sort(key=lambda item: (item[0], item[2].id))
    loads: dict[str, list[tuple[int, Any]]] = {segment: [] for segment in KINDS}
    last = 0
    for wanted, segment, record in city.wanted:
        last = max(last + 1, min(wanted, latest))
        loads[segment].append((last, _with_update(record, last)))
        state.sums.count(record, 1)
    for segment, stamped in loads.items():
        state.tables[segment].load(stamped)
    state.clock.last_stamp_ms = last
    state.totals_day = day_text(city.now_ms)


def _with_update(record: Any, stamp: int) -> Any:
    return msgspec.structs.replace(record, updatetime=millisecond_text(stamp))


def _show_totals(state: State, sizes: Sizes) -> None:
    """Totals follow the hours, but for the few that are meant to disagree."""
    state.sums.stale_people.clear()
    state.sums.stale_teams.clear()
    volunteers = state.tables["volunteer"]
    for serial, (record_id_, record) in enumerate(sorted(volunteers.records.items())):
        if sizes.volunteers >= 50 and serial % DISCREPANCY_EVERY == 33:
            state.sums.deliberate[record.albp0029] = 50
        total = state.volunteer_total(record.albp0029)
        volunteers.records[record_id_] = msgspec.structs.replace(record, albp0089=total)
    teams = state.tables["team"]
    for team_id, team in teams.records.items():
        teams.records[team_id] = msgspec.structs.replace(team, **state.team_totals(team))
