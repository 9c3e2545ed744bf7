"""Hazards that were to be rectified: days past it, by the clock alone, until they are."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.alerts import Words
from rules.conditions.figures import MOST
from rules.entries import encode
from rules.facts import Tick
from rules.loading import load
from tests.rules.builders import Bench, at, memories, moves, report, texts
from tests.rules.ways import delivered, run

if TYPE_CHECKING:
    from rules.facts import HazardReport
    from rules.library import Library

DAY = 24 * 60
PLAN = """\
id: hazards
titles: {{zh: 隐患, en: Hazards}}
tag: {{zh: 隐患, en: HAZARD}}
basis: [test]
scope: [county]
triggers:
  - id: overdue
    by: [{by}]
    when: {{detector: overdue, {spec}, source: site value}}
escalation: {{steps: [{{page: [duty_officer], wait: 5m}}], leader: [duty_leader]}}
"""
STEPS = "days: {approach: 0, IV: 3, III: 10}"


def library(by: str = "event", spec: str = STEPS) -> Library:
    return load(texts(relief=PLAN.format(by=by, spec=spec)))


def hazard(day: float, name: str = "H1", *, due: float | None = None, **changed: Any) -> HazardReport:
    """A report on day n, to be rectified by the beginning of another."""
    by = {} if due is None else {"rectify_by": at(due * DAY)}
    return report(day * DAY, report=name, **{"category": "mine", **by, **changed})


def bench(*facts: HazardReport, by: str = "event", spec: str = STEPS) -> Bench:
    made = Bench(library(by, spec))
    for fact in facts:
        made.give(fact)
    return made


def told(made: Bench, until: float) -> list[tuple[str, float]]:
    """What is said by the beginning of a day, and on which day it happened."""
    made.tick(until * DAY, "hazard-reports")
    return [(a.after, (a.at - at(0)) / timedelta(days=1)) for a in made.alerts]


# -- bands, half-open (国务院令493 art. 3)


@pytest.mark.parametrize(
    ("instant", "grade"),
    [
        (timedelta(days=5) - timedelta.resolution, []), (timedelta(days=5), ["approach"]),
        (timedelta(days=8) - timedelta.resolution, ["approach"]), (timedelta(days=8), ["approach", "IV"]),
        (timedelta(days=15) - timedelta.resolution, ["approach", "IV"]),
        (timedelta(days=15), ["approach", "IV", "III"]), (timedelta(days=400), ["approach", "IV", "III"]),
    ],
)  # fmt: skip
def test_each_grade_is_reached_to_the_microsecond(instant: timedelta, grade: list[str]) -> None:
    """Due at the beginning of day 5: then, 3 days and 10 days later, and not before."""
    made = bench(hazard(0, due=5))
    made.tick(instant / timedelta(minutes=1), "hazard-reports")
    assert [alert.after for alert in made.alerts] == grade


def test_sparse_ticks_tell_each_grade_at_its_own_instant() -> None:
    """One tick, a month later."""
    assert told(bench(hazard(0, due=5)), 40) == [("approach", 5), ("IV", 8), ("III", 15)]


def test_a_report_that_comes_overdue_is_graded_at_once() -> None:
    """It was to be rectified four days before it was reported."""
    made = bench(hazard(4, due=0))
    assert [(a.after, a.reason) for a in made.alerts] == [("IV", "crossed")]


@pytest.mark.parametrize("status", ["rectified", "closed"])
def test_rectified_or_closed_it_is_over(status: str) -> None:
    """Before the deadline nothing is ever told, after it the alarm ends with that version."""
    assert told(bench(hazard(0, due=5), hazard(4, status=status)), 40) == []
    late = bench(hazard(0, due=5))
    assert told(late, 6) == [("approach", 5)]
    late.give(hazard(7, status=status))
    assert told(late, 40) == [("approach", 5), ("normal", 7)]


@pytest.mark.parametrize("status", ["reported", "verified", "updated"])
def test_any_other_status_leaves_it_open(status: str) -> None:
    """And a deadline that a version leaves out is the last one known."""
    assert told(bench(hazard(0, due=5), hazard(4, status=status)), 6) == [("approach", 5)]


def test_the_last_version_counts_also_when_it_opens_the_hazard_again() -> None:
    """Looked at again, it had not been rectified."""
    made = bench(hazard(0, due=5), hazard(4, status="rectified"), hazard(9, status="verified"))
    assert [(a.after, a.reason) for a in made.alerts] == [("IV", "crossed")]


def test_a_deadline_that_is_put_off_ends_the_alarm_until_then() -> None:
    """The new one counts from then on."""
    made = bench(hazard(0, due=5))
    assert told(made, 6) == [("approach", 5)]
    made.give(hazard(7, due=20))
    assert told(made, 21) == [("approach", 5), ("normal", 7), ("approach", 20)]


def test_without_a_deadline_nothing_is_overdue() -> None:
    """Missing is unknown: no deadline is made up."""
    assert told(bench(hazard(0)), 400) == []


def test_a_late_report_of_the_rectification_ends_the_alarm() -> None:
    """It was rectified in time, only the report came late."""
    made = bench(hazard(0, due=5))
    assert told(made, 9) == [("approach", 5), ("IV", 8)]
    alerts = made.give(hazard(4, status="rectified"), appended_at=at(9 * DAY)).alerts
    assert moves(alerts) == [("IV", "normal", "recovered")]


# -- several in one place


def test_of_several_the_longest_overdue_decides_and_all_are_counted() -> None:
    """By township: three of them, from two villages."""
    made = bench(
        hazard(0, "A", due=5), hazard(0, "B", due=2, division="330723105201"), hazard(0, "C", due=30), by="township"
    )
    assert told(made, 6) == [("approach", 2), ("IV", 5)]
    assert made.alerts[-1].explain == Words(
        zh="王宅镇 隐患 B 应于 2026-01-03 08:00 前整改，已逾期 3 天，共 2 件逾期，此件最久，Ⅳ级（一般）",
        en="Wangzhai: hazard B was to be rectified by 2026-01-03 08:00, overdue for 3 days,"
        " the longest of 2 overdue, level IV (ordinary)",
    )
    made.give(hazard(6, "B", status="closed", division="330723105201"))
    assert told(made, 6)[-1] == ("approach", 6), "A is a day late"


def test_each_event_is_an_alarm_of_its_own() -> None:
    """By default: two hazards of one town do not wait for each other."""
    made = bench(hazard(0, "A", due=5), hazard(0, "B", due=5))
    assert told(made, 6) == [("approach", 5), ("approach", 5)]
    assert [alert.subject for alert in made.alerts] == ["emergency-bureau/A", "emergency-bureau/B"]


def test_only_what_the_plan_asks_for_is_watched() -> None:
    """Of mines; one that turns out to be none is let go."""
    mines = "where: {category: [mine]}, days: {IV: 1}"
    assert told(bench(hazard(0, due=5, category="fire"), spec=mines), 40) == []
    made = bench(hazard(0, due=5), by="county", spec=mines)
    assert told(made, 9) == [("IV", 6)]
    made.give(hazard(9, category="fire", status="updated"))
    assert told(made, 40) == [("IV", 6), ("normal", 9)]
    assert made.alerts[-1].explain == Words(zh="原报告已改报他处", en="the report now stands elsewhere")


def test_what_is_remembered_has_an_end_and_keeps_what_is_needed_most() -> None:
    """Of many the settled go first, then those due last: the longest overdue is never forgotten."""
    made = bench(hazard(0, "oldest", due=1), by="county")
    for i in range(3 * MOST):
        made.give(hazard(0.001 + i / 1e5, f"N{i:04}", due=100 + i))
        made.give(hazard(0.001 + i / 1e5, f"S{i:04}", due=0.5, status="closed"))
    (entry,) = made.table.values()
    assert len(encode(entry)) < 100_000
    made.restart()
    assert told(made, 5) == [("approach", 1), ("IV", 4)]
    assert "隐患 oldest" in made.alerts[-1].explain.zh


# -- texts


@pytest.mark.parametrize(
    ("days", "zh", "en"),
    [(0, "不足 1 天", "for less than a day"), (3, " 3 天", "for 3 days"), (10, " 10 天", "for 10 days")],
)
def test_it_names_place_report_deadline_and_days(days: int, zh: str, en: str) -> None:
    """Times are Wuyi's; a notice bears no level."""
    made = bench(hazard(0, due=5))
    told(made, 5 + days)
    grade = {
        0: ("", ""),
        3: ("，Ⅳ级（一般）", ", level IV (ordinary)"),
        10: ("，Ⅲ级（较大）", ", level III (fairly serious)"),
    }[days]
    assert made.alerts[-1].explain == Words(
        zh=f"王宅镇 隐患 H1 应于 2026-01-06 08:00 前整改，已逾期{zh}{grade[0]}",
        en=f"Wangzhai: hazard H1 was to be rectified by 2026-01-06 08:00, overdue {en}{grade[1]}",
    )


