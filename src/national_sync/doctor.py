"""Is everything in place? Each check is one line and, where it fails, what to do. Nothing is written anywhere."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from sqlalchemy import text

from national_sync.errors import (
    ClockSkewed,
    DatabaseUnwritable,
    NationalSideError,
    NationalSyncError,
    UsageError,
)
from national_sync.i18n import N_, Lines, Phrase
from national_sync.store.database import Database
from national_sync.store.sealed import count_plain_values

if TYPE_CHECKING:
    from national_sync.bootstrap import Bootstrap
    from national_sync.national.port import Capabilities

_LEAST_FREE_BYTES: Final = 1_000_000_000
"""A first mirror of a million hour records takes about 400 MB, and half as much again while it is written."""

_MOST_SKEW_SECONDS: Final = 60
"""The national side refuses far more; a minute already shows that the clock is not kept."""

_AUDIT_ENTRIES: Final = 10_000
"""The newest ones: `audit verify` looks at all, in ten seconds a million."""

_FALLBACKS: Final[dict[str, str]] = {
    "change_filter": N_("no change filter: everything is read every night"),
    "tombstones": N_("no tombstones: deletions are noticed by complete listings"),
    "keyset_paging": N_("no keyset paging: shifted pages are read again"),
    "batch_write": N_("no batch writes: one call a record"),
    "batch_read": N_("no batch reads: one call a record"),
    "idempotency_key": N_("no idempotency key: lost answers are looked up"),
    "conditional_write": N_("no conditional writes: records are read before they are changed"),
    "client_reference": N_("no client reference: lost answers are looked up by content"),
    "digest": N_("no digests: a part of everything is read again each night"),
    "totals": N_("no totals: only complete listings show what is missing"),
}


@dataclass(frozen=True)
class Check:
    name: str
    label: str
    is_fine: bool
    detail: object = ""
    hint: object = ""
    exit_code: int = UsageError.exit_code


class _NothingKept:
    """Neither counts calls nor remembers anything: looking must not change what a run finds."""

    def reserve(self, calls: int) -> int:
        return calls

    def give_back(self, calls: int) -> None: ...

    def read(self, name: str) -> dict[str, Any] | None:
        return None

    def write(self, name: str, value: Mapping[str, Any] | None) -> None: ...


def examine(open_bootstrap: Callable[[], Bootstrap]) -> list[Check]:
    """Every check that can be made; what depends on a failed one is left out."""
    try:
        bootstrap = open_bootstrap()
    except NationalSyncError as error:
        return [_failed("settings", N_("Settings"), error)]
    return [
        Check("settings", N_("Settings"), True, bootstrap.loaded.file.absolute()),
        *_key_checks(bootstrap),
        *_database_checks(bootstrap),
        *_national_checks(bootstrap),
    ]


def exit_code(checks: list[Check]) -> int:
    """0 when all is fine, 2 when something here is not, 6 when only the national side is not."""
    codes = {check.exit_code for check in checks if not check.is_fine}
    return min(codes, default=0)


def _key_checks(bootstrap: Bootstrap) -> Iterator[Check]:
    try:
        bootstrap.sealer()
    except NationalSyncError as error:
        yield _failed("keys", N_("Key file"), error)
    else:
        yield Check("keys", N_("Key file"), True, bootstrap.key_file)


def _database_checks(bootstrap: Bootstrap) -> Iterator[Check]:
    label = N_("Database")
    with ExitStack() as stack:
        try:
            database = stack.enter_context(bootstrap.database())
        except NationalSyncError as error:
            yield _failed("database", label, error)
            return
        yield Check("database", label, True, database.place)
        yield _key_fits(bootstrap, database)
        yield _is_writable(database)
        if bootstrap.database_file is not None:
            yield _has_room(bootstrap.database_file.absolute().parent)
        yield _holds_unsealed(database)
        yield from _holds_old_keys(bootstrap, database)
        yield _keeps_invariants(database)
        yield _has_administrator(database)
        yield _has_whole_audit(database)


def _key_fits(bootstrap: Bootstrap, database: Database) -> Check:
    from national_sync.keys import check_key

    name, label = "key_fits", N_("Key fits the database")
    try:
        sealer = bootstrap.sealer()
        with database.read() as connection:
            check_key(connection, sealer)
    except NationalSyncError as error:
        return _failed(name, label, error)
    return Check(name, label, True)


def _is_writable(database: Database) -> Check:
    name, label = "writable", N_("Database can be written")
    try:
        with database.write() as connection:
            # Asks for the right to write, on both stores, and changes nothing.
            connection.execute(text("DELETE FROM mark WHERE 1 = 0"))
    except NationalSyncError as error:
        return _failed(name, label, error)
    return Check(name, label, True)


def _has_room(directory: Path) -> Check:
    free = shutil.disk_usage(directory).free
    return Check(
        "disk",
        N_("Free disk space"),
        free >= _LEAST_FREE_BYTES,
        f"{free / 1e9:.1f} GB",
        Phrase(DatabaseUnwritable.hint) if free < _LEAST_FREE_BYTES else "",
    )


def _holds_unsealed(database: Database) -> Check:
    with database.read() as connection:
        waiting = sum(count_plain_values(connection).values())
    detail = Phrase(N_("{count} plain values wait; the next run seals them"), count=waiting) if waiting else ""
    return Check("sealed", N_("Personal data sealed"), True, detail)


def _holds_old_keys(bootstrap: Bootstrap, database: Database) -> Iterator[Check]:
    """Values of older keys can be read like any others, so they are named and no fault."""
    from national_sync.store.sealed import count_sealed_with

    try:
        older = bootstrap.sealer().key_ids[1:]
    except NationalSyncError:
        return
    with database.read() as connection:
        left = count_sealed_with(connection, older)
    words = N_("{count} rows hold values of older keys; seal them with the newest: national-sync key rotate")
    yield Check("newest_key", N_("Sealed with the newest key"), True, Phrase(words, count=left) if left else "")


def _keeps_invariants(database: Database) -> Check:
    from national_sync.sync.invariants import broken_invariants

    with database.read() as connection:
        broken = broken_invariants(connection)
    hint = N_("Keep a copy of the database and pass this on before the next run.") if broken else ""
    return Check("invariants", N_("Invariants"), not broken, Lines(tuple(broken)), hint)


def _has_administrator(database: Database) -> Check:
    from national_sync.operators.accounts import has_accounts, has_administrator

    name, label, first = "administrator", N_("Administrator"), "national-sync operator add NAME"
    with database.read() as connection:
        if has_administrator(connection):
            return Check(name, label, True)
        if has_accounts(connection):
            hint = Phrase(N_("Whoever has the key file can add one: {command}"), command=first)
            return Check(name, label, False, N_("no account can add or change accounts"), hint)
    detail = N_("no account yet: anybody may read, nobody can decide. Make the first one: {command}")
    return Check(name, label, True, Phrase(detail, command=first))


def _has_whole_audit(database: Database) -> Check:
    from national_sync.audit import verify

    name, label = "audit", N_("Audit")
    with database.read() as connection:
        verdict = verify(connection, newest=_AUDIT_ENTRIES)
    if verdict.fault is None:
        return Check(name, label, True, Phrase(N_("entries: {count}"), count=verdict.head.number))
    return Check(
        name,
        label,
        False,
        Phrase(N_("not whole from entry {entry} on"), entry=verdict.entry),
        N_("Keep a copy of the database, then look at it with: national-sync audit verify"),
    )


def _national_checks(bootstrap: Bootstrap) -> Iterator[Check]:
    name, label = "national", N_("National system")
    kept = _NothingKept()
    with ExitStack() as stack:
        try:
            national = bootstrap.national(meter=kept, notebook=kept)
            national.open()
            stack.callback(national.close)
            skew_seconds = national.now_ms() / 1000 - bootstrap.clock.now()
        except ClockSkewed as error:
            yield Check(name, label, True)
            yield _failed("clock", N_("Clock"), error)
        except NationalSyncError as error:
            yield _failed(name, label, error)
        else:
            yield Check(name, label, True)
            yield _clock_check(skew_seconds)
            yield Check("capabilities", N_("Capabilities"), True, Lines(tuple(_missing(national.capabilities()))))


def _clock_check(skew_seconds: float) -> Check:
    label = N_("Clock")
    if abs(skew_seconds) > _MOST_SKEW_SECONDS:
        return _failed("clock", label, ClockSkewed(seconds=round(skew_seconds)))
    return Check("clock", label, True, Phrase(N_("{seconds} s apart"), seconds=f"{skew_seconds:+.1f}"))


def _missing(capabilities: Capabilities) -> list[Phrase]:
    return [Phrase(fallback) for name, fallback in _FALLBACKS.items() if not getattr(capabilities, name)]


def _failed(name: str, label: str, error: NationalSyncError) -> Check:
    is_national = isinstance(error, NationalSideError)
    return Check(
        name,
        label,
        False,
        error.facts.get("problems") or Phrase(error.template, **error.facts),
        Phrase(error.hint_template, **error.facts),
        NationalSideError.exit_code if is_national else UsageError.exit_code,
    )
