"""The incident desk: alerts in, incidents and due pages out, in one transaction. No alert is ever lost here."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select

from responders import drills, escalation, incident_states, incidents, library, outbox
from responders.closing import close_by_return
from responders.incidents import Incident
from responders.ledger import Ledger
from responders.schema import alerts as alerts_table
from responders.schema import incidents as incidents_table
from responders.schema import subjects
from responders.store import is_outage
from rules import identity
from rules.alerts import PIPELINE_FAULT, Words, decode, encode
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from responders.clock import Clock
    from responders.ledger import Services
    from responders.store import Store
    from rules.alerts import Alert
    from rules.plans import Plan

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
        work = _Work(ledger, alerts)
        for alert in alerts:
            work.take(alert)
        self.take_faults(ledger)

    def take_faults(self, ledger: Ledger) -> None:
        """Take what was found broken on the way; a fault found while reporting a fault is not reported again."""
        found, ledger.faults = ledger.faults, []
        if found:
            work = _Work(ledger, found)
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
        plain = replace(self._services, library=library.BareLibrary(site.county, site.duty_role))

        def work(connection: Connection) -> list[dict[str, Any]]:
            ledger = Ledger(connection, plain, self._clock())
            ledger.fault(
                "desk", alert.plan,
                f"预案 {alert.plan} 的警报未能按预案处理：{reason}", f"alert of plan {alert.plan}: {reason}",
            )  # fmt: skip
            self.take_within(ledger, [alert])
            return ledger.outcomes

        return self._store.run(work)


class _Work:
    """Some alerts in one ledger: what they meet is asked for all of them at once."""

    def __init__(self, ledger: Ledger, alerts: Sequence[Alert]) -> None:
        self._ledger = ledger
        ledger.flush()
        connection = ledger.connection
        ids = [str(alert.id) for alert in alerts]
        known = connection.execute(select(alerts_table.c.id).where(alerts_table.c.id.in_(ids)))
        self._known = set(known.scalars())
        places = {alert.place for alert in alerts}
        self._open = {
            (incident.exercise, incident.plan, incident.place): incident
            for incident in incidents.load(
                connection,
                incidents_table.c.place.in_(places),
                incidents_table.c.status.in_(incident_states.OPEN),
            )
        }

    def take(self, alert: Alert) -> None:
        ledger = self._ledger
        if str(alert.id) in self._known:
            return
        self._known.add(str(alert.id))
        exercise = alert.exercise or ""
        if exercise and ledger.participants(exercise) is None:
            self._stray(alert, exercise)
        elif alert.historic:
            self._historic(alert)
        else:
            self._present(alert, exercise)

    def _stray(self, alert: Alert, exercise: str) -> None:
        """An alert that left as its drill was ended is only recorded; one of a drill that never was is a fault."""
        ledger = self._ledger
        if drills.has_ended(ledger.connection, exercise):
            ledger.record(alert, None, "the drill has ended")
            return
        ledger.record(alert, None, "no such drill")
        ledger.fault(
            "drill", exercise, f"收到演练 {exercise} 的警报，但该演练从未登记",
            f"an alert of drill {exercise}, which was never registered", county=alert.county,
        )  # fmt: skip

    def _present(self, alert: Alert, exercise: str) -> None:
        key = (exercise, alert.plan, alert.place)
        incident = self._open.get(key)
        if incident is None:
            if alert.rises:
                self._open[key] = self._opened(alert, exercise)
            else:
                self._ledger.record(alert, None, "nothing open")
        elif alert.severity == Severity.NORMAL:
            self._returned(incident, alert)
            if not incident.is_open:
                del self._open[key]
        elif alert.severity > incident.grade:
            self._rises(incident, alert)
        else:
            self._further(incident, alert)

    # -- the four things that an alert can be

    def _opened(self, alert: Alert, exercise: str) -> Incident:
        ledger = self._ledger
        notice = alert.severity == Severity.APPROACH
        incident = self._new(alert, exercise, "noticed" if notice else "unacknowledged")
        ledger.note(incident.id, "opened", number=incident.number, severity=alert.after, plan=incident.policy.version)
        ledger.record(alert, incident, "opened")
        ledger.know(incident, alert, told=True)
        if notice:
            outbox.notice(ledger, incident)
        else:
            outbox.advance(ledger, incident, escalation.StepPages(), why="opened")
        return incident

    def _rises(self, incident: Incident, alert: Alert) -> None:
        ledger = self._ledger
        before = incident.severity
        was_owner = incident.owner
        ledger.flush()
        outbox.cancel(ledger.connection, incident.id, "risen", ("page", "notice"))
        incident.move("rise")
        incident.risen_from, incident.severity = before, alert.after
        incident.headline, incident.observed_at = _headline(alert), alert.at
        incident.owner = incident.acknowledged_at = None
        incident.acknowledged_via = incident.acknowledged_by = None
        incident.cycle += 1
        incident.position, incident.next_due = 0, ledger.now
        ledger.touch(incident)
        ledger.note(incident.id, "risen", before=before, after=alert.after, was_owner=was_owner, cycle=incident.cycle)
        ledger.record(alert, incident, "risen")
        ledger.know(incident, alert, told=True)
        outbox.advance(ledger, incident, escalation.StepPages(), why="risen")

    def _further(self, incident: Incident, alert: Alert) -> None:
        """Same or lower: the timeline. What newly stands at the incident's own severity is told, but not each time."""
        ledger = self._ledger
        before = ledger.subjects(incident).get((alert.detector, alert.subject))
        stood = Severity.of(before.peak) if before else Severity.NORMAL
        new = alert.severity == incident.grade and stood < alert.severity
        ledger.record(alert, incident, "new subject" if new else "noted")
        ledger.know(incident, alert, told=not new and (before is None or before.told))
        if new and incident.update_due is None:
            every = timedelta(seconds=incident.policy.update_every)
            earliest = incident.updated_at + every if incident.updated_at else ledger.now
            incident.update_due = max(ledger.now, earliest)
            ledger.touch(incident)

    def _returned(self, incident: Incident, alert: Alert) -> None:
        ledger = self._ledger
        ledger.know(incident, alert, told=True)
        if any(s.severity != "normal" for s in ledger.subjects(incident).values()):
            ledger.record(alert, incident, "subject returned")
            return
        closes = incident.policy.closes_on_return or incident.status == "noticed"
        ledger.record(alert, incident, "returned")
        ledger.touch(incident)
        values = {"explain": _headline(alert), "open": not closes}
        outbox.tell(ledger, incident, "recovered", str(alert.id), values)
        if closes:
            close_by_return(ledger, incident)

    def _historic(self, alert: Alert) -> None:
        """Too old to page anybody: on record, and nothing more."""
        ledger = self._ledger
        exercise = alert.exercise or ""
        incident = self._open.get((exercise, alert.plan, alert.place)) or self._old(alert, exercise)
        if incident is None and alert.severity != Severity.NORMAL:
            incident = self._new(alert, exercise, "historic")
        ledger.record(alert, incident, "historic")
        if incident is not None and incident.status == "historic":
            ledger.know(incident, alert, told=True)
            ledger.flush()

    def _old(self, alert: Alert, exercise: str) -> Incident | None:
        """The historic incident of the place that has not ended yet."""
        table = incidents_table
        still = select(subjects.c.incident).where(subjects.c.incident == table.c.id, subjects.c.severity != "normal")
        self._ledger.flush()
        found = incidents.load(
            self._ledger.connection,
            table.c.exercise == exercise,
            table.c.plan == alert.plan,
            table.c.place == alert.place,
            table.c.status == "historic",
            still.exists(),
        )
        return found[-1] if found else None

    def _new(self, alert: Alert, exercise: str, status: incident_states.State) -> Incident:
        ledger, site = self._ledger, self._ledger.services.library
        plan = self._plan(alert)
        people = {role: ledger.on_duty(role) or () for role in escalation.roles_of(plan, site.duty_role)}
        incident = Incident(
            id=str(identity.name("incident", [str(alert.id), alert.plan, alert.place])),
            number=ledger.number(), plan=alert.plan, place=alert.place, county=alert.county, exercise=exercise,
            status=status, severity=alert.after, opened_at=ledger.now,
            policy=escalation.freeze(plan, alert.plan, alert.plan_version, people, site.duty_role),
            headline=_headline(alert), observed_at=alert.at, step_at=ledger.now,
        )  # fmt: skip
        ledger.add(incident)
        return incident

    def _plan(self, alert: Alert) -> Plan | None:
        plan = self._ledger.services.library.plan(alert.plan, alert.plan_version)
        plainly = isinstance(self._ledger.services.library, library.BareLibrary)
        if plan is None and alert.plan != PIPELINE_FAULT and not plainly:
            self._ledger.fault(
                "plans", alert.plan,
                f"找不到预案 {alert.plan}(版本 {alert.plan_version})，其警报已按内置方式呼叫值班员",
                f"plan {alert.plan} ({alert.plan_version}) is not known; its alert went to the duty role",
                county=alert.county,
            )  # fmt: skip
        return plan


def _headline(alert: Alert) -> Words:
    if not alert.estimated:
        return alert.explain
    return Words(zh=f"{alert.explain.zh}(估计值)", en=f"{alert.explain.en} (estimated)")
