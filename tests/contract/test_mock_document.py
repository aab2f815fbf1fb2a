"""docs/national-api/openapi.yaml and the mock say the same."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml
from tests.unit.mock.desk import APP_ID, NOW, SECRET, Desk, person_fields

from national_sync_mocks.nvsi_server import refusal, signing
from national_sync_mocks.nvsi_server.admin import Admin
from national_sync_mocks.nvsi_server.app import PATHS
from national_sync_mocks.nvsi_server.capabilities import Behaviour, Capabilities
from national_sync_mocks.nvsi_server.clock import Clock, parse_ms
from national_sync_mocks.nvsi_server.codes import SINGLE, code_lists
from national_sync_mocks.nvsi_server.distortions import VARIANTS
from national_sync_mocks.nvsi_server.faults import PARAMETERS
from national_sync_mocks.nvsi_server.forms import FORMS
from national_sync_mocks.nvsi_server.generator import Sizes, generated_state
from national_sync_mocks.nvsi_server.reads import FIND_KEYS
from national_sync_mocks.nvsi_server.service import BASE, Call, Service
from national_sync_mocks.nvsi_server.wire import COMMON_FIELDS, KINDS

Json = dict[str, Any]
PATH = Path(__file__).parents[2] / "docs" / "national-api" / "openapi.yaml"
TITLES = {segment: segment.capitalize() for segment in KINDS}


@pytest.fixture(scope="module")
def document() -> Json:
    content: Json = yaml.safe_load(PATH.read_text(encoding="utf-8"))
    return content


@pytest.fixture
def desk() -> Desk:
    clock = Clock()
    clock.set_ms(parse_ms(NOW))
    clock.freeze()
    desk = Desk(Service(generated_state(2, Sizes(40, 8, 12, 150), clock), APP_ID, SECRET))
    desk.sign_in()
    return desk


def conforms(document: Json, path: str, reply: Json) -> None:
    """Whether the reply is a success as the document describes it."""
    responses = document["paths"][BASE + path]["post"]["responses"]
    success = responses["200"]["content"]["application/json"]["schema"]["anyOf"][0]
    validator = jsonschema_rs.Draft202012Validator({**success, "components": document["components"]})
    errors = [f"{error.instance_path}: {error.message}" for error in validator.iter_errors(reply)]
    assert not errors, errors[:3]


def test_every_path_is_described_and_nothing_else(document: Json, desk: Desk) -> None:
    described = {(method.upper(), path) for path, item in document["paths"].items() for method in item}
    assert described == {("POST", BASE + path) for path in PATHS} | set(Admin(desk.service).routes)


@pytest.mark.parametrize("segment", list(KINDS))
def test_every_field_is_described_with_its_confidence(document: Json, segment: str) -> None:
    names = set(KINDS[segment].record.__struct_fields__)
    shown = document["components"]["schemas"][TITLES[segment]]
    sent = document["components"]["schemas"][f"{TITLES[segment]}Content"]
    creation = document["components"]["schemas"][f"{TITLES[segment]}Creation"]
    assert set(shown["properties"]) == names | {"version"}
    assert set(shown["required"]) == names
    assert set(sent["properties"]) == names - COMMON_FIELDS
    assert tuple(creation["properties"]["record"]["required"]) == FORMS[segment].required
    for name, field in {**sent["properties"], **shown["properties"]}.items():
        assert field["x-confidence"] in ("C", "I", "A"), name
        assert field["description"], name
    read_only = {name for name, field in shown["properties"].items() if field.get("readOnly")}
    assert read_only == FORMS[segment].assigned


@pytest.mark.parametrize("segment", list(KINDS))
def test_every_code_is_described(document: Json, segment: str) -> None:
    shown = document["components"]["schemas"][TITLES[segment]]["properties"]
    sent = document["components"]["schemas"][f"{TITLES[segment]}Content"]["properties"]
    for name in set(sent) & set(SINGLE):
        codes = code_lists()[SINGLE[name]]
        if "enum" in sent[name]:
            assert set(sent[name]["enum"]) - {""} == codes
        if len(codes) < 30 and SINGLE[name] not in ("flag", "star"):
            described = shown[name]["description"]
            assert all(re.search(rf"\b{code}\b", described) for code in codes), name


def test_searches_are_described(document: Json) -> None:
    for segment, keys in FIND_KEYS.items():
        search = document["components"]["schemas"][f"{TITLES[segment]}Search"]
        described = {frozenset(choice["required"]) for choice in search["anyOf"]}
        assert described == {*keys, frozenset({"clientReference"})}


def test_every_error_code_is_described(document: Json) -> None:
    codes = {value for name, value in vars(refusal).items() if name.isupper() and isinstance(value, int)}
    described = {int(code) for code in re.findall(r"^\| (\d+) \|", document["info"]["description"], re.M)}
    assert described == codes | {0}


def test_every_switch_and_fault_is_described(document: Json) -> None:
    features = document["components"]["schemas"]["Features"]["properties"]
    assert set(features) == {field.name for field in fields(Capabilities)}
    switches = document["paths"]["/admin/capabilities"]["post"]["description"]
    assert all(f"`{field.name}`" in switches for field in fields(Behaviour))
    faults = document["paths"]["/admin/faults"]["post"]["description"]
    for kind, parameters in PARAMETERS.items():
        row = next(line for line in faults.splitlines() if line.startswith(f"| `{kind}` |"))
        assert all(f"`{name}` {value!r}" in row for name, value in parameters.items())
    assert all(f"`{variant}`" in faults for variant in VARIANTS)


def test_the_test_vectors_hold(document: Json) -> None:
    words = " ".join(document["info"]["description"].split())
    secret = re.search(r"secret `([^`]+)`", words)
    assert secret is not None
    example = document["paths"][f"{BASE}/token"]["post"]["requestBody"]["content"]["application/json"]["example"]
    sign = signing.signature(secret[1], example["appId"], example["timestamp"], example["nonce"])
    assert example["sign"] == sign
    assert f"sign = {sign}" in words
    vector = re.search(r"vector `([0-9a-f]{32})`, body `([^`]+)`", words)
    assert vector is not None
    assert f"SM3(secret)[:16] = {signing.body_key(secret[1]).hex()}" in words
    encrypted = signing.encrypt(secret[1], vector[2].encode(), bytes.fromhex(vector[1]))
    assert f"encrypted = {encrypted}" in words
    assert signing.decrypt(secret[1], encrypted) == json.loads(vector[2])


def test_assumptions_are_marked(document: Json) -> None:
    for path, item in document["paths"].items():
        if path.startswith(BASE):
            assert item["post"]["x-confidence"] in ("C", "I", "A"), path


def raw(desk: Desk, path: str, body: Json) -> Json:
    reply: Json = json.loads(desk.service.answer(Call(path, desk.token, json.dumps(body).encode())).body)
    assert int(reply["code"]) == 0, reply
    return reply


@pytest.mark.parametrize("etag", [False, True])
def test_every_list_is_as_described(document: Json, desk: Desk, etag: bool) -> None:
    desk.switch(etag=etag, digest=True)
    for segment in KINDS:
        body = {"pageSize": 500, "updatedFrom": "2020-01-01 00:00:00"}
        page = raw(desk, f"/{segment}/list", body)
        assert page["data"]
        conforms(document, f"/{segment}/list", page)
        record = page["data"][0]
        for question in ({"id": record["id"]}, {"ids": [record["id"]]}, {"id": "0" * 32}):
            conforms(document, f"/{segment}/get", raw(desk, f"/{segment}/get", question))
        key = {name: record[name] for name in min(FIND_KEYS[segment], key=sorted)}
        conforms(document, f"/{segment}/find", raw(desk, f"/{segment}/find", key))
        conforms(document, f"/{segment}/totals", raw(desk, f"/{segment}/totals", {}))
        conforms(document, f"/{segment}/digest", raw(desk, f"/{segment}/digest", {}))
    conforms(document, "/system/info", raw(desk, "/system/info", {}))


def creations(desk: Desk) -> dict[str, Callable[[], Json]]:
    team, volunteer = desk.team(), desk.volunteer()
    project = desk.project(team)
    area = team["albe0012"]
    return {
        "team": lambda: {"albe0002": "木棉队", "albe0003": "1", "albe0005": "09", "albe0012": area},
        "volunteer": lambda: person_fields(321),
        "membership": lambda: {"albe0133": volunteer["albp0029"], "teamId": team["id"]},
        "project": lambda: {
            "albx0002": "护林",
            "albx0004": "2026-03-02 00:00:00",
            "albx0005": "2026-03-20 23:59:59",
            "albx0009": "0006",
            "albx0021": area,
            "teamId": team["id"],
        },
        "hour": lambda: desk.hour_fields(volunteer, project),
        "training": lambda: {
            "volunteerNumber": volunteer["albp0029"],
            "albx0282": "急救",
            "albx0284": "2026-02-01",
            "albx0288": "2",
        },
    }


@pytest.mark.parametrize("segment", list(KINDS))
def test_every_write_is_as_described(document: Json, desk: Desk, segment: str) -> None:
    desk.switch(batchWrite="all", asyncResults=False)
    content = creations(desk)[segment]()
    made = raw(desk, f"/{segment}/create", {"record": content})
    conforms(document, f"/{segment}/create", made)
    conforms(
        document, f"/{segment}/createBatch", raw(desk, f"/{segment}/createBatch", {"items": [{"record": content}]})
    )
    change = {"id": made["data"]["id"], "record": {}}
    conforms(document, f"/{segment}/update", raw(desk, f"/{segment}/update", change))
    conforms(document, f"/{segment}/updateBatch", raw(desk, f"/{segment}/updateBatch", {"items": [change]}))
    record = made["data"]["record"]
    facts: Json = {"id": record["id"]}
    if segment == "hour":
        team = desk.state.tables["team"].records[record["albx0177"]]
        facts |= {
            "areaId": team.albe0012,
            "teamId": record["albx0177"],
            "projectId": record["albx0176"],
            "volunteerNumber": record["albx0175"],
            "albx0172": record["albx0172"],
        }
    conforms(document, f"/{segment}/delete", raw(desk, f"/{segment}/delete", facts))


def test_tickets_and_their_results_are_as_described(document: Json, desk: Desk) -> None:
    made = raw(desk, "/volunteer/create", {"record": person_fields(321)})
    conforms(document, "/volunteer/create", made)
    ticket = {"ticket": made["data"]["ticket"]}
    conforms(document, "/result", raw(desk, "/result", ticket))
    desk.act("review", **ticket, decision="pass")
    conforms(document, "/result", raw(desk, "/result", ticket))
