# ruff: noqa: E501 - generated, then kept
"""What a plan asks of people, executed: proposals and their answers, the level that runs, reports and their deadlines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

_OPEN = "parent IS NULL AND status IN ('noticed', 'unacknowledged', 'acknowledged')"
_PROPOSED = "parent IS NOT NULL AND status = 'unacknowledged'"
_KINDS = "kind IN ('page', 'notice', 'update', 'recovered', 'acknowledged', 'closed', 'decided', 'reminder', 'answer')"


def upgrade() -> None:
    """Incidents that are open keep what they opened under: they propose and remind nothing until they rise."""
    # Said in SQL: both databases add a column with named constraints, and SQLite need not rebuild what others refer to.
    op.execute("ALTER TABLE incidents ADD COLUMN parent TEXT CONSTRAINT fk_incidents_parent REFERENCES incidents (id)"
               " CONSTRAINT ck_incidents_proposal_waits_or_is_decided"
               " CHECK (parent IS NULL OR (parent <> id AND status IN ('unacknowledged', 'closed')))")  # fmt: skip
    op.execute("ALTER TABLE incidents ADD COLUMN running TEXT CONSTRAINT ck_incidents_running"
               " CHECK (running IS NULL OR (parent IS NULL AND status <> 'historic' AND running IN ('IV', 'III', 'II', 'I')))")  # fmt: skip
    op.execute("ALTER TABLE incidents ADD COLUMN decision TEXT CONSTRAINT ck_incidents_decision"
               " CHECK ((decision IS NOT NULL) = (parent IS NOT NULL AND status = 'closed')"
               " AND (decision IS NULL OR decision IN ('approved', 'rejected', 'superseded', 'lapsed')))")  # fmt: skip
    op.drop_index("uq_incidents_open", "incidents")
    op.create_index(
        "uq_incidents_open",
        "incidents",
        ["exercise", "plan", "place"],
        unique=True,
        sqlite_where=sa.text(_OPEN),
        postgresql_where=sa.text(_OPEN),
    )
    op.create_index(
        "uq_incidents_proposal",
        "incidents",
        ["parent"],
        unique=True,
        sqlite_where=sa.text(_PROPOSED),
        postgresql_where=sa.text(_PROPOSED),
    )
    op.create_index(
        "ix_incidents_parent",
        "incidents",
        ["parent"],
        unique=False,
        sqlite_where=sa.text("parent IS NOT NULL"),
        postgresql_where=sa.text("parent IS NOT NULL"),
    )
    _widen_kinds()
    op.create_table(
        "reports",
        sa.Column("incident", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("nth", sa.Integer(), nullable=False),
        sa.Column("sender", sa.Text(), nullable=False),
        sa.Column("receiver", sa.Text(), nullable=False),
        sa.Column("manner", sa.Text(), nullable=False),
        sa.Column("within", sa.Integer(), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("next_at", sa.BigInteger(), nullable=True),
        sa.Column("reminded", sa.Integer(), nullable=False),
        sa.Column("missed_at", sa.BigInteger(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.Text(), nullable=True),
        sa.Column("done_via", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("manner IN ('phone', 'written')", name="ck_reports_manner"),
        sa.CheckConstraint("nth >= 1 AND reminded >= 0 AND within >= 0", name="ck_reports_counts"),
        sa.CheckConstraint(
            "(done_at IS NULL) = (done_by IS NULL) AND (done_at IS NULL) = (done_via IS NULL)",
            name="ck_reports_done_says_by_whom",
        ),
        sa.CheckConstraint("done_at IS NULL OR ended_at IS NULL", name="ck_reports_done_or_ended"),
        sa.CheckConstraint(
            "(next_at IS NOT NULL) = (done_at IS NULL AND ended_at IS NULL AND missed_at IS NULL)",
            name="ck_reports_owed_is_due",
        ),
        sa.ForeignKeyConstraint(["incident"], ["incidents.id"], name=op.f("fk_reports_incident")),
        sa.PrimaryKeyConstraint("incident", "report", "nth", name=op.f("pk_reports")),
    )
    op.create_index(
        "ix_reports_next_at",
        "reports",
        ["next_at"],
        unique=False,
        sqlite_where=sa.text("next_at IS NOT NULL"),
        postgresql_where=sa.text("next_at IS NOT NULL"),
    )


def _widen_kinds() -> None:
    """SQLite cannot change a constraint: the table is made anew. Nothing refers to pages."""
    if op.get_bind().dialect.name != "sqlite":
        op.drop_constraint("ck_pages_kind", "pages", type_="check")
        op.create_check_constraint("ck_pages_kind", "pages", _KINDS)
        return
    connection = op.get_bind()
    indexes = (
        connection.execute(
            sa.text("SELECT sql FROM sqlite_master WHERE type = 'index' AND tbl_name = 'pages' AND sql IS NOT NULL")
        )
        .scalars()
        .all()
    )
    made = str(
        connection.execute(
            sa.text("SELECT sql FROM sqlite_master WHERE type = 'table' AND name = 'pages'")
        ).scalar_one()
    )
    before = "kind IN ('page', 'notice', 'update', 'recovered', 'acknowledged', 'closed', 'answer')"
    if made.count(before) != 1:
        raise ValueError(f"pages: got {made!r}, expected the table that revision 0001 made")
    op.rename_table("pages", "pages_before")
    for index in (
        connection.execute(
            sa.text(
                "SELECT name FROM sqlite_master WHERE type = 'index' AND tbl_name = 'pages_before' AND sql IS NOT NULL"
            )
        )
        .scalars()
        .all()
    ):
        op.drop_index(index, "pages_before")
    connection.exec_driver_sql(made.replace(before, _KINDS))
    connection.exec_driver_sql("INSERT INTO pages SELECT * FROM pages_before")
    op.drop_table("pages_before")
    for index in indexes:
        connection.exec_driver_sql(index)
