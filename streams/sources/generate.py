"""A season of synthetic prices: trend, weekly rhythm, noise, gaps, late and corrected readings, one surge.

Nothing of it was ever observed: every fact says `source: synthetic`. The same `random.Random` gives the same.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from random import Random  # noqa: TID251 - a type: whoever calls brings the seeded one
from typing import Literal, NamedTuple

import msgspec

from rules.facts import GrainPriceReading

SOURCE = "synthetic"
QUIET = 0.93
"""Outside the surge no price comes nearer to its line than this part of it."""
PEAK = 1.12
"""At the height of the surge a retail price is this part of its line."""
SILENT, LATE, CORRECTED = 0.03, 0.04, 0.015
"""Parts of all readings: never made, one to three days late, corrected."""
CENT = Decimal("0.01")


class GeneratedPoint(msgspec.Struct, frozen=True):
    """A monitoring point to make prices for; `line` is its warning line, which a price crosses going up."""

    id: str
    commodity: str
    stage: Literal["purchase", "wholesale", "retail"]
    line: Decimal
    currency: str = "CNY"
    unit: str = "元/kg"


class Surge(msgspec.Struct, frozen=True):
    """When retail prices rise over their lines: days `first` to `last`, highest from `top` to `down`."""

    first: int
    top: int
    down: int
    last: int

    @classmethod
    def of_season(cls, days: int) -> Surge:
        """At two thirds of the season: 8 days up, 5 at the height, 10 down; shorter in a short season."""
        first = days * 2 // 3
        left = max(days - first - 1, 3)
        up, high, down = (8, 5, 10) if left >= 23 else (left // 3, left // 3, left // 3)  # noqa: PLR2004
        return cls(first, first + up, first + up + high, first + up + high + down)

    def height(self, day: int) -> float:
        """0 outside, 1 at the height."""
        if not self.first <= day <= self.last:
            return 0.0
        if day < self.top:
            return (day - self.first) / (self.top - self.first)
        return 1.0 if day <= self.down else (self.last - day) / (self.last - self.down)

    def window(self, start: datetime) -> tuple[datetime, datetime]:
        """Every reading at or over a line is observed within this."""
        return start + timedelta(days=self.first), start + timedelta(days=self.last + 1)


class _Habits(msgspec.Struct, frozen=True):
    """What stays the same of a point through the season."""

    level: float
    trend: float
    rhythm: float
    gap: range


def season(
    points: Sequence[GeneratedPoint], county: str, start: datetime, rng: Random, *, days: int = 120
) -> Iterator[GrainPriceReading]:
    """The readings of a season in the order of arrival (`reported_at`): late ones and corrections behind."""
    surge = Surge.of_season(days)
    arriving: list[tuple[datetime, int, GrainPriceReading]] = []
    for point in points:
        for reading in _readings(point, county, start, rng, days, surge):
            arriving.append((reading.reported_at or start, len(arriving), reading))
    yield from (reading for _, _, reading in sorted(arriving, key=lambda one: one[:2]))


def _readings(
    point: GeneratedPoint, county: str, start: datetime, rng: Random, days: int, surge: Surge
) -> Iterator[GrainPriceReading]:
    habits = _habits(rng, surge)
    for day in range(days):
        chance = _Chance.drawn(rng)
        if day in habits.gap or (chance.silence < SILENT and surge.height(day) == 0):
            continue
        observed = start + timedelta(days=day, minutes=chance.minute)
        part = _part(habits, point, day, days, surge) * (1 + chance.noise)
        reading = GrainPriceReading(
            county=county, source=SOURCE, observed_at=observed, reported_at=observed + timedelta(minutes=2),
            point=point.id, commodity=point.commodity, stage=point.stage,
            currency=point.currency, unit=point.unit,
            price=_price(point.line, part if surge.height(day) else min(part, QUIET)),
        )  # fmt: skip
        yield from _arrivals(reading, chance)


class _Chance(NamedTuple):
    """What chance has to say about one day of one point; drawn whole, so that no day changes another."""

    minute: int
    silence: float
    fate: float
    noise: float
    slip: float

    @classmethod
    def drawn(cls, rng: Random) -> _Chance:
        """The next day's."""
        return cls(rng.randrange(40), rng.random(), rng.random(), rng.gauss(0, 0.004), rng.uniform(0.985, 0.997))


def _habits(rng: Random, surge: Surge) -> _Habits:
    level, trend, rhythm = rng.uniform(0.78, 0.85), rng.uniform(-0.02, 0.03), rng.uniform(0.002, 0.008)
    silent_from = rng.randrange(max(surge.first - 4, 1))
    return _Habits(level, trend, rhythm, range(silent_from, silent_from + rng.choice((0, 0, 0, 3, 5))))


def _arrivals(reading: GrainPriceReading, chance: _Chance) -> Iterator[GrainPriceReading]:
    """The reading in time; or days late; or with a slip of the pen that is put right a day later."""
    if chance.fate < LATE:
        yield _with(reading, reported_at=reading.observed_at + timedelta(days=1 + chance.minute % 3))
    elif chance.fate < LATE + CORRECTED:
        yield _with(reading, price=_price(reading.price, chance.slip))
        put_right = reading.observed_at + timedelta(days=1, minutes=5)
        yield _with(reading, revision=1, reported_at=put_right)
    else:
        yield reading


def _part(habits: _Habits, point: GeneratedPoint, day: int, days: int, surge: Surge) -> float:
    """What part of its line the price is: the calm course, and above it the surge."""
    calm = habits.level + habits.trend * day / days + habits.rhythm * math.cos(2 * math.pi * day / 7)
    top = PEAK if point.stage == "retail" else (QUIET + calm) / 2
    return calm + (top - calm) * surge.height(day)


def _price(line: Decimal, part: float) -> Decimal:
    return max((line * Decimal(str(round(part, 6)))).quantize(CENT, ROUND_HALF_UP), CENT)


def _with(reading: GrainPriceReading, **changes: object) -> GrainPriceReading:
    return msgspec.structs.replace(reading, **changes)
