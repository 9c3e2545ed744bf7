"""What people do about alarms: shelve, unshelve, reset, take out of service, return to it. Who did it is on record."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import insert, select, update

from responders import closing, escalation, outbox
from responders.acknowledgement import Refused
from responders.alarm_schema import alarms as table
from responders.alarm_schema import out_of_service
from responders.alarm_words import SEEN
from responders.alarms import Shelf, alarm_id
from responders.annunciator import Thing
from responders.ledger import Ledger
from responders.releases import open_work
from responders.schema import officers
from rules.alerts import PIPELINE_FAULT
from rules.annunciation import Condition, Event, Hold, Seen, possible_in
from rules.severity import Severity
from rules.shanghai import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import ColumnElement, Select
    from sqlalchemy.engine import Connection

    from responders.alarms import Alarm
    from responders.clock import Clock
    from responders.desk import Desk
    from responders.desk_work import Work
    from responders.ledger import Services
    from responders.store import Store
    from rules.alerts import Alert

_log = structlog.get_logger()
LONGEST_SHELF = timedelta(hours=24)
"""Ends with the duty that put it up, at the latest: duties are of 24 hours (docs/decisions/0011)."""


@dataclass(frozen=True)
class Name:
    """Which alarm: `plan/trigger` and what it watches. `exercise` empty: a real one."""

    county: str
    detector: str
    subject: str
    exercise: str = ""


@dataclass(frozen=True)
class Acted:
    """It happened now: how the alarm stands, and the incident it was given in, if it was."""

    seen: Seen
    incident: int | None = None
    alarms: int = 1
    """How many alarms it concerned."""


class AlarmActs:
    """Every door comes here."""

    def __init__(
        self, store: Store, services: Services, desk: Desk, clock: Clock, *, longest_shelf: timedelta = LONGEST_SHELF
    ) -> None:
        self._store, self._services, self._desk, self._clock = store, services, desk, clock
        self._longest = longest_shelf

    def shelve(self, name: Name, *, lasting: timedelta, by: str, reason: str) -> Acted | Refused:
        """Its alerts are recorded, not paged, until then; a rise above what it has been is paged all the same."""
        if not timedelta() < lasting <= self._longest:
            hours = self._longest / timedelta(hours=1)
            return Refused(
                None,
                f"搁置时长须大于0且不超过{hours:g}小时。",
                f"A shelf lasts more than 0 and at most {hours:g} hours.",
            )

        def act(ledger: Ledger, work: Work, alarm: Alarm, alert: Alert) -> None:
            del alert
            gravest = max(alarm.grade, Severity.of(alarm.peak), Severity.APPROACH)
            shelf = Shelf(ledger.now, ledger.now + lasting, by, reason.strip(), gravest.word)
            alarm.put_on_shelf(shelf)
            self._note(ledger, alarm, "shelved", by, until=shown(shelf.until), reason=shelf.reason, up_to=gravest.word)
            work.settle(alarm, None)

        return self._on_alarm(name, by, Event.SHELVED, act, reason=reason)

    def unshelve(self, name: Name, *, by: str) -> Acted | Refused:
        """The shelf ends now; what still stands is paged."""

        def act(ledger: Ledger, work: Work, alarm: Alarm, alert: Alert) -> None:
            self._note(ledger, alarm, "unshelved", by)
            work.free(alarm, alert, Event.UNSHELVED, "unshelved")

        return self._on_alarm(name, by, Event.UNSHELVED, act)

    def reset(self, name: Name, *, by: str) -> Acted | Refused:
        """A latched alarm, returned and acknowledged, is normal again."""

        def act(ledger: Ledger, work: Work, alarm: Alarm, alert: Alert) -> None:
            del alert
            alarm.happens(Event.RESET)
            self._note(ledger, alarm, "reset", by)
            work.settle(alarm, None)
            _end_if_over(ledger, work, alarm, by)

        return self._on_alarm(name, by, Event.RESET, act)

    def take_out(self, thing: Thing, *, by: str, reason: str) -> Acted | Refused:
        """A detector or a point is under repair: its alerts are recorded, not paged, until it is back in service."""
        if thing.name.partition("/")[0] == PIPELINE_FAULT:
            return Refused(
                None,
                "系统故障报警不可停用，只可限时搁置。",
                "A pipeline fault can be shelved for a time, not taken out.",
            )
        plans = self._services.library.plans.values()
        if thing.kind == "detector" and thing.name not in {f"{p.id}/{t.id}" for p in plans for t in p.triggers}:
            return Refused(None, f"没有检测器 {thing.name}。", f"There is no detector {thing.name}.")

        def work(ledger: Ledger) -> Acted | Refused:
            if (refusal := self._refused(ledger, by, self._roles_of(thing), reason=reason)) is not None:
                return refusal
            if ledger.connection.execute(_still_out(thing)).first():
                return Refused(None, f"{thing.name} 已停用。", f"{thing.name} is out of service already.")
            values = {"county": thing.county, "kind": thing.kind, "name": thing.name, "reason": reason.strip()}
            ledger.connection.execute(insert(out_of_service).values(since=ledger.now, taken_by=by, **values))
            concerned = self._covered(ledger, thing)
            for opened, alarm, _ in concerned:
                alarm.happens(Event.TAKEN_OUT)
                self._note(ledger, alarm, "out of service", by, reason=reason.strip(), what=thing.name)
                opened.settle(alarm, None)
            return Acted(Seen.OUT_OF_SERVICE, alarms=len(concerned))

        return self._run(work, "taken out of service", by=by, what=thing.name, reason=reason)

    def return_to_service(self, thing: Thing, *, by: str) -> Acted | Refused:
        """It counts again; what stands is paged."""

        def work(ledger: Ledger) -> Acted | Refused:
            if (refusal := self._refused(ledger, by, self._roles_of(thing))) is not None:
                return refusal
            row = ledger.connection.execute(_still_out(thing)).scalar_one_or_none()
            if row is None:
                return Refused(None, f"{thing.name} 未停用。", f"{thing.name} is not out of service.")
            ended = update(out_of_service).where(out_of_service.c.id == row, out_of_service.c.ended_at.is_(None))
            ledger.connection.execute(ended.values(ended_at=ledger.now, ended_by=by))
            concerned = [
                one for one in self._covered(ledger, thing)
                if Hold.OUT_OF_SERVICE in one[1].state.holds and not one[0].alarms.is_out(one[1])
            ]  # fmt: skip
            for opened, alarm, alert in concerned:
                self._note(ledger, alarm, "returned to service", by, what=thing.name)
                opened.free(alarm, alert, Event.RETURNED_TO_SERVICE, "returned to service")
            return _freed(concerned)

        return self._run(work, "returned to service", by=by, what=thing.name)

    # -- their parts

    def _on_alarm(
        self, name: Name, by: str, event: Event, act: Callable[[Ledger, Work, Alarm, Alert], None], *,
        reason: str | None = None,
    ) -> Acted | Refused:  # fmt: skip
        where = table.c.id == alarm_id(name.exercise, name.county, name.detector, name.subject)

        def work(ledger: Ledger) -> Acted | Refused:
            opened, found = open_work(ledger, where)
            if not found:
                said = f"{name.detector} {name.subject}"
                return Refused(None, f"没有报警 {said}。", f"There is no alarm {said}.")
            alarm, alert = found[0]
            if (refusal := self._refused(ledger, by, self._plan_roles(alarm.plan), alarm, reason=reason)) is not None:
                return refusal
            if event not in possible_in(alarm.state):
                now = SEEN[alarm.state.seen]
                return Refused(None, f"该报警现为“{now.zh}”，不能如此操作。", f"That cannot be done: it is {now.en}.")
            act(ledger, opened, alarm, alert)
            number = opened.incident(alarm.incident).number if alarm.incident else None
            return Acted(alarm.state.seen, number)

        return self._run(work, "alarm act", by=by, detector=name.detector, subject=name.subject)

    def _run(self, work: Callable[[Ledger], Acted | Refused], event: str, **said: str) -> Acted | Refused:
        def whole(connection: Connection) -> Acted | Refused:
            ledger = Ledger(connection, self._services, self._clock())
            outcome = work(ledger)
            self._desk.take_faults(ledger)
            return outcome

        outcome = self._store.run(whole)
        _log.info(event, outcome=type(outcome).__name__, **said)
        return outcome

    def _refused(
        self, ledger: Ledger, by: str, roles: set[str], alarm: Alarm | None = None, *, reason: str | None = None
    ) -> Refused | None:
        """Who may not, is told so (B22): it is for those on duty in a role of the plan, or at the duty desk."""
        if reason is not None and not reason.strip():
            return Refused(None, "须写明原因。", "A reason is needed.")
        if not ledger.connection.execute(select(officers.c.name).where(officers.c.name == by)).first():
            return Refused(None, f"{by} 不在人员名册中。", f"{by} is not on the roster.")
        if alarm is not None and alarm.exercise:
            allowed = by in (ledger.participants(alarm.exercise) or frozenset())
        else:
            allowed = any(by in (ledger.on_duty(role) or ()) for role in roles)
        if not allowed:
            return Refused(None, f"{by} 无权操作此报警。", f"{by} may not act on this alarm.")
        return None

    def _plan_roles(self, plan: str) -> set[str]:
        library = self._services.library
        return set(escalation.roles_of(library.plans.get(plan), library.duty_role))

    def _roles_of(self, thing: Thing) -> set[str]:
        """Of a detector those of its plan; at a point any plan may watch."""
        if thing.kind == "detector":
            return self._plan_roles(thing.name.partition("/")[0])
        return set().union(*map(self._plan_roles, ["", *self._services.library.plans]))

    def _covered(self, ledger: Ledger, thing: Thing) -> list[tuple[Work, Alarm, Alert]]:
        where: list[ColumnElement[bool]] = [table.c.county == thing.county, table.c.exercise == ""]
        if thing.kind == "detector":
            where.append(table.c.detector == thing.name)
        work, found = open_work(ledger, *where)
        return [(work, alarm, alert) for alarm, alert in found if thing.covers(alarm)]

    def _note(self, ledger: Ledger, alarm: Alarm, event: str, by: str, **detail: str) -> None:
        """On the alarm's record, and on the timeline of the incident that people look at."""
        ledger.alarms.log(alarm, ledger.now, event, by, **detail)
        if alarm.incident is not None:
            ledger.note(alarm.incident, event, who=by, subject=alarm.subject, **detail)


