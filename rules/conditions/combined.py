"""Conditions of conditions: the one combinator layer. What these cannot say is a detector of its own.

Each holds its inputs in its own memory, and is a condition like any other.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from rules.alerts import Words
from rules.conditions.condition import Condition, graded, most
from rules.limits import Verdict
from rules.severity import Severity
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.triggers import For, Unless

Memory = list[Any]


class Combined(Condition):
    """Several conditions, each with its own memory; what they say together is the subclass's."""

    def __init__(self, below: Sequence[Condition]) -> None:
        self.below = tuple(below)
        self._timed_below = [(i, one) for i, one in enumerate(self.below) if one.timed]
        self.kept = max(one.kept for one in below)

    @property
    def form(self) -> str:
        return f"{super().form}({' '.join(one.form for one in self.below)})"

    @property
    def timed(self) -> bool:
        return bool(self._timed_below)

    @property
    def waits(self) -> bool:
        return any(one.waits for one in self.below)

    def start(self) -> Memory:
        return [one.start() for one in self.below]

    def begin(self, at: datetime) -> Memory:
        return [one.begin(at) for one in self.below]

    def restore(self, plain: Any) -> Memory:
        return [one.restore(memory) for one, memory in zip(self.below, plain, strict=True)]

    def extract(self, fact: AnyFact) -> list[Any] | None:
        said = [one.extract(fact) for one in self.below]
        return said if any(one is not None for one in said) else None

    def gone(self, fact: AnyFact) -> list[Any] | None:
        left = [one.gone(fact) for one in self.below]
        return left if any(one is not None for one in left) else None

    def read(self, memory: Memory, sample: Sample, said: list[Any]) -> Memory:
        return [
            own if one is None else condition.read(own, sample, one)
            for condition, own, one in zip(self.below, memory, said, strict=True)
        ]

    def elapse(self, memory: Memory, at: datetime) -> Memory:
        after = list(memory)
        for i, one in self._timed_below:
            after[i] = one.elapse(memory[i], at)
        return after

    def due(self, memory: Memory, clock: datetime) -> datetime | None:
        dues = [one.due(memory[i], clock) for i, one in self._timed_below]
        return min((due for due in dues if due is not None), default=None)

    def verdicts(self, memory: Memory, at: datetime) -> list[Verdict]:
        return [one.verdict(own, at) for one, own in zip(self.below, memory, strict=True)]

    @abstractmethod
    def verdict(self, memory: Memory, at: datetime) -> Verdict: ...

    def explain(self, memory: Memory, at: datetime, severity: Severity, *, estimated: bool) -> Words:
        """What those say that reach or hold something; all, where none does."""
        said = self.verdicts(memory, at)
        telling = [i for i, one in enumerate(said) if severity and one.held >= severity] or range(len(said))
        words = [
            self.below[i].explain(
                memory[i], at, min(said[i].held, severity) if severity else severity, estimated=estimated
            )
            for i in telling
        ]
        distinct = list(dict.fromkeys((one.zh, one.en) for one in words))
        return Words(zh="；".join(zh for zh, _ in distinct), en="; ".join(en for _, en in distinct))


class AllCondition(Combined):
    """Every condition: the least of what they reach, the least of what they hold."""

    def __init__(self, below: Sequence[Condition]) -> None:
        super().__init__(below)
        gravest = min(max(one.levels) for one in below)
        self.levels = frozenset(level for one in below for level in one.levels if level <= gravest)

    def verdict(self, memory: Memory, at: datetime) -> Verdict:
        said = self.verdicts(memory, at)
        return Verdict(min(one.reached for one in said), min(one.held for one in said))


class AnyCondition(Combined):
    """One of them is enough, and the gravest counts."""

    def __init__(self, below: Sequence[Condition]) -> None:
        super().__init__(below)
        self.levels = frozenset(level for one in below for level in one.levels)

    def verdict(self, memory: Memory, at: datetime) -> Verdict:
        return most(self.verdicts(memory, at))


