"""The table: figures in reports, colours of warnings, how full a square is; and what they mean."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rules.alerts import Cause, Words
from rules.conditions.figures import MOST
from rules.entries import encode
from rules.loading import load
from tests.rules.builders import Bench, at, crowd, forecast, moves, report, texts


def said(*facts: Any) -> list[tuple[str, str, str]]:
    bench = Bench()
    for fact in facts:
        bench.give(fact)
    return moves(bench.alerts)


def level(*facts: Any) -> str:
    found = said(*facts)
    return found[-1][1] if found else "normal"


# -- reports: dead and missing, people moved


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        ({"deaths": 0}, "normal"), ({"deaths": 1}, "IV"), ({"deaths": 2}, "IV"), ({"deaths": 3}, "III"),
        ({"deaths": 5}, "III"), ({"deaths": 6}, "II"), ({"deaths": 9}, "II"), ({"deaths": 10}, "I"),
        ({"missing": 3}, "III"), ({"deaths": 1, "missing": 2}, "III"), ({"deaths": 0, "missing": 0}, "normal"),
        ({"relocated": 299}, "normal"), ({"relocated": 300}, "IV"), ({"relocated": 301}, "IV"),
        ({"relocated": 999}, "IV"), ({"relocated": 1000}, "III"),
        ({"deaths": 1, "relocated": 1000}, "III"), ({"deaths": 3, "relocated": 300}, "III"),
        ({"loss_cny": Decimal("99999999.99999999999999")}, "normal"), ({"loss_cny": Decimal(100_000_000)}, "II"),
        ({"injuries": 500}, "normal"), ({}, "normal"),
    ],
)  # fmt: skip
def test_one_criterion_is_enough_and_the_highest_level_counts(figures: dict[str, Any], expected: str) -> None:
    """Bands are half-open: 以上 includes the number."""
    assert level(report(0, **figures)) == expected


def test_an_absent_figure_keeps_the_last_known_value() -> None:
    """A later version that does not say how many died has not brought them back to life."""
    assert said(report(0, deaths=3), report(1, relocated=0), report(2)) == [("normal", "III", "crossed")]


def test_a_figure_of_nought_is_a_figure() -> None:
    """It was said that nobody died after all."""
    assert said(report(0, deaths=3), report(1, deaths=0)) == [
        ("normal", "III", "crossed"), ("III", "normal", "recovered"),
    ]  # fmt: skip


def test_figures_are_totals_to_date_not_to_be_added() -> None:
    """2, then 3 of one report: 3, not 5."""
    assert said(report(0, deaths=2), report(1, deaths=3), report(2, deaths=6)) == [
        ("normal", "IV", "crossed"), ("IV", "III", "crossed"), ("III", "II", "crossed"),
    ]  # fmt: skip


def test_of_several_reports_of_one_event_the_highest_per_field_counts() -> None:
    """The hospital knows of 2 dead, the town of 1 dead and 4 missing: 2 + 4."""
    hospital = report(0, report="H", event="flood-1", source="hospital", deaths=2)
    town = report(1, report="T", event="flood-1", deaths=1, missing=4)
    assert said(hospital, town) == [("normal", "IV", "crossed"), ("IV", "II", "crossed")]


def test_reports_of_two_events_are_not_joined() -> None:
    """Each is an alarm of its own."""
    bench = Bench()
    bench.give(report(0, report="A", event="flood-1", deaths=2))
    bench.give(report(1, report="B", event="flood-2", deaths=2))
    assert [(a.subject, a.after) for a in bench.alerts] == [("flood-1", "IV"), ("flood-2", "IV")]


def test_two_sources_that_number_alike_do_not_speak_of_one_event() -> None:
    """Both have a report R1; the second's few do not lower or join the first's many."""
    bench = Bench()
    bench.give(report(0, deaths=2))
    bench.give(report(0, source="fire-brigade", deaths=1))
    assert [(a.subject, a.after) for a in bench.alerts] == [("emergency-bureau/R1", "IV"), ("fire-brigade/R1", "IV")]


def test_large_figures_are_compared_to_the_last_digit() -> None:
    """Two reports of one loss, a hair apart at the bound: the higher counts."""
    low = report(0, report="A", event="E", loss_cny=Decimal("99999999.99999999999999"))
    high = report(1, report="B", event="E", loss_cny=Decimal(100_000_000))
    assert level(low, high) == level(high, low) == "II"


def test_only_the_categories_of_the_plan_are_watched() -> None:
    """A traffic accident is another plan's."""
    assert said(report(0, category="traffic", deaths=30)) == []


