"""The engine: facts and state in, state and alerts out. Pure: the same log gives the same alerts, however it is cut."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import msgspec

from rules.alerts import Alert, alert_id
from rules.detector import Change, Conflict, Transition
from rules.entries import Caused, Entry, Outcome, Record, Rejection, States, after
from rules.facts import AnyFact, DrillEnded, DrillStarted, GrainPriceReading, Message, Tick
from rules.library import Bound, Library
from rules.subjects import place

_array = msgspec.json.Encoder()
_read_array = msgspec.json.Decoder(list[str | None])

NOTHING = Outcome({}, [])


class Held(msgspec.Struct, array_like=True, frozen=True):
    """What an entry keeps of a detector on a subject, beside the detector's own memory."""

    place: str
    source: str
    state: Any


class Drill(msgspec.Struct, array_like=True, frozen=True):
    """A drill as one partition knows it: from which offset to which it runs, and whose facts are its own."""

    source: str
    started: int
    ended: int | None


class Engine:
    """Applies one message to the state of its detectors."""

    def __init__(self, library: Library) -> None:
        self._library = library
        self._site = library.site

    def apply(self, states: States, record: Record, message: Message) -> Outcome:
        """What `message`, standing at `record` in the log, does. Never raises for what a message says."""
        if isinstance(message, Tick):
            return self._refuse_future(record, "at", message.at) or self._tick(states, record, message)
        if isinstance(message, DrillStarted):
            return self._start_drill(states, record, message)
        if isinstance(message, DrillEnded):
            return self._end_drill(states, record, message)
        rejected = self._refuse(states, record, message)
        if rejected is not None:
            return rejected
        return self._fact(states, record, message)

    def _fact(self, states: States, record: Record, fact: AnyFact) -> Outcome:
        entries: dict[str, Entry | None] = {}
        alerts: list[Alert] = []
        for bound, about in self._library.touches(fact):
            key = _key(fact.county, fact.exercise, bound.watch.id, about.subject)
            entry = states.get(key)
            if entry is None and about.void:
                continue
            if entry is not None and entry.seen(record):
                conflict = entry.conflict_of(record)
                if conflict:
                    return _rejected("conflict", conflict)
                alerts += entry.caused_by(record)
                continue
            held = _held(entry)
            try:
                change = bound.watch.apply(held.state if held else None, fact, void=about.void)
            except Conflict:
                return _conflict(key, entry, record, fact)
            if held is not None and change.state is held.state:
                continue
            where = held.place if held and about.void else place(bound.plan.scope, fact, about)
            caused = [
                self._alert(bound, fact.county, fact.exercise, about.subject, where, fact.source, t, record)
                for t in change.transitions
            ]
            entries[key] = _entry(entry, record, fact.exercise, change, Held(where, fact.source, change.state), caused)
            alerts += caused
        return Outcome(entries, alerts)

    def _tick(self, states: States, record: Record, tick: Tick) -> Outcome:
        entries: dict[str, Entry | None] = {}
        alerts: list[Alert] = []
        for key in states.due(record, tick.exercise, tick.at):
            entry = states.get(key)
            county, exercise, name, subject = _read_array.decode(key)
            bound = self._library.named(name or "", subject or "")
            held = _held(entry)
            if (
                entry is None
                or bound is None
                or held is None
                or county is None
                or subject is None
                or entry.seen(record)
            ):
                continue
            change = bound.watch.advance(held.state, tick.at)
            caused = [
                self._alert(bound, county, exercise, subject, held.place, held.source, t, record)
                for t in change.transitions
            ]
            entries[key] = _entry(entry, record, exercise, change, Held(held.place, held.source, change.state), caused)
            alerts += caused
        alerts += _again(states, record)
        return Outcome(entries, alerts)

    def _refuse(self, states: States, record: Record, fact: AnyFact) -> Outcome | None:
        """Why a well-formed fact does not count, or None."""
        if fact.exercise is None:
            return self._refuse_fact(record, fact)
        entry = states.get(_drill_key(record, fact.exercise))
        drill = _drill(entry, record)
        if (
            entry is None
            or drill is None
            or record.offset < drill.started
            or (drill.ended is not None and record.offset > drill.ended)
            or fact.source != drill.source
        ):
            return _rejected(
                "unknown_drill", f"exercise: got {fact.exercise}, expected a running drill of source {fact.source}"
            )
        refused = self._refuse_fact(record, fact)
        if refused is not None or drill.ended is None:
            return refused
        # read again after its drill was cleared away: what it did is remembered with the drill
        conflict = entry.conflict_of(record)
        return _rejected("conflict", conflict) if conflict else Outcome({}, entry.caused_by(record))

    def _refuse_fact(self, record: Record, fact: AnyFact) -> Outcome | None:
        """What no state is needed for."""
        if fact.county not in self._site.counties:
            served = " | ".join(self._site.counties)
            return _rejected("unknown_county", f"county: got {fact.county}, expected {served}")
        ahead = self._refuse_future(record, "observed_at", fact.observed_at) or self._refuse_future(
            record, "known_at", fact.known
        )
        if ahead is not None:
            return ahead
        return self._refuse_reading(fact) if isinstance(fact, GrainPriceReading) else None

    def _refuse_future(self, record: Record, field: str, at: datetime) -> Outcome | None:
        """A clock that runs ahead: it would fire every timer, or stand before all that comes after."""
        if at <= record.appended_at + self._site.future:
            return None
        latest = f"{record.appended_at.isoformat()} + {self._site.file.future}"
        return _rejected("future", f"{field}: got {at.isoformat()}, expected not after {latest}")

    def _refuse_reading(self, reading: GrainPriceReading) -> Outcome | None:
        point = self._site.points.get(reading.point)
        if point is None or not point.division.startswith(reading.county):
            expected = f"one of the site's {len(self._site.points)} points"
            return _rejected("unknown_point", f"point: got {reading.point!r}, expected {expected}")
        if reading.commodity not in self._library.commodities:
            expected = " | ".join(sorted(self._library.commodities))
            return _rejected("unknown_commodity", f"commodity: got {reading.commodity!r}, expected {expected}")
        wrong = self._library.incomparable(reading)
        if wrong is not None:
            return _rejected("incomparable", wrong)
        if reading.exercise is None and reading.source != point.source:
            return NOTHING  # a point has one deciding source: others are recorded only
        return None

    def _start_drill(self, states: States, record: Record, message: DrillStarted) -> Outcome:
        key = _drill_key(record, message.exercise)
        if _drill(states.get(key), record) is not None:
            return NOTHING  # registered before: a drill's id is used once
        state = Drill(message.source, record.offset, None)
        return Outcome({key: after(None, record, exercise=None, due=None, state=state, alerts=[])}, [])

    def _end_drill(self, states: States, record: Record, message: DrillEnded) -> Outcome:
        key = _drill_key(record, message.exercise)
        entry = states.get(key)
        drill = _drill(entry, record)
        if drill is None or record.offset < drill.started:
            return NOTHING
        gone = list(states.of_exercise(record, message.exercise))
        if drill.ended is not None:  # read again: what could not be cleared away then is now
            return Outcome(dict.fromkeys(gone), [])
        state = Drill(drill.source, drill.started, record.offset)
        ended = after(entry, record, exercise=None, due=None, state=state, alerts=[])
        # alerts that may not have left yet are remembered here, once the entries that caused them are gone
        memories = [c for name in gone for c in _memories(states.get(name), record)]
        ended = msgspec.structs.replace(ended, caused=sorted(memories, key=lambda c: c.offset))
        return Outcome({key: ended, **dict.fromkeys(gone)}, [])  # the end first: no fact counts once state is gone

    def _alert(
        self, bound: Bound, county: str, exercise: str | None, subject: str, where: str, source: str, t: Transition,
        record: Record,
    ) -> Alert:  # fmt: skip
        before, after_ = t.before.word, t.after.word
        return Alert(
            id=alert_id(
                exercise=exercise, county=county, detector=bound.watch.id, subject=subject, before=before,
                after=after_, cause=t.cause,
            ),
            county=county, plan=bound.plan.id, plan_version=bound.version, place=where, detector=bound.watch.id,
            subject=subject, before=before, after=after_, reason=t.reason, cause=t.cause, at=t.at, known_at=t.known_at,  # type: ignore[arg-type]
            explain=t.explain, exercise=exercise, historic=record.appended_at - t.at > bound.watch.page_within,
            estimated=t.estimated, source=source,
        )  # fmt: skip


