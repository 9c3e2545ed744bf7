"""The plans in force at a site, and the detectors that they mean, found by what a fact is about."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from rules.plans import LineTrigger, Plan, TableTrigger, version
from rules.table import TableDetector
from rules.warning_line import LineDetector

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.detector import Detector
    from rules.facts import AnyFact, GrainPriceReading
    from rules.site import Site


class Bound(NamedTuple):
    """A detector with the plan it serves."""

    detector: Detector
    plan: Plan
    version: str


class Library:
    """The site's plans. A fact finds its detectors by kind and place; the size of the library costs it nothing."""

    def __init__(self, site: Site, plans: Iterable[Plan]) -> None:
        self.site = site
        self.plans = {plan.id: plan for plan in plans}
        self.versions = {plan.id: version(plan) for plan in self.plans.values()}
        self._lines: dict[tuple[str, str, str], list[Bound]] = {}
        self._tables: dict[str, list[tuple[TableDetector, Bound]]] = {}
        self._by_name: dict[tuple[str, str], Bound] = {}
        for plan in self.plans.values():
            for trigger in plan.triggers:
                if isinstance(trigger, LineTrigger):
                    self._add_lines(plan, trigger)
                else:
                    self._add_table(plan, trigger)

    def detectors(self, fact: AnyFact) -> Iterator[Bound]:
        """The detectors that watch this fact."""
        if fact.kind == "grain_price":
            yield from self._lines.get((fact.point, fact.commodity, fact.stage), ())  # type: ignore[union-attr]
            return
        for table, bound in self._tables.get(fact.kind, ()):
            if table.watches(fact):
                yield bound

    def named(self, detector: str, subject: str) -> Bound | None:
        """The detector of an entry, or None when no plan in force has it."""
        return self._by_name.get((detector, subject)) or self._by_name.get((detector, ""))

    @cached_property
    def commodities(self) -> frozenset[str]:
        """Every commodity that some point of the site has a line for, or that the site names."""
        lined = {line.commodity for point in self.site.points.values() for line in point.lines}
        return frozenset(lined | self.site.file.commodities.keys())

    def incomparable(self, fact: GrainPriceReading) -> str | None:
        """Why a reading cannot be held against the lines of its point, if it cannot."""
        for bound in self._lines.get((fact.point, fact.commodity, fact.stage), ()):
            detector = bound.detector
            assert isinstance(detector, LineDetector)  # noqa: S101 - what _add_lines puts there
            if fact.currency != detector.currency:
                return f"currency: got {fact.currency}, expected {detector.currency} as the line of point {fact.point}"
            if fact.measure.base != detector.measure.base:
                per = detector.measure.base
                return f"unit: got {fact.unit}, expected a price per {per} as the line of point {fact.point}"
        return None

    def _add_lines(self, plan: Plan, trigger: LineTrigger) -> None:
        for point in self.site.points.values():
            for line in point.lines:
                if line.stage in trigger.stages and (line.upper if trigger.side == "upper" else line.lower) is not None:
                    detector = LineDetector(plan, trigger, point, line, self.site)
                    key = (point.id, line.commodity, line.stage)
                    self._keep(detector, plan, self._lines.setdefault(key, []), "/".join(key))

    def _add_table(self, plan: Plan, trigger: TableTrigger) -> None:
        table = TableDetector(plan, trigger, self.site)
        found: list[Bound] = []
        self._keep(table, plan, found, "")
        self._tables.setdefault(trigger.facts, []).extend((table, bound) for bound in found)

    def _keep(self, detector: Detector, plan: Plan, where: list[Bound], subject: str) -> None:
        bound = Bound(detector, plan, self.versions[plan.id])
        where.append(bound)
        self._by_name[detector.id, subject] = bound
