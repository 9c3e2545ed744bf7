"""The table: a field at or past a bound means a level.

Of several rows one fulfilled criterion is enough, and the highest level counts (下列情况之一; 以上 includes the number:
国务院令493 art. 3).
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from rules.alerts import Cause, Reason, Words
from rules.detector import KEPT, Change, Sample, Transition, slot
from rules.measures import COLOUR_WORDS, MEASURES, reaches
from rules.series import SERIES
from rules.severity import LEVELS, Severity

if TYPE_CHECKING:
    from rules.facts import AnyFact
    from rules.plans import Plan, Row, TableTrigger
    from rules.site import Site


NAMELESS = Words(zh="", en="")
HAZARDS = {
    "typhoon": Words(zh="台风", en="typhoon"), "rainstorm": Words(zh="暴雨", en="rainstorm"),
    "snowstorm": Words(zh="暴雪", en="snowstorm"), "cold_wave": Words(zh="寒潮", en="cold wave"),
    "gale": Words(zh="大风", en="gale"), "heat": Words(zh="高温", en="heat"), "fog": Words(zh="大雾", en="fog"),
    "thunderstorm": Words(zh="雷电", en="thunderstorm"), "hail": Words(zh="冰雹", en="hail"),
    "icy_road": Words(zh="道路结冰", en="icy roads"), "drought": Words(zh="干旱", en="drought"),
    "geological": Words(zh="地质灾害", en="geological hazard"), "flash_flood": Words(zh="小流域山洪", en="flash flood"),
    "forest_fire": Words(zh="森林火险", en="forest fire danger"),
}  # fmt: skip
"""Names of the warning signals (中国气象局令16号)."""


class TableState(msgspec.Struct, array_like=True, frozen=True):
    """`kept` in order of time; `base` per series what older versions said; `level` at `clock`; `title` for people.

    Nothing up to `horizon` is taken any more: what was said then is no longer kept one by one.
    """

    base: dict[str, dict[str, Any]]
    kept: list[Sample]
    level: Severity
    clock: datetime
    title: Words
    horizon: datetime | None = None


class Finding(NamedTuple):
    """The level reached, by which criterion and value; no criterion where nothing is reached."""

    level: Severity
    row: Row | None
    value: Decimal | str | None
    figures: dict[str, Any]


class TableDetector:
    """One table over one kind of report."""

    def __init__(self, plan: Plan, trigger: TableTrigger, site: Site) -> None:
        self.id = f"{plan.id}/{trigger.id}"
        self.page_within = site.page_within()
        self._series = SERIES[trigger.facts]
        self._rows = [
            (
                row,
                MEASURES[row.measure].read,
                [(level, bounds[level.word]) for level in reversed(LEVELS) if level.word in bounds],
            )
            for row, bounds in ((row, row.bounds) for row in trigger.rows)
        ]
        self._where = {field: frozenset(values) for field, values in trigger.where.items()}
        self._site = site

    def watches(self, fact: AnyFact) -> bool:
        return all(str(getattr(fact, field)) in values for field, values in self._where.items())

    def subject(self, fact: AnyFact) -> str:
        return self._series.subject(fact)

    def apply(self, state: Any, fact: AnyFact) -> Change:
        before = _typed(state) if state is not None else TableState({}, [], Severity.NORMAL, fact.observed_at, NAMELESS)
        key = self._series.key(fact)
        position, replaces = slot(before.kept, fact, key)
        kept = before.kept
        forgotten = before.horizon is not None and fact.observed_at <= before.horizon
        if position < 0 or (forgotten and not replaces):
            return self._change(before, [])
        newest = position == len(kept)
        waited, transitions = self._elapse(before, fact.observed_at if newest else before.clock)
        sample = Sample(
            fact.observed_at,
            key,
            fact.revision,
            fact.digest,
            fact.known,
            fact.estimated,
            self._series.value(fact),
        )
        clock = waited.clock if not newest else max(waited.clock, fact.observed_at)
        kept = [*kept[:position], sample, *kept[position + replaces :]]
        base, kept, horizon = self._forget(before, kept, clock)
        finding = self._find(base, kept, clock)
        title = self._title(fact) if position == len(before.kept) - replaces else before.title
        after = TableState(base, kept, finding.level, clock, title, horizon)
        if finding.level is not waited.level:
            reason: Reason | None = None if newest else "corrected" if replaces else "late"
            transitions.append(self._transition(waited.level, finding, fact, reason, after.title))
        return self._change(after, transitions)

    def advance(self, state: Any, at: datetime) -> Change:
        after, transitions = self._elapse(_typed(state), at)
        return self._change(after, transitions)

    def _elapse(self, state: TableState, at: datetime) -> tuple[TableState, list[Transition]]:
        """Time alone: each expiry on the way is a change of its own, however sparse the ticks are."""
        transitions = []
        while (due := self._series.due(state.kept, state.clock)) and due <= at:
            finding = self._find(state.base, state.kept, due)
            if finding.level is not state.level:
                explain = self._explain(finding, state.title)
                transitions.append(
                    Transition(
                        state.level,
                        finding.level,
                        "expired",
                        Cause(due=due),
                        due,
                        due,
                        explain,
                        estimated=False,
                    )
                )
            state = msgspec.structs.replace(state, level=finding.level, clock=due)
        return msgspec.structs.replace(state, clock=max(state.clock, at)), transitions

    def _change(self, state: TableState, transitions: list[Transition]) -> Change:
        return Change(state, self._series.due(state.kept, state.clock), transitions)

    def _forget(
        self, before: TableState, kept: list[Sample], clock: datetime
    ) -> tuple[dict[str, dict[str, Any]], list[Sample], datetime | None]:
        """Lets the oldest go that the present does not rest on; what it stated of a figure stays in `base`."""
        base, horizon = before.base, before.horizon
        while len(kept) > KEPT and (spare := self._series.spare(kept, clock)) is not None:
            old = kept[spare]
            base = self._series.rest(base, old)
            horizon = max(horizon or old.observed_at, old.observed_at)
            kept = [*kept[:spare], *kept[spare + 1 :]]
        return base, kept, horizon

    def _find(self, base: dict[str, dict[str, Any]], kept: list[Sample], clock: datetime) -> Finding:
        figures = self._series.figures(base, kept, clock)
        best = Finding(Severity.NORMAL, None, None, figures)
        for row, read, bounds in self._rows:
            value = read(figures)
            if value is None:
                continue
            level = next((level for level, bound in bounds if reaches(value, bound)), Severity.NORMAL)
            if level > best.level:
                best = Finding(level, row, value, figures)
        return best

    def _transition(
        self, was: Severity, finding: Finding, fact: AnyFact, reason: Reason | None, title: Words
    ) -> Transition:
        told = reason or ("crossed" if finding.level > was else "recovered")
        return Transition(
            was, finding.level, told, Cause(fact=fact.id, revision=fact.revision), fact.observed_at, fact.known,
            self._explain(finding, title), fact.estimated,
        )  # fmt: skip

    def _explain(self, finding: Finding, title: Words) -> Words:
        if finding.row is None:
            return Words(zh=f"{title.zh} 各项指标均低于响应条件", en=f"{title.en}: no criterion is fulfilled")
        row, level = finding.row, finding.level
        words = MEASURES[row.measure].words
        if "hazard" in finding.figures:  # where the warnings stand that count, not where the newest message is for
            title = self._warned(finding.figures["divisions"], finding.figures["hazard"])
        if isinstance(finding.value, str):
            reached = COLOUR_WORDS[finding.value]
        else:
            bound = row.bounds[level.word]
            # rounded down, so that 89.99 % never reads as the 90 it has not reached
            shown = f"{Decimal(finding.value or 0).quantize(Decimal('0.1'), ROUND_DOWN).normalize():f}"
            reached = Words(zh=f"{shown}{row.unit.zh} ≥ {bound}", en=f"{shown} {row.unit.en} ≥ {bound}")
        return Words(
            zh=f"{title.zh} {words.zh}{reached.zh},{level.zh}",
            en=f"{title.en} {words.en} {reached.en}, {level.en}",
        )

    def _title(self, fact: Any) -> Words:
        if fact.kind == "hazard_report":
            town, which = self._site.division(fact.division), fact.event or fact.report
            return Words(zh=f"{town.zh} {which}", en=f"{town.en} {which}")
        if fact.kind == "large_event":
            return Words(zh=f"{fact.name}({fact.venue})", en=f"{fact.name} ({fact.venue})")
        return self._warned(fact.divisions, fact.hazard)

    def _warned(self, divisions: list[str], of: str) -> Words:
        towns = [self._site.division(d) for d in divisions[:3]]
        hazard = HAZARDS.get(of, Words(zh=of, en=of))
        more = len(divisions) > len(towns)
        zh, en = "、".join(t.zh for t in towns), ", ".join(t.en for t in towns)
        return Words(zh=f"{zh}{'等' if more else ''} {hazard.zh}", en=f"{en}{' …' if more else ''} {hazard.en}")


def _typed(state: Any) -> TableState:
    return state if isinstance(state, TableState) else msgspec.convert(state, TableState)
