"""Every trigger in words: what it watches, from where on it means which level, in both languages."""

from __future__ import annotations

from decimal import Decimal
from typing import Any, get_args

import msgspec
import pytest

from rules import triggers
from rules.alerts import Words
from rules.describe import Described, delays, describe
from rules.names import Names
from rules.triggers import Trigger
from rules.wording import number, span

LINE: dict[str, Any] = {
    "detector": "warning_line", "stages": ["retail"], "ratio": {"approach": "0.95", "recovery": "0.98", "source": "s"},
}  # fmt: skip
TABLE: dict[str, Any] = {
    "detector": "table", "facts": "hazard_report", "where": {"category": ["flood"]},
    "rows": [
        {
            "measure": "deaths_and_missing", "levels": {"IV": 1, "III": 3},
            "unit": {"zh": "人", "en": "people"}, "source": "s",
        }
    ],
}  # fmt: skip
COLOUR: dict[str, Any] = {
    "detector": "table", "facts": "disaster_forecast",
    "rows": [{"measure": "colour", "colours": {"III": "yellow", "I": "red"}, "source": "s"}],
}  # fmt: skip
SILENCE: dict[str, Any] = {"detector": "silence", "cadences": 2, "source": "s"}


NAMES = Names(categories={"flood": Words(zh="洪涝", en="flood")})


def told(condition: dict[str, Any]) -> Described:
    return describe(msgspec.convert(condition, triggers.Condition, strict=False), NAMES)


@pytest.mark.parametrize(
    ("condition", "zh", "en", "reaches"),
    [
        (
            LINE, "监测点的价格越过该点自己的上限警戒线，< 警戒线 × 0.98 恢复",
            "a point's price passes its own upper warning line; over again at < line × 0.98", "approach line",
        ),
        (
            TABLE, "险情与事故报告（类别为 洪涝）：任一指标达到即算，取最高级别",
            "reports of hazards and accidents (category flood): any one criterion", "III IV",
        ),
        (COLOUR, "灾害预报预警：任一指标达到即算，取最高级别", "disaster forecasts: any one criterion", "I III"),
        (
            {"detector": "change", "days": 10, "percent": {"line": 15}, "source": "s"},
            "监测点数据的变化幅度", "how far a point's figure has moved", "line",
        ),
        (
            {"detector": "streak", "days": {"line": 5}, "source": "s"},
            "价格连续变动", "a price that moves day after day", "line",
        ),
        (
            {"detector": "stock", "percent_below": {"III": 50}, "source": "s"},
            "库存低于正常库存的一定比例", "stock below a share of normal stock", "III",
        ),
        (SILENCE, "监测点中断报数", "a point has gone silent", "line"),
        (
            {"detector": "overdue", "days": {"IV": 1}, "source": "s"},
            "隐患逾期未整改", "a hazard not rectified in time", "IV",
        ),
        (
            {"detector": "crush", "densest_per_m2": "3.5", "level": "II", "source": "s"},
            "人流连续 3 次读数密度上升而流量下降", "over 3 readings the crowd grows denser while its flow falls", "II",
        ),
        (
            {"detector": "price_anomaly", "indicator": "ifpa", "bounds": {"line": 1}, "source": "s"},
            "月度价格偏离自身季节与趋势（IFPA），变动不足 10 % 不计",
            "a monthly price against its season and trend (IFPA), moves of less than 10 % left out", "line",
        ),
        (
            {"detector": "quorum", "of": LINE, "at": "line", "points": {"IV": 6}, "source": "s"},
            "全县多个监测点同时达到（中断报数的点按最后状态计）",
            "many of the county's points at once (a silent point counts as it last stood)", "IV",
        ),
        (
            {"detector": "quorum", "of": LINE, "at": "line", "goods": {"IV": 2, "III": 3}, "source": "s"},
            "多个品种同时达到（中断报数的点按最后状态计）",
            "several goods at once (a silent point counts as it last stood)", "III IV",
        ),
        ({"detector": "all", "of": [TABLE, SILENCE]}, "同时满足", "all of", "line"),
        ({"detector": "any", "of": [TABLE, SILENCE]}, "满足任一", "any of", "III IV line"),
        ({"detector": "n_of", "n": 2, "of": [TABLE, COLOUR, SILENCE]}, "至少满足 2 项", "at least 2 of", "III IV line"),
        (
            {"detector": "for", "condition": LINE, "at": "line", "duration": "10d", "gives": "IV", "source": "s"},
            "“越过警戒线”持续 10 天即为Ⅳ级（一般）", "“past the warning line” for 10 d means level IV (ordinary)", "IV",
        ),
        (
            {"detector": "unless", "condition": TABLE, "unless": COLOUR, "at": "I"},
            "第一项成立，且第二项未达到“Ⅰ级（特别重大）”",
            "the first, unless the second is at “level I (especially serious)”", "III IV",
        ),
    ],
)  # fmt: skip
def test_each_condition_says_what_it_is_and_what_it_reaches(
    condition: dict[str, Any], zh: str, en: str, reaches: str
) -> None:
    """The first line of its description, and the severities of its rows or of what it joins."""
    said = told(condition)
    assert said.says == Words(zh=zh, en=en)
    assert " ".join(sorted(said.reaches)) == reaches


