"""Conditions of conditions, quorum and silence: the schemes of grain plans put together from their parts."""

from __future__ import annotations

import pytest

from rules.alerts import Words
from tests.rules.builders import at, moves
from tests.rules.conditions.stand import DAY, day, grades, stand

# Scheme B: price and stock together (F 169830/16983078_1)
PRICE_AND_STOCK = """\
when:
  detector: all
  of:
    - {detector: change, days: 2, percent: {IV: 20, III: 30, II: 50, I: 100}, source: F 169830/16983078_1}
    - {detector: stock, percent_below: {IV: 50, III: 30, II: 10}, source: F 169830/16983078_1}
"""


@pytest.mark.parametrize(
    ("now", "stock", "grade"),
    [
        ("4.80", 49, "IV"), ("4.79", 49, "normal"), ("4.80", 50, "normal"), ("5.20", 29, "III"), ("5.19", 29, "IV"),
        ("5.20", 30, "IV"), ("6.00", 9, "II"), ("8.00", 9, "II"), ("8.00", 10, "III"), ("8.00", 80, "normal"),
    ],
)  # fmt: skip
def test_all_is_the_least_of_what_its_conditions_reach(now: str, stock: float, grade: str) -> None:
    """Price and stock: a price that doubles with full stores is no grain emergency."""
    assert grades(stand(PRICE_AND_STOCK), day(0, "4.00", stock=100), day(2, now, stock=stock))[-1] == grade


def test_all_tells_both_its_reasons() -> None:
    """In one sentence each."""
    bench = stand(PRICE_AND_STOCK)
    grades(bench, day(0, "4.00", stock=100), day(2, "4.80", stock=49))
    assert bench.alerts[-1].explain.zh == (
        "1号点 粳米（零售） 价格比 2026-01-01 上涨 20.0 %（2 天窗口） ≥ 20 %，Ⅳ级（一般）；"
        "1号点 粳米（零售） 库存为正常量的 49.0 % < 50 %，Ⅳ级（一般）"
    )


# Scheme A: 紧急 = yellow for 10 days, or 5-day rise ≥ 50 % with stock −50 %; 特急 = 紧急 for 15 days, or ≥ 100 %, −80 %
SCHEME_A = """\
when:
  detector: any
  of:
    - {detector: change, days: 10, percent: {IV: 15}, source: F 168325/16832511_2}
    - detector: for
      condition: {detector: change, days: 10, percent: {IV: 15}, source: F 168325/16832511_2}
      at: IV
      duration: 10d
      gives: III
      source: F 168325/16832511_2
    - detector: all
      of:
        - {detector: change, days: 5, percent: {III: 50, II: 100}, source: F 168325/16832511_2}
        - detector: change
          measure: stock
          direction: fall
          days: 5
          percent: {III: 50, II: 80}
          source: F 168325/16832511_2
"""


def test_a_grade_that_has_lasted_gives_the_next_by_the_clock_alone() -> None:
    """Yellow on day 10; on day 20 sharp it is urgent, whichever tick comes next."""
    bench = stand(SCHEME_A, cadence="10d")
    assert grades(bench, day(0, "4.00"), day(10, "4.60")) == ["normal", "IV"]
    assert bench.tick(20 * DAY - 1).alerts == []
    (alert,) = bench.tick(21 * DAY).alerts
    assert (alert.before, alert.after, alert.reason, alert.at) == ("IV", "III", "held", at(20 * DAY))
    assert alert.explain.zh.endswith("已持续 10 天，Ⅲ级（较大）")


def test_a_break_begins_the_duration_anew() -> None:
    """Down for a day: the ten days count from the next crossing."""
    bench = stand(SCHEME_A, cadence="10d")
    grades(bench, day(0, "4.00"), day(10, "4.60"), day(15, "4.00"), day(16, "4.70"))
    assert bench.tick(25 * DAY).alerts == []
    assert [a.at for a in bench.tick(27 * DAY).alerts] == [at(26 * DAY)]


def test_one_of_several_ways_to_a_grade_is_enough() -> None:
    """Half as dear again in five days with half the stock gone."""
    bench = stand(SCHEME_A, cadence="10d")
    assert grades(bench, day(5, "4.00", stock=90), day(10, "6.00", stock=45), day(15, "12.00", stock=9))[-2:] == [
        "III",
        "II",
    ]


