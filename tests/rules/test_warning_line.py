"""The warning line: tables of readings and what they mean."""

from __future__ import annotations

from datetime import timedelta

import pytest

from rules.alerts import Cause, Words
from rules.conditions.aim import Aim
from rules.conditions.condition import KEPT
from rules.conditions.warning_line import WarningLineCondition
from rules.facts import Tick
from rules.loading import load
from tests.rules.builders import POINTS, Bench, at, library, moves, paddy, price, texts

APPROACHED = ("normal", "approach", "approached")
CROSSED = ("approach", "line", "crossed")


def said(*readings: object) -> list[tuple[str, str, str]]:
    bench = Bench()
    for reading in readings:
        bench.give(reading)  # type: ignore[arg-type]
    return moves(bench.alerts)


# -- one reading: bands of an upper line of 4.60, approach 0.95 (4.37), recovery 0.98 (4.508); lower 2500, 2550, 2600


@pytest.mark.parametrize(
    ("amount", "after"),
    [
        ("4.3699", "normal"), ("4.37", "approach"), ("4.3701", "approach"), ("4.5079", "approach"),
        ("4.508", "approach"), ("4.5999", "approach"), ("4.60", "line"), ("4.6001", "line"), ("999", "line"),
        ("0.01", "normal"),
    ],
)  # fmt: skip
def test_a_first_reading_falls_in_a_band_that_includes_its_bound(amount: str, after: str) -> None:
    """以上 includes the number: at the line is over the line."""
    assert [m[1] for m in said(price(0, amount))] == ([] if after == "normal" else [after])


@pytest.mark.parametrize(
    ("amount", "after"),
    [
        ("4.5999", None), ("4.508", None), ("4.5079", "approach"), ("4.37", "approach"), ("4.3699", "normal"),
        ("4.61", None),
    ],
)  # fmt: skip
def test_an_alarm_ends_only_below_the_recovery_line(amount: str, after: str | None) -> None:
    """A price that wavers about its line gives one alarm."""
    assert said(price(0, "4.60"), price(1, amount))[1:] == ([] if after is None else [("line", after, "recovered")])


@pytest.mark.parametrize(
    ("amount", "after"),
    [
        ("2600.01", "normal"), ("2600", "normal"), ("2599.99", "approach"), ("2550", "approach"),
        ("2500.01", "approach"), ("2500", "approach"), ("2499.99", "line"), ("3039.99", "normal"), ("3040", "approach"),
        ("3200", "line"),
    ],
)  # fmt: skip
def test_a_point_may_have_an_upper_and_a_lower_line(amount: str, after: str) -> None:
    """Below the lower line is the alarm, and not at it: 以下 does not include the number."""
    assert [m[1] for m in said(paddy(0, amount))] == ([] if after == "normal" else [after])


@pytest.mark.parametrize(
    ("amount", "after"),
    [
        ("2500", None), ("2500.01", None), ("2549.99", None), ("2550", "approach"), ("2599.99", "approach"),
        ("2600", "normal"), ("2600.01", "normal"),
    ],
)  # fmt: skip
def test_a_lower_alarm_ends_only_above_its_recovery_line(amount: str, after: str | None) -> None:
    """2550 is 1.02 of 2500."""
    assert said(paddy(0, "2499.99"), paddy(1, amount))[1:] == ([] if after is None else [("line", after, "recovered")])


def test_from_safe_to_alarm_and_back() -> None:
    """The whole way of one price, with the reason of each step."""
    way = ["4.30", "4.40", "4.45", "4.60", "5.00", "4.55", "4.40", "4.60", "4.00", "4.70"]
    assert said(*(price(i, p) for i, p in enumerate(way))) == [
        APPROACHED, CROSSED, ("line", "approach", "recovered"), CROSSED, ("line", "normal", "recovered"),
        ("normal", "line", "crossed"),
    ]  # fmt: skip


def test_a_price_in_another_unit_crosses_at_the_same_price() -> None:
    """2.30 元/斤 is 4.60 元/kg; a jin less a hundredth is not."""
    assert said(price(0, "2.30", unit="元/斤")) == [("normal", "line", "crossed")]
    assert said(price(0, "2.29", unit="元/斤")) == [APPROACHED]