def _still_out(thing: Thing) -> Select[tuple[int]]:
    return select(out_of_service.c.id).where(
        out_of_service.c.county == thing.county,
        out_of_service.c.kind == thing.kind,
        out_of_service.c.name == thing.name,
        out_of_service.c.ended_at.is_(None),
    )


def _freed(concerned: list[tuple[Work, Alarm, Alert]]) -> Acted:
    """How the gravest of those stands that count again, and the incident that it is given in."""
    if not concerned:
        return Acted(Seen.NORMAL, alarms=0)
    work, alarm, _ = max(concerned, key=lambda one: (one[1].is_active, one[1].grade))
    number = work.incident(alarm.incident).number if alarm.incident else None
    return Acted(alarm.state.seen, number, len(concerned))


def _end_if_over(ledger: Ledger, work: Work, alarm: Alarm, by: str) -> None:
    """An incident that was only kept by the latch ends as it would have ended on return."""
    if alarm.incident is None:
        return
    incident = work.incident(alarm.incident)
    ledger.flush()
    latched = [
        other for other in ledger.alarms.find(table.c.incident == incident.id)
        if other.state.condition is Condition.LATCHED
    ]  # fmt: skip
    standing = any(subject.severity != "normal" for subject in ledger.subjects(incident).values())
    if not latched and not standing and (incident.policy.closes_on_return or incident.status == "noticed"):
        reason = "报警已复位 the alarm was reset"
        closing.close(ledger, incident, by, reason)
        outbox.tell(ledger, incident, "closed", str(incident.cycle), {"by": by, "reason": reason}, but=(by,))
