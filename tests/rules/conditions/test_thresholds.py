"""Thresholds at, just below and just above, of what has no table of its own: facts → grade — source."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from rules.loading import load
from tests.rules.builders import Bench, forecast, report, texts
from tests.rules.conditions.stand import DAY, day, grades, stand

MINUTE = 1 / DAY
PLAN = """\
id: relief
titles: {{zh: 预案, en: Plan}}
tag: {{zh: 预案, en: PLAN}}
basis: [test]
scope: [county]
triggers:
  - id: t
    by: [county]
    when: {when}
escalation: {{steps: [{{page: [duty_officer], wait: 5m}}], leader: [duty_leader]}}
"""
MEASURES = """\
measures:
  rain_mm_3h: {facts: disaster_forecast, words: {zh: 3小时雨量, en: rain in 3 h}, unit: {zh: 毫米, en: mm}}
"""


def reached(when: str, *facts: Any, until: float | None = None) -> str:
    """The grade of one condition of the county after these facts (and by a minute, with nothing new)."""
    bench = Bench(load(texts(relief=PLAN.format(when=when), site=texts()["site.yaml"] + MEASURES)))
    for fact in facts:
        bench.give(fact)
    if until is not None:
        bench.tick(until, facts[0].topic)
    told = [alert for alert in bench.alerts if alert.detector == "relief/t"]
    return told[-1].after if told else "normal"


# -- figures of reports, each with bounds of a plan that uses it


@pytest.mark.parametrize(
    ("figure", "bounds", "rows", "source"),
    [
        ("serious_injuries", "{IV: 1, III: 10, II: 50, I: 100}",
         [(0, "normal"), (1, "IV"), (9, "IV"), (10, "III"), (11, "III"), (49, "III"), (50, "II"), (51, "II"),
          (99, "II"), (100, "I"), (101, "I")], "国务院令493 art. 3"),
        ("patients", "{IV: 30, III: 100}",
         [(29, "normal"), (30, "IV"), (31, "IV"), (99, "IV"), (100, "III"), (101, "III")],
         "W yfs8.com 109395: food poisoning, 30–99 and from 100 on"),
        ("houses_collapsed", "{IV: 30, III: 150, II: 500, I: 1000}",
         [(29, "normal"), (30, "IV"), (31, "IV"), (149, "IV"), (150, "III"), (151, "III"), (499, "III"), (500, "II"),
          (501, "II"), (999, "II"), (1000, "I"), (1001, "I")], "F 173159/17315927_5–7"),
        ("houses_damaged", "{IV: 100, III: 500, II: 1000, I: 2000}",
         [(99, "normal"), (100, "IV"), (101, "IV"), (499, "IV"), (500, "III"), (501, "III"), (999, "III"), (1000, "II"),
          (1001, "II"), (1999, "II"), (2000, "I"), (2001, "I")], "F 173159/17315927_5–7"),
        ("injuries", "{III: 10, II: 30}",
         [(9, "normal"), (10, "III"), (11, "III"), (29, "III"), (30, "II"), (31, "II")],
         "F 171207/17120711_7: mass incidents, hurt"),
        ("loss_cny", "{III: 10000000, II: 50000000, I: 100000000}",
         [(9999999, "normal"), (10000000, "III"), (10000001, "III"), (49999999, "III"), (50000000, "II"),
          (50000001, "II"), (99999999, "II"), (100000000, "I"), (100000001, "I")], "国务院令493 art. 3"),
    ],
)  # fmt: skip
def test_figures_of_reports(figure: str, bounds: str, rows: list[tuple[int, str]], source: str) -> None:
    """Half-open bands: 以上 includes the number."""
    row = f"{{measure: {figure}, levels: {bounds}, source: '{source}'}}"
    when = f"{{detector: table, facts: hazard_report, rows: [{row}]}}"
    assert [(n, reached(when, report(0, **{figure: n}))) for n, _ in rows] == rows


REPEATED = """{detector: table, facts: hazard_report, window: 30d,
           rows: [{measure: occurrences, levels: {IV: 3, III: 5}, source: site value}]}"""


@pytest.mark.parametrize(
    ("times", "expected"), [(1, "normal"), (2, "normal"), (3, "IV"), (4, "IV"), (5, "III"), (6, "III")]
)
def test_so_many_times(times: int, expected: str) -> None:
    """The repeated offender: how many times in thirty days is a site value."""
    assert reached(REPEATED, *(report(n, report=f"R{n}") for n in range(times))) == expected


@pytest.mark.parametrize(
    ("window", "days", "expected"),
    [
        ("30d", 30 - MINUTE, "III"), ("30d", 30, "normal"), ("30d", 30 + MINUTE, "normal"),  # 国务院令493 art. 13
        ("7d", 7 - MINUTE, "III"), ("7d", 7, "normal"), ("7d", 7 + MINUTE, "normal"),  # road and fire: the same
    ],
)  # fmt: skip
def test_how_long_an_occurrence_counts(window: str, days: float, expected: str) -> None:
    """Thirty days (road accidents and fires: seven) from its first observation, half-open."""
    row = "{measure: deaths_and_missing, levels: {III: 3}, source: 国务院令493 art. 3}"
    when = f"{{detector: table, facts: hazard_report, window: {window}, rows: [{row}]}}"
    assert reached(when, report(0, deaths=3), until=days * DAY) == expected


# -- figures of forecasts: flash floods, rain within three hours


@pytest.mark.parametrize(
    ("mm", "expected"),
    [
        ("54.9", "normal"), ("55", "IV"), ("55.1", "IV"), ("74.9", "IV"), ("75", "III"), ("75.1", "III"),
        ("99.9", "III"), ("100", "II"), ("100.1", "II"), ("119.9", "II"), ("120", "I"), ("120.1", "I"),
    ],
)  # fmt: skip
def test_rain_of_a_forecast(mm: str, expected: str) -> None:
    """小流域山洪 (Jianghua County, F 173159/17315988_1)."""
    row = "{measure: rain_mm_3h, levels: {IV: 55, III: 75, II: 100, I: 120}, source: F 173159/17315988_1}"
    when = f"{{detector: table, facts: disaster_forecast, rows: [{row}]}}"
    assert reached(when, forecast(0, "blue", values={"rain_mm_3h": Decimal(mm)})) == expected


# -- counts: points, their share, goods, conditions, days in a row, cadences of silence

QUORUM = """when:
  detector: quorum
  of: {{detector: warning_line, ratio: {{approach: "0.95", recovery: "0.98", source: test}}}}
  at: line
  {bounds}
  source: site value
