"""The tutorials are programs: their `console` blocks are typed into a shell, and what it prints is what they show.

`python -m tools.walkthrough docs/tutorial.md …` plays documents and writes what the commands print now; the tests play
them and compare. In a document

- a line `$ command` is typed, and the lines below it, up to the next one, are what it prints;
- a line `…` stands for any number of lines that are left out;
- a command with nothing below it may print anything, as may one whose last line is `…`.

Times, durations, ages in days and the width of columns are another each time and are not compared. Hashes are another
for each key: where a document types one that it has shown, the one that was printed in its place is typed. A document
is played in an empty folder that looks like a checkout after `make`: it has the Makefile and the environment.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parent.parent
SHOWN_FOLDER: Final = "/home/you/national-sync"
"""Where a reader's checkout lies in the documents."""
SHOWN_PORT: Final = "15308"
"""Of the demo's national system in the documents; the demo takes another one where this is taken."""
_CALLED: Final = re.compile(r"http://127\.0\.0\.1:(\d+)")
LEFT_OUT: Final = "…"
_LONGEST_SECONDS: Final = 120
"""Of one command, and of the wait for a server that was started in the background."""
_SHARED: Final = (".venv", "Makefile", "pyproject.toml", "constraints.txt")

_VARIABLE: Final = (
    (re.compile(r"\d{4}-\d\d-\d\d \d\d(:\d\d){0,2}…?"), "TIME"),
    (re.compile(r"\d+(\.\d+)? GB"), "SIZE"),
    (re.compile(r"\d+:[0-9a-f]{64}"), "HEAD"),
    (re.compile(r"\b[0-9a-f]{5,}…"), "HASH…"),
    (re.compile(r"-?\d+\.\d+"), "SECONDS"),
    (re.compile(r"^( *\d+) +\d+ +(\d{6}) "), r"\1 DAYS \2 "),
    (re.compile(r"[ -]{2,}"), " "),
)
_HASH: Final = re.compile(r"\b(?:[0-9a-f]{64}|[0-9a-f]{16}|(?=\d*[a-f])[0-9a-f]{8})\b")
"""Of the audit, of a plan, of the facts of a mismatch; record ids have 32 digits."""


@dataclass
class Typed:
    """A command of a document and what is shown below it."""

    command: str
    shown: list[str] = field(default_factory=list)


@dataclass
class Block:
    """A fenced `console` block."""

    begins: int
    ends: int
    """Line numbers of its fences, from 0."""
    typed: list[Typed] = field(default_factory=list)


@dataclass(frozen=True)
class Difference:
    """A command that no longer prints what its document shows."""

    command: str
    shown: list[str]
    printed: list[str]

    def __str__(self) -> str:
        lines = [f"$ {self.command}", "  shown:", *self.shown, "  printed:", *self.printed]
        return "\n".join(lines)


def blocks_of(document: str) -> list[Block]:
    blocks: list[Block] = []
    current: Block | None = None
    for number, line in enumerate(document.splitlines()):
        if current is None:
            if line == "```console":
                current = Block(number, number)
        elif line == "```":
            current.ends = number
            blocks.append(current)
            current = None
        elif line.startswith("$ "):
            current.typed.append(Typed(line[2:]))
        else:
            current.typed[-1].shown.append(line)
    return blocks


