"""The mock as a process of its own, for tests.

    from national_sync_mocks.nvsi_server.process import MockServer

    with MockServer(seed=7, volunteers=200, teams=12, projects=30, hours=1000,
                    clock="2026-03-02 01:00:00", frozen=True,
                    capabilities={"digest": True}, faults=[...]) as mock:
        mock.address            # http://127.0.0.1:PORT, the base path /open/v1 comes after it
        mock.app_id, mock.secret
        mock.admin.snapshot("start")
        hour = mock.admin.records("hour_record")[0]
        mock.admin.edit("hour_record", hour["id"], remark="corrected")
        mock.admin.set_clock(advance=86400)
        mock.admin.calls(since=0)       # what came in, without personal data
        before = mock.admin.dump()      # the whole state, sorted, for comparison
        mock.admin.restore("start")

Times of `clock` are Asia/Shanghai. With `frozen=True` update times still rise by a millisecond a write.
Unless `capabilities={"clockToleranceSeconds": 0}` a client whose clock is more than 300 s from the mock's
gets no token. Records have the field names of the wire. The server ends when the `with` block ends, and
also when the process that started it dies.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import urlencode, urlsplit

from national_sync_mocks.nvsi_server.command import DEFAULT_APP_ID, DEFAULT_SECRET

Json = dict[str, Any]
START_SECONDS = 120.0
STOP_SECONDS = 10.0


class MockServer:
    """A running mock: `address`, `admin`, and what a client needs to sign in."""

    def __init__(
        self,
        *,
        seed: int = 1,
        volunteers: int = 200,
        teams: int = 12,
        projects: int = 30,
        hours: int = 1000,
        clock: str | int | None = None,
        frozen: bool = False,
        faults: Sequence[Json] | str | None = None,
        capabilities: Mapping[str, Any] | None = None,
        app_id: str = DEFAULT_APP_ID,
        secret: str = DEFAULT_SECRET,
        host: str = "127.0.0.1",
        port: int = 0,
        certificate: tuple[str, str] | None = None,
    ) -> None:
        self.app_id, self.secret = app_id, secret
        self.address = ""
        self.admin = AdminClient("")
        self._capabilities = dict(capabilities or {})
        self._faults = faults
        self._process: subprocess.Popen[bytes] | None = None
        numbers = {
            "port": port,
            "seed": seed,
            "volunteers": volunteers,
            "teams": teams,
            "projects": projects,
            "hours": hours,
        }
        self._arguments = [f"--{name}={value}" for name, value in numbers.items()]
        self._arguments += [f"--host={host}", f"--app-id={app_id}", f"--secret={secret}"]
        self._arguments += [f"--clock={clock}"] if clock is not None else []
        self._arguments += ["--frozen"] if frozen else []
        self._arguments += ["--certificate", *certificate] if certificate else []
        self._certificate = certificate

    def __enter__(self) -> MockServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start the process and wait until it says that it listens."""
        command = [sys.executable, "-m", "national_sync_mocks.nvsi_server.command", "--until-stdin-closes"]
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        self._process = subprocess.Popen(
            [*command, *self._arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self._errors
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._process.wait(STOP_SECONDS)
            self._errors.seek(0)
            words = self._errors.read().decode(errors="replace")
            self.stop()
            raise RuntimeError(f"the mock did not start: {words}")
        self.address = json.loads(line)["address"]
        self.admin = AdminClient(self.address, self._certificate)
        if self._capabilities:
            self.admin.set_capabilities(**self._capabilities)
        if self._faults is not None:
            self.admin.set_faults(self._faults)

    def stop(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()
        self._errors.close()

    def kill(self) -> None:
        """End it at once, as a crash of the national side would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class AdminError(Exception):
    """The admin API refused."""


class AdminClient:
    """The admin API, one method a call."""

    def __init__(self, address: str, certificate: tuple[str, str] | None = None) -> None:
        self.address = address
        self._certificate = certificate

    def create(self, entity: str, **fields: Any) -> Json:
        return self._post("create", entity=entity, fields=fields)

    def edit(self, entity: str, id: str, **fields: Any) -> Json:
        return self._post("edit", entity=entity, id=id, fields=fields)

    def withdraw(self, entity: str, id: str) -> Json:
        return self._post("withdraw", entity=entity, id=id)

    def purge(self, entity: str, id: str) -> Json:
        return self._post("purge", entity=entity, id=id)

    def merge(self, loser_id: str, winner_id: str) -> Json:
        return self._post("merge", **{"from": loser_id, "into": winner_id})

    def corrupt(self, entity: str, id: str, variant: str, length: int = 10_000_000) -> Json:
        return self._post("corrupt", entity=entity, id=id, variant=variant, length=length)

    def heal(self, id: str | None = None) -> Json:
        return self._post("heal", **({} if id is None else {"id": id}))

    def decide(
        self,
        decision: str,
        *,
        ticket: str | None = None,
        membership: str | None = None,
        star: str | None = None,
        message: str = "",
    ) -> Json:
        """`pass` or `refuse` a ticket or an application, or every pending ticket when none is named."""
        named = {"ticket": ticket, "membership": membership, "star": star}
        chosen = {name: value for name, value in named.items() if value is not None}
        return self._post("review", decision=decision, message=message, **chosen)

    def tickets(self) -> list[Json]:
        return list(self._get("tickets")["tickets"])

    def clock(self) -> Json:
        return self._get("clock")

    def set_clock(self, **changes: Any) -> Json:
        """`set` (milliseconds or text), `advance` (seconds), `skew` (seconds), `frozen` (bool)."""
        return self._post("clock", **changes)

    def capabilities(self) -> Json:
        return self._get("capabilities")

    def set_capabilities(self, **switches: Any) -> Json:
        return self._post("capabilities", **switches)

    def faults(self) -> list[Json]:
        return list(self._get("faults")["faults"])

    def set_faults(self, faults: Sequence[Json] | str, seed: int | None = None) -> Json:
        """A list of entries, or the word `every`; an empty list ends all faults."""
        script = faults if isinstance(faults, str) else list(faults)
        return self._post("faults", faults=script, **({} if seed is None else {"seed": seed}))

    def calls(self, since: int = 0) -> list[Json]:
        return list(self._get("calls", since=since)["calls"])

    def call_counts(self, since: int = 0) -> Json:
        """`{counts: {path: n}, writes: records changed, last: number of the last call}`."""
        return self._get("calls", since=since, summary=1)

    def clear_calls(self) -> None:
        self._post("calls/clear")

    def records(self, entity: str, *, limit: int = 1000, offset: int = 0, **equal: str) -> list[Json]:
        """Records in the order of their ids, tombstones included, whose fields equal what is given."""
        return list(self._get("records", entity=entity, limit=limit, offset=offset, **equal)["records"])

    def record(self, entity: str, id: str) -> Json | None:
        found = self.records(entity, id=id)
        return found[0] if found else None

    def dump(self, stamps: bool = True) -> Json:
        return self._get("dump", stamps=int(stamps))

    def snapshot(self, name: str) -> None:
        self._call("POST", "/admin/snapshot", _json(name=name))

    def restore(self, name: str) -> None:
        self._call("POST", "/admin/restore", _json(name=name))

    def reset(self, **sizes: Any) -> Json:
        return self._post("reset", **sizes)

    def expire_tokens(self) -> None:
        self._post("expire-tokens")

    def _get(self, name: str, **query: Any) -> Json:
        return self._call("GET", f"/admin/{name}?{urlencode(query)}", None)

    def _post(self, name: str, **body: Any) -> Json:
        return self._call("POST", f"/admin/{name}", _json(**body))

    def _call(self, method: str, path: str, body: bytes | None) -> Json:
        connection = self._connection()
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = json.loads(answer.read())
        finally:
            connection.close()
        if answer.status != 200:
            raise AdminError(content.get("error", ""))
        return dict(content)

    def _connection(self) -> http.client.HTTPConnection:
        parts = urlsplit(self.address)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            import ssl

            context = ssl.create_default_context(cafile=self._certificate[0] if self._certificate else None)
            return http.client.HTTPSConnection(host, port, timeout=START_SECONDS, context=context)
        return http.client.HTTPConnection(host, port, timeout=START_SECONDS)


def _json(**body: Any) -> bytes:
    return json.dumps(body).encode()
