"""A month's price against what is usual for its own series: WFP's ALPS or FAO's IFPA, as advice.

No indicator replaces the warning line: by default it reaches *approach* only, which is told once and never escalated.
The month's price is the mean of its readings so far, and what is usual is fitted once, when the month's first reading
comes, on the months before it. Two guards are ours, since a series that hardly moves makes any step unusual (on the
Chinese wholesale file IFPA comes to 12 to 58 without a crisis): a floor under σ, and a least move in percent. A plan
that wants the indicator as published sets both to 0.
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from rules.alerts import Words
from rules.conditions.alps import Seasonal, seasonal
from rules.conditions.condition import Condition, Ladder, graded
from rules.conditions.ifpa import Grown, grown
from rules.conditions.months import Past, month_of, spoken
from rules.limits import UNKNOWN, Verdict
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from rules.conditions.aim import Aim
    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.triggers import Anomaly

DIGITS = 9
"""Indicators are rounded to this, so that one at its bound is at it on every machine's arithmetic."""


class Memory(msgspec.Struct, array_like=True, frozen=True):
    """The months before this one; this month's readings as sum and count; what is usual for it (None: not known)."""

    past: Past
    month: int
    total: str
    count: int
    usual: Any

    @property
    def price(self) -> float:
        return float(Decimal(self.total) / self.count)


class Indicator(NamedTuple):
    """How what is usual is found, and what it is kept as."""

    name: str
    fit: Callable[[Past, int], Seasonal | Grown | None]
    usual: type[Seasonal | Grown]
    against: Words


INDICATORS = {
    "alps": Indicator("ALPS", seasonal, Seasonal, Words(zh="较季节趋势价", en="against season and trend")),
    "ifpa": Indicator("IFPA", grown, Grown, Words(zh="3 个月或 12 个月内", en="within 3 or 12 months")),
}


class PriceAnomalyCondition(Condition):
    """One series. Remembers up to fifteen years of monthly prices of one kilogram (litre, piece)."""

    def __init__(self, spec: Anomaly, aim: Aim) -> None:
        self._aim, self._indicator = aim, INDICATORS[spec.indicator]
        self._least_percent, self._least_sigma = spec.least_percent, float(spec.least_sigma)
        self._ladder = Ladder(spec.bounds)
        self.levels = self._ladder.levels

    @property
    def form(self) -> str:
        return f"{super().form}({self._indicator.name})"

    def start(self) -> Memory:
        return Memory(Past(), 0, "0", 0, None)

    def restore(self, plain: Any) -> Memory:
        memory = msgspec.convert(plain, Memory)
        usual = msgspec.convert(memory.usual, self._indicator.usual | None)
        return msgspec.structs.replace(memory, usual=usual)

    def extract(self, fact: AnyFact) -> str | None:
        return str(fact.per_base) if self._aim.watches(fact) else None  # type: ignore[union-attr]

    def read(self, memory: Memory, sample: Sample, said: str) -> Memory:
        month = month_of(sample.observed_at)
        if memory.count and month == memory.month:
            total = str(Decimal(memory.total) + Decimal(said))
            return Memory(memory.past, month, total, memory.count + 1, memory.usual)
        past = memory.past.then(memory.month, memory.price) if memory.count else memory.past
        return Memory(past, month, said, 1, self._indicator.fit(past, month))

    def verdict(self, memory: Memory, at: datetime) -> Verdict:  # noqa: ARG002 - of the last reading, until the next
        value = self._value(memory)
        if value is None:
            return UNKNOWN
        if self._percent(memory) < self._least_percent:
            return Verdict(Severity.NORMAL, Severity.NORMAL)
        return self._ladder.verdict(value)

    def explain(self, memory: Memory, at: datetime, severity: Severity, *, estimated: bool) -> Words:  # noqa: ARG002
        where, name, against = self._aim.where, self._indicator.name, self._indicator.against
        value = self._value(memory)
        if value is None:
            return Words(
                zh=f"{where.zh} 历史月度数据不足，{name} 无法判断",
                en=f"{where.en}: too few months on record to know its {name}",
            )
        bound, percent = self._ladder.bound(severity), f"{_down(self._percent(memory), '0.1'):+f}"
        relation = "≥" if bound is not None and value >= bound else "<"
        price, unit = f"{memory.price * float(self._aim.measure.amount):.2f}", self._aim.unit
        guess = Words(zh="（含估计值）", en=" (estimated in part)") if estimated else Words(zh="", en="")
        month, shown, grade = spoken(memory.month), f"{_down(value, '0.01'):f}", _grade(severity)
        zh = f"{where.zh} {month} 月均价 {price} {unit.zh}{guess.zh}，{against.zh} {percent} %"
        en = f"{where.en}: mean of {month} {price} {unit.en}{guess.en}, {percent} % {against.en}"
        said = f"{name} {shown} {relation} {bound}"
        return Words(zh=f"{zh}，{said}{grade.zh}", en=f"{en}, {said}{grade.en}")

    def _value(self, memory: Memory) -> Decimal | None:
        """The indicator; None where it cannot be known."""
        value = None if memory.usual is None else memory.usual.value(memory.price, self._least_sigma)
        return None if value is None else _rounded(value)

    def _percent(self, memory: Memory) -> Decimal:
        return _rounded(memory.usual.percent(memory.price))


def _rounded(value: float) -> Decimal:
    return Decimal(str(round(value, DIGITS)))


def _down(value: Decimal, step: str) -> Decimal:
    # so that 1.996 never reads as the 2.00 it has not reached
    return value.quantize(Decimal(step), ROUND_FLOOR)


def _grade(severity: Severity) -> Words:
    """A notice says that it is one."""
    if severity is Severity.APPROACH:
        return Words(zh="（走势提示，警戒线另行判断）", en=" (a notice; the warning line is judged apart)")
    return graded(severity)