class NOfCondition(Combined):
    """At least n of them: the n-th gravest of what they reach."""

    def __init__(self, below: Sequence[Condition], n: int) -> None:
        super().__init__(below)
        self._n = n
        self.levels = frozenset(level for one in below for level in one.levels)

    def verdict(self, memory: Memory, at: datetime) -> Verdict:
        said = self.verdicts(memory, at)
        nth = self._n - 1
        return Verdict(
            sorted((one.reached for one in said), reverse=True)[nth],
            sorted((one.held for one in said), reverse=True)[nth],
        )


class UnlessCondition(Combined):
    """The first, but not while the second is at a grade: suppressed by design within one alarm."""

    def __init__(self, spec: Unless, condition: Condition, unless: Condition) -> None:
        super().__init__([condition, unless])
        self._at = Severity.of(spec.at)
        self.levels = condition.levels

    def verdict(self, memory: Memory, at: datetime) -> Verdict:
        condition, unless = self.verdicts(memory, at)
        if unless.reached >= self._at:
            return Verdict(Severity.NORMAL, Severity.NORMAL)
        return condition

    def explain(self, memory: Memory, at: datetime, severity: Severity, *, estimated: bool) -> Words:
        condition, unless = self.below
        held_back = not severity and self.verdicts(memory, at)[1].reached >= self._at
        told, own = (unless, memory[1]) if held_back else (condition, memory[0])
        words = told.explain(own, at, self._at if held_back else severity, estimated=estimated)
        if not held_back:
            return words
        return Words(zh=f"因{words.zh}而不再单独报警", en=f"no alarm of its own, because: {words.en}")


class ForCondition(Combined):
    """A condition has been at a grade for so long: 警戒 for 4 days is 紧张 (e.g. F 169830/16983078_1).

    Its memory beside the condition's is since when it has been so, without a break.
    """

    def __init__(self, spec: For, condition: Condition) -> None:
        super().__init__([condition])
        self._at, self._gives = Severity.of(spec.at), Severity.of(spec.gives)
        self._duration, self._said = timedelta(seconds=seconds(spec.duration)), spec.duration
        self.levels = frozenset({self._gives})

    @property
    def timed(self) -> bool:
        return True

    def start(self) -> Memory:
        return [*super().start(), None]

    def begin(self, at: datetime) -> Memory:
        return [*super().begin(at), None]

    def restore(self, plain: Any) -> Memory:
        return [*super().restore(plain[:1]), plain[1]]

    def read(self, memory: Memory, sample: Sample, said: list[Any]) -> Memory:
        return self._noted(super().read(memory[:1], sample, said), memory[1], sample.observed_at)

    def elapse(self, memory: Memory, at: datetime) -> Memory:
        return self._noted(super().elapse(memory[:1], at), memory[1], at)

    def due(self, memory: Memory, clock: datetime) -> datetime | None:
        own = super().due(memory[:1], clock)
        since = memory[1]
        ends = datetime.fromisoformat(since) + self._duration if since else None
        if ends is None or ends <= clock:
            return own
        return ends if own is None else min(own, ends)

    def verdict(self, memory: Memory, at: datetime) -> Verdict:
        since = memory[1]
        if since is None or datetime.fromisoformat(since) + self._duration > at:
            return Verdict(Severity.NORMAL, Severity.NORMAL)
        return Verdict(self._gives, self._gives)

    def explain(self, memory: Memory, at: datetime, severity: Severity, *, estimated: bool) -> Words:
        (below,) = self.below
        why = below.explain(memory[0], at, self._at if severity else severity, estimated=estimated)
        if not severity:
            return why
        long, grade = _spoken(self._said), graded(severity)
        return Words(zh=f"{why.zh}，已持续{long.zh}{grade.zh}", en=f"{why.en}, for {long.en}{grade.en}")

    def _noted(self, memory: Memory, since: str | None, at: datetime) -> Memory:
        verdict = self.below[0].verdict(memory[0], at)
        if verdict.reached >= self._at:
            return [*memory, since or at.isoformat()]
        return [*memory, since if since and verdict.held >= self._at else None]


_UNITS = {"s": ("秒", "s"), "m": ("分钟", "min"), "h": ("小时", "h"), "d": ("天", "days")}


def _spoken(duration: str) -> Words:
    zh, en = _UNITS.get(duration[-1], ("", ""))
    return Words(zh=f" {duration[:-1]} {zh}", en=f"{duration[:-1]} {en}")
