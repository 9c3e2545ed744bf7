"""Figures on examples that are reckoned by hand: alarm management, labelled episodes, two versions side by side."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from rules.backtest.comparison import compare
from rules.backtest.episodes import Episode, detection
from rules.backtest.incidents import Desk, Incident
from rules.backtest.spans import spans_of
from rules.backtest.statistics import Statistics, statistics_of
from rules.inhibition import Inhibitions
from tests.rules.backtest.test_incidents import RETAIL, opened, told
from tests.rules.builders import COUNTY, at

if TYPE_CHECKING:
    from rules.backtest.replay import Told

DAY = 24 * 60
PERIOD = at(0), at(100 * DAY)


def figures(*alerts: Told, days: int = 100) -> Statistics:
    desk = Desk(Inhibitions([]))
    for one in alerts:
        desk.take(one)
    end = at(days * DAY)
    return statistics_of("grain", alerts, desk.incidents, spans_of(alerts, end), (at(0), end))


def blink(minutes: float, lasts: float = 0.1, subject: str = "P01/rice/retail") -> list[Told]:
    """An alarm that activates and returns."""
    return [
        told(minutes, "normal", "line", subject=subject),
        told(minutes + lasts, "line", "normal", subject=subject),
    ]


def test_days_in_alarm_count_each_moment_once() -> None:
    """Two points in alarm at once are one alarm of the county; approaching is none."""
    found = figures(
        told(0, "normal", "approach"),
        told(2 * DAY, "approach", "line"),
        told(3 * DAY, "normal", "line", subject="P02/rice/retail"),
        told(5 * DAY, "line", "normal"),
        told(6 * DAY, "line", "normal", subject="P02/rice/retail"),
        told(97 * DAY, "normal", "line"),
    )
    assert found.days_in_alarm == 4 + 3
    assert (found.longest_days, found.incidents, found.activations, found.alarms, found.alerts) == (6, 2, 3, 2, 6)


def test_an_alarm_chatters_that_activates_three_times_within_a_minute() -> None:
    """ISA-18.2; two times, or a little longer, is none. Within thirty days it is restless."""
    assert figures(*blink(0), *blink(0.5), *blink(1)).chattering == 1
    assert figures(*blink(0), *blink(0.5), *blink(1.1)).chattering == 0
    assert figures(*blink(0), *blink(0.5)).chattering == 0
    assert figures(*blink(0), *blink(15 * DAY), *blink(30 * DAY)).restless == 1
    assert figures(*blink(0), *blink(15 * DAY), *blink(30 * DAY + 1)).restless == 0


def crowd_of(alarms: int, minute: float) -> list[Told]:
    return [told(minute, "normal", "line", subject=f"P{number}/rice/retail") for number in range(alarms)]


def test_a_flood_begins_above_ten_in_ten_minutes_and_ends_below_five() -> None:
    """ISA-18.2: of 144 ten-minute periods of a day, three are in the flood."""
    day = 1
    calm = figures(*crowd_of(10, 1), days=day)
    assert (calm.peak_period, calm.flood_percent, calm.targets["peak_period"].met) == (10, 0, True)
    flood = [*crowd_of(11, 1), *crowd_of(5, 11), *crowd_of(6, 21), *crowd_of(4, 31), *crowd_of(10, 41)]
    found = figures(*flood, days=day)
    assert found.flood_percent == pytest.approx(3 / 144 * 100, abs=1e-4)
    assert (found.peak_period, found.targets["peak_period"].met, found.targets["flood_percent"].met) == (
        11,
        False,
        False,
    )
    assert found.per_period == pytest.approx(36 / 144)


def test_priorities_are_high_for_the_two_gravest_levels_medium_for_the_third_and_low_below() -> None:
    """EEMUA 191 wants 5, 15 and 80 percent."""
    found = figures(
        told(0, "normal", "line"), told(1, "line", "IV"), told(2, "IV", "III"), told(3, "III", "II"),
    )  # fmt: skip
    assert found.priorities == (25.0, 25.0, 50.0)
    assert found.targets["priorities"].met is False
    assert figures().targets["priorities"].met is None


def test_stale_alarms_are_counted_at_their_peak_from_24_hours_on() -> None:
    """Three points stand for more than a day, two of them stale at once."""
    a, b, c = (f"P0{number}/rice/retail" for number in (1, 2, 3))
    found = figures(*blink(0, 3 * DAY, a), *blink(DAY, 1.5 * DAY, b), *blink(DAY * 2.5, DAY, c))
    assert found.stale_peak == 2
    assert figures(*blink(0, DAY, a)).stale_peak == 0


def test_two_counties_alarms_of_one_name_are_two() -> None:
    """One stands for three days, the other for one of them."""
    ours, theirs = told(0, "normal", "line"), told(DAY, "normal", "line", county="330724")
    back = [told(2 * DAY, "line", "normal", county="330724"), told(3 * DAY, "line", "normal")]
    found = figures(ours, theirs, *back)
    assert (found.alarms, found.days_in_alarm) == (2, 3)


# -- against labelled episodes


def incident(number: int, since: float, to: float | None, place: str = RETAIL, plan: str = "grain") -> Incident:
    """An incident that pages from one day to another."""
    first = [told(since * DAY, "normal", "line", place=place, detector=f"{plan}/upper")]
    last = [] if to is None else [told(to * DAY, "line", "normal", place=place, detector=f"{plan}/upper")]
    (one,) = opened(*first, *last)
    return Incident(**{**{f: getattr(one, f) for f in one.__struct_fields__}, "number": number})


def episode(name: str, since: float, to: float, place: str | None = RETAIL, plan: str | None = "grain") -> Episode:
    return Episode(name=name, since=at(since * DAY), to=at(to * DAY), plan=plan, place=place)


def test_hits_misses_false_alarms_and_delays_on_an_example_reckoned_by_hand() -> None:
    """Three episodes, two of them found after 2 and 6 days; four incidents, one of them false, one not judged."""
    incidents = [
        incident(1, 12, 15), incident(2, 18, 25), incident(3, 46, 50), incident(4, 70, 71),
        incident(5, 80, 81, plan="weather"),
    ]  # fmt: skip
    found = detection(
        [episode("a", 10, 20), episode("b", 40, 60, place=COUNTY), episode("c", 90, 95)], incidents, PERIOD
    )
    assert (found.hits, found.misses, found.judged, found.false_alarms) == (2, 1, 4, [4])
    assert (found.precision, found.recall, found.median_delay_s) == (0.75, 0.6667, 4 * 86400)
    assert [(one.episode.name, one.incidents, one.delay_s) for one in found.episodes] == [
        ("a", [1, 2], 2 * 86400), ("b", [3], 6 * 86400), ("c", [], None),
    ]  # fmt: skip


def test_an_incident_that_stands_already_finds_an_episode_at_once() -> None:
    """Also one that never returns; one that returned at its very beginning finds nothing."""
    assert detection([episode("a", 10, 20)], [incident(1, 5, None)], PERIOD).median_delay_s == 0
    assert detection([episode("a", 10, 20)], [incident(1, 5, 10)], PERIOD).hits == 0
    assert detection([episode("a", 10, 20)], [incident(1, 20, 21)], PERIOD).hits == 0
    assert detection([episode("a", 10, 20)], [incident(1, 19.9, 21)], PERIOD).hits == 1


def test_a_notice_finds_nothing_and_is_no_false_alarm() -> None:
    """It warned nobody. The delay runs to the first page, not to the notice before it."""
    (notice,) = opened(told(11 * DAY, "normal", "approach"))
    found = detection([episode("a", 10, 20)], [notice], PERIOD)
    assert (found.hits, found.judged, found.precision, found.recall) == (0, 0, None, 0.0)
    (paged,) = opened(told(11 * DAY, "normal", "approach"), told(15 * DAY, "approach", "line"))
    assert detection([episode("a", 10, 20)], [paged], PERIOD).median_delay_s == 5 * 86400


def test_an_episode_outside_the_history_is_neither_hit_nor_miss() -> None:
    """The history says nothing of its time."""
    found = detection([episode("before", -20, 0), episode("after", 101, 110)], [], PERIOD)
    assert (found.hits, found.misses, found.recall) == (0, 0, None)
    assert all(one.outside for one in found.episodes)


def test_a_place_covers_what_lies_in_it_and_nothing_that_merely_begins_alike() -> None:
    """330723 covers 330723/retail; 330723/ret does not."""
    assert episode("a", 0, 1, place=COUNTY).concerns(incident(1, 0, 1))
    assert not episode("a", 0, 1, place=f"{COUNTY}/ret").concerns(incident(1, 0, 1))
    assert episode("a", 0, 1, place=None, plan=None).concerns(incident(1, 0, 1))


# -- two versions side by side


def test_incidents_of_two_versions_are_matched_where_they_overlap() -> None:
    """One long incident of A meets two short ones of B; each has one of its own besides."""
    a = [incident(1, 10, 30), incident(2, 50, 52)]
    b = [incident(1, 5, 12), incident(2, 20, 25), incident(3, 60, None), incident(4, 10, 30, place=f"{COUNTY}/other")]
    found = compare(a, b, PERIOD[1])
    assert [(m.which, [i.number for i in m.a], [i.number for i in m.b]) for m in found] == [
        ("both", [1], [1, 2]), ("only_b", [], [4]), ("only_a", [2], []), ("only_b", [], [3]),
    ]  # fmt: skip
    assert [m.paged_at for m in found] == [at(5 * DAY), at(10 * DAY), at(50 * DAY), at(60 * DAY)]


def test_a_notice_of_the_one_is_no_incident_of_the_other() -> None:
    """A line that is only approached pages nobody."""
    notice = opened(told(0, "normal", "approach"))
    assert [m.which for m in compare(notice, [incident(1, 0, 1)], PERIOD[1])] == ["only_b"]
    assert compare([], [], PERIOD[1]) == []