def test_n_of_counts_conditions() -> None:
    """Two of three."""
    bench = stand("""\
when:
  detector: n_of
  n: 2
  of:
    - {detector: change, days: 1, percent: {IV: 10}, source: test}
    - {detector: stock, percent_below: {IV: 50}, source: test}
    - {detector: streak, days: {IV: 2}, source: test}
""")
    facts = day(0, 100, stock=80), day(1, 101, stock=40), day(2, 102, stock=40), day(3, 102, stock=40)
    assert grades(bench, *facts) == ["normal", "normal", "IV", "normal"]


UNLESS = """\
when:
  detector: unless
  condition: {detector: change, days: 1, percent: {approach: 10}, source: test}
  unless: {detector: stock, percent_below: {IV: 50}, source: test}
  at: IV
"""


def test_unless_suppresses_by_design() -> None:
    """The notice is not given while the greater alarm says it all, and comes back when that has gone."""
    bench = stand(UNLESS)
    facts = day(0, 100, stock=80), day(1, 110, stock=80), day(2, 121, stock=40), day(3, 134, stock=80)
    assert grades(bench, *facts) == ["normal", "approach", "normal", "approach"]
    assert bench.alerts[1].explain.zh == "因1号点 粳米（零售） 库存为正常量的 40.0 % < 50 %，Ⅳ级（一般）而不再单独报警"


# -- k of n points

QUORUM = """\
when:
  detector: quorum
  of: {{detector: warning_line, ratio: {{approach: "0.95", recovery: "0.98", source: test}}}}
  at: line
  points: {{IV: 2, III: 4}}
  silent: {silent}
  source: site value
on_delay: {{duration: 1d}}
"""


def test_a_quorum_counts_points_over_their_line() -> None:
    """Two of five over the line for a day: the text counts them, and names one."""
    bench = stand(QUORUM.format(silent="as_last"), points=5)
    for n in range(5):
        bench.give(day(0, "4.00", point=n + 1))
    assert grades(bench, day(1, "4.60", point=1), day(1.1, "4.70", point=2)) == ["normal", "normal"]
    (alert,) = bench.tick(2.2 * DAY).alerts
    assert (alert.subject, alert.before, alert.after, alert.at) == ("rice/retail", "normal", "IV", at(2.1 * DAY))
    assert alert.explain.zh == (
        "粳米（零售） 5 个监测点中 2 个越过警戒线（3 个无数据，按最后数据计），"
        "如2号点 粳米（零售） 4.70 元/kg ≥ 警戒线 4.60，越过警戒线，Ⅳ级（一般）"
    )
    assert moves(bench.give(day(4, "4.00", point=1)).alerts) == [("IV", "normal", "recovered")]


@pytest.mark.parametrize(("silent", "after"), [("as_last", "IV"), ("left_out", "normal")])
def test_silent_points_count_as_the_plan_says(silent: str, after: str) -> None:
    """Two cadences without a word: as it last stood, or not at all; the third point still speaks."""
    bench = stand(QUORUM.format(silent=silent).replace("on_delay: {duration: 1d}\n", ""), points=3)
    grades(bench, day(0, "4.60", point=1), day(0, "4.60", point=2), day(9, "4.00", point=3))
    bench.tick(10 * DAY)
    assert bench.alerts[-1].after == after


@pytest.mark.parametrize(("least", "speaking", "after"), [(3, 2, "normal"), (3, 3, "III"), (1, 1, "III")])
def test_of_too_few_points_nothing_follows(least: int, speaking: int, after: str) -> None:
    """All that speak are over their line, and one of one is a hundred percent."""
    shared = QUORUM.format(silent="left_out").replace(
        "{IV: 2, III: 4}", f"{{III: 50}}\n  share: true\n  least: {least}"
    )
    bench = stand(shared.replace("on_delay: {duration: 1d}\n", ""), points=5)
    assert grades(bench, *(day(0.1 * n, "4.60", point=n + 1) for n in range(speaking)))[-1] == after


def test_an_alarm_does_not_end_for_want_of_points() -> None:
    """Everybody falls silent: it stands, until some that speak say otherwise."""
    bench = stand(QUORUM.format(silent="left_out").replace("on_delay: {duration: 1d}\n", ""), points=3)
    assert grades(bench, day(0, "4.60", point=1), day(0, "4.60", point=2))[-1] == "IV"
    bench.tick(10 * DAY)
    assert bench.alerts[-1].after == "IV"
    assert moves(bench.give(day(11, "4.00", point=3)).alerts) == [("IV", "normal", "recovered")]


def test_a_share_of_the_points() -> None:
    """Half of three is two."""
    shared = QUORUM.format(silent="as_last").replace("points: {IV: 2, III: 4}", "points: {IV: 50}\n  share: true")
    bench = stand(shared.replace("on_delay: {duration: 1d}\n", ""), points=3)
    assert grades(bench, day(0, "4.60", point=1), day(0, "4.60", point=2)) == ["normal", "IV"]


