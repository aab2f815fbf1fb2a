"""The settings: one TOML file, over it environment variables, beside it secret files. Read by `bootstrap` only.

`NATIONAL_SYNC__SECTION__KEY` in the environment beats the file. Unknown keys are refused, and all problems are
reported together. Descriptions are keys of the gettext catalogue: the example file is generated from them.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, ValidationError
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from national_sync.errors import SettingsInvalid
from national_sync.i18n import N_, Lines, Phrase
from national_sync.policy import Policy
from national_sync.private_files import CLOSE_IT, OpenToOthers, read_private
from national_sync.problems import Origin, Problem, problems_of, unknown_key
from national_sync.settings_file import DEFAULT_DATABASE, ENVIRONMENT_PREFIX

_NESTED: Final = "__"


def _reachable_store(url: str) -> str:
    if not url.startswith(("sqlite:///", "postgresql://", "postgresql+psycopg://")):
        raise ValueError(N_("must be sqlite:///FILE or postgresql://USER@HOST/DATABASE"))
    return url.replace("postgresql://", "postgresql+psycopg://", 1)


DatabaseUrl = Annotated[str, AfterValidator(_reachable_store)]
TimeOfDay = Annotated[str, StringConstraints(pattern=r"^([01]\d|2[0-3]):[0-5]\d$")]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)


class DatabaseTable(_Table):
    """The platform's own database, which holds the mirror."""

    url: DatabaseUrl = Field(
        default=DEFAULT_DATABASE, description=N_("sqlite:///FILE or postgresql://USER@HOST/DATABASE")
    )
    password_file: Path | None = Field(default=None, description=N_("a file with the password, for PostgreSQL"))


class KeysTable(_Table):
    """The key that ID numbers and phones are sealed with. Keep a copy of it apart from the database."""

    file: Path = Field(default=Path("national-sync.key"), description=N_("made by: national-sync init"))


class NationalTable(BaseModel):
    """The way to the national system. All keys but the first belong to the adapter."""

    model_config = ConfigDict(extra="allow", frozen=True, hide_input_in_errors=True)
    adapter: str = Field(default="nvsi", description=N_("which adapter speaks to the national system"))


class ScheduleTable(_Table):
    """When the daemon works. Times are those of the timezone."""

    nightly: TimeOfDay = Field(default="02:30", description=N_("the full nightly run, HH:MM"))
    light: bool = Field(default=True, description=N_("whether changes are also fetched every hour"))
    light_minute: int = Field(default=15, ge=0, le=59, description=N_("the minute of the hour for that"))
    timezone: Literal["Asia/Shanghai"] = Field(default="Asia/Shanghai", description=N_("China has one timezone"))
    catch_up: bool = Field(default=True, description=N_("whether a missed night is made good when the daemon starts"))
    grace_seconds: int = Field(
        default=30, ge=1, le=600, description=N_("how long a run may take to stop when asked to")
    )


class PolicyTable(_Table):
    """What the city decides: field ownership, guards, windows."""

    file: Path | None = Field(default=Path("policy.toml"), description=N_("see the comments in that file"))


class PathsTable(_Table):
    """Where files are put."""

    reports: Path = Field(default=Path("reports"), description=N_("one report a run"))


class OperatorsTable(_Table):
    """The people who log in to decide about mismatches, held plans and quarantine."""

    session_hours: int = Field(default=12, ge=1, le=168, description=N_("after how many hours a login ends"))


class LogTable(_Table):
    """The log, one event a line on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        default="info", description=N_("debug, info, warning or error")
    )


class Settings(BaseSettings):
    """The whole tree. Paths are as written; `Loaded.path` resolves them against the file's folder."""

    model_config = SettingsConfigDict(
        env_prefix=ENVIRONMENT_PREFIX,
        env_nested_delimiter=_NESTED,
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )
    database: DatabaseTable = DatabaseTable()
    keys: KeysTable = KeysTable()
    national: NationalTable = NationalTable()
    schedule: ScheduleTable = ScheduleTable()
    policy: PolicyTable = PolicyTable()
    paths: PathsTable = PathsTable()
    operators: OperatorsTable = OperatorsTable()
    log: LogTable = LogTable()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The caller gives both sources merged, so that a problem can be traced to its source."""
        return (init_settings,)


@dataclass(frozen=True)
class Loaded:
    """Valid settings, what the adapter made of its part of them, and the policy."""

    settings: Settings
    national: Any
    """An instance of the adapter's own settings model."""
    policy: Policy
    file: Path

    def path(self, path: Path) -> Path:
        """A path as meant: relative to the folder of the settings file."""
        return path if path.is_absolute() else self.file.absolute().parent / path

    @property
    def database_url(self) -> str:
        """The URL with its relative file resolved and the password of the password file put in."""
        table = self.settings.database
        place = table.url.removeprefix("sqlite:///")
        if place != table.url:
            return f"sqlite:///{self.path(Path(place))}"
        if table.password_file is None:
            return table.url
        return _with_password(table.url, _secret_text(self.path(table.password_file)))


