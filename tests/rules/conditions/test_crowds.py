"""Crowds: how dense, how full, how fast it fills. Each measure at, just below and just above its thresholds."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest

from rules.alerts import Words
from rules.loading import load
from tests.rules.builders import Bench, crowd, texts

if TYPE_CHECKING:
    from rules.facts import LargeEventStatus

PLAN = """\
id: event
titles: {{zh: 活动, en: Event}}
tag: {{zh: 活动, en: EVENT}}
basis: [test]
scope: [county, event]
triggers:
  - id: crowd
    {more}
    when:
      detector: table
      facts: large_event
      rows: [{row}]
escalation: {{steps: [{{page: [duty_officer], wait: 5m}}], leader: [duty_leader]}}
"""
PER_M2 = "unit: {zh: 人/m², en: /m²}, source: W epjdatascience Table 1 after Fruin"
DENSEST = f'{{measure: densest_per_m2, levels: {{IV: 2, III: "3.5", II: 5, I: "5.55"}}, {PER_M2}}}'
"""2 slower, 3.57 unwanted contact, 5.55 dangerous, 7.1 standing limit (Fruin); 2, 3.5, 5 the suggested default."""
DENSITY = f'{{measure: density_per_m2, levels: {{IV: 2, III: "3.5", II: 5}}, {PER_M2}}}'
FILLING = (
    '{measure: filling_percent, levels: {IV: 80, III: 90, II: 100}, unit: {zh: "%", en: "%"}, source: 国务院令505}'
)
"""When the approved number is inside, ticket checks stop (国务院令505 art. 18); 80 and 90 % are suggested."""
INFLOW = "{measure: net_inflow_per_min, levels: {IV: 100, III: 200}, unit: {zh: 人, en: persons}, source: site value}"
TO_FULL = """{measure: minutes_to_full, side: lower, levels: {IV: 30, III: 15, II: 5},
             unit: {zh: 分钟, en: min}, source: site value}"""


def bench(row: str, more: str = "latch: false") -> Bench:
    return Bench(load(texts(event=PLAN.format(row=row, more=more))))


def grade(made: Bench, fact: LargeEventStatus) -> str:
    made.give(fact)
    return made.alerts[-1].after if made.alerts else "normal"


def dense(minutes: float, per_m2: str | None, **changed: Any) -> LargeEventStatus:
    return crowd(minutes, None, densest_per_m2=None if per_m2 is None else Decimal(per_m2), **changed)


def flowing(minutes: float, inside: int | None, inflow: int | None, outflow: int | None) -> LargeEventStatus:
    """Of 10 000 that may be inside."""
    return crowd(minutes, inside, inflow_per_min=inflow, outflow_per_min=outflow)


# -- how dense


@pytest.mark.parametrize(
    ("per_m2", "expected"),
    [
        ("0", "normal"), ("0.43", "normal"), ("1.99", "normal"), ("2", "IV"), ("2.01", "IV"),
        ("3.49", "IV"), ("3.5", "III"), ("3.57", "III"), ("4.99", "III"), ("5", "II"), ("5.54", "II"), ("5.55", "I"),
        ("7.1", "I"),
    ],
)  # fmt: skip
def test_the_densest_spot(per_m2: str, expected: str) -> None:
    """Half-open: 以上 includes the number."""
    assert grade(bench(DENSEST), dense(0, per_m2)) == expected


@pytest.mark.parametrize(
    ("inside", "area", "expected"),
    [
        (1999, "1000", "normal"), (2000, "1000", "IV"), (2001, "1000", "IV"), (3499, "1000", "IV"),
        (3500, "1000", "III"), (4999, "1000", "III"), (5000, "1000", "II"), (5000, "1000.01", "III"),
        (1000, "0.5", "II"), (0, "1000", "normal"), (None, "1000", "normal"), (9000, None, "normal"),
    ],
)  # fmt: skip
def test_people_over_area(inside: int | None, area: str | None, expected: str) -> None:
    """Without either it is not known: no alarm, and no zero."""
    area_m2 = None if area is None else Decimal(area)
    assert grade(bench(DENSITY), crowd(0, inside, area_m2=area_m2)) == expected


def test_the_area_is_told_once() -> None:
    """Each source's last word of each field counts; of two sources the higher."""
    made = bench(DENSITY)
    assert grade(made, crowd(0, 100, area_m2=Decimal(1000))) == "normal"
    assert grade(made, crowd(1, 2000)) == "IV"
    assert grade(made, crowd(2, 1500, source="tickets")) == "IV", "2000 and not 3500"


