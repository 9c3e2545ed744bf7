"""The table: a figure at or past a bound means a level.

Of several rows one fulfilled criterion is enough, and the highest level counts (下列情况之一; 以上 includes the number:
国务院令493 art. 3).
"""

from __future__ import annotations

from decimal import ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from rules.alerts import Words
from rules.conditions.condition import Condition, Ladder, graded, most
from rules.measures import COLOUR_WORDS, COLOURS
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from rules.conditions.figures import Figures
    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.limits import Verdict
    from rules.measures import Measure, Measures
    from rules.triggers import Row, Table


FINEST = -9
"""Digits after the point that a figure is told in, at the most: figures are below 10¹², arithmetic has 28 digits."""


class Criterion(NamedTuple):
    """One row, its bounds as a ladder: colours by their rank."""

    row: Row
    measure: Measure
    ladder: Ladder

    @property
    def unit(self) -> Words:
        return self.row.unit or self.measure.unit

    def value(self, figures: Mapping[str, Any]) -> Decimal | None:
        found = self.measure.read(figures)
        return Decimal(COLOURS.index(found)) if isinstance(found, str) else found


class TableCondition(Condition):
    """Rows over the present figures of one kind of fact."""

    def __init__(self, spec: Table, figures: Figures, measures: Measures) -> None:
        self.kept = figures.kept
        self._facts, self._figures = spec.facts, figures
        self._where = {field: frozenset(values) for field, values in spec.where.items()}
        self._criteria = [Criterion(row, measures[row.measure], _ladder(row)) for row in spec.rows]
        self.levels = frozenset(level for c in self._criteria for level in c.ladder.levels)

    @property
    def form(self) -> str:
        return f"{super().form}({self._facts})"

    def start(self) -> Any:
        return self._figures.start()

    def extract(self, fact: AnyFact) -> dict[str, Any] | None:
        if fact.kind != self._facts:
            return None
        if not all(str(getattr(fact, field)) in values for field, values in self._where.items()):
            return self.gone(fact)
        return self._figures.extract(fact)

    def gone(self, fact: AnyFact) -> dict[str, Any] | None:
        return {} if fact.kind == self._facts else None

    def read(self, memory: Any, sample: Sample, said: dict[str, Any]) -> Any:
        return self._figures.read(memory, sample, said) if said else self._figures.leave(memory, sample.key)

    def due(self, memory: Any, clock: datetime) -> datetime | None:
        return self._figures.due(memory, clock)

    def verdict(self, memory: Any, at: datetime) -> Verdict:
        figures = self._figures.figures(memory, at)
        values = ((c.ladder, c.value(figures)) for c in self._criteria)
        return most(ladder.verdict(value) for ladder, value in values if value is not None)

    def explain(self, memory: Any, at: datetime, severity: Severity, *, estimated: bool) -> Words:  # noqa: ARG002
        figures = self._figures.figures(memory, at)
        told = [(v.held, v.reached, i) for i, v in self._verdicts(figures) if v.held]
        if severity is Severity.NORMAL or not told:
            title = self._figures.title(memory, at)
            return Words(zh=f"{title.zh} 各项指标均低于响应条件", en=f"{title.en}: no criterion is fulfilled")
        _, _, gravest = max(told, key=lambda one: (one[1], one[0], -one[2]))
        criterion = self._criteria[gravest]
        title = self._figures.title(memory, at, criterion.measure.fields)
        words, shown, grade = criterion.measure.words, _against(criterion, figures, severity), graded(severity)
        return Words(zh=f"{title.zh} {words.zh}{shown.zh}{grade.zh}", en=f"{title.en} {words.en} {shown.en}{grade.en}")

    def _verdicts(self, figures: Mapping[str, Any]) -> list[tuple[int, Verdict]]:
        values = ((i, c.ladder, c.value(figures)) for i, c in enumerate(self._criteria))
        return [(i, ladder.verdict(value)) for i, ladder, value in values if value is not None]


def _ladder(row: Row) -> Ladder:
    if row.colours:
        return Ladder({level: Decimal(COLOURS.index(colour)) for level, colour in row.colours.items()})
    return Ladder(row.levels, side=row.side, deadband=row.deadband)


def _against(criterion: Criterion, figures: Mapping[str, Any], severity: Severity) -> Words:
    """The figure against the bound it has reached, or by which it is still held."""
    row, value, bound = criterion.row, criterion.value(figures), criterion.ladder.bound(severity)
    assert value is not None  # noqa: S101 - a criterion without a value is never told
    if row.colours:
        return COLOUR_WORDS[COLOURS[int(value)]]
    upper = row.side == "upper"
    assert bound is not None  # noqa: S101 - nor one without a bound
    relation = ("≥" if value >= bound else "<") if upper else ("<" if value < bound else "≥")
    # rounded away from the bound and as fine as it, so that 89.99 % never reads as the 90 it has not reached
    shown = f"{value.quantize(_step(bound), ROUND_FLOOR).normalize():f}"
    unit = criterion.unit
    in_english = f" {unit.en}" if unit.en else ""
    return Words(zh=f"{shown}{unit.zh} {relation} {bound}", en=f"{shown}{in_english} {relation} {bound}")


def _step(bound: Decimal) -> Decimal:
    """A tenth, or less where the bound is written so: 0.05 mg/L is not told in tenths."""
    exponent = bound.as_tuple().exponent
    assert isinstance(exponent, int)  # noqa: S101 - a bound is a finite number
    return Decimal(1).scaleb(max(min(exponent, -1), FINEST))
