"""Grain orders with farmers: an order price as a floor, and deliveries that lag behind their schedule."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from rules.alerts import Words
from rules.loading import load
from rules.yaml_file import BadFiles
from tests.rules.builders import Bench, at, price, texts
from tests.rules.conditions.stand import DAY, PLAN, grades

if TYPE_CHECKING:
    from rules.facts import GrainPriceReading

POINTS = """\
defaults: {source: wuyi-grain-office, cadence: 1d}
points:
  - id: P01
    name: {zh: 王宅收购点, en: Wangzhai purchase point}
    division: "330723105000"
    lines:
      - commodity: early_rice
        stage: purchase
        lower: "2.60"
        unit: 元/kg
        contract: {tonnes: 400, schedule: [{by: 2026-01-10, percent: 50}, {by: 2026-01-20, percent: 100}]}
"""
TRIGGER = "    when: {detector: deliveries, short_by: {approach: 5, IV: 20}, source: site value}"


def orders(points: str = POINTS) -> Bench:
    return Bench(load(texts(points=points, grain=PLAN.format(trigger=TRIGGER))))


def told(n: float, delivered: float | None) -> GrainPriceReading:
    more = {} if delivered is None else {"delivered_t": Decimal(str(delivered))}
    return price(n * DAY, "2.70", commodity="early_rice", stage="purchase", **more)


@pytest.mark.parametrize(
    ("delivered", "grade"),
    [
        (200, "normal"), (180.1, "normal"), (180, "approach"), (120.1, "approach"), (120, "IV"), (0, "IV"),
        (400, "normal"),
    ],
)  # fmt: skip
def test_deliveries_that_lag_by_percentage_points(delivered: float, grade: str) -> None:
    """Half of 400 t by the end of 10 January in Wuyi: day 9 at 24:00 there."""
    bench = orders()
    assert grades(bench, told(8, delivered)) == ["normal"], "not due yet"
    bench.tick(9.67 * DAY)
    assert (bench.alerts[-1].after if bench.alerts else "normal") == grade


def test_the_end_of_the_day_makes_it_due_by_the_clock_alone() -> None:
    """To the second; the next delivery ends it."""
    bench = orders()
    bench.give(told(5, 100))
    (alert,) = bench.tick(10 * DAY).alerts
    assert alert.at == at(9 * DAY + 16 * 60 - 1 / 60_000_000)
    assert alert.explain == Words(
        zh="王宅收购点 early_rice（收购） 订单 400 吨，已交 100 吨（25.0 %），按进度应交 50 %，Ⅳ级（一般）",
        en="Wangzhai purchase point, early_rice (purchase): 100 t of 400 t under contract delivered (25.0 %),"
        " 50 % due by now, level IV (ordinary)",
    )
    assert grades(bench, told(11, 200), told(21, 300)) == ["normal", "IV"]


def test_what_was_not_told_is_not_nought() -> None:
    """A price without a total says nothing of deliveries."""
    bench = orders()
    bench.give(told(5, None))
    assert bench.tick(15 * DAY).alerts == []
    assert grades(bench, told(15, 100), told(16, None)) == ["IV", "IV"]


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        (("tonnes: 400", "tonnes: 0"), "contract.tonnes"), (("2026-01-10", "2026-01-00"), "contract.schedule[0].by"),
        (("percent: 50", "percent: 0"), "contract.schedule[0].percent"),
        (("percent: 100", "percent: 50"), "contract.schedule[1]"),
        (("2026-01-20", "2026-01-10"), "contract.schedule[1]"),
    ],
)  # fmt: skip
def test_a_contract_that_makes_no_sense_is_told(wrong: tuple[str, str], path: str) -> None:
    """At load time, with its place."""
    with pytest.raises(BadFiles) as caught:
        orders(POINTS.replace(*wrong))
    assert [f.path for f in caught.value.faults] == [f"points[0].lines[0].{path}"]
