"""What reading and writing have in common: paths, decoded replies, calls in parallel."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

import msgspec

from national_sync.errors import ProtocolBroken
from national_sync.records import Entity
from national_sync_adapters.nvsi.envelope import NOT_DECODED, NOTHING, Reply
from national_sync_adapters.nvsi.mapping import ENTITIES

T = TypeVar("T")
R = TypeVar("R")


def path(entity: Entity, action: str) -> str:
    return f"/{ENTITIES[entity].segment}/{action}"


def is_nothing(reply: Reply) -> bool:
    return bytes(reply.data) == bytes(NOTHING)


def decoded_data(reply: Reply, kind: type[T], what: str) -> T:
    """The data of a reply in its type. `ProtocolBroken` names `what` when it is not."""
    try:
        return msgspec.json.decode(reply.data, type=kind)
    except NOT_DECODED as error:
        raise ProtocolBroken(reason=what) from error


def at_once(call: Callable[[T], R], arguments: Sequence[T], concurrency: int) -> list[R]:
    """The calls in parallel; results in order."""
    workers = min(len(arguments), concurrency)
    if workers <= 1:
        return [call(argument) for argument in arguments]
    with ThreadPoolExecutor(workers, thread_name_prefix="national") as pool:
        return list(pool.map(call, arguments))
