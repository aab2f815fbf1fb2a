"""The national side behind its door: one call in, one answer out, in one step that nothing interrupts."""

from __future__ import annotations

import json
import logging
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from hashlib import blake2b
from typing import Any, Final
from zlib import crc32

import msgspec

from national_sync_mocks.nvsi_server import reads, refusal, rules, signing, stars, writes
from national_sync_mocks.nvsi_server.clock import day_text
from national_sync_mocks.nvsi_server.distortions import distort_page
from national_sync_mocks.nvsi_server.envelope import Answer, Envelope, encoded
from national_sync_mocks.nvsi_server.faults import Fault, Undo
from national_sync_mocks.nvsi_server.outages import outage
from national_sync_mocks.nvsi_server.refusal import Refusal
from national_sync_mocks.nvsi_server.reviews import Review, decide_due, result
from national_sync_mocks.nvsi_server.state import State, Ticket
from national_sync_mocks.nvsi_server.wire import KINDS
from national_sync_mocks.nvsi_server.writes import NO_TROUBLE, Trouble

BASE: Final = "/open/v1"
ACTIONS: Final = (
    "list",
    "get",
    "find",
    "create",
    "update",
    "delete",
    "createBatch",
    "updateBatch",
    "totals",
    "digest",
)
LOG_LENGTH: Final = 200_000
LARGEST_BODY: Final = 8_000_000
_WRITES = frozenset({"create", "update", "delete", "createBatch", "updateBatch"})


@dataclass(frozen=True)
class Call:
    """A call as it came in. `path` is below the base path."""

    path: str
    token: str
    raw: bytes

    @property
    def segment(self) -> str | None:
        head = self.path.strip("/").split("/")[0]
        return head if head in KINDS else None

    @property
    def action(self) -> str:
        return self.path.strip("/").split("/")[-1]


@dataclass
class LoggedCall:
    """What a test may know of a call: never a body."""

    n: int
    at: int
    path: str
    entity: str | None
    action: str
    items: int = 0
    page: int | None = None
    ids: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    code: int | None = None
    fault: str | None = None
    writes: int = 0
    """Records that changed by it."""


