"""The limits of one alarm: each severity it can reach, with its on-delay and off-delay served or running."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rules.alarms import SOUNDING, Alarm, Event, step
from rules.severity import Severity
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.triggers import Delay


class Verdict(NamedTuple):
    """What a condition says at one instant.

    `reached` is the gravest severity whose bound is met; `held` (not below it) the gravest that has not yet come back
    past its deadband. Where nothing can be known nothing is reached and everything held: an alarm neither begins nor
    ends for want of data.
    """

    reached: Severity
    held: Severity


UNKNOWN = Verdict(Severity.NORMAL, Severity.I)


class Limit(msgspec.Struct, array_like=True, frozen=True):
    """One severity's state. While a delay runs: how many readings in a row have said so, the first at `since`."""

    alarm: Alarm = Alarm.NORMAL
    run: int = 0
    since: datetime | None = None


AT_REST = Limit()
_SOUNDING = Limit(Alarm.ACTIVE)


class Limits:
    """How the limits of one detector move."""

    def __init__(self, levels: Sequence[Severity], on_delay: Delay, off_delay: Delay) -> None:
        self.levels = tuple(sorted(levels))
        self._delays = {
            Alarm.PENDING: (on_delay.readings, timedelta(seconds=seconds(on_delay.duration))),
            Alarm.RETURNING: (off_delay.readings, timedelta(seconds=seconds(off_delay.duration))),
        }

        self.rest = [AT_REST] * len(self.levels)
        """All quiet: the one list that means it, so that the ordinary reading costs nothing here."""

    def restore(self, limits: list[Limit]) -> list[Limit]:
        """Those of a stored state."""
        return self.rest if limits == self.rest else limits

    def severity(self, limits: list[Limit]) -> Severity:
        """The gravest limit whose alarm is given."""
        if limits is self.rest:
            return Severity.NORMAL
        for level, limit in zip(reversed(self.levels), reversed(limits), strict=True):
            if limit.alarm in SOUNDING:
                return level
        return Severity.NORMAL

    def judge(self, limits: list[Limit], verdict: Verdict, at: datetime, *, reading: bool) -> list[Limit]:
        """The limits once the condition has said `verdict` at `at`; a `reading` counts, mere time does not."""
        reached, held = verdict
        if limits is self.rest and reached is Severity.NORMAL:
            return limits
        return self.restore([
            self._judge(level, limit, Event.OVER if reached >= level else Event.HELD if held >= level else Event.UNDER,
                        at, reading)
            for level, limit in zip(self.levels, limits, strict=True)
        ])  # fmt: skip

    def due(self, limits: list[Limit]) -> datetime | None:
        """The next instant at which a delay has been served, if no reading comes before it."""
        if limits is self.rest:
            return None
        return min(
            (due for level, one in zip(self.levels, limits, strict=True) if (due := self._due(level, one))),
            default=None,
        )

    def _judge(self, level: Severity, limit: Limit, event: Event, at: datetime, reading: bool) -> Limit:
        alarm = step(limit.alarm, event)
        if alarm not in self._delays:
            return limit if alarm is limit.alarm else _SOUNDING if alarm is Alarm.ACTIVE else AT_REST
        waiting = Limit(alarm, limit.run + reading, limit.since) if alarm is limit.alarm else Limit(alarm, 1, at)
        due = self._due(level, waiting)
        if due is None or due > at:
            return waiting
        return _SOUNDING if step(alarm, Event.DELAYED) is Alarm.ACTIVE else AT_REST

    def _due(self, level: Severity, limit: Limit) -> datetime | None:
        delay = self._delays.get(limit.alarm)
        if delay is None or limit.since is None:
            return None
        if level is Severity.APPROACH:  # a notice is never held back
            return limit.since
        readings, duration = delay
        return limit.since + duration if limit.run >= readings else None
