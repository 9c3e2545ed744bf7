"""The change of a point's price or stock over a window, in percent: (now / base − 1) × 100.

The base is the last reading at or before n days earlier. Where there is none within one further cadence, the change is
not known: an alarm neither begins nor ends by it. Windows and bounds are those of grain emergency plans, e.g. F
168325/16832511_2: 10-day rise 15–20 % yellow; 5-day rise ≥ 50 % with a stock 50 % down urgent. Where a plan says 超过
in place of 以上 (F 173640/17364034_2: a week's rise of more than 50 %), the bound itself is not enough (`exceeds`).
"""

from __future__ import annotations

from datetime import timedelta
from decimal import ROUND_DOWN, ROUND_UP, Decimal
from typing import TYPE_CHECKING, Any

from rules.alerts import Words
from rules.conditions.condition import Condition, Ladder, graded
from rules.conditions.history import History, Reading, not_after, restored, with_one_more
from rules.limits import UNKNOWN, Verdict
from rules.severity import Severity
from rules.shanghai import in_shanghai
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from datetime import datetime

    from rules.conditions.aim import Aim
    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.triggers import Change

_MEASURES = {"price": Words(zh="价格", en="price"), "stock": Words(zh="库存", en="stock")}
_MOVES = {"rise": Words(zh="上涨", en="up"), "fall": Words(zh="下降", en="down")}


class ChangeCondition(Condition):
    """One series over one window. Remembers the readings of the window and the base before it."""

    def __init__(self, spec: Change, aim: Aim) -> None:
        self._spec, self._aim = spec, aim
        self._days = timedelta(days=spec.days)
        self._slack = timedelta(seconds=seconds(aim.point.cadence))
        self._sign = 1 if spec.direction == "rise" else -1
        self._ladder = Ladder(spec.percent, exceeds=spec.exceeds, deadband=spec.deadband)
        self.levels = self._ladder.levels

    def start(self) -> History:
        return []

    def restore(self, plain: Any) -> History:
        return restored(plain)

    def extract(self, fact: AnyFact) -> str | None:
        if not self._aim.watches(fact):
            return None
        value = fact.per_base if self._spec.measure == "price" else fact.stock_t  # type: ignore[union-attr]
        return None if value is None else str(value)

    def read(self, memory: History, sample: Sample, said: str) -> History:
        return with_one_more(memory, sample.observed_at, Decimal(said), self._days)

    def verdict(self, memory: History, at: datetime) -> Verdict:  # noqa: ARG002 - of the last reading, until the next
        percent = self._percent(memory)
        return UNKNOWN if percent is None else self._ladder.verdict(percent)

    def explain(self, memory: History, at: datetime, severity: Severity, *, estimated: bool) -> Words:  # noqa: ARG002
        where, days = self._aim.where, self._spec.days
        what = _MEASURES[self._spec.measure]
        percent = self._percent(memory)
        base = self._base(memory, memory[-1]) if memory else None
        if percent is None or base is None:
            return Words(
                zh=f"{where.zh} {days} 天前无可比{what.zh}数据",
                en=f"{where.en}: no {what.en} to compare with, {days} days ago",
            )
        watched, other = _MOVES[self._spec.direction], _MOVES["fall" if self._sign > 0 else "rise"]
        moved, shown = (watched, self._shown(percent)) if percent >= 0 else (other, self._shown(-percent))
        since, bound, grade = f"{in_shanghai(base.at):%Y-%m-%d}", self._ladder.bound(severity), graded(severity)
        against = self._against(percent, bound, watched)
        return Words(
            zh=f"{where.zh} {what.zh}比 {since} {moved.zh} {shown} %（{days} 天窗口）{against.zh}{grade.zh}",
            en=f"{where.en}: {what.en} {moved.en} {shown} % since {since} ({days} days){against.en}{grade.en}",
        )

    def _against(self, percent: Decimal, bound: Decimal | None, watched: Words) -> Words:
        """How the change stands to its bound."""
        exceeds = self._spec.exceeds
        if bound is not None and (percent > bound or (percent == bound and not exceeds)):
            sign = ">" if exceeds else "≥"
            return Words(zh=f" {sign} {bound} %", en=f" {sign} {bound} %")
        if exceeds:
            return Words(zh=f"，{watched.zh}未超过 {bound} %", en=f", not {watched.en} more than {bound} %")
        return Words(zh=f"，未达{watched.zh} {bound} %", en=f", not {watched.en} {bound} %")

    def _shown(self, percent: Decimal) -> str:
        # rounded down, so that 14.99 % never reads as the 15 it has not reached; up, where 15 must be exceeded
        return f"{percent.quantize(Decimal('0.1'), ROUND_UP if self._spec.exceeds else ROUND_DOWN):f}"

    def _percent(self, memory: History) -> Decimal | None:
        """How far it moved in the direction that is watched; None where it cannot be known."""
        if not memory:
            return None
        now = memory[-1]
        base = self._base(memory, now)
        if base is None or base.value == 0:
            return None
        return (now.value - base.value) * self._sign * 100 / base.value

    def _base(self, memory: History, now: Reading) -> Reading | None:
        old = not_after(memory, now.at - self._days)
        if not old:
            return None
        base = memory[old - 1]
        return base if base.at >= now.at - self._days - self._slack else None
