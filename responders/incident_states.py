"""What an incident can be, and what moves it: a table. An event that is not in it is refused and changes nothing."""

from __future__ import annotations

from typing import Literal

State = Literal["noticed", "unacknowledged", "acknowledged", "closed", "historic"]
Event = Literal["rise", "acknowledge", "close", "return"]

STATES: tuple[State, ...] = ("noticed", "unacknowledged", "acknowledged", "closed", "historic")
OPEN: tuple[State, ...] = ("noticed", "unacknowledged", "acknowledged")
"""`noticed`: one text, no escalation. `historic`: recorded from old facts, never open."""

Decision = Literal["approved", "rejected", "superseded", "lapsed"]
DECISIONS: tuple[Decision, ...] = ("approved", "rejected", "superseded", "lapsed")
"""How a proposal closes: answered yes or no, overtaken by a graver one, or ended with what it was made for."""

TRANSITIONS: dict[tuple[State, Event], State] = {
    ("noticed", "rise"): "unacknowledged",
    ("noticed", "acknowledge"): "acknowledged",
    ("noticed", "close"): "closed",
    # A notice started no response, so there is none for a person to end.
    ("noticed", "return"): "closed",
    ("unacknowledged", "rise"): "unacknowledged",
    ("unacknowledged", "acknowledge"): "acknowledged",
    ("unacknowledged", "close"): "closed",
    ("acknowledged", "rise"): "unacknowledged",
    ("acknowledged", "close"): "closed",
}
"""`return` of a plan that closes on return is its `close`; of any other it moves nothing but a notice. A proposal knows
`close` alone, and always with its decision.
"""


class IllegalEvent(ValueError):
    """The event has no place in this state."""

    def __init__(self, state: str, event: str) -> None:
        super().__init__(f"incident: got {event!r} in state {state!r}, expected one of {allowed(state)}")


def allowed(state: str) -> list[str]:
    return sorted(event for known, event in TRANSITIONS if known == state)


def after(state: State, event: Event) -> State:
    """The state that follows. Raises `IllegalEvent`."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalEvent(state, event) from None
