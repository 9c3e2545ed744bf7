"""The plans in force at a site, and the alarms that they mean, found by what a fact is about."""

from __future__ import annotations

from collections import defaultdict
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from rules import units
from rules.alerts import Words
from rules.conditions.aim import Aim, aims
from rules.conditions.build import build
from rules.facts import GrainPriceReading
from rules.fault import Fault, fault
from rules.plans import Plan, version
from rules.subjects import About, abouts, by, indexed, series_key
from rules.triggers import Trigger, kinds
from rules.watch import Watch

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

    from rules.facts import AnyFact
    from rules.site import Site, WarningLine
    from rules.triggers import Subject


class Bound(NamedTuple):
    """An alarm with the plan it serves."""

    watch: Watch
    plan: Plan
    version: str


class Touch(NamedTuple):
    """An alarm that a fact has something to say to, and on which subject."""

    bound: Bound
    about: About
    place: str | None = None
    """What its incident is about; None: the fact says that."""


class _Open(NamedTuple):
    """A trigger whose subjects the facts themselves name."""

    bound: Bound
    fields: Sequence[Subject]


class Library:
    """The site's plans. A fact finds its alarms by kind and place; the size of the library costs it nothing."""

    def __init__(self, site: Site, plans: Iterable[Plan]) -> None:
        self.site = site
        self.plans = {plan.id: plan for plan in plans}
        self.versions = {plan.id: version(plan) for plan in self.plans.values()}
        self._series: dict[tuple[str, str, str], list[Touch]] = defaultdict(list)
        self._open: dict[str, list[_Open]] = defaultdict(list)
        self._indexed: dict[str, dict[str, dict[str, list[_Open]]]] = defaultdict(dict)
        self._by_name: dict[tuple[str, str], Bound] = {}
        for plan in self.plans.values():
            for trigger in plan.triggers:
                self._add(plan, trigger)

    def touches(self, fact: AnyFact) -> Iterator[Touch]:
        """The alarms that this fact has something to say to."""
        if fact.kind == "grain_price":
            yield from self._series.get((fact.point, fact.commodity, fact.stage), ())  # type: ignore[union-attr]
        telling = list(self._telling(fact))
        for one in telling:
            for about in abouts(one.fields, fact, self.site):
                yield Touch(one.bound, about)
        if fact.kind == "hazard_report" and (fact.revision or fact.status != "reported"):  # type: ignore[union-attr]
            yield from self._former(fact, {one.bound.watch.id for one in telling})

    def waiting(self, topic: str, counties: Collection[str]) -> Iterator[tuple[str, Touch]]:
        """The alarms of a topic that count from when they come into force, each with its county."""
        if topic != GrainPriceReading.topic:
            return
        for key, touches in self._series.items():
            county = self.site.points[key[0]].division[:6]
            for touch in touches if county in counties else ():
                if touch.bound.watch.condition.waits:
                    yield county, touch

    def named(self, detector: str, subject: str) -> Bound | None:
        """The alarm of an entry, or None when no plan in force has it."""
        return self._by_name.get((detector, subject)) or self._by_name.get((detector, ""))

    def renamed(self, detector: str, subject: str) -> Bound | None:
        """The alarm that has taken the place of one of a former name, or None."""
        present = self._former_names.get(detector)
        return self.named(present, subject) if present else None

    @cached_property
    def _former_names(self) -> dict[str, str]:
        return {
            f"{plan.id}/{was}": f"{plan.id}/{trigger.id}"
            for plan in self.plans.values()
            for trigger in plan.triggers
            for was in trigger.was
        }

    def incomparable(self, fact: GrainPriceReading) -> Fault | None:
        """Why a reading cannot be held against the line of its point, if it cannot."""
        line = self._lines.get((fact.point, fact.commodity, fact.stage))
        if line is None:
            return None
        if fact.currency != line.currency:
            return fault("currency", fact.currency, _as_the_line(line.currency, line.currency, fact.point))
        per = units.measure(line.unit).base
        if fact.measure.base != per:
            return fault("unit", fact.unit, _as_the_line(f"每 {per} 的价格", f"a price per {per}", fact.point))
        return None

    @cached_property
    def _lines(self) -> dict[tuple[str, str, str], WarningLine]:
        return {
            (point.id, line.commodity, line.stage): line for point in self.site.points.values() for line in point.lines
        }

    def _telling(self, fact: AnyFact) -> Iterator[_Open]:
        yield from self._open.get(fact.kind, ())
        for field, by_value in self._indexed.get(fact.kind, {}).items():
            yield from by_value.get(str(getattr(fact, field)), ())

    def _former(self, fact: AnyFact, telling: set[str]) -> Iterator[Touch]:
        """A later version may have left the category under which an alarm was raised."""
        by_values = self._indexed.get(fact.kind, {}).values()
        others = {one.bound.watch.id: one for by_value in by_values for found in by_value.values() for one in found}
        for name, one in others.items():
            if name not in telling:
                for about in abouts(one.fields, fact, self.site):
                    yield Touch(one.bound, about._replace(void=True))

    def _add(self, plan: Plan, trigger: Trigger) -> None:
        fields, read = by(trigger), kinds(trigger.when)
        if read == {"grain_price"}:
            self._add_series(plan, trigger, fields)
            return
        bound = self._bound(plan, trigger, fields, [], "")
        one = _Open(bound, fields)
        index = indexed(trigger)
        for kind in read:
            if index is None:
                self._open[kind].append(one)
            else:
                field, values = index
                for value in values:
                    self._indexed[kind].setdefault(field, {}).setdefault(value, []).append(one)

    def _add_series(self, plan: Plan, trigger: Trigger, fields: Sequence[Subject]) -> None:
        """One alarm for each subject that the site's points make."""
        subjects: dict[str, list[Aim]] = defaultdict(list)
        made_of: dict[str, dict[str, str]] = {}
        for aim in aims(self.site, trigger.when):
            parts = {
                "county": aim.point.division[:6],
                **dict(zip(("point", "commodity", "stage"), aim.key, strict=True)),
            }
            own: dict[str, str] = {field: parts[field] for field in fields}  # a point's name may hold a slash
            subject = "/".join(own.values())
            subjects[subject].append(aim)
            made_of[subject] = own
        for subject, found in subjects.items():
            bound = self._bound(plan, trigger, fields, found, subject)
            for aim in found:
                parts = {"county": aim.point.division[:6], **made_of[subject]}
                where = "/".join(parts[part] for part in plan.scope)
                self._series[aim.key].append(Touch(bound, About(subject, made_of[subject]), where))

    def _bound(
        self, plan: Plan, trigger: Trigger, fields: Sequence[Subject], found: Sequence[Aim], subject: str
    ) -> Bound:
        name = f"{plan.id}/{trigger.id}"
        within = max((self.site.page_within(aim.point) for aim in found), default=self.site.page_within())
        watch = Watch(name, trigger, build(trigger.when, self.site, found), within, series_key(fields))
        bound = Bound(watch, plan, self.versions[plan.id])
        self._by_name[name, subject] = bound
        return bound


def _as_the_line(zh: str, en: str, point: str) -> Words:
    return Words(zh=f"{zh}，与监测点 {point} 的警戒线一致", en=f"{en} as the line of point {point}")
