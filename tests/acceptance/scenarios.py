"""The table. A new row is a new case; the words it is told in are those of `events`.

Every row begins in the city of `world`: six volunteers, three teams, four projects, sixteen hour records. `H9`, `H12`
and `H14` are still applications; the others are effective. Only `T2` asks for a review of who wants to join.
"""

from __future__ import annotations

from typing import Any, Final

from tests.acceptance.events import (
    AddRule,
    AnswerHold,
    AnswerQuarantine,
    Corrupt,
    Decide,
    DeleteHere,
    Event,
    Faults,
    Forget,
    Heal,
    Meanwhile,
    MergeHere,
    MergeThere,
    Night,
    Passed,
    PurgeThere,
    Review,
    Undo,
    WithdrawThere,
    create_here,
    create_there,
    edit_here,
    edit_there,
    fault,
    no_faults,
    switch,
)
from tests.acceptance.scenario import After, Before, Scenario
from tests.acceptance.world import (
    SIMAO,
    at,
    hours,
    identity_number,
    membership_fields,
    team_fields,
    training_fields,
    volunteer_fields,
)

DAY: Final = 86_400

NEW_VOLUNTEER: Final = {
    "name": "白茶",
    "id_number": identity_number("1992-03-08", 709),
    "sex": "male",
    "birth_date": "1992-03-08",
    "phone": "13887900709",
    "education": "20",
    "service_area_id": SIMAO,
}
SAME_VOLUNTEER_THERE: Final = volunteer_fields("白茶", "1992-03-08", 709) | {"albp0029": "V5308022603000777V"}
NEW_TEAM: Final = {"name": "春蕾志愿服务队", "area_id": SIMAO, "body_type": "10", "join_rule": "anyone"}
BACK_FILL: Final = {
    "name": "防火值守补录",
    "area_id": SIMAO,
    "started_at": at("2026-02-01 00:00"),
    "ended_at": at("2026-02-20 23:59") + 59,
    "recruit_scope": "back_fill",
    "proof": "scan.pdf",
}
TRAINING: Final = {"topic": "禁毒知识", "training_date": "2026-02-11", "training_seconds": 7200}
PROJECT_THERE: Final = {
    "albx0002": "敬老院探访",
    "albx0004": "2026-01-01 00:00:00.0",
    "albx0005": "2026-06-30 23:59:59.0",
    "albx0009": "0017",
    "albx0015": "4",
    "albx0021": SIMAO,
    "teamId": "T1",
}


def hours_here(label: str, volunteer: str, day: str, *, project: str = "P1", team: str = "T1") -> Event:
    """Two hours in the morning of a day, entered here."""
    times = hours(f"{day} 09:00", f"{day} 11:00")
    return create_here(label, volunteer=volunteer, project=project, team=team, **times)


def hours_there(
    label: str, volunteer: str, day: str, *, project: str = "P1", team: str = "T1", state: str = "2"
) -> Event:
    fields = {
        "albx0172": "2.00",
        "albx0174": state,
        "albx0175": volunteer,
        "albx0176": project,
        "albx0177": team,
        "albx0181": f"{day} 09:00:00.0",
        "albx0182": f"{day} 11:00:00.0",
    }
    return create_there(label, fields)


