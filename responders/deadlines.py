"""Reminds of reports before they are late, and tells of those that are: the clock's hand on what is owed upward.

Each is one transaction, due in a column that was written in the transaction that made it due: who was dead at the
instant does it once when he is back, and whoever comes second finds it done.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select, update

from responders import incidents as rows
from responders import outbox, reports, whom
from responders.ledger import Ledger
from responders.response_schema import reports as table
from responders.response_words import joined
from responders.schema import incidents
from responders.store import is_outage

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from responders.clock import Clock
    from responders.desk import Desk
    from responders.incidents import Incident
    from responders.ledger import Services
    from responders.store import Store

_log = structlog.get_logger()
_BATCH = 100
_AFTER_FAILURE = timedelta(minutes=1)


class Deadlines:
    """The clock's hand on reports."""

    def __init__(self, store: Store, services: Services, desk: Desk, clock: Clock) -> None:
        self._store, self._services, self._desk, self._clock = store, services, desk, clock

    def once(self) -> int:
        """Do what is due now; how many reports were reminded of or found late."""
        with self._store.read() as connection:
            query = select(table.c.incident).where(table.c.next_at <= self._clock())
            found = list(connection.execute(query.group_by(table.c.incident).limit(_BATCH)).scalars())
        return sum(self._guarded(incident) for incident in found)

    def next_due(self, after: datetime) -> datetime | None:
        """When something falls due, the next time after an instant."""
        with self._store.read() as connection:
            query = select(table.c.next_at).where(table.c.next_at > after).order_by(table.c.next_at).limit(1)
            found: datetime | None = connection.execute(query).scalar_one_or_none()
        return found

    def _guarded(self, incident: str) -> int:
        """One incident whose reports cannot be read must not stop the others: they are put off, loudly."""
        try:
            return self._store.run(partial(self._remind, incident))
        except Exception as error:
            if is_outage(error):
                raise
            _log.error("reports cannot be reminded of", incident=incident, error=repr(error)[:300])
            self._store.run(partial(self._put_off, incident))
            return 0

    def _remind(self, name: str, connection: Connection) -> int:
        ledger = Ledger(connection, self._services, self._clock())
        (incident,) = rows.load(connection, incidents.c.id == name)
        due = reports.open_rows(ledger, incident, table.c.next_at <= ledger.now)
        late = [row for row in due if row.due_at <= ledger.now]
        for row in due:
            (reports.miss if row.due_at <= ledger.now else reports.look_again)(ledger, incident, row)
        if due:
            self._tell(ledger, incident, due, late)
        self._desk.take_faults(ledger)
        return len(due)

    def _tell(self, ledger: Ledger, incident: Incident, due: Sequence[Any], late: Sequence[Any]) -> None:
        """One text for all that is due now to those on watch; the leader hears of what is late."""
        site, about = ledger.services.library, ledger.now.isoformat()
        watch = whom.on_watch(ledger, incident)
        told = outbox.remind(ledger, incident, about, watch, joined(site, due, ledger.now), due[0].report)
        leaders = [officer for officer in whom.leaders(ledger, incident) if officer not in watch] if late else []
        told += outbox.remind(ledger, incident, about, leaders, joined(site, late or due, ledger.now), due[0].report)
        names = [row.report for row in due if row.due_at > ledger.now]
        ledger.note(incident.id, "reminded", reports=names, late=[row.report for row in late], people=told)
        _log.info("reminder", incident=incident.id, number=incident.number, reports=[row.report for row in due])

    def _put_off(self, name: str, connection: Connection) -> None:
        now = self._clock()
        later = now + _AFTER_FAILURE
        connection.execute(update(table).where(table.c.incident == name, table.c.next_at <= now).values(next_at=later))
        ledger = Ledger(connection, self._services, now)
        ledger.fault(
            "reports", name, f"事件 {name} 的报告时限无法提醒", f"reports of incident {name} cannot be reminded of"
        )
        self._desk.take_faults(ledger)
