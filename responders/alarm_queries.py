"""What people ask of alarms: how each stands, what holds it, and all that happened to one. Also what is overdue."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import Table, func, or_, select

from responders.alarm_schema import alarm_events, out_of_service
from responders.alarm_schema import alarms as table
from responders.alarms import state_of
from responders.schema import HELD_OUTCOMES, alerts, incidents
from rules.alerts import Words, decode
from rules.annunciation import Seen

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

GRACE = timedelta(minutes=1)
"""Within this, what has fallen due of an alarm has been acted on."""


_NOT_NORMAL = or_(
    table.c.condition != "clear", table.c.owed, table.c.shelved_until.is_not(None),
    table.c.suppressed_by.is_not(None), table.c.out_of_service,
)  # fmt: skip


class ShelfView(msgspec.Struct, kw_only=True):
    """By whom it was shelved, until when, why, and up to which severity."""

    at: datetime
    until: datetime
    by: str
    reason: str
    severity: str


class SuppressedView(msgspec.Struct, kw_only=True):
    """The greater alarm that stands, and the incident on whose timeline this one is recorded."""

    detector: str
    subject: str
    incident: int


class AlarmLine(msgspec.Struct, kw_only=True):
    """How one alarm stands. `state` is the ISA-18.2 state; `holds` is everything that holds it (D14)."""

    detector: str
    subject: str
    county: str
    exercise: str
    plan: str
    place: str
    state: Seen
    condition: str
    severity: str
    since: datetime
    holds: list[str]
    incident: int | None
    """The open incident it was given in."""
    shelf: ShelfView | None
    suppressed: SuppressedView | None
    explain: Words


class AlarmEvent(msgspec.Struct, kw_only=True):
    """One line of an alarm's record: an alert with its outcome, or what people and greater alarms did."""

    at: datetime
    event: str
    who: str | None = None
    incident: int | None = None
    detail: dict[str, Any] = {}


class AlarmView(AlarmLine, kw_only=True):
    """One alarm with its record, in order."""

    record: list[AlarmEvent]


class OutOfService(msgspec.Struct, kw_only=True):
    """A detector or a point that is out of service now."""

    county: str
    kind: str
    name: str
    since: datetime
    by: str
    reason: str


def list_alarms(
    connection: Connection,
    *,
    states: Sequence[Seen] = (),
    plan: str | None = None,
    detector: str | None = None,
    exercise: str | None = None,
    standing: bool = False,
    limit: int = 1000,
) -> list[AlarmLine]:
    """The latest change first (D15). `exercise` None: all, '': real ones only. `standing`: all but the normal ones."""
    query = select(table).order_by(table.c.since.desc(), table.c.detector, table.c.subject).limit(limit)
    for column, wanted in ((table.c.plan, plan), (table.c.detector, detector), (table.c.exercise, exercise)):
        if wanted is not None:
            query = query.where(column == wanted)
    if standing or (states and Seen.NORMAL not in states):
        query = query.where(_NOT_NORMAL)
    lines = [AlarmLine(**values) for values in _lines(connection, connection.execute(query).all())]
    return [line for line in lines if not states or line.state in states]


def show_alarm(connection: Connection, name: str) -> AlarmView | None:
    """By its id. None: there is no such alarm."""
    rows = connection.execute(select(table).where(table.c.id == name)).all()
    if not rows:
        return None
    (values,) = _lines(connection, rows)
    return AlarmView(**values, record=_record(connection, name))


def now_out_of_service(connection: Connection) -> list[OutOfService]:
    """The longest first."""
    query = select(out_of_service).where(out_of_service.c.ended_at.is_(None)).order_by(out_of_service.c.since)
    return [
        OutOfService(county=r.county, kind=r.kind, name=r.name, since=r.since, by=r.taken_by, reason=r.reason)
        for r in connection.execute(query)
    ]


def overdue(connection: Connection, now: datetime, grace: timedelta = GRACE) -> list[tuple[str, datetime]]:
    """Alarms whose shelf has expired, or which were to be settled, and with which nothing was done: since when."""
    late = now - grace
    query = select(table.c.detector, table.c.subject, table.c.shelved_until, table.c.release_due).where(
        or_(table.c.shelved_until < late, table.c.release_due < late)
    )
    return [
        (f"{row.detector} {row.subject}", min(at for at in (row.shelved_until, row.release_due) if at is not None))
        for row in connection.execute(query)
    ]


