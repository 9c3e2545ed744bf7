"""Every trigger of the plans as they ship, fired: what it says, in Chinese and in English, to whoever is paged.

The facts are made from the plans themselves: a row of a table by its own bound, prices by a season that gets worse and
worse. A trigger that nothing here fires is a failure: it is never heard of, or this file does not know its kind yet.
"""

from __future__ import annotations

import re
from collections import defaultdict
from datetime import timedelta
from decimal import Decimal
from functools import cache
from math import ceil
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import pytest

from rules.measures import COLOUR_WORDS
from rules.triggers import AllOf, AnyOf, Crush, For, NOf, Overdue, Table, Unless, kinds
from tests.rules.builders import at, crowd, forecast, price, report
from tests.rules.conditions.stand import DAY
from tests.rules.shipped import given, wuyi

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.alerts import Alert, Words
    from rules.site import Point, WarningLine
    from rules.triggers import Condition, Row, Trigger

CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
"""Characters, and punctuation of full width."""
NUMBER = re.compile(r"\d+(?:\.\d+)?")
TRIGGERS = [f"{plan.id}/{trigger.id}" for plan in wuyi().plans.values() for trigger in plan.triggers]
FAIR = {"name": "Lantern Fair", "venue": "Hushan Square"}


def trigger_of(detector: str) -> Trigger:
    plan, _, name = detector.partition("/")
    return next(one for one in wuyi().plans[plan].triggers if one.id == name)


# -- facts that fire it


def fired(detector: str) -> list[Alert]:
    """All that a trigger says, each time it comes to another grade."""
    trigger = trigger_of(detector)
    if "grain_price" in kinds(trigger.when):
        return [alert for alert in season() if alert.detector == detector]
    found: list[Alert] = []
    for facts in _ways(trigger.when):
        waited = [(facts[-1].observed_at - at(0)).total_seconds() / 60 + 30 * DAY]
        found += [alert for alert in given(wuyi(), [*facts, *waited]).alerts if alert.detector == detector]
    return found


def _ways(condition: Condition) -> Iterator[list[Any]]:
    """Facts that bring a condition about, in one way after another; what must hold at once comes ten minutes apart."""
    if isinstance(condition, AllOf | NOf):
        parts = [list(_ways(one)) for one in condition.of]
        for i in range(max(map(len, parts))):
            yield [_later(fact, 10 * n) for n, ways in enumerate(parts) for fact in ways[min(i, len(ways) - 1)]]
    elif isinstance(condition, AnyOf):
        for one in condition.of:
            yield from _ways(one)
    elif isinstance(condition, For | Unless):
        yield from _ways(condition.condition)
    else:
        yield from _fires(condition)


def _later(fact: Any, minutes: float) -> Any:
    return msgspec.structs.replace(fact, observed_at=fact.observed_at + timedelta(minutes=minutes))


def _fires(leaf: Any) -> Iterator[list[Any]]:
    """For each grade of a leaf the facts that bring it about."""
    if isinstance(leaf, Overdue):
        yield [report(0, rectify_by=at(1), **{field: values[0] for field, values in leaf.where.items()})]
    elif isinstance(leaf, Crush):
        densest = [leaf.densest_per_m2 + n for n in range(leaf.readings)]
        yield [
            crowd(n, None, densest_per_m2=one, inflow_per_min=900 - n, outflow_per_min=0, **FAIR)
            for n, one in enumerate(densest)
        ]
    else:
        assert isinstance(leaf, Table)
        where = {field: values[0] for field, values in leaf.where.items()}
        for row in leaf.rows:
            for bound in row.bounds.values():
                yield _OF_ROW[leaf.facts](row, bound, where)


def _reports(row: Row, bound: Any, where: dict[str, Any]) -> list[Any]:
    figure = bound if row.side == "upper" else bound - 1
    if row.measure == "occurrences":
        return [report(n, report=f"R{n}", **where) for n in range(int(figure))]
    if row.measure in wuyi().site.file.measures:
        return [report(0, values={row.measure: figure}, **where)]
    field = "deaths" if row.measure == "deaths_and_missing" else row.measure
    return [report(0, **{field: figure if field == "loss_cny" else int(figure)}, **where)]


def _forecasts(row: Row, bound: Any, where: dict[str, Any]) -> list[Any]:
    if row.colours:
        return [forecast(0, bound, **where)]
    return [forecast(0, "blue", values={row.measure: bound if row.side == "upper" else bound - 1}, **where)]


def _crowds(row: Row, bound: Any, where: dict[str, Any]) -> list[Any]:
    figures: dict[str, Any] = {
        "filling_percent": {"attendance": ceil(bound), "capacity": 100},
        "density_per_m2": {"attendance": ceil(bound * 1000), "area_m2": Decimal(1000)},
        "densest_per_m2": {"densest_per_m2": bound},
        "net_inflow_per_min": {"inflow_per_min": ceil(bound), "outflow_per_min": 0},
        "minutes_to_full": {
            "attendance": 1000 - int(bound - 1), "capacity": 1000, "inflow_per_min": 1, "outflow_per_min": 0
        },
        "attendance": {"attendance": ceil(bound)},
    }  # fmt: skip
    said = figures.get(row.measure, {"values": {row.measure: bound if row.side == "upper" else bound - 1}})
    return [crowd(0, said.pop("attendance", None), **said, **FAIR, **where)]


