"""The tables of the cold path. Each invariant is a named constraint; migrations make the same (a test compares).

Instants are whole microseconds since 1970 in UTC, so that both databases hold and order them alike.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.types import TypeDecorator

from responders import incident_states, page_states
from rules.severity import LEVELS

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Dialect

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware instant as microseconds in UTC."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """Refuses a time without an offset (subtraction of naive from aware raises)."""
        del dialect
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else _EPOCH + value * _MICROSECOND


RESPONSE_LEVELS = tuple(level.word for level in LEVELS)


def among(column: str, values: Iterable[str]) -> str:
    """The condition that a column has one of the values."""
    return f"{column} IN ({', '.join(repr(value) for value in values)})"


metadata = MetaData(
    naming_convention={"pk": "pk_%(table_name)s", "fk": "fk_%(table_name)s_%(column_0_name)s"},
)

officers = Table(
    "officers", metadata,
    Column("name", Text, primary_key=True),
    Column("language", Text, nullable=False),
    CheckConstraint("language IN ('zh', 'en')", name="ck_officers_language"),
)  # fmt: skip

contacts = Table(
    "contacts", metadata,
    Column("id", Text, primary_key=True),
    Column("officer", Text, ForeignKey("officers.name"), nullable=False),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("position", Integer, nullable=False),
    Column("enabled", Boolean, nullable=False),
    # Who answers is known by the address: no two officers share one.
    UniqueConstraint("channel", "address", name="uq_contacts_address"),
    CheckConstraint("position >= 1", name="ck_contacts_position"),
    Index("ix_contacts_officer", "officer", "position"),
)  # fmt: skip

duty = Table(
    "duty", metadata,
    Column("id", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("officer", Text, ForeignKey("officers.name"), nullable=False),
    Column("starts_at", Instant, nullable=False),
    Column("ends_at", Instant, nullable=False),
    CheckConstraint("starts_at < ends_at", name="ck_duty_half_open"),
    Index("ix_duty_role", "role", "starts_at"),
)  # fmt: skip

drills = Table(
    "drills", metadata,
    Column("id", Text, primary_key=True),
    Column("title", Text, nullable=False),
    Column("started_at", Instant, nullable=False),
    Column("ends_by", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("participants", Text, nullable=False),
    CheckConstraint("id <> ''", name="ck_drills_id"),
    CheckConstraint("ended_at IS NULL OR ended_at >= started_at", name="ck_drills_ended"),
    CheckConstraint("ends_by > started_at", name="ck_drills_ends_by"),
)  # fmt: skip

counters = Table(
    "counters", metadata,
    Column("name", Text, primary_key=True),
    Column("value", BigInteger, nullable=False),
)  # fmt: skip

incidents = Table(
    "incidents", metadata,
    Column("id", Text, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("plan", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("county", Text, nullable=False),
    Column("exercise", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("severity", Text, nullable=False),
    Column("risen_from", Text),
    Column("opened_at", Instant, nullable=False),
    Column("policy", Text, nullable=False),
    Column("headline", Text, nullable=False),
    Column("observed_at", Instant, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("position", Integer, nullable=False),
    Column("step_at", Instant, nullable=False),
    Column("next_due", Instant),
    Column("update_due", Instant),
    Column("updated_at", Instant),
    Column("owner", Text),
    Column("acknowledged_at", Instant),
    Column("acknowledged_via", Text),
    Column("acknowledged_by", Text),
    Column("closed_at", Instant),
    Column("closed_by", Text),
    Column("close_reason", Text),
    Column("parent", Text, ForeignKey("incidents.id")),
    Column("running", Text),
    Column("decision", Text),
    UniqueConstraint("number", name="uq_incidents_number"),
    CheckConstraint(among("status", incident_states.STATES), name="ck_incidents_status"),
    CheckConstraint(
        "(status = 'unacknowledged') = (next_due IS NOT NULL)", name="ck_incidents_unacknowledged_is_due"
    ),
    CheckConstraint(
        "status <> 'acknowledged' OR (owner IS NOT NULL AND acknowledged_at IS NOT NULL"
        " AND acknowledged_via IS NOT NULL AND acknowledged_by IS NOT NULL)",
        name="ck_incidents_acknowledged_has_owner",
    ),
    CheckConstraint(
        "status NOT IN ('noticed', 'unacknowledged') OR owner IS NULL", name="ck_incidents_unanswered_has_no_owner"
    ),
    CheckConstraint(
        "(status = 'closed') = (closed_at IS NOT NULL)", name="ck_incidents_closed_has_time"
    ),
    CheckConstraint(
        "status <> 'closed' OR (closed_by IS NOT NULL AND close_reason IS NOT NULL)",
        name="ck_incidents_closed_says_who_and_why",
    ),
    CheckConstraint("cycle >= 1 AND position >= 0", name="ck_incidents_position"),
    CheckConstraint(
        f"update_due IS NULL OR {among('status', incident_states.OPEN)}", name="ck_incidents_update_only_open"
    ),
    # A row with a parent is a proposal: its answer is yes or no, nobody owns it, and it runs nothing itself.
    CheckConstraint(
        "parent IS NULL OR (parent <> id AND status IN ('unacknowledged', 'closed'))",
        name="ck_incidents_proposal_waits_or_is_decided",
    ),
    CheckConstraint(
        f"running IS NULL OR (parent IS NULL AND status <> 'historic' AND {among('running', RESPONSE_LEVELS)})",
        name="ck_incidents_running",
    ),
    CheckConstraint(
        "(decision IS NOT NULL) = (parent IS NOT NULL AND status = 'closed')"
        f" AND (decision IS NULL OR {among('decision', incident_states.DECISIONS)})",
        name="ck_incidents_decision",
    ),
)  # fmt: skip

_responses = text(f"parent IS NULL AND {among('status', incident_states.OPEN)}")
_proposals = text("parent IS NOT NULL AND status = 'unacknowledged'")
Index(
    "uq_incidents_open", incidents.c.exercise, incidents.c.plan, incidents.c.place,
    unique=True, sqlite_where=_responses, postgresql_where=_responses,
)  # fmt: skip
Index(
    "uq_incidents_proposal", incidents.c.parent,
    unique=True, sqlite_where=_proposals, postgresql_where=_proposals,
)  # fmt: skip
Index(
    "ix_incidents_parent", incidents.c.parent,
    sqlite_where=text("parent IS NOT NULL"), postgresql_where=text("parent IS NOT NULL"),
)  # fmt: skip
Index("ix_incidents_place", incidents.c.exercise, incidents.c.plan, incidents.c.place)
Index(
    "ix_incidents_next_due", incidents.c.next_due,
    sqlite_where=text("next_due IS NOT NULL"), postgresql_where=text("next_due IS NOT NULL"),
)  # fmt: skip
Index(
    "ix_incidents_update_due", incidents.c.update_due,
    sqlite_where=text("update_due IS NOT NULL"), postgresql_where=text("update_due IS NOT NULL"),
)  # fmt: skip

subjects = Table(
    "subjects", metadata,
    Column("incident", Text, ForeignKey("incidents.id"), primary_key=True),
    Column("detector", Text, primary_key=True),
    Column("subject", Text, primary_key=True),
    Column("severity", Text, nullable=False),
    Column("peak", Text, nullable=False),
    Column("explain", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("told", Boolean, nullable=False),
)  # fmt: skip

alerts = Table(
    "alerts", metadata,
    Column("id", Text, primary_key=True),
    Column("incident", Text, ForeignKey("incidents.id")),
    Column("county", Text, nullable=False),
    Column("plan", Text, nullable=False),
    Column("place", Text, nullable=False),
    Column("exercise", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("alarm", Text),
    Column("occurrence", Text),
    Index("ix_alerts_incident", "incident"),
    Index("ix_alerts_alarm", "alarm", "received_at"),
)  # fmt: skip
_named = text("occurrence IS NOT NULL")
Index("ix_alerts_occurrence", alerts.c.occurrence, sqlite_where=_named, postgresql_where=_named)
HELD_OUTCOMES = ("shelved", "suppressed", "out of service")
"""Outcomes of alerts that were recorded and paged nobody, because their alarm was held."""
_held_outcome = text(among("outcome", HELD_OUTCOMES))
Index(
    "ix_alerts_held", alerts.c.outcome, sqlite_where=_held_outcome, postgresql_where=_held_outcome,
)  # fmt: skip

pages = Table(
    "pages", metadata,
    Column("id", Text, primary_key=True),
    Column("incident", Text, ForeignKey("incidents.id")),
    Column("kind", Text, nullable=False),
    Column("cycle", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("about", Text, nullable=False),
    Column("officer", Text),
    Column("contact", Text),
    Column("channel", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("code", Integer),
    Column("state", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("lease_owner", Text),
    Column("lease_until", Instant),
    Column("sending_at", Instant),
    Column("uncertain_at", Instant),
    Column("ask_at", Instant),
    Column("left_at", Instant),
    Column("provider_id", Text),
    CheckConstraint(among("state", page_states.STATES), name="ck_pages_state"),
    CheckConstraint(among("kind", page_states.KINDS), name="ck_pages_kind"),
    CheckConstraint(
        "kind = 'answer' OR (incident IS NOT NULL AND officer IS NOT NULL AND contact IS NOT NULL)",
        name="ck_pages_belongs_to_incident",
    ),
    CheckConstraint(
        "state <> 'sending' OR (lease_owner IS NOT NULL AND lease_until IS NOT NULL AND sending_at IS NOT NULL)",
        name="ck_pages_sending_has_lease",
    ),
    CheckConstraint(
        "state <> 'uncertain' OR (sending_at IS NOT NULL AND uncertain_at IS NOT NULL AND ask_at IS NOT NULL)",
        name="ck_pages_uncertain_is_asked",
    ),
    CheckConstraint(
        f"NOT ({among('state', page_states.RECEIVED)}) OR (provider_id IS NOT NULL AND left_at IS NOT NULL)",
        name="ck_pages_received_has_provider_id",
    ),
    CheckConstraint("attempts >= 0 AND cycle >= 0 AND step >= 0", name="ck_pages_counts"),
    Index("ix_pages_incident", "incident", "cycle", "step"),
    Index("ix_pages_provider_id", "provider_id"),
)  # fmt: skip
for _name, _states, _column in (
    ("ix_pages_due", "'due', 'held'", pages.c.due_at),
    ("ix_pages_sending", "'sending'", pages.c.lease_until),
    ("ix_pages_uncertain", "'uncertain'", pages.c.ask_at),
):
    _where = text(f"state IN ({_states})")
    Index(_name, _column, sqlite_where=_where, postgresql_where=_where)

reply_codes = Table(
    "reply_codes", metadata,
    Column("id", Integer, primary_key=True),
    Column("phone", Text, nullable=False),
    Column("code", Integer, nullable=False),
    Column("incident", Text, ForeignKey("incidents.id"), nullable=False),
    Column("exercise", Boolean, nullable=False),
    Column("assigned_at", Instant, nullable=False),
    Column("released_at", Instant),
    CheckConstraint(
        "(exercise AND code >= 901) OR (NOT exercise AND code BETWEEN 1 AND 899)", name="ck_reply_codes_wall"
    ),
    UniqueConstraint("phone", "incident", name="uq_reply_codes_incident"),
    Index("ix_reply_codes_incident", "incident"),
)  # fmt: skip
_held = text("released_at IS NULL")
Index(
    "uq_reply_codes_held", reply_codes.c.phone, reply_codes.c.code,
    unique=True, sqlite_where=_held, postgresql_where=_held,
)  # fmt: skip

timeline = Table(
    "timeline", metadata,
    Column("id", Integer, primary_key=True),
    Column("incident", Text, ForeignKey("incidents.id"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("event", Text, nullable=False),
    Column("who", Text),
    Column("page", Text),
    Column("alert", Text),
    Column("detail", Text, nullable=False),
    Index("ix_timeline_incident", "incident", "id"),
)  # fmt: skip

inbound = Table(
    "inbound", metadata,
    Column("id", Text, primary_key=True),
    Column("channel", Text, nullable=False),
    Column("phone", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("officer", Text),
    Column("incident", Text, ForeignKey("incidents.id")),
    Column("outcome", Text, nullable=False),
    Index("ix_inbound_phone", "phone", "received_at"),
)  # fmt: skip