MERGING: Final = [
    Scenario("a quiet night", [Night()], After(live={"volunteer": 6, "hour_record": 16})),
    Scenario(
        "a shared field edited here goes out",
        [edit_here("V1", skills="01,02"), Night()],
        After(here={"V1": {"skills": "01,02"}}, there={"V1": {"albp0039": "01,02"}}),
    ),
    Scenario(
        "a shared field edited there comes in",
        [edit_there("V1", albp0039="01,02"), Night()],
        After(here={"V1": {"skills": "01,02"}}),
    ),
    Scenario(
        "both edited different fields",
        [edit_here("V1", skills="01,02"), edit_there("V1", albp0017="30"), Night()],
        After(
            here={"V1": {"skills": "01,02", "education": "30"}}, there={"V1": {"albp0039": "01,02", "albp0017": "30"}}
        ),
    ),
    Scenario(
        "both edited the same field to different values",
        [edit_here("V1", skills="01,02", education="30"), edit_there("V1", albp0039="01,05"), Night()],
        After(
            here={"V1": {"skills": "01,02", "education": "30"}},
            there={"V1": {"albp0039": "01,05", "albp0017": "30"}},
            mismatches={"both_edited": 1},
            changes=1,
        ),
    ),
    Scenario(
        "both edited the same field to the same value",
        [edit_here("V1", skills="01,02"), edit_there("V1", albp0039="01,02"), Night()],
        After(here={"V1": {"skills": "01,02"}}),
        kills=False,
    ),
    Scenario(
        "edited here and back again before the night",
        [edit_here("V1", skills="01,02"), edit_here("V1", skills="01"), Night()],
        After(there={"V1": {"albp0039": "01"}}),
        kills=False,
    ),
    Scenario(
        "edited there and back again before the night",
        [edit_there("V1", albp0039="02"), edit_there("V1", albp0039="01"), Night()],
        After(here={"V1": {"skills": "01"}}),
        kills=False,
    ),
    Scenario(
        "a conflict that is edited back here is none",
        [
            edit_here("V1", skills="01,02"),
            edit_there("V1", albp0039="01,05"),
            Night(),
            edit_here("V1", skills="01,05"),
            Night(),
        ],
        After(here={"V1": {"skills": "01,05"}}, there={"V1": {"albp0039": "01,05"}}),
        kills=False,
    ),
    Scenario(
        "a field of ours edited on both sides keeps our value",
        [edit_here("V1", phone="13900001111"), edit_there("V1", albp0010="13911112222"), Night()],
        After(here={"V1": {"phone": "13900001111"}}, there={"V1": {"albp0010": "13900001111"}}),
        kills=False,
    ),
    Scenario(
        "a field of ours edited there is put back there",
        [edit_there("V1", albp0010="13911112222"), Night()],
        After(here={"V1": {"phone": "13887900101"}}, there={"V1": {"albp0010": "13887900101"}}),
        kills=False,
    ),
    Scenario(
        "a field of the national side edited here is put back here",
        [edit_here("V1", total_seconds=5), Night()],
        After(here={"V1": {"total_seconds": 27000}}),
    ),
    Scenario(
        "a field of the national side edited on both sides takes their value",
        [edit_here("V5", account_state="disabled"), edit_there("V5", albp0058="0", albp0090="1"), Night()],
        After(here={"V5": {"account_state": "enabled", "is_valid": 0}}),
        kills=False,
    ),
    Scenario(
        "an audited hour record edited here waits for a person",
        [edit_here("H1", remark="扫地"), Night()],
        After(
            here={"H1": {"remark": "扫地"}},
            there={"H1": {"remark": ""}},
            mismatches={"audited_edit": 1},
            changes=1,
        ),
        kills=False,
    ),
    Scenario(
        "an audited hour record edited here is put back by decision",
        [edit_here("H1", remark="扫地"), Night(), Decide("audited_edit", "national"), Night()],
        After(here={"H1": {"remark": None}}),
        kills=False,
    ),
    Scenario(
        "an audited hour record deleted here comes back by decision",
        [DeleteHere("H1"), Night(), Decide("audited_edit", "national"), Night()],
        After(here={"H1": {"service_seconds": 7200, "is_withdrawn": False}}, live={"hour_record": 16}),
    ),
    Scenario(
        "an application for hours edited here goes out",
        [edit_here("H9", remark="扫地"), Night()],
        After(there={"H9": {"remark": "扫地"}}),
        kills=False,
    ),
    Scenario(
        "a creation that exists nationally is adopted",
        [create_here("V7", **NEW_VOLUNTEER), create_there("V8", SAME_VOLUNTEER_THERE), Night()],
        After(
            here={"V7": {"number": "V5308022603000777V", "skills": "01"}},
            there={"V7": {"albp0003": "白茶"}},
            live={"volunteer": 7},
        ),
    ),
    Scenario(
        "an adopted creation with another value is a conflict on that field",
        [
            create_here("V7", **{**NEW_VOLUNTEER, "education": "30"}),
            create_there("V8", SAME_VOLUNTEER_THERE),
            Night(),
        ],
        After(here={"V7": {"education": "30"}}, live={"volunteer": 7}, mismatches={"both_edited": 1}, changes=1),
    ),
    Scenario(
        "a creation that the pull does not show is adopted when it is refused as existing",
        [
            create_here("V7", **NEW_VOLUNTEER),
            create_there("V8", SAME_VOLUNTEER_THERE),
            fault("stale-replica", {"path": "/volunteer/list"}, seconds=7200),
            Night(),
        ],
        After(here={"V7": {"number": "V5308022603000777V"}}, live={"volunteer": 7}),
    ),
    Scenario(
        "deleted on both sides",
        [DeleteHere("M2"), WithdrawThere("M2"), Night()],
        After(here={"M2": None}, there={"M2": None}, live={"membership": 4}),
    ),
    Scenario(
        "deleted here, edited there",
        [DeleteHere("M2"), edit_there("M2", albe0136="2025-02-01 10:00:00.0"), Night()],
        After(there={"M2": {"albe0134": "1"}}, mismatches={"deleted_here_edited_there": 1}, changes=1),
        kills=False,
    ),
    Scenario(
        "deleted here, edited there, and our deletion stands",
        [
            DeleteHere("M2"),
            edit_there("M2", albe0136="2025-02-01 10:00:00.0"),
            Night(),
            Decide("deleted_here_edited_there", "local"),
            Night(),
        ],
        After(here={"M2": None}, there={"M2": None}),
        kills=False,
    ),
    Scenario(
        "deleted here, edited there, and their edit stands",
        [
            DeleteHere("M2"),
            edit_there("M2", albe0136="2025-02-01 10:00:00.0"),
            Night(),
            Decide("deleted_here_edited_there", "national"),
            Night(),
        ],
        After(
            here={"M2": {"joined_at": at("2025-02-01 10:00"), "is_withdrawn": False}},
            there={"M2": {"albe0134": "1"}},
        ),
    ),
    Scenario(
        "a project deleted here that still has hours is not deleted there",
        [DeleteHere("P3"), Night()],
        After(there={"P3": {"albx0015": "4"}}, mismatches={"deleted_with_records": 1}, changes=1),
        kills=False,
    ),
    Scenario(
        "a volunteer deleted here that still has hours comes back by decision",
        [DeleteHere("V6"), Night(), Decide("deleted_with_records", "national"), Night()],
        After(here={"V6": {"is_withdrawn": False}}, live={"volunteer": 6}),
    ),
    Scenario(
        "a sign-in that has no sign-out yet comes in, and its end the day after",
        [
            edit_there("H14", albx0174="1", albx0182="", albx0172="0.00"),
            Night(),
            edit_there("H14", albx0174="2", albx0182="2026-02-11 16:00:00.0", albx0172="1.00"),
            Night(),
        ],
        After(
            here={"H14": {"ended_at": at("2026-02-11 16:00"), "state": "effective", "service_seconds": 3600}},
            mismatches={"total_not_sum": 1},
        ),
        kills=False,
    ),
    Scenario(
        "edited here, deleted there",
        [edit_here("V6", skills="01,02"), WithdrawThere("V6"), Night()],
        After(
            here={"V6": {"skills": "01,02", "is_withdrawn": True}},
            mismatches={"edited_here_deleted_there": 1},
            changes=1,
        ),
        kills=False,
    ),
    Scenario(
        "edited here, deleted there, and the deletion stands",
        [
            edit_here("V6", skills="01,02"),
            WithdrawThere("V6"),
            Night(),
            Decide("edited_here_deleted_there", "national"),
            Night(),
        ],
        After(here={"V6": {"skills": "01", "is_withdrawn": True}}),
    ),
    Scenario(
        "a record that was withdrawn comes back",
        [WithdrawThere("R1"), Night(), edit_there("R1", isdelete="0"), Night()],
        After(here={"R1": {"is_withdrawn": False}}, live={"training_record": 2}),
        kills=False,
    ),
    Scenario(
        "hours withdrawn after they were counted",
        [WithdrawThere("H1"), Night()],
        After(
            here={"H1": {"is_withdrawn": True, "state": "deleted", "service_seconds": 7200}},
            mismatches={"hours_withdrawn": 1, "total_not_sum": 1},
        ),
    ),
    Scenario(
        "hours that were counted are rejected afterwards",
        [edit_there("H1", albx0174="4"), Night()],
        After(
            here={"H1": {"is_withdrawn": False, "state": "rejected"}},
            mismatches={"hours_withdrawn": 1, "total_not_sum": 1},
        ),
        kills=False,
    ),
    Scenario(
        "a phone written plain with the value it has is sealed and is no edit",
        [edit_here("V1", phone="１３８８７９００１０１"), Night()],
        After(here={"V1": {"phone": "13887900101"}}, there={"V1": {"albp0010": "13887900101"}}),
        kills=False,
    ),
    Scenario(
        "a phone written plain with a new value is sealed and goes out",
        [edit_here("V1", phone="13900001111"), edit_here("T1", contact_phone="13900002222"), Night()],
        After(
            here={"V1": {"phone": "13900001111"}},
            there={"V1": {"albp0010": "13900001111"}, "T1": {"albe0019": "13900002222"}},
        ),
        kills=False,
    ),
]

