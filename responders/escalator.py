"""Lets everything do what has fallen due: a held alarm, an incident's next step, an update, a reminder."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec
import structlog
from sqlalchemy import select, update

from responders import incidents as rows
from responders import outbox, page_states
from responders.deadlines import Deadlines
from responders.escalation import StepPages
from responders.ledger import Ledger
from responders.releases import Releases
from responders.schema import incidents, pages
from responders.store import is_outage
from rules.alerts import Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from responders.clock import Clock
    from responders.desk import Desk
    from responders.incidents import Incident
    from responders.ledger import Services
    from responders.store import Store

_log = structlog.get_logger()
_BATCH = 100
_AFTER_FAILURE = timedelta(minutes=1)
_words = msgspec.json.Decoder(Words)


class Escalator:
    """The clock's hand on incidents, and on what was kept from becoming one."""

    def __init__(self, store: Store, services: Services, desk: Desk, clock: Clock) -> None:
        self._store, self._services, self._desk, self._clock = store, services, desk, clock
        self._releases = Releases(store, services, desk, clock)
        self._deadlines = Deadlines(store, services, desk, clock)

    def once(self) -> int:
        """Do what is due now; how much moved."""
        return self._releases.once() + self._steps() + self._updates() + self._deadlines.once()

    def next_due(self, after: datetime) -> datetime | None:
        """When something falls due, the next time after an instant."""
        with self._store.read() as connection:
            found = [
                connection.execute(select(column).where(column > after).order_by(column).limit(1)).scalar_one_or_none()
                for column in (incidents.c.next_due, incidents.c.update_due)
            ]
        found += [self._releases.next_due(after), self._deadlines.next_due(after)]
        return min((at for at in found if at is not None), default=None)

    def _steps(self) -> int:
        if not self._any(incidents.c.next_due):
            return 0
        try:
            return self._store.run(self._advance_due)
        except Exception as error:
            if is_outage(error):
                raise
            _log.error("escalation failed, one by one", error=repr(error)[:300])
            return self._one_by_one()

    def _any(self, column: ColumnElement[Any]) -> bool:
        with self._store.read() as connection:
            query = select(incidents.c.id).where(column <= self._clock()).limit(1)
            return connection.execute(query).first() is not None

    def _advance_due(self, connection: Connection) -> int:
        now = self._clock()
        due = rows.load_due(connection, incidents.c.next_due, now, _BATCH)
        self._advance(Ledger(connection, self._services, now), due)
        return len(due)

    def _advance(self, ledger: Ledger, due: Sequence[Incident]) -> None:
        steps = _step_pages(ledger.connection, due)
        for incident in due:
            outbox.advance(ledger, incident, steps[incident.id])
        self._desk.take_faults(ledger)

    def _one_by_one(self) -> int:
        """One incident that cannot be read must not stop the others: it is put off, loudly, and comes again."""
        with self._store.read() as connection:
            query = select(incidents.c.id).where(incidents.c.next_due <= self._clock()).limit(_BATCH)
            ids = list(connection.execute(query).scalars())
        for incident in ids:
            try:
                self._store.run(partial(self._advance_one, incident))
            except Exception as error:
                if is_outage(error):
                    raise
                _log.error("incident cannot be escalated", incident=incident, error=repr(error)[:300])
                self._store.run(partial(self._put_off, incident))
        return len(ids)

    def _advance_one(self, incident: str, connection: Connection) -> None:
        now = self._clock()
        due = rows.load(connection, incidents.c.id == incident, incidents.c.next_due <= now)
        self._advance(Ledger(connection, self._services, now), due)

    def _put_off(self, incident: str, connection: Connection) -> None:
        now = self._clock()
        connection.execute(
            update(incidents)
            .where(incidents.c.id == incident, incidents.c.next_due <= now)
            .values(next_due=now + _AFTER_FAILURE)
        )
        ledger = Ledger(connection, self._services, now)
        ledger.fault(
            "escalation", incident, f"事件 {incident} 无法升级呼叫", f"incident {incident} cannot be escalated"
        )
        self._desk.take_faults(ledger)

    def _updates(self) -> int:
        if not self._any(incidents.c.update_due):
            return 0
        return self._store.run(self._tell_updates)

    def _tell_updates(self, connection: Connection) -> int:
        now = self._clock()
        due = rows.load_due(connection, incidents.c.update_due, now, _BATCH)
        ledger = Ledger(connection, self._services, now)
        for incident in due:
            fresh = [s for s in ledger.subjects(incident).values() if not s.told and s.severity != "normal"]
            if fresh:
                newest = max(fresh, key=lambda subject: subject.at)
                about = f"{now.isoformat()}"
                values = {"count": len(fresh), "explain": _words.decode(newest.explain)}
                count = outbox.tell(ledger, incident, "update", about, values)
                ledger.note(incident.id, "update", subjects=len(fresh), told=count)
                incident.updated_at = now
            ledger.mark_told(incident)
            incident.update_due = None
            ledger.touch(incident)
        self._desk.take_faults(ledger)
        return len(due)


def _step_pages(connection: Connection, due: Sequence[Incident]) -> dict[str, StepPages]:
    """What became of the pages of each incident's present step."""
    by_id = rows.by_id(due)
    found: dict[str, list[tuple[str, datetime | None]]] = {incident: [] for incident in by_id}
    query = select(pages.c.incident, pages.c.cycle, pages.c.step, pages.c.state, pages.c.left_at).where(
        pages.c.incident.in_(list(by_id)), pages.c.kind == "page"
    )
    for row in connection.execute(query) if by_id else ():
        incident = by_id[row.incident]
        if (row.cycle, row.step) == (incident.cycle, incident.position):
            found[row.incident].append((row.state, row.left_at))
    return {incident: _summary(states) for incident, states in found.items()}


def _summary(states: Sequence[tuple[str, datetime | None]]) -> StepPages:
    left = [at for state, at in states if state in page_states.LEFT and at is not None]
    return StepPages(
        first_left_at=min(left, default=None),
        pending=sum(state in page_states.PENDING for state, _ in states),
        lost=sum(state in page_states.LOST for state, _ in states),
    )
