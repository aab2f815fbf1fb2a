"""Partners, their outlets, what was agreed with them, and the benefits that cost no hours (clauses E1 and E3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import Connection, text

from national_sync.errors import UsageError
from national_sync.exchange.accounts import AccountKind, spent
from national_sync.exchange.calendar import Period, midnight_after
from national_sync.exchange.rows import insert, locked, show, update
from national_sync.exchange.typed import check_name
from national_sync.i18n import N_
from national_sync.puer_time import midnight


class Category(StrEnum):
    """What kind of unit takes part: clauses E1 and E3."""

    LAW_FIRM = "law_firm"
    HOSPITAL = "hospital"
    SHOP = "shop"
    RESTAURANT = "restaurant"
    HOTEL = "hotel"
    HOMESTAY = "homestay"
    SCENIC_SPOT = "scenic_spot"
    CINEMA = "cinema"
    STATION = "station"
    PUBLIC_CULTURE = "public_culture"
    SERVICE = "service"


class AgreementScope(StrEnum):
    EXCHANGE = "exchange"
    BENEFITS = "benefits"
    BOTH = "both"


class Uncollected(StrEnum):
    """What becomes of the hours when nobody collects."""

    RETURNED = "returned"
    FORFEITED = "forfeited"


class Refunds(StrEnum):
    ALLOWED = "allowed"
    EXCLUDED = "excluded"


class BenefitKind(StrEnum):
    PRIORITY = "priority"
    DISCOUNT = "discount"
    FREE_SERVICE = "free_service"


_CODE_ALPHABET: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_AREA: Final = re.compile(r"5308\d{14}|5308\d\d")


def is_credit_code(code: str) -> bool:
    """Whether it is a credit code of an organisation by its form and check digit (GB 32100)."""
    if len(code) != 18 or any(character not in _CODE_ALPHABET for character in code):
        return False
    values = [_CODE_ALPHABET.index(character) for character in code]
    weighted = sum(value * pow(3, place, 31) for place, value in enumerate(values[:17]))
    return values[17] == (31 - weighted % 31) % 31


def add_merchant(
    connection: Connection,
    now: int,
    *,
    name: str,
    category: Category,
    credit_code: str,
    area_id: str,
    representative_id: int | None = None,
) -> int:
    """A new partner, with the account of what is spent there. Raises UsageError."""
    check_name(name)
    _check_area(area_id)
    credit_code = credit_code.strip().upper()
    if not is_credit_code(credit_code):
        raise UsageError(N_("{code} is not a credit code: 18 characters with a check digit"), code=credit_code)
    if representative_id is not None:
        show(connection, "volunteer", representative_id)
    known = connection.execute(
        text("SELECT id FROM merchant WHERE credit_code = :code"), {"code": credit_code}
    ).scalar()
    if known is not None:
        raise UsageError(N_("Merchant {id} has this credit code already."), id=known)
    merchant_id = insert(
        connection,
        "merchant",
        name=name,
        category=category.value,
        credit_code=credit_code,
        area_id=area_id,
        representative_id=representative_id,
        created_at=now,
    )
    connection.execute(
        text("INSERT INTO account (id, kind, owner_id) VALUES (:id, :kind, :owner)"),
        {"id": spent(merchant_id), "kind": AccountKind.SPENT.word, "owner": merchant_id},
    )
    return merchant_id


def set_merchant_state(connection: Connection, merchant_id: int, state: str) -> None:
    """active, suspended or left. What is held or confirmed already stays so."""
    locked(connection, "merchant", merchant_id)
    update(connection, "merchant", merchant_id, state=state)


def add_outlet(connection: Connection, *, merchant_id: int, name: str, area_id: str, address: str = "") -> int:
    show(connection, "merchant", merchant_id)
    check_name(name)
    _check_area(area_id)
    return insert(connection, "outlet", merchant_id=merchant_id, name=name, area_id=area_id, address=address)


def close_outlet(connection: Connection, outlet_id: int) -> None:
    """Nothing is redeemed or collected there any more; vouchers stay good at the merchant's other outlets."""
    locked(connection, "outlet", outlet_id)
    update(connection, "outlet", outlet_id, state="closed")


def check_place(connection: Connection, merchant_id: int, outlet_id: int | None) -> None:
    """Whether there is such a merchant, and the outlet is one of his. Raises NotFound, UsageError."""
    show(connection, "merchant", merchant_id)
    if outlet_id is not None and show(connection, "outlet", outlet_id)["merchant_id"] != merchant_id:
        raise UsageError(N_("Outlet {id} belongs to another merchant."), id=outlet_id)


