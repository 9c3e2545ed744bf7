"""Scales and their ticks: instants in Shanghai time, prices in round steps."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import NamedTuple

from rules.shanghai import SHANGHAI

DAY = timedelta(days=1)
_DAYS = (1, 2, 7, 14)
_MONTHS = (1, 3, 6, 12, 24, 60, 120)
_YEAR, _LONG_MONTH = 12, 31


class Tick(NamedTuple):
    """A mark on an axis: where it stands, 0 to 1, and what it says."""

    at: float
    text: str


class TimeScale:
    """Instants on [0, 1]."""

    def __init__(self, since: datetime, to: datetime) -> None:
        self.since = since.astimezone(SHANGHAI)
        self.to = max(to.astimezone(SHANGHAI), self.since + DAY)

    def at(self, instant: datetime) -> float:
        return (instant - self.since) / (self.to - self.since)

    def ticks(self, most: int) -> list[Tick]:
        """Beginnings of years, months or days: the smallest step of which there are at most so many.

        Where the month has to be said there is room for fewer.
        """
        length = (self.to - self.since) / DAY
        for days in _DAYS:
            if length / days <= most:
                return self._marks(self._days(days), "%m-%d")
        for months in _MONTHS:
            if length / (months * 30.44) <= (most if months >= _YEAR else most * 0.7):
                return self._marks(self._months(months), "%Y" if months >= _YEAR else "%Y-%m")
        return self._marks(self._months(_MONTHS[-1] * math.ceil(length / (_MONTHS[-1] * 30.44) / most)), "%Y")

    def _marks(self, instants: list[datetime], form: str) -> list[Tick]:
        return [Tick(round(self.at(one), 5), one.strftime(form)) for one in instants if self.since <= one <= self.to]

    def _days(self, step: int) -> list[datetime]:
        first = self.since.replace(hour=0, minute=0, second=0, microsecond=0)
        return [first + DAY * number for number in range(0, (self.to - first).days + step, step)]

    def _months(self, step: int) -> list[datetime]:
        first = self.since.year * _YEAR + self.since.month - 1
        first -= first % step
        last = self.to.year * _YEAR + self.to.month
        return [
            datetime(month // _YEAR, month % _YEAR + 1, 1, tzinfo=SHANGHAI) for month in range(first, last + 1, step)
        ]


class PriceScale:
    """Prices on [0, 1], the top with room for a mark. Begins at no zero: a line chart shows change."""

    def __init__(self, values: list[float]) -> None:
        low, high = min(values), max(values)
        room = (high - low) * 0.08 or abs(high) * 0.05 or 1.0
        self.low, self.high = low - room * 1.8, high + room * 1.8

    def at(self, value: float) -> float:
        return (value - self.low) / (self.high - self.low)

    def ticks(self, most: int) -> list[Tick]:
        """Round numbers: 1, 2 or 5 times a power of ten apart."""
        rough = (self.high - self.low) / most
        power = 10.0 ** math.floor(math.log10(rough))
        step = next(times * power for times in (1, 2, 5, 10) if times * power >= rough)
        digits = max(0, -math.floor(math.log10(step)))
        first = math.ceil(self.low / step)
        return [
            Tick(round(self.at(number * step), 5), f"{number * step:,.{digits}f}")
            for number in range(first, math.floor(self.high / step) + 1)
        ]
