"""Figures of a site's own: facts carry them in `values`, tables of its plans measure them as they do the fixed ones."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import msgspec
import pytest

from rules import entries, facts
from rules.alerts import Words
from rules.conditions.figures import MOST
from rules.decoding import BadFact, decode
from rules.describe import describe
from rules.library import Library
from rules.loading import load
from rules.names import Names
from rules.yaml_file import BadFiles
from tests.rules.builders import SITE, Bench, at, crowd, forecast, moves, report, texts

MEASURES = """\
measures:
  burned_ha: {facts: hazard_report, words: {zh: 过火面积, en: area burned}, unit: {zh: 公顷, en: ha}}
  magnitude: {facts: hazard_report, words: {zh: 震级, en: magnitude}, across: highest}
  benzene: {facts: hazard_report, words: {zh: 苯, en: benzene}, unit: {zh: 毫克/升, en: mg/L}, across: highest}
  level_m: {facts: hazard_report, words: {zh: 库水位, en: reservoir level}, unit: {zh: 米, en: m}, across: lowest}
  rain_mm_3h: {facts: disaster_forecast, words: {zh: 3小时雨量, en: rain in 3 h}, unit: {zh: 毫米, en: mm}}
  lowest_c:
    facts: disaster_forecast
    words: {zh: 最低气温, en: lowest temperature}
    unit: {zh: ℃, en: ℃}
    across: lowest
    negative: true
  queue_m: {facts: large_event, words: {zh: 排队长度, en: length of the queue}, unit: {zh: 米, en: m}}
"""
PLAN = """\
id: own
titles: {{zh: 预案, en: Plan}}
tag: {{zh: 预案, en: PLAN}}
basis: [test]
scope: [county]
triggers:
  - id: it
    by: [{by}]
    when: {{detector: table, facts: {facts}, rows: [{rows}]}}
