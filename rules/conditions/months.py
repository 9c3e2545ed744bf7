"""A series' monthly prices: the mean of each month's readings, in months of Asia/Shanghai.

What price indicators are published for: they know a month by one price, and a month without a reading by none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rules.shanghai import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

MOST = 180
"""Fifteen years: more tells nothing of what is usual today, and the memory stays small."""
YEAR = 12


class Past(msgspec.Struct, array_like=True, frozen=True):
    """Prices by month from `first` on, None where a month had no reading."""

    first: int = 0
    prices: list[float | None] = []

    def price(self, month: int) -> float | None:
        position = month - self.first
        return self.prices[position] if 0 <= position < len(self.prices) else None

    def known(self) -> Iterator[tuple[int, float]]:
        """Month and price of those that had a reading, oldest first."""
        return ((self.first + i, price) for i, price in enumerate(self.prices) if price is not None)

    def then(self, month: int, price: float) -> Past:
        """With a month later than all others, and without what is older than `MOST` months."""
        gap = month - self.first - len(self.prices) if self.prices else 0
        prices = [*self.prices, *[None] * min(gap, MOST), price][-MOST:]
        while prices[0] is None:
            del prices[0]
        return Past(month - len(prices) + 1, prices)


def month_of(at: datetime) -> int:
    """Months since the year 0, so that the next month is one more."""
    local = at.astimezone(SHANGHAI)
    return local.year * YEAR + local.month - 1


def spoken(month: int) -> str:
    """E.g. `2019-03`."""
    return f"{month // YEAR}-{month % YEAR + 1:02}"
