"""The tables of incidents and of pages, held against their rules in words: each state meets each event."""

from __future__ import annotations

from itertools import product

import pytest

from responders import incident_states, page_states
from responders.incident_states import STATES as INCIDENT_STATES
from responders.page_states import EVENTS as PAGE_EVENTS
from responders.page_states import STATES as PAGE_STATES

INCIDENT_EVENTS: tuple[incident_states.Event, ...] = ("rise", "acknowledge", "close", "return")


def incident_after(state: str, event: str) -> str | None:
    """The rules of incidents; None: refused."""
    still_open = state in {"noticed", "unacknowledged", "acknowledged"}
    match event:
        case "rise":  # what rises asks for people again, whoever had it
            return "unacknowledged" if still_open else None
        case "acknowledge":  # once
            return "acknowledged" if still_open and state != "acknowledged" else None
        case "close":
            return "closed" if still_open else None
        case _:  # a response ends by people only; a notice began none
            return "closed" if state == "noticed" else None


@pytest.mark.parametrize(("state", "event"), list(product(INCIDENT_STATES, INCIDENT_EVENTS)))
def test_an_incident_moves_as_its_rules_say_or_not_at_all(
    state: incident_states.State, event: incident_states.Event
) -> None:
    """What has ended, or never began, stays so."""
    expected = incident_after(state, event)
    if expected is not None:
        assert incident_states.after(state, event) == expected
        return
    possible = sorted(other for other in INCIDENT_EVENTS if incident_after(state, other))
    with pytest.raises(incident_states.IllegalEvent) as refused:
        incident_states.after(state, event)
    assert str(refused.value) == f"incident: got {event!r} in state {state!r}, expected one of {possible}"


RECEIPTS = ("accepted", "sent", "delivered", "failed", "undelivered")
"""In the order in which one outranks another."""
OURS = {
    "claim": {"due": "sending", "held": "sending"},
    "hold": {"due": "held", "sending": "held", "uncertain": "held"},
    "release": {"held": "due"},
    "cancel": {"due": "cancelled", "held": "cancelled", "uncertain": "cancelled"},
    "refuse": {"due": "refused", "held": "refused", "sending": "refused", "uncertain": "refused"},
    "doubt": {"sending": "uncertain", "uncertain": "uncertain"},
    "not_found": {"uncertain": "due"},
    "give_up": {"uncertain": "possibly_sent"},
}
"""What we do with a page: only before it has left, and never twice."""


def page_after(state: str, event: str) -> str | None:
    """The rules of pages; None: refused."""
    if event not in RECEIPTS:
        return OURS[event].get(state)
    if state not in RECEIPTS:
        return event  # the provider knows, we only guessed
    return max(state, event, key=RECEIPTS.index)


@pytest.mark.parametrize(("state", "event"), list(product(PAGE_STATES, PAGE_EVENTS)))
def test_a_page_moves_as_its_rules_say_or_not_at_all(state: page_states.State, event: page_states.Event) -> None:
    """A receipt counts in every state; whatever else we meant to do with a page that has left is refused."""
    expected = page_after(state, event)
    if expected is not None:
        assert page_states.after(state, event) == expected
        return
    possible = sorted(other for other in PAGE_EVENTS if page_after(state, other))
    with pytest.raises(page_states.IllegalEvent) as refused:
        page_states.after(state, event)
    assert str(refused.value) == f"page: got {event!r} in state {state!r}, expected one of {possible}"


def test_no_state_of_a_page_is_out_of_reach() -> None:
    """From due, by the table."""
    reached, ahead = {"due"}, ["due"]
    while ahead:
        here = ahead.pop()
        following = {after for (state, _), after in page_states.TRANSITIONS.items() if state == here}
        ahead += following - reached
        reached |= following
    assert reached == set(PAGE_STATES)


def test_a_page_that_has_left_never_leaves_again() -> None:
    """From a state in which the provider has it, no way leads back to one in which we would send it."""
    for (state, _), after in page_states.TRANSITIONS.items():
        if state in page_states.RECEIVED:
            assert after in page_states.RECEIVED