def test_a_bound_that_no_decimal_equals_is_met_by_the_price_written_like_it() -> None:
    """A line in pounds: its shares are rounded as a reading is."""
    lib = load(texts(points=POINTS.replace('upper: "4.60", unit: 元/kg', 'upper: "1.00", unit: LB')))
    for amount, after in (("1.00", "line"), ("0.95", "approach"), ("0.9499", "normal")):
        bench = Bench(lib)
        bench.give(price(0, amount, unit="LB"))
        assert [a.after for a in bench.alerts] == ([] if after == "normal" else [after])
    bench = Bench(lib)
    bench.give(price(0, "1.00", unit="LB"))
    bench.give(price(1, "0.98", unit="LB"))  # 0.98 of it: still held
    assert len(bench.alerts) == 1


# -- how long it must hold


def test_persistence_by_count_waits_for_the_second_reading() -> None:
    """One reading over the line is a notice; the second is the alarm, put down to itself."""
    bench = Bench(library(2, "0"))
    bench.give(price(0, "4.60"))
    bench.tick(1000)
    assert moves(bench.alerts) == [APPROACHED], "time alone never makes it two"
    second = price(1001, "4.60")
    bench.give(second)
    assert moves(bench.alerts) == [APPROACHED, CROSSED]
    assert bench.alerts[-1].cause == Cause(fact=second.id)


def test_the_count_starts_again_after_a_reading_below_the_line() -> None:
    """In a row means in a row, and the recovery band does not count."""
    bench = Bench(library(2, "0"))
    for i, amount in enumerate(["4.60", "4.55", "4.60", "4.00", "4.60"]):
        bench.give(price(i, amount))
    assert "line" not in {a.after for a in bench.alerts}


@pytest.mark.parametrize(("minute", "fires"), [(9.99, False), (10, True), (10.01, True), (500, True)])
def test_persistence_by_time_is_a_timer_on_the_clock_of_the_data(minute: float, fires: bool) -> None:
    """At ten minutes sharp by whichever tick comes next; the alert says when it fell due, not when it was noticed."""
    bench = Bench(library(1, "10m"))
    bench.give(price(0, "4.60"))
    outcome = bench.tick(minute)
    assert moves(outcome.alerts) == ([("approach", "line", "held")] if fires else [])
    for alert in outcome.alerts:
        assert (alert.cause, alert.at, alert.known_at) == (Cause(due=at(10)), at(10), at(10))


def test_a_timer_that_fell_due_before_a_reading_is_an_alert_of_its_own() -> None:
    """No tick came: the reading that ends the alarm first tells that there was one."""
    bench = Bench(library(1, "10m"))
    bench.give(price(0, "4.60"))
    outcome = bench.give(price(30, "4.00"))
    assert moves(outcome.alerts) == [("approach", "line", "held"), ("line", "normal", "recovered")]


def test_count_and_time_must_both_be_fulfilled() -> None:
    """Three readings and fifteen minutes."""
    bench = Bench(library(3, "15m"))
    for i in (0, 5):
        bench.give(price(i, "4.60"))
    assert bench.tick(16).alerts == []
    assert moves(bench.give(price(17, "4.60")).alerts) == [CROSSED]


def test_a_dip_below_the_line_stops_the_timer() -> None:
    """Nothing is due any more."""
    bench = Bench(library(1, "10m"))
    bench.give(price(0, "4.60"))
    (entry,) = bench.table.values()
    assert entry.due == at(10)
    bench.give(price(5, "4.55"))
    (entry,) = bench.table.values()
    assert entry.due is None
    assert bench.tick(60).alerts == []


@pytest.mark.parametrize(
    ("amount", "expected"),
    [("4.508", [("line", "approach", "recovered")]), ("4.00", [("line", "normal", "recovered")]), ("4.60", [])],
)
def test_a_tick_ahead_of_a_reading_is_as_if_it_had_come_after(
    amount: str, expected: list[tuple[str, str, str]]
) -> None:
    """The tick of minute 12 fired the timer; the reading of minute 9 shows that it should not have."""
    bench = Bench(library(1, "10m"))
    bench.give(price(0, "4.60"))
    assert moves(bench.tick(12).alerts) == [("approach", "line", "held")]
    assert moves(bench.give(price(9, amount), appended_at=at(13)).alerts) == expected


