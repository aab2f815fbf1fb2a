"""What all of the interface for machines has in common: strict bodies, names, problems."""

from __future__ import annotations

from typing import Annotated, Any, Final

from fastapi import Path
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from national_sync.web.problems import MEDIA_TYPE


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, hide_input_in_errors=True)


Key = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[A-Za-z0-9_-]+$", examples=["3b1f0c7e9d"])]
Name = Annotated[
    str, Path(min_length=26, max_length=26, pattern="^[a-z2-7]{26}$", examples=["k5v2q7xw3mtd4yb6nrc2ghjf3a"])
]


def _whole(number: object) -> object:
    return int(number) if isinstance(number, float) and number.is_integer() else number


Whole = Annotated[int, BeforeValidator(_whole)]
"""To JSON 2.0 is a whole number like 2."""


VERSION_PATTERN: Final = "^[0-9A-Za-z._-]*$"
"""What is stored holds no letter that a database refuses."""


class Problem(BaseModel):
    """RFC 9457. `type` is stable; `title` and `hint` are sentences for a person."""

    type: str = Field(examples=["urn:national-sync:problem:not_enough_hours"])
    title: str = Field(examples=["账户中的时长不足。"])
    status: int = Field(examples=[409])
    hint: str = Field(examples=["请选择其他项目，或咨询志愿服务办公室。"])


REFUSALS: Final[dict[int | str, dict[str, Any]]] = {
    status: {"model": Problem, "description": words, "content": {MEDIA_TYPE: {}}}
    for status, words in (
        (401, "no genuine, timely, first request of an admitted device; or the visit is over"),
        (403, "not accepted"),
        (408, "arrived too slowly"),
        (409, "refused; `type` says why"),
        (413, "too large"),
        (422, "not of the expected form"),
        (429, "tried too often"),
        (503, "not at present"),
    )
}