def alarms_standing(connection: Connection) -> dict[str, int]:
    """How many alarms are in each state; exercises are left out."""
    found = dict.fromkeys((f"alarms_{state}" for state in Seen if state is not Seen.NORMAL), 0)
    columns = [table.c[name] for name in ("condition", "owed", "shelved_until", "suppressed_by", "out_of_service")]
    for row in connection.execute(select(*columns).where(_NOT_NORMAL, table.c.exercise == "")):
        found[f"alarms_{state_of(row).seen}"] += 1
    return found


def held_alerts(connection: Connection) -> dict[str, int]:
    """How many alerts were ever recorded without paging, by what held their alarm; exercises are left out."""
    query = (
        select(alerts.c.outcome, func.count().label("number"))
        .where(alerts.c.outcome.in_(HELD_OUTCOMES), alerts.c.exercise == "")
        .group_by(alerts.c.outcome)
    )
    counted = {row.outcome: row.number for row in connection.execute(query)}
    return {outcome: counted.get(outcome, 0) for outcome in HELD_OUTCOMES}


def _lines(connection: Connection, rows: Sequence[Any]) -> list[dict[str, Any]]:
    numbers = _by_id(connection, incidents, {row.incident for row in rows} | {row.suppressed_under for row in rows})
    greater = _by_id(connection, table, {row.suppressed_by for row in rows})
    last = _by_id(connection, alerts, {row.alert for row in rows})
    return [
        {
            **{name: getattr(row, name) for name in _SAME},
            "state": state_of(row).seen,
            "holds": sorted(state_of(row).holds),
            "incident": numbers[row.incident].number if row.incident else None,
            "shelf": _shelf(row) if row.shelved_until else None,
            "suppressed": SuppressedView(
                detector=greater[row.suppressed_by].detector, subject=greater[row.suppressed_by].subject,
                incident=numbers[row.suppressed_under].number,
            ) if row.suppressed_by else None,
            "explain": decode(last[row.alert].raw.encode()).explain,
        }
        for row in rows
    ]  # fmt: skip


_SAME = ("detector", "subject", "county", "exercise", "plan", "place", "condition", "severity", "since")


def _shelf(row: Any) -> ShelfView:
    return ShelfView(**{name: getattr(row, f"shelved_{name}") for name in ShelfView.__struct_fields__})


def _by_id(connection: Connection, of: Table, ids: set[str | None]) -> dict[str, Any]:
    wanted = sorted(name for name in ids if name)
    found: dict[str, Any] = {}
    for start in range(0, len(wanted), 500):  # parameters of one statement are limited
        query = select(of).where(of.c.id.in_(wanted[start : start + 500]))
        found |= {row.id: row for row in connection.execute(query)}
    return found


def _record(connection: Connection, name: str) -> list[AlarmEvent]:
    number = {None: None} | {
        row.id: row.number for row in connection.execute(
            select(incidents.c.id, incidents.c.number).join(alerts, alerts.c.incident == incidents.c.id)
            .where(alerts.c.alarm == name)
        )
    }  # fmt: skip
    said = [
        AlarmEvent(
            at=row.received_at, event="alert", incident=number[row.incident],
            detail={"outcome": row.outcome, "before": alert.before, "after": alert.after,
                    "zh": alert.explain.zh, "en": alert.explain.en, "observed": alert.at},
        )
        for row in connection.execute(select(alerts).where(alerts.c.alarm == name).order_by(alerts.c.received_at))
        for alert in [decode(row.raw.encode())]
    ]  # fmt: skip
    done = [
        AlarmEvent(at=row.at, event=row.event, who=row.who, detail=msgspec.json.decode(row.detail))
        for row in connection.execute(
            select(alarm_events).where(alarm_events.c.alarm == name).order_by(alarm_events.c.id)
        )
    ]
    return sorted([*said, *done], key=lambda event: event.at)
