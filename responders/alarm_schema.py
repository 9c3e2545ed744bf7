"""The tables of the people's side of alarms: beside `responders.schema`, and made like it."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint, text

from responders.schema import Instant, among, metadata
from rules.annunciation import Condition
from rules.severity import Severity

alarms = Table(
    "alarms", metadata,
    Column("id", Text, primary_key=True),
    Column("exercise", Text, nullable=False),
    Column("county", Text, nullable=False),
    Column("detector", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("peak", Text, nullable=False),
    Column("condition", Text, nullable=False),
    Column("owed", Boolean, nullable=False),
    Column("since", Instant, nullable=False),
    Column("alert", Text, ForeignKey("alerts.id"), nullable=False),
    Column("incident", Text, ForeignKey("incidents.id")),
    Column("shelved_at", Instant),
    Column("shelved_until", Instant),
    Column("shelved_by", Text),
    Column("shelved_reason", Text),
    Column("shelved_severity", Text),
    Column("suppressed_by", Text),
    Column("suppressed_under", Text, ForeignKey("incidents.id")),
    Column("release_due", Instant),
    Column("out_of_service", Boolean, nullable=False),
    Column("turn", Integer, nullable=False),
    UniqueConstraint("exercise", "county", "detector", "subject", name="uq_alarms_name"),
    CheckConstraint(among("condition", [c.value for c in Condition]), name="ck_alarms_condition"),
    CheckConstraint(among("severity", [s.word for s in Severity]), name="ck_alarms_severity"),
    CheckConstraint("(condition = 'active') = (severity <> 'normal')", name="ck_alarms_active_has_severity"),
    CheckConstraint("NOT owed OR incident IS NOT NULL", name="ck_alarms_unacknowledged_has_incident"),
    CheckConstraint(
        "NOT owed OR (shelved_until IS NULL AND suppressed_by IS NULL AND NOT out_of_service)",
        name="ck_alarms_held_owes_nothing",
    ),
    CheckConstraint(
        " AND ".join(
            f"(shelved_until IS NULL) = (shelved_{said} IS NULL)" for said in ("at", "by", "reason", "severity")
        ),
        name="ck_alarms_shelf_says_until_who_and_why",
    ),
    CheckConstraint(
        "shelved_until IS NULL OR (shelved_until > shelved_at AND shelved_by <> '' AND shelved_reason <> ''"
        " AND shelved_severity <> 'normal')",
        name="ck_alarms_shelf_has_an_end",
    ),
    CheckConstraint(
        "(suppressed_by IS NULL) = (suppressed_under IS NULL) AND (suppressed_by IS NULL OR suppressed_by <> id)",
        name="ck_alarms_suppressed_says_by_what",
    ),
    CheckConstraint("release_due IS NULL OR suppressed_by IS NOT NULL", name="ck_alarms_release_of_suppressed"),
    Index("ix_alarms_incident", "incident"),
    Index("ix_alarms_suppressed_under", "suppressed_under"),
    Index("ix_alarms_suppressed_by", "suppressed_by"),
)  # fmt: skip
for _name, _column, _condition in (
    ("ix_alarms_shelved_until", alarms.c.shelved_until, "shelved_until IS NOT NULL"),
    ("ix_alarms_release_due", alarms.c.release_due, "release_due IS NOT NULL"),
    ("ix_alarms_active", alarms.c.county, "condition = 'active'"),
):
    Index(_name, _column, sqlite_where=text(_condition), postgresql_where=text(_condition))

alarm_events = Table(
    "alarm_events", metadata,
    Column("id", Integer, primary_key=True),
    Column("alarm", Text, ForeignKey("alarms.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("event", Text, nullable=False),
    Column("who", Text),
    Column("detail", Text, nullable=False),
    Index("ix_alarm_events_alarm", "alarm", "id"),
)  # fmt: skip

out_of_service = Table(
    "out_of_service", metadata,
    Column("id", Integer, primary_key=True),
    Column("county", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("since", Instant, nullable=False),
    Column("taken_by", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", Text),
    # Never a whole county: a thing is a detector or a point, and it has a name.
    CheckConstraint("kind IN ('detector', 'point') AND name <> ''", name="ck_out_of_service_thing"),
    CheckConstraint("taken_by <> '' AND reason <> ''", name="ck_out_of_service_says_who_and_why"),
    CheckConstraint("(ended_at IS NULL) = (ended_by IS NULL)", name="ck_out_of_service_ended_says_by_whom"),
)  # fmt: skip
_still_out = text("ended_at IS NULL")
Index(
    "uq_out_of_service_now", out_of_service.c.county, out_of_service.c.kind, out_of_service.c.name,
    unique=True, sqlite_where=_still_out, postgresql_where=_still_out,
)  # fmt: skip