def test_no_condition_is_without_words() -> None:
    """Whatever a plan may hold, people can read it."""
    types = {one for one in get_args(triggers.Condition)}  # noqa: C416
    assert types <= set(describe.registry)


def test_what_is_no_condition_is_refused() -> None:
    """With what to do about it."""
    with pytest.raises(TypeError, match=r"^int has no description: add one to rules\.describe$"):
        describe(3, Names())


@pytest.mark.parametrize(
    ("condition", "bounds"),
    [
        (LINE, {"approach": ("≥ 警戒线 × 0.95", "≥ line × 0.95"), "line": ("≥ 警戒线", "≥ line")}),
        ({**LINE, "side": "lower", "ratio": {"approach": "1.03", "recovery": "1.01", "source": "s"}},
         {"approach": ("< 警戒线 × 1.03", "< line × 1.03"), "line": ("< 警戒线", "< line")}),
        (TABLE, {"IV": ("≥ 1 人", "≥ 1 people"), "III": ("≥ 3 人", "≥ 3 people")}),
        (COLOUR, {"III": ("黄色预警", "yellow warning"), "I": ("红色预警", "red warning")}),
        ({"detector": "change", "days": 10, "percent": {"line": 15}, "source": "s"}, {"line": ("≥ 15%", "≥ 15%")}),
        (
            {"detector": "change", "days": 7, "percent": {"III": 50}, "exceeds": True, "source": "s"},
            {"III": ("> 50%", "> 50%")},
        ),
        (
            {"detector": "quorum", "of": LINE, "at": "line", "goods": {"IV": 2}, "source": "s"},
            {"IV": ("≥ 2 个品种", "≥ 2 goods")},
        ),
        ({"detector": "stock", "percent_below": {"III": 50}, "source": "s"}, {"III": ("< 50%", "< 50%")}),
        (SILENCE, {"line": ("≥ 2 个周期", "≥ 2 cadences")}),
    ],
)  # fmt: skip
def test_bounds_are_told_as_they_are_compared(condition: dict[str, Any], bounds: dict[str, tuple[str, str]]) -> None:
    """以上 includes the number, 以下 does not."""
    (row,) = told(condition).rows
    assert {level: (words.zh, words.en) for level, words in row.bounds.items()} == bounds


def test_a_joint_shows_what_it_joins() -> None:
    """Every criterion below it, in order."""
    said = told({"detector": "any", "of": [TABLE, {"detector": "all", "of": [COLOUR, SILENCE]}]})
    assert [row.what.en for row in said.criteria()] == [
        "dead and missing", "warning signal", "every stage: cadences without a reading",
    ]  # fmt: skip


def test_delays_are_told() -> None:
    """How long it must hold, how long it must have gone, who ends it; nothing where there is none."""
    when = msgspec.convert(LINE, triggers.Condition, strict=False)
    slow = Trigger(
        id="t", when=when, on_delay=triggers.Delay(readings=2, duration="1d"),
        off_delay=triggers.Delay(duration="30m"), latch=True,
    )  # fmt: skip
    assert [words.zh for words in delays(slow)] == [
        "连续 2 次读数才报警", "持续 1 天才报警", "持续 30 分钟才恢复", "恢复后须人工复位",
    ]  # fmt: skip
    assert list(delays(Trigger(id="t", when=when))) == []


def test_numbers_and_spans_are_written_for_people() -> None:
    """Thousands apart; a unit in each language."""
    assert (number(Decimal(100000000)), number(Decimal("0.5")), number(Decimal("1E+3"))) == (
        "100,000,000", "0.5", "1,000",
    )  # fmt: skip
    assert (span("24h"), span("0")) == (Words(zh="24 小时", en="24 h"), Words(zh="立即", en="at once"))
