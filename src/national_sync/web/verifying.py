"""Whether a card or a certificate is genuine: its code vouches for what it says, the books for whether it still counts."""

from __future__ import annotations

from enum import StrEnum
from typing import Final, NamedTuple

from sqlalchemy import Connection, text

from national_sync.divisions import COUNTIES
from national_sync.errors import CardRefused, CodeRefused, NotFound, NotGenuine, NothingToVerifyWith
from national_sync.i18n import N_, _
from national_sync.prose.amounts import hours
from national_sync.recognition.certificates import state_of
from national_sync.registration.cards import bearers
from national_sync.signing import Facts, verify
from national_sync.web.desk import Desk
from national_sync.web.devices import Device
from national_sync.web.masks import masked_name, masked_number

PREFIX: Final = "NS1|"
"""How every code begins that `national_sync.signing` makes."""


VERIFICATIONS: Final = 100
"""At one device within a period."""


class Counts(StrEnum):
    """What became of the paper since it was signed."""

    VALID = "valid"
    ENDED = "ended"
    """A star that was revoked; a registration that is not active any more."""
    UNKNOWN = "unknown"
    """Signed with our key, but not in these books: issued before them, or elsewhere."""


SENTENCES: Final[dict[Counts, str]] = {
    Counts.VALID: N_("Genuine, and valid today."),
    Counts.ENDED: N_("Genuine, but it does not count any more."),
    Counts.UNKNOWN: N_("Genuine, but not found in these books. Ask the office that is named on it."),
}
KINDS: Final = {
    "star": N_("Star certificate"),
    "service": N_("Certificate of service"),
    "card": N_("Volunteer card"),
}


class Verified(NamedTuple):
    """As much as somebody needs who compares it with the paper."""

    kind: str
    number: str
    masked_name: str
    certified: str
    """Stars, seconds of service, or the division of a card's bearer."""
    day: str
    counts: Counts


def verified(connection: Connection, code: str, public_key: str | None) -> Verified:
    """Raises NotGenuine, whatever is wrong; NothingToVerifyWith where the office has no key yet."""
    if public_key is None:
        raise NothingToVerifyWith()
    try:
        facts = verify(code, public_key)
    except CodeRefused as error:
        raise NotGenuine() from error
    if facts.kind not in KINDS:
        raise NotGenuine()
    number = masked_number(facts.number) if facts.kind == "card" else facts.number
    return Verified(facts.kind, number, masked_name(facts.name), facts.certified, facts.day, _counts(connection, facts))


def verified_at(desk: Desk, device: Device, code: str, public_key: str | None) -> Verified:
    """The same at a device, which may ask so many times. Raises TooManyTries too."""
    desk.count({f"verifying:{device.id}": VERIFICATIONS})
    with desk.database.read() as connection:
        return verified(connection, code, public_key)


def certified_in_words(found: Verified) -> str:
    """In the language in use."""
    match found.kind:
        case "star":
            return _(N_("{star} stars, hours up to {day}"), star=found.certified, day=found.day)
        case "service":
            return _(N_("{hours} hours, issued on {day}"), hours=hours(int(found.certified)), day=found.day)
        case _:
            county = COUNTIES.get(found.certified, found.certified)
            return _(N_("{county}, registered on {day}"), county=county, day=found.day or "-")


def _counts(connection: Connection, facts: Facts) -> Counts:
    return _card_counts(connection, facts.number) if facts.kind == "card" else _paper_counts(connection, facts)


def _paper_counts(connection: Connection, facts: Facts) -> Counts:
    try:
        known = state_of(connection, facts.number)
    except NotFound:
        return Counts.UNKNOWN
    return Counts.VALID if known["state"] in ("certified", "issued") else Counts.ENDED


def _card_counts(connection: Connection, number: str) -> Counts:
    found = connection.execute(text("SELECT id FROM volunteer WHERE number = :number"), {"number": number})
    row_ids = list(found.scalars())
    if not row_ids:
        return Counts.UNKNOWN
    return Counts.VALID if any(_is_bearer(connection, row_id) for row_id in row_ids) else Counts.ENDED


def _is_bearer(connection: Connection, row_id: int) -> bool:
    try:
        bearers(connection, [row_id])
    except CardRefused:
        return False
    return True
