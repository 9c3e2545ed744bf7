"""The table of what is owed upward: beside `responders.schema`, and made like it."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, text

from responders.schema import Instant, metadata

reports = Table(
    "reports", metadata,
    Column("incident", Text, ForeignKey("incidents.id"), primary_key=True),
    Column("report", Text, primary_key=True),
    Column("nth", Integer, primary_key=True),
    Column("sender", Text, nullable=False),
    Column("receiver", Text, nullable=False),
    Column("manner", Text, nullable=False),
    Column("within", Integer, nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("next_at", Instant),
    Column("reminded", Integer, nullable=False),
    Column("missed_at", Instant),
    Column("done_at", Instant),
    Column("done_by", Text),
    Column("done_via", Text),
    Column("note", Text),
    Column("ended_at", Instant),
    CheckConstraint("manner IN ('phone', 'written')", name="ck_reports_manner"),
    CheckConstraint("nth >= 1 AND reminded >= 0 AND within >= 0", name="ck_reports_counts"),
    CheckConstraint(
        "(done_at IS NULL) = (done_by IS NULL) AND (done_at IS NULL) = (done_via IS NULL)",
        name="ck_reports_done_says_by_whom",
    ),
    CheckConstraint("done_at IS NULL OR ended_at IS NULL", name="ck_reports_done_or_ended"),
    # What is owed and not yet late is looked at again; what is done, ended or late is not.
    CheckConstraint(
        "(next_at IS NOT NULL) = (done_at IS NULL AND ended_at IS NULL AND missed_at IS NULL)",
        name="ck_reports_owed_is_due",
    ),
)  # fmt: skip
Index(
    "ix_reports_next_at", reports.c.next_at,
    sqlite_where=text("next_at IS NOT NULL"), postgresql_where=text("next_at IS NOT NULL"),
)  # fmt: skip
