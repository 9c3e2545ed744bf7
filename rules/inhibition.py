"""Suppressed by design (ISA-18.2): which alarm that stands holds back which other, by the `inhibits` of the plans.

Only what is at least as grave holds back: an alarm never hides a graver one. Of two equally grave alarms the rule says
which is the greater; where the rules run both ways (a red forecast absorbs the yellow: one detector, two subjects)
only the graver holds. So no set of alarms can hold one another back in a ring, and one of them is always told.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.plans import Inhibition, Plan


class Standing(Protocol):
    """An alarm as it stands."""

    @property
    def exercise(self) -> str: ...
    @property
    def county(self) -> str: ...
    @property
    def place(self) -> str: ...
    @property
    def detector(self) -> str: ...
    @property
    def subject(self) -> str: ...
    @property
    def grade(self) -> Severity: ...


class Inhibitions:
    """The rules of some plans. Without rules nothing is held back."""

    def __init__(self, plans: Iterable[Plan]) -> None:
        known = {plan.id: plan for plan in plans}
        self._rules: dict[tuple[str, str], set[str]] = {}
        for plan in known.values():
            for rule in plan.inhibits:
                for greater in _greater(plan, rule):
                    for lesser in _lesser(known, rule):
                        self._rules.setdefault((greater, lesser), set()).add(rule.same)
        self._greater: dict[str, set[str]] = {}
        self._lesser: dict[str, set[str]] = {}
        for greater, lesser in self._rules:
            self._greater.setdefault(lesser, set()).add(greater)
            self._lesser.setdefault(greater, set()).add(lesser)
        self._reached = {detector: self._reach(detector) for rule in self._rules for detector in rule}

    def concern(self, detector: str) -> bool:
        """Whether any rule names the detector, on either side."""
        return detector in self._reached

    def greater(self, detector: str) -> frozenset[str]:
        """The detectors whose alarms may hold back those of this one."""
        return frozenset(self._greater.get(detector, ()))

    def lesser(self, detector: str) -> frozenset[str]:
        """The detectors whose alarms this one's may hold back."""
        return frozenset(self._lesser.get(detector, ()))

    def hold(self, greater: Standing, lesser: Standing) -> bool:
        """Whether `greater`, while it stands, holds `lesser` back. A mere notice (`approach`) holds nothing back."""
        same = self._rules.get((greater.detector, lesser.detector))
        if same is None or greater.grade < Severity.LINE or greater.grade < lesser.grade:
            return False
        if (greater.exercise, greater.county) != (lesser.exercise, lesser.county):
            return False
        if greater.grade == lesser.grade and greater.detector in self._reached[lesser.detector]:
            return False
        return "county" in same or _lies_in(lesser.place, greater.place)

    def _reach(self, detector: str) -> frozenset[str]:
        """Every detector that the rules lead to from here, over any number of steps."""
        found: set[str] = set()
        ahead = [detector]
        while ahead:
            here = ahead.pop()
            new = self._lesser.get(here, set()) - found
            found |= new
            ahead += new
        return frozenset(found)


def _greater(plan: Plan, rule: Inhibition) -> Iterator[str]:
    for trigger in plan.triggers:
        if rule.trigger in (None, trigger.id):
            yield f"{plan.id}/{trigger.id}"


def _lesser(plans: dict[str, Plan], rule: Inhibition) -> Iterator[str]:
    name, _, only = rule.alarms.partition("/")
    for trigger in plans[name].triggers if name in plans else ():
        if only in ("", trigger.id):
            yield f"{name}/{trigger.id}"


def _lies_in(place: str, around: str) -> bool:
    """`330723/retail/P01` lies in `330723/retail`, and every place in itself."""
    return place == around or place.startswith(f"{around}/")
