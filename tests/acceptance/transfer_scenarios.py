"""The table of transfers (clauses X1-X3). It begins in the same city as `scenarios`: `V1`, `V2` and `V5` are in `T1`;
`T3` takes anybody, `T2` in the next county asks its reviewers. Whatever happens, nobody's hours change.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from tests.acceptance.events import (
    CallOff,
    CreateThere,
    Decide,
    DeleteHere,
    Event,
    Faults,
    Meanwhile,
    Night,
    RequestTransfer,
    Resume,
    TeamDecides,
    WithdrawThere,
    create_there,
    edit_there,
    fault,
    no_faults,
    switch,
)
from tests.acceptance.scenario import After, Scenario
from tests.acceptance.world import NINGER

NIGHT: Final = Night(entities=("team", "volunteer", "membership"))
TO_OPEN: Final = RequestTransfer("V2", "T1", "T3")
TO_REVIEWING: Final = RequestTransfer("V2", "T1", "T2")
TO_OTHER_COUNTY: Final = RequestTransfer("V2", "T1", "T3", {"service_area": "530821", "living_area": "530821"})
FAR_AWAY: Final = "510104000000000000"
"""In another province."""
DISABLED: Final = edit_there("T3", albe0026="3")
MEMBER_OF_T3: Final = {"albe0133": "V2", "teamId": "T3", "albe0134": "1", "albe0136": "2026-03-01 10:00:00.0"}
NO_LONGER: Final = {"V2": {"T1"}}
MOVED: Final = {"V2": {"T3"}}
REVIEWED: Final = {"V2": {"T2"}}
STUCK: Final = {"transfer_half_done": 1}


def refusals(path: str, times: int = 1) -> Faults:
    """The national side says no, without a reason that the mirror could show."""
    match = {"path": path, "every": 1, "times": times}
    parameters = {"code": 40301, "message": "该操作暂不允许"}
    return Faults(({"match": match, "fault": "error-envelope", "parameters": parameters},))


def after(teams: Mapping[str, set[str]], *transfers: str, **more: Any) -> After:
    return After(teams=teams, transfers=transfers, live={"membership": 5, "hour_record": 16}, **more)


def lost(kind: str, path: str, request: Event = TO_OPEN) -> list[Event]:
    return [request, fault(kind, {"path": path}), NIGHT, NIGHT]


TRANSFERS: Final = [
    Scenario("to a team that takes anybody, in one night", [TO_OPEN, NIGHT], after(MOVED, "done")),
    Scenario(
        "to another county, and the person's areas follow",
        [TO_OTHER_COUNTY, NIGHT],
        after(MOVED, "done", here={"V2": {"living_area_id": NINGER}}, there={"V2": {"albp0020": NINGER}}),
    ),
    Scenario(
        "not approved yet, nothing happens",
        [RequestTransfer("V2", "T1", "T3", is_approved=False), NIGHT],
        after(NO_LONGER, "requested"),
        kills=False,
    ),
    Scenario(
        "the new team's review waits for nights and blocks nobody else",
        [TO_REVIEWING, RequestTransfer("V1", "T1", "T3"), NIGHT, NIGHT],
        After(
            teams={"V2": {"T1"}, "V1": {"T3"}},
            transfers=("approved team_decides", "done"),
            live={"membership": 6, "hour_record": 16},
        ),
    ),
    Scenario(
        "the new team's review accepts",
        [TO_REVIEWING, NIGHT, TeamDecides("V2", "T2", "accept"), NIGHT],
        after(REVIEWED, "done"),
    ),
    Scenario(
        "the new team's review says no, and a person is asked",
        [TO_REVIEWING, NIGHT, TeamDecides("V2", "T2", "reject"), NIGHT],
        After(
            teams=NO_LONGER,
            transfers=("stuck application_rejected",),
            mismatches=STUCK,
            live={"membership": 6, "hour_record": 16},
        ),
    ),
    Scenario(
        "after the no it goes on by decision, and the team accepts",
        [
            TO_REVIEWING,
            NIGHT,
            TeamDecides("V2", "T2", "reject"),
            NIGHT,
            Decide("transfer_half_done", "local"),
            NIGHT,
            TeamDecides("V2", "T2", "accept"),
            NIGHT,
        ],
        after(REVIEWED, "done"),
    ),
    Scenario(
        "after the no it is called off by decision",
        [
            TO_REVIEWING,
            NIGHT,
            TeamDecides("V2", "T2", "reject"),
            NIGHT,
            Decide("transfer_half_done", "national"),
            NIGHT,
        ],
        After(teams=NO_LONGER, transfers=("called_off",), live={"membership": 6, "hour_record": 16}),
    ),
    Scenario(
        "the answer to joining is lost and it had taken effect",
        lost("lost-answer", "/membership/create"),
        after(MOVED, "done"),
    ),
    Scenario(
        "the answer to joining is lost and nothing had happened",
        lost("lost-request", "/membership/create"),
        after(MOVED, "done"),
    ),
    Scenario(
        "the answer to leaving is lost and it had taken effect",
        lost("lost-answer", "/membership/delete"),
        after(MOVED, "done"),
    ),
    Scenario(
        "the answer to leaving is lost and nothing had happened",
        lost("lost-request", "/membership/delete"),
        after(MOVED, "done"),
    ),
    Scenario(
        "the answer about the areas is lost and it had taken effect",
        lost("lost-answer", "/volunteer/update", TO_OTHER_COUNTY),
        after(MOVED, "done", there={"V2": {"albp0020": NINGER}}),
    ),
    Scenario(
        "joining is refused once and tried again the next night",
        [TO_OPEN, refusals("/membership/create"), NIGHT, NIGHT],
        after(MOVED, "done"),
    ),
    Scenario(
        "joining is refused three nights, nothing was removed, and a person is asked",
        [TO_OPEN, refusals("/membership/create", 9), NIGHT, NIGHT, NIGHT],
        after(NO_LONGER, "stuck join_refused", mismatches={**STUCK, "refused_by_review": 1}),
    ),
    Scenario(
        "leaving is refused three nights, and it is put back by decision",
        [
            TO_OPEN,
            refusals("/membership/delete", 9),
            NIGHT,
            NIGHT,
            NIGHT,
            no_faults(),
            Decide("transfer_half_done", "national"),
            NIGHT,
        ],
        after(NO_LONGER, "called_off"),
    ),
    Scenario(
        "one membership at a time: leave first, then join",
        [switch(twoMemberships=False), TO_OPEN, NIGHT],
        after(MOVED, "done"),
    ),
    Scenario(
        "one membership at a time: joining fails after leaving, and the person goes back by decision",
        [
            switch(twoMemberships=False),
            TO_OPEN,
            refusals("/membership/create", 9),
            NIGHT,
            NIGHT,
            NIGHT,
            no_faults(),
            Decide("transfer_half_done", "national"),
            NIGHT,
        ],
        after(NO_LONGER, "called_off"),
    ),
    Scenario(
        "one membership at a time: joining fails after leaving, and it goes on once resumed",
        [
            switch(twoMemberships=False),
            TO_OPEN,
            refusals("/membership/create", 9),
            NIGHT,
            NIGHT,
            NIGHT,
            no_faults(),
            Resume("V2"),
            NIGHT,
        ],
        after(MOVED, "done"),
    ),
    Scenario(
        "a disabled team: nothing is removed, and it goes on once the team is open",
        [DISABLED, TO_OPEN, NIGHT, edit_there("T3", albe0026="1"), NIGHT],
        after(MOVED, "done"),
    ),
    Scenario(
        "the team is disabled between the check and the call",
        [
            TO_OPEN,
            Night(
                entities=NIGHT.entities,
                meanwhile=(
                    Meanwhile(
                        "before_send",
                        "SELECT 1 FROM operation WHERE entity = 'membership' AND state = 'in_flight'",
                        (DISABLED,),
                    ),
                ),
            ),
            NIGHT,
        ],
        after(NO_LONGER, "approved team_not_approved", mismatches={"refused_by_review": 1}),
    ),
    Scenario(
        "open hour applications hold it back until they are settled",
        [RequestTransfer("V5", "T1", "T3"), Night(), edit_there("H14", albx0174="4"), Night()],
        After(teams={"V5": {"T3"}}, transfers=("done",), live={"membership": 5, "hour_record": 16}),
        kills=False,
    ),
    Scenario(
        "a person whose real-name check is not passed waits in the old team",
        [edit_there("V2", albp0063="2"), TO_OPEN, NIGHT],
        after(NO_LONGER, "approved real_name_not_passed"),
        kills=False,
    ),
    Scenario(
        "another province: the service area goes first",
        [
            edit_there("T3", albe0012=FAR_AWAY),
            RequestTransfer("V2", "T1", "T3", {"service_area": "510104"}),
            NIGHT,
        ],
        after(MOVED, "done", there={"V2": {"albp0020": FAR_AWAY}}),
    ),
    Scenario(
        "the same person is requested twice",
        [TO_OPEN, RequestTransfer("V2", "T1", "T2", is_second=True), NIGHT],
        after(MOVED, "done"),
        kills=False,
    ),
    Scenario(
        "called off before it began",
        [TO_OPEN, CallOff("V2"), NIGHT],
        after(NO_LONGER, "called_off"),
        kills=False,
    ),
    Scenario(
        "called off in the middle: what was done is put back",
        [TO_REVIEWING, NIGHT, CallOff("V2"), NIGHT],
        after(NO_LONGER, "called_off"),
    ),
    Scenario(
        "called off with the areas refused",
        [
            TO_OTHER_COUNTY,
            refusals("/volunteer/update"),
            NIGHT,
            CallOff("V2"),
            NIGHT,
        ],
        after(NO_LONGER, "called_off", there={"V2": {"albp0020": "530802000000000000"}}),
        # One more run, as a kill brings it, and the refusal would have been overcome before the calling off.
        kills=False,
    ),
    Scenario(
        "the national side has moved the person by itself",
        [TO_OPEN, WithdrawThere("M2"), create_there("M6", MEMBER_OF_T3), NIGHT],
        after(MOVED, "done"),
    ),
    Scenario(
        "the national side moves the person while our call is on its way",
        [
            TO_OPEN,
            Night(
                entities=NIGHT.entities,
                meanwhile=(
                    Meanwhile(
                        "before_send",
                        "SELECT 1 FROM operation WHERE entity = 'membership' AND state = 'in_flight'",
                        (CreateThere("M6", MEMBER_OF_T3), WithdrawThere("M2")),
                    ),
                ),
            ),
            NIGHT,
        ],
        after(MOVED, "done"),
    ),
    Scenario(
        "another program removes the old membership by itself",
        [TO_OPEN, DeleteHere("M2"), NIGHT],
        after(MOVED, "done"),
        kills=False,
    ),
]

KILLED_EVERYWHERE: Final = "to another county, and the person's areas follow"
ON_POSTGRESQL: Final = frozenset(
    {
        KILLED_EVERYWHERE,
        "one membership at a time: leave first, then join",
        "after the no it goes on by decision, and the team accepts",
        "called off with the areas refused",
    }
)