def test_it_says_why_it_is_over() -> None:
    """Rectified, or put off."""
    for version, zh, en in (
        (hazard(7, status="rectified"), "已整改或销号", "is rectified or closed"),
        (hazard(7, due=20), "未到整改期限", "is not due yet"),
    ):
        made = bench(hazard(0, due=5))
        told(made, 6)
        made.give(version)
        assert made.alerts[-1].explain == Words(
            zh=f"王宅镇 隐患 H1 {zh}，无逾期", en=f"Wangzhai: hazard H1 {en}, none overdue"
        )


def test_a_deadline_at_the_end_of_the_calendar_never_comes() -> None:
    """9999 + 10 days is no date: nothing falls due, nothing fails."""
    made = bench(hazard(0, rectify_by=datetime(9999, 12, 30, tzinfo=UTC)))
    assert (made.alerts, told(made, 4000)) == ([], [])


def test_a_deadline_in_another_zone_is_the_same_instant() -> None:
    """08:00 in Wuyi is midnight in Greenwich."""
    wuyi = at(5 * DAY).astimezone(timezone(timedelta(hours=8)))
    assert told(bench(hazard(0, rectify_by=wuyi)), 6) == told(bench(hazard(0, due=5)), 6)


# -- any order


def reports() -> st.SearchStrategy[HazardReport]:
    return st.builds(
        lambda hour, name, revision, due, status: hazard(
            hour / 24, name, revision=revision, due=due, status=status
        ),
        st.integers(0, 200), st.sampled_from(["A", "B", "C"]), st.integers(0, 2),
        st.none() | st.sampled_from([-4, 1, 2, 8]),
        st.sampled_from(["reported", "reported", "updated", "rectified", "closed"]),
    )  # fmt: skip