ALL_SIX: Final[list[Event]] = [
    create_here("T4", **NEW_TEAM),
    create_here("V7", **NEW_VOLUNTEER),
    create_here("M6", volunteer="V7", team="T4"),
    create_here("P5", team="T4", **BACK_FILL),
    hours_here("H17", "V7", "2026-02-10", project="P5", team="T4"),
    create_here("R3", volunteer="V7", **TRAINING),
]

DEPENDENCIES: Final = [
    Scenario(
        "one of each kind, made here, goes out in one night in the right order",
        [*ALL_SIX, Night()],
        After(
            there={
                "T4": {"albe0002": "春蕾志愿服务队"},
                "V7": {"albp0003": "白茶"},
                "M6": {"albe0134": "1"},
                "P5": {"albx0015": "12"},
                "H17": {"albx0172": "2.00"},
                "R3": {"albx0288": "2.00"},
            },
            live={
                "team": 4,
                "volunteer": 7,
                "membership": 6,
                "project": 5,
                "hour_record": 17,
                "training_record": 3,
            },
        ),
    ),
    Scenario(
        "one of each kind, edited here, goes out",
        [
            edit_here("T1", contact_name="黄河"),
            edit_here("V1", occupation="27"),
            edit_here("P1", address="思亭路1号"),
            edit_here("H9", remark="扫地"),
            edit_here("R1", organiser="文明办"),
            Night(),
        ],
        After(
            there={
                "T1": {"albe0018": "黄河"},
                "V1": {"albp0018": "27"},
                "P1": {"albx0003": "思亭路1号"},
                "H9": {"remark": "扫地"},
                "R1": {"organiser": "文明办"},
            }
        ),
        kills=False,
    ),
    Scenario(
        "one of each kind, deleted here, goes out the other way round",
        [
            *(DeleteHere(label) for label in ("T4", "V7", "M6", "P5", "H17", "R3")),
            Night(),
        ],
        After(
            there={"T4": None, "V7": None, "M6": None, "P5": None, "H17": None, "R3": None},
            live={"team": 3, "volunteer": 6, "membership": 5, "project": 4, "hour_record": 16, "training_record": 2},
        ),
        Before(
            events=[
                create_there("T4", team_fields("春蕾志愿服务队")),
                create_there("V7", SAME_VOLUNTEER_THERE),
                create_there("M6", {"albe0133": "V7", "teamId": "T4", "albe0136": "2025-01-05 10:00:00.0"}),
                create_there("P5", {**PROJECT_THERE, "teamId": "T4"}),
                hours_there("H17", "V7", "2026-02-20", project="P5", team="T4", state="0"),
                create_there("R3", training_fields("V7", "禁毒知识", "2026-02-11", "2.00") | {"volunteerNumber": "V7"}),
                Night(),
            ]
        ),
    ),
    Scenario(
        "made here and deleted here before the night",
        [create_here("V7", **NEW_VOLUNTEER), DeleteHere("V7"), Night()],
        After(live={"volunteer": 6}),
        kills=False,
    ),
    Scenario(
        "hours at a project that is not understood wait and come in once it is",
        [
            create_there("P5", PROJECT_THERE),
            hours_there("H17", "V1", "2026-02-20", project="P5"),
            hours_there("H18", "V2", "2026-02-20"),
            Corrupt("P5", "31-february"),
            Night(),
            Heal("P5"),
            Night(),
        ],
        After(
            here={"H17": {"service_seconds": 7200}, "H18": {"service_seconds": 7200}},
            mismatches={"total_not_sum": 2},
        ),
    ),
    Scenario(
        "a volunteer in quarantine delays only the hours that are theirs",
        [
            create_there("V7", SAME_VOLUNTEER_THERE),
            hours_there("H17", "V7", "2026-02-20"),
            hours_there("H18", "V2", "2026-02-20"),
            Corrupt("V7", "impossible-id-number"),
            Night(),
        ],
        After(
            here={"V7": None, "H17": None, "H18": {"service_seconds": 7200}},
            quarantine={"bad_id_number": 1},
            mismatches={"unknown_reference": 1, "total_not_sum": 1},
            waiting={"hour_record": 1},
        ),
        kills=False,
    ),
    Scenario(
        "hours that wait are withdrawn there before they could come in",
        [
            create_there("V7", SAME_VOLUNTEER_THERE),
            hours_there("H17", "V7", "2026-02-20"),
            Corrupt("V7", "impossible-id-number"),
            Night(),
            WithdrawThere("H17"),
            Night(),
        ],
        After(here={"H17": None}, quarantine={"bad_id_number": 1}),
        kills=False,
    ),
    Scenario(
        "a known record that is not understood any more stays as it was",
        [Corrupt("V1", "unknown-code"), edit_there("V2", albp0039="02"), Night()],
        After(
            here={"V1": {"name": "岩温", "is_withdrawn": False}, "V2": {"skills": "02"}},
            quarantine={"unknown_code": 1},
        ),
        kills=False,
    ),
    Scenario(
        "what is in quarantine is asked for again and understood",
        [
            Corrupt("V1", "unknown-code"),
            Night(),
            Heal("V1"),
            AnswerQuarantine("replay"),
            Night(),
        ],
        After(here={"V1": {"name": "岩温"}}),
    ),
    Scenario(
        "what was dropped from quarantine stays out until it changes",
        [Corrupt("V1", "unknown-code"), Night(), AnswerQuarantine("drop"), Night()],
        After(here={"V1": {"name": "岩温"}}, quarantine={"unknown_code": 1}),
        kills=False,
    ),
]

