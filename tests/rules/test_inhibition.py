"""Which alarm holds back which: the rules of the plans, and what they may never do."""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.inhibition import Inhibitions
from rules.plans import Inhibition
from rules.severity import Severity
from tests.responders.room import grain_plan

COUNTY = "330723"


class Alarm(NamedTuple):
    detector: str
    subject: str = "a"
    grade: Severity = Severity.LINE
    place: str = f"{COUNTY}/retail"
    county: str = COUNTY
    exercise: str = ""


def plan(name: str, *inhibits: Inhibition) -> object:
    return grain_plan(id=name, inhibits=list(inhibits))


def rules(**plans: list[tuple[str, str]]) -> Inhibitions:
    """`rules(county=[("points", "county")])`: alarms of `county` hold back those of `points` in the same county."""
    names = {*plans, *(alarms.partition("/")[0] for rules_ in plans.values() for alarms, _ in rules_)}
    return Inhibitions(
        plan(name, *(Inhibition(alarms=alarms, same=same) for alarms, same in plans.get(name, [])))  # type: ignore[arg-type, misc]
        for name in names
    )


def test_a_county_alarm_holds_back_its_points() -> None:
    """As grave or graver, in the same county; and never the other way round."""
    found = rules(county=[("points", "county")])
    greater, lesser = Alarm("county/line"), Alarm("points/line", place=f"{COUNTY}/retail/P01")
    assert found.hold(greater, lesser)
    assert not found.hold(lesser, greater)
    assert found.hold(greater._replace(grade=Severity.IV), lesser)
    assert not found.hold(greater, lesser._replace(grade=Severity.IV)), "never hides what is graver"
    assert not found.hold(greater, lesser._replace(county="330722"))
    assert (found.greater("points/line"), found.lesser("county/line")) == ({"county/line"}, {"points/line"})
    assert not found.greater("county/line")
    assert not found.lesser("others/line")


def test_a_notice_holds_nothing_back() -> None:
    """`approach` is told once and pages nobody: it must not be what silences an alarm."""
    found = rules(county=[("points", "county")])
    notice = Alarm("county/line", grade=Severity.APPROACH)
    assert not found.hold(notice, Alarm("points/line", grade=Severity.APPROACH))


def test_an_exercise_and_a_real_alarm_never_hold_each_other_back() -> None:
    found = rules(county=[("points", "county")])
    real, drill = Alarm("county/line"), Alarm("county/line", exercise="drill-1")
    assert not found.hold(drill, Alarm("points/line"))
    assert not found.hold(real, Alarm("points/line", exercise="drill-1"))
    assert found.hold(drill, Alarm("points/line", exercise="drill-1"))


@pytest.mark.parametrize(
    ("place", "held"),
    [(f"{COUNTY}/retail", True), (f"{COUNTY}/retail/P01", True), (f"{COUNTY}/retailer", False), (COUNTY, False)],
)
def test_same_place_is_the_greaters_place_and_what_lies_in_it(place: str, held: bool) -> None:
    found = rules(county=[("points", "place")])
    assert found.hold(Alarm("county/line"), Alarm("points/line", place=place)) is held


def test_a_red_forecast_absorbs_the_yellow_of_the_same_detector_but_not_another_red() -> None:
    found = rules(weather=[("weather/line", "place")])
    red, yellow = Alarm("weather/line", "W1", Severity.I), Alarm("weather/line", "W2", Severity.III)
    assert found.hold(red, yellow)
    assert not found.hold(yellow, red)
    assert not found.hold(red, yellow._replace(grade=Severity.I))
    assert not found.hold(red, red)


def test_a_rule_of_one_trigger_speaks_for_that_trigger_only() -> None:
    ruled = Inhibitions([plan("county", Inhibition(trigger="other", alarms="points", same="county")), plan("points")])  # type: ignore[list-item]
    assert not ruled.hold(Alarm("county/line"), Alarm("points/line"))


def test_d12_no_rules_and_rules_about_nothing_hold_nothing_back() -> None:
    for found in (
        Inhibitions([]),
        rules(county=[]),
        Inhibitions([plan("a", Inhibition(alarms="gone", same="county"))]),
    ):  # type: ignore[list-item]
        assert not found.hold(Alarm("county/line"), Alarm("points/line"))
        assert not found.lesser("county/line")


@given(
    st.dictionaries(
        st.sampled_from("abc"), st.lists(st.tuples(st.sampled_from("abc"), st.just("county")), max_size=3), max_size=3
    ),
    st.tuples(*[st.sampled_from([Severity.LINE, Severity.IV])] * 3),
)
def test_whatever_the_rules_no_ring_of_alarms_holds_itself_back(
    ruled: dict[str, list[tuple[str, str]]], grades: tuple[Severity, ...]
) -> None:
    """One of any set is always told."""
    found = rules(**ruled)
    alarms = [Alarm(f"{name}/line", grade=grade) for name, grade in zip("abc", grades, strict=True)]
    for a, b in permutations(alarms, 2):
        assert not (found.hold(a, b) and found.hold(b, a))
    assert any(not any(found.hold(other, alarm) for other in alarms) for alarm in alarms)