class Service:
    def __init__(self, state: State, app_id: str, secret: str) -> None:
        self.state = state
        self.app_id = app_id
        self.secret = secret
        self.tokens: dict[str, int] = {}
        self.nonces: dict[str, int] = {}
        self.log: deque[LoggedCall] = deque(maxlen=LOG_LENGTH)
        self.log_count = 0
        self.listing = reads.Listing()
        self._bucket = (0.0, 0.0)

    def replace_state(self, state: State) -> None:
        self.state = state
        self.listing = reads.Listing()

    def settle(self) -> None:
        """What happens by itself as time goes by: totals of a new day, reviews that are due."""
        self.state.refresh_totals()
        decide_due(self.state, store_reviewed)
        stars.decide_due(self.state)

    def answer(self, call: Call) -> Answer:
        self.settle()
        fault = self.state.faults.pick(call.path, call.segment, call.action)
        for undo in self.state.faults.due_undos():
            self._undo(undo)
        entry = self._logged(call, fault)
        skew = fault["seconds"] * 1000 if fault and fault.kind == "clock-skew" else 0
        shown_ms = self.state.shown_now_ms() + int(skew)
        if fault and (early := outage(fault, shown_ms)):
            return early
        encrypted = False
        revision = self.state.revision
        try:
            self._check_rate()
            body, encrypted = self._opened(call)
            _note_body(entry, body)
            envelope = self._dispatch(call, body, fault, shown_ms)
        except Refusal as refused:
            envelope = Envelope(refused.code, refused.message, refused.data)
        except Exception:
            logging.getLogger(__name__).exception("internal error in %s", call.path)
            envelope = Envelope(refusal.INTERNAL, "internal error")
        entry.code = envelope.code
        entry.writes = self.state.revision - revision
        if fault and fault.kind == "undo-writes" and entry.writes:
            self._plan_undo(fault, entry.writes)
        return self._finished(call, envelope, encrypted, fault, shown_ms)

    # Before

    def _logged(self, call: Call, fault: Fault | None) -> LoggedCall:
        self.log_count += 1
        name = KINDS[call.segment].name if call.segment else None
        now = self.state.clock.now_ms()
        entry = LoggedCall(self.log_count, now, call.path, name, call.action, fault=fault.kind if fault else None)
        self.log.append(entry)
        return entry

    def _check_rate(self) -> None:
        """A bucket of one second's worth, filled by real time: the mock's own clock may stand still."""
        limit = self.state.settings.behaviour.perSecond
        if limit <= 0:
            return
        now = time.monotonic()
        level, at = self._bucket
        level = min(limit, level + (now - at) * limit)
        if level < 1:
            self._bucket = (level, now)
            raise Refusal(refusal.TOO_FAST, "调用过于频繁")
        self._bucket = (level - 1, now)

    def _spend_quota(self) -> None:
        today = day_text(self.state.shown_now_ms())
        if today != self.state.quota_day:
            self.state.quota_day, self.state.quota_used = today, 0
        if self.state.quota_used >= self.state.settings.behaviour.perDay:
            raise Refusal(refusal.QUOTA_SPENT, "当日调用次数已用完")
        self.state.quota_used += 1

    def _opened(self, call: Call) -> tuple[dict[str, Any], bool]:
        if len(call.raw) > LARGEST_BODY:
            raise Refusal(refusal.MALFORMED, "请求体过大")
        try:
            body = json.loads(call.raw) if call.raw else {}
        except (ValueError, RecursionError) as error:
            raise Refusal(refusal.MALFORMED, "请求体不是 JSON") from error
        mode = self.state.settings.capabilities.encryptedBodies
        encrypted = isinstance(body, dict) and set(body) == {"encrypted"} and mode != "off"
        if encrypted:
            if not isinstance(body["encrypted"], str):
                raise Refusal(refusal.MALFORMED, "encrypted 须为字符串")
            body = signing.decrypt(self.secret, body["encrypted"])
        elif mode == "required":
            raise Refusal(refusal.MUST_BE_ENCRYPTED, "请求体须加密")
        if not isinstance(body, dict):
            raise Refusal(refusal.MALFORMED, "请求体须为对象")
        return body, encrypted

    # The calls

    def _dispatch(self, call: Call, body: dict[str, Any], fault: Fault | None, shown_ms: int) -> Envelope:
        if call.path == "/token":
            return Envelope(data=self._token(body, shown_ms))
        self._check_token(call, fault)
        if call.path == "/system/info":
            reads.check_names(body, set())
            return Envelope(data=self._info(shown_ms))
        self._spend_quota()
        if call.path == "/result":
            reads.check_names(body, {"ticket"})
            return Envelope(data=result(self.state, reads.text_of(body, "ticket", required=True)))
        if call.path == "/star/list":
            return Envelope(data=stars.listed(self.state, body))
        if call.path == "/star/apply":
            return Envelope(data=stars.applied(self.state, body))
        if call.segment is None or call.path != f"/{call.segment}/{call.action}" or call.action not in ACTIONS:
            raise Refusal(refusal.NOT_FOUND, "没有这个接口")
        if call.action in _WRITES:
            return Envelope(data=self._write(call.segment, call.action, body, fault))
        return self._read(call.segment, call.action, body, fault)

    def _token(self, body: dict[str, Any], shown_ms: int) -> dict[str, Any]:
        reads.check_names(body, {"appId", "timestamp", "nonce", "sign"})
        app_id, nonce, sign = (reads.text_of(body, name, required=True) for name in ("appId", "nonce", "sign"))
        timestamp = body.get("timestamp")
        if isinstance(timestamp, bool) or not isinstance(timestamp, int):
            raise Refusal(refusal.MALFORMED, "timestamp 须为毫秒数")
        if app_id != self.app_id or not signing.is_signed(self.secret, app_id, timestamp, nonce, sign):
            raise Refusal(refusal.BAD_SIGNATURE, "应用标识未登记或签名错误")
        behaviour = self.state.settings.behaviour
        tolerance = behaviour.clockToleranceSeconds * 1000
        if tolerance and abs(timestamp - shown_ms) > tolerance:
            raise Refusal(refusal.BAD_CLOCK, "调用时间与服务器相差过大", {"serverTime": shown_ms})
        if nonce in self.nonces:
            raise Refusal(refusal.NONCE_SEEN, "随机数已使用过")
        self.nonces[nonce] = timestamp
        token = blake2b(f"{self.secret}|{nonce}|{timestamp}".encode(), digest_size=16).hexdigest()
        self.tokens[token] = self.state.clock.now_ms() + behaviour.tokenSeconds * 1000
        return {"token": token, "expiresIn": behaviour.tokenSeconds}

    def _check_token(self, call: Call, fault: Fault | None) -> None:
        if fault and fault.kind == "expired-token":
            self.tokens.pop(call.token, None)
        if self.tokens.get(call.token, 0) <= self.state.clock.now_ms():
            raise Refusal(refusal.BAD_TOKEN, "令牌缺失、错误或已过期")

    def _info(self, shown_ms: int) -> dict[str, Any]:
        behaviour = self.state.settings.behaviour
        today = day_text(self.state.shown_now_ms())
        used = self.state.quota_used if self.state.quota_day == today else 0
        return {
            "serverTime": shown_ms,
            "name": "mock national volunteer service information system",
            "features": asdict(self.state.settings.capabilities),
            "quota": {"perDay": behaviour.perDay, "used": used},
            "rate": {"perSecond": behaviour.perSecond},
        }

    def _write(self, segment: str, action: str, body: dict[str, Any], fault: Fault | None) -> Any:
        trouble = _trouble(fault)
        match action:
            case "create":
                return writes.create(self.state, segment, body, trouble)
            case "update":
                return writes.update(self.state, segment, body)
            case "delete":
                return writes.delete(self.state, segment, body)
            case _:
                return writes.batch(self.state, segment, action.removesuffix("Batch"), body, trouble)

    def _read(self, segment: str, action: str, body: dict[str, Any], fault: Fault | None) -> Envelope:
        state = self.state if fault is None or fault.kind != "stale-replica" else self._replica(fault)
        offered = state.settings.capabilities
        if action in ("totals", "digest") and not getattr(offered, action):
            raise Refusal(refusal.NOT_ALLOWED, f"未提供接口 {action}")
        match action:
            case "list":
                return self._list(state, segment, body, fault)
            case "get":
                found = reads.get(state, segment, body)
                return Envelope(data=_unless_hidden(state, found, fault))
            case "find":
                return Envelope(data=_unless_hidden(state, reads.find(state, segment, body), fault))
            case "totals":
                sums = reads.totals(state, segment, body, lambda q: self._ids(state, segment, q, fault))
                if fault and fault.kind == "totals-lie":
                    sums["count"] += fault["by"]
                return Envelope(data=sums)
            case _:
                reads.check_names(body, set())
                return Envelope(data=reads.digest(state, segment))

    def _ids(self, state: State, segment: str, query: reads.Query, fault: Fault | None) -> Sequence[str]:
        listing = self.listing if state is self.state else reads.Listing()
        ids = listing.ids(state, segment, query)
        if fault and fault.kind == "mass-disappearance":
            return [each for each in ids if not reads.is_hidden(state.seed, each, fault["share"])]
        return ids

    def _list(self, state: State, segment: str, body: dict[str, Any], fault: Fault | None) -> Envelope:
        query = reads.list_query(state, segment, body)
        ids = self._ids(state, segment, query, fault)
        kind = fault.kind if fault else ""
        shown, shift = query, 0
        if kind == "duplicate-page":
            shown = replace(query, page_number=max(1, query.page_number - 1))
        elif kind == "page-repeats-for-ever":
            shown = replace(query, page_number=fault["page"] if fault else 1)
        elif kind == "shifted-page" and fault:
            shift = fault["by"] if query.page_number > 1 else 0
        records = state.tables[segment].records
        page: list[Any] = [records[each] for each in reads.page_of(ids, state, segment, shown, shift)]
        if fault and kind == "bad-record":
            page = self._distorted(segment, page, fault)
        total = len(ids) + (fault["by"] if fault and kind == "totals-lie" else 0)
        return Envelope(data=page, total=total, pages=-(-total // query.page_size))

    def _distorted(self, segment: str, page: list[Any], fault: Fault) -> list[Any]:
        if fault["sticky"] and page:
            odd = page[fault["position"] % len(page)]
            self.state.oddities[odd.id] = {"variant": fault["variant"], "length": fault["length"]}
            return page
        return distort_page(
            [msgspec.to_builtins(record) for record in page],
            segment,
            fault["position"],
            fault["variant"],
            fault["length"],
        )

    def _replica(self, fault: Fault) -> State:
        """The state some `writes` ago, or else some `seconds` ago, as a replica that lags would show it."""
        twin = self.state.copy()
        since = self.state.clock.now_ms() - int(fault["seconds"] * 1000)
        for number, written in enumerate(reversed(self.state.journal)):
            if number >= fault["writes"] if fault["writes"] else written.at_ms < since:
                break
            twin.put_back(written)
        return twin

    # After

    def _plan_undo(self, fault: Fault, count: int) -> None:
        script = self.state.faults
        written = tuple(list(self.state.journal)[-count:])
        script.undos.append(Undo(script.calls + fault["afterCalls"], fault["silent"], written))

    def _undo(self, undo: Undo) -> None:
        """Revert acknowledged writes: without a trace, or by writes that show."""
        for written in reversed(undo.written):
            present = self.state.get(written.segment, written.record_id)
            if present is None:
                continue
            if undo.silent:
                self.state.put_back(written)
            elif written.before is None:
                self.state.tombstone(written.segment, present)
            else:
                self.state.write(written.segment, written.before)

    def _finished(self, call: Call, envelope: Envelope, encrypted: bool, fault: Fault | None, shown_ms: int) -> Answer:
        odd = bool(self.state.oddities) or (fault is not None and fault.kind == "bad-record")
        plain = encoded(self.state, call.segment or "", envelope, crc32(call.raw), odd)
        if encrypted:
            plain = json.dumps({"encrypted": signing.encrypt(self.secret, plain)}).encode()
        if envelope.code == refusal.TOO_FAST:
            return Answer(plain, shown_ms, status=429, headers=(("Retry-After", "1"),))
        return Answer(plain, shown_ms, fault=fault)


def store_reviewed(state: State, ticket: Ticket) -> Any:
    """Store what has passed review, if the rules still allow it."""
    record = rules.admit(state, ticket.segment, ticket.record)
    return writes.store_new(state, ticket.segment, record, ticket.client_reference)


def _trouble(fault: Fault | None) -> Trouble:
    match fault.kind if fault else "":
        case "partial-batch" if fault:
            return Trouble(fail_every=fault["every"], fail_code=fault["code"])
        case "asynchronous-review" if fault:
            return Trouble(review=Review(fault["hours"], fault["refuse"]))
        case _:
            return NO_TROUBLE


def _unless_hidden(state: State, found: Any, fault: Fault | None) -> Any:
    if fault is None or fault.kind != "mass-disappearance" or found is None:
        return found
    if isinstance(found, list):
        return [each for each in found if not reads.is_hidden(state.seed, each.id, fault["share"])]
    return None if reads.is_hidden(state.seed, found.id, fault["share"]) else found


def _note_body(entry: LoggedCall, body: dict[str, Any]) -> None:
    """Record ids and references of a call; never names, numbers or other content."""
    items = body.get("items")
    parts = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else [body]
    entry.items = len(parts)
    page = body.get("pageNum")
    entry.page = page if isinstance(page, int) else None
    for part in parts:
        entry.ids += [value for name in ("id", "ticket") if isinstance(value := part.get(name), str)]
        entry.references += [
            value for name in ("clientReference", "idempotencyKey") if isinstance(value := part.get(name), str)
        ]
    ids = body.get("ids")
    if isinstance(ids, list):
        entry.ids += [each for each in ids if isinstance(each, str)]
        entry.items = len(ids)
