"""The tables of the exchange: the ledger of hours, merchants and their offers, redemptions, settlement.

Volunteers stand here by the id of their mirror row and nothing else, because each hour must be accounted for (clauses
E1-E3). `entry`, `posting` and `settlement` are append only: triggers refuse UPDATE and DELETE. All amounts are seconds
of service.
"""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import SQLModel

from national_sync.store.columns import (
    integer,
    optional_integer,
    optional_text,
    raw_bytes,
    row_id,
    serial,
    text_column,
)


class AccountRow(SQLModel, table=True):
    """A balance. The id is the owner's id followed by one digit for the kind, so that nobody has to look it up."""

    __tablename__ = "account"
    __table_args__ = (
        # Only what a volunteer has may fall below zero, and only by a correction; nothing can be held twice.
        CheckConstraint("balance >= 0 OR kind <> 'held'", name="account_held_not_negative"),
    )
    id: int = row_id()
    kind: str = text_column()
    """exchangeable, held (of a volunteer); spent (of a merchant); issued, corrected, expired, forfeited (the city)."""
    owner_id: int = integer()
    """A volunteer's or a merchant's row id; 0 for the city."""
    balance: int = integer(default=0)
    version: int = integer(default=0)
    """The number of entries."""
    state: str = text_column(default="open")
    """open, closed."""
    closed_for: str | None = optional_text()
    """withdrawn, left, died, merged: why nothing can be redeemed from it."""


class LotRow(SQLModel, table=True):
    """Hours of one account that expire at the same moment. What is left of all lots is the balance, if not below 0."""

    __tablename__ = "lot"
    __table_args__ = (
        CheckConstraint("left_seconds >= 0 AND expired_seconds >= 0", name="lot_not_negative"),
        Index("lot_expires", "expires_at", sqlite_where=text("left_seconds > 0")),
        {"sqlite_with_rowid": False},
    )
    account_id: int = integer(primary_key=True)
    expires_at: int = integer(primary_key=True)
    left_seconds: int = integer(default=0)
    expired_seconds: int = integer(default=0)


class PostingRow(SQLModel, table=True):
    """One transaction of the ledger; its entries add up to zero. Append only."""

    __tablename__ = "posting"
    id: int | None = serial()
    at: int = integer()
    kind: str = text_column()
    """`national_sync.exchange.accounts.Kind`: credited, corrected, held, confirmed, …"""
    redemption_id: int | None = optional_integer()
    actor: str = text_column(default="")
    """Who brought it about where it was a person: `operator:chen`."""
    note: str = text_column(default="")
    """The reason a person gave."""


class EntryRow(SQLModel, table=True):
    """One change of one balance. Append only; kept in the order in which a statement is read."""

    __tablename__ = "entry"
    __table_args__ = ({"sqlite_with_rowid": False},)
    account_id: int = integer(primary_key=True)
    version: int = integer(primary_key=True)
    posting_id: int = integer()
    seconds: int = integer()
    balance_before: int = integer()
    balance_after: int = integer()
    record_id: int | None = optional_integer()
    """The hour record that a credit or a correction comes from."""


class CreditRow(SQLModel, table=True):
    """What the ledger has booked for one hour record of the mirror. A volunteer's record: ids only."""

    __tablename__ = "credit"
    __table_args__ = (
        Index("credit_owner_project", "owner_id", "project_id"),
        Index("credit_waiting", "waits_until", sqlite_where=text("waits_until IS NOT NULL")),
    )
    record_id: int = row_id()
    owner_id: int = integer()
    """The person it was booked for."""
    project_id: int = integer()
    seconds: int = integer(default=0)
    """Booked so far: what corrections left of it."""
    admitted_seconds: int = integer(default=0)
    """What the policy admits of the record, before the cap on its activity."""
    expires_at: int = integer()
    waits_until: int | None = optional_integer()
    """A bulk entry is booked only after its waiting period."""


class MerchantRow(SQLModel, table=True):
    """A partner of the exchange: clauses E1 and E3."""

    __tablename__ = "merchant"
    __table_args__ = (Index("merchant_credit_code", "credit_code", unique=True),)
    id: int | None = serial()
    name: str = text_column()
    category: str = text_column()
    """`national_sync.exchange.merchants.Category`."""
    credit_code: str = text_column()
    """The organisation's credit code (GB 32100)."""
    area_id: str = text_column()
    representative_id: int | None = optional_integer()
    """The volunteer row of the person who runs it, if that is a volunteer: for the review of dealings with himself."""
    state: str = text_column(default="active")
    """active, suspended, left."""
    created_at: int = integer()