def test_a_late_version_counts_at_its_own_time() -> None:
    """The version of noon came after that of one o'clock: one o'clock's figure stays."""
    assert said(report(60, deaths=3), report(0, deaths=10)) == [("normal", "III", "crossed")]


def test_a_late_version_may_say_what_the_later_one_did_not() -> None:
    """One o'clock said nothing of the dead."""
    assert said(report(60, relocated=1), report(0, deaths=10)) == [("normal", "I", "late")]


def test_a_correction_takes_back_what_it_corrects() -> None:
    """10 was 1; the highest revision wins in any order."""
    bench = Bench()
    bench.give(report(0, deaths=10))
    (alert,) = bench.give(report(0, deaths=1, revision=1)).alerts
    assert (alert.before, alert.after, alert.reason, alert.cause.revision) == ("I", "IV", "corrected", 1)
    assert bench.give(report(0, deaths=10)) == ({}, [], None)


def test_a_repetition_has_no_effect_and_other_content_is_a_conflict() -> None:
    """As for prices."""
    bench = Bench()
    first = report(0, deaths=1)
    bench.give(first)
    assert bench.give(report(0, deaths=1, reported_at=at(9))) == ({}, [], None)
    assert bench.give(report(0, deaths=2)).rejected == (
        "conflict",
        Words(
            zh=f"revision：数据 {first.id} 的第 0 版已有不同内容，应为更高的版次（revision）",
            en=f"revision: got 0 of fact {first.id} with other content, expected a higher revision",
        ),
    )


def test_what_is_forgotten_one_by_one_still_counts_in_sum() -> None:
    """Version 0 said how many died, two hundred later ones how many were moved."""
    bench = Bench()
    for i in range(200):
        bench.give(report(i, deaths=3) if i == 0 else report(i, relocated=i))
    (entry,) = bench.table.values()
    assert len(entry.state.state.kept) < MOST
    assert moves(bench.alerts) == [("normal", "III", "crossed")]


@pytest.mark.parametrize("stale", [report(10.5, report="B", deaths=9), report(10, report="B", deaths=9)])
def test_older_than_what_is_kept_is_recorded_only(stale: Any) -> None:
    """A version older than one that was let go cannot override it; nor can it come in again by the back door."""
    bench = Bench()
    bench.give(report(0, report="A", event="E", deaths=1))
    for i in range(MOST + 5):
        bench.give(report(10 + i, report="B", event="E", relocated=5, deaths=2 if i < 2 else None))
    stale = report((stale.observed_at - at(0)).total_seconds() / 60, report="B", event="E", deaths=9, revision=1)
    assert bench.give(stale) == ({}, [], None)


def test_a_report_that_is_still_the_newest_of_its_kind_is_never_let_go() -> None:
    """A correction of it is still a correction, forty messages later."""
    bench = Bench()
    bench.give(report(0, report="A", event="E", deaths=10))
    for i in range(40):
        bench.give(report(i + 1, report="B", event="E", relocated=i))
    assert moves(bench.give(report(0, report="A", event="E", deaths=1, revision=1)).alerts) == [
        ("I", "IV", "corrected")
    ]


def test_the_text_says_town_report_criterion_and_level() -> None:
    """Whole, in both languages."""
    (alert,) = Bench().give(report(0, deaths=1, missing=2, known_at=at(7)), appended_at=at(7)).alerts
    assert alert.explain == Words(
        zh="王宅镇 R1 死亡和失踪3人 ≥ 3，Ⅲ级（较大）",
        en="Wangzhai R1 dead and missing 3 people ≥ 3, level III (fairly serious)",
    )
    assert (alert.place, alert.detector, alert.known_at) == ("330723/flood", "relief/casualties", at(7))
    bench = Bench()
    bench.give(report(0, event="台风烟花", relocated=1200, estimated=True))
    (alert,) = bench.alerts
    assert alert.estimated
    assert alert.explain.zh == "王宅镇 台风烟花 紧急转移安置1200人 ≥ 1000，Ⅲ级（较大）"
    (alert,) = bench.give(report(1, event="台风烟花", relocated=0)).alerts
    assert alert.explain == Words(
        zh="王宅镇 台风烟花 各项指标均低于响应条件", en="Wangzhai 台风烟花: no criterion is fulfilled"
    )