def test_a_reading_over_the_line_that_a_tick_overtook_may_fall_due_at_once() -> None:
    """All readings came half an hour late: over at minute 10, held at minute 20, the tick was of 30. Both are told."""
    bench = Bench(library(1, "10m"))
    bench.give(price(0, "4.60"))
    bench.tick(30)
    bench.give(price(9, "4.00"), appended_at=at(31))
    outcome = bench.give(price(10, "4.60"), appended_at=at(31))
    assert moves(outcome.alerts) == [APPROACHED, ("approach", "line", "held")]
    assert outcome.alerts[-1].cause == Cause(due=at(20))


# -- late, corrected, repeated, in conflict


def test_a_late_reading_that_leaves_the_present_as_it_is_says_nothing() -> None:
    """Yesterday it was over; today it is not."""
    bench = Bench()
    bench.give(price(10, "4.00"))
    assert bench.give(price(5, "5.00")).alerts == []


def test_a_late_reading_may_change_the_present() -> None:
    """Two in a row: the late one is the first of them."""
    bench = Bench(library(2, "0"))
    bench.give(price(0, "4.00"))
    bench.give(price(10, "4.60"))
    late = price(5, "4.60")
    (alert,) = bench.give(late).alerts
    assert (alert.before, alert.after, alert.reason) == ("approach", "line", "late")
    assert alert.cause == Cause(fact=late.id)


def test_a_correction_replaces_what_it_corrects() -> None:
    """A typing error of 46.0 for 4.06 is taken back, and the text tells the price that now counts."""
    bench = Bench()
    wrong, right = price(0, "46.0"), price(0, "4.06", revision=1)
    bench.give(wrong)
    (alert,) = bench.give(right).alerts
    assert (alert.before, alert.after, alert.reason) == ("line", "normal", "corrected")
    assert alert.cause == Cause(fact=wrong.id, revision=1)
    assert alert.explain.zh == "一号点 粳米（零售） 4.06 元/kg < 警戒线 4.60，正常"
    assert alert.explain.en == "Point 1, japonica rice (retail) 4.06 CNY/kg < line 4.60, normal"


def test_the_text_of_a_correction_tells_the_newest_price() -> None:
    """It was yesterday's price that was corrected; today's is what matters."""
    bench = Bench()
    bench.give(price(0, "4.60"))
    bench.give(price(1, "4.55"))
    (alert,) = bench.give(price(0, "4.50", revision=1)).alerts
    assert (alert.after, alert.reason) == ("approach", "corrected")
    assert alert.explain.zh == "一号点 粳米（零售） 4.55 元/kg < 警戒线 4.60，接近警戒线"


def test_the_highest_revision_wins_in_any_order_of_arrival() -> None:
    """Revision 2 first: 1 and 0 change nothing."""
    bench = Bench()
    bench.give(price(0, "4.60", revision=2))
    bench.alerts.clear()
    for revision in (1, 0):
        outcome = bench.give(price(0, "4.00", revision=revision))
        assert (outcome.alerts, outcome.rejected, outcome.entries) == ([], None, {})


def test_a_repetition_has_no_effect_at_all() -> None:
    """Not even an entry is written; when it was sent to us is not content."""
    bench = Bench()
    bench.give(price(0, "4.60"))
    for again in (price(0, "4.60"), price(0, "4.6", reported_at=at(60))):
        assert bench.give(again) == ({}, [], None)


def test_other_content_at_the_same_revision_is_a_conflict() -> None:
    """Neither is believed over the other: the first stands, the second is a dead letter that says what to do."""
    bench = Bench()
    first = price(0, "4.60")
    bench.give(first)
    outcome = bench.give(price(0, "4.00"))
    assert outcome.alerts == []
    assert outcome.rejected == (
        "conflict",
        Words(
            zh=f"revision：数据 {first.id} 的第 0 版已有不同内容，应为更高的版次（revision）",
            en=f"revision: got 0 of fact {first.id} with other content, expected a higher revision",
        ),
    )


