"""The interface described: OpenAPI with an example of everything, and a page of it that needs nothing from the web."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI, Request
from fastapi.openapi.utils import get_openapi
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from national_sync.web.problems import MEDIA_TYPE

Schema = Mapping[str, Any]
manual = APIRouter(include_in_schema=False)
_HERE: Final = Path(__file__).parent
_REFERENCE: Final = "#/components/schemas/"
_PROBLEMS: Final[dict[str, tuple[str, str, str]]] = {
    "401": ("signed_out", "您已退出。", "请重新出示卡片。没有任何损失。"),
    "403": ("person_refused", "卡片或密码未通过。", "请核对后再试。"),
    "408": ("request_too_slow", "请求太慢。", "请稍后再试。"),
    "409": ("not_enough_hours", "账户中的时长不足。", "请选择其他项目。"),
    "413": ("request_too_large", "请求过大。", "请重新加载页面。"),
    "422": ("request_malformed", "请求的格式不对。", "请重新加载页面。"),
    "429": ("too_many_tries", "短时间内尝试过多。", "请十分钟后再试。"),
    "503": ("mirror_stale", "时长数据已过期，暂不可使用。", "请明天再来。"),
}
"""By status: a type, and what is said."""


def described(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """The document of an app, made once: every body and every answer has an example, put together from its fields'."""

    @cache
    def document() -> dict[str, Any]:
        made: dict[str, Any] = get_openapi(
            title=app.title, version=app.version, description=app.description, routes=app.routes
        )
        schemas = made["components"]["schemas"]
        for path in made["paths"].values():
            for operation in path.values():
                _with_examples(operation, schemas)
        return made

    return document


def _with_examples(operation: dict[str, Any], schemas: Schema) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["in"] == "path":
            parameter["example"] = example_of(parameter["schema"], schemas)
    for content in _contents(operation.get("requestBody", {})):
        content["example"] = example_of(content["schema"], schemas)
    for status, answer in operation["responses"].items():
        if status in _PROBLEMS:
            _as_problem(answer, status)
        for content in _contents(answer):
            content.setdefault("example", example_of(content["schema"], schemas))


def _contents(holder: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [content for content in holder.get("content", {}).values() if content.get("schema")]


def _as_problem(answer: dict[str, Any], status: str) -> None:
    """Every refusal is a problem, whatever the framework thinks of its own."""
    kind, title, hint = _PROBLEMS[status]
    told = {"type": f"urn:national-sync:problem:{kind}", "title": title, "status": int(status), "hint": hint}
    answer["content"] = {MEDIA_TYPE: {"schema": {"$ref": f"{_REFERENCE}Problem"}, "example": told}}


def example_of(schema: Schema, schemas: Schema) -> Any:
    """Put together from the examples of its fields. Raises KeyError for a field without one."""
    if "$ref" in schema and "examples" not in schema:
        return example_of(schemas[schema["$ref"].removeprefix(_REFERENCE)], schemas)
    if schema.get("examples"):
        return schema["examples"][0]
    if schema.get("type") == "array":
        return [example_of(schema["items"], schemas)]
    return {name: example_of(field, schemas) for name, field in schema["properties"].items()}


@manual.get("/docs")
def page(request: Request) -> HTMLResponse:
    """For those who write programs against the interface."""
    return HTMLResponse(_rendered(request.app))


@cache
def _rendered(app: FastAPI) -> str:
    document = app.openapi()
    environment = Environment(
        loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["shown"] = lambda value: json.dumps(value, ensure_ascii=False, indent=2)
    return environment.get_template("reference.html").render(
        document=document,
        scheme=document["components"]["securitySchemes"]["device"],
        operations=[
            (method.upper(), path, operation)
            for path, methods in document["paths"].items()
            for method, operation in methods.items()
        ],
    )