# -- warnings: a colour, until it expires


@pytest.mark.parametrize(("colour", "expected"), [("blue", "IV"), ("yellow", "III"), ("orange", "II"), ("red", "I")])
def test_a_colour_means_a_level(colour: str, expected: str) -> None:
    """Two scales, joined by the plan only."""
    assert said(forecast(0, colour)) == [("normal", expected, "crossed")]


def test_a_warning_ends_at_its_expiry_by_tick() -> None:
    """At that instant, and not a moment before."""
    bench = Bench()
    bench.give(forecast(0, "orange", expires=at(60)))
    assert bench.tick(59.99, "disaster-forecasts").alerts == []
    (alert,) = bench.tick(75, "disaster-forecasts").alerts
    assert (alert.before, alert.after, alert.reason) == ("II", "normal", "expired")
    assert (alert.cause, alert.at) == (Cause(due=at(60)), at(60))
    assert alert.explain.zh == "王宅镇 暴雨 各项指标均低于响应条件"


def test_what_is_due_falls_back_to_the_next_grave_warning_step_by_step() -> None:
    """Red until 1 h, yellow until 2 h; one late tick tells both ends."""
    bench = Bench()
    bench.give(forecast(0, "red", warning="W1", expires=at(60)))
    bench.give(forecast(1, "yellow", warning="W2", expires=at(120)))
    outcome = bench.tick(500, "disaster-forecasts")
    assert [(a.before, a.after, a.at) for a in outcome.alerts] == [("I", "III", at(60)), ("III", "normal", at(120))]


def test_a_warning_that_had_expired_when_it_came_is_none() -> None:
    """No alarm, no fallback."""
    assert said(forecast(60, "red", expires=at(60))) == []


def test_a_tick_of_another_topic_ends_no_warning() -> None:
    """Kafka has no order across topics: each has its own ticks."""
    bench = Bench()
    bench.give(forecast(0, "orange", expires=at(60)))
    assert bench.tick(500, "grain-prices") == ({}, [], None)


def test_cancelling_ends_a_warning() -> None:
    """By its own id, later."""
    assert said(forecast(0, "red"), forecast(5, "red", message="cancel"))[-1] == ("I", "normal", "recovered")


def test_cancelling_by_reference_ends_a_warning() -> None:
    """A cancellation has an id of its own (CAP)."""
    assert said(forecast(0, "red"), forecast(5, "red", warning="W2", message="cancel", references=["W1"]))[-1] == (
        "I", "normal", "recovered",
    )  # fmt: skip


@pytest.mark.parametrize("colour", ["blue", "red"])
def test_cancelling_what_was_never_issued_is_no_warning(colour: str) -> None:
    """Nor does the alert that comes after its cancellation become one."""
    cancel = forecast(5, colour, warning="W2", message="cancel", references=["W1"])
    assert said(cancel) == []
    assert said(cancel, forecast(0, colour)) == []


def test_an_update_replaces_what_it_refers_to() -> None:
    """Red goes down to yellow."""
    assert said(forecast(0, "red"), forecast(5, "yellow", warning="W2", message="update", references=["W1"])) == [
        ("normal", "I", "crossed"), ("I", "III", "recovered"),
    ]  # fmt: skip


def test_a_warning_that_refers_to_itself_stands() -> None:
    """Some issuers do."""
    assert level(forecast(0, "red", references=["W1"])) == "I"


def test_an_update_of_the_same_warning_extends_it() -> None:
    """Due at the new expiry only."""
    bench = Bench()
    bench.give(forecast(0, "red", expires=at(60)))
    bench.give(forecast(30, "red", expires=at(120), message="update"))
    assert bench.tick(61, "disaster-forecasts").alerts == []
    assert [a.at for a in bench.tick(121, "disaster-forecasts").alerts] == [at(120)]


def test_one_source_cannot_cancel_or_replace_anothers_warning() -> None:
    """Two bureaus number their warnings by themselves; a key is bound to a source."""
    bench = Bench()
    bench.give(forecast(0, "red"))
    bench.give(forecast(5, "red", source="somebody", message="cancel"))
    bench.give(forecast(6, "blue", source="somebody", warning="W2", message="update", references=["W1"]))
    assert moves(bench.alerts) == [("normal", "I", "crossed")]
    assert bench.give(forecast(0, "blue", source="somebody")).rejected is None, "another fact, no conflict"