def sign_agreement(
    connection: Connection,
    *,
    merchant_id: int,
    number: str,
    first_day: date,
    last_day: date,
    scope: AgreementScope = AgreementScope.EXCHANGE,
    uncollected: Uncollected = Uncollected.RETURNED,
    refunds: Refunds = Refunds.ALLOWED,
    settles: Period = Period.MONTH,
    created_by: str,
) -> int:
    """Two agreements of one merchant are never in force on the same day. Raises UsageError."""
    check_name(number)
    # The merchant's row is locked, so that nobody signs another one meanwhile.
    locked(connection, "merchant", merchant_id)
    starts_at, ends_at = midnight(first_day), midnight_after(last_day)
    if starts_at >= ends_at:
        raise UsageError(N_("The first day {first} lies after the last day {last}."), first=first_day, last=last_day)
    other = connection.execute(
        text(
            "SELECT id FROM agreement WHERE merchant_id = :merchant AND state <> 'terminated'"
            " AND starts_at < :ends AND ends_at > :starts"
        ),
        {"merchant": merchant_id, "starts": starts_at, "ends": ends_at},
    ).scalar()
    if other is not None:
        raise UsageError(
            N_("Agreement {id} of this merchant covers some of these days."),
            hint=N_("End it first: national-sync agreement end {id}, or choose other days."),
            id=other,
        )
    return insert(
        connection,
        "agreement",
        merchant_id=merchant_id,
        number=number,
        starts_at=starts_at,
        ends_at=ends_at,
        scope=scope.value,
        uncollected=uncollected.value,
        refunds=refunds.value,
        settles=settles.value,
        created_by=created_by,
    )


def set_agreement_state(connection: Connection, agreement_id: int, state: str) -> None:
    """active, suspended or terminated; the last is for good. Raises UsageError."""
    one = locked(connection, "agreement", agreement_id)
    if one["state"] == "terminated":
        raise UsageError(N_("Agreement {id} has been terminated."), id=agreement_id)
    update(connection, "agreement", agreement_id, state=state)


def agreement_in_force(connection: Connection, merchant_id: int, moment: int) -> dict[str, Any] | None:
    """The agreement of that day, whatever became of it since."""
    rows = connection.execute(
        text(
            "SELECT * FROM agreement WHERE merchant_id = :merchant AND starts_at <= :at AND ends_at > :at"
            " ORDER BY CASE state WHEN 'terminated' THEN 1 ELSE 0 END, id DESC LIMIT 1"
        ),
        {"merchant": merchant_id, "at": moment},
    )
    found = rows.mappings().first()
    return dict(found) if found else None


def add_benefit(
    connection: Connection, *, agreement_id: int, kind: BenefitKind, description: str, minimum_star: int = 0
) -> int:
    """Priority, a discount or free service, for volunteers of so many stars. Raises UsageError."""
    agreement = show(connection, "agreement", agreement_id)
    if agreement["scope"] == AgreementScope.EXCHANGE:
        raise UsageError(N_("Agreement {id} is about exchange only, not about benefits."), id=agreement_id)
    check_name(description)
    return insert(
        connection,
        "benefit",
        agreement_id=agreement_id,
        kind=kind.value,
        description=description,
        minimum_star=minimum_star,
    )


def end_benefit(connection: Connection, benefit_id: int) -> None:
    locked(connection, "benefit", benefit_id)
    update(connection, "benefit", benefit_id, state="ended")


def benefits_for(connection: Connection, star: int, now: int) -> Sequence[dict[str, Any]]:
    """What a volunteer of so many stars gets today without hours."""
    rows = connection.execute(
        text(
            "SELECT b.id, m.id AS merchant_id, m.name AS merchant, m.category, b.kind, b.description, b.minimum_star"
            " FROM benefit b JOIN agreement g ON g.id = b.agreement_id JOIN merchant m ON m.id = g.merchant_id"
            " WHERE b.state = 'active' AND b.minimum_star <= :star AND g.state = 'active' AND m.state = 'active'"
            " AND g.starts_at <= :now AND g.ends_at > :now ORDER BY m.id, b.id"
        ),
        {"star": star, "now": now},
    )
    return [dict(row) for row in rows.mappings()]


def _check_area(area_id: str) -> None:
    if not _AREA.fullmatch(area_id):
        raise UsageError(N_("{area} is no area of Puer; a county has six digits, such as 530802."), area=area_id)
