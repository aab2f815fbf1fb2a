"""The first tables."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None
triggers_digest = "ed8af43edccb8ee7"


def upgrade() -> None:  # noqa: PLR0915
    op.create_table(
        "absence",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("listings_missed", sa.BigInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.Column("last_listing", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("entity", "row_id"),
    )
    op.create_table(
        "account",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("balance", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("version", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("closed_for", sa.Text(), nullable=True),
        sa.CheckConstraint("balance >= 0 OR kind <> 'held'", name="account_held_not_negative"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "agreement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ends_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("scope", sa.Text(), server_default=sa.text("'exchange'"), nullable=False),
        sa.Column("uncollected", sa.Text(), server_default=sa.text("'returned'"), nullable=False),
        sa.Column("refunds", sa.Text(), server_default=sa.text("'allowed'"), nullable=False),
        sa.Column("settles", sa.Text(), server_default=sa.text("'month'"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("agreement_merchant", "agreement", ["merchant_id", "starts_at"], unique=False)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=True),
        sa.Column("row_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("detail", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("previous_hash", sa.LargeBinary(), nullable=True),
        sa.Column("entry_hash", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("audit_subject", "audit_entry", ["entity", "row_id"], unique=False)
    op.create_table(
        "benefit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("agreement_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), nullable=False),
        sa.Column("minimum_star", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("benefit_agreement", "benefit", ["agreement_id"], unique=False)
    op.create_table(
        "bucket_digest",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("bucket", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("version_sum", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column(
            "effective_seconds", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False
        ),
        sa.PrimaryKeyConstraint("entity", "bucket"),
    )
    op.create_table(
        "credit",
        sa.Column(
            "record_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("owner_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seconds", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column(
            "admitted_seconds", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False
        ),
        sa.Column("expires_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("waits_until", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("record_id"),
    )
    op.create_index("credit_owner_project", "credit", ["owner_id", "project_id"], unique=False)
    op.create_index(
        "credit_waiting", "credit", ["waits_until"], unique=False, sqlite_where=sa.text("waits_until IS NOT NULL")
    )
    op.create_table(
        "dispute",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("redemption_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("settlement_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("words", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("dispute_merchant", "dispute", ["merchant_id"], unique=False)
    op.create_table(
        "entry",
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("version", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("posting_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("balance_before", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("balance_after", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("account_id", "version"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "hold",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("records", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("plan_hash", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("begun_run_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "hold_open",
        "hold",
        ["entity", "action"],
        unique=True,
        sqlite_where=sa.text("state IN ('open', 'approved', 'rejected')"),
        postgresql_where=sa.text("state IN ('open', 'approved', 'rejected')"),
    )
    op.create_table(
        "hour_case",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'received'"), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("hour_record_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("service_day", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("service_seconds", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("old_started_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("old_ended_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("old_service_seconds", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("objection_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("received_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("hour_case_record", "hour_case", ["hour_record_id"], unique=False)
    op.create_index("hour_case_state", "hour_case", ["kind", "state", "county"], unique=False)
    op.create_table(
        "hour_case_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("case_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("hour_case_step_case", "hour_case_step", ["case_id"], unique=False)
    op.create_table(
        "hour_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("project_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("team_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("service_seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("method", sa.Text(), server_default=sa.text("'team'"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'applying'"), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("'credit'"), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("applied_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("national_id", sa.Text(), nullable=True),
        sa.Column("national_hash", sa.LargeBinary(), nullable=True),
        sa.Column("national_updated_at_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("sync_rev", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("hour_record_national_id", "hour_record", ["national_id"], unique=True)
    op.create_index(
        "hour_record_new",
        "hour_record",
        ["id"],
        unique=False,
        sqlite_where=sa.text("sync_rev IS NULL"),
        postgresql_where=sa.text("sync_rev IS NULL"),
    )
    op.create_index("hour_record_sync_rev", "hour_record", ["sync_rev"], unique=False)
    op.create_index(
        "hour_record_volunteer",
        "hour_record",
        ["volunteer_id", "started_at", "ended_at", "service_seconds", "state"],
        unique=False,
    )
    op.create_table(
        "kiosk_card",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("pin_hash", sa.Text(), nullable=False),
        sa.Column("wrong_pins", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("kiosk_card_number", "kiosk_card", ["number"], unique=True)
    op.create_index("kiosk_card_volunteer", "kiosk_card", ["volunteer_id"], unique=False)
    op.create_table(
        "kiosk_device",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("public_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("'kiosk'"), nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("outlet_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'unpaired'"), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=True),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("code_expires_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("reader_salt", sa.Text(), nullable=True),
        sa.Column("version", sa.Text(), nullable=True),
        sa.Column("seen_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("created_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("kiosk_device_code", "kiosk_device", ["code_hash"], unique=True)
    op.create_index("kiosk_device_public", "kiosk_device", ["public_id"], unique=True)
    op.create_table(
        "kiosk_nonce",
        sa.Column(
            "device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("nonce", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("device_id", "nonce"),
        sqlite_with_rowid=False,
    )
    op.create_index("kiosk_nonce_received", "kiosk_nonce", ["received_at"], unique=False)
    op.create_table(
        "kiosk_reading",
        sa.Column(
            "device_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("time_ms", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sealed", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("device_id"),
    )
    op.create_table(
        "kiosk_session",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("device_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("begun_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seen_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_index("kiosk_session_device", "kiosk_session", ["device_id"], unique=False)
    op.create_index("kiosk_session_seen", "kiosk_session", ["seen_at"], unique=False)
    op.create_table(
        "kiosk_tries",
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("period", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("subject", "period"),
    )
    op.create_table(
        "kiosk_used_code",
        sa.Column("code_hash", sa.Text(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("code_hash"),
    )
    op.create_table(
        "local_change",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("entity", "row_id", "field"),
    )
    op.create_table(
        "local_deletion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("national_id", sa.Text(), nullable=True),
        sa.Column("old_row", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "lot",
        sa.Column(
            "account_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "expires_at", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("left_seconds", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("expired_seconds", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.CheckConstraint("left_seconds >= 0 AND expired_seconds >= 0", name="lot_not_negative"),
        sa.PrimaryKeyConstraint("account_id", "expires_at"),
        sqlite_with_rowid=False,
    )
    op.create_index("lot_expires", "lot", ["expires_at"], unique=False, sqlite_where=sa.text("left_seconds > 0"))
    op.create_table(
        "mark",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "membership",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("team_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'applied'"), nullable=False),
        sa.Column("joined_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("national_id", sa.Text(), nullable=True),
        sa.Column("national_hash", sa.LargeBinary(), nullable=True),
        sa.Column("national_updated_at_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("sync_rev", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("membership_national_id", "membership", ["national_id"], unique=True)
    op.create_index(
        "membership_new",
        "membership",
        ["id"],
        unique=False,
        sqlite_where=sa.text("sync_rev IS NULL"),
        postgresql_where=sa.text("sync_rev IS NULL"),
    )
    op.create_index("membership_sync_rev", "membership", ["sync_rev"], unique=False)
    op.create_index("membership_team", "membership", ["team_id"], unique=False)
    op.create_index("membership_volunteer", "membership", ["volunteer_id", "team_id"], unique=False)
    op.create_table(
        "merchant",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("credit_code", sa.Text(), nullable=False),
        sa.Column("area_id", sa.Text(), nullable=False),
        sa.Column("representative_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("created_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("merchant_credit_code", "merchant", ["credit_code"], unique=True)
    op.create_table(
        "mismatch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("national_id", sa.Text(), nullable=True),
        sa.Column("field", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("ours", sa.Text(), nullable=True),
        sa.Column("theirs", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("county", sa.Text(), nullable=True),
        sa.Column("first_seen_at", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("last_seen_at", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("assigned_to", sa.Text(), nullable=True),
        sa.Column("snoozed_until", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("resolution", sa.Text(), nullable=True),
        sa.Column("decision", sa.Text(), nullable=True),
        sa.Column("decided_field", sa.Text(), nullable=True),
        sa.Column("decided_value", sa.Text(), nullable=True),
        sa.Column("decided_facts", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("first_run_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("last_run_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("closed_run_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("times", sa.BigInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("mismatch_county", "mismatch", ["state", "county"], unique=False)
    op.create_index(
        "mismatch_decided",
        "mismatch",
        ["id"],
        unique=False,
        sqlite_where=sa.text("state = 'open' AND decision IS NOT NULL"),
        postgresql_where=sa.text("state = 'open' AND decision IS NOT NULL"),
    )
    op.create_index(
        "mismatch_open",
        "mismatch",
        ["kind", "entity", "subject", "field"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_index("mismatch_row", "mismatch", ["entity", "row_id"], unique=False)
    op.create_index("mismatch_state", "mismatch", ["state", "kind", "county"], unique=False)
    op.create_table(
        "mismatch_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("mismatch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("detail", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("mismatch_event_mismatch", "mismatch_event", ["mismatch_id"], unique=False)
    op.create_table(
        "mismatch_rule",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("'both_edited'"), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("county", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("keep", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_by", sa.Text(), nullable=False),
        sa.Column("removed_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("removed_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "mismatch_rule_active",
        "mismatch_rule",
        ["kind", "entity", "field", "county"],
        unique=True,
        sqlite_where=sa.text("removed_at IS NULL"),
        postgresql_where=sa.text("removed_at IS NULL"),
    )
    op.create_table(
        "observed_hour_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("national_id", sa.Text(), nullable=False),
        sa.Column("volunteer_number", sa.Text(), nullable=True),
        sa.Column("project_national_id", sa.Text(), nullable=True),
        sa.Column("team_national_id", sa.Text(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("service_seconds", sa.BigInteger(), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("entered_at", sa.BigInteger(), nullable=True),
        sa.Column("applied_at", sa.BigInteger(), nullable=True),
        sa.Column("remark", sa.Text(), nullable=True),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("national_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mirror_hash", sa.LargeBinary(), nullable=True),
        sa.Column("row_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("national_id"),
    )
    op.create_table(
        "observed_membership",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("national_id", sa.Text(), nullable=False),
        sa.Column("volunteer_number", sa.Text(), nullable=True),
        sa.Column("team_national_id", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("joined_at", sa.BigInteger(), nullable=True),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("national_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mirror_hash", sa.LargeBinary(), nullable=True),
        sa.Column("row_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("national_id"),
    )
    op.create_table(
        "observed_project",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("national_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("team_national_id", sa.Text(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("recruit_from", sa.BigInteger(), nullable=True),
        sa.Column("recruit_until", sa.BigInteger(), nullable=True),
        sa.Column("categories", sa.Text(), nullable=True),
        sa.Column("people_served", sa.Text(), nullable=True),
        sa.Column("area_id", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("recruit_scope", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("national_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mirror_hash", sa.LargeBinary(), nullable=True),
        sa.Column("row_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("national_id"),
    )
    op.create_table(
        "observed_team",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("national_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("team_type", sa.Text(), nullable=True),
        sa.Column("body_type", sa.Text(), nullable=True),
        sa.Column("area_id", sa.Text(), nullable=True),
        sa.Column("categories", sa.Text(), nullable=True),
        sa.Column("contact_name", sa.Text(), nullable=True),
        sa.Column("contact_phone", sa.Text(), nullable=True),
        sa.Column("leader_name", sa.Text(), nullable=True),
        sa.Column("leader_number", sa.Text(), nullable=True),
        sa.Column("contact_organisation", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), nullable=True),
        sa.Column("join_rule", sa.Text(), nullable=True),
        sa.Column("member_count", sa.BigInteger(), nullable=True),
        sa.Column("total_seconds", sa.BigInteger(), nullable=True),
        sa.Column("contact_phone_hash", sa.LargeBinary(), nullable=True),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("national_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mirror_hash", sa.LargeBinary(), nullable=True),
        sa.Column("row_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("national_id"),
    )
    op.create_table(
        "observed_training_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("national_id", sa.Text(), nullable=False),
        sa.Column("volunteer_number", sa.Text(), nullable=True),
        sa.Column("topic", sa.Text(), nullable=True),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("organiser", sa.Text(), nullable=True),
        sa.Column("training_date", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("training_seconds", sa.BigInteger(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("mode", sa.Text(), nullable=True),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("national_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mirror_hash", sa.LargeBinary(), nullable=True),
        sa.Column("row_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("national_id"),
    )
    op.create_table(
        "observed_volunteer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("national_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=True),
        sa.Column("id_type", sa.Text(), nullable=True),
        sa.Column("id_number", sa.Text(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=True),
        sa.Column("birth_date", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("politics", sa.Text(), nullable=True),
        sa.Column("ethnicity", sa.Text(), nullable=True),
        sa.Column("nationality", sa.Text(), nullable=True),
        sa.Column("education", sa.Text(), nullable=True),
        sa.Column("occupation", sa.Text(), nullable=True),
        sa.Column("service_area_id", sa.Text(), nullable=True),
        sa.Column("service_area_name", sa.Text(), nullable=True),
        sa.Column("living_area_id", sa.Text(), nullable=True),
        sa.Column("living_area_name", sa.Text(), nullable=True),
        sa.Column("categories", sa.Text(), nullable=True),
        sa.Column("service_fields", sa.Text(), nullable=True),
        sa.Column("skills", sa.Text(), nullable=True),
        sa.Column("star", sa.BigInteger(), nullable=True),
        sa.Column("registered_at", sa.BigInteger(), nullable=True),
        sa.Column("real_name_state", sa.Text(), nullable=True),
        sa.Column("total_seconds", sa.BigInteger(), nullable=True),
        sa.Column("account_state", sa.Text(), nullable=True),
        sa.Column("migration_state", sa.Text(), nullable=True),
        sa.Column("is_valid", sa.BigInteger(), nullable=True),
        sa.Column("id_number_hash", sa.LargeBinary(), nullable=True),
        sa.Column("phone_hash", sa.LargeBinary(), nullable=True),
        sa.Column("updated_at_ms", sa.BigInteger(), nullable=False),
        sa.Column("is_deleted", sa.Boolean(), nullable=False),
        sa.Column("national_hash", sa.LargeBinary(), nullable=False),
        sa.Column("mirror_hash", sa.LargeBinary(), nullable=True),
        sa.Column("row_id", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("national_id"),
    )
    op.create_table(
        "offer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("price_seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("stock", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("taken", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("starts_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ends_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("limits", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("minimum_star", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("minimum_age", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("outlets", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("collect_days", sa.BigInteger(), server_default=sa.text("30"), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.CheckConstraint("price_seconds > 0", name="offer_price"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("offer_merchant", "offer", ["merchant_id"], unique=False)
    op.create_table(
        "operation",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("reference", sa.Text(), nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("national_id", sa.Text(), nullable=True),
        sa.Column("verb", sa.Text(), nullable=False),
        sa.Column("fields", sa.Text(), nullable=False),
        sa.Column("before", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("record", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sent_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("ticket", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("operation_reference", "operation", ["reference"], unique=True)
    op.create_index("operation_row", "operation", ["entity", "row_id"], unique=False)
    op.create_index("operation_run", "operation", ["run_id"], unique=False)
    op.create_index("operation_state", "operation", ["state"], unique=False)
    op.create_table(
        "operator",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.Column("failed_logins", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("locked_until", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("created_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("operator_name", "operator", ["name"], unique=True)
    op.create_table(
        "operator_session",
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("operator_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("created_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("token_hash"),
    )
    op.create_table(
        "outlet",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("area_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'active'"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("outlet_merchant", "outlet", ["merchant_id"], unique=False)
    op.create_table(
        "posting",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("redemption_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("actor", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("note", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "project",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("recruit_from", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("recruit_until", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("categories", sa.Text(), server_default=sa.text("'0099'"), nullable=False),
        sa.Column("people_served", sa.Text(), nullable=True),
        sa.Column("area_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("recruit_scope", sa.Text(), server_default=sa.text("'public'"), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'waiting'"), nullable=False),
        sa.Column("proof", sa.Text(), nullable=True),
        sa.Column("national_id", sa.Text(), nullable=True),
        sa.Column("national_hash", sa.LargeBinary(), nullable=True),
        sa.Column("national_updated_at_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("sync_rev", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("project_national_id", "project", ["national_id"], unique=True)
    op.create_index(
        "project_new",
        "project",
        ["id"],
        unique=False,
        sqlite_where=sa.text("sync_rev IS NULL"),
        postgresql_where=sa.text("sync_rev IS NULL"),
    )
    op.create_index("project_sync_rev", "project", ["sync_rev"], unique=False)
    op.create_index("project_team", "project", ["team_id"], unique=False)
    op.create_table(
        "pull",
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("covered_until_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("listing_count", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("open_request", sa.Text(), nullable=True),
        sa.Column("open_resume", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("entity"),
    )
    op.create_table(
        "quarantine",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("identity", sa.Text(), nullable=False),
        sa.Column("national_id", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("detail", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=True),
        sa.Column("payload_hash", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("first_run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_run_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("times", sa.BigInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("quarantine_identity", "quarantine", ["entity", "identity"], unique=True)
    op.create_table(
        "redemption",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("body_hash", sa.LargeBinary(), nullable=True),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("offer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("outlet_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("held_quantity", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("quantity", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("price_seconds", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column(
            "refunded_seconds", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False
        ),
        sa.Column("lots", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("refusal", sa.Text(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "redemption_held",
        "redemption",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'held'"),
        postgresql_where=sa.text("state = 'held'"),
    )
    op.create_index("redemption_key", "redemption", ["key"], unique=True)
    op.create_index("redemption_volunteer", "redemption", ["volunteer_id", "created_at"], unique=False)
    op.create_table(
        "refund",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("redemption_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'requested'"), nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("refund_key", "refund", ["key"], unique=True)
    op.create_index("refund_redemption", "refund", ["redemption_id"], unique=False)
    op.create_table(
        "registration",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'submitted'"), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("approver", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id_type", sa.Text(), nullable=False),
        sa.Column("id_number", sa.Text(), nullable=False),
        sa.Column("id_number_hash", sa.LargeBinary(), nullable=True),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("phone_hash", sa.LargeBinary(), nullable=True),
        sa.Column("politics", sa.Text(), nullable=True),
        sa.Column("ethnicity", sa.Text(), nullable=True),
        sa.Column("nationality", sa.Text(), nullable=True),
        sa.Column("education", sa.Text(), nullable=True),
        sa.Column("occupation", sa.Text(), nullable=True),
        sa.Column("service_area_id", sa.Text(), nullable=False),
        sa.Column("service_area_name", sa.Text(), nullable=True),
        sa.Column("living_area_id", sa.Text(), nullable=True),
        sa.Column("living_area_name", sa.Text(), nullable=True),
        sa.Column("categories", sa.Text(), nullable=True),
        sa.Column("skills", sa.Text(), nullable=True),
        sa.Column("recruiting_kind", sa.Text(), nullable=False),
        sa.Column("recruiting_body", sa.Text(), nullable=False),
        sa.Column("record_office", sa.Text(), nullable=False),
        sa.Column("unit_name", sa.Text(), nullable=True),
        sa.Column("unit_level", sa.Text(), nullable=False),
        sa.Column("guardian_name", sa.Text(), nullable=True),
        sa.Column("guardian_phone", sa.Text(), nullable=True),
        sa.Column("guardian_consented_on", sa.Text(), nullable=True),
        sa.Column("fitness_stated_on", sa.Text(), nullable=True),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("sheet", sa.Text(), nullable=True),
        sa.Column("sheet_row", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("submitted_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("registration_county", "registration", ["county"], unique=False)
    op.create_index(
        "registration_person",
        "registration",
        ["id_number_hash"],
        unique=True,
        sqlite_where=sa.text("state NOT IN ('rejected', 'refused')"),
        postgresql_where=sa.text("state NOT IN ('rejected', 'refused')"),
    )
    op.create_index("registration_sheet", "registration", ["sheet", "sheet_row"], unique=False)
    op.create_index("registration_state", "registration", ["state", "county"], unique=False)
    op.create_table(
        "registration_step",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("registration_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("registration_step_registration", "registration_step", ["registration_id"], unique=False)
    op.create_table(
        "row_history",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("entity", sa.Text(), nullable=False),
        sa.Column("row_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("sync_rev", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("before", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("row_history_row", "row_history", ["entity", "row_id"], unique=False)
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("slot", sa.Text(), nullable=True),
        sa.Column("scope", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("holder", sa.Text(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("started_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("exit_code", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("calls", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("report", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "run_at_work",
        "run",
        ["state"],
        unique=True,
        sqlite_where=sa.text("state = 'running'"),
        postgresql_where=sa.text("state = 'running'"),
    )
    op.create_index("run_slot", "run", ["slot"], unique=True)
    op.create_table(
        "service_certificate",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("issued_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("issued_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("service_certificate_number", "service_certificate", ["number"], unique=True)
    op.create_index("service_certificate_volunteer", "service_certificate", ["volunteer_id"], unique=False)
    op.create_table(
        "settlement",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("period", sa.Text(), nullable=False),
        sa.Column("first_version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("last_version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("opening_seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("redeemed_seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("returned_seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("closing_seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("closed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("closed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("settlement_period", "settlement", ["merchant_id", "period"], unique=True)
    op.create_table(
        "star_application",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("star", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("national_id", sa.Text(), nullable=True),
        sa.Column("words", sa.Text(), nullable=True),
        sa.Column("changed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("changed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("star_application_volunteer", "star_application", ["volunteer_id", "star"], unique=True)
    op.create_table(
        "star_award",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("batch_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("volunteer_number", sa.Text(), nullable=False),
        sa.Column("volunteer_name", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("star", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("records", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("star_before", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'proposed'"), nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("star_award_batch", "star_award", ["batch_id", "volunteer_id"], unique=True)
    op.create_index("star_award_number", "star_award", ["number"], unique=True)
    op.create_index("star_award_volunteer", "star_award", ["volunteer_id"], unique=False)
    op.create_table(
        "star_batch",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("batch", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'draft'"), nullable=False),
        sa.Column("rules", sa.Text(), nullable=False),
        sa.Column("cut_off", sa.Text(), nullable=False),
        sa.Column("cut_off_rev", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("drafted_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("drafted_by", sa.Text(), nullable=False),
        sa.Column("notice_from", sa.Text(), nullable=True),
        sa.Column("notice_until", sa.Text(), nullable=True),
        sa.Column("certified_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("published_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("star_batch_number", "star_batch", ["year", "batch"], unique=True)
    op.create_table(
        "star_due",
        sa.Column(
            "volunteer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.PrimaryKeyConstraint("volunteer_id"),
    )
    op.create_table(
        "star_objection",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("award_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("raised_by", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("settled_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("star_objection_award", "star_objection", ["award_id"], unique=False)
    op.create_table(
        "star_review",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("award_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cause", sa.Text(), nullable=False),
        sa.Column("seconds_now", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("star_now", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("found_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "star_review_open",
        "star_review",
        ["award_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "star_signature",
        sa.Column(
            "batch_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("signed_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("batch_id", "body"),
    )
    op.create_table(
        "star_tally",
        sa.Column(
            "volunteer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("records", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_special", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("volunteer_id"),
    )
    op.create_table(
        "station",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("station_kind", sa.Text(), server_default=sa.text("'community'"), nullable=False),
        sa.Column("area_id", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("team_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column(
            "service_seconds_per_day",
            sa.BigInteger(),
            server_default=sa.text("18000"),
            autoincrement=False,
            nullable=False,
        ),
        sa.Column("opened_on", sa.Text(), nullable=True),
        sa.Column("closed_on", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "statistics_return",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("year", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("unit_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("received_on", sa.Text(), nullable=False),
        sa.Column("is_late", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("statistics_return_unit", "statistics_return", ["year", "unit_id"], unique=True)
    op.create_table(
        "suspicion",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("found_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("decided_by", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("suspicion_subject", "suspicion", ["kind", "subject"], unique=True)
    op.create_table(
        "team",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("team_type", sa.Text(), server_default=sa.text("'group'"), nullable=False),
        sa.Column("body_type", sa.Text(), server_default=sa.text("'99'"), nullable=False),
        sa.Column("area_id", sa.Text(), nullable=False),
        sa.Column("categories", sa.Text(), server_default=sa.text("'0099'"), nullable=False),
        sa.Column("contact_name", sa.Text(), nullable=True),
        sa.Column("contact_phone", sa.Text(), nullable=True),
        sa.Column("leader_name", sa.Text(), nullable=True),
        sa.Column("leader_number", sa.Text(), nullable=True),
        sa.Column("contact_organisation", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'pending'"), nullable=False),
        sa.Column("join_rule", sa.Text(), server_default=sa.text("'review'"), nullable=False),
        sa.Column("member_count", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("total_seconds", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("contact_phone_hash", sa.LargeBinary(), nullable=True),
        sa.Column("national_id", sa.Text(), nullable=True),
        sa.Column("national_hash", sa.LargeBinary(), nullable=True),
        sa.Column("national_updated_at_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("sync_rev", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("team_area", "team", ["area_id"], unique=False)
    op.create_index("team_national_id", "team", ["national_id"], unique=True)
    op.create_index(
        "team_new",
        "team",
        ["id"],
        unique=False,
        sqlite_where=sa.text("sync_rev IS NULL"),
        postgresql_where=sa.text("sync_rev IS NULL"),
    )
    op.create_index("team_sync_rev", "team", ["sync_rev"], unique=False)
    op.create_table(
        "team_leader",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("team_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("is_first", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("since", sa.Text(), nullable=False),
        sa.Column("until", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "team_leader_now",
        "team_leader",
        ["team_id", "volunteer_id"],
        unique=True,
        sqlite_where=sa.text("until IS NULL"),
        postgresql_where=sa.text("until IS NULL"),
    )
    op.create_index("team_leader_volunteer", "team_leader", ["volunteer_id"], unique=False)
    op.create_table(
        "team_order",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("team_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("wanted", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'open'"), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ordered_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ordered_by", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "team_order_open",
        "team_order",
        ["team_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open'"),
        postgresql_where=sa.text("state = 'open'"),
    )
    op.create_table(
        "training_attendance",
        sa.Column(
            "session_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column(
            "volunteer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("training_record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("session_id", "volunteer_id"),
    )
    op.create_index("training_attendance_volunteer", "training_attendance", ["volunteer_id"], unique=False)
    op.create_table(
        "training_record",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("organiser", sa.Text(), nullable=True),
        sa.Column("training_date", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("training_seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.Text(), server_default=sa.text("'general'"), nullable=False),
        sa.Column("mode", sa.Text(), server_default=sa.text("'face_to_face'"), nullable=False),
        sa.Column("national_id", sa.Text(), nullable=True),
        sa.Column("national_hash", sa.LargeBinary(), nullable=True),
        sa.Column("national_updated_at_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("sync_rev", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("training_record_national_id", "training_record", ["national_id"], unique=True)
    op.create_index(
        "training_record_new",
        "training_record",
        ["id"],
        unique=False,
        sqlite_where=sa.text("sync_rev IS NULL"),
        postgresql_where=sa.text("sync_rev IS NULL"),
    )
    op.create_index("training_record_sync_rev", "training_record", ["sync_rev"], unique=False)
    op.create_index("training_record_volunteer", "training_record", ["volunteer_id"], unique=False)
    op.create_table(
        "training_session",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("topic", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=True),
        sa.Column("form", sa.Text(), nullable=False),
        sa.Column("organised_by", sa.Text(), nullable=False),
        sa.Column("organiser", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mode", sa.Text(), nullable=False),
        sa.Column("held_on", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=True),
        sa.Column("training_seconds", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("county", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("training_session_day", "training_session", ["held_on"], unique=False)
    op.create_table(
        "transfer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("volunteer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("from_team_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("to_team_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("areas", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("areas_before", sa.Text(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'requested'"), nullable=False),
        sa.Column("goal", sa.Text(), server_default=sa.text("'move'"), nullable=False),
        sa.Column("waits_for", sa.Text(), server_default=sa.text("''"), nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("old_row_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("joined_row_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("left_row_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("rejoined_row_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("requested_on", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("requested_by", sa.Text(), nullable=False),
        sa.Column("approved_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("approved_by", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "transfer_active",
        "transfer",
        ["volunteer_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('requested', 'approved', 'stuck')"),
        postgresql_where=sa.text("state IN ('requested', 'approved', 'stuck')"),
    )
    op.create_index("transfer_state", "transfer", ["state", "due_on"], unique=False)
    op.create_table(
        "transfer_event",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("transfer_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("run_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("detail", sa.Text(), server_default=sa.text("'{}'"), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("transfer_event_transfer", "transfer_event", ["transfer_id"], unique=False)
    op.create_table(
        "unit",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("head_count", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("unit_name", "unit", ["name", "county"], unique=True)
    op.create_table(
        "unit_team",
        sa.Column("unit_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("team_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("unit_id", "team_id"),
    )
    op.create_index("unit_team_team", "unit_team", ["team_id"], unique=False)
    op.create_table(
        "volunteer",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("number", sa.Text(), nullable=True),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("id_type", sa.Text(), server_default=sa.text("'01'"), nullable=False),
        sa.Column("id_number", sa.Text(), nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("birth_date", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("politics", sa.Text(), nullable=True),
        sa.Column("ethnicity", sa.Text(), nullable=True),
        sa.Column("nationality", sa.Text(), server_default=sa.text("'156'"), nullable=True),
        sa.Column("education", sa.Text(), nullable=True),
        sa.Column("occupation", sa.Text(), nullable=True),
        sa.Column("service_area_id", sa.Text(), nullable=False),
        sa.Column("service_area_name", sa.Text(), nullable=True),
        sa.Column("living_area_id", sa.Text(), nullable=True),
        sa.Column("living_area_name", sa.Text(), nullable=True),
        sa.Column("categories", sa.Text(), nullable=True),
        sa.Column("service_fields", sa.Text(), nullable=True),
        sa.Column("skills", sa.Text(), nullable=True),
        sa.Column("star", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("registered_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("real_name_state", sa.Text(), server_default=sa.text("'in_review'"), nullable=False),
        sa.Column("total_seconds", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.Column("account_state", sa.Text(), server_default=sa.text("'enabled'"), nullable=False),
        sa.Column("migration_state", sa.Text(), server_default=sa.text("'normal'"), nullable=False),
        sa.Column("is_valid", sa.BigInteger(), server_default=sa.text("1"), autoincrement=False, nullable=False),
        sa.Column("id_number_hash", sa.LargeBinary(), nullable=True),
        sa.Column("phone_hash", sa.LargeBinary(), nullable=True),
        sa.Column("national_id", sa.Text(), nullable=True),
        sa.Column("national_hash", sa.LargeBinary(), nullable=True),
        sa.Column("national_updated_at_ms", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("sync_rev", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_index("volunteer_id_number_hash", "volunteer", ["id_number_hash"], unique=False)
    op.create_index("volunteer_name_birth", "volunteer", ["name", "birth_date"], unique=False)
    op.create_index("volunteer_national_id", "volunteer", ["national_id"], unique=True)
    op.create_index(
        "volunteer_new",
        "volunteer",
        ["id"],
        unique=False,
        sqlite_where=sa.text("sync_rev IS NULL"),
        postgresql_where=sa.text("sync_rev IS NULL"),
    )
    op.create_index("volunteer_number", "volunteer", ["number"], unique=False)
    op.create_index("volunteer_sync_rev", "volunteer", ["sync_rev"], unique=False)
    op.create_table(
        "volunteer_initials",
        sa.Column(
            "volunteer_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("initials", sa.Text(), nullable=False),
        sa.Column("is_local", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("volunteer_id", "initials"),
    )
    op.create_index("volunteer_initials_found", "volunteer_initials", ["initials", "volunteer_id"], unique=False)
    op.create_index(
        "volunteer_initials_local",
        "volunteer_initials",
        ["volunteer_id"],
        unique=False,
        sqlite_where=sa.text("is_local = 1"),
        postgresql_where=sa.text("is_local = 1"),
    )
    op.create_table(
        "volunteer_merge",
        sa.Column("id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=True, nullable=False),
        sa.Column("kept_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("gone_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("state", sa.Text(), server_default=sa.text("'merged'"), nullable=False),
        sa.Column("steps", sa.Text(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column("merged_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("merged_by", sa.Text(), nullable=False),
        sa.Column("undone_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "volunteer_merge_gone",
        "volunteer_merge",
        ["gone_id"],
        unique=True,
        sqlite_where=sa.text("state = 'merged'"),
        postgresql_where=sa.text("state = 'merged'"),
    )
    op.create_index("volunteer_merge_kept", "volunteer_merge", ["kept_id"], unique=False)
    op.create_table(
        "voucher",
        sa.Column(
            "redemption_id", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False
        ),
        sa.Column("merchant_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=True),
        sa.Column("salt", sa.LargeBinary(), nullable=True),
        sa.Column("state", sa.Text(), server_default=sa.text("'issued'"), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("collected_at", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.Column("collect_key", sa.Text(), nullable=True),
        sa.Column("outlet_id", sa.BigInteger(), autoincrement=False, nullable=True),
        sa.PrimaryKeyConstraint("redemption_id"),
    )
    op.create_index("voucher_code", "voucher", ["code_hash"], unique=True)
    op.create_index(
        "voucher_issued",
        "voucher",
        ["expires_at"],
        unique=False,
        sqlite_where=sa.text("state = 'issued'"),
        postgresql_where=sa.text("state = 'issued'"),
    )
    op.create_table(
        "wrong_code",
        sa.Column("device", sa.Text(), nullable=False),
        sa.Column("period", sa.BigInteger().with_variant(sa.Integer(), "sqlite"), autoincrement=False, nullable=False),
        sa.Column("tries", sa.BigInteger(), server_default=sa.text("0"), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("device", "period"),
    )
