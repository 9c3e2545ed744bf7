"""Every condition ends in the same state however its facts come: in any order, repeated, corrected, with restarts.

And in order, it tells the same whatever the ticks: time alone is told at its own instant, however sparse they are.
"""

from __future__ import annotations

from decimal import Decimal
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.facts import Tick
from tests.rules.builders import Bench, at, forecast, memories, report
from tests.rules.conditions.stand import DAY, day, site

if TYPE_CHECKING:
    from rules.library import Library

PROPERTY = settings(deadline=None, max_examples=60)
CHANGE = "{detector: change, days: 3, percent: {approach: 5, IV: 15}, deadband: 2, source: t}"
STOCK = "{detector: stock, percent_below: {IV: 50, III: 30}, deadband: 5, source: t}"
FALL = "{detector: change, measure: stock, direction: fall, days: 2, percent: {IV: 50}, source: t}"
LINE = '{detector: warning_line, ratio: {approach: "0.95", recovery: "0.98", source: t}}'
DELAYS = "on_delay: {readings: 2, duration: 1d}\noff_delay: {duration: 2d}\n"
TRIGGERS = {
    "change": f"when: {CHANGE}",
    "change that exceeds": f"when: {CHANGE.replace('deadband', 'exceeds: true, deadband')}",
    "a fall of stock": f"when: {FALL}",
    "streak": "when: {detector: streak, days: {approach: 2, IV: 3}, source: t}",
    "stock": f"when: {STOCK}",
    "silence": "when: {detector: silence, cadences: 1.5, source: t}",
    "delays": f"{DELAYS}when: {LINE}",
    "all": f"when: {{detector: all, of: [{CHANGE}, {STOCK}]}}",
    "any, delayed": f"{DELAYS}when: {{detector: any, of: [{CHANGE}, {STOCK}]}}",
    "for": f"when: {{detector: for, condition: {CHANGE}, at: IV, duration: 2d, gives: III, source: t}}",
    "for, of a deadband": f"when: {{detector: for, condition: {STOCK}, at: IV, duration: 36h, gives: II, source: t}}",
    "unless": f"when: {{detector: unless, condition: {CHANGE}, unless: {STOCK}, at: IV}}",
    "n of": f"when: {{detector: n_of, n: 2, of: [{CHANGE}, {STOCK}, {LINE.replace('0.95', '0.96')}]}}",
    "quorum": f"when: {{detector: quorum, of: {LINE}, at: line, points: {{IV: 2}}, source: t}}",
    "quorum, silent left out": (
        f"when: {{detector: quorum, of: {LINE}, at: line, points: {{IV: 50}}, share: true, "
        "silent: left_out, source: t}"
    ),
    "quorum of a duration": (
        "when: {detector: quorum, of: {detector: for, condition: "
        f"{LINE}, at: line, duration: 1d, gives: IV, source: t}}, at: IV, points: {{IV: 2}}, source: t}}"
    ),
}  # fmt: skip
OF_GOODS = {
    "quorum of goods": f"when: {{detector: quorum, of: {LINE}, at: line, goods: {{IV: 2}}, source: t}}",
    "quorum of goods, silent left out": (
        f"when: {{detector: quorum, of: {LINE}, at: line, goods: {{IV: 1, III: 2}}, silent: left_out, source: t}}"
    ),
    "quorum of points, whatever the goods": (
        f"by: [county]\nwhen: {{detector: quorum, of: {LINE}, at: line, points: {{IV: 2}}, source: t}}"
    ),
}  # fmt: skip


def readings(*goods: str) -> st.SearchStrategy[Any]:
    return st.builds(
        lambda n, point, good, amount, stock, revision: day(
            n, amount, point=point, commodity=good, stock=stock, revision=revision
        ),
        st.sampled_from([0, 0.4, 1, 1.5, 2, 3, 4, 5, 6.3]), st.integers(1, 3), st.sampled_from(goods),
        st.sampled_from(["4.00", "4.30", "4.55", "4.60", "4.80"]),
        st.none() | st.sampled_from([80, 52, 49, 29]), st.integers(0, 2),
    )  # fmt: skip


