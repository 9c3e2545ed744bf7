"""What the alarms of one transaction do to each other: greater ones hold back lesser ones, and let them go again."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import or_, select

from responders.alarm_schema import alarms as table
from responders.alarm_schema import out_of_service
from responders.alarms import Alarm
from rules.annunciation import Event, Hold
from rules.inhibition import Inhibitions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from responders.incidents import Incident
    from responders.ledger import Ledger
    from rules.alerts import Alert

SETTLED_AFTER = timedelta(seconds=30)
"""How long after a greater alarm has ended what it held back is settled. What ends together is reported seconds apart:
what still stands then is given, and what has ended by then is in the one last text."""


class Thing(msgspec.Struct, frozen=True):
    """What is out of service: a detector, or a point with everything that is watched there."""

    county: str
    kind: str
    name: str

    def covers(self, alarm: Alarm) -> bool:
        """Exercises are walled off: a real repair does not silence a drill."""
        if alarm.exercise or alarm.county != self.county:
            return False
        if self.kind == "detector":
            return alarm.detector == self.name
        return self.name in alarm.subject.split("/")


class Annunciator:
    """Decides, for the alerts of one ledger, which alarms are held and by what."""

    def __init__(self, ledger: Ledger, ids: Sequence[str]) -> None:
        self._ledger, self._book = ledger, ledger.alarms
        self._inhibitions = Inhibitions(ledger.services.library.plans.values())
        self._looked: set[tuple[str, str, str]] = set()
        self._out = [
            Thing(row.county, row.kind, row.name)
            for row in ledger.connection.execute(select(out_of_service).where(out_of_service.c.ended_at.is_(None)))
        ]
        self._holding: set[str] = set()
        if ids:
            self._book.find(table.c.id.in_(ids))
            held = select(table.c.suppressed_by).where(table.c.suppressed_by.in_(ids)).distinct()
            self._holding |= set(ledger.connection.execute(held).scalars())

    def moves(self, alert: Alert) -> Alarm:
        """The alert's alarm, as the alert leaves it. It is not kept before its alert and incident are (`settle`)."""
        alarm = self._book.add(Alarm.of(alert))
        if self._book.holds(alarm):
            self._ledger.flush()  # as it was: a row must not name an alert that has none yet
        before = alarm.grade
        if Hold.OUT_OF_SERVICE not in alarm.state.holds and self.is_out(alarm):
            alarm.happens(Event.TAKEN_OUT)
        shelf = alarm.shelf
        alarm.moves(alert, latches=self._latches(alert))
        if shelf is not None and alarm.shelf is None:
            self._book.log(alarm, self._ledger.now, "rose above its shelf", shelf=shelf.severity, after=alert.after)
        if alarm.is_active:
            self._hold(alarm, rose=alarm.grade > before)
        return alarm

    def settle(self, alarm: Alarm, incident: Incident | None) -> list[Alarm]:
        """The alarm has its place; which others it now holds back that it did not before."""
        if incident is not None and incident.is_open:
            alarm.incident = incident.id
        if alarm.incident is None or (incident is not None and incident.owner is not None):
            alarm.acknowledge()  # whoever took the incident answers for what joins it
        self._book.keep(alarm)
        return self._lesser(alarm)

    def holder(self, alarm: Alarm) -> Alarm | None:
        """The alarm that holds this one back now: the gravest that does, and of those one that is itself given."""
        there = self._look(alarm, self._inhibitions.greater(alarm.detector))
        found = [other for other in there if other.under and self._inhibitions.hold(other, alarm)]
        return max(found, key=lambda other: (other.grade, other.suppressed_by is None, other.id), default=None)

    def wait(self, alarm: Alarm) -> None:
        """What held it back has ended: soon it is settled."""
        if alarm.release_due is None:
            alarm.release_due = self._ledger.now + SETTLED_AFTER

    def is_out(self, alarm: Alarm) -> bool:
        """Whether it is, or is at, something that is out of service now."""
        return any(thing.covers(alarm) for thing in self._out)

    def hold_again(self, alarm: Alarm) -> bool:
        """Whether something (still, or again) holds it back."""
        holder = self.holder(alarm) if alarm.is_active else None
        if holder is None or holder.under is None:
            return False
        if (alarm.suppressed_by, alarm.suppressed_under, alarm.release_due) != (holder.id, holder.under, None):
            self._suppress(alarm, holder, holder.under)
        return True

    def renamed(self, alert: Alert) -> None:
        """A detector that was out of service is so under its new name."""
        for i, thing in enumerate(self._out):
            if (thing.county, thing.kind, thing.name) == (alert.county, "detector", alert.was):
                self._out[i] = msgspec.structs.replace(thing, name=alert.detector)

    # -- its parts

    def _latches(self, alert: Alert) -> bool:
        plan = self._ledger.services.library.plan(alert.plan, alert.plan_version)
        name = alert.detector.partition("/")[2]
        return any(trigger.latch for trigger in (plan.triggers if plan else ()) if trigger.id == name)

    def _hold(self, alarm: Alarm, *, rose: bool) -> None:
        if self.hold_again(alarm) or Hold.SUPPRESSED not in alarm.state.holds:
            return
        if rose:  # above all that stand: not for a moment more
            alarm.happens(Event.RELEASED)
            self._book.log(alarm, self._ledger.now, "released", why="it rose")
        else:
            self.wait(alarm)

    def _lesser(self, alarm: Alarm) -> list[Alarm]:
        """Holds back what this alarm may, and lets go of what it may no longer."""
        there = self._look(alarm, self._inhibitions.lesser(alarm.detector))
        if alarm.id in self._holding:  # also by rules that have been changed since
            self._ledger.flush()
            found = self._book.find(table.c.suppressed_by == alarm.id)
            there = list({other.id: other for other in [*there, *found]}.values())
        new = []
        for other in there:
            if other is alarm:
                continue
            if alarm.under and other.is_active and self._inhibitions.hold(alarm, other):
                was = other.suppressed_by
                if self.hold_again(other) and was is None:
                    new.append(other)
            elif other.suppressed_by != alarm.id:
                continue
            elif not self.hold_again(other):
                self.wait(other)
            self._book.keep(other)
        return new

    def _suppress(self, alarm: Alarm, by: Alarm, under: str) -> None:
        if alarm.suppressed_by != by.id:
            self._book.log(alarm, self._ledger.now, "suppressed", by=[by.detector, by.subject], severity=by.severity)
        alarm.suppress(by, under)
        self._holding.add(by.id)

    def _look(self, alarm: Alarm, detectors: frozenset[str]) -> list[Alarm]:
        """The alarms of some detectors in the alarm's county that stand or are suppressed; each is asked for once."""
        new = {d for d in detectors if (alarm.exercise, alarm.county, d) not in self._looked}
        if new:
            self._looked |= {(alarm.exercise, alarm.county, detector) for detector in new}
            self._ledger.flush()
            self._book.find(
                table.c.exercise == alarm.exercise, table.c.county == alarm.county, table.c.detector.in_(sorted(new)),
                or_(table.c.condition == "active", table.c.suppressed_by.is_not(None)),
            )  # fmt: skip
        return self._book.known(detectors)


def incident_ended(ledger: Ledger, incident: Incident) -> None:
    """Nothing is owed for its alarms any more; what it held back is settled soon. The ledger has been flushed."""
    for alarm in ledger.alarms.find(or_(table.c.incident == incident.id, table.c.suppressed_under == incident.id)):
        if alarm.incident == incident.id:
            alarm.acknowledge()
            alarm.incident = None
        if alarm.suppressed_under == incident.id and alarm.release_due is None:
            alarm.release_due = ledger.now + SETTLED_AFTER
        ledger.alarms.keep(alarm)
    ledger.flush()


def answered_for(ledger: Ledger, incident: Incident) -> None:
    """Whoever has taken the incident answers for each of its alarms."""
    for alarm in ledger.alarms.find(table.c.incident == incident.id):
        if alarm.state.owed:
            alarm.acknowledge()
            ledger.alarms.keep(alarm)


def drill_ended(ledger: Ledger, exercise: str) -> None:
    """Its alarms end with it."""
    for alarm in ledger.alarms.find(table.c.exercise == exercise):
        alarm.end()
        ledger.alarms.keep(alarm)
