"""What an alert meets: its alarm, what holds it, and the incident that is open at its place."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from responders import (
    drills,
    escalation,
    held,
    incident_states,
    incidents,
    library,
    outbox,
    relatives,
    renaming,
    responses,
    starts,
)
from responders.alarm_schema import alarms as alarms_table
from responders.alarms import Alarm
from responders.annunciator import Annunciator
from responders.closing import SYSTEM, close, close_by_return
from responders.incidents import Incident
from responders.schema import alerts as alerts_table
from responders.schema import incidents as incidents_table
from responders.schema import subjects
from responders.texts import NOTHING
from rules import identity
from rules.alerts import PIPELINE_FAULT, Words
from rules.annunciation import Condition, Event
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from responders.ledger import Ledger
    from rules.alerts import Alert
    from rules.plans import Plan


class Work:
    """Some alerts in one ledger: what they meet is asked for all of them at once.

    `again`: they are on record, and their alarms are let go now.
    """

    def __init__(self, ledger: Ledger, alerts: Sequence[Alert], *, again: bool = False) -> None:
        self._ledger, self._again = ledger, again
        ledger.flush()
        connection = ledger.connection
        ids = [str(alert.id) for alert in alerts]
        known = connection.execute(select(alerts_table.c.id).where(alerts_table.c.id.in_(ids)))
        self._known = set(known.scalars())
        self._incidents: dict[str, Incident] = {}
        self._open: dict[tuple[str, str, str], Incident] = {}
        for incident in incidents.load(
            connection,
            incidents_table.c.place.in_({alert.place for alert in alerts}),
            incidents_table.c.status.in_(incident_states.OPEN),
            incidents_table.c.parent.is_(None),
        ):
            self._learn(incident)
        # An alert that could not be taken with all that is known is taken with as little as possible.
        self._plainly = isinstance(ledger.services.library, library.BareLibrary)
        self._occurrences = relatives.Occurrences(connection, [] if self._plainly else alerts)
        self.alarms = Annunciator(ledger, [] if self._plainly else [Alarm.of(alert).id for alert in alerts])
        self._over: Incident | None = None

    def take(self, alert: Alert) -> None:
        """The same alert again changes nothing."""
        ledger = self._ledger
        if str(alert.id) in self._known:
            return
        self._known.add(str(alert.id))
        exercise = alert.exercise or ""
        if alert.was:
            self._rename(alert)
        if alert.before == alert.after:
            pass  # it moved from name to name, and no more
        elif exercise and ledger.participants(exercise) is None:
            self._stray(alert, exercise)
        elif self._plainly:
            self._historic(alert) if alert.historic else self._present(alert)
        else:
            self._move(alert)
        if (over := self._over) is not None:
            self._over = None
            self.tell_return(over, alert, str(alert.id))

    def give(self, alarm: Alarm, alert: Alert, why: str) -> None:
        """An alarm that was held stands, and is held no longer: its last alert counts as if it came now."""
        ledger, exercise = self._ledger, alert.exercise or ""
        if alert.historic or (exercise and ledger.participants(exercise) is None):
            self.settle(alarm, None)
            return
        before = self._open.get((exercise, alert.plan, alert.place))
        # Those of its own incident knew it all the time; but that it outlasted what held it back is news to them.
        tell = why == "released" or before is None or alarm.incident != before.id
        incident = self._stands(before, alert, tell=tell)
        ledger.note(incident.id, "given", why=why, subject=alert.subject, alarm=alarm.id)
        ledger.alarms.log(alarm, ledger.now, "given", why=why, number=incident.number)
        ledger.flush()
        unplaced = (alerts_table.c.id == str(alert.id)) & alerts_table.c.incident.is_(None)
        ledger.connection.execute(update(alerts_table).where(unplaced).values(incident=incident.id))
        self.settle(alarm, incident)

    def free(self, alarm: Alarm, alert: Alert, event: Event, why: str) -> None:
        """Lift one of an alarm's holds. If it was the last and the alarm stands, it is given."""
        alarm.happens(event)
        if alarm.state.owed:
            self.give(alarm, alert, why)
        else:
            self.settle(alarm, None)

    def settle(self, alarm: Alarm, incident: Incident | None) -> None:
        """The alarm has its place; what it holds back from now on is recorded under it."""
        for lesser in self.alarms.settle(alarm, incident):
            self._absorb(lesser)

    def tell_return(self, incident: Incident, alert: Alert, about: str) -> None:
        """The end, told once to those who were told of the start; what was held back under it and has ended too is in
        it. While something held back still stands, the text waits until that is settled.
        """
        ledger = self._ledger
        ledger.flush()
        under = [] if self._plainly else ledger.alarms.find(alarms_table.c.suppressed_under == incident.id)
        if any(alarm.is_active and alarm.release_due for alarm in under):
            return
        for alarm in under:
            if not alarm.is_active:
                alarm.happens(Event.RELEASED)
                ledger.alarms.keep(alarm)
        values = {"explain": alert.headline, "open": incident.is_open}
        tail = held.tail(ledger, incident, latched=self._latched(incident))
        outbox.tell(ledger, incident, "recovered", about, values, tail=tail)
        asks = incident.is_open and incident.policy.duties.proposes
        for proposal in starts.pending(ledger, incident) if asks else ():
            heard, end = outbox.told(ledger.connection, incident), alert.headline
            said = Words(
                zh=f"警报已恢复（{end.zh.rstrip('。')}），请示{proposal.number}仍请答复",
                en=f"The alarm has returned ({end.en.rstrip('.')}); proposal {proposal.number} still waits",
            )
            outbox.tell(ledger, proposal, "decided", about, {"said": said}, but=heard, tail=NOTHING)

    def incident(self, name: str) -> Incident:
        """One of this ledger's incidents, each of them one object."""
        if name not in self._incidents:
            self._ledger.flush()
            (found,) = incidents.load(self._ledger.connection, incidents_table.c.id == name)
            self._learn(found)
        return self._incidents[name]

    def _learn(self, incident: Incident) -> None:
        self._incidents[incident.id] = incident
        if incident.is_open:
            self._open[incident.exercise, incident.plan, incident.place] = incident

    def _forget(self, incident: Incident) -> None:
        self._open.pop((incident.exercise, incident.plan, incident.place), None)

    # -- what an alert can be

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

    def _rename(self, alert: Alert) -> None:
        """What is known of the alarm goes with it; that its name has changed is told nobody."""
        if alert.before == alert.after:
            place = (alert.exercise or "", alert.plan, alert.place)
            stands = alert.severity is not Severity.NORMAL
            self._ledger.record(alert, self._open.get(place) if stands else None, "renamed")
        if not self._plainly:
            renaming.rename(self._ledger, alert)
            self.alarms.renamed(alert)

    def _move(self, alert: Alert) -> None:
        """It moves its alarm; what is held asks nobody, what is not meets the incident of its place."""
        alarm = self.alarms.moves(alert)
        if alert.historic:
            self._historic(alert)
            self.settle(alarm, None)
        elif alarm.state.holds:
            self._held(alarm, alert)
            self.settle(alarm, None)
        else:
            self.settle(alarm, self._present(alert))

    def _held(self, alarm: Alarm, alert: Alert) -> None:
        """Recorded, not paged. An incident that was open before goes on, and ends when its alarms have returned."""
        ledger, outcome = self._ledger, held.OUTCOMES[alarm.state.seen]
        own = self.incident(alarm.incident) if alarm.incident else None
        greater = self.incident(alarm.suppressed_under) if alarm.suppressed_under else None
        if own is None:
            ledger.record(alert, greater, outcome)
            return
        if alert.severity is Severity.NORMAL:
            self._returned(own, alert)
        else:
            ledger.record(alert, own, outcome)
            ledger.know(own, alert, told=True)
        if greater is not None and greater is not own:
            held.note(ledger, greater, alert)

    def _present(self, alert: Alert) -> Incident | None:
        incident = self._open.get((alert.exercise or "", alert.plan, alert.place))
        if alert.severity is Severity.NORMAL and incident is not None:
            self._returned(incident, alert)
            return None
        if incident is None and not alert.rises:
            self._record(alert, None, "nothing open")
            return None
        return self._stands(incident, alert)

    def _stands(self, incident: Incident | None, alert: Alert, *, tell: bool | None = None) -> Incident:
        if incident is None:
            incident = self._opened(alert)
        elif alert.severity > incident.grade:
            self._rises(incident, alert)
        else:
            self._further(incident, alert, tell=tell)
        return incident

    def _opened(self, alert: Alert) -> Incident:
        ledger = self._ledger
        notice = alert.severity is Severity.APPROACH
        incident = self._new(alert, "noticed" if notice else "unacknowledged")
        self._learn(incident)
        ledger.note(incident.id, "opened", number=incident.number, severity=alert.after, plan=incident.policy.version)
        self._record(alert, incident, "opened")
        ledger.related[incident.id] = self._occurrences.join(incident, alert)
        relatives.note(ledger, incident, ledger.related[incident.id])
        ledger.know(incident, alert, told=True)
        if notice:
            outbox.notice(ledger, incident)
        else:
            responses.begin(ledger, incident, self._known_at(alert))
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
        incident.headline, incident.observed_at = alert.headline, alert.at
        incident.owner = incident.acknowledged_at = None
        incident.acknowledged_via = incident.acknowledged_by = None
        incident.cycle += 1
        incident.position, incident.next_due = 0, ledger.now
        ledger.touch(incident)
        ledger.note(incident.id, "risen", before=before, after=alert.after, was_owner=was_owner, cycle=incident.cycle)
        self._record(alert, incident, "risen")
        ledger.know(incident, alert, told=True)
        responses.begin(ledger, incident, self._known_at(alert))
        outbox.advance(ledger, incident, escalation.StepPages(), why="risen")

    def _further(self, incident: Incident, alert: Alert, *, tell: bool | None) -> None:
        """Same or lower: the timeline. What newly stands at the incident's own severity is told, but not each time."""
        ledger = self._ledger
        before = ledger.subjects(incident).get((alert.detector, alert.subject))
        stood = Severity.of(before.peak) if before else Severity.NORMAL
        new = alert.severity == incident.grade and stood < alert.severity
        new = new if tell is None else tell
        self._record(alert, incident, "new subject" if new else "noted")
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
            self._record(alert, incident, "subject returned")
            return
        latched = self._latched(incident)
        self._record(alert, incident, "latched" if latched else "returned")
        ledger.touch(incident)
        self._over = incident
        if not latched and (incident.policy.closes_on_return or incident.status == "noticed"):
            close_by_return(ledger, incident)
            self._forget(incident)

    def _latched(self, incident: Incident) -> bool:
        """Whether one of its alarms has returned and waits for a person to reset it."""
        if self._plainly:
            return False
        self._ledger.flush()
        found = self._ledger.alarms.find(alarms_table.c.incident == incident.id)
        return any(alarm.state.condition is Condition.LATCHED for alarm in found)

    def _historic(self, alert: Alert) -> None:
        """Too old to page anybody: on record, and nothing more."""
        ledger = self._ledger
        incident = self._open.get((alert.exercise or "", alert.plan, alert.place)) or self._old(alert)
        if incident is None and alert.severity is not Severity.NORMAL:
            incident = self._new(alert, "historic")
        ledger.record(alert, incident, "historic")
        if incident is not None and incident.status == "historic":
            if alert.severity > incident.grade:
                incident.severity, incident.headline, incident.observed_at = alert.after, alert.headline, alert.at
                ledger.touch(incident)
            ledger.know(incident, alert, told=True)
            ledger.flush()

    def _old(self, alert: Alert) -> Incident | None:
        """The historic incident of the place that has not ended yet."""
        table = incidents_table
        still = select(subjects.c.incident).where(subjects.c.incident == table.c.id, subjects.c.severity != "normal")
        self._ledger.flush()
        found = incidents.load(
            self._ledger.connection,
            table.c.exercise == (alert.exercise or ""),
            table.c.plan == alert.plan,
            table.c.place == alert.place,
            table.c.status == "historic",
            still.exists(),
        )
        return found[-1] if found else None

    # -- what a greater alarm does to a lesser one

    def _absorb(self, lesser: Alarm) -> None:
        """It goes on the greater incident's timeline. Its own incident ends, unless somebody has been paged for it:
        what has been asked of people stays asked.
        """
        if lesser.suppressed_under is None:
            return
        ledger, greater = self._ledger, self.incident(lesser.suppressed_under)
        ledger.flush()
        held.note(ledger, greater, held.last_alert(ledger.connection, lesser))
        if lesser.incident is None or lesser.incident == greater.id:
            return
        own = self.incident(lesser.incident)
        if own.status in ("noticed", "unacknowledged") and held.can_end(ledger, own):
            close(ledger, own, SYSTEM, f"并入事件 {greater.number} absorbed by incident {greater.number}")
            self._forget(own)
            ledger.note(greater.id, "absorbed", number=own.number)

    # -- its parts

    def _record(self, alert: Alert, incident: Incident | None, outcome: str) -> None:
        self._ledger.record(alert, incident, outcome, again=self._again)
        if incident is not None:
            self._occurrences.join(incident, alert)

    def _known_at(self, alert: Alert) -> datetime:
        """When the clock of reports starts; what people had held back is known when they let it go."""
        return self._ledger.now if self._again else alert.known_at

    def _new(self, alert: Alert, status: incident_states.State) -> Incident:
        ledger, site = self._ledger, self._ledger.services.library
        plan = self._plan(alert)
        people = ledger.all_on_duty(escalation.roles_of(plan, site.duty_role))
        number = ledger.number()
        # The alert that opens an incident is its name; one that is given later may have opened one before.
        name: list[identity.Part] = [str(alert.id), alert.plan, alert.place, *([number] if self._again else [])]
        incident = Incident(
            id=str(identity.name("incident", name)),
            number=number, plan=alert.plan, place=alert.place, county=alert.county,
            exercise=alert.exercise or "", status=status, severity=alert.after, opened_at=ledger.now,
            policy=escalation.freeze(plan, alert.plan, alert.plan_version, people, site.duty_role),
            headline=alert.headline, observed_at=alert.at, step_at=ledger.now,
            next_due=ledger.now if status == "unacknowledged" else None,
        )  # fmt: skip
        ledger.add(incident)
        return incident

    def _plan(self, alert: Alert) -> Plan | None:
        plan = self._ledger.services.library.plan(alert.plan, alert.plan_version)
        if plan is None and alert.plan != PIPELINE_FAULT and not self._plainly:
            self._ledger.fault(
                "plans", alert.plan,
                f"找不到预案 {alert.plan}（版本 {alert.plan_version}），其警报已按内置方式呼叫值班员",
                f"plan {alert.plan} ({alert.plan_version}) is not known; its alert went to the duty role",
                county=alert.county,
            )  # fmt: skip
        return plan
