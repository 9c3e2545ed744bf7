"""A site directory is read whole or refused with every fault: file, line, path, value, expected."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from rules import vocabulary
from rules.alerts import Words
from rules.loading import load
from rules.misfit import misfits
from rules.triggers import kinds
from rules.yaml_file import BadFiles, Document
from tests.rules.builders import (
    EVENT,
    GRAIN,
    HAZARD,
    POINTS,
    SITE,
    WEATHER,
    WUYI,
    Bench,
    at,
    crowd,
    forecast,
    price,
    report,
    texts,
)

PLAIN_GRAIN = GRAIN.format(readings=1, duration="0")
REQUIRED = "a value: the field is required"
DURATION = "a duration, e.g. 30s, 5m, 24h, 10d"
PRICE = "a price above 0 and below 1E+12 for one kg"
LEVEL = "a number above 0 and below 1E+12"
PLAN_FIELDS = (
    "id, parent, titles, tag, basis, scope, triggers, out_of_scope, inhibits, closes_on_return, escalation, starts,"
    " texts, update_every, tasks, reporting, upgrade, downgrade, termination, after_action, retention"
)
DETECTORS = (
    "all | any | change | crush | deliveries | for | n_of | overdue | price_anomaly | qu"
    "orum | silence | stock | streak | table | unless | warning_line"
)
HAZARD_MEASURES = (
    "deaths_and_missing, houses_collapsed, houses_damaged, injuries, loss_cny, occurrences, patients, relocated,"
    " serious_injuries"
)


def faults(**changed: str) -> str:
    with pytest.raises(BadFiles) as caught:
        load(texts(**changed))
    return str(caught.value)


# -- the site that ships


def wuyi() -> dict[str, str]:
    return {str(path.relative_to(WUYI)): path.read_text(encoding="utf-8") for path in WUYI.rglob("*.yaml")}


def test_the_example_site_loads() -> None:
    """35 points, 18 townships and sub-districts, a plan for each topic."""
    library = load(wuyi())
    assert (len(library.site.points), len(library.site.file.divisions)) == (35, 18)
    assert {"disaster-relief", "grain-warning-line", "large-event", "weather-warning"} <= library.plans.keys()
    assert {kind for plan in library.plans.values() for t in plan.triggers for kind in kinds(t.when)} == {
        "grain_price", "hazard_report", "disaster_forecast", "large_event",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("fact", "place", "after"),
    [
        (price(0, "4.60"), "330723/retail", "line"), (report(0, relocated=300), "330723/flood", "IV"),
        (forecast(0, "orange"), "330723/rainstorm", "II"), (crowd(0, 9000), "330723/lantern", "III"),
    ],
)  # fmt: skip
def test_each_plan_of_the_example_site_gives_an_alert(fact: Any, place: str, after: str) -> None:
    """From a fact to a place and a severity."""
    (alert,) = Bench(load(wuyi())).give(fact).alerts
    assert (alert.place, alert.after) == (place, after)


def test_every_point_of_the_example_site_lies_in_a_division_of_it_and_has_a_line() -> None:
    """No point is of nowhere or watched by nothing."""
    site = load(wuyi()).site
    assert all(point.division in site.file.divisions and point.lines for point in site.points.values())


# -- one fault each


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        # the file itself
        ({"site": ""}, "site.yaml:1 $: got an empty file, expected a YAML mapping"),
        ({"site": "hello"}, "site.yaml:1 $: got 'hello', expected a mapping"),
        ({"site": "- a"}, "site.yaml:1 $: got ['a'], expected a mapping"),
        (
            {"site": "a:\n\t- b"},
            "site.yaml:2 $: got this text, expected YAML (found character that cannot start any token)",
        ),
        ({"site": "a: 1\nb: \x07"}, "site.yaml:2 $: got this text, expected YAML (control characters are not allowed)"),
        ({"site": "a: 1\n---\nb: 2"}, "site.yaml:2 $: got this text, expected YAML (but found another document)"),
        ({"site": "a: &x [*x]"}, "site.yaml:1 a[0]: got an alias, expected the value itself"),
        (
            {"site": "[" * 40 + "]" * 40},
            f"site.yaml:1 ${'[0]' * 33}: got more, expected at most 32 levels",
        ),
        ({"site": SITE + 'county: "1"\n'}, "site.yaml:8 county: got a second value, expected one value for each key"),
        # site.yaml
        (
            {"site": SITE + "colour: red\n"},
            "site.yaml:8 colour: got this field, expected one of county, name, counties, duty_role, duty_phone,"
            " divisions, commodities, roles, departments, future, page_within, synthetic",
        ),
        (
            {"site": SITE.replace("duty_role: duty_officer\n", "")},
            f"site.yaml:1 duty_role: got nothing, expected {REQUIRED}",
        ),
        (
            {"site": SITE.replace('county: "330723"', 'county: "33"')},
            "site.yaml:1 county: got '33', expected a county code of 6 digits",
        ),
        ({"site": SITE + "future: soon\n"}, f"site.yaml:8 future: got 'soon', expected {DURATION}"),
        ({"site": SITE + 'future: "5m\\n"\n'}, f"site.yaml:8 future: got '5m\\n', expected {DURATION}"),
        (
            {"site": SITE.replace("{zh: 武义县, en: Wuyi County}", "武义县")},
            "site.yaml:2 name: got '武义县', expected a mapping",
        ),
        (
            {"site": SITE.replace('"330723105000": ', "wangzhai: ")},
            "site.yaml:5 divisions.wangzhai: got 'wangzhai',"
            " expected a key that is a division code of 6, 9 or 12 digits",
        ),
        ({"site": SITE + "synthetic: [x]\n"}, "site.yaml:8 synthetic: got ['x'], expected text"),
        (
            {"site": SITE.replace('"0579-0000-0000"', '""')},
            "site.yaml:4 duty_phone: got '', expected text of 1 to 200 characters",
        ),
        (
            {"site": SITE.replace("duty_officer", "Duty Officer")},
            "site.yaml:3 duty_role: got 'Duty Officer', expected a name of a-z, 0-9, - and _",
        ),
        # points.yaml
        (
            {"points": "defaults: {source: a, cadence: 1d}\npoints: x\n"},
            "points.yaml:2 points: got 'x', expected a list of points",
        ),
        ({"points": "points: []\n"}, "points.yaml:1 defaults: got None, expected a mapping"),
        ({"points": POINTS + "  - x\n"}, "points.yaml:14 points[2]: got 'x', expected a mapping"),
        (
            {"points": POINTS.replace("    name: {zh: 一号点, en: Point 1}\n", "")},
            f"points.yaml:3 points[0].name: got nothing, expected {REQUIRED}",
        ),
        (
            {"points": POINTS.replace("P02", "P01")},
            "points.yaml:9 points[1].id: got 'P01', expected an id that no other point has",
        ),
        (
            {"points": POINTS.replace("commodity: paddy, stage: purchase", "commodity: rice, stage: retail")},
            "points.yaml:8 points[0].lines[1]: got rice/retail again, expected one line for each commodity and stage",
        ),
        (
            {"points": POINTS.replace("stage: purchase", "stage: stolen")},
            "points.yaml:8 points[0].lines[1].stage: got 'stolen', expected purchase | retail | wholesale",
        ),
        (
            {"points": POINTS.replace("元/吨", "furlong")},
            "points.yaml:8 points[0].lines[1].unit: got 'furlong', expected a known unit:"
            " 元/kg, 元/斤, 元/500g, 元/吨, KG, 50 KG, L, Unit …",
        ),
        (
            {"points": POINTS.replace("元/吨", "USD/KG")},
            "points.yaml:8 points[0].lines[1].currency: got 'CNY', expected USD, as the unit USD/KG says",
        ),
        (
            {"points": POINTS.replace('"3200"', '"3_200"')},
            "points.yaml:8 points[0].lines[1].upper: got '3_200', expected a decimal number",
        ),
        (
            {"points": POINTS.replace('"3200"', '"3,200"')},
            "points.yaml:8 points[0].lines[1].upper: got '3,200', expected a decimal number",
        ),
        (
            {"points": POINTS.replace('"3200"', "[3200]")},
            "points.yaml:8 points[0].lines[1].upper: got ['3200'], expected a decimal number",
        ),
        (
            {"points": POINTS.replace('"3200"', "NaN")},
            f"points.yaml:8 points[0].lines[1].upper: got NaN, expected {PRICE}",
        ),
        (
            {"points": POINTS.replace('"3200"', "Infinity")},
            f"points.yaml:8 points[0].lines[1].upper: got Infinity, expected {PRICE}",
        ),
        (
            {"points": POINTS.replace('"3200"', "-3200")},
            f"points.yaml:8 points[0].lines[1].upper: got -3200, expected {PRICE}",
        ),
        ({"points": POINTS.replace('"3200"', "0")}, f"points.yaml:8 points[0].lines[1].upper: got 0, expected {PRICE}"),
        (
            {"points": POINTS.replace('"3200"', "1e999999")},
            f"points.yaml:8 points[0].lines[1].upper: got 1E+999999, expected {PRICE}",
        ),
        (
            {"points": POINTS.replace('"2500"', '"3200"')},
            "points.yaml:8 points[0].lines[1].lower: got 3200, expected a price below the upper line 3200",
        ),
        (
            {"points": POINTS.replace('upper: "3200", lower: "2500", ', "")},
            "points.yaml:8 points[0].lines[1]: got neither upper nor lower, expected a warning line",
        ),
        # plans
        (
            {"grain": PLAIN_GRAIN + "colour: red\n"},
            f"plans/grain.yaml:20 colour: got this field, expected one of {PLAN_FIELDS}",
        ),
        (
            {"grain": PLAIN_GRAIN.replace("detector: warning_line", "detector: oracle", 1)},
            f"plans/grain.yaml:10 triggers[0].when.detector: got 'oracle', expected {DETECTORS}",
        ),
        (
            {"grain": PLAIN_GRAIN.replace("      detector: warning_line\n", "", 1)},
            f"plans/grain.yaml:10 triggers[0].when.detector: got nothing, expected {DETECTORS}",
        ),
        (
            {"grain": PLAIN_GRAIN.replace("triggers:\n", "triggers:\n  - x\n")},
            "plans/grain.yaml:7 triggers[0]: got 'x', expected a mapping",
        ),
        (
            {"grain": PLAIN_GRAIN.replace("[purchase, retail]", "retail")},
            "plans/grain.yaml:11 triggers[0].when.stages: got 'retail', expected a list",
        ),
        (
            {"grain": PLAIN_GRAIN.replace('recovery: "0.98"', 'recovery: "0.90"')},
            "plans/grain.yaml:12 triggers[0].when.ratio: got approach 0.95, recovery 0.90,"
            " expected 0 < approach <= recovery <= 1 for an upper line",
        ),
        (
            {"grain": PLAIN_GRAIN.replace('recovery: "1.02"', 'recovery: "0.99"')},
            "plans/grain.yaml:18 triggers[1].when.ratio: got approach 1.04, recovery 0.99,"
            " expected approach >= recovery >= 1 for a lower line",
        ),
        (
            {"grain": PLAIN_GRAIN.replace('recovery: "0.98"', "recovery: NaN")},
            "plans/grain.yaml:12 triggers[0].when.ratio.recovery: got NaN, expected a share of the line, e.g. 0.95",
        ),
        (
            {"grain": PLAIN_GRAIN.replace("id: lower", "id: upper")},
            "plans/grain.yaml:13 triggers[1].id: got 'upper', expected an id that no other trigger of the plan has",
        ),
        (
            {"weather": WEATHER.replace("scope: [county, hazard]", "scope: [county, division]")},
            "plans/weather.yaml:5 scope[1]: got 'division',"
            " expected county | hazard: what trigger colour tells",
        ),
        (
            {"event": EVENT.replace("id: event\n", "id: grain\n")},
            "plans/grain.yaml:1 id: got 'grain', expected an id that no other plan has",
        ),
        (
            {"relief": HAZARD.replace("facts: hazard_report", "facts: rumour")},
            "plans/relief.yaml:10 triggers[0].when.facts: got 'rumour',"
            " expected disaster_forecast | grain_price | hazard_report | large_event",
        ),
        (
            {"relief": HAZARD.replace("where: {category", "where: {colour")},
            "plans/relief.yaml:11 triggers[0].when.where.colour: got 'colour', expected a field of hazard_report",
        ),
        (
            {"relief": HAZARD.replace("measure: relocated", "measure: colour")},
            f"plans/relief.yaml:14 triggers[0].when.rows[1].measure: got 'colour',"
            f" expected a measure of hazard_report: {HAZARD_MEASURES}",
        ),
        (
            {"relief": HAZARD.replace("levels: {IV: 300, III: 1000}, ", "")},
            "plans/relief.yaml:14 triggers[0].when.rows[1]: got no levels, expected levels for measure relocated",
        ),
        (
            {"weather": WEATHER.replace("colours: {IV: blue, III: yellow, II: orange, I: red}", "levels: {IV: 1}")},
            "plans/weather.yaml:12 triggers[0].when.rows[0]: got levels, expected colours for measure colour",
        ),
        (
            {"relief": HAZARD.replace("III: 3,", "III: 1,")},
            "plans/relief.yaml:13 triggers[0].when.rows[0].levels.III: got 1,"
            " expected a bound above that of the level below it",
        ),
        (
            {"weather": WEATHER.replace("III: yellow", "III: blue")},
            "plans/weather.yaml:12 triggers[0].when.rows[0].colours.III: got 'blue',"
            " expected a bound above that of the level below it",
        ),
        (
            {"relief": HAZARD.replace("IV: 1,", "IV: 0,")},
            f"plans/relief.yaml:13 triggers[0].when.rows[0].levels.IV: got 0, expected {LEVEL}",
        ),
        (
            {"relief": HAZARD.replace("IV: 1,", "IV: -3,")},
            f"plans/relief.yaml:13 triggers[0].when.rows[0].levels.IV: got -3, expected {LEVEL}",
        ),
        (
            {"relief": HAZARD.replace("IV: 1,", "IV: NaN,")},
            f"plans/relief.yaml:13 triggers[0].when.rows[0].levels.IV: got NaN, expected {LEVEL}",
        ),
        (
            {"relief": HAZARD.replace("IV: 1,", "IV: some,")},
            "plans/relief.yaml:13 triggers[0].when.rows[0].levels.IV: got 'some', expected a decimal number",
        ),
        (
            {"relief": HAZARD.replace("IV: 1,", "V: 1,")},
            "plans/relief.yaml:13 triggers[0].when.rows[0].levels.V: got 'V',"
            " expected a key that is I | II | III | IV | approach | line",
        ),
        (
            {"grain": PLAIN_GRAIN.replace("wait: 5m", "wait: soon")},
            f"plans/grain.yaml:19 escalation.steps[0].wait: got 'soon', expected {DURATION}",
        ),
        (
            {"grain": PLAIN_GRAIN.replace("steps: [{page: [duty_officer], wait: 5m}]", "steps: []")},
            "plans/grain.yaml:19 escalation.steps: got [], expected a list of at least 1",
        ),
        (
            {"grain": PLAIN_GRAIN.replace("leader: [", "repeat: many, leader: [")},
            "plans/grain.yaml:19 escalation.repeat: got 'many', expected a whole number from 0 to 20",
        ),
        (
            {"grain": PLAIN_GRAIN.replace("leader: [", "last_resort_every: 0s, leader: [")},
            "plans/grain.yaml:19 escalation.last_resort_every: got '0s', expected a duration above 0, e.g. 30s, 5m, 1h",
        ),
        (
            {"grain": PLAIN_GRAIN + "closes_on_return: perhaps\n"},
            "plans/grain.yaml:20 closes_on_return: got 'perhaps', expected true | false",
        ),
        ({"grain": PLAIN_GRAIN + "starts: at_once\n"}, "plans/grain.yaml:20 starts: got 'at_once', expected a mapping"),
    ],
)
def test_each_fault_is_told_whole(changed: dict[str, str], text: str) -> None:
    """File, line, path, value, expected."""
    assert faults(**changed) == text


def test_all_faults_of_all_files_are_told_at_once() -> None:
    """Who mends one does not have to come back for the next."""
    assert faults(
        site=SITE.replace('county: "330723"', "county: wuyi") + "future: soon\n",
        points=POINTS.replace("cadence: 10d", "cadence: often").replace('"4.60"', '"4,60"'),
        grain=PLAIN_GRAIN.replace("wait: 5m", "wait: soon").replace("readings: 1", "readings: 0"),
        weather="",
    ).splitlines() == [
        "site.yaml:1 county: got 'wuyi', expected a county code of 6 digits",
        f"site.yaml:8 future: got 'soon', expected {DURATION}",
        f"points.yaml:1 defaults.cadence: got 'often', expected {DURATION}",
        "points.yaml:7 points[0].lines[0].upper: got '4,60', expected a decimal number",
        "points.yaml:13 points[1].lines[0].upper: got '4,60', expected a decimal number",
        "plans/grain.yaml:8 triggers[0].on_delay.readings: got '0', expected a whole number from 1 to 32",
        f"plans/grain.yaml:19 escalation.steps[0].wait: got 'soon', expected {DURATION}",
        "plans/weather.yaml:1 $: got an empty file, expected a YAML mapping",
    ]  # fmt: skip


def test_missing_files_are_told() -> None:
    """Both."""
    with pytest.raises(BadFiles) as caught:
        load({})
    assert str(caught.value) == (
        "site.yaml:1 $: got no such file, expected a file of the site directory\n"
        "points.yaml:1 $: got no such file, expected a file of the site directory"
    )


# -- what is read


def test_decimals_keep_their_digits_and_words_stay_words() -> None:
    """4.60 without quotes is not 4.6, and `no` is not False."""
    library = load(texts(points=POINTS.replace('"4.60"', "4.60").replace("{zh: 一号点", "{zh: no")))
    assert str(library.site.points["P01"].lines[0].upper) == "4.60"
    assert library.site.points["P01"].name.zh == "no"


def test_a_point_may_override_the_defaults() -> None:
    """Its own deciding source."""
    library = load(texts(points=POINTS.replace("  - id: P02\n", "  - id: P02\n    source: other\n    cadence: 1d\n")))
    assert [(p.source, p.cadence) for p in library.site.points.values()] == [
        ("wuyi-grain-office", "10d"), ("other", "1d"),
    ]  # fmt: skip


def test_a_version_is_of_what_a_plan_says_not_how_it_is_written() -> None:
    """Comments and spaces do not change it; a figure does."""
    plain = load(texts()).versions["relief"]
    assert load(texts(relief="# note\n\n" + HAZARD)).versions["relief"] == plain
    assert load(texts(relief=HAZARD.replace("III: 3,", "III: 4,"))).versions["relief"] != plain


@pytest.mark.parametrize(
    ("duration", "expected"), [("0", 0), ("30s", 30), ("5m", 300), ("24h", 86400), ("10d", 864000), ("0s", 0)]
)
def test_durations(duration: str, expected: int) -> None:
    """Seconds, minutes, hours, days."""
    assert vocabulary.seconds(duration) == expected


def test_a_rule_of_inhibition_that_names_what_there_is_not_is_refused() -> None:
    """It would hold nothing back, and nobody would notice; and a pipeline fault can never be named."""
    rules = "inhibits: [{trigger: x, alarms: weather, same: county}, {alarms: pipeline-fault, same: place}]\n"
    with pytest.raises(BadFiles) as refused:
        load(texts(relief=HAZARD + rules))
    line = HAZARD.count("\n") + 1
    assert str(refused.value).splitlines() == [
        f"plans/relief.yaml:{line} inhibits[0].trigger: got 'x', expected a trigger of this plan",
        f"plans/relief.yaml:{line} inhibits[1].alarms: got 'pipeline-fault',"
        " expected a plan of the library, or plan/trigger",
    ]
    assert load(texts(relief=HAZARD + "inhibits: [{alarms: weather/colour, same: county}]\n")).plans["relief"].inhibits


def test_several_counties_may_be_served_from_one_site() -> None:
    """A reading counts in its own point's county only."""
    library = load(texts(site=SITE + 'counties: {"330724": {zh: 东阳, en: Dongyang}}\n'))
    bench = Bench(library)
    assert [a.county for a in bench.give(report(0, county="330724", division="330724", deaths=1)).alerts] == ["330724"]
    assert bench.give(price(0, "9", county="330724")).rejected == (
        "unknown_point", "point: got 'P01', expected one of the site's 2 points",
    )  # fmt: skip
    assert bench.give(report(0, county="330725", division="330725")).rejected == (
        "unknown_county", "county: got 330725, expected 330723 | 330724",
    )  # fmt: skip


