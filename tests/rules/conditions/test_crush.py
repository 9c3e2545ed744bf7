"""Falling flow with rising density: beyond 2–3 persons/m² a crowd moves the less the denser it is (Fruin)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.alerts import Words
from rules.loading import load
from tests.rules.builders import Bench, at, crowd, memories, moves, texts
from tests.rules.ways import delivered, run

if TYPE_CHECKING:
    from rules.facts import LargeEventStatus
    from rules.library import Library

PLAN = """\
id: event
titles: {{zh: 活动, en: Event}}
tag: {{zh: 活动, en: EVENT}}
basis: [test]
scope: [county]
triggers:
  - id: crush
    by: [{by}]
    when: {{detector: crush, {spec}, level: II, source: "W gkstill.com Fruin1"}}
escalation: {{steps: [{{page: [duty_officer], wait: 5m}}], leader: [duty_leader]}}
"""
THREE = 'densest_per_m2: "2"'
"""The flow peaks at 2–3 persons/m²: the lower end, over three readings."""


def library(spec: str = THREE, by: str = "event") -> Library:
    return load(texts(event=PLAN.format(spec=spec, by=by)))


def seen(minute: float, density: Any, flow: tuple[Any, Any] | int | None, **changed: Any) -> LargeEventStatus:
    """A reading of the densest spot, and of the flow: in and out, or in alone."""
    inflow, outflow = flow if isinstance(flow, tuple) else (flow, None if flow is None else 0)
    densest = None if density is None else Decimal(str(density))
    figures = {"densest_per_m2": densest, "inflow_per_min": inflow, "outflow_per_min": outflow}
    return crowd(minute, changed.pop("attendance", None), **{**figures, **changed})


def after(*readings: tuple[Any, Any], spec: str = THREE) -> list[str]:
    """The grade after each of several readings of density and flow, five minutes apart."""
    made = Bench(library(spec))
    return [grade(made, seen(5 * i, density, flow)) for i, (density, flow) in enumerate(readings)]


def grade(made: Bench, fact: LargeEventStatus) -> str:
    made.give(fact)
    return made.alerts[-1].after if made.alerts else "normal"


# -- what it is


@pytest.mark.parametrize(
    ("third", "expected"),
    [
        (("1.99", 600), "normal"), (("2", 600), "II"), (("2.01", 600), "II"),  # the bound: 以上 includes the number
        (("2.2", 699), "II"), (("2.2", 700), "II"), (("2.2", 701), "normal"),  # flow: may stay, must not rise
        (("2.2", 0), "II"),  # nobody moves any more
    ],
)  # fmt: skip
def test_at_below_and_above(third: tuple[Any, Any], expected: str) -> None:
    """Density 1.5 → 1.8 → d, flow 900 → 700 → f: only at or above 2 persons/m², only while the flow falls."""
    assert after(("1.5", 900), ("1.8", 700), third)[-1] == expected


@pytest.mark.parametrize(
    ("readings", "expected"),
    [
        ([("3", 900), ("3.2", 800), ("3.4", 700)], "II"),  # both, each time
        ([("3", 900), ("3", 800), ("3.4", 800)], "II"),  # each stands still once, and moves overall
        ([("3", 900), ("3.4", 900), ("3.4", 700)], "II"),
        ([("3", 900), ("3", 800), ("3", 700)], "normal"),  # it thins out or ends: no denser
        ([("3", 900), ("3.2", 900), ("3.4", 900)], "normal"),  # it fills up and flows as before
        ([("3", 900), ("2.9", 800), ("3.4", 700)], "normal"),  # thinner in between
        ([("3", 900), ("3.2", 950), ("3.4", 700)], "normal"),  # faster in between
        ([("3.4", 900), ("3.2", 800), ("3", 700)], "normal"),  # people go home
        ([("3", 700), ("3.2", 800), ("3.4", 900)], "normal"),  # below its peak a flow grows with the crowd
        ([("3.2", 800), ("3.4", 700)], "normal"),  # two are not three
    ],
)  # fmt: skip
def test_denser_and_slower_over_three_readings_in_a_row(readings: list[tuple[Any, Any]], expected: str) -> None:
    """Neither ever turns back, and both have moved at the end."""
    assert after(*readings)[-1] == expected


def test_the_flow_is_of_both_ways() -> None:
    """Fewer in, more out: the same number passes, and no flow has fallen."""
    assert after(("3", (500, 400)), ("3.2", (400, 500)), ("3.4", (300, 600)))[-1] == "normal"
    assert after(("3", (500, 400)), ("3.2", (400, 400)), ("3.4", (400, 399)))[-1] == "II"


def test_a_plan_says_over_how_many_readings() -> None:
    """Two, or five."""
    readings = [(Decimal(3) + i, 900 - i) for i in range(5)]
    assert after(*readings, spec=f"{THREE}, readings: 2") == ["normal", "II", "II", "II", "II"]
    assert after(*readings, spec=f"{THREE}, readings: 5") == ["normal", "normal", "normal", "normal", "II"]


# -- when it ends

RISING = [("3", 900), ("3.2", 800), ("3.4", 700)]


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ([("3.4", 700)] * 5, "II"),  # a crowd that stands still at its densest is not over
        ([("3.3", 600), ("3.2", 500)], "II"),  # a little thinner, and still slower
        ([("1.99", 500)], "normal"),  # below the bound
        ([("3.4", 801)], "normal"),  # faster than at the beginning of its row: it moves again
        ([("3.4", 800)], "II"),
        ([("3.4", 700), ("3.4", 701)], "normal"),
    ],
)  # fmt: skip
def test_it_ends_when_the_crowd_is_thinner_than_the_bound_or_moves_again(then: list[Any], expected: str) -> None:
    """Not when it merely stops getting worse."""
    assert after(*RISING, *then)[-1] == expected


def test_it_ends_with_the_event() -> None:
    """The organiser has closed it: no figures are needed."""
    made = Bench(library())
    for i, (density, flow) in enumerate(RISING):
        made.give(seen(5 * i, density, flow))
    made.give(crowd(15, None, phase="closed"))
    assert moves(made.alerts) == [("normal", "II", "crossed"), ("II", "normal", "recovered")]
    assert made.alerts[-1].explain == Words(
        zh="元宵灯会（壶山广场） 活动已结束", en="元宵灯会 (壶山广场): the event is over"
    )


# -- what is not known


@pytest.mark.parametrize("missing", ["densest_per_m2", "inflow_per_min", "outflow_per_min"])
def test_a_missing_figure_is_unknown_and_never_zero(missing: str) -> None:
    """Such a reading is no part of the row: it neither begins an alarm nor ends one."""
    made = Bench(library())
    found = [grade(made, seen(0, 3, (500, 400))), grade(made, seen(5, "3.2", (400, 400)))]
    found.append(grade(made, seen(10, "3.4", (300, 400), **{missing: None})))
    found += [grade(made, seen(15, "3.4", (300, 400))), grade(made, seen(20, 0, (0, 0), **{missing: None}))]
    assert found == ["normal", "normal", "normal", "II", "II"]


def test_without_the_densest_spot_it_is_people_over_area() -> None:
    """3000, 3200, 3400 on 1000 m²; a row is of one of the two."""
    made = Bench(library())

    def mean(minute: float, people: int | None, flow: int, area: int | None = 1000, **changed: Any) -> str:
        area_m2 = None if area is None else Decimal(area)
        return grade(made, seen(minute, None, flow, attendance=people, area_m2=area_m2, **changed))

    assert [mean(0, 3000, 900), mean(5, 3200, 800), mean(10, 3400, 700)] == ["normal", "normal", "II"]
    made = Bench(library())
    assert [mean(0, 3000, 900), mean(5, None, 850), mean(6, 9999, 820, None), mean(7, 3200, 800)][-1] == "normal"
    assert grade(made, seen(10, "5", 700)) == "normal", "the densest spot begins a row of its own"
    assert mean(15, 3400, 600) == "normal"


@pytest.mark.parametrize(("last", "expected"), [(60, "II"), (61, "normal")])
def test_a_row_does_not_reach_over_an_hour(last: float, expected: str) -> None:
    """Last evening says nothing of this one."""
    made = Bench(library())
    found = [grade(made, seen(minute, *RISING[i])) for i, minute in enumerate((0, 30, last))]
    assert found[-1] == expected


def test_two_sources_are_two_rows_and_the_gravest_counts() -> None:
    """The police's densities and the stewards' are not mixed; one that knows no flow holds nothing up."""
    made = Bench(library())
    for i, (density, flow) in enumerate([("3", 900), ("3.2", 800)]):
        assert grade(made, seen(5 * i, density, flow)) == "normal"
        assert grade(made, seen(5 * i + 1, "3.4", 700, source="stewards")) == "normal"
    assert grade(made, seen(10, "3.4", 700)) == "II"
    made.give(seen(11, "3.4", None, source="tickets"))
    assert grade(made, seen(15, "1.5", 600)) == "II", "at the stewards' gate it is as dense as before"
    assert grade(made, seen(16, "1.5", 700, source="stewards")) == "normal"


def test_by_county_two_events_of_one_source_are_two_rows() -> None:
    """A lantern fair and a concert, each told by the police."""
    made = Bench(library(by="county"))
    for i, (density, flow) in enumerate([*RISING[:2], ("1", 100)]):
        assert grade(made, seen(5 * i, density, flow)) == "normal"
        assert grade(made, seen(5 * i + 1, "3.4", 700 - i, event="concert", name="演唱会")) == "normal"
    assert grade(made, seen(20, "3.5", 600, event="concert", name="演唱会")) == "II"
    assert made.alerts[-1].explain.zh.startswith("演唱会（壶山广场） ")


# -- texts


def test_it_says_what_was_seen_in_both_languages() -> None:
    """From the first to the last of the row; rounded so that a bound not reached never reads as reached."""
    made = Bench(library())
    for i, (density, flow) in enumerate([("3", 900), ("3.2", 800), ("3.4567", 700), ("1.9999", 500)]):
        made.give(seen(5 * i, density, flow))
    assert [alert.explain for alert in made.alerts] == [
        Words(
            zh="元宵灯会（壶山广场） 3 次读数密度 3 → 3.45 人/m²（≥ 2），流量 900 → 700 人/分钟，Ⅱ级（重大）",
            en="元宵灯会 (壶山广场): over 3 readings density 3 → 3.45 /m² (≥ 2), flow 900 → 700 persons/min,"
            " level II (serious)",
        ),
        Words(
            zh="元宵灯会（壶山广场） 3 次读数密度 3.2 → 1.99 人/m²（< 2），流量 800 → 500 人/分钟，正常",
            en="元宵灯会 (壶山广场): over 3 readings density 3.2 → 1.99 /m² (< 2), flow 800 → 500 persons/min, normal",
        ),
    ]


def test_an_estimate_counts_and_is_told() -> None:
    """Crowds are estimated more often than counted."""
    made = Bench(library())
    for i, (density, flow) in enumerate(RISING):
        made.give(seen(5 * i, density, flow, estimated=True))
    assert "人/分钟（估计值），Ⅱ级（重大）" in made.alerts[-1].explain.zh
    assert "persons/min (estimated), level II (serious)" in made.alerts[-1].explain.en


# -- any order


def crowds() -> st.SearchStrategy[LargeEventStatus]:
    return st.builds(
        lambda minute, source, revision, density, flow, phase: seen(
            minute, density, flow, source=source, revision=revision, phase=phase
        ),
        st.integers(0, 70), st.sampled_from(["police", "stewards"]), st.integers(0, 2),
        st.none() | st.sampled_from(["1.9", "2", "2.5", "3", "3.5"]),
        st.none() | st.sampled_from([900, 800, 700, 600]), st.sampled_from(["open"] * 9 + ["closed"]),
    )  # fmt: skip


def crush_at(facts: list[Any]) -> str:
    """Written anew, for one source: from each reading all rows are looked at again."""
    best: dict[Any, Any] = {}
    for fact in facts:
        if fact.id not in best or fact.revision > best[fact.id].revision:
            best[fact.id] = fact
    now, known = "normal", []
    for fact in sorted(best.values(), key=lambda f: f.observed_at):
        if fact.phase == "closed":
            now, known = "normal", []
            continue
        if fact.densest_per_m2 is None or fact.inflow_per_min is None:
            continue
        known.append((fact.observed_at, fact.densest_per_m2, fact.inflow_per_min))
        row = [one for one in known if one[0] >= fact.observed_at - (at(60) - at(0))][-3:]
        densities, flows = [one[1] for one in row], [one[2] for one in row]
        whole, turned = len(row) == 3, densities != sorted(densities) or flows != sorted(flows, reverse=True)
        if densities[-1] < 2 or (whole and flows[-1] > flows[0]):
            now = "normal"
        elif whole and not turned and densities[0] < densities[-1] and flows[0] > flows[-1]:
            now = "II"
    return now


def present(made: Bench) -> list[Any]:
    """The alarm as it is. What is kept may differ by readings that say nothing, and came before all others."""
    return [now for _base, _kept, now, *_ in memories(made.table).values()]


def test_a_revision_counts_that_came_before_what_it_replaces() -> None:
    """The first figures were wrong, and no others are known."""
    made = Bench(library(f"{THREE}, readings: 2"))
    made.give(seen(5, None, None, revision=1), appended_at=at(6))
    made.give(seen(5, "3.4", 100), appended_at=at(7))
    assert grade(made, seen(10, "3.5", 90)) == "normal"


@given(delivered(crowds))
@settings(deadline=None, max_examples=150)
def test_any_order_of_arrival_ends_in_the_same_state(case: tuple[list[Any], Any]) -> None:
    """Readings of two sources late, repeated, corrected, between ticks and restarts."""
    facts, ways = case
    first, second = (run(way, library(), "large-events") for way in ways)
    assert present(first) == present(second)
    if len({fact.source for fact in facts}) == 1:
        assert (first.alerts[-1].after if first.alerts else "normal") == crush_at(facts)
