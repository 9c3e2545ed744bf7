"""A point that has been silent for longer than its cadence: missing data is never normal.

Told by time alone, at the very instant at which the next reading was due. A point that has never spoken counts from
when its plan came into force.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from rules.alerts import Words
from rules.conditions.condition import Condition
from rules.limits import UNKNOWN, Verdict
from rules.severity import Severity
from rules.shanghai import SHANGHAI
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from rules.conditions.aim import Aim
    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.triggers import Silence


class SilenceCondition(Condition):
    """One series. Remembers since when nothing was heard, and whether anything ever was."""

    def __init__(self, spec: Silence, aim: Aim) -> None:
        self._aim, self._level = aim, Severity.of(spec.level)
        self._cadences = spec.cadences
        self._patience = timedelta(seconds=float(spec.cadences * seconds(aim.point.cadence)))
        self.levels = frozenset({self._level})

    @property
    def waits(self) -> bool:
        return True

    def start(self) -> list[str]:
        return []

    def begin(self, at: datetime) -> list[str]:
        return [at.isoformat(), ""]

    def extract(self, fact: AnyFact) -> str | None:
        return "heard" if self._aim.watches(fact) else None

    def read(self, memory: list[str], sample: Sample, said: str) -> list[str]:  # noqa: ARG002
        return [sample.observed_at.isoformat(), said]

    def due(self, memory: list[str], clock: datetime) -> datetime | None:
        if not memory:
            return None
        due = self._due(memory)
        return due if due > clock else None

    def verdict(self, memory: list[str], at: datetime) -> Verdict:
        if not memory:
            return UNKNOWN
        level = self._level if self._due(memory) <= at else Severity.NORMAL
        return Verdict(level, level)

    def explain(self, memory: list[str], at: datetime, severity: Severity, *, estimated: bool) -> Words:  # noqa: ARG002
        where = self._aim.where
        if not severity:
            return Words(zh=f"{where.zh} 已恢复报数", en=f"{where.en}: heard again")
        last, heard = memory
        day = f"{datetime.fromisoformat(last).astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
        times = f"{self._cadences.normalize():f}"
        if not heard:
            return Words(
                zh=f"{where.zh} 自 {day} 启用以来从未报数（应每 {self._aim.point.cadence} 一次）",
                en=f"{where.en}: never heard since {day} (due every {self._aim.point.cadence})",
            )
        return Words(
            zh=f"{where.zh} 自 {day} 起无数据，已超过 {times} 个报数周期（{self._aim.point.cadence}）",
            en=f"{where.en}: no data since {day}, {times} cadences of {self._aim.point.cadence}",
        )

    def _due(self, memory: list[str]) -> datetime:
        return datetime.fromisoformat(memory[0]) + self._patience
