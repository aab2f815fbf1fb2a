"""What the national side enforces between records, before a creation, a change or a deletion.

Each function takes the state and the record as it would be, and returns the record as it is to be stored.
"""

from __future__ import annotations

from typing import Any

import msgspec

from national_sync_mocks.nvsi_server import refusal
from national_sync_mocks.nvsi_server.clock import day_text, parse_ms, second_text
from national_sync_mocks.nvsi_server.codes import is_regional_category
from national_sync_mocks.nvsi_server.identity import birth_date, id_number_fault, normalised, sex_code
from national_sync_mocks.nvsi_server.refusal import Refusal, invalid
from national_sync_mocks.nvsi_server.state import State
from national_sync_mocks.nvsi_server.wire import decimal_text, hundredths

STAR_BANDS = ((1500_00, "5"), (1000_00, "4"), (600_00, "3"), (300_00, "2"), (100_00, "1"))
CLOSED_PROJECT_STATES = frozenset({"6", "7", "9", "11"})
BLOCKING_HOUR_STATES = frozenset({"0", "1", "2"})


def admit(state: State, segment: str, record: Any) -> Any:
    """The record of a creation, completed; refused when a rule forbids it."""
    match segment:
        case "team":
            return _new_team(state, record)
        case "volunteer":
            return _new_volunteer(state, record)
        case "membership":
            return _new_membership(state, record)
        case "project":
            return _new_project(state, record)
        case "hour":
            return _hour(state, record)
        case _:
            return _training(state, record)


def admit_change(state: State, segment: str, before: Any, after: Any) -> Any:
    """The record of an update, completed; refused when a rule forbids it."""
    match segment:
        case "team":
            return _changed_team(state, before, after)
        case "volunteer":
            return _changed_volunteer(state, before, after)
        case "membership":
            return _changed_membership(before, after)
        case "project":
            return _changed_project(state, before, after)
        case "hour":
            return _changed_hour(state, before, after)
        case _:
            return _training(state, after)


# Teams


def _new_team(state: State, team: Any) -> Any:
    _check_team_name(state, team)
    return msgspec.structs.replace(team, albe0026="1", albe0041=team.albe0041 or team.albe0038)


def _changed_team(state: State, before: Any, after: Any) -> Any:
    if after.albe0026 != before.albe0026 and {before.albe0026, after.albe0026} != {"1", "3"}:
        raise invalid("albe0026", "只能在 1 与 3 之间切换")
    _check_team_name(state, after)
    if after.albe0038 != before.albe0038 and after.albe0041 == before.albe0041:
        return msgspec.structs.replace(after, albe0041=after.albe0038)
    return after


def _check_team_name(state: State, team: Any) -> None:
    for other in state.tables["team"].named("name", f"{team.albe0002}|{team.albe0012}"):
        if other.id != team.id:
            raise _exists(other.id, "该区域已有同名队伍")


# Volunteers


def _new_volunteer(state: State, volunteer: Any) -> Any:
    _check_person(volunteer)
    _check_unregistered(state, volunteer)
    if volunteer.albp0026:
        raise invalid("albp0026", "注册时不能填写")
    now = state.clock.now_ms()
    if volunteer.albp0034 and parse_ms(volunteer.albp0034) > now:
        raise invalid("albp0034", "不能晚于当前时间")
    return msgspec.structs.replace(
        volunteer, albp0063="1", albp0034=volunteer.albp0034 or second_text(now), albp0089="0.00"
    )


def _changed_volunteer(state: State, before: Any, after: Any) -> Any:
    if (after.albp0004, after.albp0005, after.albp0006, after.albp0014) != (
        before.albp0004,
        before.albp0005,
        before.albp0006,
        before.albp0014,
    ):
        _check_person(after)
    if normalised(after.albp0005) != normalised(before.albp0005):
        _check_unregistered(state, after)
    if after.albp0026 != before.albp0026:
        _check_star(before, after)
    if after.albp0020[:4] != before.albp0020[:4]:
        kept = [code for code in after.albp0021.split(",") if not is_regional_category(code)]
        return msgspec.structs.replace(after, albp0021=",".join(kept))
    return after


