"""A small real engine for the tests of streams: one line, crossed or not; counts what it has applied."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules.alerts import Alert, Cause, Words, alert_id
from rules.entries import Entry, Outcome, Rejection, after
from rules.facts import DrillEnded, DrillStarted, GrainPriceReading, Tick
from rules.fault import fault

if TYPE_CHECKING:
    from rules.entries import Record, States
    from rules.facts import Message

LINE = Decimal(5)


class LineEngine:
    """Above the line is in alarm. Refuses the point `unknown`, breaks on the point `broken`."""

    def __init__(self, unknown: str = "nowhere") -> None:
        self._unknown = unknown

    def apply(self, states: States, record: Record, message: Message) -> Outcome:
        if isinstance(message, Tick | DrillStarted | DrillEnded):
            return self._count(states, record, message)
        if not isinstance(message, GrainPriceReading):
            return Outcome({}, [])
        if message.point == self._unknown:
            explain = fault("point", message.point, Words(zh="我们的监测点", en="one of ours")).words
            return Outcome({}, [], Rejection("unknown_point", explain))
        if message.point == "broken":
            raise ZeroDivisionError(message.point)
        key = json.dumps([message.county, None, "line", message.point])
        before = states.get(key)
        if before is not None and before.seen(record):
            return Outcome({}, before.caused_by(record))
        held: dict[str, Any] = before.state if before is not None else {"over": False, "count": 0}
        over = message.price > LINE
        alerts = [_alert(message, over=over)] if over != held["over"] else []
        state = {"over": over, "count": held["count"] + 1}
        return Outcome({key: after(before, record, exercise=None, due=None, state=state, alerts=alerts)}, alerts)

    def _count(self, states: States, record: Record, message: Tick | DrillStarted | DrillEnded) -> Outcome:
        key = json.dumps(["", None, type(message).__name__, f"{record.topic}/{record.partition}"])
        before = states.get(key)
        if before is not None and before.seen(record):
            return Outcome({}, [])
        count = before.state["count"] + 1 if before is not None else 1
        return Outcome({key: after(before, record, exercise=None, due=None, state={"count": count}, alerts=[])}, [])


def _alert(reading: GrainPriceReading, *, over: bool) -> Alert:
    before, after_ = ("normal", "line") if over else ("line", "normal")
    cause = Cause(fact=reading.id, revision=reading.revision)
    return Alert(
        id=alert_id(
            exercise=None,
            county=reading.county,
            detector="grain/line",
            subject=reading.point,
            before=before,
            after=after_,
            cause=cause,
        ),
        county=reading.county,
        plan="grain",
        plan_version="1",
        place=f"{reading.county}/{reading.point}",
        detector="grain/line",
        subject=reading.point,
        before=before,  # type: ignore[arg-type]
        after=after_,  # type: ignore[arg-type]
        reason="crossed" if over else "recovered",
        cause=cause,
        at=reading.observed_at,
        known_at=reading.known,
        explain=Words(zh="超过警戒线", en="over the line"),
    )


def totals(entries: dict[str, Entry]) -> dict[str, int]:
    """How many readings each point has applied."""
    return {json.loads(key)[3]: entry.state["count"] for key, entry in entries.items() if json.loads(key)[2] == "line"}
