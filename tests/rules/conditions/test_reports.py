"""Totals over reports, repeated occurrences, warnings by division: what a subject is made of, and what leaves it."""

from __future__ import annotations

from typing import Any

from rules.loading import load
from tests.rules.builders import EVENT, HAZARD, WEATHER, Bench, at, crowd, forecast, moves, report, texts

DAY = 24 * 60
BY_COUNTY = HAZARD.replace("scope: [county, category]", "scope: [county]").replace(
    "  - id: casualties\n", "  - id: casualties\n    by: [county]\n"
)
SEVEN_DAYS = BY_COUNTY.replace("facts: hazard_report\n", "facts: hazard_report\n      window: 7d\n")


def bench(**changed: str) -> Bench:
    return Bench(load(texts(**changed)))


def dead(day: float, count: int, name: str, **changed: Any) -> Any:
    return report(day * DAY, report=name, **{"deaths": count, **changed})


def grades(made: Bench, *facts: Any) -> list[str]:
    found, now = [], "normal"
    for fact in facts:
        alerts = made.give(fact).alerts
        now = alerts[-1].after if alerts else now
        found.append(now)
    return found


# -- sums across occurrences, within a window that runs from the first observation (DESIGN, rule of totals)


def test_across_occurrences_figures_are_added_within_one_the_highest_counts() -> None:
    """Two villages of one flood say 1 and 2 dead: two; another accident's one makes three."""
    made = bench(relief=BY_COUNTY)
    facts = dead(0, 1, "A", event="flood"), dead(0.1, 2, "B", event="flood"), dead(0.2, 1, "C")
    assert grades(made, *facts) == ["IV", "IV", "III"]
    assert made.alerts[-1].explain.zh == "王宅镇 C等2起 死亡和失踪3人 ≥ 3，Ⅲ级（较大）"


def test_an_occurrence_leaves_the_window_by_time_alone() -> None:
    """Seven days from its first observation, to the minute, however often it was told of since."""
    made = bench(relief=SEVEN_DAYS)
    assert grades(made, dead(0, 1, "A"), dead(3, 2, "B"), dead(5, 1, "A")) == ["IV", "III", "III"]
    outcome = made.tick(20 * DAY, "hazard-reports")
    assert [(a.before, a.after, a.reason, a.at) for a in outcome.alerts] == [
        ("III", "IV", "expired", at(7 * DAY)), ("IV", "normal", "expired", at(10 * DAY)),
    ]  # fmt: skip


def test_a_corrected_figure_changes_the_sum() -> None:
    """Four dead were one."""
    made = bench(relief=SEVEN_DAYS)
    assert grades(made, dead(0, 4, "A"), dead(1, 2, "B"), dead(0, 1, "A", revision=1)) == ["III", "II", "III"]


REPEATED = """\
id: relief
titles: {zh: 屡发, en: Repeated}
tag: {zh: 屡发, en: REPEATED}
basis: [test]
scope: [county, category]
triggers:
  - id: repeat
    by: [township, category]
    when:
      detector: table
      facts: hazard_report
      window: 30d
      rows: [{measure: occurrences, levels: {IV: 3, III: 5}, unit: {zh: 起, en: times}, source: site value}]
escalation: {steps: [{page: [duty_officer], wait: 5m}], leader: [duty_leader]}
"""


def test_the_same_place_and_category_so_many_times_in_so_many_days() -> None:
    """Three fires of one town in thirty days; another town, another category, another month are others."""
    made = bench(relief=REPEATED)
    here, there = "330723105201", "330723104000"
    facts = [
        dead(0, 0, "A", category="fire", division=here), dead(1, 0, "A", category="fire", division=here),
        dead(2, 0, "B", category="fire", division="330723105000"), dead(3, 0, "C", category="fire", division=there),
        dead(4, 0, "D", category="mine", division=here), dead(29.9, 0, "E", category="fire", division=here),
    ]  # fmt: skip
    assert [a.subject for fact in facts for a in made.give(fact).alerts] == ["330723105000/fire"]
    assert made.alerts[-1].explain.zh == "王宅镇 E等3起 发生3起 ≥ 3，Ⅳ级（一般）"
    assert [a.after for a in made.tick(31 * DAY, "hazard-reports").alerts] == ["normal"]