def test_names_fall_back_from_village_to_town_to_county_to_the_code() -> None:
    """Nothing is nameless."""
    site = load(texts()).site
    names = [site.division(code).zh for code in ("330723105000", "330723105203", "330723105", "330723", "330100000000")]
    assert names == ["王宅镇", "王宅镇", "王宅镇", "武义县", "330100000000"]
    assert site.commodity("salt") == Words(zh="salt", en="salt")


def test_a_detector_is_found_by_name_or_not_at_all() -> None:
    """An entry of a plan that is no more has none: its tick leaves it alone."""
    library = load(texts())
    assert library.named("relief/casualties", "R1") is not None
    assert library.named("grain/upper", "P01/rice/retail") is not None
    assert library.named("grain/upper", "P99/rice/retail") is None
    bench = Bench()
    bench.give(forecast(0, "red", expires=at(5)))
    gone = texts()
    del gone["plans/weather.yaml"]
    assert Bench(load(gone), bench.table).tick(10, "disaster-forecasts", 1) == ({}, [], None)


# -- the reader itself


class Sample(msgspec.Struct, forbid_unknown_fields=True):
    number: int
    ratio: float = 1.0
    amount: Decimal | None = None
    even: Any = None


def test_what_fits_has_no_misfits() -> None:
    """None where None may be."""
    assert list(misfits({"number": "3", "amount": None}, Sample)) == []


