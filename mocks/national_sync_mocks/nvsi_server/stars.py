"""Applications for stars: handed in for a member of a team, reviewed, and then shown as the person's star."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any, Final

import msgspec

from national_sync_mocks.nvsi_server import refusal
from national_sync_mocks.nvsi_server.clock import DAY_MS, second_text
from national_sync_mocks.nvsi_server.identity import record_id
from national_sync_mocks.nvsi_server.reads import check_names, text_of
from national_sync_mocks.nvsi_server.refusal import Refusal
from national_sync_mocks.nvsi_server.rules import STAR_BANDS
from national_sync_mocks.nvsi_server.state import StarApplication, State
from national_sync_mocks.nvsi_server.wire import hundredths

PASSED, PENDING, FAILED, EXPIRED = "1", "2", "3", "4"
_EXPIRES_MS: Final = 30 * DAY_MS
Body = dict[str, Any]


def listed(state: State, body: Body) -> list[Body]:
    _must_be_offered(state)
    check_names(body, {"volunteerNumbers"})
    numbers = body.get("volunteerNumbers")
    if not isinstance(numbers, list) or not all(isinstance(each, str) for each in numbers):
        raise Refusal(refusal.MALFORMED, "volunteerNumbers 须为字符串列表")
    _check_size(state, numbers)
    wanted = set(numbers)
    return [_shown(each) for each in state.stars.values() if each.volunteerNumber in wanted]


def applied(state: State, body: Body) -> Body:
    _must_be_offered(state)
    check_names(body, {"items"})
    items = body.get("items")
    if not isinstance(items, list) or not items:
        raise Refusal(refusal.MALFORMED, "items 须为至少一项的列表")
    _check_size(state, items)
    return {"results": [{"index": index, **_taken(state, item)} for index, item in enumerate(items)]}


def decide_due(state: State) -> None:
    """Decide what has been reviewed long enough."""
    now = state.clock.now_ms()
    hours = state.settings.behaviour.reviewHours
    for each in list(state.stars.values()):
        if each.state == PENDING and now - each.at_ms >= hours * 3_600_000:
            decide(state, each.id, True)


def decide(state: State, number: str, passed: bool) -> Body:
    """Pass or refuse a pending application; one that waited for thirty days, or is out of its band now, does not pass."""
    known = state.stars.get(number)
    if known is None or known.state != PENDING:
        raise ValueError("no such pending application")
    volunteer = state.volunteer(known.volunteerNumber)
    is_in_band = volunteer is not None and band(volunteer) == known.star
    outcome = PASSED if passed and is_in_band else FAILED
    if state.clock.now_ms() - known.at_ms > _EXPIRES_MS:
        outcome = EXPIRED
    state.stars[number] = replace(known, state=outcome)
    if outcome == PASSED:
        state.write("volunteer", msgspec.structs.replace(volunteer, albp0026=known.star))
    return _shown(state.stars[number])


def band(volunteer: Any) -> str:
    """The star of the total hours that are shown for a person."""
    total = hundredths(volunteer.albp0089 or "0")
    return next((star for threshold, star in STAR_BANDS if total >= threshold), "")


def _taken(state: State, item: Any) -> Body:
    try:
        return {"code": 0, "message": "", "id": _hand_in(state, item)}
    except Refusal as refused:
        beside = refused.data if isinstance(refused.data, dict) else {}
        return {"code": refused.code, "message": refused.message, **beside}


def _hand_in(state: State, item: Any) -> str:
    if not isinstance(item, dict):
        raise Refusal(refusal.MALFORMED, "每一项须为对象")
    check_names(item, {"volunteerNumber", "teamId", "star"})
    number, team_id, star = (text_of(item, name, required=True) for name in ("volunteerNumber", "teamId", "star"))
    volunteer = _applicant(state, number, team_id)
    pending = [each for each in state.stars.values() if each.volunteerNumber == number and each.state == PENDING]
    if pending:
        raise Refusal(refusal.ALREADY_EXISTS, "该志愿者的星级申请正在审核", {"id": pending[0].id})
    if star not in ("1", "2", "3", "4", "5") or int(star) <= int(volunteer.albp0026 or 0):
        raise Refusal(refusal.INVALID_VALUE, "star 不高于现有星级")
    if star != band(volunteer):
        raise Refusal(refusal.INVALID_VALUE, "star 与累计时长所对应的星级不符")
    same = sum((each.volunteerNumber, each.star) == (number, star) for each in state.stars.values())
    key = record_id(state.seed, "star", f"{number}|{star}", same)
    state.stars[key] = StarApplication(key, number, team_id, star, state.clock.now_ms())
    return key


def _applicant(state: State, number: str, team_id: str) -> Any:
    volunteer = state.volunteer(number)
    if volunteer is None or volunteer.is_deleted:
        raise Refusal(refusal.NOT_FOUND, "volunteerNumber 所指志愿者不存在")
    if volunteer.albp0063 != "1":
        raise Refusal(refusal.NOT_ALLOWED, "实名认证未通过")
    memberships = state.tables["membership"].named("pair", f"{number}|{team_id}")
    if not any(each.albe0134 == "1" for each in memberships):
        raise Refusal(refusal.NOT_ALLOWED, "不是该队伍的成员")
    return volunteer


def _shown(application: StarApplication) -> Body:
    facts = asdict(application)
    return {**facts, "applyTime": second_text(facts.pop("at_ms"))}


def _must_be_offered(state: State) -> None:
    if not state.settings.capabilities.starApplications:
        raise Refusal(refusal.NOT_ALLOWED, "未提供星级申请接口")


def _check_size(state: State, items: list[Any]) -> None:
    most = state.settings.capabilities.batchSize
    if len(items) > most:
        raise Refusal(refusal.BATCH_TOO_LARGE, f"每次最多 {most} 项")
