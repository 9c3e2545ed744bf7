"""A site directory is read whole or refused with every fault: file, line, path, value, expected."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from rules import expectations, vocabulary
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
    " texts, update_every, tasks, reporting, fields, upgrade, downgrade, termination, after_action, retention"
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
def test_each_kind_of_fact_gives_an_alert_of_the_example_site(fact: Any, place: str, after: str) -> None:
    """From a fact to a place and a severity."""
    alerts = Bench(load(wuyi())).give(fact).alerts
    assert (place, after) in [(alert.place, alert.after) for alert in alerts]


def test_every_point_of_the_example_site_lies_in_a_division_of_it_and_has_a_line() -> None:
    """No point is of nowhere or watched by nothing."""
    site = load(wuyi()).site
    assert all(point.division in site.file.divisions and point.lines for point in site.points.values())


# -- one fault each


@pytest.mark.parametrize(
    ("changed", "text"),
    [
        # the file itself
        ({"site": ""}, "site.yaml:1: 文件为空，应为“键: 值”形式的映射 (got an empty file, expected a mapping)"),
        ({"site": "hello"}, "site.yaml:1: 得到 'hello'，应为“键: 值”形式的映射 (got 'hello', expected a mapping)"),
        ({"site": "- a"}, 'site.yaml:1: 得到 ["a"]，应为“键: 值”形式的映射 (got ["a"], expected a mapping)'),
        (
            {"site": "a:\n\t- b"},
            (
                "site.yaml:2: 此处文字，应为合法的 YAML (got this text, expected YAML (found character "
                "that cannot start any token))"
            ),
        ),
        (
            {"site": "a: 1\nb: \x07"},
            (
                "site.yaml:2: 此处文字，应为合法的 YAML (got this text, expected YAML (control characters "
                "are not allowed))"
            ),
        ),
        (
            {"site": "a: 1\n---\nb: 2"},
            ("site.yaml:2: 此处文字，应为合法的 YAML (got this text, expected YAML (but found another document))"),
        ),
        (
            {"site": "a: &x [*x]"},
            "site.yaml:1 a[0]: 别名（alias），应为值本身 (got an alias, expected the value itself)",
        ),
        (
            {"site": "[" * 40 + "]" * 40},
            f"site.yaml:1 ${'[0]' * 33}: 嵌套过深，应为至多 32 层 (got more, expected at most 32 levels)",
        ),
        (
            {"site": SITE + 'county: "1"\n'},
            (
                "site.yaml:8 county: 重复的值，应为每个键只出现一次 (got a second value, expected one "
                "value for each key)"
            ),
        ),
        # site.yaml
        (
            {"site": SITE + "colour: red\n"},
            (
                "site.yaml:8 colour: 多出此项，应为 county | name | counties | duty_role | duty_phone | "
                "divisions | commodities | roles | departments | categories | hazards | "
                "measures | future | page_within | synthetic "
                "(got this field, expected county | name | counties | duty_role | duty_phone | divisions | "
                "commodities | roles | departments | categories | hazards | measures | future | page_within | synthetic"
                ")"
            ),
        ),
        (
            {"site": SITE.replace("duty_role: duty_officer\n", "")},
            (
                "site.yaml:1 duty_role: 未填写，应为一个值（此项必填） (got nothing, expected a value: the "
                "field is required)"
            ),
        ),
        (
            {"site": SITE.replace('county: "330723"', 'county: "33"')},
            ("site.yaml:1 county: 得到 '33'，应为 6 位县级行政区划代码 (got '33', expected a county code of 6 digits)"),
        ),
        (
            {"site": SITE + "future: soon\n"},
            (
                "site.yaml:8 future: 得到 'soon'，应为时长，如 30s、5m、24h、10d (got 'soon', expected a "
                "duration, e.g. 30s, 5m, 24h, 10d)"
            ),
        ),
        (
            {"site": SITE + 'future: "5m\\n"\n'},
            (
                "site.yaml:8 future: 得到 '5m\\n'，应为时长，如 30s、5m、24h、10d (got '5m\\n', expected a "
                "duration, e.g. 30s, 5m, 24h, 10d)"
            ),
        ),
        (
            {"site": SITE.replace("{zh: 武义县, en: Wuyi County}", "武义县")},
            ("site.yaml:2 name: 得到 '武义县'，应为“键: 值”形式的映射 (got '武义县', expected a mapping)"),
        ),
        (
            {"site": SITE.replace('"330723105000": ', "wangzhai: ")},
            (
                "site.yaml:5 divisions.wangzhai: 得到 'wangzhai'，应为键为 6、9 或 12 位行政区划代码 (got "
                "'wangzhai', expected a key that is a division code of 6, 9 or 12 digits)"
            ),
        ),
        (
            {"site": SITE + "synthetic: [x]\n"},
            (
                'site.yaml:8 synthetic: 得到 ["x"]，应为 0 至 200 个字符的文字 (got ["x"], expected text '
                "of 0 to 200 characters)"
            ),
        ),
        (
            {"site": SITE.replace('"0579-0000-0000"', '""')},
            (
                "site.yaml:4 duty_phone: 得到 ''，应为 1 至 200 个字符、不含控制字符的文字 (got '', "
                "expected text of 1 to 200 characters without control characters)"
            ),
        ),
        (
            {"site": SITE.replace("duty_officer", "Duty Officer")},
            (
                "site.yaml:3 duty_role: 得到 'Duty Officer'，应为由 a-z、0-9、- 和 _ 组成的名称 (got 'Duty "
                "Officer', expected a name of a-z, 0-9, - and _)"
            ),
        ),
        # points.yaml
        (
            {"points": "defaults: {source: a, cadence: 1d}\npoints: x\n"},
            "points.yaml:2 points: 得到 'x'，应为监测点列表 (got 'x', expected a list of points)",
        ),
        (
            {"points": "points: []\n"},
            "points.yaml:1 defaults: 得到 null，应为“键: 值”形式的映射 (got null, expected a mapping)",
        ),
        (
            {"points": POINTS + "  - x\n"},
            "points.yaml:14 points[2]: 得到 'x'，应为“键: 值”形式的映射 (got 'x', expected a mapping)",
        ),
        (
            {"points": POINTS.replace("    name: {zh: 一号点, en: Point 1}\n", "")},
            (
                "points.yaml:3 points[0].name: 未填写，应为一个值（此项必填） (got nothing, expected a "
                "value: the field is required)"
            ),
        ),
        (
            {"points": POINTS.replace("P02", "P01")},
            (
                "points.yaml:9 points[1].id: 得到 'P01'，应为其他监测点未用的编号 (got 'P01', expected an "
                "id that no other point has)"
            ),
        ),
        (
            {"points": POINTS.replace("commodity: paddy, stage: purchase", "commodity: rice, stage: retail")},
            (
                "points.yaml:8 points[0].lines[1]: rice/retail 重复，应为每个品种、环节一条警戒线 (got "
                "rice/retail again, expected one line for each commodity and stage)"
            ),
        ),
        (
            {"points": POINTS.replace("stage: purchase", "stage: stolen")},
            (
                "points.yaml:8 points[0].lines[1].stage: 得到 'stolen'，应为 purchase | retail | wholesale "
                "(got 'stolen', expected purchase | retail | wholesale)"
            ),
        ),
        (
            {"points": POINTS.replace("元/吨", "furlong")},
            (
                "points.yaml:8 points[0].lines[1].unit: 得到 'furlong'，应为已知的单位：元/kg, 元/斤, "
                "元/500g, 元/吨, KG, 50 KG, L, Unit … (got 'furlong', expected a known unit: 元/kg, 元/斤, "
                "元/500g, 元/吨, KG, 50 KG, L, Unit …)"
            ),
        ),
        (
            {"points": POINTS.replace("元/吨", "USD/KG")},
            (
                "points.yaml:8 points[0].lines[1].currency: 得到 'CNY'，应为 USD，与单位 USD/KG 一致 (got "
                "'CNY', expected USD, as the unit USD/KG says)"
            ),
        ),
        (
            {"points": POINTS.replace('"3200"', '"3_200"')},
            (
                "points.yaml:8 points[0].lines[1].upper: 得到 '3_200'，应为用半角数字 0-9 写的十进制数 "
                "(got '3_200', expected a decimal number in the digits 0-9)"
            ),
        ),
        (
            {"points": POINTS.replace('"3200"', '"3,200"')},
            (
                "points.yaml:8 points[0].lines[1].upper: 得到 '3,200'，应为用半角数字 0-9 写的十进制数 "
                "(got '3,200', expected a decimal number in the digits 0-9)"
            ),
        ),
        (
            {"points": POINTS.replace('"3200"', "[3200]")},
            (
                'points.yaml:8 points[0].lines[1].upper: 得到 ["3200"]，应为用半角数字 0-9 写的十进制数 '
                '(got ["3200"], expected a decimal number in the digits 0-9)'
            ),
        ),
        (
            {"points": POINTS.replace('"3200"', "NaN")},
            (
                "points.yaml:8 points[0].lines[1].upper: 得到 NaN，应为每 kg 大于 0、小于 1E+12 的价格 "
                "(got NaN, expected a price above 0 and below 1E+12 for one kg)"
            ),
        ),
        (
            {"points": POINTS.replace('"3200"', "Infinity")},
            (
                "points.yaml:8 points[0].lines[1].upper: 得到 Infinity，应为每 kg 大于 0、小于 1E+12 的价格"
                " (got Infinity, expected a price above 0 and below 1E+12 for one kg)"
            ),
        ),
        (
            {"points": POINTS.replace('"3200"', "-3200")},
            (
                "points.yaml:8 points[0].lines[1].upper: 得到 -3200，应为每 kg 大于 0、小于 1E+12 的价格 "
                "(got -3200, expected a price above 0 and below 1E+12 for one kg)"
            ),
        ),
        (
            {"points": POINTS.replace('"3200"', "0")},
            (
                "points.yaml:8 points[0].lines[1].upper: 得到 0，应为每 kg 大于 0、小于 1E+12 的价格 (got "
                "0, expected a price above 0 and below 1E+12 for one kg)"
            ),
        ),
        (
            {"points": POINTS.replace('"3200"', "1e999999")},
            (
                "points.yaml:8 points[0].lines[1].upper: 得到 1E+999999，应为每 kg 大于 0、小于 1E+12 "
                "的价格 (got 1E+999999, expected a price above 0 and below 1E+12 for one kg)"
            ),
        ),
        (
            {"points": POINTS.replace('"2500"', '"3200"')},
            (
                "points.yaml:8 points[0].lines[1].lower: 得到 3200，应为低于上限 3200 的价格 (got 3200, "
                "expected a price below the upper line 3200)"
            ),
        ),
        (
            {"points": POINTS.replace('upper: "3200", lower: "2500", ', "")},
            (
                "points.yaml:8 points[0].lines[1]: upper 和 lower 都没有，应为一条警戒线 (got neither "
                "upper nor lower, expected a warning line)"
            ),
        ),
        # plans
        (
            {"grain": PLAIN_GRAIN + "colour: red\n"},
            (
                "plans/grain.yaml:20 colour: 多出此项，应为 id | parent | titles | tag | basis | scope | "
                "triggers | out_of_scope | inhibits | closes_on_return | escalation | starts | texts | "
                "update_every | tasks | reporting | fields | upgrade | downgrade | termination | after_action | "
                "retention (got this field, expected id | parent | titles | tag | basis | scope | triggers "
                "| out_of_scope | inhibits | closes_on_return | escalation | starts | texts | update_every "
                "| tasks | reporting | fields | upgrade | downgrade | termination | after_action | retention)"
            ),
        ),
        (
            {"grain": PLAIN_GRAIN.replace("detector: warning_line", "detector: oracle", 1)},
            (
                "plans/grain.yaml:10 triggers[0].when.detector: 得到 'oracle'，应为 all | any | change | "
                "crush | deliveries | for | n_of | overdue | price_anomaly | quorum | silence | stock | "
                "streak | table | unless | warning_line (got 'oracle', expected all | any | change | crush "
                "| deliveries | for | n_of | overdue | price_anomaly | quorum | silence | stock | streak | "
                "table | unless | warning_line)"
            ),
        ),
        (
            {"grain": PLAIN_GRAIN.replace("      detector: warning_line\n", "", 1)},
            (
                "plans/grain.yaml:10 triggers[0].when.detector: 未填写，应为 all | any | change | crush | "
                "deliveries | for | n_of | overdue | price_anomaly | quorum | silence | stock | streak | "
                "table | unless | warning_line (got nothing, expected all | any | change | crush | "
                "deliveries | for | n_of | overdue | price_anomaly | quorum | silence | stock | streak | "
                "table | unless | warning_line)"
            ),
        ),
        (
            {"grain": PLAIN_GRAIN.replace("triggers:\n", "triggers:\n  - x\n")},
            ("plans/grain.yaml:7 triggers[0]: 得到 'x'，应为“键: 值”形式的映射 (got 'x', expected a mapping)"),
        ),
        (
            {"grain": PLAIN_GRAIN.replace("[purchase, retail]", "retail")},
            ("plans/grain.yaml:11 triggers[0].when.stages: 得到 'retail'，应为列表 (got 'retail', expected a list)"),
        ),
        (
            {"grain": PLAIN_GRAIN.replace('recovery: "0.98"', 'recovery: "0.90"')},
            (
                "plans/grain.yaml:12 triggers[0].when.ratio: approach 为 0.95、recovery 为 0.90，"
                "应为上限线满足 0 < approach <= recovery <= 1 (got approach 0.95, recovery 0.90, expected "
                "0 < approach <= recovery <= 1 for an upper line)"
            ),
        ),
        (
            {"grain": PLAIN_GRAIN.replace('recovery: "1.02"', 'recovery: "0.99"')},
            (
                "plans/grain.yaml:18 triggers[1].when.ratio: approach 为 1.04、recovery 为 0.99，"
                "应为下限线满足 approach >= recovery >= 1 (got approach 1.04, recovery 0.99, expected "
                "approach >= recovery >= 1 for a lower line)"
            ),
        ),
        (
            {"grain": PLAIN_GRAIN.replace('recovery: "0.98"', "recovery: NaN")},
            (
                "plans/grain.yaml:12 triggers[0].when.ratio.recovery: 得到 NaN，应为占警戒线的比例，如 0.95"
                " (got NaN, expected a share of the line, e.g. 0.95)"
            ),
        ),
        (
            {"grain": PLAIN_GRAIN.replace("id: lower", "id: upper")},
            (
                "plans/grain.yaml:13 triggers[1].id: 得到 'upper'，应为本预案其他触发条件未用的标识 (got "
                "'upper', expected an id that no other trigger of the plan has)"
            ),
        ),
        (
            {"weather": WEATHER.replace("scope: [county, hazard]", "scope: [county, division]")},
            (
                "plans/weather.yaml:5 scope[1]: 得到 'division'，应为触发条件 colour 能给出的 county | "
                "hazard (got 'division', expected county | hazard: what trigger colour tells)"
            ),
        ),
        (
            {"event": EVENT.replace("id: event\n", "id: grain\n")},
            (
                "plans/grain.yaml:1 id: 得到 'grain'，应为其他预案未用的标识 (got 'grain', expected an id "
                "that no other plan has)"
            ),
        ),
        (
            {"relief": HAZARD.replace("facts: hazard_report", "facts: rumour")},
            (
                "plans/relief.yaml:10 triggers[0].when.facts: 得到 'rumour'，应为 disaster_forecast | "
                "grain_price | hazard_report | large_event (got 'rumour', expected disaster_forecast | "
                "grain_price | hazard_report | large_event)"
            ),
        ),
        (
            {"relief": HAZARD.replace("where: {category", "where: {colour")},
            (
                "plans/relief.yaml:11 triggers[0].when.where.colour: 得到 'colour'，应为 hazard_report "
                "的字段 (got 'colour', expected a field of hazard_report)"
            ),
        ),
        (
            {"relief": HAZARD.replace("measure: relocated", "measure: colour")},
            (
                "plans/relief.yaml:14 triggers[0].when.rows[1].measure: 得到 'colour'，应为 hazard_report "
                "的指标：deaths_and_missing, houses_collapsed, houses_damaged, injuries, loss_cny, "
                "occurrences, patients, relocated, serious_injuries (got 'colour', expected a measure of "
                "hazard_report: deaths_and_missing, houses_collapsed, houses_damaged, injuries, loss_cny, "
                "occurrences, patients, relocated, serious_injuries)"
            ),
        ),
        (
            {"relief": HAZARD.replace("levels: {IV: 300, III: 1000}, ", "")},
            (
                "plans/relief.yaml:14 triggers[0].when.rows[1]: 没有 levels，应为指标 relocated 的 levels "
                "(got no levels, expected levels for measure relocated)"
            ),
        ),
        (
            {"weather": WEATHER.replace("colours: {IV: blue, III: yellow, II: orange, I: red}", "levels: {IV: 1}")},
            (
                "plans/weather.yaml:12 triggers[0].when.rows[0]: 写了 levels，应为指标 colour 的 colours "
                "(got levels, expected colours for measure colour)"
            ),
        ),
        (
            {"relief": HAZARD.replace("III: 3,", "III: 1,")},
            (
                "plans/relief.yaml:13 triggers[0].when.rows[0].levels.III: 得到 1，应为高于下一级的界限 "
                "(got 1, expected a bound above that of the level below it)"
            ),
        ),
        (
            {"weather": WEATHER.replace("III: yellow", "III: blue")},
            (
                "plans/weather.yaml:12 triggers[0].when.rows[0].colours.III: 得到 'blue'，"
                "应为高于下一级的界限 (got 'blue', expected a bound above that of the level below it)"
            ),
        ),
        (
            {"relief": HAZARD.replace("IV: 1,", "IV: 0,")},
            (
                "plans/relief.yaml:13 triggers[0].when.rows[0].levels.IV: 得到 0，应为大于 0、小于 1E+12 "
                "的数 (got 0, expected a number above 0 and below 1E+12)"
            ),
        ),
        (
            {"relief": HAZARD.replace("IV: 1,", "IV: -3,")},
            (
                "plans/relief.yaml:13 triggers[0].when.rows[0].levels.IV: 得到 -3，应为大于 0、小于 1E+12 "
                "的数 (got -3, expected a number above 0 and below 1E+12)"
            ),
        ),
        (
            {"relief": HAZARD.replace("IV: 1,", "IV: NaN,")},
            (
                "plans/relief.yaml:13 triggers[0].when.rows[0].levels.IV: 得到 NaN，应为大于 0、小于 1E+12 "
                "的数 (got NaN, expected a number above 0 and below 1E+12)"
            ),
        ),
        (
            {"relief": HAZARD.replace("IV: 1,", "IV: some,")},
            (
                "plans/relief.yaml:13 triggers[0].when.rows[0].levels.IV: 得到 'some'，应为用半角数字 0-9 "
                "写的十进制数 (got 'some', expected a decimal number in the digits 0-9)"
            ),
        ),
        (
            {"relief": HAZARD.replace("IV: 1,", "V: 1,")},
            (
                "plans/relief.yaml:13 triggers[0].when.rows[0].levels.V: 得到 'V'，应为键为 I | II | III | "
                "IV | approach | line (got 'V', expected a key that is I | II | III | IV | approach | line)"
            ),
        ),
        (
            {"grain": PLAIN_GRAIN.replace("wait: 5m", "wait: soon")},
            (
                "plans/grain.yaml:19 escalation.steps[0].wait: 得到 'soon'，应为时长，如 30s、5m、24h、10d "
                "(got 'soon', expected a duration, e.g. 30s, 5m, 24h, 10d)"
            ),
        ),
        (
            {"grain": PLAIN_GRAIN.replace("steps: [{page: [duty_officer], wait: 5m}]", "steps: []")},
            (
                "plans/grain.yaml:19 escalation.steps: 得到 []，应为至少 1 项的列表 (got [], expected a "
                "list of at least 1)"
            ),
        ),
        (
            {"grain": PLAIN_GRAIN.replace("leader: [", "repeat: many, leader: [")},
            (
                "plans/grain.yaml:19 escalation.repeat: 得到 'many'，应为 0 至 20 的整数 (got 'many', "
                "expected a whole number from 0 to 20)"
            ),
        ),
        (
            {"grain": PLAIN_GRAIN.replace("leader: [", "last_resort_every: 0s, leader: [")},
            (
                "plans/grain.yaml:19 escalation.last_resort_every: 得到 '0s'，应为大于 0 的时长，如 "
                "30s、5m、1h (got '0s', expected a duration above 0, e.g. 30s, 5m, 1h)"
            ),
        ),
        (
            {"grain": PLAIN_GRAIN + "closes_on_return: perhaps\n"},
            (
                "plans/grain.yaml:20 closes_on_return: 得到 'perhaps'，应为 true | false (got 'perhaps', "
                "expected true | false)"
            ),
        ),
        (
            {"grain": PLAIN_GRAIN + "starts: at_once\n"},
            ("plans/grain.yaml:20 starts: 得到 'at_once'，应为“键: 值”形式的映射 (got 'at_once', expected a mapping)"),
        ),
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
        (
            "site.yaml:1 county: 得到 'wuyi'，应为 6 位县级行政区划代码 (got 'wuyi', expected a county "
            "code of 6 digits)"
        ),
        (
            "site.yaml:8 future: 得到 'soon'，应为时长，如 30s、5m、24h、10d (got 'soon', expected a "
            "duration, e.g. 30s, 5m, 24h, 10d)"
        ),
        (
            "points.yaml:1 defaults.cadence: 得到 'often'，应为时长，如 30s、5m、24h、10d (got "
            "'often', expected a duration, e.g. 30s, 5m, 24h, 10d)"
        ),
        (
            "points.yaml:7 points[0].lines[0].upper: 得到 '4,60'，应为用半角数字 0-9 写的十进制数 (got "
            "'4,60', expected a decimal number in the digits 0-9)"
        ),
        (
            "points.yaml:13 points[1].lines[0].upper: 得到 '4,60'，应为用半角数字 0-9 写的十进制数 "
            "(got '4,60', expected a decimal number in the digits 0-9)"
        ),
        (
            "plans/grain.yaml:8 triggers[0].on_delay.readings: 得到 '0'，应为 1 至 32 的整数 (got '0', "
            "expected a whole number from 1 to 32)"
        ),
        (
            "plans/grain.yaml:19 escalation.steps[0].wait: 得到 'soon'，应为时长，如 30s、5m、24h、10d "
            "(got 'soon', expected a duration, e.g. 30s, 5m, 24h, 10d)"
        ),
        (
            "plans/weather.yaml:1: 文件为空，应为“键: 值”形式的映射 (got an empty file, expected a "
            "mapping)"
        ),
    ]  # fmt: skip


def test_missing_files_are_told() -> None:
    """Both."""
    with pytest.raises(BadFiles) as caught:
        load({})
    assert str(caught.value) == (
        "site.yaml:1: 没有此文件，应为站点目录中的文件 (got no such file, expected a file of the "
        "site directory)\npoints.yaml:1: 没有此文件，应为站点目录中的文件 (got no such file, "
        "expected a file of the site directory)"
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
        f"plans/relief.yaml:{line} inhibits[0].trigger: 得到 'x'，应为本预案的触发条件"
        " (got 'x', expected a trigger of this plan)",
        f"plans/relief.yaml:{line} inhibits[1].alarms: 得到 'pipeline-fault'，应为本库的预案，或“预案/触发条件”"
        " (got 'pipeline-fault', expected a plan of the library, or plan/trigger)",
    ]
    assert load(texts(relief=HAZARD + "inhibits: [{alarms: weather/colour, same: county}]\n")).plans["relief"].inhibits


def test_several_counties_may_be_served_from_one_site() -> None:
    """A reading counts in its own point's county only."""
    library = load(texts(site=SITE + 'counties: {"330724": {zh: 东阳, en: Dongyang}}\n'))
    bench = Bench(library)
    assert [a.county for a in bench.give(report(0, county="330724", division="330724", deaths=1)).alerts] == ["330724"]
    assert bench.give(price(0, "9", county="330724")).rejected == (
        "unknown_point",
        Words(
            zh="point：得到 'P01'，应为本站点 2 个监测点之一",
            en="point: got 'P01', expected one of the site's 2 points",
        ),
    )  # fmt: skip
    assert bench.give(report(0, county="330725", division="330725")).rejected == (
        "unknown_county",
        Words(zh="county：得到 '330725'，应为 330723 | 330724", en="county: got '330725', expected 330723 | 330724"),
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
    assert [(m.path, m.expected) for m in misfits({"number": number}, Sample)] == [("$.number", expectations.WHOLE)]


def test_a_value_that_may_be_of_two_types_is_right_when_it_is_one_of_them() -> None:
    """Text or a list; else either of them is expected, or what is wrong within the list is told."""
    either = list[int] | str
    assert list(misfits("3", either)) == list(misfits(["3"], either)) == []
    both = Words(zh="列表 或 文字", en="a list or text")
    assert list(misfits({}, either)) == [("$", {}, both)]
    assert list(misfits(["x"], either)) == [("$[0]", "x", expectations.WHOLE)]


def test_a_fraction_is_told_with_its_line() -> None:
    """As every other type."""
    with pytest.raises(BadFiles) as caught:
        Document("x.yaml", "number: 1\nratio: much").to(Sample)
    assert str(caught.value) == "x.yaml:2 ratio: 得到 'much'，应为数 (got 'much', expected a number)"


def test_a_path_that_leads_nowhere_is_of_its_parent() -> None:
    """For faults of what is missing."""
    document = Document("x.yaml", "a:\n  - b: 1")
    assert (document.at("$.a[3].c"), document.at("$.a.x"), document.at("$.a[0].b")) == (None, None, "1")
    assert (document.line("$.a[3].c"), document.line("$.a[0].b.c"), document.line("$.z")) == (2, 2, 1)


def test_a_long_value_is_told_short() -> None:
    """The line tells where the rest is."""
    shown = "'" + "x" * 119 + "…"
    assert faults(site="x" * 500) == (
        f"site.yaml:1: 得到 {shown}，应为“键: 值”形式的映射 (got {shown}, expected a mapping)"
    )