class OutletRow(SQLModel, table=True):
    """A place where a merchant serves volunteers."""

    __tablename__ = "outlet"
    __table_args__ = (Index("outlet_merchant", "merchant_id"),)
    id: int | None = serial()
    merchant_id: int = integer()
    name: str = text_column()
    area_id: str = text_column()
    address: str = text_column(default="")
    state: str = text_column(default="active")
    """active, closed."""


class AgreementRow(SQLModel, table=True):
    """What was agreed with a merchant, from the first to the last day: clause E1."""

    __tablename__ = "agreement"
    __table_args__ = (Index("agreement_merchant", "merchant_id", "starts_at"),)
    id: int | None = serial()
    merchant_id: int = integer()
    number: str = text_column()
    starts_at: int = integer()
    ends_at: int = integer()
    """The midnight after the last day."""
    scope: str = text_column(default="exchange")
    """exchange, benefits, both."""
    uncollected: str = text_column(default="returned")
    """What becomes of hours whose voucher nobody collected: returned, forfeited."""
    refunds: str = text_column(default="allowed")
    """allowed, excluded."""
    settles: str = text_column(default="month")
    """month, quarter, year."""
    state: str = text_column(default="active")
    """active, suspended, terminated."""
    created_by: str = text_column()


class BenefitRow(SQLModel, table=True):
    """What a merchant gives volunteers without hours: clause E1."""

    __tablename__ = "benefit"
    __table_args__ = (Index("benefit_agreement", "agreement_id"),)
    id: int | None = serial()
    agreement_id: int = integer()
    kind: str = text_column()
    """priority, discount, free_service."""
    description: str = text_column()
    minimum_star: int = integer(default=0)
    state: str = text_column(default="active")
    """active, ended."""


class OfferRow(SQLModel, table=True):
    """What can be had for hours, and on what terms: clause E2."""

    __tablename__ = "offer"
    __table_args__ = (Index("offer_merchant", "merchant_id"), CheckConstraint("price_seconds > 0", name="offer_price"))
    id: int | None = serial()
    merchant_id: int = integer()
    name: str = text_column()
    price_seconds: int = integer()
    stock: int | None = optional_integer()
    """How many there are in all; null without a limit."""
    taken: int = integer(default=0)
    """How many are held or handed out."""
    starts_at: int = integer()
    ends_at: int = integer()
    limits: str = text_column(default="")
    """`national_sync.exchange.limits`, comma between: `2 per offer, 1 per day`."""
    minimum_star: int = integer(default=0)
    minimum_age: int = integer(default=0)
    outlets: str = text_column(default="")
    """Ids of the outlets that have it, comma between; empty for all of the merchant's."""
    collect_days: int = integer(default=30)
    """A voucher is good for so many days."""
    state: str = text_column(default="active")
    """active, paused, ended."""


class RedemptionRow(SQLModel, table=True):
    """One wish of a volunteer to have something for hours, granted or refused, under the key the client gave it."""

    __tablename__ = "redemption"
    __table_args__ = (
        Index("redemption_key", "key", unique=True),
        Index("redemption_volunteer", "volunteer_id", "created_at"),
        Index(
            "redemption_held",
            "expires_at",
            sqlite_where=text("state = 'held'"),
            postgresql_where=text("state = 'held'"),
        ),
    )
    id: int | None = serial()
    key: str = text_column()
    body_hash: bytes | None = raw_bytes()
    """What was asked for under this key."""
    volunteer_id: int = integer()
    """Who redeems: the person's kept row."""
    offer_id: int = integer()
    merchant_id: int | None = optional_integer()
    outlet_id: int | None = optional_integer()
    device: str = text_column()
    held_quantity: int = integer()
    """Asked for."""
    quantity: int = integer()
    """Held first, then confirmed."""
    price_seconds: int = integer(default=0)
    """A piece, as it was when held."""
    refunded_seconds: int = integer(default=0)
    lots: str = text_column(default="")
    """Where the hours came from, to go back there: `expires_at:seconds`, comma between, first to expire first."""
    state: str = text_column()
    """refused, held, released, expired, confirmed, refunded, returned, forfeited."""
    refusal: str | None = optional_text()
    """`national_sync.exchange.outcomes.Refusal`."""
    created_at: int = integer()
    expires_at: int | None = optional_integer()
    resolved_at: int | None = optional_integer()


