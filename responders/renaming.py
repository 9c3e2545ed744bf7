"""An alarm under another name: its row, its record, what holds it, and what open incidents know of it go with it.

The engine says so with one alert that bears the old name; before it is taken, what stood under the old name stands
under the new one, as it is: acknowledged, latched, shelved or suppressed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, exists, select, update

from responders import incident_states
from responders.alarm_schema import alarm_events, alarms, out_of_service
from responders.alarms import alarm_id
from responders.schema import alerts, incidents, subjects

if TYPE_CHECKING:
    from responders.ledger import Ledger
    from rules.alerts import Alert


def rename(ledger: Ledger, alert: Alert) -> None:
    """Move what stands under `alert.was` to the alert's own name; nothing where nothing stands there.

    An alert that says nothing else is on record already, and is the alarm's last from now on.
    """
    ledger.flush()
    exercise = alert.exercise or ""
    old, new = (alarm_id(exercise, alert.county, name, alert.subject) for name in (alert.was, alert.detector))
    last = str(alert.id) if alert.before == alert.after else None
    if ledger.alarms.rename(old, new, alert.detector, last):
        connection = ledger.connection
        connection.execute(update(alarm_events).where(alarm_events.c.alarm == old).values(alarm=new))
        connection.execute(update(alerts).where(alerts.c.alarm == old).values(alarm=new))
        connection.execute(update(alarms).where(alarms.c.suppressed_by == old).values(suppressed_by=new))
        connection.execute(delete(alarms).where(alarms.c.id == old))
    _subjects(ledger, alert)
    _out_of_service(ledger, alert)


def _subjects(ledger: Ledger, alert: Alert) -> None:
    """Open incidents wait for the end of what they know by its old name; those that are closed stay as they were."""
    named = (subjects.c.detector == alert.was) & (subjects.c.subject == alert.subject)
    live = select(incidents.c.id).where(
        incidents.c.county == alert.county, incidents.c.exercise == (alert.exercise or ""),
        incidents.c.status.in_([*incident_states.OPEN, "historic"]),
    )  # fmt: skip
    found = ledger.connection.execute(select(subjects.c.incident).where(named, subjects.c.incident.in_(live)))
    for incident in list(found.scalars()):
        here = subjects.c.incident == incident
        now = (subjects.c.detector == alert.detector) & (subjects.c.subject == alert.subject)
        ledger.connection.execute(delete(subjects).where(here, now))
        ledger.connection.execute(update(subjects).where(here, named).values(detector=alert.detector))
        ledger.renamed(incident, (alert.was, alert.subject), (alert.detector, alert.subject))


def _out_of_service(ledger: Ledger, alert: Alert) -> None:
    """Who took the detector out of service meant it by whatever name."""
    table, other = out_of_service, out_of_service.alias()
    still = (table.c.county == alert.county) & (table.c.kind == "detector") & table.c.ended_at.is_(None)
    taken = exists().where(
        other.c.county == alert.county, other.c.kind == "detector", other.c.name == alert.detector,
        other.c.ended_at.is_(None),
    )  # fmt: skip
    ledger.connection.execute(update(table).where(still, table.c.name == alert.was, ~taken).values(name=alert.detector))
