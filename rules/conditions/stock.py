"""A point's stock as a share of what it holds in ordinary times, in percent.

The grades of price *and* stock (F 169830/16983078_1: 警戒 < 50 %, 紧张 < 30 %, 紧急 < 10 % of normal) are this,
joined by `all` with a change of price and by `for` with how long the grade below has lasted.
"""

from __future__ import annotations

from decimal import ROUND_UP, Decimal
from typing import TYPE_CHECKING

from rules.alerts import Words
from rules.conditions.condition import Condition, Ladder, graded
from rules.limits import UNKNOWN, Verdict

if TYPE_CHECKING:
    from datetime import datetime

    from rules.conditions.aim import Aim
    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.severity import Severity
    from rules.triggers import Stock


class StockCondition(Condition):
    """One series. Remembers the last stock that was told, in tonnes."""

    def __init__(self, spec: Stock, aim: Aim) -> None:
        normal = aim.line.normal_stock_t
        if not normal:
            message = f"points.{aim.point.id}: normal_stock_t of {aim.line.commodity}/{aim.line.stage} is missing"
            raise ValueError(message)
        self._aim, self._normal = aim, normal
        self._ladder = Ladder(spec.percent_below, side="lower", deadband=spec.deadband)
        self.levels = self._ladder.levels

    def start(self) -> str:
        return ""

    def extract(self, fact: AnyFact) -> str | None:
        if not self._aim.watches(fact) or fact.stock_t is None:  # type: ignore[union-attr]
            return None
        return str(fact.stock_t)  # type: ignore[union-attr]

    def read(self, memory: str, sample: Sample, said: str) -> str:  # noqa: ARG002 - only the last stock counts
        return said

    def verdict(self, memory: str, at: datetime) -> Verdict:  # noqa: ARG002
        return self._ladder.verdict(self._percent(memory)) if memory else UNKNOWN

    def explain(self, memory: str, at: datetime, severity: Severity, *, estimated: bool) -> Words:  # noqa: ARG002
        where = self._aim.where
        if not memory:
            return Words(zh=f"{where.zh} 库存未知", en=f"{where.en}: stock not known")
        percent, bound = self._percent(memory), self._ladder.bound(severity)
        grade = graded(severity)
        relation = "<" if bound is not None and percent < bound else "≥"
        # rounded up, so that 50.01 % never reads as below the 50 it has not fallen below
        shown = f"{percent.quantize(Decimal('0.1'), ROUND_UP):f}"
        return Words(
            zh=f"{where.zh} 库存为正常量的 {shown} % {relation} {bound} %{grade.zh}",
            en=f"{where.en}: stock {shown} % of normal {relation} {bound} %{grade.en}",
        )

    def _percent(self, memory: str) -> Decimal:
        return Decimal(memory) * 100 / self._normal
