"""ALPS, the World Food Programme's Alert for Price Spikes: how far a price lies above its own season and trend.

WFP, Technical Guidance Note: Calculation and Use of the ALPS Indicator, April 2014. P̂ is the ordinary-least-squares
estimate from a linear trend and one dummy for each calendar month; ALPS = (P − P̂) / σ. Below 0.25 normal, below 1
stress, below 2 alert, from 2 on crisis. The series must span at least 3 years, have a price in at least 70 % of its
months and one in the last 6 (W foodprices.vam.wfp.org, ALPS at a glance).

It is fitted on strictly earlier months, so that a spike does not explain itself away and what was said of a month
never changes with what comes after. σ is that of the residuals, ÷ (n − k) with k coefficients: a month that was not
fitted is judged, and the residuals of those that were are too small for that by k degrees of freedom. (÷ n would call
a price 9 % more unusual after 7 years. The note does not say which.)
"""

from __future__ import annotations

from collections import defaultdict
from math import fsum, sqrt
from typing import TYPE_CHECKING

import msgspec

from rules.conditions.months import YEAR

if TYPE_CHECKING:
    from rules.conditions.months import Past

LEAST_MONTHS, LEAST_SHARE, RECENT = 36, 70, 6
STILL = 1e-9
"""A σ below this share of the price is but the rounding of a series that never moved."""


class Seasonal(msgspec.Struct, array_like=True, frozen=True):
    """What season and trend let one expect of a month, and the σ of the residuals, in the price's own unit."""

    expected: float
    sigma: float

    def value(self, price: float, least_sigma: float) -> float | None:
        """ALPS, with a floor under σ as a share of the expected price; None for a series that never moved."""
        sigma = max(self.sigma, least_sigma * self.expected)
        return (price - self.expected) / sigma if sigma > STILL * self.expected else None

    def percent(self, price: float) -> float:
        """How far above what was expected."""
        return (price / self.expected - 1) * 100


def seasonal(past: Past, month: int) -> Seasonal | None:
    """What earlier months let one expect of this one; None where the conditions for use are not met.

    The dummies are fitted by taking each calendar month's own mean away (Frisch and Waugh), which leaves one slope.
    """
    known = list(past.known())
    span = month - past.first
    if span < LEAST_MONTHS or len(known) * 100 < span * LEAST_SHARE or known[-1][0] < month - RECENT:
        return None
    by_season: dict[int, list[tuple[int, float]]] = defaultdict(list)
    for one, price in known:
        by_season[one % YEAR].append((one, price))
    means = {season: _mean(found) for season, found in by_season.items()}
    centred = [(one - means[one % YEAR][0], price - means[one % YEAR][1]) for one, price in known]
    spread = fsum(time * time for time, _ in centred)
    free = len(known) - len(means) - 1
    if month % YEAR not in means or not spread or free < 1:
        return None
    slope = fsum(time * price for time, price in centred) / spread
    sigma = sqrt(fsum((price - slope * time) ** 2 for time, price in centred) / free)
    time, price = means[month % YEAR]
    expected = price + slope * (month - time)
    return Seasonal(expected, sigma) if expected > 0 else None


def _mean(found: list[tuple[int, float]]) -> tuple[float, float]:
    return fsum(time for time, _ in found) / len(found), fsum(price for _, price in found) / len(found)
