"""`python -m bench NAME…` measures and prints; `all` also writes `bench/RESULTS.md`."""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from bench.benchmarks import BENCHMARKS
from bench.results import STORES, Result, write_markdown
from bench.stores import open_stores
from bench.workshop import Workshop, say

_RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    arguments = _parser().parse_args()
    names = list(BENCHMARKS) if "all" in arguments.names else arguments.names
    started = time.monotonic()
    results = _measure(names, arguments.hours, arguments.store or list(STORES), as_json=arguments.json)
    if arguments.json:
        print(json.dumps([result.as_json() for result in results], ensure_ascii=False, indent=2))
    if "all" in arguments.names:
        write_markdown(_RESULTS, results, hours=arguments.hours, seconds=time.monotonic() - started)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("names", nargs="+", choices=[*BENCHMARKS, "all"], metavar="NAME", help=" ".join(BENCHMARKS))
    parser.add_argument("--json", action="store_true", help="print a JSON list instead of lines")
    parser.add_argument("--hours", type=int, default=1_000_000, help="hour records of the large mirror")
    parser.add_argument("--store", action="append", choices=STORES, help="only this store; may be repeated")
    return parser


def _measure(names: list[str], hours: int, stores: list[str], *, as_json: bool) -> list[Result]:
    results: list[Result] = []
    with ExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="national-sync-bench-")))
        shop = Workshop(directory, hours, stack.enter_context(open_stores(directory, stores)), stack)
        for name in names:
            begun = time.monotonic()
            found = BENCHMARKS[name](shop)
            say(f"{name} took {time.monotonic() - begun:.0f} s")
            results += found
            if not as_json:
                print(*found, sep="\n", flush=True)
    return results


if __name__ == "__main__":
    main()
