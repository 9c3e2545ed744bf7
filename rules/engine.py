"""The engine: facts and state in, state and alerts out. Pure: the same log gives the same alerts, however it is cut."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.activation import activate
from rules.alerts import Words
from rules.detector import Conflict
from rules.drill_log import drill_key, drill_of, end_drill, start_drill
from rules.entries import NOTHING, Entry, Outcome, Record, Rejection, States, after
from rules.expectations import choice, one_of_points
from rules.facts import AnyFact, DrillEnded, DrillStarted, GrainPriceReading, Message, PlanActivated, Tick
from rules.fault import fault
from rules.held import Held, KnownAlarm, again, alarm_key, alert_of, broken_detector, held_by, is_alarm, remembering
from rules.in_force import Libraries, plans_key
from rules.refusal import refusal
from rules.shanghai import in_shanghai
from rules.subjects import happened, place

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from rules.alerts import Alert
    from rules.library import Library
    from rules.site import Site

HIGHER = Words(zh="更高的版次（revision）", en="a higher revision")


class Engine:
    """Applies one message to the state of its detectors."""

    def __init__(
        self, library: Library, find: Callable[[str], Library | None] | None = None, content: str = ""
    ) -> None:
        """`library`, whose hash is `content`, is in force where the log says nothing; `find` gives others by theirs."""
        self._libraries = Libraries(library, find, content)

    def apply(self, states: States, record: Record, message: Message) -> Outcome:
        """What `message`, standing at `record` in the log, does. Never raises for what a message says.

        Raises `UnknownLibrary` where the log goes on under plans that are not to be had.
        """
        library = self._libraries.at(states.get(plans_key(record.topic, record.partition)), record)
        if isinstance(message, PlanActivated):
            return self._activate(states, record, message, library)
        return _Application(library, states, record).apply(message)

    def _activate(self, states: States, record: Record, message: PlanActivated, before: Library) -> Outcome:
        """Changes what is in force here; every alarm kept is looked at under the new plans."""
        refused = _future(before.site, record, "at", message.at)
        if refused is not None:
            return refused
        return activate(states, record, message, before, self._libraries.named(message.content))


class _Application:
    """One message applied under the plans in force where it stands."""

    def __init__(self, library: Library, states: States, record: Record) -> None:
        self._library, self._site = library, library.site
        self._states, self._record = states, record

    def apply(self, message: AnyFact | Tick | DrillStarted | DrillEnded) -> Outcome:
        if isinstance(message, Tick):
            return _future(self._site, self._record, "at", message.at) or self._tick(message)
        if isinstance(message, DrillStarted):
            return start_drill(self._states, self._record, message)
        if isinstance(message, DrillEnded):
            return end_drill(self._states, self._record, message)
        return self._refuse(self._states, self._record, message) or self._fact(message)

    def _fact(self, fact: AnyFact) -> Outcome:
        record = self._record
        entries: dict[str, Entry | None] = {}
        alerts: list[list[Alert]] = []
        occurrence = happened(fact)
        for bound, about, fixed in self._library.touches(fact):
            key = alarm_key(fact.county, fact.exercise, bound.watch.id, about.subject)
            entry = self._states.get(key)
            if entry is None and about.void:
                continue
            if entry is not None and entry.seen(record):
                conflict = entry.conflict_of(record)
                if conflict:
                    return _rejected("conflict", conflict)
                alerts.append(entry.caused_by(record))
                continue
            held = held_by(entry)
            known = held if held is not None and held.form == bound.watch.form and not held.over else None
            where = fixed or (held.place if held and about.void else place(bound.plan.scope, fact, about))
            try:
                change = bound.watch.apply(known.state if known else None, fact, void=about.void)
            except Conflict:
                return _conflict(key, entry, record, fact)
            except Exception as failed:  # noqa: BLE001 - whatever one detector does, the others go on with this fact
                broken = broken_detector(
                    bound, about.subject, fact.county, fact.exercise, record, f"fact {fact.id}", failed
                )
                entries[key] = remembering(entry, record, fact.exercise, Held(where, fact.source, None), broken)
                alerts.append([broken])
                continue
            if change.state is (known.state if known else None):
                continue
            now = Held(where, fact.source, change.state, bound.watch.form, occurrence=occurrence)
            caused = [
                alert_of(bound, fact.county, fact.exercise, about.subject, now, t, record) for t in change.transitions
            ]
            entries[key] = after(entry, record, exercise=fact.exercise, due=change.due, state=now, alerts=caused)
            alerts.append(caused)
        return Outcome(entries, _gravest_first(alerts))

    def _tick(self, tick: Tick) -> Outcome:
        record, states = self._record, self._states
        entries: dict[str, Entry | None] = {}
        alerts: list[Alert] = []
        for key in states.due(record, tick.exercise, tick.at):
            entry = states.get(key)
            if entry is None or not is_alarm(key) or entry.seen(record):
                continue
            known = KnownAlarm.read(key, entry)
            bound = self._library.named(known.detector, known.subject)
            if bound is None or bound.watch.form != known.held.form:
                continue
            try:
                change = bound.watch.advance(known.held.state, tick.at)
            except Exception as failed:  # noqa: BLE001 - as for a fact
                why = f"tick {tick.at.isoformat()}"
                broken = broken_detector(bound, known.subject, known.county, known.exercise, record, why, failed)
                entries[key] = remembering(entry, record, known.exercise, known.held, broken)
                alerts.append(broken)
                continue
            caused = known.alerts(bound, change.transitions, record)
            entries[key] = known.after(entry, record, change, caused)
            alerts += caused
        alerts += again(states, record)
        return Outcome(entries, alerts)

    def _refuse(self, states: States, record: Record, fact: AnyFact) -> Outcome | None:
        """Why a well-formed fact does not count, or None."""
        if fact.exercise is None:
            return self._refuse_fact(record, fact)
        entry = states.get(drill_key(record, fact.exercise))
        drill = drill_of(entry, record)
        if (
            entry is None
            or drill is None
            or record.offset < drill.started
            or (drill.ended is not None and record.offset > drill.ended)
            or fact.source != drill.source
        ):
            return _rejected("unknown_drill", fault("exercise", fact.exercise, _running_drill(fact.source)).words)
        refused = self._refuse_fact(record, fact)
        if refused is not None or drill.ended is None:
            return refused
        # read again after its drill was cleared away: what it did is remembered with the drill
        conflict = entry.conflict_of(record)
        return _rejected("conflict", conflict) if conflict else Outcome({}, entry.caused_by(record))

    def _refuse_fact(self, record: Record, fact: AnyFact) -> Outcome | None:
        """What no state is needed for."""
        if fact.county not in self._site.counties:
            return _rejected("unknown_county", fault("county", fact.county, choice(self._site.counties)).words)
        ahead = _future(self._site, record, "observed_at", fact.observed_at) or _future(
            self._site, record, "known_at", fact.known
        )
        if ahead is not None:
            return ahead
        if isinstance(fact, GrainPriceReading):
            return self._refuse_reading(fact)
        refused = refusal(self._site, fact)
        return _rejected(refused.reason, refused.fault.words) if refused is not None else None

    def _refuse_reading(self, reading: GrainPriceReading) -> Outcome | None:
        point = self._site.points.get(reading.point)
        if point is None or not point.division.startswith(reading.county):
            return _rejected(
                "unknown_point", fault("point", reading.point, one_of_points(len(self._site.points))).words
            )
        if reading.commodity not in self._site.commodities:
            known = choice(sorted(self._site.commodities))
            return _rejected("unknown_commodity", fault("commodity", reading.commodity, known).words)
        wrong = self._library.incomparable(reading)
        if wrong is not None:
            return _rejected("incomparable", wrong.words)
        if reading.exercise is None and reading.source != point.source:
            return NOTHING  # a point has one deciding source: others are recorded only
        return None


def _gravest_first(alerts: list[list[Alert]]) -> list[Alert]:
    """Those of one alarm stay in their order; of several alarms the gravest comes first: it is paged first."""
    told = [one for one in alerts if one]
    if len(told) > 1:
        told.sort(key=lambda of_one_alarm: max(alert.severity for alert in of_one_alarm), reverse=True)
    return [alert for of_one_alarm in told for alert in of_one_alarm]


def _future(site: Site, record: Record, field: str, at: datetime) -> Outcome | None:
    """A clock that runs ahead: it would fire every timer, or stand before all that comes after."""
    if at <= record.appended_at + site.future:
        return None
    latest = f"{in_shanghai(record.appended_at).isoformat()} + {site.file.future}"
    expected = Words(zh=f"不晚于 {latest}", en=f"not after {latest}")
    return _rejected("future", fault(field, at, expected).words)


def _conflict(key: str, entry: Entry | None, record: Record, fact: AnyFact) -> Outcome:
    """Refused, and remembered: read again with a newer state it is refused again: its dead letter may not have left."""
    found = Words(
        zh=f"数据 {fact.id} 的第 {fact.revision} 版已有不同内容",
        en=f"{fact.revision} of fact {fact.id} with other content",
    )
    explain = fault("revision", found, HIGHER).words
    refused = Rejection("conflict", explain)
    if entry is None:
        return Outcome({}, [], refused)
    remembered = after(
        entry, record, exercise=entry.exercise, due=entry.due, state=entry.state, alerts=[], conflict=explain
    )
    return Outcome({key: remembered}, [], refused)


def _rejected(reason: str, explain: Words) -> Outcome:
    return Outcome({}, [], Rejection(reason, explain))


def _running_drill(source: str) -> Words:
    return Words(zh=f"数据源 {source} 正在进行的演练", en=f"a running drill of source {source}")
