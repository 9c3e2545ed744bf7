"""Rise and fall over a window, days in a row, and stock: at, just below and just above each bound."""

from __future__ import annotations

import pytest

from rules.alerts import Words
from tests.rules.builders import moves
from tests.rules.conditions.stand import day, grades, stand

# 10-day rise: weekly from 5 %, daily from 10 %, yellow from 15 % (F 168325/16832511_2, made half-open without gaps)
CADENCE = """\
says:
  approach: {zh: 改为每周报价一次, en: "report weekly from now on"}
  line: {zh: 改为每日报价, en: report daily from now on}
when:
  detector: change
  days: 10
  percent: {approach: 5, line: 10, IV: 15}
  source: F 168325/16832511_2
"""


@pytest.mark.parametrize(
    ("now", "grade"),
    [
        ("4.00", "normal"), ("4.1999", "normal"), ("4.20", "approach"), ("4.3999", "approach"), ("4.40", "line"),
        ("4.5999", "line"), ("4.60", "IV"), ("4.61", "IV"), ("40", "IV"), ("2.00", "normal"),
    ],
)  # fmt: skip
def test_a_rise_over_ten_days_is_graded_in_half_open_bands(now: str, grade: str) -> None:
    """[0, 5) every ten days, [5, 10) weekly, [10, 15) daily, from 15 % yellow."""
    bench = stand(CADENCE, cadence="10d")
    assert grades(bench, day(0, "4.00"), day(10, now)) == ["normal", grade]


def test_its_text_says_what_the_reporters_have_to_do() -> None:
    """The change of cadence is an instruction."""
    bench = stand(CADENCE, cadence="10d")
    bench.give(day(0, "4.00"))
    (alert,) = bench.give(day(10, "4.40")).alerts
    assert alert.explain == Words(
        zh="1号点 粳米（零售） 价格比 2026-01-01 上涨 10.0 %（10 天窗口） ≥ 10 %；改为每日报价",
        en="Point 1, japonica rice (retail): price up 10.0 % since 2026-01-01 (10 days) ≥ 10 %;"
        " report daily from now on",
    )


@pytest.mark.parametrize(("base", "known"), [(0, True), (-9.99, True), (-10, True), (-10.01, False), (0.01, False)])
def test_the_base_is_the_last_reading_ten_days_ago_or_one_cadence_before(base: float, known: bool) -> None:
    """None there: not enough data, and no alarm either way."""
    bench = stand(CADENCE, cadence="10d")
    assert grades(bench, day(base, "4.00"), day(10, "4.60"))[-1] == ("IV" if known else "normal")


def test_want_of_data_does_not_end_an_alarm() -> None:
    """Thirty days without a reading: whether it has come down over ten days is not known."""
    bench = stand(CADENCE, cadence="10d")
    assert grades(bench, day(0, "4.00"), day(10, "4.60"), day(50, "4.00"), day(60, "4.00")) == [
        "normal", "IV", "IV", "normal",
    ]  # fmt: skip


def test_a_late_base_changes_what_is_known_of_the_present() -> None:
    """It was there, it only came late."""
    bench = stand(CADENCE, cadence="10d")
    bench.give(day(10, "4.60"))
    assert moves(bench.give(day(0, "4.00"), appended_at=day(11, 1).observed_at).alerts) == [("normal", "IV", "late")]


def test_a_fall_of_stock_is_a_change_too() -> None:
    """Stock −50 % in 5 days, told as a fall."""
    bench = stand(
        "when: {detector: change, measure: stock, direction: fall, days: 5, percent: {III: 50}, source: F 168325}"
    )
    assert grades(bench, day(0, 4, stock=80), day(5, 4, stock=40.1), day(5.5, 4), day(5.9, 4, stock=40)) == [
        "normal", "normal", "normal", "III",
    ]  # fmt: skip
    assert (
        bench.alerts[-1].explain.zh
        == "1号点 粳米（零售） 库存比 2026-01-01 下降 50.0 %（5 天窗口） ≥ 50 %，Ⅲ级（较大）"
    )


# -- 超过: the bound itself is not enough (F 173640/17364034_2: a week's rise of more than 50 %, of more than 100 %)

EXCEEDS = "when: {detector: change, days: 7, percent: {III: 50, II: 100}, exceeds: true, source: F 173640/17364034_2}"


@pytest.mark.parametrize(
    ("now", "grade"),
    [
        ("5.9999", "normal"), ("6.00", "normal"), ("6.0001", "III"),
        ("7.9999", "III"), ("8.00", "III"), ("8.0001", "II"),
    ],
)  # fmt: skip
def test_a_bound_that_must_be_exceeded_does_not_include_its_number(now: str, grade: str) -> None:
    """At 50 % sharp it has not been exceeded."""
    assert grades(stand(EXCEEDS), day(0, "4.00"), day(7, now))[-1] == grade


