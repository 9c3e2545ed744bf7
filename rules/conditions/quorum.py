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
    from collections.abc import Collection, Sequence

    from rules.conditions.aim import Aim
    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.triggers import Quorum


class Known(NamedTuple):
    """A point that has spoken. What its condition says is kept, not asked again at every reading of another point."""

    own: Any
    """What its condition remembers."""
    reached: bool
    held: bool
    silent: datetime
    """From when on it counts as silent."""


Memory = dict[str, Known]
"""By point that has spoken."""

SILENT_CADENCES = 2


class _Member(NamedTuple):
    condition: Condition
    silent_after: timedelta


class QuorumCondition(Condition):
    """A condition at every point of one commodity and stage."""

    kept = 64

    def __init__(self, spec: Quorum, below: Sequence[tuple[Aim, Condition]]) -> None:
        self._members = {
            aim.point.id: _Member(condition, timedelta(seconds=SILENT_CADENCES * seconds(aim.point.cadence)))
            for aim, condition in below
        }
        self._timed = any(condition.timed for _, condition in below)
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
        known = {point: one for point, one in plain.items() if point in self._members}
        return {
            point: Known(self._members[point].condition.restore(own), reached, held, datetime.fromisoformat(silent))
            for point, (own, reached, held, silent) in known.items()
        }

    def extract(self, fact: AnyFact) -> list[Any] | None:
        if fact.kind != "grain_price":
            return None
        point = self._series.get((fact.point, fact.commodity, fact.stage))  # type: ignore[union-attr]
        return None if point is None else [point, self._members[point].condition.extract(fact)]

    def read(self, memory: Memory, sample: Sample, said: list[Any]) -> Memory:
        point, own = said
        condition = self._members[point].condition
        before = memory[point].own if point in memory else condition.start()
        after = before if own is None else condition.read(before, sample, own)
        silent = sample.observed_at + self._members[point].silent_after
        return {**memory, point: self._known(point, after, silent, sample.observed_at)}

    def elapse(self, memory: Memory, at: datetime) -> Memory:
        if not self._timed:
            return memory
        return {
            point: self._known(point, self._members[point].condition.elapse(known.own, at), known.silent, at)
            for point, known in memory.items()
        }

    def due(self, memory: Memory, clock: datetime) -> datetime | None:
        dues: list[datetime | None] = []
        if self._timed:
            dues = [self._members[point].condition.due(known.own, clock) for point, known in memory.items()]
        if self._left_out:
            dues += [known.silent for known in memory.values()]
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
        count, word = held if severity else reached, self._at
        zh = f"{self._what.zh} {asked} 个监测点中 {count} 个{word.zh}"
        en = f"{self._what.en}: {count} of {asked} points {word.en}"
        silent = len(self._members) - sum(known.silent > at for known in memory.values())
        if silent:
            how_zh, how_en = ("不计入", "left out") if self._left_out else ("按最后数据计", "counted as last heard")
            zh, en = f"{zh}（{silent} 个无数据，{how_zh}）", f"{en} ({silent} without data, {how_en})"
        telling = [(point, known.own) for point, known in memory.items() if known.held]
        if severity and telling:
            point, own = telling[-1]
            example = self._members[point].condition.explain(own, at, word, estimated=estimated)
            zh, en = f"{zh}，如{example.zh}", f"{en}, e.g. {example.en}"
        grade = graded(severity)
        return Words(zh=f"{zh}{grade.zh}", en=f"{en}{grade.en}")

    def _known(self, point: str, own: Any, silent: datetime, at: datetime) -> Known:
        verdict = self._members[point].condition.verdict(own, at)
        return Known(own, verdict.reached >= self._at, verdict.held >= self._at, silent)

    def _count(self, memory: Memory, at: datetime) -> tuple[int, int, int]:
        """How many points reach it, how many still hold it, of how many."""
        known: Collection[Known] = memory.values()
        if not self._left_out:
            return sum(one.reached for one in known), sum(one.held for one in known), len(self._members)
        known = [one for one in known if one.silent > at]
        return sum(one.reached for one in known), sum(one.held for one in known), len(known)

    def _measured(self, count: int, asked: int) -> Decimal:
        return (Decimal(count) * 100 / asked).quantize(Decimal("0.01"), ROUND_DOWN) if self._share else Decimal(count)
