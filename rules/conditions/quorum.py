"""k of n points: so many of the county's points fulfil a condition at once, for one commodity and stage.

Or k of n goods of one stage, each by at least one of its points. That a price is in alarm when it is so in many places,
or when several kinds of goods are, is how price-anomaly plans judge extent (青岛市价格异常波动应急预案, W bandao.cn
2487885: 2 kinds of goods for level IV, 3 for III); how many points is the site's value.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from rules.alerts import Words
from rules.conditions.aim import STAGES
from rules.conditions.condition import Condition, Ladder, graded
from rules.limits import UNKNOWN, Verdict
from rules.severity import Severity
from rules.vocabulary import seconds
from rules.wording import joined

if TYPE_CHECKING:
    from collections.abc import Sequence

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
"""By series that has spoken: its point, and what else sets it apart from the others (commodity, stage)."""

SILENT_CADENCES = 2


class _Member(NamedTuple):
    condition: Condition
    silent_after: timedelta
    counted: str
    """The point or the commodity that it counts for."""


class QuorumCondition(Condition):
    """A condition at every point: of one commodity and stage, or of whatever its subject holds."""

    kept = 64

    def __init__(self, spec: Quorum, below: Sequence[tuple[Aim, Condition]]) -> None:
        self._apart = _apart([aim for aim, _ in below])
        self._series = {aim.key: "/".join(aim.key[i] for i in self._apart) for aim, _ in below}
        self._members = {
            self._series[aim.key]: _Member(
                condition,
                timedelta(seconds=SILENT_CADENCES * seconds(aim.point.cadence)),
                aim.line.commodity if spec.goods else aim.point.id,
            )
            for aim, condition in below
        }
        self._total = len({member.counted for member in self._members.values()})
        self._timed = any(condition.timed for _, condition in below)
        self._at, self._share = Severity.of(spec.at), spec.share
        self._left_out, self._least = spec.silent == "left_out", spec.least
        self._ladder = Ladder(spec.goods or spec.points)
        self.levels = self._ladder.levels
        self._unit = Words(zh="个品种", en="goods") if spec.goods else Words(zh="个监测点", en="points")
        self._what = _what([aim for aim, _ in below])

    @property
    def form(self) -> str:
        by = "" if self._apart == [0] else f" by {self._apart}"
        return f"{super().form}({next(iter(self._members.values())).condition.form}{by})"

    def start(self) -> Memory:
        return {}

    def restore(self, plain: Any) -> Memory:
        known = {name: one for name, one in plain.items() if name in self._members}
        return {
            name: Known(self._members[name].condition.restore(own), reached, held, datetime.fromisoformat(silent))
            for name, (own, reached, held, silent) in known.items()
        }

    def extract(self, fact: AnyFact) -> list[Any] | None:
        if fact.kind != "grain_price":
            return None
        name = self._series.get((fact.point, fact.commodity, fact.stage))  # type: ignore[union-attr]
        return None if name is None else [name, self._members[name].condition.extract(fact)]

    def read(self, memory: Memory, sample: Sample, said: list[Any]) -> Memory:
        name, own = said
        condition = self._members[name].condition
        before = memory[name].own if name in memory else condition.start()
        after = before if own is None else condition.read(before, sample, own)
        silent = sample.observed_at + self._members[name].silent_after
        return {**memory, name: self._known(name, after, silent, sample.observed_at)}

    def elapse(self, memory: Memory, at: datetime) -> Memory:
        if not self._timed:
            return memory
        return {
            name: self._known(name, self._members[name].condition.elapse(known.own, at), known.silent, at)
            for name, known in memory.items()
        }

    def due(self, memory: Memory, clock: datetime) -> datetime | None:
        dues: list[datetime | None] = []
        if self._timed:
            dues = [self._members[name].condition.due(known.own, clock) for name, known in memory.items()]
        if self._left_out:
            dues += [known.silent for known in memory.values()]
        return min((due for due in dues if due is not None and due > clock), default=None)

    def verdict(self, memory: Memory, at: datetime) -> Verdict:
        reached, held, asked = self._count(memory, at)
        if asked < self._least:
            return UNKNOWN
        return Verdict(
            self._ladder.verdict(self._measured(reached, asked)).reached,
            self._ladder.verdict(self._measured(held, asked)).reached,
        )

    def explain(self, memory: Memory, at: datetime, severity: Severity, *, estimated: bool) -> Words:
        reached, held, asked = self._count(memory, at)
        count, word = held if severity else reached, self._at
        zh = f"{self._what.zh} {asked} {self._unit.zh}中 {count} 个{word.zh}"
        en = f"{self._what.en}: {count} of {asked} {self._unit.en} {word.en}"
        heard = {self._members[name].counted for name, known in memory.items() if known.silent > at}
        silent = self._total - len(heard)
        if silent:
            how_zh, how_en = ("不计入", "left out") if self._left_out else ("按最后数据计", "counted as last heard")
            zh, en = f"{zh}（{silent} 个无数据，{how_zh}）", f"{en} ({silent} without data, {how_en})"
        telling = [(name, known.own) for name, known in memory.items() if known.held]
        if severity and telling:
            name, own = telling[-1]
            example = self._members[name].condition.explain(own, at, word, estimated=estimated)
            zh, en = f"{zh}，如{example.zh}", f"{en}, e.g. {example.en}"
        grade = graded(severity)
        return Words(zh=f"{zh}{grade.zh}", en=f"{en}{grade.en}")

    def _known(self, name: str, own: Any, silent: datetime, at: datetime) -> Known:
        verdict = self._members[name].condition.verdict(own, at)
        return Known(own, verdict.reached >= self._at, verdict.held >= self._at, silent)

    def _count(self, memory: Memory, at: datetime) -> tuple[int, int, int]:
        """How many points (or goods) reach it, how many still hold it, of how many."""
        members = self._members
        known = [(members[name].counted, one) for name, one in memory.items() if not self._left_out or one.silent > at]
        reached = {counted for counted, one in known if one.reached}
        held = {counted for counted, one in known if one.held}
        return len(reached), len(held), len(dict(known)) if self._left_out else self._total

    def _measured(self, count: int, asked: int) -> Decimal:
        return (Decimal(count) * 100 / asked).quantize(Decimal("0.01"), ROUND_DOWN) if self._share else Decimal(count)


def _apart(aims: Sequence[Aim]) -> list[int]:
    """Which of point, commodity and stage set the series apart: the point alone, where it is of one good and stage."""
    return [i for i in range(3) if i == 0 or len({aim.key[i] for aim in aims}) > 1]


def _what(aims: Sequence[Aim]) -> Words:
    """The goods and stages of the series, e.g. `粳米（零售）`."""
    site = aims[0].site
    goods = joined(site.commodity(good) for good in dict.fromkeys(aim.line.commodity for aim in aims))
    stages = joined(STAGES[stage] for stage in dict.fromkeys(aim.line.stage for aim in aims))
    return Words(zh=f"{goods.zh}（{stages.zh}）", en=f"{goods.en} ({stages.en})")
