"""The incident desk: alerts in, incidents and due pages out, in one transaction. No alert is ever lost here."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import structlog

from responders import library
from responders.desk_work import Work
from responders.ledger import Ledger
from responders.store import is_outage
from rules.alerts import decode, encode

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from responders.clock import Clock
    from responders.ledger import Services
    from responders.store import Store
    from rules.alerts import Alert

_log = structlog.get_logger()
_BATCH = 200


class Desk:
    """Takes alerts. The same alert again changes nothing."""

    def __init__(self, store: Store, services: Services, clock: Clock) -> None:
        self._store, self._services, self._clock = store, services, clock

    def take(self, alerts: Sequence[Alert]) -> None:
        """Take alerts in their order; when this returns they are durable. Raises only when the database is away."""
        for start in range(0, len(alerts), _BATCH):
            self._take(alerts[start : start + _BATCH])

    def take_within(self, ledger: Ledger, alerts: Sequence[Alert]) -> None:
        """Take alerts as a part of somebody else's transaction."""
        work = Work(ledger, alerts)
        for alert in alerts:
            work.take(alert)
        self.take_faults(ledger)

    def take_faults(self, ledger: Ledger) -> None:
        """Take what was found broken on the way; a fault found while reporting a fault is not reported again."""
        found, ledger.faults = ledger.faults, []
        if found:
            work = Work(ledger, found)
            for alert in found:
                work.take(alert)
            ledger.faults.clear()
        ledger.flush()

    def _take(self, alerts: Sequence[Alert]) -> None:
        try:
            outcomes = self._store.run(lambda connection: self._together(connection, alerts, self._services))
        except Exception as error:
            if is_outage(error):
                raise
            if len(alerts) > 1:
                _log.warning("batch not taken, one by one", alerts=len(alerts), error=repr(error)[:300])
                for alert in alerts:
                    self._take([alert])
                return
            outcomes = self._plainly(alerts[0], error)
        for outcome in outcomes:
            _log.info("alert", **outcome)

    def _together(self, connection: Connection, alerts: Sequence[Alert], services: Services) -> list[dict[str, Any]]:
        ledger = Ledger(connection, services, self._clock())
        self.take_within(ledger, alerts)
        return ledger.outcomes

    def _plainly(self, alert: Alert, error: Exception) -> list[dict[str, Any]]:
        """What cannot be taken with its plan is taken without: to the site's duty role, in a built-in text."""
        reason = f"{type(error).__name__}: {error}"[:300]
        _log.error("alert could not be taken with its plan", alert=str(alert.id), plan=alert.plan, error=reason)
        site = self._services.library
        # PostgreSQL takes no NUL in a text; JSON does.
        alert = decode(encode(alert).replace(b"\\u0000", b"\\ufffd"))
        bare = library.BareLibrary(site.county, site.duty_role, several_counties=site.several_counties)
        plain = replace(self._services, library=bare)

        def work(connection: Connection) -> list[dict[str, Any]]:
            ledger = Ledger(connection, plain, self._clock())
            ledger.fault(
                "desk", alert.plan,
                f"预案 {alert.plan} 的警报未能按预案处理：{reason}", f"alert of plan {alert.plan}: {reason}",
            )  # fmt: skip
            self.take_within(ledger, [alert])
            return ledger.outcomes

        return self._store.run(work)