def _check_person(volunteer: Any) -> None:
    if volunteer.albp0004.zfill(2) != "01":
        if not volunteer.albp0005.strip().isascii():
            raise invalid("albp0005", "须为半角字符")
        return
    if volunteer.albp0005 != volunteer.albp0005.upper() or not volunteer.albp0005.isascii():
        raise invalid("albp0005", "须为半角字符，X 须大写")
    if fault := id_number_fault(volunteer.albp0005):
        raise invalid("albp0005", fault)
    number = normalised(volunteer.albp0005)
    if volunteer.albp0014 != f"{birth_date(number)}":
        raise invalid("albp0014", "与身份证号不一致")
    if volunteer.albp0006 != sex_code(number):
        raise invalid("albp0006", "与身份证号不一致")


def _check_unregistered(state: State, volunteer: Any) -> None:
    number = normalised(volunteer.albp0005)
    for other in state.tables["volunteer"].named("id_number", number):
        if other.id != volunteer.id:
            raise _exists(other.id, "该身份证号已注册")
    for ticket in state.tickets.values():
        if ticket.state == "pending" and normalised(ticket.record.albp0005) == number:  # type: ignore[attr-defined]
            raise Refusal(
                refusal.ALREADY_EXISTS,
                "该身份证号正在审核中",
                {"ticket": ticket.ticket},
            )


def _check_star(before: Any, after: Any) -> None:
    total = hundredths(before.albp0089)
    band = next((star for threshold, star in STAR_BANDS if total >= threshold), "")
    if after.albp0026 != band:
        raise invalid("albp0026", "与累计时长对应的星级不符")
    if before.albp0026 and after.albp0026 <= before.albp0026:
        raise invalid("albp0026", "须高于现有星级")


# Memberships


def _new_membership(state: State, membership: Any) -> Any:
    volunteer = _volunteer(state, membership.albe0133, "albe0133")
    team = _team(state, membership.teamId)
    _check_not_joined(state, membership)
    _check_may_join(volunteer, team)
    others = [m for m in state.tables["membership"].named("person", membership.albe0133) if m.albe0134 == "1"]
    if others and not state.settings.capabilities.twoMemberships:
        raise Refusal(refusal.NOT_ALLOWED, "该志愿者已加入其他队伍")
    return msgspec.structs.replace(
        membership,
        albe0134="2" if team.albe0028 == "1" else "1",
        albe0136=membership.albe0136 or second_text(state.clock.now_ms()),
    )


def _check_not_joined(state: State, membership: Any) -> None:
    pair = f"{membership.albe0133}|{membership.teamId}"
    for other in state.tables["membership"].named("pair", pair):
        if other.albe0134 == "1":
            raise _exists(other.id, "该志愿者已是队员")
        if other.albe0134 == "2":
            raise _exists(other.id, "已有待审核的加入申请")


def _check_may_join(volunteer: Any, team: Any) -> None:
    if volunteer.albp0063 != "1":
        raise Refusal(refusal.NOT_ALLOWED, "该志愿者尚未通过实名认证")
    if volunteer.albp0090 != "1":
        raise Refusal(refusal.NOT_ALLOWED, "该志愿者账号已停用")
    if team.albe0026 != "1":
        raise Refusal(refusal.NOT_ALLOWED, "队伍已停用或未通过审核，不能加入")
    if team.albe0028 in ("3", "4"):
        raise Refusal(refusal.NOT_ALLOWED, "队伍不接受加入申请")
    if volunteer.albp0020[:2] != team.albe0012[:2]:
        raise Refusal(refusal.NOT_ALLOWED, "该志愿者的服务区域在其他省份")


def _changed_membership(before: Any, after: Any) -> Any:
    if (before.albe0134, after.albe0134) not in {
        (before.albe0134, before.albe0134),
        ("2", "1"),
        ("2", "3"),
    }:
        raise invalid("albe0134", "只能由申请中变为队员或已拒绝")
    return after


# Projects


def _new_project(state: State, project: Any) -> Any:
    team = _team(state, project.teamId)
    if team.albe0026 != "1":
        raise Refusal(refusal.NOT_ALLOWED, "队伍已停用或未通过审核，不能发布项目")
    key = f"{project.albx0002}|{project.teamId}|{project.albx0004}"
    for other in state.tables["project"].named("key", key):
        raise _exists(other.id, "该项目已存在")
    _check_project_times(project)
    now = state.clock.now_ms()
    if project.albx0024 == "5":
        _check_back_fill(project, now)
        return msgspec.structs.replace(project, albx0015="12")
    if parse_ms(project.albx0004) < parse_ms(day_text(now) + " 00:00:00"):
        raise invalid("albx0004", "不能早于今天（补录项目除外）")
    if project.albx0015 == "12":
        raise invalid("albx0015", "只用于补录项目")
    return project