def test_what_is_exceeded_is_held_down_to_its_deadband() -> None:
    """Ten points below 50 % ends it, a hair above that does not."""
    bench = stand(EXCEEDS.replace("exceeds", "deadband: 10, exceeds"))
    prices = [(0, "4.00"), (1, "4.00"), (2, "4.00"), (7, "6.01"), (8, "5.6001"), (9, "5.60")]
    assert grades(bench, *(day(n, p) for n, p in prices))[-3:] == ["III", "III", "normal"]


def test_the_text_says_that_a_bound_is_exceeded() -> None:
    """And never shows a rise as the bound that it has exceeded."""
    bench = stand(EXCEEDS)
    grades(bench, day(0, "4.00"), day(1, "4.00"), day(7, "6.0001"), day(8, "6.00"))
    assert [alert.explain for alert in bench.alerts] == [
        Words(
            zh="1号点 粳米（零售） 价格比 2026-01-01 上涨 50.1 %（7 天窗口） > 50 %，Ⅲ级（较大）",
            en="Point 1, japonica rice (retail): price up 50.1 % since 2026-01-01 (7 days) > 50 %,"
            " level III (fairly serious)",
        ),
        Words(
            zh="1号点 粳米（零售） 价格比 2026-01-02 上涨 50.0 %（7 天窗口），上涨未超过 50 %，正常",
            en="Point 1, japonica rice (retail): price up 50.0 % since 2026-01-02 (7 days),"
            " not up more than 50 %, normal",
        ),
    ]


# -- days in a row

STREAK = "when: {detector: streak, days: {approach: 3, line: 5}, source: F 168325/16832511_2}"


def test_five_rising_days_in_a_row() -> None:
    """The day on which it does not rise begins a new row."""
    bench = stand(STREAK)
    prices = ["4.00", "4.01", "4.02", "4.03", "4.04", "4.05", "4.05", "4.06"]
    assert grades(bench, *(day(i, p) for i, p in enumerate(prices))) == [
        "normal", "normal", "normal", "approach", "approach", "line", "normal", "normal",
    ]  # fmt: skip


def test_a_day_without_a_reading_breaks_the_row() -> None:
    """It is not known to have risen."""
    assert grades(stand(STREAK), day(0, 1), day(1, 2), day(2, 3), day(4, 4), day(5, 5))[-1] == "normal"


def test_of_several_readings_on_one_day_the_last_counts() -> None:
    """A day is one of Wuyi: 16:00 UTC begins the next."""
    bench = stand(STREAK)
    assert grades(bench, day(0, 5), day(0.3, 1), day(1, 2), day(2, 3), day(3, 2), day(3.6, 4))[-1] == "approach"
    bench = stand(STREAK)
    assert grades(bench, day(0, 1), day(1, 2), day(2, 3), day(2.7, 4))[-1] == "approach", "2.7 is the fourth day there"


# -- stock

STOCK = "when: {detector: stock, percent_below: {IV: 50, III: 30, II: 10}, deadband: 5, source: F 169830/16983078_1}"


@pytest.mark.parametrize(
    ("tonnes", "grade"),
    [(50, "normal"), (49.99, "IV"), (30, "IV"), (29.99, "III"), (10, "III"), (9.99, "II"), (0, "II")],
)
def test_stock_below_a_share_of_normal(tonnes: float, grade: str) -> None:
    """以下 does not include the number: at 50 % it is not below 50 %."""
    assert grades(stand(STOCK), day(0, 4, stock=tonnes)) == [grade]


def test_stock_comes_back_past_its_deadband() -> None:
    """55 % of normal, not 50."""
    assert grades(stand(STOCK), *(day(i, 4, stock=s) for i, s in enumerate([49, 54.9, 55]))) == ["IV", "IV", "normal"]


def test_a_reading_without_stock_says_nothing_of_it() -> None:
    """Absent is not nought."""
    bench = stand(STOCK)
    assert grades(bench, day(0, 4), day(1, 4, stock=49), day(2, 4)) == ["normal", "IV", "IV"]
    assert bench.alerts[-1].explain == Words(
        zh="1号点 粳米（零售） 库存为正常量的 49.0 % < 50 %，Ⅳ级（一般）",
        en="Point 1, japonica rice (retail): stock 49.0 % of normal < 50 %, level IV (ordinary)",
    )


def test_what_went_the_other_way_is_told_as_that() -> None:
    """A price that has come down since is not "up −5 %"."""
    bench = stand(CADENCE, cadence="10d")
    grades(bench, day(0, "4.00"), day(10, "4.60"), day(20, "4.37"))
    assert bench.alerts[-1].explain == Words(
        zh="1号点 粳米（零售） 价格比 2026-01-11 下降 5.0 %（10 天窗口），未达上涨 5 %，正常",
        en="Point 1, japonica rice (retail): price down 5.0 % since 2026-01-11 (10 days), not up 5 %, normal",
    )
