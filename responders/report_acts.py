"""That a report upward has been made, as people say it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from responders import acknowledgement, reports
from responders.acknowledgement import Refused
from responders.ledger import Ledger

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from responders.clock import Clock
    from responders.ledger import Services
    from responders.store import Store

_log = structlog.get_logger()


@dataclass(frozen=True)
class Reported:
    """It is on record; `late`: after its deadline."""

    number: int
    report: str
    by: str
    late: bool


class ReportActs:
    """Every door comes here."""

    def __init__(self, store: Store, services: Services, clock: Clock) -> None:
        self._store, self._services, self._clock = store, services, clock

    def reported(
        self, incident: int | str, report: str, by: str, via: str, *, note: str = "", on_behalf_of: str | None = None
    ) -> Reported | Refused:
        """`by` (or whom they act for) has made the report with this id."""

        def work(connection: Connection) -> Reported | Refused:
            ledger = Ledger(connection, self._services, self._clock())
            outcome = reported(ledger, incident, report, by, via, note=note, on_behalf_of=on_behalf_of)
            ledger.flush()
            return outcome

        return self._store.run(work)


def owed(ledger: Ledger, incident: str) -> list[str]:
    """The reports that an incident owes, each once, the earliest first."""
    found = acknowledgement.find(ledger, incident)
    rows = [] if isinstance(found, Refused) else reports.open_rows(ledger, found)
    return list(dict.fromkeys(row.report for row in rows))


def reported(
    ledger: Ledger, name: int | str, report: str, by: str, via: str, *, note: str = "", on_behalf_of: str | None = None
) -> Reported | Refused:
    """Within a transaction. A report made now stands for all of its kind that are late, or else for the next due."""
    who = on_behalf_of or by
    found = acknowledgement.find(ledger, name)
    if isinstance(found, Refused):
        return found
    refusal = acknowledgement.on_roster(ledger, found, by) or acknowledgement.refused(ledger, found, who)
    if refusal is not None:
        return refusal
    rows = reports.open_rows(ledger, found)
    mine = [row for row in rows if row.report == report]
    if not mine:
        names = "、".join(dict.fromkeys(row.report for row in rows)) or "无 none"
        return Refused(
            found.number,
            f"事件{found.number}没有待报的 {report}；待报：{names}。",
            f"Incident {found.number} owes no report {report}; it owes: {names}.",
        )
    late = [row for row in mine if row.due_at < ledger.now]
    for row in late or mine[:1]:
        reports.done(ledger, found, row, who, via, note.strip())
    _log.info("reported", incident=found.id, number=found.number, report=report, by=by, who=who, late=bool(late))
    return Reported(found.number, report, who, bool(late))
