"""Commands and groups whose help speaks the language in use and that all know the same general options."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any, Final, NamedTuple

import click

from national_sync.cli.help import WideFormatter, screen_width
from national_sync.cli.invocation import Invocation
from national_sync.i18n import LANGUAGES, N_, _, use


class _TranslatedHelp:
    """`help` is kept as written, in English, and read in the language in use."""

    _help: str | None = None

    @property
    def help(self) -> str | None:
        return _(self._help) if self._help else None

    @help.setter
    def help(self, text: str | None) -> None:
        self._help = text


class Option(_TranslatedHelp, click.Option):
    pass


class _Context(click.Context):
    formatter_class = WideFormatter

    def make_formatter(self) -> click.HelpFormatter:
        return WideFormatter(width=self.terminal_width or screen_width())


class Command(_TranslatedHelp, click.Command):
    context_class = _Context

    def __init__(self, *args: Any, **named: Any) -> None:
        super().__init__(*args, **named)
        self.params.extend(general_options(is_root=False))

    def get_short_help_str(self, limit: int = 45) -> str:
        """The first sentence, whole: the layout breaks it where the screen ends."""
        return first_sentence(self.help or "")


class Group(_TranslatedHelp, click.Group):
    context_class = _Context
    command_class = Command

    def get_short_help_str(self, limit: int = 45) -> str:
        return first_sentence(self.help or "")


class Place(NamedTuple):
    """Where a subcommand is, and what the page of its group says about it without importing it."""

    module: str
    summary: str


class LazyGroup(Group):
    """Imports a subcommand's module when it is called."""

    def __init__(self, *args: Any, places: Mapping[str, Place], **named: Any) -> None:
        super().__init__(*args, **named)
        self.places = places

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(self.places)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        place = self.places.get(cmd_name)
        if place is None:
            return None
        command: click.Command = getattr(import_module(place.module), cmd_name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section(_("Commands")):
            formatter.write_dl([(name, _(place.summary)) for name, place in self.places.items() if place.summary])


def first_sentence(text: str) -> str:
    text = " ".join(text.partition("\n\n")[0].split())
    ends = [text.find(mark) for mark in (". ", "。") if mark in text]
    return text[: min(ends)] if ends else text.rstrip(".。")


def _remember_config(ctx: click.Context, _parameter: click.Parameter, value: str | None) -> None:
    if value is not None:
        from pathlib import Path

        _invocation(ctx).config = Path(value)


def _remember_json(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    _invocation(ctx).as_json |= value


def _remember_debug(ctx: click.Context, _parameter: click.Parameter, value: bool) -> None:
    _invocation(ctx).is_debugging |= value


def _speak(_ctx: click.Context, _parameter: click.Parameter, value: Any) -> None:
    if value is not None:
        use(value)


def _invocation(ctx: click.Context) -> Invocation:
    return ctx.ensure_object(Invocation)


LANGUAGE_VARIABLE: Final = "NATIONAL_SYNC_LANG"


def general_options(*, is_root: bool) -> list[click.Parameter]:
    """Understood before and behind the command's name; each help page shows those that matter there."""
    return [
        Option(
            ["--json", "as_json"],
            is_flag=True,
            expose_value=False,
            callback=_remember_json,
            hidden=is_root,
            help=N_("Answer with one JSON object."),
        ),
        Option(
            ["--config"],
            type=click.Path(dir_okay=False),
            metavar="FILE",
            expose_value=False,
            callback=_remember_config,
            hidden=not is_root,
            help=N_("The settings file (or NATIONAL_SYNC_CONFIG); else ./national-sync.toml."),
        ),
        Option(
            ["--lang"],
            type=click.Choice(LANGUAGES),
            is_eager=True,
            expose_value=False,
            callback=_speak,
            hidden=not is_root,
            help=N_("Chinese or English (or NATIONAL_SYNC_LANG)."),
        ),
        Option(
            ["--debug"],
            is_flag=True,
            expose_value=False,
            callback=_remember_debug,
            hidden=not is_root,
            help=N_("Show the program's inner trace when something unexpected happens."),
        ),
    ]