def load_settings(
    file: Path, environment: Mapping[str, str], adapter_settings: Callable[[str], type[BaseModel]]
) -> Loaded:
    """Read and check everything. Raises `SettingsInvalid` with all problems at once.

    `adapter_settings` gives the settings model of the adapter with a name; it raises `SettingsInvalid` or `KeyError`
    for a name that is not installed.
    """
    written = _read_toml(file)
    overridden, problems = _from_environment(environment)
    origin = Origin(file.name, ENVIRONMENT_PREFIX, overridden)
    merged = _overlaid(written, overridden)
    settings = Settings()
    try:
        settings = Settings(**merged)
    except ValidationError as error:
        problems += problems_of(error, Settings, merged, origin)
    national, national_problems = _adapter_part(merged, adapter_settings, origin, file)
    problems += national_problems
    policy, policy_problems = load_policy(_policy_file(settings, file))
    problems += policy_problems
    if problems:
        raise SettingsInvalid(problems=Lines(tuple(problem.phrase() for problem in problems)))
    return Loaded(settings, national, policy, file)


def load_policy(file: Path | None) -> tuple[Policy, list[Problem]]:
    """The policy of this file, or the built-in one without a file, and what is wrong with it."""
    if file is None:
        return Policy(), []
    try:
        written = _read_toml(file)
    except SettingsInvalid as error:
        return Policy(), [Problem(_told(error))]
    try:
        return Policy.model_validate(written), []
    except ValidationError as error:
        return Policy(), problems_of(error, Policy, written, Origin(file.name))


def _policy_file(settings: Settings, file: Path) -> Path | None:
    named = settings.policy.file
    if named is None:
        return None
    resolved = named if named.is_absolute() else file.absolute().parent / named
    is_default = named == PolicyTable().file
    return None if is_default and not resolved.exists() else resolved


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        raise SettingsInvalid(
            hint=N_("Create it with: national-sync init"),
            problems=Phrase(N_("{file}: there is no such file"), file=file),
        ) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(
            problems=Phrase(N_("{file}: it cannot be read ({reason})"), file=file, reason=_reason(error))
        ) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsInvalid(
            problems=Phrase(N_("{file}: it is not TOML ({reason})"), file=file, reason=str(error))
        ) from error


def _told(error: SettingsInvalid) -> Phrase:
    problems = error.facts.get("problems")
    return problems if isinstance(problems, Phrase) else Phrase(error.template, **error.facts)


def _reason(error: OSError | UnicodeDecodeError) -> str:
    return error.strerror or str(error) if isinstance(error, OSError) else N_("it is not UTF-8 text")


def _from_environment(environment: Mapping[str, str]) -> tuple[dict[str, Any], list[Problem]]:
    """The tables and keys set in the environment, and variables whose table does not exist."""
    named = {name: value for name, value in environment.items() if name.upper().startswith(ENVIRONMENT_PREFIX)}
    tables: dict[str, Any] = {}
    problems: list[Problem] = []
    source = EnvSettingsSource(Settings)
    source.env_vars = {name.lower(): value for name, value in named.items()}
    for table, field in Settings.model_fields.items():
        values = source.explode_env_vars(table, field, source.env_vars)
        if values:
            tables[table] = values
    for name in named:
        table, *keys = name[len(ENVIRONMENT_PREFIX) :].lower().split(_NESTED)
        if table not in Settings.model_fields or len(keys) != 1:
            problems.append(unknown_key(name, table, [f"{known}__…" for known in Settings.model_fields]))
    return tables, problems


def _overlaid(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    merged = dict(below)
    for name, value in above.items():
        under = merged.get(name)
        merged[name] = {**under, **value} if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def _adapter_part(
    merged: Mapping[str, Any], adapter_settings: Callable[[str], type[BaseModel]], origin: Origin, file: Path
) -> tuple[BaseModel | None, list[Problem]]:
    table = merged.get("national", {})
    if not isinstance(table, dict) or not isinstance(table.get("adapter", ""), str):
        return None, []  # The whole tree's check has named this.
    name = table.get("adapter", NationalTable().adapter)
    own = {key: value for key, value in table.items() if key not in NationalTable.model_fields}
    try:
        model = adapter_settings(name)
    except SettingsInvalid as error:
        return None, [Problem(_told(error))]
    try:
        return _with_places(model.model_validate(own), file), []
    except ValidationError as error:
        known = [*NationalTable.model_fields, *model.model_fields]
        return None, problems_of(error, model, own, origin.below("national"), known)


def _with_places(national: BaseModel, file: Path) -> BaseModel:
    """The adapter's settings with their paths made relative to the settings file, like all others."""
    paths = {name: value for name, value in national if isinstance(value, Path) and not value.is_absolute()}
    return national.model_copy(update={name: file.absolute().parent / path for name, path in paths.items()})


def _secret_text(file: Path) -> str:
    try:
        return read_private(file).decode("utf-8").strip()
    except OpenToOthers as error:
        raise SettingsInvalid(hint=CLOSE_IT, problems=error.reason, file=file) from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsInvalid(
            hint=N_("Put the secret alone into that file, readable for this program's user only (chmod 600)."),
            problems=Phrase(N_("{file}: it cannot be read ({reason})"), file=file, reason=_reason(error)),
        ) from error


def _with_password(url: str, password: str) -> str:
    from sqlalchemy import make_url

    return make_url(url).set(password=password).render_as_string(hide_password=False)