CURSORS: Final = [
    Scenario(
        "the first mirror of everything",
        [Night()],
        After(here={"V1": {"name": "岩温"}, "H16": {"service_seconds": 7200}}),
        Before(mirror_is_empty=True),
    ),
    Scenario(
        "the first mirror meets rows that another program made",
        [
            create_here("V7", **{**NEW_VOLUNTEER, "id_number": identity_number("1990-04-12", 101), "name": "岩温"}),
            Night(),
        ],
        After(
            here={"V7": {"number": "V5308022401000001V"}},
            live={"volunteer": 6},
            mismatches={"both_edited": 1},
            changes=1,
        ),
        Before(mirror_is_empty=True),
        kills=False,
    ),
    Scenario(
        "records shift while pages are read",
        [
            edit_there("H12", remark="一"),
            edit_there("H14", remark="二"),
            fault("shifted-page", {"path": "/hour/list", "nth": 2}, by=1),
            Night(full=True, adapter={"page_size": 5}),
        ],
        After(here={"H12": {"remark": "一"}, "H14": {"remark": "二"}, "H1": {"is_withdrawn": False}}),
    ),
    Scenario(
        "a page comes twice",
        [
            edit_there("H12", remark="一"),
            fault("duplicate-page", {"path": "/hour/list", "nth": 2}),
            Night(full=True, adapter={"page_size": 5}),
        ],
        After(here={"H12": {"remark": "一"}}, live={"hour_record": 16}),
        kills=False,
    ),
    Scenario(
        "a replica that lags shows an edit one night late",
        [
            edit_there("H12", remark="一"),
            fault("stale-replica", {"path": "/hour/list", "every": 1, "times": 1}, seconds=7200),
            Night(),
            Night(),
        ],
        After(here={"H12": {"remark": "一"}}),
        kills=False,
    ),
    Scenario(
        "two edits within the second at which the cursor stands",
        [
            edit_there("H12", remark="一"),
            Night(hours_later=0),
            edit_there("H14", remark="二"),
            Night(hours_later=0),
        ],
        After(here={"H12": {"remark": "一"}, "H14": {"remark": "二"}}),
        kills=False,
    ),
    Scenario(
        "absent from one listing is not deleted",
        [PurgeThere("R2"), Night(full=True)],
        After(here={"R2": {"is_withdrawn": False}}),
        kills=False,
    ),
    Scenario(
        "absent from two listings and not found is withdrawn",
        [PurgeThere("R2"), Night(full=True), Night(full=True)],
        After(here={"R2": {"is_withdrawn": True}}, mismatches={"missing_nationally": 1}),
    ),
    Scenario(
        "absent from two listings but found on asking is not deleted",
        [
            Faults(
                (
                    {
                        "match": {"path": "/membership/list", "every": 1, "times": 2},
                        "fault": "mass-disappearance",
                        "parameters": {"share": 0.6},
                    },
                )
            ),
            Night(full=True, entities=("membership",)),
            Night(full=True, entities=("membership",)),
        ],
        After(here={"M1": {"is_withdrawn": False}, "M2": {"is_withdrawn": False}, "M3": {"is_withdrawn": False}}),
        kills=False,
    ),
    Scenario(
        "a write that was silently undone there is found by reading again",
        [
            edit_here("V1", skills="01,02"),
            fault("undo-writes", {"path": "/volunteer/update"}, afterCalls=1, silent=True),
            Night(kind="nightly"),
            Night(kind="nightly"),
        ],
        After(there={"V1": {"albp0039": "01,02"}}, here={"V1": {"skills": "01,02"}}),
        Before(policy={"windows": {"reread_nights": 1}}),
    ),
    Scenario(
        "a run limited to one entity leaves the rest",
        [
            edit_here("V1", skills="01,02"),
            edit_here("T1", contact_name="黄河"),
            Night(entities=("team",)),
        ],
        After(there={"V1": {"albp0039": "01"}, "T1": {"albe0018": "黄河"}}, changes=1),
        kills=False,
    ),
    Scenario(
        "a run limited to a county takes what it shows and moves no cursor",
        [edit_there("T2", albe0018="黄河"), Night(entities=("team",), scope={"county": "530821"}), Night()],
        After(here={"T2": {"contact_name": "黄河"}}),
        kills=False,
    ),
]


def _lost(kind: str, path: str, *events: Event) -> list[Event]:
    return [*events, fault(kind, {"path": path}), Night(), Night()]


LOST_ANSWERS: Final = [
    Scenario(
        "the answer to a creation is lost and it had taken effect",
        _lost("lost-answer", "/hour/create", hours_here("H17", "V1", "2026-02-20")),
        After(live={"hour_record": 17}, there={"H17": {"albx0172": "2.00"}}),
    ),
    Scenario(
        "the answer to a creation is lost and nothing had happened",
        _lost("lost-request", "/hour/create", hours_here("H17", "V1", "2026-02-20")),
        After(live={"hour_record": 17}, there={"H17": {"albx0172": "2.00"}}),
    ),
    Scenario(
        "the answer to an update is lost and it had taken effect",
        _lost("lost-answer", "/volunteer/update", edit_here("V1", skills="01,02")),
        After(there={"V1": {"albp0039": "01,02"}}),
    ),
    Scenario(
        "the answer to an update is lost and nothing had happened",
        _lost("lost-request", "/volunteer/update", edit_here("V1", skills="01,02")),
        After(there={"V1": {"albp0039": "01,02"}}),
    ),
    Scenario(
        "the answer to a deletion is lost and it had taken effect",
        _lost("lost-answer", "/membership/delete", DeleteHere("M2")),
        After(there={"M2": None}, live={"membership": 4}),
    ),
    Scenario(
        "the answer to a deletion is lost and nothing had happened",
        _lost("lost-request", "/membership/delete", DeleteHere("M2")),
        After(there={"M2": None}, live={"membership": 4}),
    ),
    Scenario(
        "the answer to a batch is lost and it had taken effect",
        _lost(
            "lost-answer",
            "/hour/createBatch",
            hours_here("H17", "V1", "2026-02-20"),
            hours_here("H18", "V2", "2026-02-20"),
        ),
        After(live={"hour_record": 18}),
    ),
    Scenario(
        "the answer to a batch is cut short",
        _lost(
            "truncated",
            "/hour/createBatch",
            hours_here("H17", "V1", "2026-02-20"),
            hours_here("H18", "V2", "2026-02-20"),
        ),
        After(live={"hour_record": 18}),
        kills=False,
    ),
    Scenario(
        "the answer to a batch is lost and nothing had happened",
        _lost(
            "lost-request",
            "/hour/createBatch",
            hours_here("H17", "V1", "2026-02-20"),
            hours_here("H18", "V2", "2026-02-20"),
        ),
        After(live={"hour_record": 18}),
    ),
    Scenario(
        "a creation without an answer is not sent again while it may still take effect",
        [
            hours_here("H17", "V1", "2026-02-20"),
            fault("lost-request", {"path": "/hour/create"}),
            Night(),
            Night(hours_later=0),
        ],
        After(operations={"unknown": 1}, live={"hour_record": 16}),
        kills=False,
    ),
    Scenario(
        "edited here again while the answer to the first edit was lost",
        [
            edit_here("V1", skills="01,02"),
            fault("lost-answer", {"path": "/volunteer/update"}),
            Night(),
            edit_here("V1", skills="01,03"),
            Night(),
        ],
        After(here={"V1": {"skills": "01,03"}}, there={"V1": {"albp0039": "01,03"}}),
    ),
    Scenario(
        "every second item of a batch fails without a word",
        [
            hours_here("H17", "V1", "2026-02-20"),
            hours_here("H18", "V2", "2026-02-20"),
            hours_here("H19", "V5", "2026-02-20"),
            fault("partial-batch", {"path": "/hour/createBatch"}, every=2, code=50001),
            Night(),
            Night(),
        ],
        After(live={"hour_record": 19}),
    ),
    Scenario(
        "one item of a batch is refused and the others go through",
        [
            hours_here("H17", "V1", "2026-02-20"),
            hours_here("H18", "V2", "2026-02-01"),
            hours_here("H19", "V5", "2026-02-20"),
            Night(),
        ],
        After(live={"hour_record": 18}, mismatches={"refused_by_review": 1}),
        kills=False,
    ),
]