READINGS, TWO_GOODS = readings("rice"), readings("rice", "flour")
END = 30

MEASURES = """\
measures:
  burned_ha: {facts: hazard_report, words: {zh: 过火面积, en: area burned}}
  magnitude: {facts: hazard_report, words: {zh: 震级, en: magnitude}, across: highest}
  level_m: {facts: hazard_report, words: {zh: 水位, en: level}, across: lowest}
  rain_mm_3h: {facts: disaster_forecast, words: {zh: 雨量, en: rain}}
"""
ROWS = """\
    - {measure: deaths_and_missing, levels: {III: 3}, source: t}
    - {measure: burned_ha, levels: {IV: 1, III: 100, II: 150}, deadband: 20, source: t}
    - {measure: magnitude, levels: {III: 5}, source: t}
    - {measure: level_m, side: lower, levels: {IV: 10, III: 5}, source: t}
"""
TABLES = {
    "table of reports": f"by: [county]\nwhen:\n  detector: table\n  facts: hazard_report\n  rows:\n{ROWS}",
    "table of reports, window": (
        f"by: [county]\nwhen:\n  detector: table\n  facts: hazard_report\n  window: 2d\n  rows:\n{ROWS}"
    ),
    "table of reports by event": f"{DELAYS}when:\n  detector: table\n  facts: hazard_report\n  rows:\n{ROWS}",
    "table of forecasts": (
        "when: {detector: table, facts: disaster_forecast, rows: ["
        "{measure: rain_mm_3h, levels: {IV: 30, III: 50}, source: t}, "
        "{measure: colour, colours: {II: orange, I: red}, source: t}]}"
    ),
}  # fmt: skip
DAYS = st.sampled_from([0, 0.4, 1, 1.5, 2, 3, 4, 5, 6.3])
FIGURES = {
    "burned_ha": ["0", "1", "60", "100", "1E+2"], "magnitude": ["4.9", "5"], "level_m": ["4", "9.5", "20"],
    "unknown": ["-1", "7"], "rain_mm_3h": ["0", "29.9", "30", "55"],
}  # fmt: skip


def figures(*names: str) -> st.SearchStrategy[dict[str, Decimal]]:
    """Some of these, the others not said."""
    return st.fixed_dictionaries({}, optional={n: st.sampled_from(FIGURES[n]).map(Decimal) for n in names})


REPORTS = st.builds(
    lambda n, one, deaths, values, revision: report(
        n * DAY, report=one[0], event=one[1], deaths=deaths, values=values, revision=revision
    ),
    DAYS, st.sampled_from([("R1", "E1"), ("R2", "E1"), ("R3", None)]), st.none() | st.integers(0, 3),
    figures("burned_ha", "magnitude", "level_m", "unknown"), st.integers(0, 2),
)  # fmt: skip
WARNINGS = st.builds(
    lambda n, colour, name, message, replaces, lasts, values, revision: forecast(
        n * DAY, colour, warning=name, message=message, references=replaces, values=values, revision=revision,
        expires=None if lasts is None else at((n + lasts) * DAY),
    ),
    DAYS, st.sampled_from(["blue", "orange", "red"]), st.sampled_from(["W1", "W2", "W3"]),
    st.sampled_from(["alert", "update", "update", "cancel"]), st.lists(st.sampled_from(["W1", "W2"]), max_size=1),
    st.none() | st.sampled_from([0.5, 1, 3]), figures("rain_mm_3h", "unknown"), st.integers(0, 2),
)  # fmt: skip


@cache
def library(name: str) -> Library:
    goods = ("rice", "flour") if name in OF_GOODS else ("rice",)
    return site({**TRIGGERS, **OF_GOODS, **TABLES}[name], points=3, goods=goods, more=MEASURES)


