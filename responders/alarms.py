"""An alarm as people see it, worked on inside one transaction, and its way from and to its row."""

from __future__ import annotations

from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, insert, select, update

from responders.alarm_schema import alarm_events, alarms
from responders.store import StaleError
from rules import identity
from rules.annunciation import Condition, Event, Hold, State, step
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection

    from rules.alerts import Alert

_encode = msgspec.json.Encoder().encode


@dataclass(frozen=True)
class Shelf:
    """Until when, by whom, why, and how grave an alarm was shelved."""

    at: datetime
    until: datetime
    by: str
    reason: str
    severity: str


@dataclass
class Alarm:
    """The state of one detector on one subject, and what people have done about it. `turn` None: no row yet."""

    id: str
    exercise: str
    county: str
    detector: str
    subject: str
    plan: str
    place: str
    since: datetime
    """When it came to its present severity, on the data's clock."""
    alert: str
    """The last of its alerts."""
    severity: str = "normal"
    peak: str = "normal"
    """The gravest since it was last normal, also after its return."""
    state: State = field(default_factory=State)
    incident: str | None = None
    """The open incident it was given in."""
    shelf: Shelf | None = None
    suppressed_by: str | None = None
    suppressed_under: str | None = None
    """The incident on whose timeline it is recorded instead of being paged."""
    release_due: datetime | None = None
    turn: int | None = None

    @classmethod
    def of(cls, alert: Alert) -> Alarm:
        """The alarm before its first alert."""
        return cls(
            id=alarm_id(alert.exercise or "", alert.county, alert.detector, alert.subject),
            exercise=alert.exercise or "", county=alert.county, detector=alert.detector, subject=alert.subject,
            plan=alert.plan, place=alert.place, since=alert.at, alert=str(alert.id),
        )  # fmt: skip

    @property
    def grade(self) -> Severity:
        return Severity.of(self.severity)

    @property
    def is_active(self) -> bool:
        return self.state.condition is Condition.ACTIVE

    @property
    def under(self) -> str | None:
        """The incident in which it is known to people, if it may hold others back: nobody looks at what a person put
        aside, and what has no incident is nobody's.
        """
        if self.state.holds & {Hold.SHELVED, Hold.OUT_OF_SERVICE} or not self.is_active:
            return None
        return self.suppressed_under or self.incident

    def happens(self, event: Event) -> None:
        """Go to the state that the tables name. Raises `rules.annunciation.IllegalEvent`."""
        self.state = step(self.state, event)
        if Hold.SHELVED not in self.state.holds:
            self.shelf = None
        if Hold.SUPPRESSED not in self.state.holds:
            self.suppressed_by = self.suppressed_under = self.release_due = None

    def moves(self, alert: Alert, *, latches: bool) -> None:
        """What an alert does to its alarm."""
        before, after = self.grade, alert.severity
        if after is Severity.NORMAL:
            if self.is_active:
                self.happens(Event.LATCHED if latches else Event.RETURNED)
        elif not self.is_active:
            self.happens(Event.ACTIVATED)
            self.peak = alert.after
        elif after > before and not self.state.holds:
            self.happens(Event.ROSE)
        if self.shelf is not None and after > Severity.of(self.shelf.severity):
            self.happens(Event.ROSE)
        if after is not before:
            self.since = alert.at
        self.severity, self.peak = alert.after, max(Severity.of(self.peak), after).word
        self.alert, self.plan, self.place = str(alert.id), alert.plan, alert.place

    def acknowledge(self) -> None:
        """Somebody answers for it, or there is nothing to answer for."""
        if self.state.owed:
            self.happens(Event.ACKNOWLEDGED)

    def suppress(self, by: Alarm, under: str) -> None:
        """It is recorded under the incident of a greater alarm."""
        self.happens(Event.SUPPRESSED)
        self.suppressed_by, self.suppressed_under, self.release_due = by.id, under, None

    def put_on_shelf(self, shelf: Shelf) -> None:
        self.happens(Event.SHELVED)
        self.shelf = shelf

    def end(self) -> None:
        """Its drill is over, and it with it."""
        self.state, self.severity, self.incident, self.shelf = State(), "normal", None, None
        self.suppressed_by = self.suppressed_under = self.release_due = None


def alarm_id(exercise: str, county: str, detector: str, subject: str) -> str:
    """The name of an alarm."""
    return str(identity.name("alarm", [exercise, county, detector, subject]))