def test_hazards_do_not_touch_each_other() -> None:
    """A typhoon warning and a rainstorm warning are two."""
    bench = Bench()
    bench.give(forecast(0, "red"))
    bench.give(forecast(1, "blue", hazard="typhoon", warning="T1"))
    assert [(a.subject, a.after) for a in bench.alerts] == [("rainstorm", "I"), ("typhoon", "IV")]


def test_years_of_warnings_do_not_pile_up() -> None:
    """What has expired for good is let go; what is without end stays."""
    bench = Bench()
    bench.give(forecast(0, "blue", warning="for-ever"))
    for i in range(200):
        bench.give(forecast(10 * i + 1, "red", warning=f"W{i}", expires=at(10 * i + 5)))
    (entry,) = bench.table.values()
    assert len(entry.state.state.kept) < MOST
    assert moves(bench.tick(5000, "disaster-forecasts").alerts) == [("I", "IV", "expired")]


def test_a_replaced_warning_does_not_rise_again_when_its_replacement_is_let_go() -> None:
    """Forty versions of the update later, the first of which alone named what it replaced."""
    bench = Bench()
    bench.give(forecast(0, "red"))
    bench.give(forecast(1, "blue", warning="W2", message="update", references=["W1"]))
    for i in range(40):
        bench.give(forecast(2 + i, "blue", warning="W2", message="update"))
    assert moves(bench.alerts)[-1] == ("I", "IV", "recovered")


def test_the_text_names_towns_hazard_and_colour() -> None:
    """Three towns, then 等."""
    (alert,) = Bench().give(forecast(0, "orange")).alerts
    assert alert.explain == Words(
        zh="王宅镇 暴雨 预警信号橙色，Ⅱ级（重大）", en="Wangzhai rainstorm warning signal orange, level II (serious)"
    )
    many = ["330723105000", "330723", "330723105201", "330723105202"]
    (alert,) = Bench().give(forecast(0, "red", divisions=many, hazard="locusts")).alerts
    assert alert.explain.zh == "王宅镇、武义县、王宅镇等 locusts 预警信号红色，Ⅰ级（特别重大）"
    assert (
        alert.explain.en == "Wangzhai, Wuyi County, Wangzhai … locusts warning signal red, level I (especially serious)"
    )
    (alert,) = Bench().give(forecast(0, "red", divisions=["330100"])).alerts
    assert alert.explain.zh.startswith("330100 ")


def test_the_text_names_the_towns_where_the_warning_that_counts_stands() -> None:
    """Red for Wangzhai is lifted: the yellow that is left is of the county, and of whom it was issued for since."""
    bench = Bench()
    bench.give(forecast(0, "yellow", warning="W0", divisions=["330723"]))
    bench.give(forecast(1, "red"))
    bench.give(forecast(2, "yellow", warning="W2", divisions=["330100"]))
    (alert,) = bench.give(forecast(3, "red", message="cancel")).alerts
    assert alert.explain.zh == "武义县、330100 暴雨 预警信号黄色，Ⅲ级（较大）"
    assert alert.explain.en == "Wuyi County, 330100 rainstorm warning signal yellow, level III (fairly serious)"


# -- no entry grows without end


def test_a_thousand_reports_of_one_event_fit_in_an_entry_that_a_broker_takes() -> None:
    """The newest are known one by one; of the rest the highest figures count, and a broker takes a megabyte."""
    bench = Bench()
    bench.give(report(0, report="first", event="E", deaths=7))
    for i in range(1000):
        bench.give(report(i + 1, report=f"R{i}", event="E", deaths=1, injuries=i))
    (entry,) = bench.table.values()
    assert len(encode(entry)) < 128 * 1024
    assert moves(bench.alerts) == [("normal", "II", "crossed")]
    assert moves(bench.give(report(2000, report="R999", event="E", deaths=10)).alerts) == [("II", "I", "crossed")]


def test_a_thousand_warnings_without_end_fit_in_an_entry_that_a_broker_takes() -> None:
    """The oldest is let go; what has come since still counts."""
    bench = Bench()
    for i in range(1000):
        bench.give(forecast(i, "red" if i == 900 else "blue", warning=f"W{i}"))
    (entry,) = bench.table.values()
    assert len(encode(entry)) < 128 * 1024
    assert [a.after for a in bench.alerts] == ["IV", "I"]