class VoucherRow(SQLModel, table=True):
    """The right to collect what was redeemed, once, at one merchant. The code is stored as a hash only."""

    __tablename__ = "voucher"
    __table_args__ = (
        Index("voucher_code", "code_hash", unique=True),
        Index(
            "voucher_issued",
            "expires_at",
            sqlite_where=text("state = 'issued'"),
            postgresql_where=text("state = 'issued'"),
        ),
    )
    redemption_id: int = row_id()
    merchant_id: int = integer()
    code_hash: bytes | None = raw_bytes()
    salt: bytes | None = raw_bytes()
    """128 random bits, from which only the holder of the key file can make the code again."""
    state: str = text_column(default="issued")
    """issued, collected, expired, cancelled."""
    expires_at: int = integer()
    collected_at: int | None = optional_integer()
    collect_key: str | None = optional_text()
    """The key of the collection, so that its repetition is known from a second one."""
    outlet_id: int | None = optional_integer()


class WrongCodeRow(SQLModel, table=True):
    """How many voucher codes that do not exist a device has tried within one period."""

    __tablename__ = "wrong_code"
    device: str = text_column(primary_key=True)
    period: int = integer(primary_key=True)
    tries: int = integer(default=0)


class RefundRow(SQLModel, table=True):
    """Hours to be given back: asked for by one operator, approved by another."""

    __tablename__ = "refund"
    __table_args__ = (Index("refund_key", "key", unique=True), Index("refund_redemption", "redemption_id"))
    id: int | None = serial()
    key: str = text_column()
    redemption_id: int = integer()
    seconds: int = integer()
    cause: str = text_column()
    """refund, not_fulfilled."""
    reason: str = text_column()
    state: str = text_column(default="requested")
    """requested, approved, rejected."""
    requested_by: str = text_column()
    requested_at: int = integer()
    decided_by: str | None = optional_text()
    decided_at: int | None = optional_integer()


class SettlementRow(SQLModel, table=True):
    """A merchant's closed period: which entries of his account it covers, and what they come to. Append only."""

    __tablename__ = "settlement"
    __table_args__ = (Index("settlement_period", "merchant_id", "period", unique=True),)
    id: int | None = serial()
    merchant_id: int = integer()
    period: str = text_column()
    """2026-03, 2026-Q1 or 2026."""
    first_version: int = integer()
    last_version: int = integer()
    """One less than the first where the period has no entry."""
    opening_seconds: int = integer()
    redeemed_seconds: int = integer()
    returned_seconds: int = integer()
    closing_seconds: int = integer()
    digest: str = text_column()
    """Over the entries covered."""
    closed_at: int = integer()
    closed_by: str = text_column()


class DisputeRow(SQLModel, table=True):
    """What a merchant objects to."""

    __tablename__ = "dispute"
    __table_args__ = (Index("dispute_merchant", "merchant_id"),)
    id: int | None = serial()
    merchant_id: int = integer()
    redemption_id: int | None = optional_integer()
    settlement_id: int | None = optional_integer()
    words: str = text_column()
    state: str = text_column(default="open")
    """open, granted, rejected."""
    answer: str | None = optional_text()
    opened_at: int = integer()
    opened_by: str = text_column()
    closed_at: int | None = optional_integer()
    closed_by: str | None = optional_text()


class SuspicionRow(SQLModel, table=True):
    """Something for a person to look at: clause E2 needs trust."""

    __tablename__ = "suspicion"
    __table_args__ = (Index("suspicion_subject", "kind", "subject", unique=True),)
    id: int | None = serial()
    kind: str = text_column()
    """far_apart, own_merchant, burst, guessed_codes."""
    subject: str = text_column()
    """Which occurrence it is: ids, so that the same one is not found twice."""
    volunteer_id: int | None = optional_integer()
    merchant_id: int | None = optional_integer()
    found_at: int = integer()
    state: str = text_column(default="open")
    """open, cleared, confirmed."""
    note: str | None = optional_text()
    decided_by: str | None = optional_text()
    decided_at: int | None = optional_integer()
