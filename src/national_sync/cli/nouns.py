"""Commands that the nouns of the exchange have alike: show one, list them, change the state of one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.choices import COUNTY, DAY, NUMBER
from national_sync.cli.command import Group, Option
from national_sync.cli.counter import at_counter, looking, tell, tell_one, tell_rows
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_

if TYPE_CHECKING:
    from national_sync.cli.counter import Counter

number_argument = click.argument("number", type=NUMBER, metavar="NO")
first_day_option = click.option("--from", "first", cls=Option, type=DAY, required=True, help=N_("The first day."))
last_day_option = click.option("--until", "last", cls=Option, type=DAY, required=True, help=N_("The last day."))
county_option = click.option(
    "--county", cls=Option, type=COUNTY, required=True, metavar="CODE", help=N_("Its county, such as 530802.")
)
star_option = click.option(
    "--star", cls=Option, type=click.IntRange(0, 5), default=0, help=N_("For so many stars and more.")
)


def limits_option(words: str) -> Callable[[Any], Any]:
    return click.option("--limit", "limits", cls=Option, multiple=True, help=words)


def tell_row(invocation: Invocation, table: str, number: int) -> None:
    """Everything about one row."""
    from national_sync.exchange.rows import show

    with looking(invocation) as connection:
        row = show(connection, table, number)
    tell_one(invocation, table, row)


def tell_listed(
    invocation: Invocation,
    table: str,
    columns: Sequence[str],
    *,
    limit: int,
    order: str = "id",
    name: str = "",
    **wanted: Any,
) -> None:
    """Rows of a table, the newest first; `wanted` are an offset and what columns must hold."""
    from national_sync.exchange.rows import listed

    with looking(invocation) as connection:
        rows = listed(connection, table, order=order, limit=limit, **wanted)
    tell_rows(invocation, name or f"{table}s", rows, columns, limit=limit)


def do_and_tell(
    invocation: Invocation,
    action: str,
    table: str,
    sentence: str,
    act: Callable[[Counter], int | None],
    *,
    number: int | None = None,
    **about: Any,
) -> None:
    """Act as an operator, note it in the audit, and tell the row: the one that `act` has made, or row `number`."""
    from national_sync.exchange.rows import show

    with at_counter(invocation, action, id=number, **about) as counter:
        made = act(counter)
        row = show(counter.connection, table, made or number or 0)
    tell(invocation, table, row, sentence)


def add_show(group: Group, table: str, words: str) -> None:
    """The command `show NO`."""

    @group.command("show", help=words)
    @number_argument
    @pass_invocation
    def show(invocation: Invocation, number: int) -> None:
        tell_row(invocation, table, number)


def add_state(
    group: Group, verb: str, words: str, *, state: str, change: Callable[[Invocation, int, str], None]
) -> None:
    """A command that brings a row into a state: `suspend NO`."""

    @group.command(verb, help=words)
    @number_argument
    @pass_invocation
    def set_state(invocation: Invocation, number: int) -> None:
        change(invocation, number, state)
