"""Making and changing teams: rows of the mirror that the next run sends, after the national rules have been asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import Act, row_by_id, rows
from national_sync.errors import TeamRefused
from national_sync.i18n import N_, Phrase
from national_sync.prose.codes import code_word
from national_sync.records import Entity, TeamState
from national_sync.sealing import Sealer
from national_sync.sync.mirror import sealed_row
from national_sync.teams.rules import KEPT, NEEDED, READERS
from national_sync.unfit import Read, read

_DEFAULTS: Final = {"team_type": "group", "body_type": "99", "categories": "0099", "join_rule": "review"}


def read_team(written: Mapping[str, str | None], *, needed: tuple[str, ...] = NEEDED) -> Read:
    """What was written about a team. Raises TeamRefused with everything that is wrong with it."""
    found = read(READERS, written, needed=needed)
    if found.faults:
        raise TeamRefused(problems=found.in_lines())
    return found


def create(connection: Connection, sealer: Sealer, team: Read, act: Act) -> int:
    """Make a team; its row. Raises TeamRefused where the county has one of this name."""
    given = {name: value for name, value in team.values.items() if value is not None}
    values = {**_DEFAULTS, **given}
    _check_name(connection, values["name"], values["area_id"])
    row = sealed_row(sealer, Entity.TEAM, values)
    names = ", ".join(row)
    places = ", ".join(f":{name}" for name in row)
    team_id: int = connection.execute(
        text(f"INSERT INTO team ({names}) VALUES ({places}) RETURNING id"), row
    ).scalar_one()
    act.written_down(connection, "team.created", "team", team_id, fields=sorted(given))
    return team_id


def change(connection: Connection, sealer: Sealer, team_id: int, team: Read, act: Act) -> list[str]:
    """Write other values; the columns that changed. Raises TeamRefused."""
    row = row_by_id(connection, "team", team_id)
    check_is_here(row)
    changed = {name: value for name, value in team.values.items() if not _is_same(sealer, row, name, value)}
    if not changed:
        raise TeamRefused(problems=Phrase(N_("it has these values already")))
    if {"name", "area_id"} & set(changed):
        now = {**row, **changed}
        _check_name(connection, now["name"], now["area_id"], but=team_id)
    written = sealed_row(sealer, Entity.TEAM, changed)
    assignments = ", ".join(f"{name} = :{name}" for name in written)
    connection.execute(text(f"UPDATE team SET {assignments} WHERE id = :row_id"), {**written, "row_id": team_id})
    act.written_down(connection, "team.changed", "team", team_id, fields=sorted(changed))
    return sorted(changed)


def check_is_here(team: Mapping[str, Any]) -> None:
    if team["withdrawn_at"] is not None or team["state"] == TeamState.DELETED:
        raise TeamRefused(problems=Phrase(N_("the team is gone nationally")))


def check_is_approved(team: Mapping[str, Any]) -> None:
    """Raises TeamRefused unless the national side knows the team and has approved it."""
    check_is_here(team)
    if team["national_id"] is None:
        raise TeamRefused(problems=Phrase(N_("the team has not been sent to the national side yet")))
    if team["state"] != TeamState.APPROVED:
        words = N_("the team is not approved nationally: {state}")
        raise TeamRefused(problems=Phrase(words, state=code_word("state", team["state"])))


def _is_same(sealer: Sealer, row: Mapping[str, Any], name: str, value: str | None) -> bool:
    if name == "contact_phone":
        hashed = sealed_row(sealer, Entity.TEAM, {name: value})["contact_phone_hash"]
        stored = row["contact_phone_hash"]
        return bool(hashed == (None if stored is None else bytes(stored)) and (value is None) == (row[name] is None))
    if name in KEPT and value is None:
        raise TeamRefused(problems=Phrase(N_("a team cannot be without it")))
    return bool(row[name] == value)


def _check_name(connection: Connection, name: str, area: str, *, but: int = 0) -> None:
    """A name stands for one team of a county. The national side asks the same of each area."""
    found = rows(
        connection,
        "SELECT id FROM team WHERE name = :name AND substr(area_id, 1, 6) = :county AND withdrawn_at IS NULL"
        " AND state <> 'deleted' AND id <> :but ORDER BY id LIMIT 1",
        name=name,
        county=area[:6],
        but=but,
    )
    if found:
        words = N_("the county has a team of this name already: team {id}")
        raise TeamRefused(problems=Phrase(words, id=found[0]["id"]))
