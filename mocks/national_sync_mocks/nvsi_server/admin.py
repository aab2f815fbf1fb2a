"""The admin API: what tests need to act as the rest of the national side. Plain JSON, no authentication.

Edits by it keep no rule, for that is what it is for: it can write what no interface would accept.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from typing import Any, Final
from urllib.parse import parse_qs

import msgspec

from national_sync_mocks.nvsi_server import reviews, stars
from national_sync_mocks.nvsi_server.clock import Clock, millisecond_text, parse_ms
from national_sync_mocks.nvsi_server.distortions import VARIANTS
from national_sync_mocks.nvsi_server.faults import FaultScript, every_fault
from national_sync_mocks.nvsi_server.generator import Sizes, generated_state
from national_sync_mocks.nvsi_server.service import Service, store_reviewed
from national_sync_mocks.nvsi_server.state import State, flag
from national_sync_mocks.nvsi_server.wire import COMMON_FIELDS, KINDS, kind_named

Body = dict[str, Any]
LARGEST_SIZE: Final = 20_000_000


class Admin:
    def __init__(self, service: Service) -> None:
        self.service = service
        self.snapshots: dict[str, State] = {}
        self.routes: dict[tuple[str, str], Callable[[Body], Any]] = {
            ("POST", "/admin/create"): self.create,
            ("POST", "/admin/edit"): self.edit,
            ("POST", "/admin/withdraw"): self.withdraw,
            ("POST", "/admin/purge"): self.purge,
            ("POST", "/admin/merge"): self.merge,
            ("POST", "/admin/corrupt"): self.corrupt,
            ("POST", "/admin/heal"): self.heal,
            ("POST", "/admin/real-name"): self.real_name,
            ("POST", "/admin/review"): self.review,
            ("GET", "/admin/tickets"): self.tickets,
            ("GET", "/admin/clock"): self.clock,
            ("POST", "/admin/clock"): self.set_clock,
            ("GET", "/admin/capabilities"): lambda _: self.state.settings.as_dict(),
            ("POST", "/admin/capabilities"): self.set_capabilities,
            ("GET", "/admin/faults"): lambda _: {"faults": self.state.faults.as_list()},
            ("POST", "/admin/faults"): self.set_faults,
            ("GET", "/admin/calls"): self.calls,
            ("POST", "/admin/calls/clear"): self.clear_calls,
            ("GET", "/admin/records"): self.records,
            ("GET", "/admin/dump"): self.dump,
            ("POST", "/admin/snapshot"): self.snapshot,
            ("POST", "/admin/restore"): self.restore,
            ("POST", "/admin/reset"): self.reset,
            ("POST", "/admin/expire-tokens"): self.expire_tokens,
        }

    @property
    def state(self) -> State:
        return self.service.state

    def answer(self, method: str, path: str, query: bytes, raw: bytes) -> tuple[int, bytes]:
        route = self.routes.get((method, path))
        if route is None:
            known = any(path == each for _, each in self.routes)
            return (405 if known else 404), b'{"error": "there is no such admin call"}'
        try:
            body = json.loads(raw) if raw else {}
            if not isinstance(body, dict):
                raise ValueError("the body must be an object")
            body |= {name: values[-1] for name, values in parse_qs(query.decode("latin-1")).items()}
            return 200, _canonical(route(body))
        except KeyError as error:
            return 400, _canonical({"error": f"missing or unknown: {error.args[0]}"})
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            return 400, _canonical({"error": str(error)})

    def methods(self, path: str) -> str:
        """What an admin path answers to."""
        return ", ".join(method for method, each in self.routes if each == path)

    # Records

    def create(self, body: Body) -> Any:
        """A record by `entity` and `fields`, without any rule; `id` may be given."""
        segment = kind_named(body["entity"]).segment
        fields = _fields(segment, body["fields"])
        record = KINDS[segment].record(**{"id": "", **fields})
        number = record.id or self.state.new_id(segment, record)
        if self.state.get(segment, number) is not None:
            raise ValueError("this id exists")
        given_flag = fields.get("isdelete", flag(number, 0))
        return self.state.write(segment, msgspec.structs.replace(record, id=number, isdelete=given_flag))

    def edit(self, body: Body) -> Any:
        """Set fields of a record, without any rule."""
        segment, record = self._record(body)
        changes = _fields(segment, body["fields"])
        changes.pop("id", None)
        edited = self.state.write(segment, msgspec.structs.replace(record, **changes))
        if segment == "volunteer" and "albp0089" in changes:
            self._keep_total(edited)
        return edited

    def _keep_total(self, volunteer: Any) -> None:
        """A total that was set by hand stays off by as much, whatever hours come later."""
        try:
            shown = round(float(volunteer.albp0089) * 100)
        except (TypeError, ValueError, OverflowError):
            return
        self.state.sums.deliberate[volunteer.albp0029] = shown - self.state.sums.person.get(volunteer.albp0029, 0)

    def withdraw(self, body: Body) -> Any:
        """Delete a record with a tombstone."""
        segment, record = self._record(body)
        return self.state.tombstone(segment, record)

    def purge(self, body: Body) -> Any:
        """Let a record vanish without a tombstone."""
        segment, record = self._record(body)
        self.state.purge(segment, record.id)
        return {"id": record.id}

    def merge(self, body: Body) -> Any:
        """Two registrations of one person become one: `from` is withdrawn, what it has goes to `into`."""
        loser, winner = self._volunteer(body["from"]), self._volunteer(body["into"])
        if loser.id == winner.id:
            raise ValueError("from and into are the same")
        moved = self._move_records(loser.albp0029, winner.albp0029)
        self.state.tombstone("volunteer", msgspec.structs.replace(loser, albp0023="0", albp0058="0", albp0089="0.00"))
        shown = self.state.volunteer_total(winner.albp0029)
        self.state.write("volunteer", msgspec.structs.replace(winner, albp0089=shown))
        return {"id": winner.id, "moved": moved}

    def _move_records(self, old: str, new: str) -> int:
        state, moved = self.state, 0
        for segment, name in (
            ("hour", "albx0175"),
            ("training", "volunteerNumber"),
            ("membership", "albe0133"),
        ):
            for record in state.tables[segment].named("person", old):
                changed = msgspec.structs.replace(record, **{name: new})
                if segment == "membership" and state.tables[segment].named("pair", f"{new}|{record.teamId}"):
                    state.tombstone(segment, record)
                else:
                    state.write(segment, changed)
                moved += 1
        return moved

    def corrupt(self, body: Body) -> Any:
        """Show a record distorted from now on, by one of the `bad-record` variants."""
        segment, record = self._record(body)
        variant = body["variant"]
        if variant not in VARIANTS or variant == "two-records-one-id":
            raise ValueError(f"variants are {', '.join(VARIANTS)}, of which two-records-one-id is only a fault")
        self.state.oddities[record.id] = {"variant": variant, "length": int(body.get("length", 10_000_000))}
        self.state.write(segment, record)
        return {"id": record.id, "variant": variant}

    def heal(self, body: Body) -> Any:
        """Show a record as it is again; all of them if none is named."""
        if "id" not in body:
            healed = len(self.state.oddities)
            for number in list(self.state.oddities):
                self._heal(number)
            return {"healed": healed}
        return {"healed": int(self._heal(body["id"]))}

    def _heal(self, number: str) -> bool:
        known = self.state.oddities.pop(number, None) is not None
        for segment in KINDS:
            record = self.state.get(segment, number)
            if known and record is not None:
                self.state.write(segment, record)
        return known

    def real_name(self, body: Body) -> Any:
        """Set the real-name check of a volunteer: 1 passed, 0 failed, 2 in review."""
        wanted = str(body["state"])
        if wanted not in ("0", "1", "2"):
            raise ValueError("state must be 0, 1 or 2")
        volunteer = self._volunteer(body["id"])
        return self.state.write("volunteer", msgspec.structs.replace(volunteer, albp0063=wanted))

    # Reviews

    def review(self, body: Body) -> Any:
        """Pass or refuse a `ticket`, an application (`membership`, or `star`), or every pending ticket if none is named."""
        decision = body["decision"]
        if decision not in ("pass", "refuse"):
            raise ValueError("decision must be pass or refuse")
        passed, words = decision == "pass", str(body.get("message", ""))
        if "membership" in body:
            return self._decide_membership(body["membership"], passed)
        if "star" in body:
            return stars.decide(self.state, str(body["star"]), passed)
        if "ticket" in body:
            tickets = [self.state.tickets[body["ticket"]]]
            if tickets[0].state != "pending":
                raise ValueError("this ticket is decided")
        else:
            tickets = sorted((t for t in self.state.tickets.values() if t.state == "pending"), key=lambda t: t.ticket)
        decided = [reviews.decide(self.state, t, passed, words, store_reviewed) for t in tickets]
        return {"decided": [_ticket(each) for each in decided]}

    def _decide_membership(self, number: str, passed: bool) -> Any:
        record = self.state.live("membership", number)
        if record is None:
            raise ValueError("no such membership")
        return self.state.write("membership", msgspec.structs.replace(record, albe0134="1" if passed else "3"))

    def tickets(self, _: Body) -> Any:
        return {"tickets": [_ticket(each) for _, each in sorted(self.state.tickets.items())]}

    # Clock, switches, faults

    def clock(self, _: Body) -> Any:
        clock = self.state.clock
        now = clock.now_ms()
        return {
            "now": now,
            "text": millisecond_text(now),
            "frozen": clock.frozen_at_ms is not None,
            "shown": self.state.shown_now_ms(),
        }

    def set_clock(self, body: Body) -> Any:
        """`set` (ms or text), `advance` (seconds), `skew` (seconds), `frozen`; in this order."""
        clock = self.state.clock
        unknown = set(body) - {"set", "advance", "skew", "frozen"}
        if unknown:
            raise ValueError(f"unknown: {sorted(unknown)[0]}")
        if "set" in body:
            clock.set_ms(moment_ms(body["set"]))
        if "advance" in body:
            clock.advance_ms(int(float(body["advance"]) * 1000))
        if "skew" in body:
            self.state.settings = self.state.settings.with_value("clockSkewSeconds", body["skew"])
        if "frozen" in body:
            clock.freeze() if body["frozen"] else clock.run()
        self.service.settle()
        return self.clock({})

    def set_capabilities(self, body: Body) -> Any:
        self.state.settings = self.state.settings.with_values(body)
        return self.state.settings.as_dict()

    def set_faults(self, body: Body) -> Any:
        """A new script: `faults` is a list, or the word `every` for the one that comes along."""
        faults = body["faults"]
        source = every_fault() if faults == "every" else faults
        self.state.faults = FaultScript.of(source, int(body.get("seed", self.state.seed)))
        return {"faults": self.state.faults.as_list()}

    # Looking

    def calls(self, body: Body) -> Any:
        """The calls received after number `since`, or with `summary` their counts by path."""
        since = int(body.get("since", 0))
        calls = [call for call in self.service.log if call.n > since]
        if body.get("summary"):
            counts: dict[str, int] = {}
            for call in calls:
                counts[call.path] = counts.get(call.path, 0) + 1
            return {
                "counts": counts,
                "writes": sum(call.writes for call in calls),
                "last": self.service.log_count,
            }
        return {"calls": [asdict(call) for call in calls], "last": self.service.log_count}

    def clear_calls(self, _: Body) -> Any:
        self.service.log.clear()
        return {}

    def records(self, body: Body) -> Any:
        """Records of an `entity` whose fields equal the values given, at most `limit` from `offset`."""
        wanted = dict(body)
        segment = kind_named(wanted.pop("entity")).segment
        limit = int(wanted.pop("limit", 1000))
        offset = int(wanted.pop("offset", 0))
        table = self.state.tables[segment]
        found = [
            table.records[number]
            for number in table.ids
            if all(str(getattr(table.records[number], name)) == str(value) for name, value in wanted.items())
        ]
        return {"count": len(found), "records": found[offset : offset + limit]}

    def dump(self, body: Body) -> Any:
        """The whole state, sorted, for comparison; with `stamps=0` without creation and update times."""
        without = COMMON_FIELDS - {"id", "isdelete"} if str(body.get("stamps", "1")) == "0" else frozenset()
        records = {
            KINDS[segment].name: [_dumped(table.records[number], without) for number in table.ids]
            for segment, table in self.state.tables.items()
        }
        tickets = [_ticket(each) for _, each in sorted(self.state.tickets.items())]
        return {"records": records, "tickets": tickets}

    # The whole state

    def snapshot(self, body: Body) -> Any:
        """Keep the whole state under a `name`, in memory."""
        self.snapshots[str(body["name"])] = self.state.copy()
        return {"name": body["name"]}

    def restore(self, body: Body) -> Any:
        """Go back to a snapshot, which stays. Tokens stay valid; the log of calls begins anew."""
        name = str(body["name"])
        if name not in self.snapshots:
            raise ValueError(f"there is no snapshot {name!r}")
        self.service.replace_state(self.snapshots[name].copy())
        self.service.log.clear()
        return {"name": name}

    def reset(self, body: Body) -> Any:
        """A freshly generated state by `seed` and sizes; switches and clock stay unless given, faults go."""
        seed = int(body.get("seed", self.state.seed))
        defaults = asdict(Sizes())
        sizes = Sizes(**{name: int(body.get(name, default)) for name, default in defaults.items()})
        if not all(0 <= size <= LARGEST_SIZE for size in asdict(sizes).values()):
            raise ValueError(f"sizes lie between 0 and {LARGEST_SIZE}")
        clock = Clock(self.state.clock.offset_ms, self.state.clock.frozen_at_ms)
        if "clock" in body:
            clock.set_ms(moment_ms(body["clock"]))
        settings = self.state.settings
        state = generated_state(seed, sizes, clock)
        state.settings = settings
        self.service.replace_state(state)
        self.service.log.clear()
        return {"seed": seed, **asdict(sizes)}

    def expire_tokens(self, _: Body) -> Any:
        """Every token given out so far is no longer good."""
        self.service.tokens.clear()
        return {}

    def _record(self, body: Body) -> tuple[str, Any]:
        segment = kind_named(body["entity"]).segment
        record = self.state.get(segment, str(body["id"]))
        if record is None:
            raise ValueError("no such record")
        return segment, record

    def _volunteer(self, number: Any) -> Any:
        volunteer = self.state.live("volunteer", str(number))
        if volunteer is None:
            raise ValueError("no such volunteer")
        return volunteer


def moment_ms(value: Any) -> int:
    """Milliseconds, or a wire time."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ValueError("a moment is milliseconds or YYYY-MM-DD HH:mm:ss")
    return int(value) if isinstance(value, int) or value.isdecimal() else parse_ms(value)


def _fields(segment: str, fields: Any) -> dict[str, Any]:
    if not isinstance(fields, dict):
        raise ValueError("fields must be an object")
    unknown = set(fields) - set(KINDS[segment].record.__struct_fields__)
    if unknown:
        raise ValueError(f"unknown field {sorted(unknown)[0]}")
    return dict(fields)


def _ticket(ticket: Any) -> Body:
    return {
        "ticket": ticket.ticket,
        "entity": KINDS[ticket.segment].name,
        "state": ticket.state,
        "id": ticket.record_id,
        "message": ticket.message,
        "decideAt": ticket.decide_at_ms,
    }


def _dumped(record: Any, without: frozenset[str]) -> Body:
    return {name: getattr(record, name) for name in record.__struct_fields__ if name not in without}


def _canonical(content: Any) -> bytes:
    try:
        return msgspec.json.encode(content, order="sorted")
    except (UnicodeError, ValueError, TypeError, msgspec.MsgspecError):
        # Half characters, which distorted records hold, travel only as escapes.
        return json.dumps(msgspec.to_builtins(content), sort_keys=True, separators=(",", ":")).encode()
