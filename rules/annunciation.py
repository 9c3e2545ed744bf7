"""The people's side of an alarm after ISA-18.2 / IEC 62682, as tables; `rules.alarms` is the process side.

The standards draw nine states. They are the product of three questions that are answered independently, which is how
OPC UA Part 9 (5.8.2) models them, and how they are kept here: is the alarm given (`Condition`), is an acknowledgement
owed, and what holds it (`Hold`). An alarm may be shelved and suppressed at once, and lifting one leaves the other.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, TypeVar

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")


class Condition(StrEnum):
    """What the process, and the latch, say."""

    CLEAR = "clear"
    ACTIVE = "active"
    LATCHED = "latched"
    """Returned, and kept until a person resets it (OPC UA Part 9, 4.8: what needs an inspection after it occurred)."""


class Hold(StrEnum):
    """Why an alarm is recorded and asks nobody (ISA-18.2: shelved, suppressed by design, out of service)."""

    SHELVED = "shelved"
    """By a person, for a limited time."""
    SUPPRESSED = "suppressed"
    """By design: a greater alarm stands (`rules.inhibition`)."""
    OUT_OF_SERVICE = "out_of_service"
    """By a person, until it is returned to service: what it watches is being repaired."""


class Event(StrEnum):
    """What happens to an alarm."""

    ACTIVATED = "activated"
    ROSE = "rose"
    """It is graver than what was answered for, or than what it was shelved at."""
    RETURNED = "returned"
    LATCHED = "latched"
    """Returned, and its trigger latches."""
    ACKNOWLEDGED = "acknowledged"
    RESET = "reset"
    SHELVED = "shelved"
    SHELF_EXPIRED = "shelf_expired"
    UNSHELVED = "unshelved"
    SUPPRESSED = "suppressed"
    RELEASED = "released"
    TAKEN_OUT = "taken_out"
    RETURNED_TO_SERVICE = "returned_to_service"


class Seen(StrEnum):
    """The states as the standards draw them, and an operator sees them."""

    NORMAL = "normal"
    UNACKNOWLEDGED = "active_unacknowledged"
    ACKNOWLEDGED = "active_acknowledged"
    RETURNED_UNACKNOWLEDGED = "returned_unacknowledged"
    LATCHED_UNACKNOWLEDGED = "latched_unacknowledged"
    LATCHED_ACKNOWLEDGED = "latched_acknowledged"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed"
    OUT_OF_SERVICE = "out_of_service"


class State(NamedTuple):
    """One of them. An alarm that is held owes nothing."""

    condition: Condition = Condition.CLEAR
    owed: bool = False
    """Somebody still has to acknowledge it."""
    holds: frozenset[Hold] = frozenset()

    @property
    def seen(self) -> Seen:
        """The state as it is drawn; of several holds the one that lasts longest."""
        for hold in (Hold.OUT_OF_SERVICE, Hold.SHELVED, Hold.SUPPRESSED):
            if hold in self.holds:
                return Seen(hold.value)
        return _SEEN[self.condition, self.owed]


C, E, H = Condition, Event, Hold

CONDITIONS: dict[tuple[Condition, Event], Condition] = {
    (C.CLEAR, E.ACTIVATED): C.ACTIVE,
    (C.LATCHED, E.ACTIVATED): C.ACTIVE,
    (C.ACTIVE, E.ROSE): C.ACTIVE,
    (C.ACTIVE, E.RETURNED): C.CLEAR,
    (C.ACTIVE, E.LATCHED): C.LATCHED,
    (C.LATCHED, E.RESET): C.CLEAR,
}
"""OPC UA Part 9, 5.8.5: what is still active cannot be reset."""

ANSWERS: dict[tuple[bool, Event], bool] = {
    (False, E.ACTIVATED): True,
    (True, E.ACTIVATED): True,
    (False, E.ROSE): True,
    (True, E.ROSE): True,
    (True, E.ACKNOWLEDGED): False,
    (False, E.RESET): False,
}
"""Whether an acknowledgement is owed. What returned unacknowledged still owes one (ISA-18.2), and what owes one cannot
be reset (OPC UA Part 9, 5.8.5). A latched or returned alarm that comes again is a new occurrence."""

HOLDS: dict[Hold, dict[tuple[bool, Event], bool]] = {
    H.SHELVED: {
        (False, E.SHELVED): True,
        (True, E.SHELVED): True,  # a new shelf in place of the old
        (True, E.SHELF_EXPIRED): False,
        (True, E.UNSHELVED): False,
        (True, E.ROSE): False,
        (False, E.ROSE): False,
    },
    H.SUPPRESSED: {
        (False, E.SUPPRESSED): True,
        (True, E.SUPPRESSED): True,  # by another
        (True, E.RELEASED): False,
    },
    H.OUT_OF_SERVICE: {
        (False, E.TAKEN_OUT): True,
        (True, E.TAKEN_OUT): True,
        (True, E.RETURNED_TO_SERVICE): False,
    },
}
"""A shelf is of one limit: ISA-18.2 shelves each alarm by itself, so shelving "high" does not hide "high-high". A rise
above what was shelved therefore ends the shelf. Out of service hides every level: the instrument is not to be trusted.
"""

_SEEN: dict[tuple[Condition, bool], Seen] = {
    (C.CLEAR, False): Seen.NORMAL,
    (C.CLEAR, True): Seen.RETURNED_UNACKNOWLEDGED,
    (C.ACTIVE, False): Seen.ACKNOWLEDGED,
    (C.ACTIVE, True): Seen.UNACKNOWLEDGED,
    (C.LATCHED, False): Seen.LATCHED_ACKNOWLEDGED,
    (C.LATCHED, True): Seen.LATCHED_UNACKNOWLEDGED,
}


class IllegalEvent(RuntimeError):
    """The event cannot happen in that state; nothing was changed."""


def step(state: State, event: Event) -> State:
    """The next state. Raises `IllegalEvent`.

    The tables say what each question's answer becomes; two rules join them. What is held owes nothing. What is freed
    of its last hold while it stands is given anew (ISA-18.2: back to unacknowledged when the condition still holds).
    """
    try:
        condition = _moved(CONDITIONS, state.condition, event)
        owed = _moved(ANSWERS, state.owed, event)
        holds = frozenset(hold for hold in Hold if _moved(HOLDS[hold], hold in state.holds, event))
    except KeyError:
        possible = ", ".join(possible_in(state))
        message = f"alarm: got event {event} in state {described(state)}, expected one of {possible}"
        raise IllegalEvent(message) from None
    freed = bool(state.holds) and not holds
    return State(condition, not holds and (owed or (freed and condition is C.ACTIVE)), holds)


def possible_in(state: State) -> list[Event]:
    """The events that a state takes."""

    def taken(table: Mapping[tuple[T, Event], T], value: T, event: Event) -> bool:
        return (value, event) in table or not _concerns(table, event)

    return [
        event
        for event in Event
        if taken(CONDITIONS, state.condition, event)
        and taken(ANSWERS, state.owed, event)
        and all(taken(HOLDS[hold], hold in state.holds, event) for hold in Hold)
    ]


def described(state: State) -> str:
    """`active, unacknowledged, shelved`."""
    return ", ".join([state.condition, *["unacknowledged"] * state.owed, *sorted(state.holds)])


def _moved(table: Mapping[tuple[T, Event], T], value: T, event: Event) -> T:
    return table[value, event] if _concerns(table, event) else value


def _concerns(table: Mapping[tuple[T, Event], T], event: Event) -> bool:
    return any(known is event for _, known in table)
