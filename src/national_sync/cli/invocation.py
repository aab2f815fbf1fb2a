"""What one call of the program was asked for in general: settings file, language, form of the answer."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import click

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy import URL, Connection

    from national_sync.bootstrap import Bootstrap
    from national_sync.operators.rights import Operator


def _bootstrap(config: Path, environment: Mapping[str, str]) -> Bootstrap:
    from national_sync.bootstrap import Bootstrap

    return Bootstrap.from_file(config, environment)


_VOLUNTEER_NUMBER: Final = re.compile(r"\bV\d{11,}V?\b")


def _masked(number: re.Match[str]) -> str:
    """As long as it was, for it may stand in a table."""
    found = number.group()
    return found[:3] + "*" * (len(found) - 5) + found[-2:]


class Invocation:
    """`bootstrap` can be exchanged: the tests give one that needs no machine."""

    def __init__(
        self,
        *,
        environment: Mapping[str, str] = os.environ,
        bootstrap: Callable[[Path, Mapping[str, str]], Any] = _bootstrap,
    ) -> None:
        self.config: Path | None = None
        self.as_json = False
        self.is_debugging = False
        self.environment = environment
        self._bootstrap = bootstrap
        self._started: Any = None
        self._masks_numbers = False

    @property
    def config_file(self) -> Path:
        from pathlib import Path

        from national_sync.settings_file import CONFIG_VARIABLE, DEFAULT_CONFIG

        return self.config or Path(self.environment.get(CONFIG_VARIABLE, "") or DEFAULT_CONFIG)

    @property
    def is_usual(self) -> bool:
        """Whether the settings are those of the machine."""
        return self._bootstrap is _bootstrap

    def open(self) -> Bootstrap:
        """Read the settings. Raises `SettingsInvalid`."""
        started: Bootstrap = self._bootstrap(self.config_file, self.environment)
        self._started = started
        return started

    def operator(self, connection: Connection) -> Operator:
        """Who is logged in on this machine, for what needs a name. Raises `LoginRequired`."""
        from national_sync.operators.logins import at_work

        return at_work(connection, **self._login(connection))

    def reader(self, connection: Connection) -> Operator:
        """Who is logged in, for looking at records; anybody while there is no account. Raises `LoginRequired`."""
        from national_sync.operators.logins import reader
        from national_sync.operators.rights import Right, may

        found = reader(connection, **self._login(connection))
        self._masks_numbers = not may(found, Right.DECIDE, county=found.county)
        return found

    def county(self, connection: Connection) -> str | None:
        """The county whose figures alone are shown to whoever is logged in; None for everybody else.

        Figures name nobody, so a timer may ask for them without a login.
        """
        from national_sync.operators.rights import Right, may

        by = self._logged_in(connection)
        return None if by is None or may(by, Right.READ) else by.county

    def for_the_whole_city(self, connection: Connection) -> None:
        """What cannot be told county by county. Raises `NotAllowed` for whoever is bound to one."""
        from national_sync.operators.rights import Right, require

        by = self._logged_in(connection)
        if by is not None:
            require(by, Right.READ)

    def _logged_in(self, connection: Connection) -> Operator | None:
        from national_sync.errors import LoginRequired

        try:
            return self.operator(connection)
        except LoginRequired:
            return None

    def _login(self, connection: Connection) -> dict[str, Any]:
        from national_sync.operators.token_file import read_token, user_of_machine

        token = read_token(self.login_file(connection.engine.url))
        return {"token": token, "owner": user_of_machine(), "now": self.now}

    @property
    def now(self) -> int:
        """UTC epoch seconds, by the clock of what `open` gave."""
        return int(self._started.clock.now())

    def login_file(self, url: URL) -> Path:
        """Where the login to this database is kept."""
        from national_sync.operators.token_file import token_file

        return token_file(self.environment, url.render_as_string(hide_password=True))

    def answer(self, facts: Mapping[str, Any], in_words: Callable[[], str]) -> None:
        """Print the answer: the documented JSON object, or the same in words."""
        if self.as_json:
            import json

            written = json.dumps(facts, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None)
            click.echo(self._as_allowed(written))
        else:
            self.say(in_words())

    def say(self, text: str, *, err: bool = False) -> None:
        """Print words, whatever other programs may have written into what they tell of."""
        from national_sync.prose.layout import readable

        click.echo(self._as_allowed(readable(text)), err=err)

    def _as_allowed(self, text: str) -> str:
        """Volunteer numbers are whole for who may decide about the person, and masked for who only reads."""
        return _VOLUNTEER_NUMBER.sub(_masked, text) if self._masks_numbers else text


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)