REVIEWS: Final = [
    Scenario(
        "a registration waits for its review",
        [
            create_here("V7", **NEW_VOLUNTEER),
            fault("asynchronous-review", {"path": "/volunteer/create"}, hours=2400),
            Night(),
            Night(),
        ],
        After(operations={"pending": 1}, live={"volunteer": 6}, unexplained=0),
        kills=False,
    ),
    Scenario(
        "a registration passes its review, and what waited for it goes out",
        [
            create_here("V7", **NEW_VOLUNTEER),
            create_here("M6", volunteer="V7", team="T1"),
            fault("asynchronous-review", {"path": "/volunteer/create"}, hours=2400),
            Night(),
            Review("pass"),
            Night(),
        ],
        After(live={"volunteer": 7, "membership": 6}, there={"M6": {"albe0134": "1"}}),
    ),
    Scenario(
        "a registration is refused by its review and given up",
        [
            create_here("V7", **NEW_VOLUNTEER),
            fault("asynchronous-review", {"path": "/volunteer/create"}, hours=2400),
            Night(),
            Review("refuse", "资料不全"),
            Night(),
            Decide("refused_by_review", "national"),
            Night(),
        ],
        After(here={"V7": {"is_withdrawn": True}}, live={"volunteer": 6}),
        kills=False,
    ),
    Scenario(
        "a registration is refused by its review and handed in again",
        [
            create_here("V7", **NEW_VOLUNTEER),
            fault("asynchronous-review", {"path": "/volunteer/create"}, hours=2400),
            Night(),
            Review("refuse", "资料不全"),
            Night(),
            Decide("refused_by_review", "local"),
            Night(),
        ],
        After(live={"volunteer": 7}, there={"V7": {"albp0003": "白茶"}}),
    ),
    Scenario(
        "an application to a team that reviews becomes a membership",
        [create_here("M6", volunteer="V1", team="T2"), Night(), edit_there("M6", albe0134="1"), Night()],
        After(here={"M6": {"state": "member"}}, live={"membership": 6}),
        kills=False,
    ),
    Scenario(
        "a value that is not allowed is refused, reported once and not sent again",
        [edit_here("V1", skills="77"), Night(), Night()],
        After(there={"V1": {"albp0039": "01"}}, mismatches={"refused_by_review": 1}, changes=1),
        kills=False,
    ),
    Scenario(
        "a refused value that is corrected goes out",
        [edit_here("V1", skills="77"), Night(), edit_here("V1", skills="01,02"), Night()],
        After(there={"V1": {"albp0039": "01,02"}}),
    ),
    Scenario(
        "a refused value is given up by decision",
        [edit_here("V1", skills="77"), Night(), Decide("refused_by_review", "national"), Night()],
        After(here={"V1": {"skills": "01"}}, there={"V1": {"albp0039": "01"}}),
        kills=False,
    ),
    Scenario(
        "a refused value is sent once more by decision",
        [edit_here("V1", skills="77"), Night(), Decide("refused_by_review", "local"), Night()],
        After(there={"V1": {"albp0039": "01"}}, mismatches={"refused_by_review": 1}, changes=1),
        kills=False,
    ),
    Scenario(
        "a conflict is settled for our value",
        [
            edit_here("V1", skills="01,02"),
            edit_there("V1", albp0039="01,05"),
            Night(),
            Decide("both_edited", "local"),
            Night(),
        ],
        After(here={"V1": {"skills": "01,02"}}, there={"V1": {"albp0039": "01,02"}}),
        kills=False,
    ),
    Scenario(
        "a conflict is settled for the national value",
        [
            edit_here("V1", skills="01,02"),
            edit_there("V1", albp0039="01,05"),
            Night(),
            Decide("both_edited", "national"),
            Night(),
        ],
        After(here={"V1": {"skills": "01,05"}}, there={"V1": {"albp0039": "01,05"}}),
    ),
    Scenario(
        "a write that is undone there again and again stops",
        [Night(), Night()],
        After(there={"V1": {"albp0039": "01"}}, mismatches={"write_undone": 1}, changes=1),
        Before(
            policy={"push": {"undone_after": 2}},
            events=[
                edit_here("V1", skills="01,02"),
                fault("undo-writes", {"path": "/volunteer/update", "times": 9}, afterCalls=1, silent=False),
                Night(),
            ],
        ),
    ),
    Scenario(
        "one person registered twice is reported, and settled by a merger there",
        [
            create_there("V7", {**volunteer_fields("岩温", "1990-04-12", 101), "albp0029": "V5308022603000778V"}),
            Night(),
            MergeThere("V7", "V1"),
            Night(),
        ],
        After(here={"V7": {"is_withdrawn": True}, "V1": {"is_withdrawn": False}}),
        kills=False,
    ),
    Scenario(
        "one person registered twice is merged here, and later there",
        [
            create_there("V7", {**volunteer_fields("岩温", "1990-04-12", 101), "albp0029": "V5308022603000778V"}),
            create_there("M7", {**membership_fields("V7", "T3"), "albe0133": "V7"}),
            create_there("R7", {**training_fields("V7", "禁毒知识", "2026-02-11", "2.00"), "volunteerNumber": "V7"}),
            hours_there("H20", "V7", "2026-02-20"),
            Night(),
            MergeHere("V1", "V7"),
            Night(),
            MergeThere("V7", "V1"),
            Night(),
        ],
        After(
            here={"V7": {"is_withdrawn": True}, "V1": {"is_withdrawn": False}},
            there={"M7": None, "R7": None, "H20": {"albx0175": "V5308022401000001V"}},
            live={"volunteer": 6, "membership": 6, "hour_record": 17, "training_record": 3},
        ),
        kills=False,
    ),
    Scenario(
        "a failed real-name check that is accepted is not reported again",
        [
            edit_there("V5", albp0063="0"),
            Night(),
            Decide("real_name_failed", "national"),
            Night(),
            edit_there("V5", albp0039="02"),
            Night(),
        ],
        After(here={"V5": {"real_name_state": "failed", "skills": "02"}}),
        kills=False,
    ),
]

