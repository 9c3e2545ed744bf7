"""What is drawn of a price series: readings in the unit of its line, the line, and where its approach band begins."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from rules.conditions.aim import Aim, aims
from rules.facts import GrainPriceReading
from rules.triggers import Line, leaves

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.backtest.arrival import Arrival
    from rules.library import Library

Key = tuple[str, str, str]
"""Point, commodity, stage."""


class DrawnLine(NamedTuple):
    """A warning line, and the bound of its approach band."""

    value: float
    approach: float


class Series(NamedTuple):
    """One price series as it is drawn."""

    aim: Aim
    readings: list[tuple[datetime, float]]
    """In order of observation, each at its highest revision."""
    lines: list[DrawnLine]

    @property
    def subject(self) -> str:
        """What alarms on this series alone are about."""
        return "/".join(self.aim.key)


def series_of(library: Library, arrivals: Iterable[Arrival]) -> list[Series]:
    """Every series of the site's points that has a line and a reading of its deciding source."""
    found = aims_of(library)
    versions: dict[Key, dict[datetime, tuple[int, float]]] = defaultdict(dict)
    for _, fact in arrivals:
        if not isinstance(fact, GrainPriceReading):
            continue
        key = fact.point, fact.commodity, str(fact.stage)
        aim = found.get(key)
        if aim is None or fact.source != aim.point.source or library.incomparable(fact) is not None:
            continue
        own, price = versions[key], float(fact.per_base) * float(aim.measure.amount)
        if fact.observed_at not in own or fact.revision > own[fact.observed_at][0]:
            own[fact.observed_at] = fact.revision, price
    drawn = lines_of(library)
    return [
        Series(aim, [(at, price) for at, (_, price) in sorted(versions[key].items())], drawn.get(key, []))
        for key, aim in sorted(found.items())
        if versions.get(key)
    ]


def aims_of(library: Library) -> dict[Key, Aim]:
    """Every series that the site draws a line for."""
    site = library.site
    return {
        (point.id, line.commodity, str(line.stage)): Aim(site, point, line)
        for point in site.points.values()
        for line in point.lines
    }


def lines_of(library: Library) -> dict[Key, list[DrawnLine]]:
    """The lines of each series that a plan in force watches."""
    found: dict[Key, list[DrawnLine]] = defaultdict(list)
    for plan in library.plans.values():
        for spec in (leaf for trigger in plan.triggers for leaf in leaves(trigger.when) if isinstance(leaf, Line)):
            for aim in aims(library.site, spec):
                bound = aim.line.upper if spec.side == "upper" else aim.line.lower
                if bound is not None:
                    line = DrawnLine(float(bound), float(bound * spec.ratio.approach))
                    if line not in found[aim.key]:
                        found[aim.key].append(line)
    return found
