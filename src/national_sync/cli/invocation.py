"""What one call of the program was asked for in general: settings file, language, form of the answer."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from pathlib import Path

    from national_sync.bootstrap import Bootstrap


def _bootstrap(config: Path, environment: Mapping[str, str]) -> Bootstrap:
    from national_sync.bootstrap import Bootstrap

    return Bootstrap.from_file(config, environment)


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

    @property
    def config_file(self) -> Path:
        from pathlib import Path

        from national_sync.settings import CONFIG_VARIABLE, DEFAULT_CONFIG

        return self.config or Path(self.environment.get(CONFIG_VARIABLE, "") or DEFAULT_CONFIG)

    def open(self) -> Bootstrap:
        """Read the settings. Raises `SettingsInvalid`."""
        started: Bootstrap = self._bootstrap(self.config_file, self.environment)
        return started

    def answer(self, facts: Mapping[str, Any], in_words: Callable[[], str]) -> None:
        """Print the answer: the documented JSON object, or the same in words."""
        if self.as_json:
            import json

            click.echo(json.dumps(facts, ensure_ascii=False, indent=2 if sys.stdout.isatty() else None))
        else:
            click.echo(in_words())


pass_invocation = click.make_pass_decorator(Invocation, ensure=True)