_OF_ROW = {"hazard_report": _reports, "disaster_forecast": _forecasts, "large_event": _crowds}


class Told(NamedTuple):
    """What a point tells on a day of the season: its price as a multiple of before, its stock in tonnes."""

    day: float
    times: float
    stock: float


CALM = [Told(30.4 * month, 1, 300) for month in range(40)]
"""More than three years at one price, so that it is known what is usual."""
WORSE = [
    *(Told(1220 + 10 * n, times, 300) for n, times in enumerate([1, 1.06, 1.12, 1.17, 1.17, 1.17, 1.17])),
    *(Told(1280 + n, 1.25, stock) for n, stock in enumerate([280, 200, 140, 90, 50, 20], start=1)),
    *(Told(1287 + n, 0.5, 20) for n in range(3)),
]
"""A little, more, far more, then from day to day with the stores running empty; and the bottom falls out."""


@cache
def season() -> list[Alert]:
    """What the plans say of it, and of the silence afterwards: of the first five points that have each line."""
    firsts: dict[tuple[Any, ...], list[tuple[Point, WarningLine]]] = defaultdict(list)
    for point in wuyi().site.points.values():
        for line in point.lines:
            firsts[line.commodity, line.stage, line.upper, line.lower].append((point, line))
    chosen = [one for those in firsts.values() for one in those[:5]]
    facts, times = [], Decimal("0.8")
    for told in [*CALM, *WORSE]:
        times *= Decimal(str(told.times))
        for point, line in chosen:
            amount = (times * (line.upper or line.lower)).quantize(Decimal("0.01"))  # type: ignore[operator]
            facts.append(price(
                told.day * DAY, str(amount), point=point.id, commodity=line.commodity, stage=line.stage,
                unit=line.unit, stock_t=Decimal(str(told.stock)), delivered_t=Decimal(1),
            ))  # fmt: skip
    return given(wuyi(), [*facts, 1700 * DAY]).alerts


# -- what it must say


def bounds_of(detector: str) -> set[Decimal]:
    """Every number that a trigger's conditions, the points' lines or their contracts set as a bound."""
    plain = msgspec.to_builtins(trigger_of(detector).when, builtin_types=(Decimal,))
    found = {Decimal(text) for text in _numbers(plain)}
    for point in wuyi().site.points.values():
        for line in point.lines:
            found |= {bound for bound in (line.upper, line.lower) if bound is not None}
            found |= {due.percent for due in (line.contract.schedule if line.contract else ())}
    return found


def _numbers(plain: Any) -> Iterator[str]:
    """Those of a condition as data, but for what it says of its sources."""
    if isinstance(plain, dict):
        for field, value in plain.items():
            if field != "source":
                yield from _numbers(value)
    elif isinstance(plain, list):
        for value in plain:
            yield from _numbers(value)
    elif not isinstance(plain, bool):
        yield from NUMBER.findall(str(plain))


def numbers(text: str) -> list[Decimal]:
    return [Decimal(found) for found in NUMBER.findall(text)]


def places() -> list[tuple[str, str]]:
    """Everything that is a place of the site, or an event that was told of."""
    file = wuyi().site.file
    named: list[Words] = [*(point.name for point in wuyi().site.points.values()), *file.divisions.values(), file.name]
    return [*((one.zh, one.en) for one in named), (FAIR["name"], FAIR["name"])]


@pytest.mark.parametrize("detector", TRIGGERS)
def test_it_can_be_fired_at_each_grade_that_it_reaches(detector: str) -> None:
    """A grade that no fact can bring about would be a promise that nobody keeps."""
    assert {alert.after for alert in fired(detector)} - {"normal"}
    leaf = trigger_of(detector).when
    if isinstance(leaf, Table):
        reached = {level for row in leaf.rows for level in row.bounds}
        assert {alert.after for alert in fired(detector)} - {"normal"} == reached


@pytest.mark.parametrize("detector", TRIGGERS)
def test_it_is_told_in_chinese_and_in_english(detector: str) -> None:
    """Also that it is over. Neither language has words of the other in it."""
    for alert in fired(detector):
        assert CHINESE.search(alert.explain.zh), alert.explain.zh
        assert not CHINESE.search(alert.explain.en), alert.explain.en
        assert re.search(r"[A-Za-z]{2}", alert.explain.en)


@pytest.mark.parametrize("detector", TRIGGERS)
def test_it_names_place_figure_and_bound(detector: str) -> None:
    """Where, how much, against what, in either language: nobody has to look it up at night."""
    bounds = bounds_of(detector)
    for alert in fired(detector):
        if alert.after == "normal":
            continue
        zh, en = alert.explain.zh, alert.explain.en
        assert any(one in zh and other in en for one, other in places()), (zh, en)
        colour = next((one for one in COLOUR_WORDS.values() if one.zh in zh), None)
        if colour is not None:
            assert colour.en in en  # a warning's colour is its figure, and what it is held against
            continue
        for text in (zh, en):
            assert len(numbers(text)) >= 2, text
            assert bounds & set(numbers(text)), text


def test_both_languages_give_the_same_figures() -> None:
    """Every number of one is in the other."""
    for detector in TRIGGERS:
        for alert in fired(detector):
            assert sorted(numbers(alert.explain.zh)) == sorted(numbers(alert.explain.en)), alert.explain
