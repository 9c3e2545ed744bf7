"""Days in a row on which a price rose (or fell): the last reading of each day against that of the day before.

A day is one of Asia/Shanghai. A day without a reading breaks the row: it is not known to have risen. Five rising days
in a row call for daily monitoring in F 168325/16832511_2.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rules.alerts import Words
from rules.conditions.condition import Condition, Ladder, graded
from rules.limits import UNKNOWN, Verdict
from rules.shanghai import SHANGHAI

if TYPE_CHECKING:
    from datetime import datetime

    from rules.conditions.aim import Aim
    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.severity import Severity
    from rules.triggers import Streak

Days = list[tuple[int, str]]
"""Day (proleptic ordinal, Asia/Shanghai) and its last price, oldest first: plain JSON."""


class StreakCondition(Condition):
    """One series. Remembers as many days as its gravest bound asks for, and the one before them."""

    def __init__(self, spec: Streak, aim: Aim) -> None:
        self._aim, self._rises = aim, spec.direction == "rise"
        self._ladder = Ladder(spec.days)
        self.levels = self._ladder.levels
        self._back = int(max(spec.days.values())) + 1

    def start(self) -> Days:
        return []

    def extract(self, fact: AnyFact) -> str | None:
        return str(fact.per_base) if self._aim.watches(fact) else None  # type: ignore[union-attr]

    def read(self, memory: Days, sample: Sample, said: str) -> Days:
        day = sample.observed_at.astimezone(SHANGHAI).toordinal()
        before = memory[:-1] if memory and memory[-1][0] == day else memory
        return [*before, (day, said)][-self._back :]

    def verdict(self, memory: Days, at: datetime) -> Verdict:  # noqa: ARG002 - of the last reading, until the next
        return self._ladder.verdict(Decimal(self._days(memory))) if memory else UNKNOWN

    def explain(self, memory: Days, at: datetime, severity: Severity, *, estimated: bool) -> Words:  # noqa: ARG002
        where, days = self._aim.where, self._days(memory)
        grade = graded(severity)
        zh, en = ("上涨", "risen") if self._rises else ("下跌", "fallen")
        return Words(
            zh=f"{where.zh} 连续{zh} {days} 天{grade.zh}",
            en=f"{where.en}: {en} {days} days in a row{grade.en}",
        )

    def _days(self, memory: Days) -> int:
        """How many of the last days in a row moved in the direction that is watched."""
        count = 0
        for (day, value), (day_after, value_after) in zip(reversed(memory[:-1]), reversed(memory), strict=False):
            moved = Decimal(value_after) - Decimal(value)
            if day_after - day != 1 or (moved <= 0 if self._rises else moved >= 0):
                break
            count += 1
        return count
