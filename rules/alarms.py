"""The process side of one alarm limit after ISA-18.2 / IEC 62682, as a table; what people do about it lives in SQL.

Every severity that a detector can reach is a limit of its own, with its own delays (OPC UA Part 9: each limit has its
own deadband); the alarm's severity is the gravest limit that is active.
"""

from __future__ import annotations

from enum import StrEnum


class Alarm(StrEnum):
    """Where a limit stands. The value holds in `pending` and `active`, and has gone in `normal` and `returning`."""

    NORMAL = "normal"
    PENDING = "pending"
    """The on-delay runs: past the limit, not yet for long enough."""
    ACTIVE = "active"
    RETURNING = "returning"
    """The off-delay runs: back past the deadband, not yet for long enough; still an alarm."""


class Event(StrEnum):
    """What the condition says of the limit."""

    UNDER = "under"
    """Not reached, and past the deadband."""
    HELD = "held"
    """In the deadband, or not known: begins nothing and ends nothing."""
    OVER = "over"
    DELAYED = "delayed"
    """The delay that runs has been served."""


N, P, X, R = Alarm.NORMAL, Alarm.PENDING, Alarm.ACTIVE, Alarm.RETURNING

TRANSITIONS: dict[tuple[Alarm, Event], Alarm] = {
    (N, Event.UNDER): N, (N, Event.HELD): N, (N, Event.OVER): P,
    (P, Event.UNDER): N, (P, Event.HELD): N, (P, Event.OVER): P, (P, Event.DELAYED): X,
    (X, Event.UNDER): R, (X, Event.HELD): X, (X, Event.OVER): X,
    (R, Event.UNDER): R, (R, Event.HELD): X, (R, Event.OVER): X, (R, Event.DELAYED): N,
}  # fmt: skip

SOUNDING = frozenset({X, R})
"""In these the limit's alarm is given."""


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
