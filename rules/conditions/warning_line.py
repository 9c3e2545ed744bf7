"""The warning line (警戒线): a price crosses it, and falls back below a separate recovery line.

For an upper line L with shares a ≤ r ≤ 1 a price p is over at p ≥ L, held at rL ≤ p < L, near at aL ≤ p < rL, clear
below aL (以上 includes the number: 国务院令493 art. 3). For a lower line, with a ≥ r ≥ 1, it is over at p < L, held at
L ≤ p < rL, near at rL ≤ p < aL (以下 does not include it): who buys at the order price of grain keeps it. That a price
approaching its line is to be reported, without a number for it, is 浙江省粮食应急预案 (FY 16830122_3): the shares are
the site's own.
"""

from __future__ import annotations

from decimal import Context, Decimal
from fractions import Fraction
from operator import ge, gt
from typing import TYPE_CHECKING

from rules import units
from rules.alerts import Words
from rules.conditions.condition import Condition
from rules.limits import UNKNOWN, Verdict
from rules.severity import Severity

if TYPE_CHECKING:
    from datetime import datetime

    from rules.conditions.aim import Aim
    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.triggers import Line

_WIDE = Context(prec=100)
"""A price of the largest bulk in the unit of the smallest line has more digits than the default context."""

_OVER = Verdict(Severity.LINE, Severity.LINE)
_HELD = Verdict(Severity.APPROACH, Severity.LINE)
_NEAR = Verdict(Severity.APPROACH, Severity.APPROACH)
_CLEAR = Verdict(Severity.NORMAL, Severity.NORMAL)


class WarningLineCondition(Condition):
    """One point's line for one commodity at one stage. Remembers the last price, of one kilogram (litre, piece)."""

    levels = frozenset({Severity.APPROACH, Severity.LINE})

    def __init__(self, spec: Line, aim: Aim) -> None:
        line = aim.line
        bound = line.upper if spec.side == "upper" else line.lower
        if bound is None:
            message = f"points.{aim.point.id}: the {spec.side} line of {line.commodity}/{line.stage} is missing"
            raise ValueError(message)
        self._aim, self._line, self._measure = aim, bound, aim.measure
        self._sign = 1 if spec.side == "upper" else -1
        self._reaches = ge if spec.side == "upper" else gt
        # compared in the line's own sense: for a lower line everything is negated once, here
        # and rounded as a reading is, so that a price written like the bound is at the bound whatever the unit
        self._over, self._held, self._near = (
            units.price_per_base(bound * share, self._measure) * self._sign
            for share in (Decimal(1), spec.ratio.recovery, spec.ratio.approach)
        )

    def start(self) -> Decimal | None:
        return None

    def restore(self, plain: str | None) -> Decimal | None:
        return None if plain is None else Decimal(plain)

    def extract(self, fact: AnyFact) -> str | None:
        return str(fact.per_base) if self._aim.watches(fact) else None  # type: ignore[union-attr]

    def read(self, memory: Decimal | None, sample: Sample, said: str) -> Decimal:  # noqa: ARG002 - only the last counts
        return Decimal(said)

    def verdict(self, memory: Decimal | None, at: datetime) -> Verdict:  # noqa: ARG002
        if memory is None:
            return UNKNOWN
        price = memory * self._sign
        if self._reaches(price, self._near):
            return _OVER if self._reaches(price, self._over) else _HELD if self._reaches(price, self._held) else _NEAR
        return _CLEAR

    def explain(self, memory: Decimal | None, at: datetime, severity: Severity, *, estimated: bool) -> Words:  # noqa: ARG002
        price = units.as_decimal(Fraction(memory or 0) * self._measure.amount)
        relation = "≥" if price >= self._line else "<"
        where, unit, shown = self._aim.where, self._aim.unit, f"{_like(price, self._line):f}"
        guess = ("（估计值）", " (estimated)") if estimated else ("", "")
        return Words(
            zh=f"{where.zh} {shown} {unit.zh}{guess[0]} {relation} 警戒线 {self._line:f}，{severity.zh}",
            en=f"{where.en} {shown} {unit.en}{guess[1]} {relation} line {self._line:f}, {severity.en}",
        )


def _like(price: Decimal, line: Decimal) -> Decimal:
    """The price with at least as many digits after the point as the line is written with."""
    written = price.quantize(line, context=_WIDE)
    return written if price == written else price
