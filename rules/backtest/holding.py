"""Suppressed by design, over a history: which alarms a greater one holds back, and when they are let go.

The rules are `rules.inhibition`. A held alarm pages nobody; when nothing holds it any more and it still stands, it is
given as if it came then. The few minutes for which the desk waits before it lets go do not matter in a history.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.alerts import Alert
    from rules.backtest.replay import Alarm, Told
    from rules.inhibition import Inhibitions


class _Standing(NamedTuple):
    """An alarm that stands: `rules.inhibition.Standing`."""

    alert: Alert
    exercise: str = ""

    @property
    def county(self) -> str:
        return self.alert.county

    @property
    def place(self) -> str:
        return self.alert.place

    @property
    def detector(self) -> str:
        return self.alert.detector

    @property
    def subject(self) -> str:
        return self.alert.subject

    @property
    def grade(self) -> Severity:
        return self.alert.severity


class Holding:
    """The alarms that rules of inhibition concern, as they stand."""

    def __init__(self, inhibitions: Inhibitions) -> None:
        self._inhibitions = inhibitions
        self._standing: dict[Alarm, _Standing] = {}
        self._held: dict[Alarm, Alert] = {}

    def holds(self, told: Told) -> bool:
        """Takes an alert, and says whether its alarm is held back."""
        alert = told.alert
        if not self._inhibitions.concern(alert.detector):
            return False
        name = told.alarm
        if alert.severity is Severity.NORMAL:
            self._standing.pop(name, None)
            return self._held.pop(name, None) is not None
        alarm = self._standing[name] = _Standing(alert)
        if self._is_held(alarm):
            self._held[name] = alert
            return True
        self._held.pop(name, None)
        return False

    def let_go(self) -> Iterator[Alert]:
        """The last alert of each alarm that was held, stands, and is held no longer."""
        for name in [name for name in self._held if not self._is_held(self._standing[name])]:
            yield self._held.pop(name)

    def _is_held(self, alarm: _Standing) -> bool:
        return any(self._inhibitions.hold(other, alarm) for other in self._standing.values() if other is not alarm)