# -- a crowd


@pytest.mark.parametrize(
    ("attendance", "expected"),
    [
        (0, "normal"), (7999, "normal"), (8000, "IV"), (8001, "IV"), (8999, "IV"), (9000, "III"), (9999, "III"),
        (10000, "II"), (10001, "II"), (10**8, "II"),
    ],
)  # fmt: skip
def test_filling_is_a_share_of_the_approved_number(attendance: int, expected: str) -> None:
    """80, 90, 100 %."""
    assert level(crowd(0, attendance)) == expected


@pytest.mark.parametrize("changed", [{"capacity": None}, {"attendance": None}])
def test_without_both_numbers_filling_is_unknown_not_nought(changed: dict[str, Any]) -> None:
    """No alarm, and none that ends for want of data."""
    values = {"attendance": 9500, **changed}
    assert said(crowd(0, values.pop("attendance"), **values)) == []
    assert said(crowd(0, 9500), crowd(1, **{"attendance": 9500, **changed})) == [("normal", "III", "crossed")]


def test_the_approved_number_is_kept_from_an_earlier_message() -> None:
    """The gate counter does not know it."""
    assert said(crowd(0, None), crowd(1, 9500, capacity=None)) == [("normal", "III", "crossed")]


def test_it_falls_when_people_leave() -> None:
    """One source: its latest count counts."""
    assert said(crowd(0, 10000), crowd(1, 8500), crowd(2, 100)) == [
        ("normal", "II", "crossed"), ("II", "IV", "recovered"), ("IV", "normal", "recovered"),
    ]  # fmt: skip


def test_two_sources_at_the_same_minute_are_no_conflict() -> None:
    """Police and ticketing both count at eight sharp: the higher of what they last said counts."""
    bench = Bench()
    bench.give(crowd(0, 8500))
    outcome = bench.give(crowd(0, 9100, source="tickets"))
    assert outcome.rejected is None
    assert moves(bench.alerts) == [("normal", "IV", "crossed"), ("IV", "III", "crossed")]


def test_the_text_never_rounds_up_to_a_bound_that_was_not_reached() -> None:
    """89.99 % is not the 90 that it has not reached."""
    (alert,) = Bench().give(crowd(0, 8999)).alerts
    assert alert.explain == Words(
        zh="元宵灯会（壶山广场） 在场人数占核定容量89.9% ≥ 80，Ⅳ级（一般）",
        en="元宵灯会 (壶山广场) attendance of approved number 89.9 % ≥ 80, level IV (ordinary)",
    )


def test_the_text_names_what_the_newest_fact_names() -> None:
    """A late message of an old name does not rename the event."""
    bench = Bench()
    bench.give(crowd(10, 100, name="灯会", source="tickets"))
    (alert,) = bench.give(crowd(0, 9500, name="旧名")).alerts
    assert (alert.reason, alert.explain.zh) == ("late", "灯会（壶山广场） 在场人数占核定容量95% ≥ 90，Ⅲ级（较大）")


# -- places


def test_facts_without_the_part_that_makes_a_place_never_share_one() -> None:
    """A plan scoped by event: reports without an event are places of their own, not one place called None."""
    plan = texts()["plans/relief.yaml"].replace("scope: [county, category]", "scope: [county, event]")
    bench = Bench(load(texts(relief=plan)))
    bench.give(report(0, report="A", deaths=1))
    bench.give(report(0, report="B", deaths=1))
    bench.give(report(0, report="C", event="flood-1", deaths=1))
    assert [a.place for a in bench.alerts] == [
        "330723/emergency-bureau/A", "330723/emergency-bureau/B", "330723/flood-1",
    ]  # fmt: skip


@pytest.mark.parametrize(("hours", "historic"), [(24, False), (24.1, True)])
def test_a_report_older_than_a_day_when_it_comes_is_history(hours: float, historic: bool) -> None:
    """It moves the state and pages nobody."""
    (alert,) = Bench().give(report(0, deaths=1), appended_at=at(60 * hours)).alerts
    assert alert.historic is historic


def test_a_site_may_say_how_old_is_history() -> None:
    """page_within."""
    bench = Bench(load(texts(site=texts()["site.yaml"] + "page_within: 30m\n")))
    (alert,) = bench.give(report(0, deaths=1), appended_at=at(31)).alerts
    assert alert.historic
