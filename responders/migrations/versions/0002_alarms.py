# ruff: noqa: E501 - generated, then kept
"""The people's side of alarms: their states, shelves, suppression, what is out of service, and who did what."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Make the tables. An alarm has a row from its next alert on."""
    op.create_table(
        "out_of_service",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("taken_by", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('detector', 'point') AND name <> ''", name="ck_out_of_service_thing"),
        sa.CheckConstraint("taken_by <> '' AND reason <> ''", name="ck_out_of_service_says_who_and_why"),
        sa.CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ck_out_of_service_ended_says_by_whom"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_out_of_service")),
    )
    op.create_index(
        "uq_out_of_service_now",
        "out_of_service",
        ["county", "kind", "name"],
        unique=True,
        sqlite_where=sa.text("ended_at IS NULL"),
        postgresql_where=sa.text("ended_at IS NULL"),
    )
    op.create_table(
        "alarms",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("exercise", sa.Text(), nullable=False),
        sa.Column("county", sa.Text(), nullable=False),
        sa.Column("detector", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        sa.Column("severity", sa.Text(), nullable=False),
        sa.Column("peak", sa.Text(), nullable=False),
        sa.Column("condition", sa.Text(), nullable=False),
        sa.Column("owed", sa.Boolean(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("incident", sa.Text(), nullable=True),
        sa.Column("shelved_at", sa.BigInteger(), nullable=True),
        sa.Column("shelved_until", sa.BigInteger(), nullable=True),
        sa.Column("shelved_by", sa.Text(), nullable=True),
        sa.Column("shelved_reason", sa.Text(), nullable=True),
        sa.Column("shelved_severity", sa.Text(), nullable=True),
        sa.Column("suppressed_by", sa.Text(), nullable=True),
        sa.Column("suppressed_under", sa.Text(), nullable=True),
        sa.Column("release_due", sa.BigInteger(), nullable=True),
        sa.Column("out_of_service", sa.Boolean(), nullable=False),
        sa.Column("turn", sa.Integer(), nullable=False),
        sa.CheckConstraint("(condition = 'active') = (severity <> 'normal')", name="ck_alarms_active_has_severity"),
        sa.CheckConstraint("condition IN ('clear', 'active', 'latched')", name="ck_alarms_condition"),
        sa.CheckConstraint(
            "severity IN ('normal', 'approach', 'line', 'IV', 'III', 'II', 'I')", name="ck_alarms_severity"
        ),
        sa.CheckConstraint(
            "shelved_until IS NULL OR (shelved_until > shelved_at AND shelved_by <> '' AND shelved_reason <> '' AND shelved_severity <> 'normal')",
            name="ck_alarms_shelf_has_an_end",
        ),
        sa.CheckConstraint(
            "(shelved_until IS NULL) = (shelved_at IS NULL) AND (shelved_until IS NULL) = (shelved_by IS NULL) AND (shelved_until IS NULL) = (shelved_reason IS NULL) AND (shelved_until IS NULL) = (shelved_severity IS NULL)",
            name="ck_alarms_shelf_says_until_who_and_why",
        ),
        sa.CheckConstraint(
            "(suppressed_by IS NULL) = (suppressed_under IS NULL) AND (suppressed_by IS NULL OR suppressed_by <> id)",
            name="ck_alarms_suppressed_says_by_what",
        ),
        sa.CheckConstraint(
            "NOT owed OR (shelved_until IS NULL AND suppressed_by IS NULL AND NOT out_of_service)",
            name="ck_alarms_held_owes_nothing",
        ),
        sa.CheckConstraint("NOT owed OR incident IS NOT NULL", name="ck_alarms_unacknowledged_has_incident"),
        sa.CheckConstraint("release_due IS NULL OR suppressed_by IS NOT NULL", name="ck_alarms_release_of_suppressed"),
        sa.ForeignKeyConstraint(["alert"], ["alerts.id"], name=op.f("fk_alarms_alert")),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_alarms_incident")),
        sa.ForeignKeyConstraint(["suppressed_under"], ["incidents.id"], name=op.f("fk_alarms_suppressed_under")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("exercise", "county", "detector", "subject", name="uq_alarms_name"),
    )
    op.create_index(
        "ix_alarms_active",
        "alarms",
        ["county"],
        unique=False,
        sqlite_where=sa.text("condition = 'active'"),
        postgresql_where=sa.text("condition = 'active'"),
    )
    op.create_index("ix_alarms_incident", "alarms", ["incident"], unique=False)
    op.create_index(
        "ix_alarms_release_due",
        "alarms",
        ["release_due"],
        unique=False,
        sqlite_where=sa.text("release_due IS NOT NULL"),
        postgresql_where=sa.text("release_due IS NOT NULL"),
    )
    op.create_index(
        "ix_alarms_shelved_until",
        "alarms",
        ["shelved_until"],
        unique=False,
        sqlite_where=sa.text("shelved_until IS NOT NULL"),
        postgresql_where=sa.text("shelved_until IS NOT NULL"),
    )
    op.create_index("ix_alarms_suppressed_by", "alarms", ["suppressed_by"], unique=False)
    op.create_index("ix_alarms_suppressed_under", "alarms", ["suppressed_under"], unique=False)
    op.create_table(
        "alarm_events",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("alarm", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("event", sa.Text(), nullable=False),
        sa.Column("who", sa.Text(), nullable=True),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alarm"], ["alarms.id"], name=op.f("fk_alarm_events_alarm")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarm_events")),
    )
    op.create_index("ix_alarm_events_alarm", "alarm_events", ["alarm", "id"], unique=False)
    op.add_column("alerts", sa.Column("alarm", sa.Text(), nullable=True))
    op.create_index("ix_alerts_alarm", "alerts", ["alarm", "received_at"], unique=False)
    op.create_index(
        "ix_alerts_held",
        "alerts",
        ["outcome"],
        unique=False,
        sqlite_where=sa.text("outcome IN ('shelved', 'suppressed', 'out of service')"),
        postgresql_where=sa.text("outcome IN ('shelved', 'suppressed', 'out of service')"),
    )
