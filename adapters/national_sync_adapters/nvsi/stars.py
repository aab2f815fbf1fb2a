"""Applications for stars. That they exist, with team, star, time and state, is confirmed; the two calls are assumed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from national_sync.errors import CapabilityMissing, NationalSideError, ProtocolBroken
from national_sync.i18n import N_, Phrase
from national_sync.national.port import (
    Capabilities,
    Done,
    Outcome,
    StarApplication,
    StarRequest,
    StarState,
    Unknown,
)
from national_sync_adapters.nvsi.calls import decoded_data
from national_sync_adapters.nvsi.envelope import NOT_DECODED, Code, Reply, masked
from national_sync_adapters.nvsi.kinds import Choice, Moment, Unreadable
from national_sync_adapters.nvsi.sending import fate_after, refusal
from national_sync_adapters.nvsi.session import Session

STATE: Final = Choice({"1": StarState.PASSED, "2": StarState.PENDING, "3": StarState.FAILED, "4": StarState.EXPIRED})
_APPLICATIONS: Final = N_("the list of applications for stars")


class _Listed(msgspec.Struct):
    id: str
    volunteerNumber: str
    teamId: str
    star: str
    applyTime: str
    state: str


class _Answered(msgspec.Struct):
    index: int
    code: int | str = 0
    message: str | None = None
    id: str | None = None


class _BatchAnswered(msgspec.Struct):
    results: list[_Answered] = []


class StarDesk:
    """The calls about stars, for a side with these capabilities."""

    def __init__(self, session: Session, capabilities: Capabilities) -> None:
        self._session = session
        self._capabilities = capabilities

    def applications(self, volunteer_numbers: Sequence[str]) -> list[StarApplication]:
        self._must_be_offered()
        size = self._capabilities.batch_size
        found: list[StarApplication] = []
        for start in range(0, len(volunteer_numbers), size):
            asked = {"volunteerNumbers": list(volunteer_numbers[start : start + size])}
            listed = decoded_data(self._session.read("/star/list", asked), list[_Listed], _APPLICATIONS)
            found += map(_application, listed)
        return sorted(found, key=lambda one: (one.applied_at, one.national_id))

    def apply(self, requests: Sequence[StarRequest]) -> list[Outcome]:
        self._must_be_offered()
        items = [
            {"volunteerNumber": one.volunteer_number, "teamId": one.team_national_id, "star": str(one.star)}
            for one in requests
        ]
        try:
            reply = self._session.write("/star/apply", {"items": items})
        except NationalSideError as error:
            return [fate_after(error) for _ in requests]
        if not reply.is_ok:
            return [refusal(reply.code, reply.words) for _ in requests]
        answered = _outcomes(reply)
        return [answered.get(index, Unknown("the answer does not name it")) for index in range(len(requests))]

    def _must_be_offered(self) -> None:
        if not self._capabilities.star_applications:
            raise CapabilityMissing(capability=Phrase(N_("applications for stars")))


def _application(listed: _Listed) -> StarApplication:
    try:
        return StarApplication(
            listed.id,
            listed.volunteerNumber.strip(),
            listed.teamId,
            int(listed.star),
            StarState(STATE.read(listed.state)),
            Moment().read(listed.applyTime),
        )
    except (Unreadable, ValueError) as error:
        raise ProtocolBroken(reason=_APPLICATIONS) from error


def _outcomes(reply: Reply) -> dict[int, Outcome]:
    try:
        results = msgspec.json.decode(reply.data, type=_BatchAnswered).results
    except NOT_DECODED:
        return {}
    return {one.index: _outcome(one) for one in results}


def _outcome(answered: _Answered) -> Outcome:
    try:
        code = int(answered.code)
    except ValueError:
        return Unknown("an item without a code")
    if code == Code.OK:
        return (
            Done(answered.id, None) if answered.id else Unknown("handed in, but the answer does not say under which id")
        )
    return refusal(code, masked(answered.message or ""))
