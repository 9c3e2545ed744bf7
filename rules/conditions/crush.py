"""Falling flow with rising density: the sign that a crowd is about to be crushed.

The flow of a crowd peaks at 2–3 persons/m² and falls beyond, so that more people in and fewer through feed each other
(Fruin, W gkstill.com Fruin1; densities: W epjdatascience Table 1 after Fruin). Over so many readings in a row of one
source, and at or above a density at the last of them:

- reached where the density never falls from one to the next and is higher at the end, and the flow (in and out, a
  minute) never rises and is lower at the end;
- held until the density is below the bound, or the flow higher at the end of the row than at its beginning: a crowd
  that stands still at its densest is not over.

Density is that of the densest spot, else people over area, in one reading; a row is of one of the two. A reading
without density or flow is no part of any row: missing is unknown, never zero. Of several sources the gravest counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from rules.alerts import Words
from rules.conditions.condition import Condition, graded, most
from rules.conditions.figures import MOST
from rules.facts import LargeEventStatus
from rules.limits import UNKNOWN, Verdict
from rules.measures import FIXED
from rules.severity import Severity
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.triggers import Crush

DENSITIES = ("densest_per_m2", "density_per_m2")
"""Measures of density, the first that is known."""
_CLEAR = Verdict(Severity.NORMAL, Severity.NORMAL)

Seen = dict[str, Any]
"""One source's `name` and `venue` of the event, and its `row` of one `measure`: [instant, density, flow] each."""


class Reading(NamedTuple):
    """Persons a square metre, and persons in and out a minute."""

    density: Decimal
    flow: int


class CrushCondition(Condition):
    """One event. Remembers the row of each source."""

    def __init__(self, spec: Crush) -> None:
        self._bound, self._readings = spec.densest_per_m2, spec.readings
        self._within, self._level = timedelta(seconds=seconds(spec.within)), Severity.of(spec.level)
        self.levels = frozenset({self._level})

    def start(self) -> dict[str, Seen]:
        return {}

    def extract(self, fact: AnyFact) -> dict[str, Any] | None:
        if not isinstance(fact, LargeEventStatus):
            return None
        title = {"name": fact.name, "venue": fact.venue}
        if fact.phase == "closed":
            return {**title, "measure": "", "row": []}
        inflow, outflow = fact.inflow_per_min, fact.outflow_per_min
        figures = {field: getattr(fact, field) for field in ("densest_per_m2", "attendance", "area_m2")}
        densities = {measure: FIXED[measure].read(figures) for measure in DENSITIES}
        measure = next((one for one in DENSITIES if densities[one] is not None), None)
        if measure is None or inflow is None or outflow is None:
            return None
        return {**title, "measure": measure, "row": [str(densities[measure]), inflow + outflow]}

    def read(self, memory: dict[str, Seen], sample: Sample, said: dict[str, Any]) -> dict[str, Seen]:
        others = {key: one for key, one in memory.items() if key != sample.key}
        if len(others) >= MOST:
            del others[next(iter(others))]
        row: list[Any] = []
        if said["row"]:
            before = memory.get(sample.key)
            row = before["row"] if before and before["measure"] == said["measure"] else []
            since = sample.observed_at - self._within
            row = [one for one in row if datetime.fromisoformat(one[0]) >= since]
            row = [*row, [sample.observed_at.isoformat(), *said["row"]]][-self._readings :]
        return {**others, sample.key: {**said, "row": row}}

    def verdict(self, memory: dict[str, Seen], at: datetime) -> Verdict:  # noqa: ARG002 - of the last readings
        return most(map(self._verdict, memory.values())) if memory else UNKNOWN

    def explain(self, memory: dict[str, Seen], at: datetime, severity: Severity, *, estimated: bool) -> Words:  # noqa: ARG002
        if not memory:
            return Words(zh="人流密度或流量未知", en="density or flow of the crowd not known")
        newest_first = reversed(memory.values())
        told = max(newest_first, key=self._verdict)
        title = Words(zh=f"{told['name']}（{told['venue']}）", en=f"{told['name']} ({told['venue']})")
        row = _row(told)
        if not row:
            return Words(zh=f"{title.zh} 活动已结束", en=f"{title.en}: the event is over")
        first, last, n, grade = row[0], row[-1], len(row), graded(severity)
        guess = Words(zh="（估计值）", en=" (estimated)") if estimated else Words(zh="", en="")
        relation = "≥" if last.density >= self._bound else "<"
        density = f"{_shown(first.density)} → {_shown(last.density)}"
        return Words(
            zh=f"{title.zh} {n} 次读数密度 {density} 人/m²（{relation} {self._bound}），"
            f"流量 {first.flow} → {last.flow} 人/分钟{guess.zh}{grade.zh}",
            en=f"{title.en}: over {n} readings density {density} /m² ({relation} {self._bound}),"
            f" flow {first.flow} → {last.flow} persons/min{guess.en}{grade.en}",
        )

    def _verdict(self, seen: Seen) -> Verdict:
        row = _row(seen)
        if not row or row[-1].density < self._bound:
            return _CLEAR
        if len(row) < self._readings:
            return UNKNOWN
        if row[-1].flow > row[0].flow:
            return _CLEAR
        steps = list(pairwise(row))
        denser = row[-1].density > row[0].density and all(one.density <= next_.density for one, next_ in steps)
        slower = row[-1].flow < row[0].flow and all(one.flow >= next_.flow for one, next_ in steps)
        return Verdict(self._level if denser and slower else Severity.NORMAL, self._level)


def _row(seen: Seen) -> list[Reading]:
    return [Reading(Decimal(density), flow) for _, density, flow in seen["row"]]


def _shown(density: Decimal) -> str:
    # rounded down, so that 3.49 never reads as the 3.5 it has not reached
    return f"{density.quantize(Decimal('0.01'), ROUND_DOWN).normalize():f}"
