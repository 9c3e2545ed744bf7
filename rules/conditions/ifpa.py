"""IFPA, FAO's Indicator of Food Price Anomalies (SDG 2.c.1): growth against that of the same month in earlier years.

Compound growth over k months is CGRₖ = (Pₜ / Pₜ₋ₖ)^(1/k) − 1. Each of k = 3 and k = 12 is held against the same
calendar month of strictly earlier years, whose growths weigh 1, 2, …, n, the newest most: μ = Σwx / Σw,
σ² = Σw(x − μ)² / (Σw · (n − 1)/n), z = (CGR − μ) / σ; IFPA = 0.4 · z₃ + 0.6 · z₁₂. From 0.5 moderately high, from 1
abnormally high (C fao-market-monitor, read from FAO's own page; the published metadata leaves the weights open).

Two earlier growths are the least for a σ: that of twelve months so begins in the series' 37th month. A year without the
growth has no weight; FAO's page counts the first January to March, which has none over 3 months, as no growth.
Domestic series are to be deflated by a price index (SDG 2.c.1 metadata): these are as they were read, so the usual
inflation is in μ, and an unusual one is an anomaly.
"""

from __future__ import annotations

from math import fsum, sqrt
from typing import TYPE_CHECKING

import msgspec

from rules.conditions.months import YEAR

if TYPE_CHECKING:
    from rules.conditions.months import Past

SHARES = ((3, 0.4), (12, 0.6))
"""Months over which growth is measured, and its share of the indicator."""
LEAST_YEARS = 2
STILL = 1e-9
"""A σ below this is but the rounding of a series that always grew alike."""


class Growth(msgspec.Struct, array_like=True, frozen=True):
    """Growth over so many months: the price it starts from, and what was usual in earlier years, per month."""

    months: int
    share: float
    base: float
    mean: float
    sigma: float

    def rate(self, price: float) -> float:
        return _rate(self.base, price, self.months)


class Grown(msgspec.Struct, array_like=True, frozen=True):
    """What is usual for a month, over 3 and over 12 months."""

    arms: list[Growth]

    def value(self, price: float, least_sigma: float) -> float | None:
        """IFPA, with a floor under both σ; None for a series that always grew alike."""
        sigmas = [max(arm.sigma, least_sigma) for arm in self.arms]
        if min(sigmas) <= STILL:
            return None
        return fsum(
            arm.share * (arm.rate(price) - arm.mean) / sigma for arm, sigma in zip(self.arms, sigmas, strict=True)
        )

    def percent(self, price: float) -> float:
        """The greater of the rises over 3 and over 12 months."""
        return max((price / arm.base - 1) * 100 for arm in self.arms)


def grown(past: Past, month: int) -> Grown | None:
    """What earlier months let one expect of this one's growth; None where there are too few."""
    arms = [_growth(past, month, months, share) for months, share in SHARES]
    found = [arm for arm in arms if arm is not None]
    return Grown(found) if len(found) == len(arms) else None


def _growth(past: Past, month: int, months: int, share: float) -> Growth | None:
    base = past.price(month - months)
    if base is None:
        return None
    earlier = [(past.price(one - months), past.price(one)) for one in _same_month_before(past, month)]
    rates = [_rate(start, end, months) for start, end in earlier if start is not None and end is not None]
    n = len(rates)
    if n < LEAST_YEARS:
        return None
    weighed = list(enumerate(rates, start=1))
    weights = n * (n + 1) / 2
    mean = fsum(weight * rate for weight, rate in weighed) / weights
    variance = fsum(weight * (rate - mean) ** 2 for weight, rate in weighed) / (weights * (n - 1) / n)
    return Growth(months, share, base, mean, sqrt(variance))


def _rate(start: float, end: float, months: int) -> float:
    """Compound growth a month."""
    rate: float = (end / start) ** (1 / months) - 1
    return rate


def _same_month_before(past: Past, month: int) -> range:
    """The same calendar month of earlier years, oldest first."""
    return range(month - (month - past.first) // YEAR * YEAR, month, YEAR)
