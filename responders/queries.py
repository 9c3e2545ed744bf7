"""What people ask of the record: incidents, and one incident with everything that happened to it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import select

from responders import incident_states, relatives
from responders.response_schema import reports
from responders.schema import alerts, incidents, pages, subjects, timeline
from rules.alerts import Words
from rules.alerts import decode as decode_alert

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.engine import Connection


class IncidentLine(msgspec.Struct, kw_only=True):
    """One incident in a list."""

    number: int
    id: str
    plan: str
    place: str
    county: str
    exercise: str
    status: str
    severity: str
    headline: Words
    opened_at: datetime
    observed_at: datetime
    owner: str | None
    acknowledged_at: datetime | None
    closed_at: datetime | None
    running: str | None
    """The level at which the response runs."""
    proposal: int | None
    """The proposal that waits for its answer."""
    parent: int | None
    """Of a proposal: the incident that it is for."""
    decision: str | None
    """Of a proposal: how it was closed."""


class ReportView(msgspec.Struct, kw_only=True):
    """One report upward. `sender`, `receiver`: a tier or a department; `within` in seconds."""

    report: str
    nth: int
    sender: str
    receiver: str
    manner: str
    within: int
    due_at: datetime
    reminded: int
    missed_at: datetime | None
    done_at: datetime | None
    done_by: str | None
    note: str | None
    ended_at: datetime | None


class PageView(msgspec.Struct, kw_only=True):
    """One page and what became of it."""

    id: str
    kind: str
    cycle: int
    step: int
    officer: str | None
    channel: str
    address: str
    state: str
    reason: str
    attempts: int
    created_at: datetime
    sending_at: datetime | None
    left_at: datetime | None
    provider_id: str | None
    body: str


class Event(msgspec.Struct, kw_only=True):
    """One line of the timeline."""

    at: datetime
    event: str
    who: str | None = None
    page: str | None = None
    alert: str | None = None
    detail: dict[str, Any] = {}


class SubjectView(msgspec.Struct, kw_only=True):
    """The last that is known of one subject."""

    subject: str
    severity: str
    at: datetime


class RelativeView(msgspec.Struct, kw_only=True):
    """Another plan's incident of the same occurrence."""

    number: int
    plan: str
    title: Words
    status: str
    severity: str


class IncidentView(IncidentLine, kw_only=True):
    """One incident with all that happened, in order: observed, alert, incident, pages and receipts, acknowledgement."""

    title: Words
    cycle: int
    position: int
    next_due: datetime | None
    acknowledged_via: str | None
    acknowledged_by: str | None
    closed_by: str | None
    close_reason: str | None
    subjects: list[SubjectView]
    related: list[RelativeView]
    reports: list[ReportView]
    pages: list[PageView]
    timeline: list[Event]


def list_incidents(
    connection: Connection,
    *,
    only_open: bool = False,
    exercise: str | None = None,
    plan: str | None = None,
    limit: int = 200,
) -> list[IncidentLine]:
    """The newest first. `exercise` None: all, '': real ones only."""
    query = _select().order_by(incidents.c.number.desc()).limit(limit)
    if only_open:
        query = query.where(incidents.c.status.in_(incident_states.OPEN))
    if exercise is not None:
        query = query.where(incidents.c.exercise == exercise)
    if plan is not None:
        query = query.where(incidents.c.plan == plan)
    return [IncidentLine(**_line(row)) for row in connection.execute(query)]


def show_incident(connection: Connection, number: int) -> IncidentView | None:
    """None: there is no such incident."""
    row = connection.execute(_select().where(incidents.c.number == number)).one_or_none()
    if row is None:
        return None
    policy = msgspec.json.decode(row.policy)
    return IncidentView(
        **_line(row),
        title=msgspec.convert(policy["titles"], Words),
        cycle=row.cycle, position=row.position, next_due=row.next_due,
        acknowledged_via=row.acknowledged_via, acknowledged_by=row.acknowledged_by,
        closed_by=row.closed_by, close_reason=row.close_reason,
        subjects=[
            SubjectView(subject=s.subject, severity=s.severity, at=s.at)
            for s in connection.execute(
                select(subjects).where(subjects.c.incident == row.id).order_by(subjects.c.subject)
            )
        ],
        related=_related(connection, row),
        reports=_reports(connection, row.id),
        pages=_pages(connection, row.id),
        timeline=_events(connection, row.id),
    )  # fmt: skip


def _select() -> Select[Any]:
    """Incidents with the numbers of what they are for, and of what is proposed for them."""
    above, waiting = incidents.alias("above"), incidents.alias("waiting")
    columns = [column for column in incidents.c if column.name != "parent"]
    joined = incidents.outerjoin(above, above.c.id == incidents.c.parent).outerjoin(
        waiting, (waiting.c.parent == incidents.c.id) & (waiting.c.status == "unacknowledged")
    )
    return select(*columns, above.c.number.label("parent"), waiting.c.number.label("proposal")).select_from(joined)


def _line(row: Any) -> dict[str, Any]:
    names = IncidentLine.__struct_fields__
    values = {name: getattr(row, name) for name in names if name != "headline"}
    return values | {"headline": msgspec.json.decode(row.headline, type=Words)}


def _related(connection: Connection, row: Any) -> list[RelativeView]:
    query = select(incidents).where(incidents.c.id.in_(relatives.of_incident(row.id, row.exercise, row.county)))
    return [
        RelativeView(
            number=one.number, plan=one.plan, status=one.status, severity=one.severity,
            title=msgspec.convert(msgspec.json.decode(one.policy)["titles"], Words),
        )
        for one in connection.execute(query.order_by(incidents.c.number))
    ]  # fmt: skip


def _reports(connection: Connection, incident: str) -> list[ReportView]:
    query = select(reports).where(reports.c.incident == incident).order_by(reports.c.due_at, reports.c.report)
    names = ReportView.__struct_fields__
    return [ReportView(**{name: getattr(row, name) for name in names}) for row in connection.execute(query)]


def _pages(connection: Connection, incident: str) -> list[PageView]:
    query = select(pages).where(pages.c.incident == incident).order_by(pages.c.created_at, pages.c.step, pages.c.id)
    names = PageView.__struct_fields__
    return [PageView(**{name: getattr(row, name) for name in names}) for row in connection.execute(query)]


def _events(connection: Connection, incident: str) -> list[Event]:
    """The observations come first: they happened before anything here did."""
    observed = [
        Event(
            at=row.at, event="observed", alert=row.id,
            detail={"source": alert.source, "subject": alert.subject},
        )
        for row in connection.execute(select(alerts).where(alerts.c.incident == incident))
        for alert in [decode_alert(row.raw.encode())]
    ]  # fmt: skip
    recorded = [
        Event(
            at=row.at, event=row.event, who=row.who, page=row.page, alert=row.alert,
            detail=msgspec.json.decode(row.detail),
        )
        for row in connection.execute(
            select(timeline).where(timeline.c.incident == incident).order_by(timeline.c.at, timeline.c.id)
        )
    ]  # fmt: skip
    return sorted([*observed, *recorded], key=lambda event: event.at)
