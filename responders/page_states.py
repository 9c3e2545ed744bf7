"""What a page can be, and what moves it: a table. Receipts join (`channels.receipts`), so their order cannot matter."""

from __future__ import annotations

from typing import Literal, get_args

from responders.channels import receipts

State = Literal[
    "due", "held", "sending", "uncertain",
    "accepted", "sent", "delivered", "undelivered", "failed",
    "possibly_sent", "refused", "cancelled",
]  # fmt: skip
Event = Literal[
    "claim", "hold", "release", "doubt", "not_found", "give_up", "refuse", "cancel",
    "accepted", "sent", "delivered", "undelivered", "failed",
]  # fmt: skip
Kind = Literal["page", "notice", "update", "recovered", "acknowledged", "closed", "decided", "reminder", "answer"]

STATES: tuple[State, ...] = get_args(State)
EVENTS: tuple[Event, ...] = get_args(Event)
KINDS: tuple[Kind, ...] = get_args(Kind)

RECEIVED: tuple[State, ...] = ("accepted", "sent", "delivered", "undelivered", "failed")
"""The provider certainly had it."""
LEFT: tuple[State, ...] = ("accepted", "sent", "delivered", "possibly_sent")
"""It is out, or may be, and nothing says that it did not arrive."""
PENDING: tuple[State, ...] = ("due", "held", "sending", "uncertain")
"""It is still to leave, or nobody knows yet whether it has."""
LOST: tuple[State, ...] = ("refused", "undelivered", "failed")
"""It failed for a reason of the recipient."""
TOLD: tuple[State, ...] = (*LEFT, "sending", "uncertain", "due", "held")
"""Its officer has been told, or is about to be."""

_RECEIPTS: tuple[Literal["accepted", "sent", "delivered", "undelivered", "failed"], ...] = (
    "accepted", "sent", "delivered", "undelivered", "failed",
)  # fmt: skip

TRANSITIONS: dict[tuple[State, Event], State] = {
    ("due", "claim"): "sending",
    ("due", "hold"): "held",
    ("due", "cancel"): "cancelled",
    ("due", "refuse"): "refused",  # a contact that was disabled after the page was planned
    ("held", "release"): "due",
    ("held", "claim"): "sending",
    ("held", "cancel"): "cancelled",
    ("held", "refuse"): "refused",
    ("sending", "hold"): "held",
    ("sending", "refuse"): "refused",
    ("sending", "doubt"): "uncertain",
    ("uncertain", "not_found"): "due",
    ("uncertain", "give_up"): "possibly_sent",
    ("uncertain", "cancel"): "cancelled",
    # The answer of a sender that was taken for dead, after all.
    ("uncertain", "hold"): "held",
    ("uncertain", "refuse"): "refused",
    ("uncertain", "doubt"): "uncertain",
}
for _state in STATES:
    for _receipt in _RECEIPTS:
        # A receipt is a fact of the outside world: it counts in every state, and is the truth where we only guessed.
        TRANSITIONS[_state, _receipt] = (
            receipts.merge(_state, _receipt) if _state in RECEIVED else _receipt  # type: ignore[arg-type]
        )


class IllegalEvent(ValueError):
    """The event has no place in this state."""

    def __init__(self, state: str, event: str) -> None:
        known = sorted(other for s, other in TRANSITIONS if s == state)
        super().__init__(f"page: got {event!r} in state {state!r}, expected one of {known}")


def after(state: State, event: Event) -> State:
    """The state that follows. Raises `IllegalEvent`."""
    try:
        return TRANSITIONS[state, event]
    except KeyError:
        raise IllegalEvent(state, event) from None