"""


@pytest.mark.parametrize(
    ("bounds", "share", "over", "expected"),
    [
        ("{IV: 2, III: 4}", "false", 1, "normal"), ("{IV: 2, III: 4}", "false", 2, "IV"),
        ("{IV: 2, III: 4}", "false", 3, "IV"), ("{IV: 2, III: 4}", "false", 4, "III"),
        ("{IV: 2, III: 4}", "false", 5, "III"),
        # of six points: 16.66, 33.33, 50 and 66.66 %
        ("{IV: 33.33, III: 50}", "true", 1, "normal"), ("{IV: 33.33, III: 50}", "true", 2, "IV"),
        ("{IV: 33.34, III: 50}", "true", 2, "normal"), ("{IV: 33.33, III: 50}", "true", 3, "III"),
        ("{IV: 33.33, III: 50.01}", "true", 3, "IV"), ("{IV: 33.33, III: 50}", "true", 4, "III"),
    ],
)  # fmt: skip
def test_so_many_of_six_points(bounds: str, share: str, over: int, expected: str) -> None:
    """A number of points, or a share of them (青岛, W bandao.cn 2487885, judges extent; how many is a site value)."""
    trigger = QUORUM.format(bounds=f"points: {bounds}\n  share: {share}")
    facts = [day(0, "4.60" if n < over else "4.00", point=n + 1) for n in range(6)]
    assert grades(stand(trigger, points=6), *facts)[-1] == expected


@pytest.mark.parametrize(("goods", "expected"), [(1, "normal"), (2, "IV"), (3, "III"), (4, "III")])
def test_so_many_kinds_of_goods(goods: int, expected: str) -> None:
    """Two kinds of goods are level IV, three level III (青岛, W bandao.cn 2487885)."""
    names = ("rice", "flour", "oil", "beans")
    facts = [day(0, "4.60", commodity=name) for name in names[:goods]]
    assert grades(stand(QUORUM.format(bounds="goods: {IV: 2, III: 3}"), goods=names), *facts)[-1] == expected


@pytest.mark.parametrize(
    ("amount", "stock", "expected"),
    [
        ("4.39", 50, "normal"), ("4.40", 50, "normal"), ("4.39", 49, "normal"),  # none, one, one
        ("4.40", 49, "IV"), ("4.60", 50, "IV"), ("4.60", 49, "IV"),  # two, two, three
    ],
)  # fmt: skip
def test_at_least_two_of_three_conditions(amount: str, stock: float, expected: str) -> None:
    """10 % in a day, stock below 50 %, over the line of 4.60, any two (下列情况之二)."""
    trigger = """when:
  detector: n_of
  n: 2
  of:
    - {detector: change, days: 1, percent: {IV: 10}, source: test}
    - {detector: stock, percent_below: {IV: 50}, source: test}
    - {detector: for, at: line, duration: 0s, gives: IV, source: test, condition:
        {detector: warning_line, ratio: {approach: "0.95", recovery: "0.98", source: test}}}
"""
    assert grades(stand(trigger), day(0, "4.00", stock=90), day(1, amount, stock=stock))[-1] == expected


@pytest.mark.parametrize(
    ("days", "expected"), [(3, "normal"), (4, "normal"), (5, "approach"), (6, "approach"), (7, "IV"), (8, "IV")]
)
def test_so_many_days_in_a_row(days: int, expected: str) -> None:
    """Five rising days in a row (F 168325/16832511_2); seven: a site value."""
    trigger = "when: {detector: streak, days: {approach: 5, IV: 7}, source: F 168325/16832511_2}"
    assert grades(stand(trigger), *(day(n, f"4.{n:02}") for n in range(days + 1)))[-1] == expected


@pytest.mark.parametrize(
    ("cadence", "cadences", "days", "expected"),
    [
        ("1d", "1.5", 1.5 - MINUTE, "normal"), ("1d", "1.5", 1.5, "line"), ("1d", "1.5", 1.5 + MINUTE, "line"),
        ("10d", "1.5", 15 - MINUTE, "normal"), ("10d", "1.5", 15, "line"), ("10d", "1.5", 15 + MINUTE, "line"),
        ("10d", "2", 20 - MINUTE, "normal"), ("10d", "2", 20, "line"), ("12h", "1", 0.5 - MINUTE, "normal"),
        ("12h", "1", 0.5, "line"),
    ],
)  # fmt: skip
def test_so_many_cadences_of_silence(cadence: str, cadences: str, days: float, expected: str) -> None:
    """Counted in the point's own cadence, whatever that is (site value)."""
    bench = stand(f'when: {{detector: silence, cadences: "{cadences}", source: site value}}', cadence=cadence)
    bench.give(day(0, "4.00"))
    bench.tick(days * DAY)
    assert (bench.alerts[-1].after if bench.alerts else "normal") == expected