escalation: {{steps: [{{page: [duty_officer], wait: 5m}}], leader: [duty_leader]}}
"""
BURNED = "{measure: burned_ha, levels: {IV: 1, III: 100, II: 1000}, source: t}"
RAIN = "{measure: rain_mm_3h, levels: {IV: 30, III: 50}, source: t}"
COLOUR = "{measure: colour, colours: {II: orange, I: red}, source: t}"


def library(*rows: str, facts: str = "hazard_report", by: str = "county", measures: str = MEASURES) -> Library:
    only = {name: text for name, text in texts().items() if not name.startswith("plans/")}
    plan = PLAN.format(by=by, facts=facts, rows=", ".join(rows))
    return load({**only, "site.yaml": SITE + measures, "plans/own.yaml": plan})


def burned(minutes: float, hectares: Any = None, *, fire: str = "A", **changed: Any) -> facts.HazardReport:
    said = {} if hectares is None else {"values": {"burned_ha": Decimal(str(hectares))}}
    return report(minutes, **{"report": fire, "category": "forest_fire", **said, **changed})


def rain(minutes: float, mm: Any, colour: str = "yellow", **changed: Any) -> facts.DisasterForecast:
    said = {} if mm is None else {"values": {"rain_mm_3h": Decimal(str(mm))}}
    return forecast(minutes, colour, **{**said, **changed})


def told(library_: Library, *given: Any) -> list[tuple[str, str, str]]:
    bench = Bench(library_)
    for fact in given:
        bench.give(fact)
        bench.restart()
    return moves(bench.alerts)


def level(library_: Library, *given: Any) -> str:
    found = told(library_, *given)
    return found[-1][1] if found else "normal"


# -- hazard reports


@pytest.mark.parametrize(
    ("hectares", "expected"),
    [
        (None, "normal"), ("0", "normal"), ("0.99", "normal"), ("1", "IV"), ("99.999", "IV"), ("100", "III"),
        ("1000", "II"),
    ],
)  # fmt: skip
def test_a_row_names_a_measure_of_the_site_as_it_does_a_fixed_one(hectares: str | None, expected: str) -> None:
    """Half-open bands; a figure that nobody gave is not 0, and no alarm."""
    assert level(library(BURNED), burned(0, hectares)) == expected


def test_they_stand_beside_fixed_measures() -> None:
    """One fulfilled criterion is enough, the highest level counts."""
    both = library(BURNED, "{measure: deaths_and_missing, levels: {IV: 1, III: 3}, source: t}")
    assert level(both, burned(0, 1, deaths=3)) == "III"
    assert level(both, burned(0, 100, deaths=1)) == "III"


def test_a_version_that_leaves_the_figure_out_keeps_the_last_known() -> None:
    """Nothing recovers for want of data; 0 is a figure."""
    assert told(library(BURNED), burned(0, 120), burned(5)) == [("normal", "III", "crossed")]
    assert told(library(BURNED), burned(0, 120), burned(5, 0))[-1] == ("III", "normal", "recovered")


def test_figures_of_two_occurrences_are_added_unless_the_site_says_the_highest() -> None:
    """60 ha and 60 ha are 120 ha; two earthquakes of 4 are not one of 8."""
    assert level(library(BURNED), burned(0, 60), burned(1, 60, fire="B")) == "III"
    quakes = library("{measure: magnitude, levels: {IV: 4, III: 5}, source: t}")
    shaken = [report(i, report=f"Q{i}", values={"magnitude": Decimal(f"4.{i}")}) for i in range(2)]
    assert level(quakes, *shaken) == "IV"


def test_within_one_occurrence_the_highest_counts_and_nothing_is_added() -> None:
    """The town says 60 ha, the forest station 80: one fire."""
    one_fire = [burned(0, 60, fire="town", event="F"), burned(1, 80, fire="station", event="F")]
    assert level(library(BURNED), *one_fire) == "IV"


def test_where_less_is_graver_the_lowest_counts_within_and_across() -> None:
    """Two gauges of one reservoir, and two reservoirs."""
    low = library("{measure: level_m, side: lower, levels: {IV: 20, III: 10}, source: t}")
    gauges = [report(i, report=f"G{i}", event="E", values={"level_m": Decimal(m)}) for i, m in enumerate(["25", "15"])]
    assert level(low, *gauges) == "IV"
    others = [report(5 + i, report=f"R{i}", values={"level_m": Decimal(m)}) for i, m in enumerate(["9", "30"])]
    assert level(low, *gauges, *others) == "III"


def test_of_reports_no_longer_known_one_by_one_the_figure_stays() -> None:
    """The first of two hundred said the most."""
    fires = [burned(i, 1000 if i == 0 else 1, fire=f"R{i}", event="F") for i in range(MOST + 20)]
    bench = Bench(library(BURNED))
    for fact in fires:
        bench.give(fact)
    assert moves(bench.alerts) == [("normal", "II", "crossed")]


def test_a_name_that_the_site_does_not_know_is_kept_and_ignored() -> None:
    """Not refused; and not negative, as far as anybody knows."""
    bench = Bench(library(BURNED))
    outcome = bench.give(burned(0, values={"wind_ms": Decimal(-3), "burned_ha": Decimal(1)}))
    assert outcome.rejected is None
    assert [alert.after for alert in outcome.alerts] == ["IV"]


def test_a_measure_of_forecasts_is_not_read_from_reports() -> None:
    """The name alone does not make it so."""
    both = library(BURNED)
    assert told(both, report(0, values={"rain_mm_3h": Decimal(-1)})) == []


def test_figures_are_content_of_a_fact() -> None:
    """The same again has no effect, another figure is a conflict, 1.0 is 1; a correction takes back."""
    bench = Bench(library(BURNED))
    bench.give(burned(0, "1"))
    assert bench.give(burned(0, "1.0")) == ({}, [], None)
    assert bench.give(burned(0, "2")).rejected.reason == "conflict"  # type: ignore[union-attr]
    assert moves(bench.give(burned(0, "0.5", revision=1)).alerts) == [("IV", "normal", "corrected")]


def test_a_fact_without_figures_has_the_digest_it_had_before_there_were_any() -> None:
    """What a running system has taken may be sent again after it was brought up to date."""
    assert report(0).digest == "0fe7e392a082daad"
    assert crowd(0, 1).digest == "6d2dc6fe2e7ea4ca"
    assert report(0, values={"x": Decimal(1)}).digest != report(0).digest


# -- what people read


def test_the_text_has_the_measures_words_and_unit() -> None:
    """Whole, in both languages."""
    bench = Bench(library(BURNED))
    bench.give(burned(0, "120.75"))
    assert bench.alerts[-1].explain == Words(
        zh="王宅镇 A 过火面积120.7公顷 ≥ 100，Ⅲ级（较大）",
        en="Wangzhai A area burned 120.7 ha ≥ 100, level III (fairly serious)",
    )


def test_a_figure_is_told_as_finely_as_its_bound_is_written() -> None:
    """0.051 mg/L is not told as 0."""
    bench = Bench(library('{measure: benzene, levels: {IV: "0.01", III: "0.05"}, source: t}'))
    bench.give(report(0, values={"benzene": Decimal("0.0519")}))
    assert bench.alerts[-1].explain.zh == "王宅镇 R1 苯0.05毫克/升 ≥ 0.05，Ⅲ级（较大）"
    bench.give(report(1, values={"benzene": Decimal("0.049")}))
    assert bench.alerts[-1].explain.zh == "王宅镇 R1 苯0.04毫克/升 ≥ 0.01，Ⅳ级（一般）"


def test_a_figure_of_the_longest_that_may_be_written_can_be_told() -> None:
    """No arithmetic is out of its depth."""
    bench = Bench(library('{measure: benzene, levels: {IV: "0.000000000000000000000000000001"}, source: t}'))
    outcome = bench.give(report(0, values={"benzene": Decimal("999999999999.123456789012345678")}))
    assert [(a.plan, a.after) for a in outcome.alerts] == [("own", "IV")]


def test_a_row_may_write_a_unit_of_its_own() -> None:
    """It goes before that of the measure."""
    bench = Bench(library(BURNED.replace("source", "unit: {zh: 公顷林地, en: ha of forest}, source")))
    bench.give(burned(0, "1"))
    assert bench.alerts[-1].explain.zh.startswith("王宅镇 A 过火面积1公顷林地 ≥ 1")


def test_a_plan_is_described_in_its_words() -> None:
    """As `plan show` has them."""
    there = library(BURNED)
    (row,) = describe(there.plans["own"].triggers[0].when, Names.of(there.site)).rows
    assert row.what == Words(zh="过火面积", en="area burned")
    assert row.bounds["III"] == Words(zh="≥ 100 公顷", en="≥ 100 ha")


# -- forecasts


def test_forecasts_are_measured_by_figure_as_well_as_by_colour() -> None:
    """Yellow with 55 mm in 3 h: the rain alone reaches III; orange alone reaches II."""
    both = library(RAIN, COLOUR, facts="disaster_forecast")
    assert level(both, rain(0, 55)) == "III"
    assert level(both, rain(0, 55, "orange")) == "II"
    assert level(both, rain(0, None)) == "normal"


def test_of_several_warnings_the_highest_figure_counts_and_is_told_with_its_place() -> None:
    """They forecast the same sky: nothing is added. The text names where so much rain is forecast."""
    bench = Bench(library(RAIN, facts="disaster_forecast"))
    bench.give(rain(0, 29, "red", divisions=["330723"]))
    bench.give(rain(1, 31, "blue", warning="W2"))
    assert [(a.after, a.explain.zh) for a in bench.alerts] == [
        ("IV", "王宅镇 暴雨 3小时雨量31毫米 ≥ 30，Ⅳ级（一般）")
    ]  # fmt: skip


def test_a_later_version_of_a_warning_keeps_the_figure_it_leaves_out_until_the_warning_ends() -> None:
    """An update of the time alone takes no rain away; cancelled is cancelled, expired is expired."""
    there = library(RAIN, facts="disaster_forecast")
    assert told(there, rain(0, 55), rain(5, None, message="update")) == [("normal", "III", "crossed")]
    assert told(there, rain(0, 55), rain(5, None, message="cancel"))[-1] == ("III", "normal", "recovered")
    again = rain(120, None, message="alert")
    assert told(there, rain(0, 55), rain(5, None, message="cancel"), again)[-1] == ("III", "normal", "recovered")
    bench = Bench(there)
    bench.give(rain(0, 55, expires=at(60)))
    bench.give(again)
    assert moves(bench.alerts) == [("normal", "III", "crossed"), ("III", "normal", "expired")]


def test_a_warning_that_replaces_another_says_its_own_figure_or_keeps_the_others() -> None:
    """Less rain is forecast now; but that nobody says how much does not make the sky clear."""
    there = library(RAIN, facts="disaster_forecast")
    less, silent = (rain(5, mm, warning="W2", message="update", references=["W1"]) for mm in (10, None))
    assert told(there, rain(0, 55), less)[-1] == ("III", "normal", "recovered")
    assert told(there, rain(0, 55), silent) == [("normal", "III", "crossed")]
    after = rain(9, None, warning="W3", message="update", references=["W1", "W2"])
    assert told(there, rain(0, 55), less, after)[-1] == ("III", "normal", "recovered"), "W1 was replaced before"
    ended = rain(9, None, warning="W3", message="cancel", references=["W2"])
    assert told(there, rain(0, 55), silent, ended)[-1] == ("III", "normal", "recovered")
    assert told(there, rain(0, 55, expires=at(3)), silent)[-1] == ("III", "normal", "expired")


def test_the_colder_forecast_counts_where_the_site_says_the_lowest() -> None:
    """A bound and a figure below 0, for a measure that may lie there."""
    cold = library('{measure: lowest_c, side: lower, levels: {IV: 0, III: "-5"}, source: t}', facts="disaster_forecast")
    bench = Bench(cold)
    for i, degrees in enumerate(["-6.55", "-1"]):
        bench.give(forecast(i, warning=f"W{i}", hazard="cold_wave", values={"lowest_c": Decimal(degrees)}))
    assert [(a.after, a.explain.zh) for a in bench.alerts] == [
        ("III", "王宅镇 寒潮 最低气温-6.6℃ < -5，Ⅲ级（较大）")
    ]  # fmt: skip


# -- what was there before


def test_a_figure_that_is_defined_while_an_alarm_stands_counts_from_the_next_fact_on() -> None:
    """The table remembers as it did; of facts before, the figure was not kept, which is not zero and no all-clear."""
    dead = "{measure: deaths_and_missing, levels: {IV: 1, III: 3, II: 6}, source: t}"
    before = Bench(library(dead, measures=""))
    before.give(burned(0, 5000, deaths=1))
    before.restart()
    after = Bench(library(dead, BURNED), before.table)
    after.offsets = before.offsets
    assert after.give(burned(5)).alerts == []
    assert moves(after.give(burned(6, 5000)).alerts) == [("IV", "II", "crossed")]


def test_a_warning_that_was_kept_before_warnings_had_figures_goes_on() -> None:
    """As a worker finds it that was brought up to date."""
    bench = Bench(library(COLOUR, RAIN, facts="disaster_forecast"))
    bench.give(rain(0, None, "orange"))
    kept = {key: entries.encode(entry) for key, entry in bench.table.items()}
    assert all(b'"figures":{},' in raw for raw in kept.values())
    bench.table = {key: entries.decode(raw.replace(b'"figures":{},', b"")) for key, raw in kept.items()}
    assert bench.give(rain(5, None, "orange", message="update", references=["W1"])).alerts == []
    assert moves(bench.give(rain(6, 55, "yellow")).alerts) == [("II", "III", "recovered")]


# -- crowds


def test_a_crowds_figures_are_each_sources_last_word_and_the_higher_of_two() -> None:
    """As its attendance is."""
    queue = library("{measure: queue_m, levels: {IV: 50, III: 100}, source: t}", facts="large_event")
    first, second = (crowd(i, None, source=s, values={"queue_m": Decimal(m)}) for i, (s, m) in enumerate([
        ("police", "60"), ("tickets", "70"),
    ]))  # fmt: skip
    assert level(queue, first, second) == "IV"
    assert level(queue, first, crowd(5, None, values={"queue_m": Decimal(100)})) == "III"


# -- what is refused


@pytest.mark.parametrize(
    ("fact", "path"),
    [
        (burned(0, "-0.01"), "values.burned_ha"), (rain(0, "-1"), "values.rain_mm_3h"),
        (crowd(0, 1, values={"queue_m": Decimal(-1)}), "values.queue_m"),
    ],
)  # fmt: skip
def test_a_figure_below_0_is_refused_where_there_can_be_none(fact: Any, path: str) -> None:
    """As a number of dead below 0 is: with its field, value and what was expected."""
    value = next(iter(fact.values.values()))
    assert Bench(library(BURNED)).give(fact) == (
        {}, [],
        ("below_zero", Words(
            zh=f"{path}：得到 {value}，应为不小于 0 的数", en=f"{path}: got {value}, expected a number of 0 or more"
        )),
    )  # fmt: skip


@pytest.mark.parametrize("fact", [burned(0, 1), rain(0, 1), crowd(0, 1, values={"queue_m": Decimal(1)})])
@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1E+12", "1E-31"])
def test_a_figure_is_finite_and_bounded_whoever_knows_it(fact: Any, number: str) -> None:
    """Also under a name that no site knows."""
    said = msgspec.structs.replace(fact, values={"x": Decimal(number)})
    with pytest.raises(BadFact, match=r"values\.x: "):
        decode(facts.encode(said))
    assert decode(facts.encode(fact)) == fact


@pytest.mark.parametrize(
    ("measures", "text"),
    [
        (
            "{deaths: {facts: hazard_report, words: {zh: 死亡, en: dead}}}",
            "site.yaml:8 measures.deaths: 得到 'deaths'，应为固定指标和数据字段未用的名称 "
            "(got 'deaths', expected a name that neither a fixed measure nor a field of these facts has)",
        ),
        (
            "{colour: {facts: hazard_report, words: {zh: 颜色, en: colour}}}",
            "site.yaml:8 measures.colour: 得到 'colour'，应为固定指标和数据字段未用的名称 "
            "(got 'colour', expected a name that neither a fixed measure nor a field of these facts has)",
        ),
        (
            "{rain: {facts: disaster_forecast, words: {zh: 雨, en: rain}, across: sum}}",
            "site.yaml:8 measures.rain.across: 得到 'sum'，应为 highest | lowest（只有险情报告的数可以相加） "
            "(got 'sum', expected highest | lowest: only figures of hazard reports are added)",
        ),
        (
            "{rain: {facts: grain_price, words: {zh: 雨, en: rain}}}",
            "site.yaml:8 measures.rain.facts: 得到 'grain_price'，应为 disaster_forecast | hazard_report | large_event "
            "(got 'grain_price', expected disaster_forecast | hazard_report | large_event)",
        ),
    ],
)  # fmt: skip
def test_a_fault_in_a_measure_is_told_with_its_line(measures: str, text: str) -> None:
    """A site may not redefine what is fixed."""
    with pytest.raises(BadFiles) as bad:
        load(texts(site=f"{SITE}measures: {measures}\n"))
    assert str(bad.value) == text


def test_a_measure_that_neither_is_fixed_nor_of_the_site_is_told_with_all_that_are() -> None:
    """Those of the kind, the site's among them."""
    with pytest.raises(BadFiles) as bad:
        library("{measure: burnt_ha, levels: {IV: 1}, source: t}", "{measure: rain_mm_3h, levels: {IV: 1}, source: t}")
    names = (
        "benzene, burned_ha, deaths_and_missing, houses_collapsed, houses_damaged, injuries, level_m, loss_cny,"
        " magnitude, occurrences, patients, relocated, serious_injuries"
    )
    assert str(bad.value).splitlines() == [
        f"plans/own.yaml:9 triggers[0].when.rows[{j}].measure: 得到 '{name}'，应为 hazard_report 的指标：{names}"
        f" (got '{name}', expected a measure of hazard_report: {names})"
        for j, name in enumerate(["burnt_ha", "rain_mm_3h"])
    ]


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        ('{measure: rain_mm_3h, levels: {IV: "-1"}, source: t}', "大于 0、小于 1E+12 的数"),
        ('{measure: lowest_c, levels: {IV: "NaN"}, side: lower, source: t}', "小于 1E+12 的有限的数"),
        ('{measure: lowest_c, levels: {IV: "-5", III: "0"}, side: lower, source: t}', "低于下一级的界限"),
        ("{measure: rain_mm_3h, colours: {IV: blue}, source: t}", "指标 rain_mm_3h 的 levels"),
    ],
)
def test_bounds_of_a_sites_measure_are_checked_as_those_of_a_fixed_one(rows: str, text: str) -> None:
    """Below 0 only where the figure may lie there."""
    with pytest.raises(BadFiles, match=re.escape(text)):
        library(rows, facts="disaster_forecast")