def overdue_at(facts: list[HazardReport], clock: datetime) -> str:
    """Written anew: the last version of each report, the last deadline of each, and days between."""
    best: dict[Any, HazardReport] = {}
    for fact in facts:
        if fact.id not in best or fact.revision > best[fact.id].revision:
            best[fact.id] = fact
    status, by = {}, {}
    for fact in sorted(best.values(), key=lambda f: f.observed_at):
        status[fact.report] = fact.status
        by[fact.report] = fact.rectify_by or by.get(fact.report)
    late = [clock - due for name, due in by.items() if due and status[name] not in ("rectified", "closed")]
    days = max(late, default=timedelta(-1)) / timedelta(days=1)
    return "III" if days >= 10 else "IV" if days >= 3 else "approach" if days >= 0 else "normal"


@given(delivered(reports, minutes=20 * DAY), st.sampled_from(["county", "township"]), st.integers(9, 14))
@settings(deadline=None, max_examples=100)
def test_any_order_of_arrival_and_any_ticks_end_in_the_same_state(
    case: tuple[list[Any], Any], by: str, day: int
) -> None:
    """Versions late, repeated, corrected; ticks dense or sparse; restarts."""
    facts, ways = case
    end = 20 + day
    first, second = (run(way, library(by), "hazard-reports", until=end * DAY) for way in ways)
    assert memories(first.table) == memories(second.table)
    assert (first.alerts[-1].after if first.alerts else "normal") == overdue_at(facts, at(end * DAY))


@given(st.lists(reports(), min_size=1, max_size=10), st.lists(st.integers(0, 20 * DAY), max_size=20))
@settings(deadline=None, max_examples=100)
def test_in_order_the_same_is_told_however_dense_the_ticks(facts: list[Any], minutes: list[int]) -> None:
    """Each grade at its own instant, whether the clock ticks in between or not."""
    newest = {fact.id: fact for fact in sorted(facts, key=lambda f: f.revision)}
    ordered = sorted(newest.values(), key=lambda f: (f.observed_at, f.report))
    ticks = [Tick(at=at(minute)) for minute in minutes]
    dense = sorted([*ordered, *ticks], key=lambda m: (m.at, 0) if isinstance(m, Tick) else (m.observed_at, 1))
    sparse, ticked = (run(way, library("county"), "hazard-reports", until=40 * DAY) for way in (ordered, dense))
    assert [alert.id for alert in sparse.alerts] == [alert.id for alert in ticked.alerts]
    assert [(a.before, a.after, a.at, a.explain) for a in sparse.alerts] == [
        (a.before, a.after, a.at, a.explain) for a in ticked.alerts
    ]
