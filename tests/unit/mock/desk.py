"""A mock in the same process: its service, called without a socket."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

from national_sync_mocks.nvsi_server.admin import Admin
from national_sync_mocks.nvsi_server.identity import check_digit, sex_code
from national_sync_mocks.nvsi_server.service import Call, Service
from national_sync_mocks.nvsi_server.signing import signature
from national_sync_mocks.nvsi_server.state import State

NOW = "2026-03-02 01:00:00"
AREA = "530802000000000000"
APP_ID, SECRET = "puer", "unit-test"
Json = dict[str, Any]


@dataclass
class Desk:
    """Calls to a mock whose clock stands at `NOW`, and short ways to what a test needs there."""

    service: Service
    token: str = ""
    made: int = 0
    admin: Admin = field(init=False)

    def __post_init__(self) -> None:
        self.admin = Admin(self.service)

    @property
    def state(self) -> State:
        return self.service.state

    def call(self, path: str, **body: Any) -> Json:
        """The envelope, its code and counts as numbers whatever their form."""
        answer = self.service.answer(Call(path, self.token, json.dumps(body).encode()))
        envelope: Json = json.loads(answer.body)
        for name in {"code", "totalCount", "pageCount"} & set(envelope):
            envelope[name] = int(envelope[name])
        return envelope

    def code(self, path: str, **body: Any) -> int:
        return int(self.call(path, **body)["code"])

    def data(self, path: str, **body: Any) -> Any:
        envelope = self.call(path, **body)
        assert envelope["code"] == 0, envelope
        return envelope["data"]

    def sign_in(self) -> None:
        self.made += 1
        timestamp, nonce = self.state.shown_now_ms(), f"{self.made:032x}"
        sign = signature(SECRET, APP_ID, timestamp, nonce)
        self.token = self.data("/token", appId=APP_ID, timestamp=timestamp, nonce=nonce, sign=sign)["token"]

    def act(self, name: str, /, **body: Any) -> Json:
        """An admin call."""
        raw = json.dumps(body).encode()
        status, content = self.admin.answer("POST", f"/admin/{name}", b"", raw)
        answer: Json = json.loads(content)
        assert status == 200, answer
        return answer

    def switch(self, **values: Any) -> None:
        self.act("capabilities", **values)

    def team(self, **fields: str) -> Json:
        self.made += 1
        content = {
            "albe0002": f"青松志愿服务{self.made}队",
            "albe0003": "1",
            "albe0005": "09",
            "albe0012": AREA,
            "albe0028": "2",
        }
        return self.act("create", entity="team", fields={**content, **fields})

    def volunteer(self, **fields: str) -> Json:
        self.made += 1
        person = person_fields(self.made)
        content = {**person, "albp0029": f"V5308022601{self.made:06d}V", "albp0034": "2026-01-05 09:00:00.0"}
        return self.act("create", entity="volunteer", fields={**content, **fields})

    def project(self, team: Json, **fields: str) -> Json:
        self.made += 1
        content = {
            "albx0002": f"社区清洁第{self.made}期",
            "albx0004": "2026-02-01 00:00:00.0",
            "albx0005": "2026-03-31 23:59:59.0",
            "albx0009": "0001",
            "albx0015": "4",
            "albx0021": AREA,
            "teamId": team["id"],
        }
        return self.act("create", entity="project", fields={**content, **fields})

    def hour_fields(self, volunteer: Json, project: Json, **fields: str) -> dict[str, str]:
        return {
            "albx0175": volunteer["albp0029"],
            "albx0176": project["id"],
            "albx0177": project["teamId"],
            "albx0181": "2026-02-10 09:00:00.0",
            "albx0182": "2026-02-10 11:30:00.0",
            **fields,
        }


def person_fields(serial: int, born: str = "1990-05-17") -> dict[str, str]:
    """A volunteer with a valid ID number, as a caller would send one."""
    body = f"530802{born.replace('-', '')}{serial % 1000:03d}"
    number = body + check_digit(body)
    return {
        "albp0003": "李青山",
        "albp0004": "01",
        "albp0005": number,
        "albp0006": sex_code(number),
        "albp0014": born,
        "albp0020": AREA,
    }