class Book:
    """The alarms of one transaction, each of them one object; `flush` writes what was kept or logged."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._known: dict[str, Alarm] = {}
        self._of: dict[str, list[Alarm]] = {}
        self._kept: dict[str, Alarm] = {}
        self._events: list[dict[str, Any]] = []

    def find(self, *where: ColumnElement[bool], limit: int | None = None, skip_locked: bool = False) -> list[Alarm]:
        """The alarms, locked until the transaction ends. What was kept must have been flushed."""
        query = select(alarms).where(*where).order_by(alarms.c.id).limit(limit)
        rows = self._connection.execute(query.with_for_update(skip_locked=skip_locked))
        return [self._known.get(row.id) or self.add(_of_row(row)) for row in rows]

    def known(self, detectors: Iterable[str]) -> list[Alarm]:
        """Those of some detectors that were found or added."""
        return [alarm for detector in sorted(detectors) for alarm in self._of.get(detector, ())]

    def get(self, name: str) -> Alarm | None:
        return self._known.get(name)

    def add(self, alarm: Alarm) -> Alarm:
        known = self._known.setdefault(alarm.id, alarm)
        if known is alarm:
            self._of.setdefault(alarm.detector, []).append(alarm)
        return known

    def rename(self, old: str, new: str, detector: str, alert: str | None) -> bool:
        """What stands under the name `old` stands under `new`, also where something stood there before that is over.

        `alert` is its last alert now, if it is another. False: nothing stands there. The row of the old name, and what
        refers to it, is the caller's. All that was kept must have been flushed.
        """
        there = {alarm.id: alarm for alarm in self.find(alarms.c.id.in_([old, new]))}
        self._known.pop(old, None)
        if old not in there:
            return False
        alarm, before = there[old], there.get(new)
        turn = before.turn if before else None
        self._known[new] = replace(alarm, id=new, detector=detector, alert=alert or alarm.alert, turn=turn)
        self.keep(self._known[new])
        self.flush()
        return True

    def keep(self, alarm: Alarm) -> None:
        """The alarm was changed."""
        self._kept[alarm.id] = alarm

    def holds(self, alarm: Alarm) -> bool:
        """Whether it is kept and not written yet."""
        return alarm.id in self._kept

    def log(self, alarm: Alarm, at: datetime, event: str, who: str | None = None, **detail: Any) -> None:
        """One line of the alarm's own record; its alerts are on record anyway."""
        self._events.append(
            {"alarm": alarm.id, "at": at, "event": event, "who": who, "detail": _encode(detail).decode()}
        )

    def flush(self) -> None:
        """Raises StaleError when a row was not in the turn that it was read in."""
        fresh = [alarm for alarm in self._kept.values() if alarm.turn is None]
        changed = [_row(alarm) | {"row_id": alarm.id} for alarm in self._kept.values() if alarm.turn is not None]
        if fresh:
            self._connection.execute(insert(alarms), [_row(alarm) for alarm in fresh])
        if changed:
            done = self._connection.execute(_update, changed)
            if done.rowcount != len(changed):
                raise StaleError(f"alarms: {done.rowcount} of {len(changed)} were in the turn that was expected")
        for alarm in self._kept.values():
            alarm.turn = 0 if alarm.turn is None else alarm.turn + 1
        self._kept.clear()
        # An alarm that has no row yet gets it with its incident; what is said of it waits for that.
        ready = [line for line in self._events if self._known[line["alarm"]].turn is not None]
        if ready:
            self._connection.execute(insert(alarm_events), ready)
            self._events = [line for line in self._events if line not in ready]


_PLAIN = tuple(f.name for f in fields(Alarm) if f.name not in {"state", "shelf", "turn"})
_SHELF = tuple(f.name for f in fields(Shelf))
_NAMES = ("id", "exercise", "county", "detector", "subject")
_CHANGING = [column.name for column in alarms.c if column.name not in {*_NAMES, "turn"}]
_update = (
    update(alarms)
    .where(alarms.c.id == bindparam("row_id"), alarms.c.turn == bindparam("turn"))
    .values({name: bindparam(name) for name in _CHANGING} | {"turn": alarms.c.turn + 1})
)


def _row(alarm: Alarm) -> dict[str, Any]:
    values = {name: getattr(alarm, name) for name in _PLAIN}
    values |= {f"shelved_{name}": getattr(alarm.shelf, name) if alarm.shelf else None for name in _SHELF}
    values["condition"], values["owed"] = alarm.state.condition.value, alarm.state.owed
    values["out_of_service"] = Hold.OUT_OF_SERVICE in alarm.state.holds
    values["turn"] = alarm.turn or 0
    return values


def _of_row(row: Any) -> Alarm:
    shelf = Shelf(*(getattr(row, f"shelved_{name}") for name in _SHELF)) if row.shelved_until else None
    return Alarm(**{name: getattr(row, name) for name in _PLAIN}, state=state_of(row), shelf=shelf, turn=row.turn)


def state_of(row: Any) -> State:
    """The state that an alarm's row holds."""
    holds = {
        Hold.SHELVED: row.shelved_until is not None,
        Hold.SUPPRESSED: row.suppressed_by is not None,
        Hold.OUT_OF_SERVICE: row.out_of_service,
    }
    return State(Condition(row.condition), row.owed, frozenset(hold for hold, there in holds.items() if there))