# -- k of n goods (W bandao.cn 2487885: two kinds of goods, three kinds)

GOODS = """\
when:
  detector: quorum
  of: {{detector: warning_line, ratio: {{approach: "0.95", recovery: "0.98", source: test}}}}
  at: line
  goods: {{IV: 2, III: 3}}
  silent: {silent}
  source: W bandao.cn 2487885
"""
THREE_GOODS = ("rice", "flour", "oil")


def test_goods_count_once_wherever_they_are_over_their_line() -> None:
    """Rice at two points is one kind of goods; flour at a third makes two; rice is still over at its second point."""
    bench = stand(GOODS.format(silent="as_last"), points=3, goods=THREE_GOODS)
    facts = (
        day(0, "4.60", point=1), day(0.1, "4.60", point=2), day(0.2, "4.60", point=3, commodity="flour"),
        day(0.3, "4.00", point=1), day(0.4, "4.60", point=1, commodity="oil"), day(0.5, "4.00", point=2),
    )  # fmt: skip
    assert grades(bench, *facts) == ["normal", "normal", "IV", "IV", "III", "IV"]
    assert {alert.subject for alert in bench.alerts} == {"retail"}
    assert bench.alerts[0].explain == Words(
        zh="粳米、flour、oil（零售） 3 个品种中 2 个越过警戒线（1 个无数据，按最后数据计），"
        "如3号点 flour（零售） 4.60 元/kg ≥ 警戒线 4.60，越过警戒线，Ⅳ级（一般）",
        en="japonica rice, flour, oil (retail): 2 of 3 goods past the warning line (1 without data,"
        " counted as last heard), e.g. Point 3, flour (retail) 4.60 CNY/kg ≥ line 4.60, past the warning line,"
        " level IV (ordinary)",
    )


@pytest.mark.parametrize(("silent", "after"), [("as_last", "IV"), ("left_out", "normal")])
def test_goods_that_fell_silent_at_every_point_count_as_the_plan_says(silent: str, after: str) -> None:
    """Two days without a word of flour; rice goes on."""
    bench = stand(GOODS.format(silent=silent), points=2, goods=THREE_GOODS)
    grades(bench, day(0, "4.60"), day(0, "4.60", point=2, commodity="flour"), day(1.5, "4.60"))
    bench.tick(2.5 * DAY)
    assert bench.alerts[-1].after == after


def test_points_may_be_counted_whatever_their_goods() -> None:
    """Rice and flour at one point are one point; each reading is held against its own good's line."""
    trigger = QUORUM.format(silent="as_last").replace("on_delay: {duration: 1d}\n", "by: [county]\n")
    bench = stand(trigger, points=3, goods=THREE_GOODS)
    facts = (
        day(0, "4.60", point=1), day(0.1, "4.60", point=1, commodity="flour"), day(0.2, "4.60", point=2),
        day(0.3, "4.00", point=1), day(0.4, "4.00", point=1, commodity="flour"),
    )  # fmt: skip
    assert grades(bench, *facts) == ["normal", "normal", "IV", "IV", "normal"]


# -- silence

SILENCE = "when: {detector: silence, cadences: 1.5, source: site value}"


def test_a_silent_point_is_told_when_its_reading_is_overdue() -> None:
    """A cadence and a half after the last, to the minute; the next reading ends it."""
    bench = stand(SILENCE)
    bench.give(day(0, 4))
    assert bench.tick(1.4999 * DAY).alerts == []
    (alert,) = bench.tick(2 * DAY).alerts
    assert (alert.after, alert.reason, alert.at) == ("line", "held", at(1.5 * DAY))
    assert alert.explain.zh == "1号点 粳米（零售） 自 2026-01-01 08:00 起无数据，已超过 1.5 个报数周期（1d）"
    (alert,) = bench.give(day(2.1, 4)).alerts
    assert (alert.after, alert.reason) == ("normal", "recovered")
    assert alert.explain.zh == "1号点 粳米（零售） 已恢复报数"


def test_a_tick_ahead_of_the_reading_is_told_and_taken_back() -> None:
    """The reading was under way."""
    bench = stand(SILENCE)
    bench.give(day(0, 4))
    bench.tick(1.6 * DAY)
    assert moves(bench.give(day(1.2, 4), appended_at=at(1.7 * DAY)).alerts) == [("line", "normal", "recovered")]