# -- what a fact no longer says


def test_a_report_that_is_joined_to_an_event_leaves_no_alarm_behind() -> None:
    """The desk learned that R1 is part of the typhoon: one alarm, not two."""
    made = bench()
    made.give(dead(0, 3, "R1"))
    alerts = made.give(dead(0, 3, "R1", event="typhoon", revision=1)).alerts
    assert {(a.subject, a.before, a.after) for a in alerts} == {
        ("typhoon", "normal", "III"), ("emergency-bureau/R1", "III", "normal"),
    }  # fmt: skip


def test_a_report_that_changes_its_category_ends_the_old_ones_alarm() -> None:
    """It was no flood but a traffic accident."""
    made = bench()
    made.give(dead(0, 3, "R1"))
    assert moves(made.give(dead(1, 3, "R1", category="traffic", status="verified")).alerts) == [
        ("III", "normal", "recovered")
    ]
    assert made.give(dead(2, 3, "R2", category="traffic")).entries == {}, "nobody watches that"


# -- warnings by division

TOWNS = """\
divisions:
  "330723104000": {zh: 新宅镇, en: Xinzhai}
  "330723105000": {zh: 王宅镇, en: Wangzhai}
"""
BY_TOWN = WEATHER.replace("scope: [county, hazard]", "scope: [county, hazard, division]").replace(
    "  - id: colour\n", "  - id: colour\n    by: [hazard, division]\n"
)


def towns() -> Bench:
    site = texts()["site.yaml"].replace('divisions: {"330723105000": {zh: 王宅镇, en: Wangzhai}}\n', TOWNS)
    return bench(site=site, weather=BY_TOWN)


def told(made: Bench, fact: Any) -> set[tuple[str, str, str]]:
    return {(a.subject.split("/")[1], a.before, a.after) for a in made.give(fact).alerts}


XINZHAI, WANGZHAI = "330723104000", "330723105000"


def test_a_second_warning_of_the_same_colour_for_another_town_is_an_alarm_there() -> None:
    """Each town is told of its own."""
    made = towns()
    assert told(made, forecast(0, "orange", divisions=[WANGZHAI])) == {(WANGZHAI, "normal", "II")}
    assert told(made, forecast(1, "orange", warning="W2", divisions=["330723104201"])) == {(XINZHAI, "normal", "II")}
    assert made.alerts[-1].place == f"330723/rainstorm/{XINZHAI}"


def test_a_warning_for_the_county_or_the_city_is_one_for_each_of_its_towns() -> None:
    """By the code of the area."""
    for area in ("330723", "330723000000", "330700000000"):
        assert told(towns(), forecast(0, "red", divisions=[area])) == {
            (XINZHAI, "normal", "I"), (WANGZHAI, "normal", "I"),
        }  # fmt: skip


def test_an_update_that_no_longer_names_a_town_ends_it_there() -> None:
    """The storm has moved on."""
    made = towns()
    told(made, forecast(0, "red", divisions=[WANGZHAI, XINZHAI]))
    assert told(made, forecast(5, "red", divisions=[XINZHAI], message="update")) == {(WANGZHAI, "I", "normal")}


# -- a crowd: lower bounds, and figures that need several fields (DOMAIN: approved number, mean density)


def test_time_to_full_is_a_lower_bound_that_excludes_its_number() -> None:
    """Fifteen minutes are not less than fifteen; a crowd that does not grow never fills."""
    bounds = "side: lower, levels: {IV: 15, III: 5}, unit: {zh: 分钟, en: min}"
    row = f"- {{measure: minutes_to_full, {bounds}, source: site value}}"
    plan = EVENT.replace(EVENT[EVENT.index("- {measure") : EVENT.index("\nescalation")], row)
    made = bench(event=plan)
    flow = {"inflow_per_min": 120, "outflow_per_min": 20}
    facts = crowd(0, 8500, **flow), crowd(1, 8501, **flow), crowd(2, 9501, **flow), crowd(3, 9501, inflow_per_min=20)
    assert grades(made, *facts) == ["normal", "IV", "III", "normal"]
    assert made.alerts[0].explain.zh == "元宵灯会（壶山广场） 距满员14.9分钟 < 15，Ⅳ级（一般）"
