"""k of n points: so many of the county's points fulfil a condition at once, for one commodity and stage.

That a county's price is in alarm when several of its points are is how price-anomaly plans judge extent ("area",
e.g. 青岛市价格异常波动应急预案, W bandao.cn 2487885); how many is the site's value.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from rules.alerts import Words
from rules.conditions.aim import STAGES
from rules.conditions.condition import Condition, Ladder, graded
from rules.limits import Verdict
from rules.severity import Severity
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.conditions.aim import Aim
    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.triggers import Quorum

Memory = dict[str, list[Any]]
"""Per point that has spoken: when last, and what its condition remembers."""

SILENT_CADENCES = 2


class _Member(NamedTuple):
    condition: Condition
    silent_after: timedelta


class QuorumCondition(Condition):
    """A condition at every point of one commodity and stage."""

    kept = 128

    def __init__(self, spec: Quorum, below: Sequence[tuple[Aim, Condition]]) -> None:
        self._members = {
            aim.point.id: _Member(condition, timedelta(seconds=SILENT_CADENCES * seconds(aim.point.cadence)))
            for aim, condition in below
        }
        self._series = {aim.key: aim.point.id for aim, _ in below}
        self._at, self._share = Severity.of(spec.at), spec.share
        self._left_out = spec.silent == "left_out"
        self._ladder = Ladder(spec.points)
        self.levels = self._ladder.levels
        first, _ = below[0]
        good, stage = first.site.commodity(first.line.commodity), STAGES[first.line.stage]
        self._what = Words(zh=f"{good.zh}（{stage.zh}）", en=f"{good.en} ({stage.en})")

    @property
    def form(self) -> str:
        return f"{super().form}({next(iter(self._members.values())).condition.form})"

    def start(self) -> Memory:
        return {}

    def restore(self, plain: Any) -> Memory:
        return {
            point: [at, self._members[point].condition.restore(own)]
            for point, (at, own) in plain.items()
            if point in self._members
        }

    def extract(self, fact: AnyFact) -> list[Any] | None:
        if fact.kind != "grain_price":
            return None
        point = self._series.get((fact.point, fact.commodity, fact.stage))  # type: ignore[union-attr]
        return None if point is None else [point, self._members[point].condition.extract(fact)]

    def read(self, memory: Memory, sample: Sample, said: list[Any]) -> Memory:
        point, own = said
        condition = self._members[point].condition
        before = memory[point][1] if point in memory else condition.start()
        after = before if own is None else condition.read(before, sample, own)
        return {**memory, point: [sample.observed_at.isoformat(), after]}

    def elapse(self, memory: Memory, at: datetime) -> Memory:
        return {point: [last, self._members[point].condition.elapse(own, at)] for point, (last, own) in memory.items()}

    def due(self, memory: Memory, clock: datetime) -> datetime | None:
        dues = [self._members[point].condition.due(own, clock) for point, (_, own) in memory.items()]
        if self._left_out:
            dues += [self._silent_at(point, last) for point, (last, _) in memory.items()]
        return min((due for due in dues if due is not None and due > clock), default=None)

    def verdict(self, memory: Memory, at: datetime) -> Verdict:
        reached, held, asked = self._count(memory, at)
        if not asked:
            return Verdict(Severity.NORMAL, Severity.NORMAL)
        return Verdict(
            self._ladder.verdict(self._measured(reached, asked)).reached,
            self._ladder.verdict(self._measured(held, asked)).reached,
        )

    def explain(self, memory: Memory, at: datetime, severity: Severity, *, estimated: bool) -> Words:
        reached, held, asked = self._count(memory, at)
        count = held if severity else reached
        word = self._at
        silent = sum(self._is_silent(point, memory, at) for point in self._members)
        telling = [
            (p, own) for p, (_, own) in memory.items() if self._members[p].condition.verdict(own, at).held >= word
        ]
        zh = f"{self._what.zh} {asked} 个监测点中 {count} 个{word.zh}"
        en = f"{self._what.en}: {count} of {asked} points {word.en}"
        if silent:
            how = (
                Words(zh="不计入", en="left out")
                if self._left_out
                else Words(zh="按最后数据计", en="counted as last heard")
            )
            zh, en = f"{zh}（{silent} 个无数据，{how.zh}）", f"{en} ({silent} without data, {how.en})"
        if severity and telling:
            point, own = telling[-1]
            example = self._members[point].condition.explain(own, at, word, estimated=estimated)
            zh, en = f"{zh}，如{example.zh}", f"{en}, e.g. {example.en}"
        grade = graded(severity)
        return Words(zh=f"{zh}{grade.zh}", en=f"{en}{grade.en}")

    def _count(self, memory: Memory, at: datetime) -> tuple[int, int, int]:
        """How many points reach it, how many still hold it, of how many."""
        asked = [p for p in self._members if not (self._left_out and self._is_silent(p, memory, at))]
        said = [self._members[p].condition.verdict(memory[p][1], at) for p in asked if p in memory]
        return sum(v.reached >= self._at for v in said), sum(v.held >= self._at for v in said), len(asked)

    def _measured(self, count: int, asked: int) -> Decimal:
        return (Decimal(count) * 100 / asked).quantize(Decimal("0.01"), ROUND_DOWN) if self._share else Decimal(count)

    def _is_silent(self, point: str, memory: Memory, at: datetime) -> bool:
        return point not in memory or self._silent_at(point, memory[point][0]) <= at

    def _silent_at(self, point: str, last: str) -> datetime:
        return datetime.fromisoformat(last) + self._members[point].silent_after
