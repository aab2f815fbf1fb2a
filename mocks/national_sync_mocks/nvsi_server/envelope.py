"""The envelope of every answer, and records as they are shown in it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import msgspec

from national_sync_mocks.nvsi_server.distortions import distort
from national_sync_mocks.nvsi_server.faults import Fault
from national_sync_mocks.nvsi_server.state import State


@dataclass
class Envelope:
    code: int = 0
    message: str = "success"
    data: Any = None
    total: int | None = None
    pages: int | None = None


@dataclass(frozen=True)
class Answer:
    """What is to be sent. `fault` is what the transport still has to do to it."""

    body: bytes
    server_time_ms: int
    status: int = 200
    content_type: str = "application/json;charset=UTF-8"
    headers: tuple[tuple[str, str], ...] = ()
    fault: Fault | None = None


def encoded(state: State, segment: str, envelope: Envelope, mark: int, odd: bool) -> bytes:
    """JSON of the envelope.

    Code and counts are sometimes numbers and sometimes text, as on the national side; `mark` says which. What is
    `odd` may hold numbers and characters that are not JSON.
    """
    content: dict[str, Any] = {
        "code": str(envelope.code) if mark & 1 else envelope.code,
        "message": envelope.message,
        "data": _shown(state, segment, envelope.data),
    }
    for name, count in (("totalCount", envelope.total), ("pageCount", envelope.pages)):
        if count is not None:
            content[name] = str(count) if mark & 2 else count
    if odd:
        return json.dumps(msgspec.to_builtins(content)).encode()
    return msgspec.json.encode(content)


def _shown(state: State, segment: str, data: Any) -> Any:
    """Records with their version where that is offered, distorted where that was asked for."""
    if not state.settings.capabilities.etag and not state.oddities:
        return data
    match data:
        case list():
            return [_shown(state, segment, each) for each in data]
        case dict():
            return {name: _shown(state, segment, value) for name, value in data.items()}
        case msgspec.Struct():
            return _shown_record(state, segment, data)
        case _:
            return data


def _shown_record(state: State, segment: str, record: Any) -> Any:
    odd = state.oddities.get(record.id)
    etag = state.settings.capabilities.etag
    if odd is None and not etag:
        return record
    shown: dict[str, Any] = msgspec.to_builtins(record)
    if etag:
        shown["version"] = str(state.tables[segment].stamp_of.get(record.id, 0))
    return distort(shown, segment, odd["variant"], odd["length"]) if odd else shown
