"""`national-sync init`: everything a new machine needs, and what an older database lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.command import Command
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _, say

if TYPE_CHECKING:
    from national_sync.installation import Installed


@click.command(
    cls=Command,
    help=N_(
        "Create what is missing: settings file, policy, key file, database. What exists is kept; an older database is "
        "brought up to date."
    ),
)
@pass_invocation
def init(invocation: Invocation) -> None:
    from national_sync.installation import install

    installed = install(invocation.config_file, invocation.environment)
    invocation.answer(_facts(installed), lambda: _in_words(installed))


def _facts(installed: Installed) -> dict[str, Any]:
    return {
        "steps": [{"name": step.name, "place": step.place, "result": step.result.value} for step in installed.steps],
        "next": [say(step) for step in installed.next_steps],
    }


def _in_words(installed: Installed) -> str:
    done = [f"✓ {say(step.label)} {step.place} ({say(step.result.label)})" for step in installed.steps]
    following = [f"{number}. {say(step)}" for number, step in enumerate(installed.next_steps, 1)]
    return "\n".join([*done, "", _(N_("What to do next:")), *following])
