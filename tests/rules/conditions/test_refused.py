"""What a plan may not say of anomalies, overdue hazards, crowds and counts: each fault's whole text."""

from __future__ import annotations

import pytest

from rules.loading import load
from rules.yaml_file import BadFiles
from tests.rules.builders import texts

PLAN = """\
id: p
titles: {{zh: 预案, en: Plan}}
tag: {{zh: 预案, en: PLAN}}
basis: [test]
scope: [county]
triggers:
  - id: t
    when: {{detector: {when}, source: test}}
escalation: {{steps: [{{page: [duty_officer], wait: 5m}}], leader: [duty_leader]}}
"""
NONE = "未填写，应为至少一个级别的界限 (got nothing, expected a bound for at least one level)"
QUORUM = "quorum, at: line, of: {detector: silence, cadences: 2, source: test}"
ABOVE = "应为高于下一级的界限"


@pytest.mark.parametrize(
    ("when", "fault"),
    [
        ("price_anomaly, indicator: cpi", "indicator: 得到 'cpi'，应为 alps | ifpa (got 'cpi', expected alps | ifpa)"),
        ("price_anomaly, indicator: alps, bounds: {}", f"bounds: {NONE}"),
        (
            "price_anomaly, indicator: alps, bounds: {line: 2, IV: 1}",
            f"bounds.IV: 得到 1，{ABOVE} (got 1, expected a bound above that of the level below it)",
        ),
        (
            "price_anomaly, indicator: alps, bounds: {line: 0}",
            "bounds.line: 得到 0，应为大于 0、小于 1E+12 的数 (got 0, expected a number above 0 and below 1E+12)",
        ),
        (
            "price_anomaly, indicator: ifpa, least_percent: -1",
            "least_percent: 得到 -1，应为不小于 0、小于 1E+12 的数 (got -1, expected a number from 0 and below 1E+12)",
        ),
        (
            "price_anomaly, indicator: ifpa, least_sigma: NaN",
            "least_sigma: 得到 NaN，应为不小于 0、小于 1E+12 的数 (got NaN, expected a number from 0 and below 1E+12)",
        ),
        ("overdue, days: {}", f"days: {NONE}"),
        (
            "overdue, days: {IV: 3, III: 3}",
            f"days.III: 得到 3，{ABOVE} (got 3, expected a bound above that of the level below it)",
        ),
        (
            "overdue, days: {IV: -1}",
            "days.IV: 得到 '-1'，应为 0 至 3660 的整数 (got '-1', expected a whole number from 0 to 3660)",
        ),
        (
            "overdue, days: {IV: 1}, where: {colour: [red]}",
            "where.colour: 得到 'colour'，应为 hazard_report 的字段 (got 'colour', expected a field of hazard_report)",
        ),
        (
            "crush, level: II, densest_per_m2: 0",
            "densest_per_m2: 得到 0，应为每平方米人数，大于 0 的数"
            " (got 0, expected persons a square metre, a number above 0)",
        ),
        (
            "crush, level: II, densest_per_m2: NaN",
            "densest_per_m2: 得到 NaN，应为每平方米人数，大于 0 的数"
            " (got NaN, expected persons a square metre, a number above 0)",
        ),
        (
            "crush, level: II, densest_per_m2: 2, readings: 1",
            "readings: 得到 '1'，应为 2 至 32 的整数 (got '1', expected a whole number from 2 to 32)",
        ),
        (
            'crush, level: II, densest_per_m2: 2, within: "0"',
            "within: 得到 '0'，应为大于 0 的时长：连续须不止一次读数"
            " (got '0', expected a duration above 0: a row is more than one reading)",
        ),
        (f"{QUORUM}", f"points: {NONE}"),
        (
            f"{QUORUM}, goods: {{IV: 3, III: 2}}",
            f"goods.III: 得到 2，{ABOVE} (got 2, expected a bound above that of the level below it)",
        ),
        (
            f"{QUORUM}, points: {{IV: 2}}, goods: {{IV: 2}}",
            "goods: points 和 goods 都写了，应为只写 points 或 goods 之一"
            " (got both points and goods, expected points or goods, one of them)",
        ),
        (
            f"{QUORUM}, goods: {{IV: 2}}, share: true",
            "share: 品种的占比，应为品种数：去掉 share (got a share of goods, expected a number of goods: no share)",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(when: str, fault: str) -> None:
    """File, line, path, value, expected."""
    with pytest.raises(BadFiles) as refused:
        load(texts(grain=PLAN.format(when=when)))
    assert str(refused.value) == f"plans/grain.yaml:8 triggers[0].when.{fault}"


def test_goods_are_not_counted_commodity_by_commodity() -> None:
    """There would never be more than one."""
    plan = PLAN.format(when=f"{QUORUM}, goods: {{IV: 2}}").replace("  - id: t\n", "  - id: t\n    by: [commodity]\n")
    with pytest.raises(BadFiles) as refused:
        load(texts(grain=plan))
    assert str(refused.value) == (
        "plans/grain.yaml:8 triggers[0].by[0]: 得到 'commodity'，应为不含 commodity：按品种计数须看全部品种"
        " (got 'commodity', expected no commodity: goods are counted across all of them)"
    )