class Shell:
    """A bash that types for us, in a folder like a fresh checkout."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.hashes: dict[str, str] = {}
        """By what a document shows: what was printed in its place."""
        for name in _SHARED:
            (folder / name).symlink_to(ROOT / name)
        left_out = ("NATIONAL_SYNC", "PIP", "MAKE", "MFLAGS")
        kept = {name: value for name, value in os.environ.items() if not name.startswith(left_out)}
        surroundings = {"HOME": str(folder / "home"), "COLUMNS": "80", "TZ": "Asia/Shanghai", "PS1": ""}
        (folder / "home").mkdir()
        self._bash = subprocess.Popen(
            ["bash", "--norc"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            cwd=folder,
            env=kept | surroundings,
            start_new_session=True,
        )

    def __enter__(self) -> Shell:
        return self

    def __exit__(self, *_error: object) -> None:
        self._type("kill -9 $(jobs -p) 2>/dev/null; exit")
        self._bash.communicate()

    def run(self, typed: Typed) -> list[str]:
        """What the command prints, line by line."""
        printed = self._printed(_with_hashes(typed.command, self.hashes).replace(SHOWN_PORT, self._port()))
        self._learn_hashes(typed.shown, printed)
        return printed

    def _learn_hashes(self, shown: Sequence[str], printed: Sequence[str]) -> None:
        by_rest = {_constant(line): line for line in printed if _HASH.search(line)}
        for line in shown:
            other = by_rest.get(_constant(line), "")
            self.hashes |= dict(zip(_HASH.findall(line), _HASH.findall(other), strict=False))

    def _printed(self, command: str) -> list[str]:
        last = "(exit $__ended); " if "$?" in command else ""
        self._type(f"{last}{command}\n__ended=$?\nprintf '\\n@@ended@@\\n'")
        patience = threading.Timer(_LONGEST_SECONDS, self._bash.kill)
        patience.start()
        printed = list(self._until_ended(command))
        patience.cancel()
        if command.endswith("&"):
            self._await_port(command)
        if printed and not printed[-1]:
            printed.pop()
        port = re.compile(rf"\b{self._port()}\b")
        return [port.sub(SHOWN_PORT, line.replace(str(self.folder), SHOWN_FOLDER)) for line in printed]

    def _port(self) -> str:
        """Where the demo of this folder has its national system."""
        settings = self.folder / "demo/national-sync.toml"
        called = _CALLED.search(settings.read_text(encoding="utf-8")) if settings.exists() else None
        return called[1] if called else SHOWN_PORT

    def _type(self, text: str) -> None:
        assert self._bash.stdin is not None
        self._bash.stdin.write(f"{text}\n")
        self._bash.stdin.flush()

    def _until_ended(self, command: str) -> Iterator[str]:
        assert self._bash.stdout is not None
        for line in self._bash.stdout:
            if line == "@@ended@@\n":
                return
            yield line.rstrip("\n")
        raise SystemExit(f"the shell has ended, or this takes for ever: {command}")

    def _await_port(self, command: str) -> None:
        """A server in the background is there when it can be called."""
        found = re.search(r"--port (\d+)", command)
        deadline = time.monotonic() + _LONGEST_SECONDS
        while found and time.monotonic() < deadline:
            with socket.socket() as attempt:
                if attempt.connect_ex(("127.0.0.1", int(found[1]))) == 0:
                    return
            time.sleep(0.05)


def play(document: str, shell: Shell) -> Iterator[tuple[Typed, list[str]]]:
    """Every command of the document in order, with what it prints."""
    for block in blocks_of(document):
        for typed in block.typed:
            yield typed, shell.run(typed)


def differences(document: str, shell: Shell) -> list[Difference]:
    return [
        Difference(typed.command, typed.shown, printed)
        for typed, printed in play(document, shell)
        if typed.shown and not is_shown(printed, typed.shown)
    ]


def is_shown(printed: Sequence[str], shown: Sequence[str]) -> bool:
    """Whether the shown lines are the printed ones, but for what is left out and what is another each time."""
    lines = [_constant(line) for line in printed]
    first, *others = _between_left_out([_constant(line) for line in shown])
    if not others:
        return lines == first
    *middle, last = others
    if lines[: len(first)] != first or len(lines) < len(first) + len(last) or lines[len(lines) - len(last) :] != last:
        return False
    rest = lines[len(first) : len(lines) - len(last)]
    for part in middle:
        places = (at for at in range(len(rest) - len(part) + 1) if rest[at : at + len(part)] == part)
        found = next(places, None)
        if found is None:
            return False
        rest = rest[found + len(part) :]
    return True


def _between_left_out(shown: Sequence[str]) -> list[list[str]]:
    """The shown lines, cut at every mark."""
    parts: list[list[str]] = [[]]
    for line in shown:
        if line == LEFT_OUT:
            parts.append([])
        else:
            parts[-1].append(line)
    return parts


def _constant(line: str) -> str:
    line = _HASH.sub("HASH", line)
    for pattern, word in _VARIABLE:
        line = pattern.sub(word, line)
    return line.strip()


def rewritten(document: str, shell: Shell) -> str:
    """The document with what its commands print now, as much of it as was shown before."""
    lines = document.splitlines()
    shift = 0
    renewed: dict[str, str] = {}
    for block in blocks_of(document):
        fresh: list[str] = []
        for typed in block.typed:
            printed = shell.run(typed)
            keeps = not typed.shown or is_shown(printed, typed.shown)
            fresh += [
                f"$ {_with_hashes(typed.command, renewed)}",
                *(typed.shown if keeps else abridged(printed, typed.shown)),
            ]
            if not keeps:
                shown = set(_HASH.findall("\n".join(typed.shown)))
                renewed |= {old: new for old, new in shell.hashes.items() if old in shown}
        begin, end = block.begins + shift + 1, block.ends + shift
        lines[begin:end] = fresh
        shift += len(fresh) - (end - begin)
    return "\n".join(lines) + "\n"


def _with_hashes(command: str, hashes: Mapping[str, str]) -> str:
    return _HASH.sub(lambda found: hashes.get(found[0], found[0]), command)


def abridged(printed: Sequence[str], shown: Sequence[str]) -> list[str]:
    """As many first and last lines as were shown around the part that was left out."""
    marks = [number for number, line in enumerate(shown) if line.strip() == LEFT_OUT]
    if not marks:
        return list(printed)
    first, last = marks[0], len(shown) - marks[-1] - 1
    if first + last >= len(printed):
        return list(printed)
    return [*printed[:first], LEFT_OUT, *printed[len(printed) - last :]]


def main(names: Sequence[str]) -> None:
    for name in names:
        with tempfile.TemporaryDirectory() as folder, Shell(Path(folder)) as shell:
            document = Path(name)
            document.write_text(rewritten(document.read_text(encoding="utf-8"), shell), encoding="utf-8")
        print(name)


if __name__ == "__main__":
    if not shutil.which("bash"):
        raise SystemExit("bash is needed to play the documents")
    main(sys.argv[1:])
