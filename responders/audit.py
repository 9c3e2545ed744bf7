"""Each minute: has every open, unacknowledged incident something due, is every alarm let go that is to be, and is every
report that is owed looked at in time?

Only then is the outside heartbeat called.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import aiohttp
import structlog
from sqlalchemy import func, or_, select, update

from responders.alarm_queries import overdue
from responders.ledger import Ledger
from responders.provider_faults import open_faults
from responders.response_schema import reports
from responders.schema import incidents, pages

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

    from responders.acknowledgement import Answers
    from responders.clock import Clock
    from responders.desk import Desk
    from responders.ledger import Services
    from responders.reminders import Reminders
    from responders.store import Store

_log = structlog.get_logger()
GRACE = timedelta(minutes=2)


@dataclass(frozen=True)
class Finding:
    """One break of an invariant: of an incident, or (with number 0) of the alarm that it names."""

    incident: str
    number: int
    what: str
    since: datetime | None
    provider: str = ""
    """The channel whose provider fails and keeps the page from leaving: nothing here can mend it."""


def findings(connection: Connection, now: datetime, grace: timedelta = GRACE) -> list[Finding]:
    """Open, unacknowledged incidents with nothing due, or with something due that nobody does; pages left lying."""
    late = now - grace
    found = [
        Finding(row.id, row.number, "nothing due" if row.next_due is None else "overdue", row.next_due)
        for row in connection.execute(
            select(incidents.c.id, incidents.c.number, incidents.c.next_due).where(
                incidents.c.status == "unacknowledged",
                or_(incidents.c.next_due.is_(None), incidents.c.next_due < late),
            )
        )
    ]
    lying = (
        select(
            incidents.c.id,
            incidents.c.number,
            pages.c.state,
            pages.c.channel,
            pages.c.due_at,
            pages.c.ask_at,
            pages.c.lease_until,
        )
        .join(pages, pages.c.incident == incidents.c.id)
        .where(
            incidents.c.status == "unacknowledged",
            or_(
                # Held pages wait for the provider, which has a fault incident of its own.
                (pages.c.state == "due") & (pages.c.due_at < late),
                (pages.c.state == "uncertain") & (pages.c.ask_at < late),
                (pages.c.state == "sending") & (pages.c.lease_until < late),
            ),
        )
    )
    away = open_faults(connection)
    for row in connection.execute(lying):
        provider = row.channel if row.channel in away and row.state != "sending" else ""
        since = {"due": row.due_at, "uncertain": row.ask_at, "sending": row.lease_until}[row.state]
        found.append(Finding(row.id, row.number, f"a page is {row.state}", since, provider))
    for owed in connection.execute(_unseen(late)):
        found += [Finding(owed.id, owed.number, "a report is not reminded of", owed.since)]
    return [*found, *(Finding(alarm, 0, "an alarm is still held", since) for alarm, since in overdue(connection, now))]


def _unseen(late: datetime) -> Select[Any]:
    """Incidents of which something is owed upward that nobody has looked at."""
    owed = select(incidents.c.id, incidents.c.number, func.min(reports.c.next_at).label("since"))
    owed = owed.join(reports, reports.c.incident == incidents.c.id).where(reports.c.next_at < late)
    return owed.group_by(incidents.c.id, incidents.c.number)


class Audit:
    """Looks, repairs what it can, and raises a pipeline fault."""

    def __init__(self, store: Store, services: Services, desk: Desk, clock: Clock, grace: timedelta = GRACE) -> None:
        self._store, self._services, self._desk, self._clock, self._grace = store, services, desk, clock, grace

    def once(self) -> list[Finding]:
        """What is broken now; each broken incident is due at once. A provider that fails has a fault of its own."""
        now = self._clock()
        with self._store.read() as connection:
            found = findings(connection, now, self._grace)
        for channel in sorted({finding.provider for finding in found if finding.provider}):
            waiting = sorted({finding.number for finding in found if finding.provider == channel})
            _log.error("audit", what=f"the provider of {channel} fails, pages wait", numbers=waiting)
        ours = [finding for finding in found if not finding.provider]
        if ours:
            self._store.run(lambda connection: self._repair(connection, ours, now))
        for finding in ours:
            _log.error("audit", incident=finding.incident, number=finding.number, what=finding.what)
        return found

    def _repair(self, connection: Connection, found: list[Finding], now: datetime) -> None:
        ids = [finding.incident for finding in found]
        connection.execute(
            update(incidents)
            .where(incidents.c.id.in_(ids), incidents.c.status == "unacknowledged")
            .values(next_due=now)
        )
        ledger = Ledger(connection, self._services, now)
        numbers = "、".join(str(finding.number) for finding in found[:10] if finding.number)
        if numbers:
            ledger.fault(
                "audit", "escalation",
                f"事件 {numbers} 无人跟进呼叫，请检查 responder 是否运行",
                f"incidents {numbers}: nothing happens; is the responder running?",
            )  # fmt: skip
        alarms = "、".join(finding.incident for finding in found[:10] if not finding.number)
        if alarms:
            ledger.fault(
                "audit", "alarms",
                f"报警 {alarms} 搁置或抑制已到期而未恢复呼叫，请检查 responder 是否运行",
                f"alarms {alarms}: the hold is over, nobody let them go; is the responder running?",
            )  # fmt: skip
        self._desk.take_faults(ledger)


class Heartbeat:
    """Calls an outside address each minute, only while the audit holds: its silence is the alarm."""

    def __init__(
        self,
        audit: Audit,
        answers: Answers,
        url: str,
        *,
        reminders: Reminders | None = None,
        every: float = 60.0,
        timeout: float = 10.0,
    ) -> None:
        self._audit, self._answers, self._url, self._every = audit, answers, url, every
        self._reminders = reminders
        self._timeout = aiohttp.ClientTimeout(total=timeout)

    async def beat(self) -> bool:
        """One audit, one call. False: it was not called, or did not answer well."""
        for exercise in await asyncio.to_thread(self._answers.end_overdue_drills):
            _log.warning("a drill that nobody ended is over", exercise=exercise)
        if self._reminders is not None:
            await asyncio.to_thread(self._reminders.once)
        if await asyncio.to_thread(self._audit.once):
            return False
        if not self._url:
            return True
        try:
            async with aiohttp.ClientSession(timeout=self._timeout) as session, session.get(self._url) as answer:
                if answer.ok:
                    return True
                _log.warning("heartbeat not taken", status=answer.status)
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            _log.warning("heartbeat not taken", error=type(error).__name__)
        return False

    async def run(self) -> None:
        """For ever; an audit that cannot be made sends no heartbeat."""
        while True:
            try:
                await self.beat()
            except Exception:  # noqa: BLE001, whatever it is, the next minute is audited
                _log.exception("audit failed")
            await asyncio.sleep(self._every)
