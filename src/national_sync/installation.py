"""What `init` makes: settings file, policy, key file, database. What exists is kept, an older database upgraded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from national_sync import audit
from national_sync.bootstrap import Bootstrap
from national_sync.errors import DatabaseMissing, DatabaseOutdated, SettingsInvalid, UsageError
from national_sync.example import policy_text, settings_text
from national_sync.i18n import N_, Phrase
from national_sync.keys import KEYS_VARIABLE, create_key_file, remember_key
from national_sync.national.registry import adapter_class
from national_sync.settings import NationalTable, PolicyTable
from national_sync.store.database import Database
from national_sync.store.revisions import KNOWN_REVISION
from national_sync.store.schema import check_version, create_or_upgrade


class Result(StrEnum):
    CREATED = "created"
    KEPT = "kept"
    UPGRADED = "upgraded"

    @property
    def label(self) -> str:
        return _RESULTS[self]


_RESULTS: Final = {
    Result.CREATED: N_("created"),
    Result.KEPT: N_("was there already"),
    Result.UPGRADED: N_("brought up to date"),
}


@dataclass(frozen=True)
class Step:
    name: str
    label: str
    place: str
    result: Result


@dataclass(frozen=True)
class Installed:
    steps: list[Step]
    next_steps: list[Phrase]


def install(file: Path, environment: Mapping[str, str]) -> Installed:
    """Make what is missing, in an order in which a failure leaves nothing that a second try would stumble over."""
    steps = [
        _written(file, settings_text(adapter_class(NationalTable().adapter).Settings), "settings", N_("Settings file")),
    ]
    if steps[0].result is Result.CREATED:
        default = file.absolute().parent / str(PolicyTable().file)
        steps.append(_written(default, policy_text(), "policy", N_("Policy")))
    bootstrap = Bootstrap.from_file(file, environment)
    with bootstrap.any_database() as database:
        steps.append(_key(bootstrap, database))
        steps.append(_database(bootstrap, database))
    return Installed(steps, _next_steps(file, steps, bootstrap))


def _written(file: Path, content: str, name: str, label: str) -> Step:
    try:
        with file.open("x", encoding="utf-8") as opened:
            opened.write(content)
    except FileExistsError:
        return Step(name, label, str(file), Result.KEPT)
    except OSError as error:
        raise UsageError(N_("{file} cannot be written: {reason}"), file=file, reason=error.strerror) from error
    return Step(name, label, str(file), Result.CREATED)


def _key(bootstrap: Bootstrap, database: Database) -> Step:
    name, label, file = "keys", N_("Key file"), bootstrap.key_file
    if KEYS_VARIABLE in bootstrap.environment:
        return Step(name, N_("Keys in the environment"), KEYS_VARIABLE, Result.KEPT)
    # A new key beside an old database would make all it holds unreadable.
    if not _exists(database) and create_key_file(file):
        return Step(name, label, str(file), Result.CREATED)
    bootstrap.sealer()
    return Step(name, label, str(file), Result.KEPT)


def _exists(database: Database) -> bool:
    try:
        check_version(database)
    except DatabaseMissing:
        return False
    except DatabaseOutdated:
        return True
    return True


def _database(bootstrap: Bootstrap, database: Database) -> Step:
    existed = _exists(database)
    changed = create_or_upgrade(database)
    with database.write(durable=True) as connection:
        remember_key(connection, bootstrap.sealer())
        if changed:
            action = "database.upgraded" if existed else "database.created"
            detail = {"schema": KNOWN_REVISION}
            audit.append(connection, audit.Entry(int(bootstrap.clock.now()), "init", action, detail=detail))
    result = (Result.UPGRADED if existed else Result.CREATED) if changed else Result.KEPT
    return Step("database", N_("Database"), database.place, result)


def _next_steps(file: Path, steps: list[Step], bootstrap: Bootstrap) -> list[Phrase]:
    results = {step.name: step.result for step in steps}
    following = []
    if results["settings"] is Result.CREATED:
        following.append(Phrase(N_("Write address and application id of the national system into {file}."), file=file))
    following += _missing_secret(bootstrap)
    if results["keys"] is Result.CREATED:
        following.append(
            Phrase(N_("Keep a copy of the key file {file} apart from the database."), file=_place(steps, "keys"))
        )
    return [
        *following,
        Phrase(N_("Check everything: {command}"), command="national-sync doctor"),
        Phrase(N_("See what a run would do: {command}"), command="national-sync sync plan"),
    ]


def _missing_secret(bootstrap: Bootstrap) -> list[Phrase]:
    try:
        bootstrap.loaded.national.read_secret(bootstrap.environment)
    except (ValueError, SettingsInvalid) as error:
        reason = error.facts["problems"] if isinstance(error, SettingsInvalid) else error.args[0]
        return [Phrase(N_("Provide the secret of the national system ({reason})."), reason=reason)]
    return []


def _place(steps: list[Step], name: str) -> str:
    return next(step.place for step in steps if step.name == name)