def _entry(
    before: Entry | None,
    record: Record,
    exercise: str | None,
    change: Change,
    held: Held,
    alerts: list[Alert],
) -> Entry:
    return after(before, record, exercise=exercise, due=change.due, state=held, alerts=alerts)


def _again(states: States, record: Record) -> list[Alert]:
    """The alerts this very tick caused when it was applied before."""
    return [alert for entry in states.caused_at(record) for alert in entry.caused_by(record)]


def _held(entry: Entry | None) -> Held | None:
    if entry is None or isinstance(entry.state, Held):
        return entry.state if entry else None
    return msgspec.convert(entry.state, Held)


def _drill(entry: Entry | None, record: Record) -> Drill | None:
    """The drill of an entry, unless it was registered in a topic that has since been made anew."""
    if entry is None or all(a.topic_id != record.topic_id for a in entry.applied):
        return None
    return entry.state if isinstance(entry.state, Drill) else msgspec.convert(entry.state, Drill)


def _memories(entry: Entry | None, record: Record) -> list[Caused]:
    """What the entry caused and a restarted worker may read again."""
    return [c for c in entry.caused if c.offset >= record.committed] if entry else []


def _conflict(key: str, entry: Entry | None, record: Record, fact: AnyFact) -> Outcome:
    """Refused, and remembered: read again with a newer state it is refused again: its dead letter may not have left."""
    explain = f"revision: got {fact.revision} of fact {fact.id} with other content, expected a higher revision"
    refused = Rejection("conflict", explain)
    if entry is None:
        return Outcome({}, [], refused)
    remembered = after(
        entry, record, exercise=entry.exercise, due=entry.due, state=entry.state, alerts=[], conflict=explain
    )
    return Outcome({key: remembered}, [], refused)


def _rejected(reason: str, explain: str) -> Outcome:
    return Outcome({}, [], Rejection(reason, explain))


def _key(county: str, exercise: str | None, detector: str, subject: str) -> str:
    return _array.encode([county, exercise, detector, subject]).decode()


def _drill_key(record: Record, exercise: str) -> str:
    return _array.encode(["drill", record.topic, record.partition, exercise]).decode()