@pytest.mark.parametrize("number", ["3.5", "x", None, "1e3", ["1"]])
def test_a_whole_number_is_written_whole(number: object) -> None:
    """No 1e3."""
    assert [(m.path, m.expected) for m in misfits({"number": number}, Sample)] == [("$.number", "a whole number")]


def test_a_value_that_may_be_of_two_types_is_right_when_it_is_one_of_them() -> None:
    """Text or a list; else what the first of them expects is told."""
    either = list[int] | str
    assert list(misfits("3", either)) == list(misfits(["3"], either)) == []
    assert len(list(misfits({}, either))) == 1


def test_types_that_no_site_uses_yet_are_left_to_msgspec() -> None:
    """In its words, with the line."""
    with pytest.raises(BadFiles) as caught:
        Document("x.yaml", "number: 1\nratio: much").to(Sample)
    assert str(caught.value) == "x.yaml:2 ratio: got 'much', expected float"


def test_a_path_that_leads_nowhere_is_of_its_parent() -> None:
    """For faults of what is missing."""
    document = Document("x.yaml", "a:\n  - b: 1")
    assert (document.at("$.a[3].c"), document.at("$.a.x"), document.at("$.a[0].b")) == (None, None, "1")
    assert (document.line("$.a[3].c"), document.line("$.a[0].b.c"), document.line("$.z")) == (2, 2, 1)


def test_a_long_value_is_told_short() -> None:
    """The line tells where the rest is."""
    assert faults(site="x" * 500) == f"site.yaml:1 $: got '{'x' * 119}…, expected a mapping"