def test_a_conflict_read_again_is_a_conflict_again() -> None:
    """The worker died before the dead letter left, but after the state of what followed was written."""
    bench = Bench()
    bench.give(price(0, "4.60"))
    refused = bench.give(price(0, "4.00"), offset=1).rejected
    bench.give(price(0, "4.10", revision=1))
    bench.restart()
    assert bench.give(price(0, "4.00"), offset=1) == ({}, [], refused)


def test_older_than_what_is_kept_is_recorded_only() -> None:
    """32 readings are kept at the least: one before them can no longer be placed."""
    bench = Bench()
    for i in range(2 * KEPT):
        bench.give(price(i + 10, "4.00"))
    assert bench.give(price(0, "5.00")) == ({}, [], None)
    assert bench.give(price(10, "5.00", revision=1)) == ({}, [], None)


def test_what_is_forgotten_still_counts_in_the_present() -> None:
    """An alarm that began 100 readings ago and was held since is still an alarm."""
    bench = Bench()
    bench.give(price(0, "4.60"))
    for i in range(100):
        bench.give(price(i + 1, "4.55"))
    assert moves(bench.alerts) == [("normal", "line", "crossed")]
    assert moves(bench.give(price(200, "4.00")).alerts) == [("line", "normal", "recovered")]


# -- what an alert says


def test_an_alert_says_all_that_the_desk_needs() -> None:
    """Place, subject, cause, times, and why in both languages."""
    reading = price(0, "2.35", unit="元/斤", known_at=at(3))
    bench = Bench()
    (alert,) = bench.give(reading, appended_at=at(4)).alerts
    assert (alert.county, alert.plan, alert.plan_version) == ("330723", "grain", library().versions["grain"])
    assert (alert.place, alert.detector, alert.subject) == ("330723/retail", "grain/upper", "P01/rice/retail")
    assert (alert.at, alert.known_at, alert.source) == (at(0), at(3), "wuyi-grain-office")
    assert (alert.exercise, alert.historic, alert.estimated) == (None, False, False)
    assert alert.explain == Words(
        zh="一号点 粳米（零售） 4.70 元/kg ≥ 警戒线 4.60，越过警戒线",
        en="Point 1, japonica rice (retail) 4.70 CNY/kg ≥ line 4.60, past the warning line",
    )


def test_a_lower_line_reads_the_other_way_round() -> None:
    """Below, and not at."""
    bench = Bench()
    (alert,) = bench.give(paddy(0, "2499.5")).alerts
    assert alert.detector == "grain/lower"
    assert alert.explain.zh == "一号点 paddy（收购） 2499.5 元/吨 < 警戒线 2500，越过警戒线"
    (alert,) = bench.give(paddy(1, "2560.5")).alerts
    assert alert.explain.zh == "一号点 paddy（收购） 2560.5 元/吨 ≥ 警戒线 2500，接近警戒线"


def test_an_estimate_counts_and_the_text_says_so() -> None:
    """估计值."""
    (alert,) = Bench().give(price(0, "4.60", estimated=True)).alerts
    assert alert.estimated
    assert alert.explain == Words(
        zh="一号点 粳米（零售） 4.60 元/kg（估计值） ≥ 警戒线 4.60，越过警戒线",
        en="Point 1, japonica rice (retail) 4.60 CNY/kg (estimated) ≥ line 4.60, past the warning line",
    )


def test_a_timer_tells_the_estimate_it_waited_on() -> None:
    """The last reading was an estimate."""
    bench = Bench(library(1, "10m"))
    bench.give(price(0, "4.60", estimated=True))
    (alert,) = bench.tick(10).alerts
    assert alert.estimated
    assert "（估计值）" in alert.explain.zh


def test_a_price_of_any_size_can_be_told() -> None:
    """The largest price in the smallest unit, at a line written with many digits: no arithmetic breaks."""
    lib = load(texts(points=POINTS.replace('upper: "3200"', 'upper: "3200.000000"')))
    bench = Bench(lib)
    (alert,) = bench.give(paddy(0, "999999999999", unit="元/kg")).alerts
    assert "999999999999000.000000 元/吨" in alert.explain.zh


@pytest.mark.parametrize(
    ("age", "historic"),
    [(timedelta(days=30), False), (timedelta(days=30, seconds=1), True), (timedelta(days=900), True)],
)
def test_older_than_three_cadences_when_it_comes_is_history(age: timedelta, historic: bool) -> None:
    """Importing three years of history pages nobody: the cadence of the point is 10 days."""
    (alert,) = Bench().give(price(0, "4.60"), appended_at=at(0) + age).alerts
    assert alert.historic is historic


