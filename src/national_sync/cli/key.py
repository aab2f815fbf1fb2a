"""`national-sync key`: the keys that ID numbers and phones are sealed with."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

import click

from national_sync.cli.command import Group
from national_sync.cli.invocation import Invocation, pass_invocation
from national_sync.i18n import N_, _
from national_sync.prose.layout import table
from national_sync.stopping import StopFlag, stopping_on_signals

if TYPE_CHECKING:
    from national_sync.bootstrap import Bootstrap
    from national_sync.operators.rights import Operator


@click.group(cls=Group, help=N_("The keys that ID numbers and phones are sealed with."))
def key() -> None:
    pass


@key.command("list", help=N_("List the keys by their ids, what each is for, and how much it has sealed."))
@pass_invocation
def list_(invocation: Invocation) -> None:
    from national_sync.rotation import list_keys

    keys = list_keys(invocation.open())
    invocation.answer({"keys": keys}, lambda: _list_in_words(keys))


def _list_in_words(keys: list[dict[str, Any]]) -> str:
    headings = [_(N_("Key")), _(N_("Seals")), _(N_("Matches")), _(N_("Rows sealed with it"))]
    rows = [(one["id"], _yes(one["seals"]), _yes(one["matches"]), one["rows"]) for one in keys]
    hints = [_(N_("The key that matches must stay for ever; another one without rows can be taken out of the file."))]
    if any(one["rows"] for one in keys[1:]):
        hints.append(_(N_("Seal with the newest key whatever can still be written: national-sync key rotate")))
    return "\n".join([table(headings, rows), "", *hints])


def _yes(is_so: bool) -> str:
    return _(N_("yes")) if is_so else "-"


def _keeper(invocation: Invocation, bootstrap: Bootstrap) -> Operator:
    """An administrator; whoever has the key file, while there is no account."""
    from national_sync.operators.rights import NOBODY, Right, require

    with bootstrap.database() as database, database.read() as connection:
        keeper = invocation.reader(connection)
    if keeper is not NOBODY:
        require(keeper, Right.ADMINISTER)
    return keeper


@key.command(help=N_("Put a new key into the key file; what is sealed from now on is sealed with it."))
@pass_invocation
def add(invocation: Invocation) -> None:
    from national_sync.rotation import add

    bootstrap = invocation.open()
    key_id = add(bootstrap, _keeper(invocation, bootstrap))
    invocation.answer(
        {"key": key_id},
        lambda: "\n".join(
            [
                _(
                    N_("Key {key} seals from now on. Keep a copy of the key file {file}."),
                    key=key_id,
                    file=bootstrap.key_file,
                ),
                _(N_("Seal everything with the newest key: national-sync key rotate")),
            ]
        ),
    )


@key.command(
    help=N_(
        "Seal everything with a new key, or go on where this was stopped. Runs wait meanwhile; the old keys stay in the "
        "file and go on opening backups."
    )
)
@pass_invocation
def rotate(invocation: Invocation) -> None:
    from national_sync.rotation import rotate

    bootstrap = invocation.open()
    flag = StopFlag()
    with stopping_on_signals(flag):
        rotated = rotate(bootstrap, _keeper(invocation, bootstrap), stop=flag)
    lines = [
        _(
            N_("Everything is sealed with key {key} now; rows written: {count}."),
            key=rotated.key,
            count=rotated.resealed,
        ),
        _(N_("Keep a copy of the key file {file} apart from the database."), file=bootstrap.key_file),
    ]
    if rotated.left:
        lines.append(_(N_("Rows with values that no key opens, left as they are: {count}."), count=rotated.left))
    invocation.answer(asdict(rotated), lambda: "\n".join(lines))
