"""One alarm: a condition and its limits, over readings that may come late, corrected, or overtaken by a tick.

What is remembered is the state before the oldest reading that is kept, the readings that are kept, and the state now.
A reading newer than all others moves the state on; any other is put in its place and everything kept is read again.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from rules.alerts import Cause, Reason, Words
from rules.detector import Change, Sample, Transition, slot
from rules.limits import Limit, Limits
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rules.conditions.condition import Condition
    from rules.facts import AnyFact
    from rules.triggers import Trigger

BEFORE_ALL = datetime.min.replace(tzinfo=UTC)


class Fold(msgspec.Struct, array_like=True, frozen=True):
    """The alarm at an instant: its severity, where its limits stand, what its condition remembers."""

    severity: Severity
    limits: list[Limit]
    memory: Any
    at: datetime


class WatchState(msgspec.Struct, array_like=True, frozen=True):
    """`kept` in order of time, `base` the alarm before the oldest of them, `now` after all of them.

    `half` is the alarm after the first `Condition.kept` of them: the next base, once as many again are kept. So every
    reading is read once, and there are always at least so many to fall back on.
    """

    base: Fold
    kept: list[Sample]
    now: Fold
    half: Fold | None = None
    forgot: bool = False
    """Whether any reading has been let go: nothing older than those kept can be placed any more."""


class Step(NamedTuple):
    """The alarm after one thing on its way: a reading, or (`due`) an instant at which time alone moved it."""

    fold: Fold
    due: datetime | None = None
    delayed: bool = False
    """It was a delay that had been served, as against the condition itself."""


class Watch:
    """One trigger of one plan, on one subject or (where facts name it) on any."""

    def __init__(
        self, name: str, trigger: Trigger, condition: Condition, page_within: timedelta, key: Callable[[AnyFact], str]
    ) -> None:
        self.id = name
        self.page_within = page_within
        self.condition = condition
        self._key = key
        self._timed = condition.timed
        self._says = {Severity.of(grade): words for grade, words in trigger.says.items()}
        self._limits = Limits(sorted(condition.levels), trigger.on_delay, trigger.off_delay)

        self.form = f"{condition.form}:{','.join(level.word for level in self._limits.levels)}"
        """What a memory of this alarm is made of: two plans with the same form can read each other's."""

    def apply(self, state: Any, fact: AnyFact, *, void: bool = False) -> Change:
        """Takes a fact, or (void) that its newer version says nothing of this subject. Raises `Conflict`."""
        before = self._start(BEFORE_ALL) if state is None else self._typed(state)
        key = self._key(fact)
        position, replaces = slot(before.kept, fact, key)
        kept = before.kept
        if position < 0 or (position == 0 and before.forgot and not replaces):
            return self._change(before, [])  # a repetition, or older than what is kept
        said = self.condition.gone(fact) if void else self.condition.extract(fact)
        if state is None and _elsewhere(said) and (void or not fact.revision):
            return Change(None, None, [])  # a revision is kept even so: what it replaces may come after it
        sample = Sample(fact.observed_at, key, fact.revision, fact.digest, fact.known, fact.estimated, said)
        if position == len(kept):
            return self._next(before, sample, fact)
        kept = [*kept[:position], sample, *kept[position + replaces :]]
        return self._again(before, kept, fact, "corrected" if replaces else "late")

    def advance(self, state: Any, at: datetime) -> Change:
        """Time has reached `at` on the data's clock."""
        before = self._typed(state)
        now, steps = self._elapse(before.now, at)
        after = WatchState(before.base, before.kept, now, before.half, before.forgot)
        return self._change(after, self._tell(before.now.severity, steps, before.kept, None))

    def begin(self, at: datetime) -> Change:
        """An alarm that waits for its first fact: silence counts from `at`."""
        return self._change(self._start(at), [])

    def reconsider(self, state: Any, at: datetime) -> Change:
        """The plan has changed at `at`: everything kept is read again under it, and what differs is told.

        Bounds and delays may differ, `form` may not.
        """
        before = self._typed(state)
        base = self._judged(before.base, before.base.memory, before.base.at, reading=False)
        half, read = self._folds(base, before.kept)
        now, _ = self._elapse(read, before.now.at)
        after, was, is_ = WatchState(base, before.kept, now, half, before.forgot), before.now.severity, now.severity
        if is_ is was:
            return self._change(after, [])
        estimated = bool(before.kept) and before.kept[-1].estimated
        explain = self._said(is_, self.condition.explain(now.memory, now.at, is_, estimated=estimated))
        return self._change(
            after, [Transition(was, is_, "activated", Cause(due=at), now.at, at, explain, estimated=estimated)]
        )

    def stands(self, state: Any, at: datetime, renamed: Words) -> Transition:
        """How the alarm stands under its new name at `at`: it has not moved."""
        present = self._typed(state)
        is_, estimated = present.now.severity, bool(present.kept) and present.kept[-1].estimated
        explain = renamed
        if is_:
            why = self.condition.explain(present.now.memory, present.now.at, is_, estimated=estimated)
            explain = Words(zh=f"{why.zh}（{renamed.zh}）", en=f"{why.en} ({renamed.en})")
        return Transition(is_, is_, "renamed", Cause(due=at), present.now.at, at, explain, estimated=estimated)

    def withdrawn(self, state: Any, at: datetime) -> list[Transition]:
        """No plan asks for this alarm any more: if it was given, it ends."""
        was = Severity(msgspec.to_builtins(state)[2][0])
        if not was:
            return []
        words = Words(zh="预案已变更，此项报警不再监测", en="the plans have changed: this alarm is no longer watched")
        return [Transition(was, Severity.NORMAL, "withdrawn", Cause(due=at), at, at, words, estimated=False)]

    def _start(self, at: datetime) -> WatchState:
        memory = self.condition.start() if at is BEFORE_ALL else self.condition.begin(at)
        fold = Fold(Severity.NORMAL, self._limits.rest, memory, at)
        return WatchState(fold, [], fold)

    def _next(self, before: WatchState, sample: Sample, fact: AnyFact) -> Change:
        """The ordinary case: a reading newer than all before it."""
        was, kept = before.now, [*before.kept, sample]
        if was.at <= sample.observed_at:
            waited, steps = self._elapse(was, sample.observed_at)
            now = read = self._read(waited, sample)
            steps.append(Step(now))
        else:  # a tick ran ahead of it: the state is as if the tick had come after it
            read = self._fold(before.base, kept)
            now, steps = self._elapse(read, was.at)
            steps.insert(0, Step(read))
            # what the tick has said stays said: only the way from there to the present is told
            steps = list(_towards(now.severity, was.severity, steps))
        transitions = self._tell(was.severity, steps, kept, fact)
        half = read if len(kept) == self.condition.kept else before.half
        return self._change(self._forgetting(before.base, kept, now, half, read, before.forgot), transitions)

    def _again(self, before: WatchState, kept: list[Sample], fact: AnyFact, reason: Reason) -> Change:
        """A late or corrected reading: everything kept is read again, an alert leaves only if the present differs."""
        half, read = self._folds(before.base, kept)
        now, _ = self._elapse(read, before.now.at)
        transitions = self._tell(before.now.severity, [Step(now)], kept, fact, reason)
        return self._change(self._forgetting(before.base, kept, now, half, read, before.forgot), transitions)

    def _forgetting(
        self, base: Fold, kept: list[Sample], now: Fold, half: Fold | None, read: Fold, forgot: bool
    ) -> WatchState:
        """The state, with the older half of what is kept let go once it is twice what it must be."""
        enough = self.condition.kept
        if half is None or len(kept) < 2 * enough:
            return WatchState(base, kept, now, half, forgot)
        return WatchState(half, kept[enough:], now, read, forgot=True)

    def _folds(self, base: Fold, kept: list[Sample]) -> tuple[Fold | None, Fold]:
        """The alarm after the first half of what is kept (if there is one), and after all of it."""
        enough = self.condition.kept
        if len(kept) < enough:
            return None, self._fold(base, kept)
        half = self._fold(base, kept[:enough])
        return half, self._fold(half, kept[enough:])

    def _fold(self, fold: Fold, kept: Iterable[Sample]) -> Fold:
        for sample in kept:
            fold = self._read(self._elapse(fold, sample.observed_at)[0], sample)
        return fold

    def _read(self, fold: Fold, sample: Sample) -> Fold:
        at = sample.observed_at
        if sample.value is None:
            return self._judged(fold, fold.memory, at, reading=False)
        memory = self.condition.read(fold.memory, sample, sample.value)
        return self._judged(fold, memory, at, reading=not _nothing(sample.value))

    def _judged(self, fold: Fold, memory: Any, at: datetime, *, reading: bool) -> Fold:
        limits = self._limits.judge(fold.limits, self.condition.verdict(memory, at), at, reading=reading)
        return Fold(self._limits.severity(limits), limits, memory, at)

    def _elapse(self, fold: Fold, at: datetime) -> tuple[Fold, list[Step]]:
        """Time alone: each instant at which something falls due is a step of its own, however sparse the ticks are."""
        steps: list[Step] = []
        while (due := self._due(fold)) is not None and due <= at:
            turned = self._timed and self.condition.due(fold.memory, fold.at) == due
            memory = self.condition.elapse(fold.memory, due) if turned else fold.memory
            fold = self._judged(fold, memory, due, reading=False)
            steps.append(Step(fold, due, delayed=not turned))
        if fold.at < at:
            fold = Fold(fold.severity, fold.limits, fold.memory, at)
        return fold, steps

    def _due(self, fold: Fold) -> datetime | None:
        turns = self.condition.due(fold.memory, fold.at) if self._timed else None
        delayed = self._limits.due(fold.limits)
        if turns is None or delayed is None:
            return turns or delayed
        return min(turns, delayed)

    def _change(self, state: WatchState, transitions: list[Transition]) -> Change:
        return Change(state, self._due(state.now), transitions)

    def _tell(
        self, was: Severity, steps: list[Step], kept: list[Sample], fact: AnyFact | None, reason: Reason | None = None
    ) -> list[Transition]:
        """A transition for each step that changed the severity."""
        told = []
        for step in steps:
            is_ = step.fold.severity
            if is_ is not was:
                told.append(self._transition(was, step, kept, fact, reason))
            was = is_
        return told

    def _transition(
        self, was: Severity, step: Step, kept: list[Sample], fact: AnyFact | None, reason: Reason | None
    ) -> Transition:
        is_ = step.fold.severity
        at = step.due or step.fold.at
        if step.due is None and fact is not None:
            cause, at, known = Cause(fact=fact.id, revision=fact.revision), fact.observed_at, fact.known
            estimated = fact.estimated
            told = reason or _reason(was, is_)
        else:
            last = next((s for s in reversed(kept) if s.observed_at <= at), None)
            cause, known, estimated = Cause(due=at), at, last is not None and last.estimated
            told = "held" if is_ > was else "recovered" if step.delayed else "expired"
        explain = self._said(is_, self.condition.explain(step.fold.memory, step.fold.at, is_, estimated=estimated))
        return Transition(was, is_, told, cause, at, known, explain, estimated)

    def _said(self, severity: Severity, explain: Words) -> Words:
        more = self._says.get(severity)
        return explain if more is None else Words(zh=f"{explain.zh}；{more.zh}", en=f"{explain.en}; {more.en}")

    def _typed(self, state: Any) -> WatchState:
        if isinstance(state, WatchState):
            return state
        found = msgspec.convert(state, WatchState)
        half = None if found.half is None else self._restored(found.half)
        return WatchState(self._restored(found.base), found.kept, self._restored(found.now), half, found.forgot)

    def _restored(self, fold: Fold) -> Fold:
        limits = self._limits.restore(fold.limits)
        return Fold(fold.severity, limits, self.condition.restore(fold.memory), fold.at)


def _nothing(said: Any) -> bool:
    """Whether a fact says nothing here (any more)."""
    return not said or (isinstance(said, list) and all(map(_nothing, said)))


def _elsewhere(said: Any) -> bool:
    """Whether a fact belongs to another subject altogether (`Condition.gone`), as against: says nothing of this one."""
    if isinstance(said, list):
        return any(map(_elsewhere, said)) and all(one is None or _elsewhere(one) for one in said)
    return bool(said == {})


def _towards(present: Severity, was: Severity, steps: list[Step]) -> list[Step]:
    """Of these steps those that lead from `was` to `present` without going back."""
    way = []
    for step in steps:
        is_ = step.fold.severity
        if was < is_ <= present or was > is_ >= present:
            way.append(step)
            was = is_
    return way


def _reason(was: Severity, is_: Severity) -> Reason:
    if is_ < was:
        return "recovered"
    return "approached" if is_ is Severity.APPROACH else "crossed"