def given_to(name: str) -> st.SearchStrategy[Any]:
    """The facts that a trigger reads."""
    if name not in TABLES:
        return TWO_GOODS if name in OF_GOODS else READINGS
    return WARNINGS if name == "table of forecasts" else REPORTS


def topic(name: str) -> str:
    """Where they come from."""
    return {WARNINGS: "disaster-forecasts", REPORTS: "hazard-reports"}.get(given_to(name), "grain-prices")


@st.composite
def delivered(draw: st.DrawFn, name: str) -> list[list[Any]]:
    """Two ways in which the same facts may come."""
    drawn = draw(st.lists(given_to(name), min_size=1, max_size=14))
    facts = list({(f.id, f.revision): f for f in reversed(drawn)}.values())  # no conflicts
    ways = []
    for _ in range(2):
        ticks = [Tick(at=at(n * DAY)) for n in draw(st.lists(st.floats(0, 12), max_size=6))]
        again = draw(st.lists(st.sampled_from(facts), max_size=4))
        restarts: list[Any] = [None] * draw(st.integers(0, 2))
        ways.append(draw(st.permutations([*facts, *again, *ticks, *restarts])))
    return ways


def run(name: str, way: list[Any]) -> Bench:
    bench = Bench(library(name))
    for message in way:
        if message is None:
            bench.restart()
        else:
            bench.give(message, topic=topic(name))
    bench.tick(END * DAY, topic(name))
    bench.restart()
    return bench


def told_of_each(bench: Bench) -> dict[str, list[Any]]:
    """What was told of each subject, in its order."""
    found: dict[str, list[Any]] = {}
    for a in bench.alerts:
        found.setdefault(a.subject, []).append((a.before, a.after, a.at, a.reason))
    return found


def last(bench: Bench) -> dict[str, str]:
    return {alert.subject: alert.after for alert in bench.alerts if alert.after != "normal"} | {
        alert.subject: alert.after for alert in bench.alerts
    }


@pytest.mark.parametrize("name", [*TRIGGERS, *OF_GOODS, *TABLES])
@given(data=st.data())
@PROPERTY
def test_the_same_facts_in_any_way_end_in_the_same_state(name: str, data: st.DataObject) -> None:
    """Its memory, its severity, and what was last told of it."""
    first, second = (run(name, way) for way in data.draw(delivered(name)))
    assert memories(first.table) == memories(second.table)
    told = [{s: after for s, after in last(bench).items() if after != "normal"} for bench in (first, second)]
    assert told[0] == told[1]
    for bench in (first, second):
        by_subject: dict[str, list[Any]] = {}
        for alert in bench.alerts:
            by_subject.setdefault(alert.subject, []).append(alert)
        for alerts in by_subject.values():
            assert all(b.before == a.after for a, b in pairwise(alerts)), "a chain"


@pytest.mark.parametrize("name", [*TRIGGERS, *OF_GOODS, *TABLES])
@given(data=st.data(), when=st.lists(st.floats(0, 20), max_size=12))
@PROPERTY
def test_in_order_the_same_is_told_however_dense_the_ticks(name: str, data: st.DataObject, when: list[float]) -> None:
    """Each due instant is told as of itself."""
    facts = data.draw(st.lists(given_to(name), min_size=1, max_size=12))
    newest = {f.id: f for f in sorted(facts, key=lambda f: f.revision)}
    ordered = sorted(newest.values(), key=lambda f: (f.observed_at, f.natural_key()[:2]))
    ticks = [Tick(at=at(n * DAY)) for n in when]
    dense = sorted([*ordered, *ticks], key=lambda m: (m.at, 0) if isinstance(m, Tick) else (m.observed_at, 1))
    sparse, ticked = run(name, ordered), run(name, dense)
    assert told_of_each(sparse) == told_of_each(ticked)
