"""Deliberate faults in the ledger, one by one: the tests must notice each. `make mutants` prints caught/total.

A fault is a piece of the source that is replaced in a copy of it; the tests that ought to notice run against the copy.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parent.parent
_INTEGRATION: Final = "tests/integration/exchange"
_SIMULATION: Final = "tests/simulation/exchange"


class Mutant(NamedTuple):
    name: str
    file: str
    """Below src/national_sync."""
    old: str
    new: str
    tests: str
    """Where to look first: a file or folder, and what to select with -k behind a colon."""


MUTANTS: Final = (
    Mutant("spend hours that are not there", "exchange/balance.py", "return taken if total(taken) == seconds else None",
           "return taken", f"{_INTEGRATION}/test_redeeming.py:name and sqlite"),
    Mutant("forget that hours expire", "exchange/balance.py", "[lot for lot in lots if lot.expires_at > now], seconds",
           "list(lots), seconds", f"{_INTEGRATION}/test_credits.py:live or die"),
    Mutant("do not pay deficits back", "exchange/balance.py", "owed = max(0, -balance)", "owed = 0",
           f"{_INTEGRATION}/test_credits.py:deficit and sqlite"),
    Mutant("take expired hours twice", "exchange/balance.py", "unexpired = min(left, expired_seconds)", "unexpired = 0",
           f"{_INTEGRATION}/test_credits.py:twice and sqlite"),
    Mutant("hold with a deficit", "exchange/rules.py", "if person.balance < 0:", "if False:",
           f"{_INTEGRATION}/test_credits.py:deficit and sqlite"),
    Mutant("no limits", "exchange/rules.py", "if limits and broken_limit(", "if False and broken_limit(",
           f"{_INTEGRATION}/test_credits.py:limits"),
    Mutant("limits off by one", "exchange/limits.py", "+ quantity > limit.pieces:",
           "+ quantity > limit.pieces + 1:", f"{_INTEGRATION}/test_redeeming.py:limits"),
    Mutant("no look at the stock", "exchange/rules.py", "terms.left_pieces is not None and quantity > terms.left_pieces",
           "False", f"{_INTEGRATION}/test_redeeming.py:name and sqlite"),
    Mutant("no guard in the statement that takes the stock", "exchange/steps.py",
           "AND (stock IS NULL OR taken + ? <= stock)", "AND ? > 0", f"{_INTEGRATION}/test_races.py:last_piece"),
    Mutant("drop the unique key", "store/migrations/versions/0001_the_first_tables.py",
           'op.create_index("redemption_key", "redemption", ["key"], unique=True)',
           'op.create_index("redemption_key", "redemption", ["key"], unique=False)', f"{_INTEGRATION}/test_races.py:key"),
    Mutant("forget the keys", "exchange/steps.py", "if facts.known_id is not None:", "if False:",
           f"{_INTEGRATION}/test_redeeming.py:key and sqlite"),
    Mutant("a key without its body", "exchange/steps.py", 'if bytes(facts.known_hash or b"") != request.body_hash:', "if False:",
           f"{_INTEGRATION}/test_redeeming.py:key and sqlite"),
    Mutant("confirm after expiry", "exchange/steps.py", "case State.HELD if one.expires_at > now:", "case State.HELD:",
           f"{_INTEGRATION}/test_redeeming.py:expiry and sqlite"),
    Mutant("do not write down that a hold has expired", "exchange/steps.py",
           "self._give_back(book, now, one, Kind.HOLD_EXPIRED, State.EXPIRED)", "pass",
           f"{_INTEGRATION}/test_redeeming.py:expiry and sqlite"),
    Mutant("give back a piece too few", "exchange/redemption.py", "SET taken = taken - ?", "SET taken = taken - ? + 1",
           f"{_INTEGRATION}/test_redeeming.py:nobodys_way and sqlite"),
    Mutant("a code for every merchant", "exchange/steps.py", "WHERE c.code_hash = ? AND c.merchant_id = ?",
           "WHERE c.code_hash = ? AND ? > 0", f"{_INTEGRATION}/test_redeeming.py:own_merchant and sqlite"),
    Mutant("guess codes without end", "exchange/steps.py", ">= self.policy.wrong_codes", ">= 1_000_000",
           f"{_INTEGRATION}/test_redeeming.py:guessing and sqlite"),
    Mutant("collect twice", "exchange/steps.py", "if found.state == VoucherState.COLLECTED and found.collect_key == key:",
           "if found.state == VoucherState.COLLECTED:", f"{_INTEGRATION}/test_redeeming.py:collected and sqlite"),
    Mutant("refund by one person", "exchange/aftermath.py", "if refund.requested_by == actor:", "if False:",
           f"{_INTEGRATION}/test_aftermath.py:two_persons and sqlite"),
    Mutant("refund more than was paid", "exchange/aftermath.py", "if not 0 < seconds <= one.rest_seconds - asked:",
           "if not 0 < seconds <= one.rest_seconds:", f"{_INTEGRATION}/test_aftermath.py:two_persons and sqlite"),
    Mutant("make a failure good twice", "exchange/aftermath.py", "if cause is Cause.NOT_FULFILLED and failures:",
           "if False:", f"{_INTEGRATION}/test_aftermath.py:made_good and sqlite"),
    Mutant("let the mark lie", "exchange/credits.py", "write_mark(connection, _MARK, [rows[-1].sync_rev, rows[-1].record_id])",
           "pass", f"{_INTEGRATION}/test_credits.py:following_again and sqlite"),
    Mutant("credit the whole again", "exchange/credits.py", "after.seconds - (before.seconds if before else 0)",
           "after.seconds", f"{_INTEGRATION}/test_credits.py:correction and sqlite"),
    Mutant("count what was edited here", "exchange/credits.py", "if name in _OVERLAID:", "if False:",
           f"{_INTEGRATION}/test_credits.py:edit_made_here and sqlite"),
    Mutant("merge the balance and not the records", "exchange/lives.py",
           'book.run("UPDATE credit SET owner_id = ? WHERE owner_id = ?", kept, gone)', "pass",
           f"{_INTEGRATION}/test_aftermath.py:registrations and sqlite"),
    Mutant("change what was written", "store/append_only.py", '"entry": ("account_id", "version"),', "",
           f"{_INTEGRATION}/test_redeeming.py:never_changed and sqlite"),
    Mutant("do not wait for the disk", "exchange/ledger.py", "PRAGMA synchronous=FULL", "PRAGMA synchronous=NORMAL",
           f"{_SIMULATION}/test_power_cut.py:all"),
    Mutant("answer before the commit", "exchange/ledger.py",
           'failpoint("before_ledger_commit")\n        cursor.execute("COMMIT")',
           '_deliver(group, answers)\n        failpoint("before_ledger_commit")\n        time.sleep(0.05)\n'
           '        cursor.execute("COMMIT")', f"{_SIMULATION}/test_histories.py:killing"),
    Mutant("keep what a failed job wrote", "exchange/ledger.py",
           "            _roll_back(cursor)\n            answers =", '            cursor.execute("COMMIT")\n            answers =',
           f"{_INTEGRATION}/test_races.py:group"),
    Mutant("let a posting not add up", "exchange/accounts.py", "balance, balance + seconds, record_id)",
           "balance, balance + seconds + 1, record_id)",
           f"{_INTEGRATION}/test_redeeming.py:spent and sqlite"),
)  # fmt: skip


def main(names: list[str]) -> int:
    chosen = [mutant for mutant in MUTANTS if not names or any(name in mutant.name for name in names)]
    if _tests_fail(ROOT / "src", _INTEGRATION):
        raise SystemExit("the tests fail without any fault: mend that first")
    missed = [mutant.name for mutant in chosen if not _is_caught(mutant)]
    print(f"{len(chosen) - len(missed)}/{len(chosen)}")
    return 1 if missed else 0


def _is_caught(mutant: Mutant) -> bool:
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        source = Path(folder) / "src"
        shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
        file = source / "national_sync" / mutant.file
        text = file.read_text(encoding="utf-8")
        if mutant.old not in text:
            raise SystemExit(f"{mutant.name}: {mutant.file} does not hold {mutant.old!r} any more")
        file.write_text(text.replace(mutant.old, mutant.new), encoding="utf-8")
        is_caught = _tests_fail(source, mutant.tests)
    print(f"{'caught' if is_caught else 'MISSED'}  {mutant.name}", flush=True)
    return is_caught


def _tests_fail(source: Path, tests: str) -> bool:
    """Whether a test fails; that none could be run is an error of this list."""
    path, _, selected = tests.partition(":")
    command = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:randomly", "-p", "no:cacheprovider", path]
    ended = subprocess.run(
        [*command, *(["-k", selected] if selected else [])],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": str(source), "PYTHONDONTWRITEBYTECODE": "1"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
        timeout=300,
    )
    if ended.returncode not in (0, 1):
        raise SystemExit(f"pytest cannot run {tests} (exit code {ended.returncode})")
    return ended.returncode == 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
