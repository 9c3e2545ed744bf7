"""ALPS and IFPA a second time, straight from their formulas: what the detector is held against.

Slow and obvious, in decimals of fifty digits: every dummy is a column of its own, the normal equations are solved by
elimination, nothing is carried from one month to the next, and nothing of the product is used. A series is a mapping
of month (years × 12 + month − 1) to price; what is asked is what the months before one say of it.
"""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping

Series = "Mapping[int, Decimal]"
DIGITS = 50


class Said(NamedTuple):
    """The indicator, and the move in percent that goes with it."""

    value: Decimal
    percent: Decimal


def alps(series: Mapping[int, Decimal], month: int, least_sigma: Decimal) -> Said | None:
    """(P − P̂) / σ, with at least 3 years, 70 % of the months, and one of the last 6; σ² = Σe² / (n − k)."""
    with localcontext(prec=DIGITS):
        past = {m: p for m, p in series.items() if m < month}
        if not past or month - min(past) < 36 or Decimal(len(past)) / (month - min(past)) < Decimal("0.7"):
            return None
        seasons = sorted({m % 12 for m in past})
        if max(past) < month - 6 or month % 12 not in seasons:
            return None

        def row(m: int) -> list[Decimal]:
            """Intercept, trend, and a dummy for each calendar month but the first."""
            dummies = [Decimal(m % 12 == season) for season in seasons[1:]]
            return [Decimal(1), Decimal(m - min(past)), *dummies]

        rows, prices = [row(m) for m in past], list(past.values())
        coefficients = _least_squares(rows, prices)
        errors = [p - _dot(one, coefficients) for one, p in zip(rows, prices, strict=True)]
        sigma = (_dot(errors, errors) / (len(past) - len(coefficients))).sqrt()
        expected = _dot(row(month), coefficients)
        sigma = max(sigma, least_sigma * expected)
        if sigma < Decimal("1e-20"):
            return None
        return Said((series[month] - expected) / sigma, (series[month] / expected - 1) * 100)


def ifpa(series: Mapping[int, Decimal], month: int, least_sigma: Decimal) -> Said | None:
    """0.4 · z₃ + 0.6 · z₁₂ against the same calendar month of strictly earlier years, weights 1 … n."""
    with localcontext(prec=DIGITS):
        total, percent = Decimal(0), Decimal("-Infinity")
        for k, share in ((3, Decimal("0.4")), (12, Decimal("0.6"))):
            years = range(month % 12, month, 12)
            growths = [_cgr(series, m, k) for m in years if m in series and m - k in series]
            n = len(growths)
            if month - k not in series or n < 2:
                return None
            weights = [Decimal(w) for w in range(1, n + 1)]
            mean = _dot(weights, growths) / sum(weights)
            squares = _dot(weights, [(x - mean) ** 2 for x in growths])
            sigma = max((squares / (sum(weights) * (n - 1) / n)).sqrt(), least_sigma)
            if sigma < Decimal("1e-20"):
                return None
            total += share * (_cgr(series, month, k) - mean) / sigma
            percent = max(percent, (series[month] / series[month - k] - 1) * 100)
        return Said(total, percent)


def _cgr(series: Mapping[int, Decimal], month: int, k: int) -> Decimal:
    return (series[month] / series[month - k]) ** (Decimal(1) / k) - 1


def _least_squares(rows: list[list[Decimal]], values: list[Decimal]) -> list[Decimal]:
    """X'X b = X'y, by elimination."""
    columns = list(zip(*rows, strict=True))
    matrix = [[_dot(a, b) for b in columns] + [_dot(a, values)] for a in columns]
    size = len(matrix)
    for i in range(size):
        pivot = max(range(i, size), key=lambda r: abs(matrix[r][i]))
        matrix[i], matrix[pivot] = matrix[pivot], matrix[i]
        for r in range(size):
            if r != i:
                factor = matrix[r][i] / matrix[i][i]
                matrix[r] = [x - factor * y for x, y in zip(matrix[r], matrix[i], strict=True)]
    return [matrix[i][size] / matrix[i][i] for i in range(size)]


def _dot(a: object, b: object) -> Decimal:
    return sum((x * y for x, y in zip(a, b, strict=True)), Decimal(0))  # type: ignore[call-overload]