def _changed_project(state: State, before: Any, after: Any) -> Any:
    if (after.albx0024 == "5") != (before.albx0024 == "5"):
        raise invalid("albx0024", "不能在普通项目与补录项目之间更改")
    if (after.albx0015 == "12") != (after.albx0024 == "5") and after.albx0015 not in ("9", "11"):
        raise invalid("albx0015", "12 只用于补录项目")
    if _project_times(after) != _project_times(before):
        _check_project_times(after)
    if after.albx0024 == "5":
        _check_back_fill(after, state.clock.now_ms())
    elif after.albx0004 != before.albx0004:
        today = parse_ms(day_text(state.clock.now_ms()) + " 00:00:00")
        if parse_ms(after.albx0004) < today:
            raise invalid("albx0004", "不能早于今天（补录项目除外）")
    key = f"{after.albx0002}|{after.teamId}|{after.albx0004}"
    for other in state.tables["project"].named("key", key):
        if other.id != after.id:
            raise _exists(other.id, "该项目已存在")
    return after


def _project_times(project: Any) -> tuple[str, str, str, str]:
    return project.albx0004, project.albx0005, project.albx0006, project.albx0007


def _check_project_times(project: Any) -> None:
    start, end = parse_ms(project.albx0004), parse_ms(project.albx0005)
    if not project.albx0004.startswith(f"{project.albx0004[:10]} 00:00:00"):
        raise invalid("albx0004", "须为某日 00:00:00")
    if not project.albx0005.startswith(f"{project.albx0005[:10]} 23:59:59"):
        raise invalid("albx0005", "须为某日 23:59:59")
    if end <= start:
        raise invalid("albx0005", "须晚于开始时间")
    if bool(project.albx0006) != bool(project.albx0007):
        raise invalid("albx0006", "与 albx0007 须同时填写")
    if project.albx0006:
        if parse_ms(project.albx0007) < parse_ms(project.albx0006):
            raise invalid("albx0007", "不能早于招募开始时间")
        if parse_ms(project.albx0007) > end:
            raise invalid("albx0007", "不能晚于项目结束时间")


def _check_back_fill(project: Any, now_ms: int) -> None:
    if not project.albx0047:
        raise invalid("albx0047", "为补录项目必填")
    if parse_ms(project.albx0005) >= now_ms:
        raise invalid("albx0005", "补录项目须已结束")


# Hour records


def _hour(state: State, hour: Any) -> Any:
    volunteer = _volunteer(state, hour.albx0175, "albx0175")
    project = state.live("project", hour.albx0176)
    if project is None:
        raise Refusal(refusal.NOT_FOUND, "albx0176 所指项目不存在")
    if state.live("team", hour.albx0177) is None:
        raise Refusal(refusal.NOT_FOUND, "albx0177 所指队伍不存在")
    if project.teamId != hour.albx0177:
        raise invalid("albx0177", "不是该项目的队伍")
    if project.albx0015 in CLOSED_PROJECT_STATES:
        raise Refusal(refusal.NOT_ALLOWED, "项目已关闭")
    if hour.albx0174 not in ("0", "2"):
        raise invalid("albx0174", "录入时须为 0 或 2")
    value = _check_period(state, hour, project)
    _check_overlap(state, hour, volunteer)
    now = second_text(state.clock.now_ms())
    return msgspec.structs.replace(
        hour,
        albx0172=decimal_text(value),
        albx0178=hour.albx0178 or now,
        albx0180=hour.albx0180 or (now if hour.albx0173 == "2" else ""),
    )


def _changed_hour(state: State, before: Any, after: Any) -> Any:
    if after.albx0174 != before.albx0174 and after.albx0174 not in ("2", "4", "5"):
        raise invalid("albx0174", "只能改为 2、4 或 5")
    if after.albx0174 not in BLOCKING_HOUR_STATES:
        return after
    moved = (after.albx0181, after.albx0182) != (before.albx0181, before.albx0182)
    if not moved and after.albx0172 == before.albx0172 and before.albx0174 in BLOCKING_HOUR_STATES:
        return after
    project = state.live("project", after.albx0176)
    if project is None:
        raise Refusal(refusal.NOT_FOUND, "albx0176 所指项目不存在")
    if moved and after.albx0172 == before.albx0172:
        after = msgspec.structs.replace(after, albx0172="")
    value = _check_period(state, after, project)
    _check_overlap(state, after, _volunteer(state, after.albx0175, "albx0175"))
    return msgspec.structs.replace(after, albx0172=decimal_text(value))


