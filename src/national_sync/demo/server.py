"""The mock national system as a process of its own, and its admin API over HTTP."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import msgspec

from national_sync.demo.directory import APP_ID, SECRET
from national_sync.errors import NationalUnavailable
from national_sync.i18n import N_

HOST: Final = "127.0.0.1"
USUAL_PORT: Final = 15308
"""The same each time, so that the settings of the last demo still fit a mock that is started again."""
_MODULE: Final = "national_sync_mocks.nvsi_server.command"
_CALL_SECONDS: Final = 60.0
_END_SECONDS: Final = 20.0

Json = dict[str, Any]


@dataclass(frozen=True)
class Sizes:
    """How large the city is."""

    volunteers: int = 2_000
    teams: int = 120
    projects: int = 300
    hours: int = 40_000


class NationalServer:
    """Running between `with` and its end; then its state is in the state file. Port 0: the system chooses."""

    def __init__(self, *, seed: int, sizes: Sizes, moment: str, state_file: Path, port: int = USUAL_PORT) -> None:
        numbers = {"seed": seed, **vars(sizes)}
        self._port = port if _is_free(port) else 0
        self._command = [
            *(sys.executable, "-m", _MODULE, "--until-stdin-closes", "--frozen", f"--clock={moment}"),
            *(f"--host={HOST}", f"--app-id={APP_ID}", f"--secret={SECRET}", f"--state={state_file}"),
            *(f"--{name}={value}" for name, value in numbers.items()),
        ]
        self._process: subprocess.Popen[bytes] | None = None
        self.address = ""

    @property
    def port(self) -> int:
        return urlsplit(self.address).port or 0

    def __enter__(self) -> NationalServer:
        # Another program may have taken the port since it was found free; then any other one will do.
        line = self._start(self._port) or self._start(0)
        if not line:
            raise NationalUnavailable(reason=N_("the mock national system did not start"))
        self.address = json.loads(line)["address"]
        return self

    def _start(self, port: int) -> bytes:
        """Its first line, in which it says where it listens; nothing when it ended instead."""
        self._process = subprocess.Popen(
            [*self._command, f"--port={port}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            self._end()
        return line

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.close()
        try:
            process.wait(_END_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()

    # Its admin API

    def ask(self, name: str, /, **query: Any) -> Json:
        return self._call("GET", f"/admin/{name}?{urlencode(query)}", None)

    def tell(self, name: str, /, **body: Any) -> Json:
        return self._call("POST", f"/admin/{name}", json.dumps(body).encode())

    def _call(self, method: str, path: str, body: bytes | None) -> Json:
        connection = http.client.HTTPConnection(HOST, self.port, timeout=_CALL_SECONDS)
        try:
            connection.request(method, path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            content = msgspec.json.decode(answer.read(), type=Json)
        finally:
            connection.close()
        if answer.status != http.client.OK:
            raise RuntimeError(f"{path}: {content.get('error')}")
        return content


def _is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True
