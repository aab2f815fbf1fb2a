"""The partners of the demo's city: what was agreed with each of them, and what it offers for hours."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from sqlalchemy import Connection

from national_sync.exchange.calendar import Period
from national_sync.exchange.merchants import (
    AgreementScope,
    BenefitKind,
    Category,
    Refunds,
    Uncollected,
    add_benefit,
    add_merchant,
    add_outlet,
    set_agreement_state,
    set_merchant_state,
    sign_agreement,
)
from national_sync.exchange.offers import add_offer, change_offer

CHEN: Final = "demo:chen"
LI: Final = "demo:li"
"""The two of the office; they have no accounts, so that nobody takes them for a person of the real one."""

_FIRST_DAY, _LAST_DAY = date(2026, 1, 1), date(2026, 12, 31)
_OFFERED_UNTIL: Final = date(2026, 11, 30)


@dataclass(frozen=True)
class Partner:
    name: str
    category: Category
    credit_code: str
    county: str
    terms: dict[str, Any]
    """Of the agreement, where it is not the usual one."""
    offers: dict[str, dict[str, Any]]
    """By a word of ours: the terms of each offer."""
    outlets: tuple[str, ...] = ()
    benefits: tuple[tuple[BenefitKind, str, int], ...] = ()


_PARTNERS: Final = {
    "cinema": Partner(
        "思茅影城", Category.CINEMA, "91530800MA6K000017", "530802",
        {"scope": AgreementScope.BOTH},
        {"ticket": {"name": "电影票", "price_seconds": 7_200, "stock": 100, "limits": "2 per offer"}},
        outlets=("一号厅售票处",),
        benefits=((BenefitKind.DISCOUNT, "小卖部九折", 1), (BenefitKind.PRIORITY, "优先入场", 3)),
    ),
    "hotel": Partner(
        "茶马古城酒店", Category.HOTEL, "91530800MA6K000090", "530802",
        {"uncollected": Uncollected.FORFEITED, "refunds": Refunds.EXCLUDED, "settles": Period.QUARTER},
        {"room": {"name": "标准间一晚", "price_seconds": 21_600, "collect_days": 14, "minimum_age": 18}},
    ),
    "tea": Partner(
        "边城茶庄", Category.SHOP, "91530800MA6K00033G", "530821",
        {"settles": Period.YEAR},
        {"cake": {"name": "普洱茶一饼", "price_seconds": 3_600, "stock": 20, "collect_days": 7, "limits": "3 per month"}},
    ),
    "mountain": Partner(
        "景迈山游客中心", Category.SCENIC_SPOT, "91530800MA6K00025M", "530828",
        {},
        {"visit": {"name": "古茶林门票", "price_seconds": 5_400}},
        outlets=("东门",),
    ),
    "photographer": Partner(
        "茶城照相馆", Category.SERVICE, "91530800MA6K00041B", "530802",
        {},
        {"portrait": {"name": "证件照", "price_seconds": 1_800}},
    ),
    "lawyers": Partner(
        "普洱同心律师事务所", Category.LAW_FIRM, "91530800MA6K000509", "530802",
        {"scope": AgreementScope.BENEFITS},
        {},
        benefits=((BenefitKind.FREE_SERVICE, "每年一次免费法律咨询", 2),),
    ),
    "station": Partner("思茅汽车客运站", Category.STATION, "91530800MA6K000683", "530802", {}, {}),
}  # fmt: skip


@dataclass
class Market:
    """Who takes part, by the words of this module."""

    merchants: dict[str, int] = field(default_factory=dict)
    agreements: dict[str, int] = field(default_factory=dict)
    outlets: dict[str, int] = field(default_factory=dict)
    """The first outlet of a merchant."""
    offers: dict[str, int] = field(default_factory=dict)


def open_market(connection: Connection, now: int, today: date) -> Market:
    """Sign with everybody; then one agreement is suspended, one partner leaves, one offer rests."""
    market = Market()
    for word, partner in _PARTNERS.items():
        _sign(connection, now, today, market, word, partner)
    set_agreement_state(connection, market.agreements["photographer"], "suspended")
    set_merchant_state(connection, market.merchants["station"], "left")
    resting = add_offer(
        connection,
        merchant_id=market.merchants["tea"],
        name="茶艺课",
        price_seconds=10_800,
        first_day=today,
        last_day=_OFFERED_UNTIL,
    )
    change_offer(connection, resting, state="paused")
    return market


def _sign(connection: Connection, now: int, today: date, market: Market, word: str, partner: Partner) -> None:
    merchant = market.merchants[word] = add_merchant(
        connection,
        now,
        name=partner.name,
        category=partner.category,
        credit_code=partner.credit_code,
        area_id=partner.county,
    )
    market.agreements[word] = sign_agreement(
        connection,
        merchant_id=merchant,
        number=f"2026-{merchant:02d}",
        first_day=_FIRST_DAY,
        last_day=_LAST_DAY,
        created_by=CHEN,
        **partner.terms,
    )
    for name in partner.outlets:
        outlet = add_outlet(connection, merchant_id=merchant, name=name, area_id=partner.county)
        market.outlets.setdefault(word, outlet)
    for kind, description, star in partner.benefits:
        add_benefit(
            connection,
            agreement_id=market.agreements[word],
            kind=kind,
            description=description,
            minimum_star=star,
        )
    for offer, terms in partner.offers.items():
        market.offers[offer] = add_offer(
            connection, merchant_id=merchant, first_day=today, last_day=_OFFERED_UNTIL, **terms
        )
