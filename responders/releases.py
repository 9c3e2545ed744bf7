"""Lets go of what was held when its time has come: a shelf that expires, what a greater alarm held back until it ended.

Each is one transaction, due in a column that was written in the transaction that made it due: who was dead at the
instant does it when he is back, and whoever comes second finds it done.
"""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select, update

from responders import closing, held
from responders.alarm_schema import alarms as table
from responders.desk_work import Work
from responders.ledger import Ledger
from responders.schema import alerts as alerts_table
from responders.store import StaleError, is_outage
from rules.alerts import decode
from rules.annunciation import Event

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from responders.alarms import Alarm
    from responders.clock import Clock
    from responders.desk import Desk
    from responders.incidents import Incident
    from responders.ledger import Services
    from responders.store import Store
    from rules.alerts import Alert

_log = structlog.get_logger()
_BATCH = 100
_AFTER_FAILURE = timedelta(minutes=1)


class Releases:
    """The clock's hand on alarms."""

    def __init__(self, store: Store, services: Services, desk: Desk, clock: Clock) -> None:
        self._store, self._services, self._desk, self._clock = store, services, desk, clock

    def once(self) -> int:
        """Do what is due now; how many alarms were freed."""
        done = 0
        for name in self._due(table.c.id, table.c.shelved_until):
            done += self._guarded(self._expire, name, table.c.shelved_until, table.c.id == name)
        for under in self._due(table.c.suppressed_under, table.c.release_due):
            done += self._guarded(self._settle, under, table.c.release_due, table.c.suppressed_under == under)
        return done

    def next_due(self, after: datetime) -> datetime | None:
        """When something falls due, the next time after an instant."""
        with self._store.read() as connection:
            found = [
                connection.execute(select(column).where(column > after).order_by(column).limit(1)).scalar_one_or_none()
                for column in (table.c.shelved_until, table.c.release_due)
            ]
        return min((at for at in found if at is not None), default=None)

    def _due(self, what: ColumnElement[Any], column: ColumnElement[Any]) -> list[str]:
        with self._store.read() as connection:
            query = select(what).where(column <= self._clock()).group_by(what).limit(_BATCH)
            return list(connection.execute(query).scalars())

    def _guarded(
        self,
        work: Callable[[str, Connection], int],
        name: str,
        column: ColumnElement[Any],
        where: ColumnElement[bool],
    ) -> int:
        """One alarm that cannot be let go must not stop the others: it is put off, loudly, and comes again."""
        try:
            return self._store.run(partial(work, name))
        except Exception as error:
            if is_outage(error):
                raise
            _log.error("alarm cannot be let go", alarm=name, error=repr(error)[:300])
            self._store.run(partial(self._put_off, name, column, where))
            return 0

    def _expire(self, name: str, connection: Connection) -> int:
        ledger = Ledger(connection, self._services, self._clock())
        work, found = open_work(ledger, table.c.id == name)
        for alarm, alert in found:
            shelf = alarm.shelf
            if shelf is None or shelf.until > ledger.now:
                return 0  # a person was quicker
            ledger.alarms.log(alarm, ledger.now, "shelf expired", until=shelf.until, shelved_by=shelf.by)
            work.free(alarm, alert, Event.SHELF_EXPIRED, "shelf expired")
        self._desk.take_faults(ledger)
        return len(found)

    def _settle(self, under: str, connection: Connection) -> int:
        """The greater has ended: what still stands is given; if all has ended, its last text says so."""
        ledger = Ledger(connection, self._services, self._clock())
        work, found = open_work(ledger, table.c.suppressed_under == under, table.c.release_due.is_not(None))
        waiting = [pair for pair in found if pair[0].suppressed_under == under and pair[0].release_due is not None]
        if not any(alarm.release_due <= ledger.now for alarm, _ in waiting if alarm.release_due):
            return 0
        greater, by = work.incident(under), waiting[0][0].suppressed_by
        freed = 0
        # The gravest first: what it holds back in its turn is not given for a moment.
        for alarm, alert in sorted(waiting, key=lambda pair: pair[0].grade, reverse=True):
            if work.alarms.hold_again(alarm):
                ledger.alarms.keep(alarm)
                continue
            ledger.alarms.log(alarm, ledger.now, "released", number=greater.number)
            work.free(alarm, alert, Event.RELEASED, "released")
            freed += 1
        if freed and _has_returned(ledger, greater):
            (holder,) = ledger.alarms.find(table.c.id == by)
            last = held.last_alert(connection, holder)
            work.tell_return(greater, last, f"{last.id}/settled")
        self._desk.take_faults(ledger)
        return len(waiting)

    def _put_off(
        self, name: str, column: ColumnElement[Any], where: ColumnElement[bool], connection: Connection
    ) -> None:
        now = self._clock()
        connection.execute(
            update(table)
            .where(where, column <= now)
            .values({column.key: now + _AFTER_FAILURE, "turn": table.c.turn + 1})
        )
        ledger = Ledger(connection, self._services, now)
        ledger.fault("alarms", name, f"报警 {name} 到期未能恢复呼叫", f"alarm {name} is due and cannot be given again")
        self._desk.take_faults(ledger)


def open_work(ledger: Ledger, *where: ColumnElement[bool]) -> tuple[Work, list[tuple[Alarm, Alert]]]:
    """Work on alarms that are there, each with its last alert; their incidents are locked first, as the desk does."""
    query = select(table.c.id, alerts_table.c.raw).join(alerts_table, alerts_table.c.id == table.c.alert).where(*where)
    last = {row.id: decode(row.raw.encode()) for row in ledger.connection.execute(query.order_by(table.c.id))}
    work = Work(ledger, list(last.values()), again=True)
    found = []
    for name, alert in last.items():
        alarm = ledger.alarms.get(name)
        if alarm is None or alarm.alert != str(alert.id):
            raise StaleError(f"alarm {name}: it had another alert meanwhile")
        found.append((alarm, alert))
    return work, found


def _has_returned(ledger: Ledger, incident: Incident) -> bool:
    if not incident.is_open and incident.close_reason != closing.RETURNED:
        return False
    return all(subject.severity == "normal" for subject in ledger.subjects(incident).values())