def _check_period(state: State, hour: Any, project: Any) -> int:
    """The hours of the period in hundredths."""
    start, end = parse_ms(hour.albx0181), parse_ms(hour.albx0182)
    if hour.albx0181[:10] != hour.albx0182[:10]:
        raise invalid("albx0182", "须与开始时间在同一天")
    if end <= start:
        raise invalid("albx0182", "须晚于开始时间")
    if end > state.clock.now_ms():
        raise invalid("albx0182", "不能晚于当前时间")
    if not (parse_ms(project.albx0004) <= start and end <= parse_ms(project.albx0005)):
        raise invalid("albx0181", "不在项目起止日期内")
    value = rounded_hours(end - start)
    if value == 0:
        raise invalid("albx0172", "不能为零")
    if hour.albx0172 and abs(hundredths(hour.albx0172) - value) > 1:
        raise invalid("albx0172", "与起止时间不符")
    return value


def rounded_hours(milliseconds: int) -> int:
    """Hundredths of an hour, half up."""
    return (milliseconds + 18_000) // 36_000


def _check_overlap(state: State, hour: Any, volunteer: Any) -> None:
    start, end = parse_ms(hour.albx0181), parse_ms(hour.albx0182)
    for other in state.tables["hour"].named("person", volunteer.albp0029):
        if other.id == hour.id or other.albx0174 not in BLOCKING_HOUR_STATES:
            continue
        if other.albx0174 == "1":
            raise Refusal(refusal.NOT_ALLOWED, "该志愿者已签到尚未签退")
        other_start, other_end = _span_ms(other)
        if other_start < end and start < other_end:
            words = "与该志愿者的另一条时长重叠"
            raise Refusal(refusal.TIME_OVERLAP, words, {"id": other.id})


def _span_ms(hour: Any) -> tuple[int, int]:
    """Start and end; an empty span where an edit past all rules has left times that are none."""
    try:
        return parse_ms(hour.albx0181), parse_ms(hour.albx0182)
    except (TypeError, ValueError):
        return 0, 0


def check_deletion(state: State, segment: str, record: Any, facts: dict[str, Any]) -> None:
    """Hours go only when the caller knows all of their facts."""
    if segment != "hour":
        return
    team = state.get("team", record.albx0177)
    expected = {
        "areaId": team.albe0012 if team else "",
        "teamId": record.albx0177,
        "projectId": record.albx0176,
        "volunteerNumber": record.albx0175,
    }
    for name, value in expected.items():
        if facts.get(name) != value:
            raise Refusal(refusal.FACTS_DIFFER, f"{name} 与记录不符")
    try:
        agrees = hundredths(str(facts.get("albx0172"))) == hundredths(record.albx0172)
    except ValueError:
        agrees = False
    if not agrees:
        raise Refusal(refusal.FACTS_DIFFER, "albx0172 与记录不符")


# Training


def _training(state: State, training: Any) -> Any:
    _volunteer(state, training.volunteerNumber, "volunteerNumber")
    if training.albx0284 > day_text(state.clock.now_ms()):
        raise invalid("albx0284", "不能晚于当前时间")
    if hundredths(training.albx0288) == 0:
        raise invalid("albx0288", "须大于零")
    for other in state.tables["training"].named("person", training.volunteerNumber):
        same = (other.albx0282, other.albx0284) == (training.albx0282, training.albx0284)
        if same and other.id != training.id:
            raise _exists(other.id, "该培训已有记录")
    return msgspec.structs.replace(training, albx0288=decimal_text(hundredths(training.albx0288)))


# What several need


def _volunteer(state: State, number: str, field: str) -> Any:
    volunteer = state.volunteer(number)
    if volunteer is None:
        raise Refusal(refusal.NOT_FOUND, f"{field} 所指志愿者不存在")
    return volunteer


def _team(state: State, team_id: str) -> Any:
    team = state.live("team", team_id)
    if team is None:
        raise Refusal(refusal.NOT_FOUND, "teamId 所指队伍不存在")
    return team


def _exists(record_id: str, words: str) -> Refusal:
    return Refusal(refusal.ALREADY_EXISTS, words, {"id": record_id})
