"""Once a day, whoever is on duty is reminded of what is out of service: one text, no escalation."""

from __future__ import annotations

from datetime import time, timedelta
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from responders import closing, incident_states, incidents
from responders.alarm_queries import now_out_of_service
from responders.clock import shown_short
from responders.ledger import Ledger
from responders.schema import alerts as alerts_table
from responders.schema import incidents as table
from rules.alerts import PIPELINE_FAULT, Words, alert_id, pipeline_fault
from rules.shanghai import SHANGHAI

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

    from responders.alarm_queries import OutOfService
    from responders.clock import Clock
    from responders.desk import Desk
    from responders.ledger import Services
    from responders.store import Store
    from rules.alerts import Alert

PART = "out-of-service"
AT = time(9)
"""In Shanghai: after the morning's handover."""
_NAMED = 5


class Reminders:
    """Asked often; speaks once a day, whichever process asks first."""

    def __init__(self, store: Store, services: Services, desk: Desk, clock: Clock) -> None:
        self._store, self._services, self._desk, self._clock = store, services, desk, clock

    def once(self) -> bool:
        """True: today's reminder was given now. Yesterday's ends, also where there is none today."""
        due = _due(self._clock())
        with self._store.read() as connection:
            still = [thing for thing in now_out_of_service(connection) if thing.since <= due]
            if not still and connection.execute(_notices().limit(1)).first() is None:
                return False
            if still and _was_given(connection, self._alert(still, due)):
                return False
        return self._store.run(lambda connection: self._remind(connection, still, due))

    def _remind(self, connection: Connection, still: list[OutOfService], due: datetime) -> bool:
        alert = self._alert(still, due)
        if still and _was_given(connection, alert):
            return False  # another process was quicker
        ledger = Ledger(connection, self._services, self._clock())
        names = list(connection.execute(_notices()).scalars())
        for notice in incidents.load(connection, table.c.id.in_(names)) if names else ():
            closing.close(ledger, notice, closing.SYSTEM, "每日提醒已过 the day's reminder is over")
        if still:
            self._desk.take_within(ledger, [alert])
        ledger.flush()
        return bool(still)

    def _alert(self, still: list[OutOfService], due: datetime) -> Alert:
        """A notice of the built-in plan; its instant is its name, so that a day has one."""
        county = self._services.library.county
        fault = pipeline_fault(county=county, part=PART, subject="daily", at=due, explain=_explained(still, due))
        named = alert_id(
            exercise=None, county=county, detector=fault.detector, subject=fault.subject,
            before="normal", after="approach", cause=fault.cause,
        )  # fmt: skip
        return msgspec.structs.replace(fault, id=named, after="approach", place=f"{county}/{PART}")


def _due(now: datetime) -> datetime:
    """The last time that a reminder fell due."""
    today = now.astimezone(SHANGHAI).replace(hour=AT.hour, minute=0, second=0, microsecond=0)
    return today if today <= now else today - timedelta(days=1)


def _notices() -> Select[tuple[str]]:
    return select(table.c.id).where(
        table.c.plan == PIPELINE_FAULT, table.c.place.like(f"%/{PART}"), table.c.status.in_(incident_states.OPEN)
    )


def _was_given(connection: Connection, alert: Alert) -> bool:
    return connection.execute(select(alerts_table.c.id).where(alerts_table.c.id == str(alert.id))).first() is not None


def _explained(still: list[OutOfService], now: datetime) -> Words:
    more = len(still) - _NAMED
    zh = "；".join(f"{t.name}（{t.by}，{shown_short(t.since, now)}起：{t.reason}）" for t in still[:_NAMED])
    en = "; ".join(f"{t.name} ({t.by}, since {shown_short(t.since, now)}: {t.reason})" for t in still[:_NAMED])
    return Words(
        zh=f"停用中{len(still)}项：{zh}" + ("等" if more > 0 else ""),
        en=f"Out of service, {len(still)}: {en}" + (f" and {more} more" if more > 0 else ""),
    )
