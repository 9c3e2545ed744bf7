# ruff: noqa: E501 - generated, then kept
"""The first schema: roster, drills, alerts, incidents, pages, reply codes, timeline, inbound texts."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make every table."""
    op.create_table(
        "counters",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_counters")),
    )
    op.create_table(
        "drills",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_by", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("participants", sa.Text(), nullable=False),
        sa.CheckConstraint("id <> ''", name="ck_drills_id"),
        sa.CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="ck_drills_ended"),
        sa.CheckConstraint("ends_by > started_at", name="ck_drills_ends_by"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drills")),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("exercise", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("risen_from", sa.Text(), nullable=True),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("policy", sa.Text(), nullable=False),
        sa.Column("headline", sa.Text(), nullable=False),
        sa.Column("observed_at", sa.BigInteger(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("step_at", sa.BigInteger(), nullable=False),
        sa.Column("next_due", sa.BigInteger(), nullable=True),
        sa.Column("update_due", sa.BigInteger(), nullable=True),
        sa.Column("updated_at", sa.BigInteger(), nullable=True),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("acknowledged_at", sa.BigInteger(), nullable=True),
        sa.Column("acknowledged_via", sa.Text(), nullable=True),
        sa.Column("acknowledged_by", sa.Text(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.Text(), nullable=True),
        sa.Column("close_reason", sa.Text(), nullable=True),
        sa.CheckConstraint("(status = 'closed') = (closed_at IS NOT NULL)", name="ck_incidents_closed_has_time"),
        sa.CheckConstraint(
            "(status = 'unacknowledged') = (next_due IS NOT NULL)", name="ck_incidents_unacknowledged_is_due"
        ),
        sa.CheckConstraint(
            "status <> 'acknowledged' OR (owner IS NOT NULL AND acknowledged_at IS NOT NULL AND acknowledged_via IS NOT NULL AND acknowledged_by IS NOT NULL)",
            name="ck_incidents_acknowledged_has_owner",
        ),
        sa.CheckConstraint(
            "status <> 'closed' OR (closed_by IS NOT NULL AND close_reason IS NOT NULL)",
            name="ck_incidents_closed_says_who_and_why",
        ),
        sa.CheckConstraint(
            "status IN ('noticed', 'unacknowledged', 'acknowledged', 'closed', 'historic')", name="ck_incidents_status"
        ),
        sa.CheckConstraint(
            "status NOT IN ('noticed', 'unacknowledged') OR owner IS NULL", name="ck_incidents_unanswered_has_no_owner"
        ),
        sa.CheckConstraint(
            "update_due IS NULL OR status IN ('noticed', 'unacknowledged', 'acknowledged')",
            name="ck_incidents_update_only_open",
        ),
        sa.CheckConstraint("cycle >= 1 AND position >= 0", name="ck_incidents_position"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
        sa.UniqueConstraint("number", name="uq_incidents_number"),
    )
    op.create_index(
        "ix_incidents_next_due",
        "incidents",
        ["next_due"],
        unique=False,
        sqlite_where=sa.text("next_due IS NOT NULL"),
        postgresql_where=sa.text("next_due IS NOT NULL"),
    )
    op.create_index("ix_incidents_place", "incidents", ["exercise", "plan", "place"], unique=False)
    op.create_index(
        "ix_incidents_update_due",
        "incidents",
        ["update_due"],
        unique=False,
        sqlite_where=sa.text("update_due IS NOT NULL"),
        postgresql_where=sa.text("update_due IS NOT NULL"),
    )
    op.create_index(
        "uq_incidents_open",
        "incidents",
        ["exercise", "plan", "place"],
        unique=True,
        sqlite_where=sa.text("status IN ('noticed', 'unacknowledged', 'acknowledged')"),
        postgresql_where=sa.text("status IN ('noticed', 'unacknowledged', 'acknowledged')"),
    )
    op.create_table(
        "officers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.CheckConstraint("language IN ('zh', 'en')", name="ck_officers_language"),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_officers")),
    )
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=True),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("exercise", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_alerts_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alerts")),
    )
    op.create_index("ix_alerts_incident", "alerts", ["incident"], unique=False)
    op.create_table(
        "contacts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.CheckConstraint("position >= 1", name="ck_contacts_position"),
        sa.ForeignKeyConstraint(["officer"], ["officers.name"], name=op.f("fk_contacts_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("channel", "address", name="uq_contacts_address"),
    )
    op.create_index("ix_contacts_officer", "contacts", ["officer", "position"], unique=False)
    op.create_table(
        "duty",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=False),
        sa.Column("starts_at", sa.BigInteger(), nullable=False),
        sa.Column("ends_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("starts_at < ends_at", name="ck_duty_half_open"),
        sa.ForeignKeyConstraint(["officer"], ["officers.name"], name=op.f("fk_duty_officer")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty")),
    )
    op.create_index("ix_duty_role", "duty", ["role", "starts_at"], unique=False)
    op.create_table(
        "inbound",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=True),
        sa.Column("incident", sa.Text(), nullable=True),
        sa.Column("outcome", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_inbound_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inbound")),
    )
    op.create_index("ix_inbound_phone", "inbound", ["phone", "received_at"], unique=False)
    op.create_table(
        "pages",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("cycle", sa.Integer(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("officer", sa.Text(), nullable=True),
        sa.Column("contact", sa.Text(), nullable=True),
        sa.Column("channel", sa.Text(), nullable=False),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("lease_owner", sa.Text(), nullable=True),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("sending_at", sa.BigInteger(), nullable=True),
        sa.Column("uncertain_at", sa.BigInteger(), nullable=True),
        sa.Column("ask_at", sa.BigInteger(), nullable=True),
        sa.Column("left_at", sa.BigInteger(), nullable=True),
        sa.Column("provider_id", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "NOT (state IN ('accepted', 'sent', 'delivered', 'undelivered', 'failed')) OR (provider_id IS NOT NULL AND left_at IS NOT NULL)",
            name="ck_pages_received_has_provider_id",
        ),
        sa.CheckConstraint(
            "kind = 'answer' OR (incident IS NOT NULL AND officer IS NOT NULL AND contact IS NOT NULL)",
            name="ck_pages_belongs_to_incident",
        ),
        sa.CheckConstraint(
            "kind IN ('page', 'notice', 'update', 'recovered', 'acknowledged', 'closed', 'answer')",
            name="ck_pages_kind",
        ),
        sa.CheckConstraint(
            "state <> 'sending' OR (lease_owner IS NOT NULL AND lease_until IS NOT NULL AND sending_at IS NOT NULL)",
            name="ck_pages_sending_has_lease",
        ),
        sa.CheckConstraint(
            "state <> 'uncertain' OR (sending_at IS NOT NULL AND uncertain_at IS NOT NULL AND ask_at IS NOT NULL)",
            name="ck_pages_uncertain_is_asked",
        ),
        sa.CheckConstraint(
            "state IN ('due', 'held', 'sending', 'uncertain', 'accepted', 'sent', 'delivered', 'undelivered', 'failed', 'possibly_sent', 'refused', 'cancelled')",
            name="ck_pages_state",
        ),
        sa.CheckConstraint("attempts >= 0 AND cycle >= 0 AND step >= 0", name="ck_pages_counts"),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_pages_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_pages")),
    )
    op.create_index(
        "ix_pages_due",
        "pages",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('due', 'held')"),
        postgresql_where=sa.text("state IN ('due', 'held')"),
    )
    op.create_index("ix_pages_incident", "pages", ["incident", "cycle", "step"], unique=False)
    op.create_index("ix_pages_provider_id", "pages", ["provider_id"], unique=False)
    op.create_index(
        "ix_pages_sending",
        "pages",
        ["lease_until"],
        unique=False,
        sqlite_where=sa.text("state IN ('sending')"),
        postgresql_where=sa.text("state IN ('sending')"),
    )
    op.create_index(
        "ix_pages_uncertain",
        "pages",
        ["ask_at"],
        unique=False,
        sqlite_where=sa.text("state IN ('uncertain')"),
        postgresql_where=sa.text("state IN ('uncertain')"),
    )
    op.create_table(
        "reply_codes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("exercise", sa.Boolean(), nullable=False),
        sa.Column("assigned_at", sa.BigInteger(), nullable=False),
        sa.Column("released_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(exercise AND code >= 901) OR (NOT exercise AND code BETWEEN 1 AND 899)", name="ck_reply_codes_wall"
        ),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_reply_codes_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reply_codes")),
        sa.UniqueConstraint("phone", "incident", name="uq_reply_codes_incident"),
    )
    op.create_index("ix_reply_codes_incident", "reply_codes", ["incident"], unique=False)
    op.create_index(
        "uq_reply_codes_held",
        "reply_codes",
        ["phone", "code"],
        unique=True,
        sqlite_where=sa.text("released_at IS NULL"),
        postgresql_where=sa.text("released_at IS NULL"),
    )
    op.create_table(
        "subjects",
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("peak", sa.Text(), nullable=False),
        sa.Column("explain", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_subjects_incident")),
        sa.PrimaryKeyConstraint("incident", "detector", "subject", name=op.f("pk_subjects")),
    )
    op.create_table(
        "timeline",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=True),
        sa.Column("page", sa.Text(), nullable=True),
        sa.Column("alert", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_timeline_incident")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_timeline")),
    )
    op.create_index("ix_timeline_incident", "timeline", ["incident", "id"], unique=False)
    op.execute("INSERT INTO counters (name, value) VALUES ('incident', 0)")
