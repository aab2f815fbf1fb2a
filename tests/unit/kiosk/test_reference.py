"""The interface as it is described: an example of everything, and a page that needs nothing from the web."""

from __future__ import annotations

import re
from types import SimpleNamespace
from typing import Any

import pytest
from pydantic import BaseModel
from tests.integration.exchange.town import SetClock

from national_sync.web import api, checking, forms
from national_sync.web.app import kiosk_app
from national_sync.web.masks import masked_name, masked_number
from national_sync.web.reference import page

APP = kiosk_app(SimpleNamespace(database=None, clock=SetClock(), looks=None, ledger=None))  # type: ignore[arg-type]
DOCUMENT = APP.openapi()
MODELS = {
    model.__name__: model
    for module in (api, checking, forms)
    for model in vars(module).values()
    if isinstance(model, type) and issubclass(model, BaseModel)
}
CONTENTS = [
    content
    for methods in DOCUMENT["paths"].values()
    for operation in methods.values()
    for holder in (operation.get("requestBody", {}), *operation["responses"].values())
    for content in holder.get("content", {}).values()
]


def model_of(content: dict[str, Any]) -> type[BaseModel]:
    return MODELS[content["schema"]["$ref"].rpartition("/")[2]]


def test_every_body_and_every_answer_has_an_example_that_is_one() -> None:
    assert len(CONTENTS) > 50
    for content in CONTENTS:
        model_of(content).model_validate(content["example"], strict=False)


def test_every_refusal_is_a_problem_with_its_own_status() -> None:
    for methods in DOCUMENT["paths"].values():
        for operation in methods.values():
            for status, answer in operation["responses"].items():
                if status >= "400":
                    [(kind, content)] = answer["content"].items()
                    assert (kind, content["example"]["status"]) == ("application/problem+json", int(status))


def test_the_page_of_the_interface_names_every_call_and_loads_nothing_from_elsewhere() -> None:
    html = bytes(page(SimpleNamespace(app=APP)).body).decode()  # type: ignore[arg-type]
    for path in DOCUMENT["paths"]:
        assert f"</b> {path}</h2>" in html
    assert "<script" not in html
    assert set(re.findall(r'(?:src|href)="([^"#]+)', html)) == {"/assets/reference.css", "/openapi.json"}


@pytest.mark.parametrize(
    ("number", "masked"), [("530802000123", "5308＊＊＊＊0123"), ("12345678", "12＊＊＊＊＊＊"), ("1", "1"), ("", "")]
)
def test_a_number_shows_its_ends(number: str, masked: str) -> None:
    assert masked_number(number) == masked


def test_a_name_shows_its_first_character() -> None:
    assert [masked_name(name) for name in ("岩温香", "李", "")] == ["岩＊＊", "李", ""]