# -- what does not count


def test_a_reading_of_another_source_is_recorded_only() -> None:
    """A point has one deciding source."""
    assert Bench().give(price(0, "9.00", source="a-tourist")) == ({}, [], None)


def test_a_commodity_without_a_line_at_its_point_is_recorded_only() -> None:
    """Nothing watches it there."""
    assert Bench().give(price(0, "9.00", commodity="paddy", stage="wholesale")) == ({}, [], None)


@pytest.mark.parametrize(
    ("changed", "reason", "explain"),
    [
        (
            {"commodity": "salt"}, "unknown_commodity",
            Words(zh="commodity：得到 'salt'，应为 paddy | rice", en="commodity: got 'salt', expected paddy | rice"),
        ),
        (
            {"point": "P99"}, "unknown_point",
            Words(
                zh="point：得到 'P99'，应为本站点 2 个监测点之一",
                en="point: got 'P99', expected one of the site's 2 points",
            ),
        ),
        (
            {"county": "330724"}, "unknown_county",
            Words(zh="county：得到 '330724'，应为 330723", en="county: got '330724', expected 330723"),
        ),
        (
            {"currency": "USD", "unit": "KG"}, "incomparable",
            Words(
                zh="currency：得到 'USD'，应为 CNY，与监测点 P01 的警戒线一致",
                en="currency: got 'USD', expected CNY as the line of point P01",
            ),
        ),
        (
            {"unit": "元/L"}, "incomparable",
            Words(
                zh="unit：得到 '元/L'，应为每 kg 的价格，与监测点 P01 的警戒线一致",
                en="unit: got '元/L', expected a price per kg as the line of point P01",
            ),
        ),
    ],
)  # fmt: skip
def test_a_reading_that_cannot_be_placed_is_refused(changed: dict[str, str], reason: str, explain: Words) -> None:
    """Never silently: a dead letter with its reason."""
    assert Bench().give(price(0, "9.00", **changed)) == ({}, [], (reason, explain))


def test_the_future_begins_five_minutes_after_the_append() -> None:
    """Clocks differ; a reading of tomorrow is a mistake."""
    assert Bench().give(price(5, "4.60"), appended_at=at(0)).rejected is None
    outcome = Bench().give(price(5.1, "4.60"), appended_at=at(0))
    assert outcome == (
        {}, [],
        (
            "future",
            Words(
                zh="observed_at：得到 2026-01-01T08:05:06+08:00，应为不晚于 2026-01-01T08:00:00+08:00 + 5m",
                en="observed_at: got 2026-01-01T08:05:06+08:00, expected not after 2026-01-01T08:00:00+08:00 + 5m",
            ),
        ),
    )  # fmt: skip


def test_points_do_not_touch_each_other() -> None:
    """Each has an alarm of its own."""
    bench = Bench()
    bench.give(price(0, "4.60"))
    bench.give(price(0, "4.60", point="P02"))
    bench.give(price(1, "4.00"))
    assert [(a.subject, a.after) for a in bench.alerts] == [
        ("P01/rice/retail", "line"), ("P02/rice/retail", "line"), ("P01/rice/retail", "normal"),
    ]  # fmt: skip


def test_a_line_that_is_missing_cannot_be_watched() -> None:
    """The library never asks for it; who does is told."""
    lib = library()
    plan, point = lib.plans["grain"], lib.site.points["P01"]
    with pytest.raises(ValueError, match=r"^points\.P01: the lower line of rice/retail is missing$"):
        WarningLineCondition(plan.triggers[1].when, Aim(lib.site, point, point.lines[0]))  # type: ignore[arg-type]


def test_a_tick_of_the_future_is_refused() -> None:
    """Whoever may write to a topic may not fire every timer of the county at once."""
    bench = Bench(library(duration="2h"))
    bench.give(price(0, "4.60"))
    outcome = bench.give(Tick(at=at(60 * 24 * 365)), appended_at=at(1))
    assert outcome.rejected is not None
    assert (outcome.entries, outcome.alerts, outcome.rejected.reason) == ({}, [], "future")
