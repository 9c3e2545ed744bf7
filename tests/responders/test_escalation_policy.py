"""Escalation, pure: each decision and its reason."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from responders.circuit import CAP, Circuit
from responders.escalation import RECHECK, Page, Policy, StepPages, Wait, decide, freeze, position
from rules.plans import Escalation, Step
from tests.responders.room import grain_plan

WAITING = "waiting for an answer"
WAITING = "waiting for an answer"
NOW = datetime(2026, 8, 26, 8, 0, tzinfo=UTC)
SOON = NOW + timedelta(seconds=1)


def policy(repeat: int = 1) -> Policy:
    plan = grain_plan(
        escalation=Escalation(
            steps=[Step(page=["duty"], wait="5m"), Step(page=["leader"], wait="10m")],
            repeat=repeat,
            leader=["leader"],
            leader_wait="3m",
            last_resort_every="2m",
        )
    )
    return freeze(plan, "grain", "v", {}, "duty")


def test_the_steps_are_repeated_then_the_leader_then_the_leader_for_ever() -> None:
    places = [position(policy(), number) for number in range(1, 9)]
    assert [(p.roles[0], p.wait.seconds // 60, p.last_resort) for p in places] == [
        ("duty", 5, False), ("leader", 10, False), ("duty", 5, False), ("leader", 10, False),
        ("leader", 3, False), ("leader", 2, True), ("leader", 2, True), ("leader", 2, True),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("number", "since", "pages", "expected"),
    [
        (0, 0, StepPages(), (1, "first step")),
        (1, 0, StepPages(first_left_at=NOW), (NOW + timedelta(minutes=5), WAITING)),
        (1, 299, StepPages(first_left_at=NOW - timedelta(seconds=299)), (SOON, WAITING)),
        (1, 300, StepPages(first_left_at=NOW - timedelta(seconds=300)), (2, "unanswered")),
        # The provider held it for four minutes: the officer still gets the whole wait.
        (1, 300, StepPages(NOW - timedelta(seconds=60)), (NOW + timedelta(minutes=4), WAITING)),
        (1, 999, StepPages(pending=1), (NOW + RECHECK, "the step's pages have not left yet")),
        (1, 999, StepPages(pending=1, lost=1), (NOW + RECHECK, "the step's pages have not left yet")),
        (1, 1, StepPages(lost=2), (2, "every page failed")),
        (1, 1, StepPages(first_left_at=NOW, lost=1), (NOW + timedelta(minutes=5), WAITING)),
        (1, 0, StepPages(), (2, "empty step")),
        (5, 0, StepPages(lost=1), (6, "every page failed")),
        # The last resort is neither passed over nor left early, or it would run in a circle.
        (6, 0, StepPages(), (NOW + timedelta(minutes=2), WAITING)),
        (6, 119, StepPages(lost=1), (SOON, WAITING)),
        (6, 120, StepPages(), (7, "last resort")),
    ],
)  # fmt: skip
def test_what_is_decided_and_why(number: int, since: int, pages: StepPages, expected: tuple[object, str]) -> None:
    decision = decide(policy(), number, NOW - timedelta(seconds=since), pages, NOW)
    said = decision.position.number if isinstance(decision, Page) else decision.until
    assert (said, decision.reason) == expected


@given(
    number=st.integers(0, 10_000),
    since=st.integers(0, 10_000),
    left=st.none() | st.integers(0, 10_000),
    pending=st.integers(0, 3),
    lost=st.integers(0, 3),
)
def test_there_is_always_something_to_do_or_a_later_instant(
    number: int, since: int, left: int | None, pending: int, lost: int
) -> None:
    """Never nothing, and never a wait that has already passed."""
    at = None if left is None else NOW - timedelta(seconds=left)
    decision = decide(policy(), number, NOW - timedelta(seconds=since), StepPages(at, pending, lost), NOW)
    if isinstance(decision, Wait):
        assert decision.until > NOW
    else:
        assert decision.position.number == number + 1


def test_a_circuit_opens_probes_one_and_closes() -> None:
    circuit = Circuit()
    assert circuit.allowance(NOW) is None
    opened = circuit.failed(NOW, 0.5)
    assert opened.open_until == NOW + timedelta(seconds=2)
    assert opened.allowance(NOW) == 0
    later = NOW + timedelta(seconds=2)
    assert opened.allowance(later) == 1
    assert opened.probe().allowance(later) == 0
    again = opened.probe().failed(later, 0.5)
    assert again.open_until == later + timedelta(seconds=4)
    assert again.probe().succeeded() == Circuit()


def test_a_text_that_was_on_its_way_when_the_fault_was_noticed_does_not_end_it() -> None:
    """The provider took it before it failed: only the probe can say that it works again."""
    opened = Circuit().failed(NOW, 0.5)
    assert opened.succeeded() == opened
    assert Circuit(doubts=3).succeeded() == Circuit(), "while it works, any text says so"


def test_those_already_on_their_way_count_once_and_a_longer_wait_of_the_provider_counts() -> None:
    circuit = Circuit().failed(NOW, 0.5)
    for _ in range(15):
        circuit = circuit.failed(NOW, 0.5)
    assert (circuit.failures, circuit.open_until) == (1, NOW + timedelta(seconds=2))
    assert circuit.failed(NOW, 0.5, retry_after=60).open_until == NOW + timedelta(seconds=60)


@given(st.integers(1, 60), st.floats(0, 1))
def test_the_pause_is_capped(failures: int, jitter: float) -> None:
    circuit = Circuit()
    now = NOW
    for _ in range(failures):
        circuit = circuit.probe().failed(now, jitter)
        assert circuit.open_until is not None
        assert circuit.open_until - now <= timedelta(seconds=CAP * 1.25)
        now = circuit.open_until


def test_five_doubts_in_a_row_are_a_fault() -> None:
    circuit = Circuit()
    for _ in range(4):
        circuit = circuit.doubted(NOW, 0.5)
        assert circuit.allowance(NOW) is None
    assert circuit.doubted(NOW, 0.5).allowance(NOW) == 0
