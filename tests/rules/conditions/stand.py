"""A bench for one trigger at a small site: what is written in a plan, and what its alarm says of readings by day."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules.loading import load
from tests.rules.builders import SITE, Bench, price

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.alerts import Alert
    from rules.facts import GrainPriceReading
    from rules.library import Library

DAY = 24 * 60
POINTS = """\
defaults: {source: wuyi-grain-office, cadence: 1d}
points:
"""
POINT = """\
  - id: P{n:02}
    name: {{zh: {n}号点, en: Point {n}}}
    division: "330723105000"
    lines: [{lines}]
"""
LINE = '{{commodity: {good}, stage: retail, upper: "4.60", unit: 元/kg, normal_stock_t: 100}}'
PLAN = """\
id: grain
titles: {{zh: 粮价, en: Grain price}}
tag: {{zh: 粮价, en: GRAIN}}
basis: [test]
scope: [county]
triggers:
  - id: it
{trigger}
escalation: {{steps: [{{page: [duty_officer], wait: 5m}}], leader: [duty_leader]}}
"""


def site(
    trigger: str, *, points: int = 1, cadence: str = "1d", goods: Sequence[str] = ("rice",), more: str = ""
) -> Library:
    """A library of one plan with one trigger (its YAML, without an id), at so many points; `more` is of the site."""
    indented = "\n".join(f"    {line}" for line in trigger.strip().splitlines())
    lines = ", ".join(LINE.format(good=good) for good in goods)
    drawn = POINTS.replace("1d", cadence) + "".join(POINT.format(n=n + 1, lines=lines) for n in range(points))
    return load({"site.yaml": SITE + more, "points.yaml": drawn, "plans/it.yaml": PLAN.format(trigger=indented)})


def stand(trigger: str, *, points: int = 1, cadence: str = "1d", goods: Sequence[str] = ("rice",)) -> Bench:
    return Bench(site(trigger, points=points, cadence=cadence, goods=goods))


def day(
    n: float, amount: str | float, *, point: int = 1, stock: float | None = None, **changed: Any
) -> GrainPriceReading:
    """A retail price of rice on day n (which begins at 08:00 in Wuyi), and the stock in tonnes."""
    more = {} if stock is None else {"stock_t": Decimal(str(stock))}
    return price(n * DAY, str(amount), point=f"P{point:02}", **{**more, **changed})


def grades(bench: Bench, *facts: GrainPriceReading) -> list[str]:
    """The grade after each fact."""
    now, found = "normal", []
    for fact in facts:
        alerts: list[Alert] = bench.give(fact).alerts
        now = alerts[-1].after if alerts else now
        found.append(now)
    return found
