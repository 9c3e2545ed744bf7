"""Relief, large events, weather warnings and silent points of Wuyi as they ship: facts → level, each with its source.

Every row goes through the engine with the whole library in force; the source is one that the plan itself names.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.rules.builders import at, crowd, forecast, price, report
from tests.rules.conditions.stand import DAY
from tests.rules.shipped import given, level, sources, wuyi

MINUTE = 1 / DAY


def told(detector: str, *facts: Any) -> str:
    return level(given(wuyi(), facts), detector)


def decided(plan: str) -> dict[str, tuple[str, str | None]]:
    """How each level of a plan starts, and who decides it."""
    return {grade: (start.how, start.approver) for grade, start in wuyi().plans[plan].starts.items()}


# -- disaster relief (a county's plan, fsou 173159/17315927_5–7; level I derived)

RELIEF = "fsou 173159/17315927_5–7"


@pytest.mark.parametrize(
    ("figures", "expected"),
    [
        # dead, the missing counted with them (含失踪)
        ({"deaths": 0}, "normal"), ({"deaths": 1}, "IV"), ({"deaths": 2}, "IV"), ({"deaths": 3}, "III"),
        ({"deaths": 4}, "III"), ({"deaths": 5}, "III"), ({"deaths": 6}, "II"), ({"deaths": 7}, "II"),
        ({"deaths": 9}, "II"), ({"deaths": 10}, "I"), ({"deaths": 11}, "I"),
        ({"missing": 1}, "IV"), ({"deaths": 1, "missing": 2}, "III"), ({"deaths": 4, "missing": 6}, "I"),
        # moved to safety (紧急转移安置)
        ({"relocated": 299}, "normal"), ({"relocated": 300}, "IV"), ({"relocated": 301}, "IV"),
        ({"relocated": 999}, "IV"), ({"relocated": 1000}, "III"), ({"relocated": 1001}, "III"),
        ({"relocated": 2499}, "III"), ({"relocated": 2500}, "II"), ({"relocated": 2501}, "II"),
        ({"relocated": 4999}, "II"), ({"relocated": 5000}, "I"), ({"relocated": 5001}, "I"),
        # one is enough, the highest counts
        ({"deaths": 1, "relocated": 2500}, "II"), ({"deaths": 10, "relocated": 300}, "I"),
    ],
)  # fmt: skip
def test_relief_by_casualties_and_people_moved(figures: dict[str, int], expected: str) -> None:
    """Half-open bands (以上 includes the number: 国务院令493 art. 3)."""
    assert told("disaster-relief/casualties", report(0, **figures)) == expected
    assert RELIEF in sources(wuyi(), "disaster-relief")


@pytest.mark.parametrize(
    ("category", "expected"),
    [
        ("flood", "I"), ("typhoon", "I"), ("geological", "I"), ("earthquake", "I"), ("snow", "I"), ("forest_fire", "I"),
        ("drought", "I"), ("road_traffic", "normal"), ("hazchem", "normal"), ("public_health", "normal"),
    ],
)  # fmt: skip
def test_relief_is_for_natural_disasters(category: str, expected: str) -> None:
    """An accident has plans of its own (自然灾害救助条例)."""
    assert told("disaster-relief/casualties", report(0, category=category, deaths=10)) == expected


def test_who_decides_the_start_of_relief() -> None:
    """Office director, government office's deputy, vice county head, county head (fsou 173159/17315927_5–7)."""
    assert decided("disaster-relief") == {
        "IV": ("proposed", "emergency_head"), "III": ("proposed", "office_deputy"), "II": ("proposed", "vice_head"),
        "I": ("proposed", "county_head"),
    }  # fmt: skip
    assert all(RELIEF in start.source for start in wuyi().plans["disaster-relief"].starts.values())


# -- large events: of the approved number (国务院令505 art. 18: full, ticket checks stop; 80 and 90 % suggested)


