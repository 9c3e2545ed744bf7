"""Reports upward and their deadlines: what is owed, when it is reminded of, when it is late, who has reported.

A deadline is reminded of as the plan says, or at half its time and 5 minutes before, once each; one that passes is told
once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from responders.response_schema import reports as table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import ColumnElement

    from responders.duties import FrozenReport
    from responders.incidents import Incident
    from responders.ledger import Ledger

LAST_CALL = timedelta(minutes=5)
"""How long before its deadline a report is reminded of for the last time."""


def reminders(from_at: datetime, due_at: datetime, before: Sequence[int] = ()) -> list[datetime]:
    """When a report is reminded of, in order: so many seconds before its deadline; where the plan is silent at half its
    time and `LAST_CALL` before its end.
    """
    usual = (from_at + (due_at - from_at) / 2, due_at - LAST_CALL)
    times = [due_at - timedelta(seconds=seconds) for seconds in before] or usual
    return sorted({at for at in times if from_at < at < due_at})


def first_look(from_at: datetime, due_at: datetime, now: datetime, before: Sequence[int] = ()) -> datetime:
    """When a report that is owed as of now is looked at first: at once where a reminder should have been before."""
    times = reminders(from_at, due_at, before)
    if now >= due_at or any(at <= now for at in times):
        return now
    return min(times, default=due_at)


def next_look(from_at: datetime, due_at: datetime, now: datetime, before: Sequence[int] = ()) -> datetime:
    """When a report that was just reminded of is looked at again."""
    return min((at for at in reminders(from_at, due_at, before) if at > now), default=due_at)


def fall_due(ledger: Ledger, incident: Incident, known_at: datetime) -> None:
    """What the incident's severity, as of now, asks to be reported. The clock of a report that is owed already, or is
    owed to the same receiver in the same way, does not begin anew: the earlier deadline stands.
    """
    owed = open_rows(ledger, incident) if incident.loaded is not None else []
    known = _names(ledger, incident) if incident.loaded is not None else set()
    repeated = {report.id for report in incident.policy.duties.reports if report.every}
    for report in incident.policy.duties.reports:
        if not report.applies(incident.severity) or report.id in known:
            continue
        from_at = ledger.now if report.from_opening else min(known_at, ledger.now)
        due_at = from_at + timedelta(seconds=report.within)
        for old in owed:
            once = not report.every and old.report not in repeated
            if once and old.missed_at is None and _same_way(old, report):
                from_at, due_at = (old.from_at, old.due_at) if old.due_at < due_at else (from_at, due_at)
                _change(ledger, incident, old, ended_at=ledger.now, next_at=None)
                ledger.note(incident.id, "report replaced", report=old.report, by=report.id)
        _owe(ledger, incident, report, 1, from_at, due_at)


def follow(ledger: Ledger, incident: Incident, row: Any) -> None:
    """A report that is done or late: where it is repeated the next is owed, counted from its deadline. What a dead time
    has passed over is not made up.
    """
    report = _of(incident, row)
    level = incident.running or incident.severity
    if report is None or not report.every or not incident.is_open or not report.applies(level):
        return
    from_at, nth, every = row.due_at, row.nth + 1, timedelta(seconds=report.every)
    if from_at + every <= ledger.now:
        passed = (ledger.now - from_at) // every
        from_at, nth = from_at + passed * every, nth + passed
    if nth not in _repeats(ledger, incident, row.report):
        _owe(ledger, incident, report, nth, from_at, from_at + every)


def done(ledger: Ledger, incident: Incident, row: Any, by: str, via: str, note: str) -> None:
    """It has been reported; late or not."""
    _change(ledger, incident, row, done_at=ledger.now, done_by=by, done_via=via, note=note or None, next_at=None)
    late = ledger.now > row.due_at
    ledger.note(incident.id, "reported", who=by, report=row.report, nth=row.nth, via=via, note=note, late=late)
    if row.missed_at is None:
        follow(ledger, incident, row)


def end(ledger: Ledger, incident: Incident, *, repeated_only: bool = False) -> None:
    """The incident has ended, or (`repeated_only`) its response: nothing more is owed. What was not done is said."""
    repeated = {report.id for report in incident.policy.duties.reports if report.every}
    rows = [row for row in open_rows(ledger, incident) if not repeated_only or row.report in repeated]
    for row in rows:
        _change(ledger, incident, row, ended_at=ledger.now, next_at=None)
    if rows:
        ledger.note(incident.id, "reports ended", reports=[row.report for row in rows])


def open_rows(ledger: Ledger, incident: Incident, *where: ColumnElement[bool]) -> list[Any]:
    """What is still owed for the incident, late or not; the earliest first, locked."""
    ledger.flush()
    query = select(table).where(table.c.incident == incident.id, table.c.done_at.is_(None), table.c.ended_at.is_(None))
    return list(
        ledger.connection.execute(query.where(*where).order_by(table.c.due_at, table.c.report).with_for_update())
    )


def look_again(ledger: Ledger, incident: Incident, row: Any) -> None:
    """A reminder has been written."""
    report = _of(incident, row)
    look = next_look(row.from_at, row.due_at, ledger.now, report.remind if report else ())
    _change(ledger, incident, row, reminded=row.reminded + 1, next_at=look)


def miss(ledger: Ledger, incident: Incident, row: Any) -> None:
    """Its deadline has passed. It stays owed."""
    _change(ledger, incident, row, missed_at=ledger.now, next_at=None)
    ledger.note(incident.id, "report missed", report=row.report, nth=row.nth, due=row.due_at)
    follow(ledger, incident, row)


def _owe(
    ledger: Ledger, incident: Incident, report: FrozenReport, nth: int, from_at: datetime, due_at: datetime
) -> None:
    ledger.report({
        "incident": incident.id, "report": report.id, "nth": nth, "sender": report.sender,
        "receiver": report.receiver, "manner": report.manner, "within": int((due_at - from_at).total_seconds()),
        "from_at": from_at, "due_at": due_at, "next_at": first_look(from_at, due_at, ledger.now, report.remind),
        "reminded": 0,
    })  # fmt: skip


def _change(ledger: Ledger, incident: Incident, row: Any, **values: Any) -> None:
    """The row is locked in this transaction, so it is as it was read."""
    where = (table.c.incident == incident.id) & (table.c.report == row.report) & (table.c.nth == row.nth)
    ledger.connection.execute(update(table).where(where).values(values))


def _of(incident: Incident, row: Any) -> FrozenReport | None:
    return next((report for report in incident.policy.duties.reports if report.id == row.report), None)


def _same_way(old: Any, report: FrozenReport) -> bool:
    return (old.sender, old.receiver, old.manner) == (report.sender, report.receiver, report.manner)


def _names(ledger: Ledger, incident: Incident) -> set[str]:
    query = select(table.c.report).where(table.c.incident == incident.id)
    return set(ledger.connection.execute(query).scalars())


def _repeats(ledger: Ledger, incident: Incident, report: str) -> set[int]:
    ledger.flush()
    query = select(table.c.nth).where(table.c.incident == incident.id, table.c.report == report)
    return set(ledger.connection.execute(query).scalars())