_STAGED: Final = "SELECT 1 FROM observed_volunteer WHERE national_hash <> mirror_hash"

LIMITS: Final = [
    Scenario(
        "asked to slow down in the middle of the night",
        [
            edit_here("V1", skills="01,02"),
            edit_there("H12", remark="一"),
            Faults(
                (
                    {"match": {"path": "/hour/list", "nth": 1}, "fault": "429", "parameters": {"retryAfter": 30}},
                    {
                        "match": {"path": "/volunteer/update", "nth": 1},
                        "fault": "429-date",
                        "parameters": {"retryAfter": 20},
                    },
                    {"match": {"path": "/project/list", "nth": 1}, "fault": "429-no-header", "parameters": {}},
                )
            ),
            Night(),
        ],
        After(here={"H12": {"remark": "一"}}, there={"V1": {"albp0039": "01,02"}}),
        kills=False,
    ),
    Scenario(
        "the quota is spent while reading, and the next day goes on",
        [
            edit_here("V1", skills="01,02"),
            edit_there("H12", remark="一"),
            Passed(DAY),
            Night(calls_per_day=5, adapter={"quota_block": 1}, raises="quota_spent"),
            Passed(DAY),
            Night(),
        ],
        After(here={"H12": {"remark": "一"}}, there={"V1": {"albp0039": "01,02"}}),
    ),
    Scenario(
        "the quota is spent while sending, and the next day goes on",
        [
            edit_here("V1", skills="01,02"),
            edit_here("V2", skills="01,02"),
            edit_here("T1", contact_name="黄河"),
            Passed(DAY),
            Night(kind="light", calls_per_day=9, adapter={"quota_block": 1}),
            Passed(DAY),
            Night(),
        ],
        After(there={"V1": {"albp0039": "01,02"}, "V2": {"albp0039": "01,02"}, "T1": {"albe0018": "黄河"}}),
        kills=False,
    ),
    Scenario(
        "the quota is spent while creating, and the next day goes on",
        [
            create_here("T4", **NEW_TEAM),
            create_here("R3", volunteer="V1", **TRAINING),
            create_here("R4", volunteer="V2", **TRAINING),
            Passed(DAY),
            Night(kind="light", calls_per_day=8, adapter={"quota_block": 1}),
            Passed(DAY),
            Night(),
        ],
        After(live={"team": 4, "training_record": 4}),
    ),
    Scenario(
        "the national side fails, calls pause, and a later night goes on",
        [
            edit_there("H12", remark="一"),
            Faults(
                (
                    {
                        "match": {"path": "/hour/list", "every": 1, "times": 9},
                        "fault": "5xx",
                        "parameters": {"status": 500},
                    },
                )
            ),
            Night(raises="circuit_open", adapter={"breaker_failures": 3, "breaker_pause_seconds": 600}),
            Night(raises="circuit_open", hours_later=0),
            no_faults(),
            Night(),
        ],
        After(here={"H12": {"remark": "一"}}),
        kills=False,
    ),
    Scenario(
        "the token ends in the middle of the night",
        [
            edit_here("V1", skills="01,02"),
            fault("expired-token", {"path": "/volunteer/update"}),
            Night(),
        ],
        After(there={"V1": {"albp0039": "01,02"}}),
        kills=False,
    ),
]

FEW: Final = {"withdrawals_count": 2, "withdrawals_percent": 5, "updates_count": 2, "updates_percent": 20}
GUARDED: Final = Before(policy={"guards": FEW})
_THREE_DELETED_HERE: Final[list[Event]] = [DeleteHere("M1"), DeleteHere("M2"), DeleteHere("M3"), Night()]
_THREE_WITHDRAWN_THERE: Final[list[Event]] = [WithdrawThere("H9"), WithdrawThere("H12"), WithdrawThere("H14"), Night()]
_THREE_EDITED_THERE: Final[list[Event]] = [edit_there(f"V{n}", albp0039="05") for n in (1, 2, 3)]
_THREE_EDITED_HERE: Final[list[Event]] = [edit_here(f"V{n}", skills="05") for n in (1, 2, 3)]