def test_red_only_when_it_lasts_a_minute() -> None:
    """5 persons/m² sustained 60 s, by a delay; at 59 s it has not."""
    row = f"{{measure: densest_per_m2, levels: {{II: 5}}, {PER_M2}}}"
    made = bench(row, "on_delay: {duration: 60s}")
    made.give(dense(0, "5"))
    made.tick(59 / 60, "large-events")
    assert made.alerts == []
    made.tick(1, "large-events")
    assert [(alert.after, alert.reason) for alert in made.alerts] == [("II", "held")]
    brief = bench(row, "on_delay: {duration: 60s}")
    brief.give(dense(0, "5"))
    brief.give(dense(0.9, "4.99"))
    brief.tick(10, "large-events")
    assert brief.alerts == []


# -- how full


@pytest.mark.parametrize(
    ("inside", "capacity", "expected"),
    [
        (7999, 10000, "normal"), (8000, 10000, "IV"), (8001, 10000, "IV"), (8999, 10000, "IV"), (9000, 10000, "III"),
        (9999, 10000, "III"), (10000, 10000, "II"), (10001, 10000, "II"), (2, 3, "normal"), (5, 6, "IV"),
        (None, 10000, "normal"), (9000, None, "normal"),
    ],
)  # fmt: skip
def test_filling(inside: int | None, capacity: int | None, expected: str) -> None:
    """Of the approved number, not of what the ground would hold."""
    assert grade(bench(FILLING), crowd(0, inside, capacity=capacity)) == expected


# -- how fast it fills


@pytest.mark.parametrize(
    ("inflow", "outflow", "expected"),
    [
        (199, 100, "normal"), (200, 100, "IV"), (201, 100, "IV"), (299, 100, "IV"), (300, 100, "III"), (100, 0, "IV"),
        (100, 500, "normal"), (0, 0, "normal"), (900, None, "normal"), (None, 0, "normal"),
    ],
)  # fmt: skip
def test_net_inflow(inflow: int | None, outflow: int | None, expected: str) -> None:
    """What comes in less what goes out; a gate that is not counted is not one that nobody leaves by."""
    assert grade(bench(INFLOW), flowing(0, 5000, inflow, outflow)) == expected


@pytest.mark.parametrize(
    ("inside", "net", "expected"),
    [
        (6999, 100, "normal"), (7000, 100, "normal"), (7001, 100, "IV"),  # 30 min is not below 30
        (8499, 100, "IV"), (8500, 100, "IV"), (8501, 100, "III"),
        (9499, 100, "III"), (9500, 100, "III"), (9501, 100, "II"),
        (10000, 100, "II"), (12000, 100, "II"),  # full: no time is left, and none below nought
        (9999, 0, "normal"), (9999, -1, "normal"),  # it does not fill
        (None, 100, "normal"),
    ],
)  # fmt: skip
def test_minutes_to_full(inside: int | None, net: int, expected: str) -> None:
    """A lower bound does not include the number (以下)."""
    assert grade(bench(TO_FULL), flowing(0, inside, 500 + net, 500)) == expected


@pytest.mark.parametrize("missing", ["attendance", "capacity", "inflow_per_min", "outflow_per_min"])
def test_time_to_full_is_unknown_without_each_of_its_figures(missing: str) -> None:
    """Never zero minutes, and never a day."""
    figures = {"attendance": 9900, "capacity": 10000, "inflow_per_min": 200, "outflow_per_min": 100, missing: None}
    assert grade(bench(TO_FULL), crowd(0, figures.pop("attendance"), **figures)) == "normal"


# -- texts


@pytest.mark.parametrize(
    ("row", "fact", "zh", "en"),
    [
        (DENSEST, dense(0, "3.5"), "最密处人数3.5人/m² ≥ 3.5，Ⅲ级（较大）",
         "densest crowd 3.5 /m² ≥ 3.5, level III (fairly serious)"),
        (DENSITY, crowd(0, 2999, area_m2=Decimal(1000)), "平均密度2.9人/m² ≥ 2，Ⅳ级（一般）",
         "mean density 2.9 /m² ≥ 2, level IV (ordinary)"),
        (FILLING, crowd(0, 9000), "在场人数占核定容量90% ≥ 90，Ⅲ级（较大）",
         "attendance of approved number 90 % ≥ 90, level III (fairly serious)"),
        (INFLOW, flowing(0, 1, 300, 100), "每分钟净流入200人 ≥ 200，Ⅲ级（较大）",
         "net inflow a minute 200 persons ≥ 200, level III (fairly serious)"),
        (TO_FULL, flowing(0, 9000, 200, 100), "距满员10分钟 < 15，Ⅲ级（较大）",
         "time to full 10 min < 15, level III (fairly serious)"),
    ],
)  # fmt: skip
def test_each_measure_is_told_with_its_bound(row: str, fact: Any, zh: str, en: str) -> None:
    """Event, venue, figure, bound, level."""
    (alert,) = bench(row).give(fact).alerts
    assert alert.explain == Words(zh=f"元宵灯会（壶山广场） {zh}", en=f"元宵灯会 (壶山广场) {en}")
