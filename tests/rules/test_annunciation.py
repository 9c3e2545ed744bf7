"""What people may do about an alarm: every state and event is in the tables, or refused by name."""

from __future__ import annotations

from itertools import combinations, product

import pytest

from rules.annunciation import Condition, Event, Hold, IllegalEvent, Seen, State, described, possible_in, step

C, E, H = Condition, Event, Hold
HELD = [frozenset(some) for n in range(4) for some in combinations(Hold, n)]
STATES = [
    State(condition, owed, holds)
    for condition, owed, holds in product(Condition, (False, True), HELD)
    if not (owed and holds)
]

# What an operator of ISA-18.2 sees, without holds: state → event → state. Nothing else is possible.
N, U, A, R = Seen.NORMAL, Seen.UNACKNOWLEDGED, Seen.ACKNOWLEDGED, Seen.RETURNED_UNACKNOWLEDGED
LU, LA = Seen.LATCHED_UNACKNOWLEDGED, Seen.LATCHED_ACKNOWLEDGED
STANDARD = {
    N: {E.ACTIVATED: U},
    U: {E.ROSE: U, E.ACKNOWLEDGED: A, E.RETURNED: R, E.LATCHED: LU},
    A: {E.ROSE: U, E.RETURNED: N, E.LATCHED: LA},
    R: {E.ACTIVATED: U, E.ACKNOWLEDGED: N},
    LU: {E.ACTIVATED: U, E.ACKNOWLEDGED: LA},
    LA: {E.ACTIVATED: U, E.RESET: N},
}
PUT = {E.SHELVED: H.SHELVED, E.SUPPRESSED: H.SUPPRESSED, E.TAKEN_OUT: H.OUT_OF_SERVICE}
LIFT = {
    E.SHELF_EXPIRED: H.SHELVED, E.UNSHELVED: H.SHELVED, E.RELEASED: H.SUPPRESSED,
    E.RETURNED_TO_SERVICE: H.OUT_OF_SERVICE,
}  # fmt: skip
NAMED = {state.seen: state for state in STATES if not state.holds}


def expected(state: State, event: Event) -> State | None:
    """The standards in words, independent of the tables."""
    if event in PUT:
        return State(state.condition, owed=False, holds=state.holds | {PUT[event]})
    if event in LIFT:
        if LIFT[event] not in state.holds:
            return None
        left = state.holds - {LIFT[event]}
        return State(state.condition, owed=not left and state.condition is C.ACTIVE, holds=left)
    if not state.holds:
        after = STANDARD[state.seen].get(event)
        return NAMED[after] if after else None
    bare = NAMED[{C.CLEAR: N, C.ACTIVE: A, C.LATCHED: LA}[state.condition]]
    seen = STANDARD[bare.seen].get(event)
    if seen is None:
        return None
    left = state.holds - {H.SHELVED} if event is E.ROSE else state.holds
    return State(NAMED[seen].condition, owed=not left, holds=left)


@pytest.mark.parametrize("state", STATES, ids=described)
def test_each_event_in_each_state_is_as_the_standards_draw_it_or_refused(state: State) -> None:
    for event in Event:
        after = expected(state, event)
        if after is not None:
            assert step(state, event) == after, event
            assert event in possible_in(state)
            continue
        assert event not in possible_in(state)
        with pytest.raises(IllegalEvent) as refused:
            step(state, event)
        assert str(refused.value) == (
            f"alarm: got event {event.value} in state {described(state)},"
            f" expected one of {', '.join(e.value for e in possible_in(state))}"
        )


def test_a_refusal_names_what_is_possible() -> None:
    with pytest.raises(IllegalEvent) as refused:
        step(State(C.LATCHED, owed=True), E.RESET)
    assert str(refused.value) == (
        "alarm: got event reset in state latched, unacknowledged,"
        " expected one of activated, acknowledged, shelved, suppressed, taken_out"
    )


def test_every_state_of_the_standard_can_be_reached_from_normal_and_left() -> None:
    reached, ahead = {State()}, [State()]
    while ahead:
        here = ahead.pop()
        after = {step(here, event) for event in possible_in(here)}
        assert after - {here}, f"{described(here)} is a trap"
        ahead += after - reached
        reached |= after
    assert reached == set(STATES)
    assert {state.seen for state in reached} == set(Seen)


def test_lifting_one_hold_leaves_the_other() -> None:
    """Orthogonal: shelved and suppressed, the shelf expires, still suppressed; released, and only then given anew."""
    state = step(step(State(C.ACTIVE, owed=True), E.SHELVED), E.SUPPRESSED)
    assert state.seen is Seen.SHELVED
    state = step(state, E.SHELF_EXPIRED)
    assert (state.seen, state.owed) == (Seen.SUPPRESSED, False)
    assert step(state, E.RELEASED).seen is Seen.UNACKNOWLEDGED


def test_what_returned_while_it_was_held_owes_nothing_but_a_latch_stays() -> None:
    shelved = step(State(C.ACTIVE), E.SHELVED)
    assert step(step(shelved, E.RETURNED), E.UNSHELVED).seen is Seen.NORMAL
    assert step(step(shelved, E.LATCHED), E.UNSHELVED).seen is Seen.LATCHED_ACKNOWLEDGED


def test_a_rise_above_what_was_shelved_ends_the_shelf_and_nothing_else() -> None:
    both = State(C.ACTIVE, holds=frozenset({H.SHELVED, H.OUT_OF_SERVICE}))
    assert step(both, E.ROSE).holds == {H.OUT_OF_SERVICE}
    assert step(State(C.ACTIVE, holds=frozenset({H.SHELVED})), E.ROSE).seen is Seen.UNACKNOWLEDGED