GUARDS: Final = [
    Scenario(
        "too many deletions here are held, the rest goes on",
        [edit_here("V1", skills="01,02"), *_THREE_DELETED_HERE],
        After(holds={"send_delete": "open"}, live={"membership": 5}, there={"V1": {"albp0039": "01,02"}}, changes=3),
        GUARDED,
        kills=False,
    ),
    Scenario(
        "too many deletions here go out once approved",
        [*_THREE_DELETED_HERE, AnswerHold("approve", "send_delete"), Night()],
        After(live={"membership": 2}),
        GUARDED,
    ),
    Scenario(
        "too many deletions here stay once rejected",
        [*_THREE_DELETED_HERE, AnswerHold("reject", "send_delete"), Night()],
        After(holds={"send_delete": "rejected"}, live={"membership": 5}, changes=3),
        GUARDED,
        kills=False,
    ),
    Scenario(
        "an approval does not count for another plan",
        [*_THREE_DELETED_HERE, AnswerHold("approve", "send_delete"), DeleteHere("M4"), Night()],
        After(holds={"send_delete": "open"}, live={"membership": 5}, changes=4),
        GUARDED,
        kills=False,
    ),
    Scenario(
        "too many withdrawals there are held, the rest goes on",
        [edit_there("H1", remark="一"), *_THREE_WITHDRAWN_THERE],
        After(
            holds={"withdraw": "open"},
            here={"H9": {"is_withdrawn": False}, "H1": {"remark": "一"}},
            waiting={"hour_record": 3},
        ),
        GUARDED,
        kills=False,
    ),
    Scenario(
        "too many withdrawals there come in once approved",
        [*_THREE_WITHDRAWN_THERE, AnswerHold("approve", "withdraw"), Night()],
        After(here={"H9": {"is_withdrawn": True}, "H14": {"is_withdrawn": True}}),
        GUARDED,
    ),
    Scenario(
        "too many updates there are held and come in once approved",
        [*_THREE_EDITED_THERE, Night(), AnswerHold("approve", "update"), Night()],
        After(here={"V1": {"skills": "05"}, "V3": {"skills": "05"}}),
        GUARDED,
    ),
    Scenario(
        "too many updates there stay held, and what is new comes in",
        [*_THREE_EDITED_THERE, create_there("V7", SAME_VOLUNTEER_THERE), Night()],
        After(
            holds={"update": "open"},
            here={"V1": {"skills": "01"}, "V7": {"name": "白茶"}},
            waiting={"volunteer": 3},
        ),
        GUARDED,
        kills=False,
    ),
    Scenario(
        "too many updates here are held and go out once approved",
        [*_THREE_EDITED_HERE, Night(), AnswerHold("approve", "send_update"), Night()],
        After(there={"V1": {"albp0039": "05"}, "V3": {"albp0039": "05"}}),
        GUARDED,
    ),
    Scenario(
        "a total that has dropped holds every withdrawal",
        [
            *(hours_there(f"H{17 + n}", "V6", f"2026-02-{20 + n}") for n in range(6)),
            Night(),
            *(PurgeThere(f"H{17 + n}") for n in range(4)),
            Night(full=True),
            Night(full=True),
        ],
        After(holds={"withdraw": "open"}, here={"H17": {"is_withdrawn": False}}, mismatches={"total_not_sum": 1}),
        kills=False,
    ),
    Scenario(
        "another translation holds every update until it is approved",
        [
            Forget("volunteer"),
            edit_there("V1", albp0039="05"),
            Night(),
            AnswerHold("approve", "update"),
            Night(),
            edit_there("V2", albp0039="05"),
            Night(),
        ],
        After(here={"V1": {"skills": "05"}, "V2": {"skills": "05"}}),
        kills=False,
    ),
]

TOGETHER: Final = [
    Scenario(
        "a second daemon at once does nothing",
        [
            edit_there("V1", albp0039="05"),
            Night(meanwhile=(Meanwhile("after_commit", _STAGED, (Night(raises="run_in_progress"),)),)),
        ],
        After(here={"V1": {"skills": "05"}}),
    ),
    Scenario(
        "a run that stalled beyond its lease stops before its next write",
        [
            edit_there("V1", albp0039="05"),
            edit_here("V2", skills="01,02"),
            Night(
                raises="lease_lost",
                meanwhile=(Meanwhile("after_commit", _STAGED, (Passed(400), Night(holder="elsewhere:1"))),),
            ),
        ],
        After(here={"V1": {"skills": "05"}}, there={"V2": {"albp0039": "01,02"}}),
    ),
    Scenario(
        "a run that stalled between its call and the answer books nothing",
        [
            hours_here("H17", "V1", "2026-02-20"),
            Night(
                raises="lease_lost",
                meanwhile=(Meanwhile("after_reply", "SELECT 1", (Passed(400), Night(holder="elsewhere:1"))),),
            ),
            Night(),
        ],
        After(live={"hour_record": 17}),
    ),
    Scenario(
        "a scheduled moment is done once",
        [
            edit_there("V1", albp0039="05"),
            Night(kind="nightly", slot="2026-03-02T02:00"),
            Night(kind="nightly", slot="2026-03-02T02:00", raises="slot_taken"),
        ],
        After(here={"V1": {"skills": "05"}}),
        kills=False,
    ),
    Scenario(
        "edited here between plan and apply, another field",
        [
            edit_there("V1", albp0039="05"),
            Night(meanwhile=(Meanwhile("after_commit", _STAGED, (edit_here("V1", education="30"),)),)),
        ],
        After(here={"V1": {"skills": "05", "education": "30"}}, there={"V1": {"albp0039": "05", "albp0017": "30"}}),
    ),
    Scenario(
        "edited here between plan and apply, the same field",
        [
            edit_there("V1", albp0039="05"),
            Night(meanwhile=(Meanwhile("after_commit", _STAGED, (edit_here("V1", skills="01,02"),)),)),
        ],
        After(
            here={"V1": {"skills": "01,02"}},
            there={"V1": {"albp0039": "05"}},
            mismatches={"both_edited": 1},
            changes=1,
        ),
    ),
    Scenario(
        "deleted here between plan and apply",
        [
            edit_there("M2", albe0136="2025-02-01 10:00:00.0"),
            Night(
                meanwhile=(
                    Meanwhile(
                        "after_commit",
                        "SELECT 1 FROM observed_membership WHERE national_hash <> mirror_hash",
                        (DeleteHere("M2"),),
                    ),
                )
            ),
        ],
        After(here={"M2": None}, mismatches={"deleted_here_edited_there": 1}, changes=1),
    ),
    Scenario(
        "edited here again while the edit is on its way",
        [
            edit_here("V1", skills="01,02"),
            Night(meanwhile=(Meanwhile("before_send", "SELECT 1", (edit_here("V1", skills="01,03"),)),)),
            Night(),
        ],
        After(here={"V1": {"skills": "01,03"}}, there={"V1": {"albp0039": "01,03"}}),
    ),
    Scenario(
        "deleted here while its creation is on its way",
        [
            create_here("M6", volunteer="V6", team="T1"),
            Night(meanwhile=(Meanwhile("before_send", "SELECT 1", (DeleteHere("M6"),)),)),
            Night(),
        ],
        After(live={"membership": 5}),
    ),
    Scenario(
        "edited there, another field, while our edit is on its way",
        [
            edit_here("V1", skills="01,02"),
            Night(meanwhile=(Meanwhile("before_send", "SELECT 1", (edit_there("V1", albp0017="30"),)),)),
            Night(),
        ],
        After(
            here={"V1": {"skills": "01,02", "education": "30"}}, there={"V1": {"albp0039": "01,02", "albp0017": "30"}}
        ),
    ),
    Scenario(
        "edited there, the same field, while our edit is on its way, where updates can be conditional",
        [
            switch(etag=True),
            edit_here("V1", skills="01,02"),
            Night(meanwhile=(Meanwhile("before_send", "SELECT 1", (edit_there("V1", albp0039="05"),)),)),
            Night(),
        ],
        After(
            here={"V1": {"skills": "01,02"}},
            there={"V1": {"albp0039": "05"}},
            mismatches={"both_edited": 1},
            changes=1,
        ),
        kills=False,
    ),
]


