"""The process side of an alarm after ISA-18.2, as a table: acknowledged, latched, shelved live with people, in SQL."""

from __future__ import annotations

from enum import StrEnum

from rules.severity import Severity


class Alarm(StrEnum):
    """Where an alarm stands. `pending` is the on-delay: past the line, not yet for long enough."""

    NORMAL = "normal"
    APPROACHING = "approaching"
    PENDING = "pending"
    ACTIVE = "active"


class Event(StrEnum):
    """In which band a reading lies, from the safe side: clear < approach ≤ near < recovery ≤ held < line ≤ over."""

    CLEAR = "clear"
    NEAR = "near"
    HELD = "held"
    OVER = "over"
    PERSISTED = "persisted"
    """The condition has held for as many readings and as long as asked."""


N, A, P, X = Alarm.NORMAL, Alarm.APPROACHING, Alarm.PENDING, Alarm.ACTIVE

TRANSITIONS: dict[tuple[Alarm, Event], Alarm] = {
    (N, Event.CLEAR): N, (N, Event.NEAR): A, (N, Event.HELD): A, (N, Event.OVER): P,
    (A, Event.CLEAR): N, (A, Event.NEAR): A, (A, Event.HELD): A, (A, Event.OVER): P,
    (P, Event.CLEAR): N, (P, Event.NEAR): A, (P, Event.HELD): A, (P, Event.OVER): P, (P, Event.PERSISTED): X,
    (X, Event.CLEAR): N, (X, Event.NEAR): A, (X, Event.HELD): X, (X, Event.OVER): X,
}  # fmt: skip

SEVERITY = {N: Severity.NORMAL, A: Severity.APPROACH, P: Severity.APPROACH, X: Severity.LINE}


class IllegalEvent(RuntimeError):
    """The event cannot happen in that state; nothing was changed."""


def step(alarm: Alarm, event: Event) -> Alarm:
    """The next state. Raises `IllegalEvent`."""
    try:
        return TRANSITIONS[alarm, event]
    except KeyError:
        possible = ", ".join(e for a, e in TRANSITIONS if a is alarm)
        message = f"alarm: got event {event} in state {alarm}, expected one of {possible}"
        raise IllegalEvent(message) from None
