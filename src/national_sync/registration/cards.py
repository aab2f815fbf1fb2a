"""The volunteer card (志愿服务证), clause R8: the proof of who is a volunteer, with a code that can be verified offline.

The code vouches for number, name, county and day of registration; no ID number and no phone is on a card. A card says
only what the national side has registered, so printing it again gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.acts import rows
from national_sync.clock import local_date
from national_sync.code_lists import words_of
from national_sync.divisions import COUNTIES
from national_sync.errors import CardRefused, NotFound
from national_sync.i18n import N_, Phrase
from national_sync.printing.codes import qr_code
from national_sync.printing.forms import pdf, pictures
from national_sync.signing import Facts, Signer
from national_sync.sync.slices import slices

_AT_A_TIME: Final = 500
_COLUMNS: Final = (
    "id, number, name, sex, service_area_id, registered_at, real_name_state, account_state, national_id, withdrawn_at"
)


def bearers(connection: Connection, ids: Sequence[int]) -> list[Mapping[str, Any]]:
    """The volunteers of these rows, in the order given. Raises NotFound, CardRefused."""
    found: dict[int, Mapping[str, Any]] = {}
    for some in slices(ids, _AT_A_TIME):
        listed = ", ".join(map(str, some))
        found |= {
            row["id"]: row for row in rows(connection, f"SELECT {_COLUMNS} FROM volunteer WHERE id IN ({listed})")
        }
    for row_id in ids:
        if row_id not in found:
            raise NotFound(noun="volunteer", id=row_id)
        _check(found[row_id])
    return [found[row_id] for row_id in ids]


def bearers_of_team(connection: Connection, team_id: int) -> list[Mapping[str, Any]]:
    """The members of a team who can have a card, by number. Raises NotFound when there is none."""
    members = connection.execute(
        text(
            "SELECT v.id FROM membership m JOIN volunteer v ON v.id = m.volunteer_id WHERE m.team_id = :team"
            " AND m.state = 'member' AND m.withdrawn_at IS NULL AND v.national_id IS NOT NULL AND v.number IS NOT NULL"
            " AND v.real_name_state = 'passed' AND v.account_state = 'enabled' AND v.withdrawn_at IS NULL"
            " ORDER BY v.number, v.id"
        ),
        {"team": team_id},
    )
    ids = list(dict.fromkeys(members.scalars()))
    if not ids:
        raise NotFound(noun="member with a card", id=team_id)
    return bearers(connection, ids)


def _check(volunteer: Mapping[str, Any]) -> None:
    reason = None
    if volunteer["national_id"] is None or not volunteer["number"]:
        reason = N_("the national side has not registered this person yet")
    elif volunteer["withdrawn_at"] is not None:
        reason = N_("the national side no longer has this person")
    elif volunteer["real_name_state"] != "passed":
        reason = N_("the real-name check is not passed")
    elif volunteer["account_state"] != "enabled":
        reason = N_("the account is disabled")
    if reason is not None:
        raise CardRefused(id=volunteer["id"], reason=Phrase(reason))


def cards(volunteers: Sequence[Mapping[str, Any]], signer: Signer) -> bytes:
    """Ten cards a page, as PDF. Raises GlyphMissing."""
    return pdf("volunteer_card", card_data(volunteers, signer))


def card_pictures(volunteers: Sequence[Mapping[str, Any]], signer: Signer) -> list[bytes]:
    return pictures("volunteer_card", card_data(volunteers, signer), dots_per_inch=110)


def card_data(volunteers: Sequence[Mapping[str, Any]], signer: Signer) -> dict[str, Any]:
    return {
        "title": "志愿服务证",
        "title_english": "Volunteer Card",
        "office": "普洱市志愿服务联合会",
        "people": [_card(volunteer, signer) for volunteer in volunteers],
    }


def _card(volunteer: Mapping[str, Any], signer: Signer) -> dict[str, str]:
    county = volunteer["service_area_id"][:6]
    registered = volunteer["registered_at"]
    day = "" if registered is None else local_date(registered).isoformat()
    facts = Facts("card", volunteer["number"], volunteer["name"], county, day)
    return {
        "name": volunteer["name"],
        "sex": words_of("sex", volunteer["sex"]),
        "number": volunteer["number"],
        "area": COUNTIES.get(county, county),
        "day": day,
        "qr": qr_code(signer.code(facts)),
    }
