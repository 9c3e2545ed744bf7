"""What a condition is aimed at: a point's series for one commodity at one stage, as the site describes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rules import units
from rules.alerts import Words
from rules.triggers import Deliveries, Line, Stock, leaves

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.facts import AnyFact
    from rules.site import Point, Site, WarningLine
    from rules.triggers import Condition, Leaf

STAGES = {
    "purchase": Words(zh="收购", en="purchase"),
    "wholesale": Words(zh="批发", en="wholesale"),
    "retail": Words(zh="零售", en="retail"),
}


class Aim(NamedTuple):
    """A point's series, with the line that the site draws for it."""

    site: Site
    point: Point
    line: WarningLine

    @property
    def key(self) -> tuple[str, str, str]:
        """Point, commodity, stage: by which readings find it."""
        return self.point.id, self.line.commodity, self.line.stage

    @property
    def county(self) -> str:
        return self.point.division[:6]

    @property
    def where(self) -> Words:
        """The series in words, e.g. `一号点 粳米（零售）`."""
        good, stage = self.site.commodity(self.line.commodity), STAGES[self.line.stage]
        name = self.point.name
        return Words(zh=f"{name.zh} {good.zh}（{stage.zh}）", en=f"{name.en}, {good.en} ({stage.en})")

    @property
    def unit(self) -> Words:
        """What prices are shown in, e.g. `元/kg`, `CNY/kg`."""
        return units.spoken(self.line.unit, self.line.currency)

    @property
    def measure(self) -> units.Measure:
        return units.measure(self.line.unit)

    def watches(self, fact: AnyFact) -> bool:
        """Whether a fact is a reading of this series."""
        return fact.kind == "grain_price" and (fact.point, fact.commodity, fact.stage) == self.key  # type: ignore[union-attr]


def aims(site: Site, condition: Condition) -> Iterator[Aim]:
    """Every series of the site's points that each leaf of the condition can read."""
    wanted = list(leaves(condition))
    for point in site.points.values():
        for line in point.lines:
            if all(_reads(leaf, line) for leaf in wanted):
                yield Aim(site, point, line)


def _reads(leaf: Leaf, line: WarningLine) -> bool:
    stages, commodities = getattr(leaf, "stages", ()), getattr(leaf, "commodities", ())
    if (stages and line.stage not in stages) or (commodities and line.commodity not in commodities):
        return False
    if isinstance(leaf, Line):
        return (line.upper if leaf.side == "upper" else line.lower) is not None
    if isinstance(leaf, Deliveries):
        return line.contract is not None
    return not isinstance(leaf, Stock) or line.normal_stock_t is not None
