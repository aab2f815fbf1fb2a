"""The command line. Importing it stays fast: heavy imports happen inside the commands."""

from __future__ import annotations

import io
import sys


def main() -> None:
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            # A terminal of another encoding (GBK) shows a question mark for what it lacks; it is no reason to fail.
            stream.reconfigure(errors="replace")
    from national_sync.cli.root import cli

    cli(prog_name="national-sync")