@pytest.mark.parametrize(
    ("inside", "capacity", "expected"),
    [
        (7999, 10000, "normal"), (8000, 10000, "IV"), (8001, 10000, "IV"),
        (8999, 10000, "IV"), (9000, 10000, "III"), (9001, 10000, "III"),
        (9999, 10000, "III"), (10000, 10000, "II"), (10001, 10000, "II"),
        (799, 1000, "normal"), (800, 1000, "IV"), (1000, 1000, "II"), (10000, None, "normal"), (None, 10000, "normal"),
    ],
)  # fmt: skip
def test_how_full_a_large_event_is(inside: int | None, capacity: int | None, expected: str) -> None:
    """Of what was approved; not known, there is no verdict."""
    assert told("large-event/filling", crowd(0, inside, capacity=capacity)) == expected
    assert "80/90/100 % of the approved number (derived; 505号令 fixes only 100 %)" in sources(wuyi(), "large-event")


def test_a_large_event_waits_for_no_approval() -> None:
    """At the approved number ticket checks stop at once (国务院令505 art. 18)."""
    assert decided("large-event") == dict.fromkeys(("IV", "III", "II"), ("at_once", None))
    full = wuyi().plans["large-event"].starts["II"]
    assert ("立即停止检票" in full.measures[0].zh, "国务院令505号" in full.source) == (True, True)


# -- weather warnings: four colours, a scale of their own (中国气象局令16号), joined to levels by the plan


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([forecast(0, "blue")], "IV"), ([forecast(0, "yellow")], "III"), ([forecast(0, "orange")], "II"),
        ([forecast(0, "red")], "I"),
        ([forecast(0, "blue", hazard="typhoon"), forecast(1, "orange", warning="W2")], "II"),
        # until it expires, to the minute
        ([forecast(0, "red", expires=at(60)), 59], "I"), ([forecast(0, "red", expires=at(60)), 60], "normal"),
        ([forecast(0, "red", expires=at(60)), 61], "normal"),
        ([forecast(0, "red"), forecast(1, "red", message="cancel")], "normal"),
        ([forecast(0, "red"), forecast(1, "blue", warning="W2", message="update", references=["W1"])], "IV"),
    ],
)  # fmt: skip
def test_a_colour_of_warning_means_a_level(facts: list[Any], expected: str) -> None:
    """Blue, yellow, orange, red → IV, III, II, I: the custom of flood and typhoon plans."""
    assert told("weather-warning/colour", *facts) == expected
    assert "防汛防台抗旱应急预案的通行对应关系" in sources(wuyi(), "weather-warning")


def test_who_decides_after_a_weather_warning() -> None:
    """The flood office's head signs III, the deputy commander II, the commander I; IV starts at once (customary)."""
    assert decided("weather-warning") == {
        "IV": ("at_once", None), "III": ("proposed", "flood_head"), "II": ("proposed", "vice_head"),
        "I": ("proposed", "county_head"),
    }  # fmt: skip


# -- silent points: a cadence and a half (site value), ten days each


@pytest.mark.parametrize(
    ("changed", "days", "expected"),
    [
        ({}, 15 - MINUTE, "normal"), ({}, 15, "line"), ({}, 15 + MINUTE, "line"),
        ({"point": "P31", "stage": "wholesale"}, 15 - MINUTE, "normal"),
        ({"point": "P31", "stage": "wholesale"}, 15, "line"),
        ({"commodity": "early_rice", "stage": "purchase"}, 15, "normal"),  # bought in season only
    ],
)  # fmt: skip
def test_a_point_that_has_gone_silent(changed: dict[str, Any], days: float, expected: str) -> None:
    """Missing data is never normal (浙江省粮食安全保障条例 2018 art. 36; how long is a site value)."""
    assert told("silent-points/silent", price(0, "4.00", **changed), days * DAY) == expected
    assert "第三十六条 (监测义务)" in sources(wuyi(), "silent-points")


def test_a_silent_point_that_speaks_again_closes_its_incident() -> None:
    """Nobody has to."""
    assert told("silent-points/silent", price(0, "4.00"), 15 * DAY, price(16 * DAY, "4.00")) == "normal"
    assert wuyi().plans["silent-points"].closes_on_return