def _with_switch(name: str, **switches: Any) -> Scenario:
    """The same events on a national side that can do something more, or less."""
    return Scenario(
        name,
        [
            switch(**switches),
            edit_here("V1", skills="01,02"),
            edit_there("V2", albp0017="30"),
            WithdrawThere("H14"),
            DeleteHere("M2"),
            hours_here("H17", "V1", "2026-02-20"),
            fault("lost-answer", {"path": "/hour/create"}),
            Night(),
            Night(),
        ],
        After(
            here={"V2": {"education": "30"}, "H14": {"is_withdrawn": True}},
            there={"V1": {"albp0039": "01,02"}, "M2": None, "H17": {"albx0172": "2.00"}},
            live={"hour_record": 16},
        ),
        kills=False,
    )


def _killed_with_switch(name: str, **switches: Any) -> Scenario:
    """One of each write, with as little else as can be, where what is offered changes how a lost write is found."""
    return Scenario(
        name,
        [
            switch(**switches),
            edit_here("H12", remark="扫地"),
            DeleteHere("H14"),
            hours_here("H17", "V1", "2026-02-20"),
            fault("lost-answer", {"path": "/hour/create"}),
            Night(),
            Night(),
        ],
        After(
            there={"H12": {"remark": "扫地"}, "H14": None, "H17": {"albx0172": "2.00"}},
            live={"hour_record": 16},
        ),
    )


CAPABILITIES: Final = [
    _with_switch("a side that cannot list only changes", changeFilter=[]),
    _with_switch("a side that pages by keys", keysetPaging=True),
    _with_switch("a side that offers digests", digest=True),
    _with_switch("a side that gives records one by one", batchRead=False, batchWrite=[]),
    _with_switch("a side whose updates can be conditional", etag=True),
    _with_switch("a side that takes idempotency keys", idempotencyKey=True),
    _with_switch("a side that finds records by our reference", clientReference=True),
    _killed_with_switch("writes on a side that cannot list only changes", changeFilter=[]),
    _killed_with_switch("writes on a side that gives records one by one", batchRead=False, batchWrite=[]),
    _killed_with_switch("writes on a side whose updates can be conditional", etag=True),
    _killed_with_switch("writes on a side that takes idempotency keys", idempotencyKey=True),
    _killed_with_switch("writes on a side that finds records by our reference", clientReference=True),
    _with_switch("a side without totals", totals=False),
    _with_switch("a side that wants its bodies encrypted", encryptedBodies="required"),
    Scenario(
        "a side that does not list what it has deleted",
        [switch(tombstones=False), WithdrawThere("H14"), Night(), Night(full=True), Night(full=True)],
        After(here={"H14": {"is_withdrawn": True}}, mismatches={"missing_nationally": 1}),
        kills=False,
    ),
]

_CLASH: Final = (edit_here("V1", skills="01,02"), edit_there("V1", albp0039="01,05"), Night())
"""A conflict about the skills of `V1`, to be decided."""

_AT_WORK: Final = "SELECT 1 FROM run WHERE state = 'running' AND id > 1"

DECIDING: Final = [
    Scenario(
        "a conflict is settled with a third value",
        [*_CLASH, Decide("both_edited", "set", value="03"), Night()],
        After(here={"V1": {"skills": "03"}}, there={"V1": {"albp0039": "03"}}),
    ),
    Scenario(
        "a conflict settled for our value is undone after it was sent",
        [*_CLASH, Decide("both_edited", "local"), Night(), Undo("both_edited"), Night()],
        After(here={"V1": {"skills": "01,05"}}, there={"V1": {"albp0039": "01,05"}}),
        kills=False,
    ),
    Scenario(
        "a standing rule settles a conflict, and ours goes out in the same night",
        [AddRule("volunteer", "skills", "local"), *_CLASH],
        After(here={"V1": {"skills": "01,02"}}, there={"V1": {"albp0039": "01,02"}}),
    ),
    Scenario(
        "a decision is withdrawn because the value was edited again before it was carried out",
        [*_CLASH, Decide("both_edited", "national"), edit_here("V1", skills="04"), Night()],
        After(
            here={"V1": {"skills": "04"}},
            there={"V1": {"albp0039": "01,05"}},
            mismatches={"both_edited": 1},
            changes=1,
        ),
        kills=False,
    ),
    Scenario(
        "a decision made while a run is at work is carried out once",
        [
            *_CLASH,
            Night(meanwhile=(Meanwhile("after_commit", _AT_WORK, (Decide("both_edited", "national"),)),)),
            Night(),
        ],
        After(here={"V1": {"skills": "01,05"}}, there={"V1": {"albp0039": "01,05"}}),
        kills=False,
    ),
    Scenario(
        "a decision is carried out and sent at once",
        [*_CLASH, Decide("both_edited", "local"), Night(kind="decisions")],
        After(here={"V1": {"skills": "01,02"}}, there={"V1": {"albp0039": "01,02"}}),
        kills=False,
    ),
]

SCENARIOS: Final = [
    *MERGING,
    *DEPENDENCIES,
    *CURSORS,
    *LOST_ANSWERS,
    *REVIEWS,
    *DECIDING,
    *LIMITS,
    *GUARDS,
    *TOGETHER,
    *CAPABILITIES,
]

KILLED_ON_POSTGRESQL: Final = frozenset(
    {
        "both edited different fields",
        "one of each kind, made here, goes out in one night in the right order",
        "the answer to a batch is lost and it had taken effect",
        "edited here between plan and apply, the same field",
        "a run that stalled beyond its lease stops before its next write",
        "too many withdrawals there come in once approved",
    }
)
