"""The states of an alarm are a table: every pair of state and event is in it, or refused by name."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest

from rules.alarms import SEVERITY, TRANSITIONS, Alarm, Event, IllegalEvent, step
from rules.severity import LEVELS, Severity

N, A, P, X = Alarm.NORMAL, Alarm.APPROACHING, Alarm.PENDING, Alarm.ACTIVE
EXPECTED = {
    #    clear near held over persisted
    N: (N, A, A, P, None),
    A: (N, A, A, P, None),
    P: (N, A, A, P, X),
    X: (N, A, X, X, None),
}


@pytest.mark.parametrize(("alarm", "event"), list(product(Alarm, Event)))
def test_each_event_in_each_state_is_in_the_table_or_refused(alarm: Alarm, event: Event) -> None:
    """An alarm never stays pending below its line, ends only below recovery, and begins only by persisting."""
    expected = EXPECTED[alarm][list(Event).index(event)]
    if expected is not None:
        assert step(alarm, event) is expected
        return
    with pytest.raises(IllegalEvent) as caught:
        step(alarm, event)
    assert str(caught.value) == (
        f"alarm: got event {event.value} in state {alarm.value}, expected one of clear, near, held, over"
    )


def test_the_table_has_no_other_rows() -> None:
    """Nothing that this test does not know of."""
    assert len(TRANSITIONS) == sum(after is not None for row in EXPECTED.values() for after in row)


def test_every_state_has_a_severity_and_can_be_reached_and_left() -> None:
    """None is a trap, none is dead."""
    assert set(SEVERITY) == set(Alarm)
    assert {after for (before, _), after in TRANSITIONS.items() if after is not before} == set(Alarm)
    assert {before for (before, _), after in TRANSITIONS.items() if after is not before} == set(Alarm)


def test_pending_looks_like_approach_to_the_world() -> None:
    """The on-delay is no alarm yet."""
    assert {alarm: severity.word for alarm, severity in SEVERITY.items()} == {
        N: "normal", A: "approach", P: "approach", X: "line",
    }  # fmt: skip


def test_severity_is_one_order_with_one_word_each() -> None:
    """From approach over line and IV to I; 一般 to 特别重大."""
    words = ["normal", "approach", "line", "IV", "III", "II", "I"]
    assert [s.word for s in sorted(Severity)] == words
    assert [Severity.of(word) for word in words] == sorted(Severity)
    assert [(s.zh, s.en) for s in LEVELS] == [
        ("Ⅳ级(一般)", "level IV (ordinary)"), ("Ⅲ级(较大)", "level III (fairly serious)"),
        ("Ⅱ级(重大)", "level II (serious)"), ("Ⅰ级(特别重大)", "level I (especially serious)"),
    ]  # fmt: skip
    with pytest.raises(KeyError):
        Severity.of("V")


def test_the_picture_in_the_docs_is_drawn_from_the_table() -> None:
    """docs/alarm-states.md is what scripts/alarm-states writes."""
    script = Path(__file__).parents[2] / "scripts" / "alarm-states"
    checked = subprocess.run([sys.executable, script, "--check"], capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout, checked.stderr) == (0, "", "")
