"""Figures per plan: how much it would have alarmed, and whether people could have lived with it.

The figures of alarm management are those of EEMUA 191 and ISA-18.2 / IEC 62682, made for the operator of a plant. A
county's prices come by the day and many at once, so a quorum of daily readings looks like a flood and an alarm that
stands for a season like a stale one: the figures are comparable between plans, their targets are a yardstick.
"""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rules.backtest.spans import active, all_of, total
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rules.backtest.incidents import Incident
    from rules.backtest.replay import Alarm, Told
    from rules.backtest.spans import Spans

PERIOD = timedelta(minutes=10)
"""Rates are counted in clock periods of ten minutes (EEMUA 191)."""
FLOOD_BEGINS, FLOOD_ENDS = 10, 5
"""A flood begins with more than 10 alarms in a period and ends with fewer than 5 (ISA-18.2)."""
CHATTER, CHATTER_WITHIN = 3, timedelta(minutes=1)
"""Chattering: an alarm that activates 3 times or more within a minute (ISA-18.2)."""
RESTLESS_WITHIN = timedelta(days=30)
"""The same for data that come by the day: our own yardstick, of no standard."""
STALE_AFTER = timedelta(hours=24)
"""Stale: an alarm that is active for longer (ISA-18.2)."""


class Target(NamedTuple):
    """What the standards ask for."""

    text: str
    met: bool | None


class Statistics(msgspec.Struct, frozen=True, kw_only=True):
    """One plan, over the whole history. An *activation* is an alarm that reaches its line or a level, or rises."""

    plan: str
    alerts: int
    activations: int
    alarms: int
    """Different alarms that activated."""
    incidents: int
    """Those that would have paged somebody."""
    notices: int
    historic: int
    pages: int
    held: int
    """Alerts that paged nobody because a greater alarm stood."""
    days_in_alarm: float
    """Days on which some alarm of the plan was active, each moment counted once."""
    longest_days: float
    """The longest that one incident stood."""
    per_period: float
    """Activations in ten minutes, on average."""
    peak_period: int
    """Activations in the worst ten minutes."""
    flood_percent: float
    """Share of all ten-minute periods in a flood."""
    priorities: tuple[float, float, float]
    """Percent of activations at high (I, II), medium (III) and low (IV, line) priority."""
    chattering: int
    """Alarms that chattered."""
    restless: int
    """Alarms that activated 3 times or more within 30 days."""
    stale_peak: int
    """The most alarms that had been active for more than 24 h at one moment."""

    @property
    def targets(self) -> dict[str, Target]:
        """Each figure for which the standards have a target."""
        some = self.activations > 0
        high, medium, low = self.priorities
        return {
            "per_period": Target("≤ 1", self.per_period <= 1),
            "peak_period": Target(f"≤ {FLOOD_BEGINS}", self.peak_period <= FLOOD_BEGINS),
            "flood_percent": Target("< 1 %", self.flood_percent < 1),
            "priorities": Target("5 / 15 / 80 %", (high <= 5 and medium <= 15 and low >= 80) if some else None),  # noqa: PLR2004
            "chattering": Target("0", self.chattering == 0),
            "stale_peak": Target("< 5", self.stale_peak < 5),  # noqa: PLR2004
        }


def statistics_of(
    plan: str,
    alerts: Sequence[Told],
    incidents: Sequence[Incident],
    spans: Spans,
    period: tuple[datetime, datetime],
    held: int = 0,
) -> Statistics:
    """The figures of one plan. `period` is the first and the last instant of the history; `held` is only told."""
    own = [told for told in alerts if told.alert.plan == plan]
    theirs = [incident for incident in incidents if incident.plan == plan]
    activated = [told for told in own if _activates(told)]
    periods = max(1, (period[1] - period[0]) // PERIOD)
    crowd = Counter((told.at - period[0]) // PERIOD for told in activated)
    by_alarm: dict[Alarm, list[datetime]] = defaultdict(list)
    for told in activated:
        by_alarm[told.alarm].append(told.at)
    of_plan = all_of(spans, plan)
    return Statistics(
        plan=plan,
        alerts=len(own),
        activations=len(activated),
        alarms=len(by_alarm),
        incidents=sum(one.pages_somebody for one in theirs),
        notices=sum(one.is_notice and not one.historic for one in theirs),
        historic=sum(one.historic for one in theirs),
        pages=sum(one.pages for one in theirs),
        held=held,
        days_in_alarm=_days(total(active(of_plan))),
        longest_days=max((_days(i.until(period[1]) - i.opened_at) for i in theirs if i.pages_somebody), default=0.0),
        per_period=round(len(activated) / periods, 4),
        peak_period=max(crowd.values(), default=0),
        flood_percent=round(_flooded(crowd) * 100 / periods, 4),
        priorities=_priorities(activated),
        chattering=sum(_repeats(times, CHATTER_WITHIN) for times in by_alarm.values()),
        restless=sum(_repeats(times, RESTLESS_WITHIN) for times in by_alarm.values()),
        stale_peak=_stale_peak(spans, plan),
    )


def _activates(told: Told) -> bool:
    return told.alert.rises and told.alert.severity >= Severity.LINE and not told.alert.historic


def _flooded(crowd: Counter[int]) -> int:
    """Periods from the one with more than 10 activations to before the first with fewer than 5."""
    flooded, flood = 0, False
    previous: int | None = None
    for number, activations in sorted(crowd.items()):
        if previous is not None and number > previous + 1:
            flood = False  # a period with none at all lay between
        flood = activations > FLOOD_BEGINS or (flood and activations >= FLOOD_ENDS)
        flooded += flood
        previous = number
    return flooded


def _priorities(activated: Iterable[Told]) -> tuple[float, float, float]:
    found = Counter(_priority(told.alert.severity) for told in activated)
    count = found.total() or 1
    high, medium, low = (round(found[which] * 100 / count, 1) for which in range(3))
    return high, medium, low


def _priority(severity: Severity) -> int:
    return 0 if severity >= Severity.II else 1 if severity is Severity.III else 2


def _repeats(times: Sequence[datetime], within: timedelta) -> bool:
    """Whether 3 of the instants, which are in order, lie within so long."""
    last: deque[datetime] = deque(maxlen=CHATTER)
    for time in times:
        last.append(time)
        if len(last) == CHATTER and last[-1] - last[0] <= within:
            return True
    return False


def _stale_peak(spans: Spans, plan: str) -> int:
    """The most that stood at once, each from 24 h after it became active until it returned."""
    moments: list[tuple[datetime, int]] = []
    for (_, detector, _), own in spans.items():
        if detector.partition("/")[0] == plan:
            for since, to in active(own):
                if to - since > STALE_AFTER:
                    moments += [(since + STALE_AFTER, 1), (to, -1)]
    standing = peak = 0
    for _, change in sorted(moments):
        standing += change
        peak = max(peak, standing)
    return peak


def _days(length: timedelta) -> float:
    return round(length / timedelta(days=1), 2)
