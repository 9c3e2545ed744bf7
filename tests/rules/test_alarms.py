"""The table of a limit's states: every state meets every event, and the delays are served on the data's own clock."""

from __future__ import annotations

from datetime import timedelta
from itertools import product

import pytest

from rules.alarms import SOUNDING, TRANSITIONS, Alarm, Event, IllegalEvent, step
from rules.limits import UNKNOWN, Limit, Limits, Verdict
from rules.severity import Severity
from rules.triggers import Delay
from tests.rules.builders import at

OVER = Verdict(Severity.IV, Severity.IV)
HELD = Verdict(Severity.NORMAL, Severity.IV)
UNDER = Verdict(Severity.NORMAL, Severity.NORMAL)


@pytest.mark.parametrize(("alarm", "event"), list(product(Alarm, Event)))
def test_every_state_meets_every_event(alarm: Alarm, event: Event) -> None:
    """A condition may say anything at any time; only a delay that does not run cannot be served."""
    if event is Event.DELAYED and alarm not in (Alarm.PENDING, Alarm.RETURNING):
        with pytest.raises(IllegalEvent, match=f"alarm: got event delayed in state {alarm}, expected one of"):
            step(alarm, event)
    else:
        assert step(alarm, event) is TRANSITIONS[alarm, event]


def test_what_the_deadband_says_begins_nothing_and_ends_nothing() -> None:
    """Held: an alarm goes on, and a delay that ran is broken off."""
    assert [step(alarm, Event.HELD) for alarm in Alarm] == [Alarm.NORMAL, Alarm.NORMAL, Alarm.ACTIVE, Alarm.ACTIVE]


def test_only_a_served_delay_changes_whether_the_alarm_sounds() -> None:
    """No reading alone begins or ends an alarm: it begins a delay, which may be of no length."""
    for (alarm, event), after in TRANSITIONS.items():
        assert ((alarm in SOUNDING) is (after in SOUNDING)) or event is Event.DELAYED


def limits(on: Delay | None = None, off: Delay | None = None) -> Limits:
    return Limits([Severity.IV], on or Delay(), off or Delay())


def severities(machine: Limits, *said: tuple[float, Verdict]) -> list[Severity]:
    """After each (minute, verdict), all of them readings; what fell due in between is told at its instant."""
    found, state, told = [], machine.rest, UNDER
    for minute, verdict in said:
        while (due := machine.due(state)) is not None and due <= at(minute):
            state = machine.judge(state, told, due, reading=False)
            found.append(machine.severity(state))
        state, told = machine.judge(state, verdict, at(minute), reading=True), verdict
        found.append(machine.severity(state))
    return found


IV, NORMAL = Severity.IV, Severity.NORMAL


def test_without_delays_an_alarm_begins_and_ends_with_the_reading() -> None:
    """The deadband holds it; what is not known holds it too."""
    assert severities(limits(), (0, OVER), (1, HELD), (2, UNKNOWN), (3, UNDER)) == [IV, IV, IV, NORMAL]
    assert severities(limits(), (0, HELD), (1, UNKNOWN)) == [NORMAL, NORMAL]


def test_an_on_delay_waits_for_count_and_time() -> None:
    """Two readings and ten minutes, without a break."""
    delay = Delay(readings=2, duration="10m")
    assert severities(limits(delay), (0, OVER), (5, OVER), (12, OVER)) == [NORMAL, NORMAL, IV, IV]
    assert severities(limits(delay), (0, OVER), (12, OVER)) == [NORMAL, IV]
    assert severities(limits(delay), (0, OVER), (5, HELD), (6, OVER), (12, OVER)) == [NORMAL, NORMAL, NORMAL, NORMAL]


def test_an_off_delay_keeps_the_alarm_until_it_has_gone_for_long_enough() -> None:
    """A value that wavers about its deadband is one alarm (chattering)."""
    delay = Delay(duration="10m")
    assert severities(limits(off=delay), (0, OVER), (1, UNDER), (5, HELD), (6, UNDER), (15, UNDER), (20, UNDER)) == [
        IV, IV, IV, IV, IV, NORMAL, NORMAL,
    ]  # fmt: skip


def test_a_notice_is_never_held_back() -> None:
    """Approach has no delays: it is told once, and pages nobody."""
    machine = Limits([Severity.APPROACH, Severity.LINE], Delay(readings=3), Delay(readings=3))
    state = machine.judge(machine.rest, Verdict(Severity.LINE, Severity.LINE), at(0), reading=True)
    assert machine.severity(state) is Severity.APPROACH
    state = machine.judge(state, UNDER, at(1), reading=True)
    assert machine.severity(state) is NORMAL
    assert state == machine.rest


def test_a_delay_that_began_with_time_alone_needs_no_reading() -> None:
    """Silence is told by the clock: its first moment counts as the first of the readings."""
    machine = limits(Delay(duration="5m"))
    state = machine.judge(machine.rest, OVER, at(0), reading=False)
    assert state == [Limit(Alarm.PENDING, 1, at(0))]
    assert machine.due(state) == at(0) + timedelta(minutes=5)
