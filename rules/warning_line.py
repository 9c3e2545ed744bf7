"""The warning line (警戒线): a price crosses it, and falls back below a separate recovery line.

For an upper line L with shares a ≤ r ≤ 1 a price p is over at p ≥ L, held at rL ≤ p < L, near at aL ≤ p < rL, clear
below aL (以上 includes the number: 国务院令493 art. 3). A lower line is the mirror image, with a ≥ r ≥ 1. That a price
approaching its line is to be reported, without a number for it, is 浙江省粮食应急预案 (FY 16830122_3): the shares are
the site's own.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Context, Decimal
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import msgspec

from rules import units
from rules.alarms import SEVERITY, Alarm, Event, step
from rules.alerts import Cause, Reason, Words
from rules.detector import KEPT, Change, Sample, Transition, slot
from rules.plans import LineTrigger, Plan
from rules.severity import Severity
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from rules.facts import GrainPriceReading
    from rules.site import Point, Site, WarningLine

STAGES = {
    "purchase": Words(zh="收购", en="purchase"),
    "wholesale": Words(zh="批发", en="wholesale"),
    "retail": Words(zh="零售", en="retail"),
}


_WIDE = Context(prec=100)
"""A price of the largest bulk in the unit of the smallest line has more digits than the default context."""


class Fold(msgspec.Struct, array_like=True, frozen=True):
    """The alarm after some readings: `over` of them in a row were past the line, the first at `since`."""

    alarm: Alarm = Alarm.NORMAL
    over: int = 0
    since: datetime | None = None


class LineState(msgspec.Struct, array_like=True, frozen=True):
    """`kept` in order of time, `base` the alarm before the oldest of them, `now` after all and at `clock`."""

    base: Fold
    kept: list[Sample]
    now: Fold
    clock: datetime


class LineDetector:
    """One point's line for one commodity at one stage."""

    def __init__(self, plan: Plan, trigger: LineTrigger, point: Point, line: WarningLine, site: Site) -> None:
        bound = line.upper if trigger.side == "upper" else line.lower
        if bound is None:
            message = f"points.{point.id}: the {trigger.side} line of {line.commodity}/{line.stage} is missing"
            raise ValueError(message)
        self.id = f"{plan.id}/{trigger.id}"
        self.page_within = site.page_within(point)
        self.measure = units.measure(line.unit)
        self.currency = line.currency
        self._line, self._unit = bound, line.unit
        self._subject = f"{point.id}/{line.commodity}/{line.stage}"
        self._sign = 1 if trigger.side == "upper" else -1
        # compared in the line's own sense: for a lower line everything is negated once, here
        # and rounded as a reading is, so that a price written like the bound is at the bound whatever the unit
        self._over, self._held, self._near = (
            units.price_per_base(bound * share, self.measure) * self._sign
            for share in (Decimal(1), trigger.ratio.recovery, trigger.ratio.approach)
        )
        self._readings = trigger.persistence.readings
        self._duration = timedelta(seconds=seconds(trigger.persistence.duration))
        self._where = _where(point, line, site)

    def subject(self, fact: GrainPriceReading) -> str:  # noqa: ARG002 - bound to one already
        return self._subject

    def apply(self, state: Any, fact: GrainPriceReading) -> Change:
        before = LineState(Fold(), [], Fold(), fact.observed_at) if state is None else _typed(state)
        position, replaces = slot(before.kept, fact, "")
        kept = before.kept
        if position < 0 or (position == 0 and len(kept) >= KEPT and not replaces):
            return self._change(before, [])  # a repetition, or older than what is kept
        price = fact.per_base
        sample = Sample(fact.observed_at, "", fact.revision, fact.digest, fact.known, fact.estimated, str(price))
        if position == len(kept):
            return self._next(before, sample, fact)
        kept = [*kept[:position], sample, *kept[position + replaces :]]
        return self._again(before, kept, fact, "corrected" if replaces else "late")

    def advance(self, state: Any, at: datetime) -> Change:
        before = _typed(state)
        clock = max(before.clock, at)
        now, due = self._elapse(before.now, clock)
        after = LineState(before.base, before.kept, now, clock)
        if due is None:
            return self._change(after, [])
        return self._change(after, [self._held_long_enough(before.now, due, before.kept[-1])])

    def _next(self, before: LineState, sample: Sample, fact: GrainPriceReading) -> Change:
        """The ordinary case: a reading newer than all before it."""
        if self._duration and before.clock > sample.observed_at:
            return self._overtaken(before, sample, fact)
        transitions = []
        waited, due = self._elapse(before.now, sample.observed_at)
        if due is not None:
            transitions.append(self._held_long_enough(before.now, due, before.kept[-1]))
        now = self._read(waited, sample)
        if SEVERITY[waited.alarm] is not SEVERITY[now.alarm]:
            transitions.append(self._transition(waited, now, fact, None))
        base, kept = self._forget(before.base, [*before.kept, sample])
        clock = max(before.clock, sample.observed_at)
        return self._change(LineState(base, kept, now, clock), transitions)

    def _overtaken(self, before: LineState, sample: Sample, fact: GrainPriceReading) -> Change:
        """A tick ran ahead of the newest reading: the state is as if the tick had come after it.

        What the tick has already said stays said; only what differs from it now leaves.
        """
        read = self._read(self._fold(before.base, before.kept, sample.observed_at), sample)
        now, due = self._elapse(read, before.clock)
        transitions = []
        if before.now.alarm is not Alarm.ACTIVE and SEVERITY[before.now.alarm] is not SEVERITY[read.alarm]:
            transitions.append(self._transition(before.now, read, fact, None))
        if before.now.alarm is not Alarm.ACTIVE and due is not None:
            transitions.append(self._held_long_enough(read, due, sample))
        if before.now.alarm is Alarm.ACTIVE and now.alarm is not Alarm.ACTIVE:
            transitions.append(self._transition(before.now, now, fact, None))
        base, kept = self._forget(before.base, [*before.kept, sample])
        return self._change(LineState(base, kept, now, before.clock), transitions)

    def _fold(self, base: Fold, kept: list[Sample], clock: datetime) -> Fold:
        for sample in kept:
            base = self._read(self._elapse(base, sample.observed_at)[0], sample)
        return self._elapse(base, clock)[0]

    def _again(self, before: LineState, kept: list[Sample], fact: GrainPriceReading, reason: Reason) -> Change:
        """A late or corrected reading: the state is recomputed, an alert leaves only if the present differs."""
        base, kept = self._forget(before.base, kept)
        now = self._fold(base, kept, before.clock)
        after = LineState(base, kept, now, before.clock)
        changed = SEVERITY[before.now.alarm] is not SEVERITY[now.alarm]
        newest = Decimal(kept[-1].value)
        return self._change(after, [self._transition(before.now, now, fact, reason, newest)] if changed else [])

    def _forget(self, base: Fold, kept: list[Sample]) -> tuple[Fold, list[Sample]]:
        while len(kept) > KEPT:
            base = self._read(self._elapse(base, kept[0].observed_at)[0], kept[0])
            kept = kept[1:]
        return base, kept

    def _read(self, fold: Fold, sample: Sample) -> Fold:
        price = Decimal(sample.value) * self._sign
        if price >= self._over:
            since = fold.since if fold.over else sample.observed_at
            fold = Fold(step(fold.alarm, Event.OVER), fold.over + 1, since)
            return self._elapse(fold, sample.observed_at)[0]
        event = Event.HELD if price >= self._held else Event.NEAR if price >= self._near else Event.CLEAR
        return Fold(step(fold.alarm, event))

    def _elapse(self, fold: Fold, clock: datetime) -> tuple[Fold, datetime | None]:
        """The alarm at `clock`, and the instant at which its on-delay ended if it did."""
        due = self._due(fold)
        if due is None or due > clock:
            return fold, None
        return Fold(step(fold.alarm, Event.PERSISTED), fold.over, fold.since), due

    def _due(self, fold: Fold) -> datetime | None:
        if fold.alarm is not Alarm.PENDING or fold.since is None or fold.over < self._readings:
            return None
        return fold.since + self._duration

    def _change(self, state: LineState, transitions: list[Transition]) -> Change:
        return Change(state, self._due(state.now), transitions)

    def _transition(
        self,
        before: Fold,
        after: Fold,
        fact: GrainPriceReading,
        reason: Reason | None,
        price: Decimal | None = None,
    ) -> Transition:
        was, is_ = SEVERITY[before.alarm], SEVERITY[after.alarm]
        told = reason or _reason(was, is_)
        return Transition(
            was, is_, told, Cause(fact=fact.id, revision=fact.revision), fact.observed_at, fact.known,
            self._explain(fact.per_base if price is None else price, is_, estimated=fact.estimated), fact.estimated,
        )  # fmt: skip

    def _held_long_enough(self, before: Fold, due: datetime, last: Sample) -> Transition:
        return Transition(
            SEVERITY[before.alarm], Severity.LINE, "held", Cause(due=due), due, due,
            self._explain(Decimal(last.value), Severity.LINE, estimated=last.estimated), last.estimated,
        )  # fmt: skip

    def _explain(self, per_base: Decimal, severity: Severity, *, estimated: bool) -> Words:
        price = units.as_decimal(Fraction(per_base) * self.measure.amount)
        relation = "≥" if (price - self._line) * self._sign >= 0 else "<"
        relation = relation if self._sign > 0 else {"≥": "≤", "<": ">"}[relation]
        where, shown = self._where, f"{_like(price, self._line):f}"
        guess = (" (估计值)", " (estimated)") if estimated else ("", "")
        unit = self._unit if "/" in self._unit else f"{self.currency}/{self._unit}"
        return Words(
            zh=f"{where.zh} {shown} {unit}{guess[0]} {relation} 警戒线 {self._line:f},{severity.zh}",
            en=f"{where.en} {shown} {unit}{guess[1]} {relation} line {self._line:f}, {severity.en}",
        )


def _typed(state: Any) -> LineState:
    return state if isinstance(state, LineState) else msgspec.convert(state, LineState)


def _like(price: Decimal, line: Decimal) -> Decimal:
    """The price with at least as many digits after the point as the line is written with."""
    written = price.quantize(line, context=_WIDE)
    return written if price == written else price


def _reason(was: Severity, is_: Severity) -> Reason:
    if is_ < was:
        return "recovered"
    return "crossed" if is_ is Severity.LINE else "approached"


def _where(point: Point, line: WarningLine, site: Site) -> Words:
    good, stage = site.commodity(line.commodity), STAGES[line.stage]
    return Words(zh=f"{point.name.zh} {good.zh}({stage.zh})", en=f"{point.name.en}, {good.en} ({stage.en})")
