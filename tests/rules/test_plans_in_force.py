"""Which plans are in force at a place of the log, what a change of them does, and a detector that fails."""

from __future__ import annotations

from itertools import combinations
from typing import Any

import msgspec
import pytest

from rules.engine import Engine
from rules.entries import after
from rules.facts import PlanActivated
from rules.in_force import UnknownLibrary
from rules.loading import load
from tests.rules.builders import COUNTY, POINTS, Bench, at, memories, moves, price, report, texts

OLD = load(texts())
STRICTER = load(texts(points=POINTS.replace('upper: "4.60"', 'upper: "4.20"')))
LAXER = load(texts(points=POINTS.replace('upper: "4.60"', 'upper: "9.00"')))
WITHOUT_GRAIN = load({name: text for name, text in texts().items() if name != "plans/grain.yaml"})
SILENCE = texts()["plans/grain.yaml"].replace(
    "triggers:\n",
    "triggers:\n  - id: silent\n    when: {detector: silence, stages: [retail], cadences: 1.5, source: test}\n",
)
WATCHING = load(texts(grain=SILENCE))
STORED = {"aa" * 8: STRICTER, "bb" * 8: LAXER, "cc" * 8: WITHOUT_GRAIN, "dd" * 8: WATCHING, "ee" * 8: OLD}


def activated(content: str, minutes: float, counties: list[str] | None = None) -> PlanActivated:
    return PlanActivated(content=content * 8, counties=[COUNTY] if counties is None else counties, at=at(minutes))


def bench() -> Bench:
    made = Bench(OLD)
    made.engine = Engine(OLD, STORED.get)
    return made


def give(made: Bench, message: Any, **changed: Any) -> list[tuple[str, str, str]]:
    return moves(made.give(message, topic="grain-prices", **changed).alerts)


def test_changed_lines_are_looked_at_from_the_last_reading() -> None:
    """4.30 was below the line of 4.60; under 4.20 it is over it, and nobody need wait for the next reading."""
    made = bench()
    made.give(price(0, "4.30"))
    (alert,) = made.give(activated("aa", 60), topic="grain-prices").alerts
    assert (alert.before, alert.after, alert.reason) == ("normal", "line", "activated")
    assert (alert.at, alert.known_at, alert.cause.due) == (at(0), at(60), at(60))
    assert alert.plan_version == STRICTER.versions["grain"]
    assert "≥ 警戒线 4.20" in alert.explain.zh
    assert give(made, activated("bb", 90)) == [("line", "normal", "activated")]
    assert give(made, activated("aa", 95)) == [("normal", "line", "activated")], "an occurrence of its own"


def test_what_comes_after_is_judged_by_the_new_plans_what_came_before_by_the_old() -> None:
    """The offset decides, not the clock."""
    made = bench()
    made.give(activated("aa", 0), topic="grain-prices")
    assert give(made, price(1, "4.30")) == [("normal", "line", "crossed")]
    assert moves(made.give(report(2, deaths=1)).alerts) == [("normal", "IV", "crossed")], "not yet changed"


def test_a_removed_alarm_is_withdrawn() -> None:
    """Nobody is left with an alarm that no plan asks for."""
    made = bench()
    made.give(price(0, "4.60"))
    (alert,) = made.give(activated("cc", 60), topic="grain-prices").alerts
    assert (alert.before, alert.after, alert.reason) == ("line", "normal", "withdrawn")
    assert alert.explain.zh == "预案已变更，此项报警不再监测"
    assert [key for key in memories(made.table) if "grain/upper" in key] == []
    assert give(made, price(90, "5.00")) == []
    made.committed = 3
    give(made, activated("bb", 100))
    assert [key for key in made.table if "grain/upper" in key] == [], "nothing of it can be read again"


def test_a_message_read_again_finds_the_plans_of_its_time() -> None:
    """Killed after the change was written and before the reading's state was: the reading is judged as it was."""
    live, killed = bench(), bench()
    facts = price(0, "4.30"), price(1, "4.50")
    for fact in facts:
        live.give(fact)
    live.give(activated("bb", 60), topic="grain-prices")
    plans = {key: entry for key, entry in live.table.items() if key.startswith('["plans"')}
    killed.table = dict(plans)  # only that entry was written; the readings come again
    said = [moves(killed.give(fact, offset=n).alerts) for n, fact in enumerate(facts)]
    assert said == [[], [("normal", "approach", "approached")]], "by the lines of their time"
    again = killed.give(activated("bb", 60), topic="grain-prices", offset=2)
    assert moves(again.alerts) == [("approach", "normal", "activated")]
    assert memories(killed.table) == memories(live.table)


def test_an_activation_read_again_says_the_same_again() -> None:
    """Withdrawn or moved: the same alerts, by the same names."""
    for content in ("aa", "cc"):
        made = bench()
        made.give(price(0, "4.60"))
        made.give(price(1, "4.30", point="P02"))
        first = made.give(activated(content, 60), topic="grain-prices", offset=9).alerts
        made.restart()
        again = made.give(activated(content, 60), topic="grain-prices", offset=9).alerts
        assert {a.id for a in again} == {a.id for a in first}
        assert first


def test_silence_counts_from_the_activation() -> None:
    """A point that never spoke: a cadence and a half after its plan came into force."""
    made = bench()
    made.give(activated("dd", 0), topic="grain-prices")
    alerts = made.tick(15.1 * 24 * 60).alerts
    assert {(a.subject, a.after) for a in alerts} == {("P01/rice/retail", "line"), ("P02/rice/retail", "line")}
    assert "从未报数" in alerts[0].explain.zh
    other = bench()
    other.give(activated("dd", 0, counties=["330702"]), topic="grain-prices")
    assert other.tick(15.1 * 24 * 60).alerts == [], "its counties come to another partition"


def test_a_library_that_is_not_to_be_had_stops_the_worker_there() -> None:
    """Going on under the old plans would be a guess."""
    made = bench()
    with pytest.raises(UnknownLibrary, match=r"got library f{16}, expected one that is stored"):
        made.give(activated("ff", 0), topic="grain-prices")


def test_an_activation_of_the_future_is_refused() -> None:
    """As a tick is."""
    made = bench()
    outcome = made.give(activated("aa", 6), topic="grain-prices", appended_at=at(0))
    assert outcome.rejected is not None
    assert outcome.rejected.reason == "future"


# -- a trigger with another name

RENAMED = load(texts(grain=texts()["plans/grain.yaml"].replace("id: upper", "id: top\n    was: [over, upper]")))
RENAMED_STRICTER = load(
    texts(
        grain=texts()["plans/grain.yaml"].replace("id: upper", "id: top\n    was: [upper]"),
        points=POINTS.replace('upper: "4.60"', 'upper: "4.20"'),
    )
)
STORED |= {"f0" * 8: RENAMED, "f1" * 8: RENAMED_STRICTER}


def test_a_renamed_alarm_goes_on_as_it_stands() -> None:
    """One alert says so, without a change of severity; its end comes under the new name, from the old state."""
    made = bench()
    made.give(price(0, "4.60"))
    (alert,) = made.give(activated("f0", 60), topic="grain-prices").alerts
    assert (alert.detector, alert.was, alert.before, alert.after) == ("grain/top", "grain/upper", "line", "line")
    assert alert.reason == "renamed"
    assert "≥ 警戒线 4.60" in alert.explain.zh
    assert alert.explain.zh.endswith("（触发条件 upper 更名为 top）")
    (end,) = made.give(price(90, "4.00")).alerts
    assert (end.detector, end.was, end.before, end.after) == ("grain/top", "", "line", "normal")


def test_an_alarm_that_is_normal_is_renamed_too() -> None:
    """People may have latched, shelved or taken it out of service: what they did goes with it."""
    made = bench()
    made.give(price(0, "4.00"))
    (alert,) = made.give(activated("f0", 60), topic="grain-prices").alerts
    assert (alert.detector, alert.was, alert.before, alert.after) == ("grain/top", "grain/upper", "normal", "normal")
    assert alert.explain.zh == "触发条件 upper 更名为 top"


def test_the_same_library_again_changes_nothing() -> None:
    """A broadcast that was broken off half way is done again from its beginning."""
    for content in ("aa", "cc", "dd", "f0"):
        made = bench()
        made.give(price(0, "4.60"))
        made.give(activated(content, 60), topic="grain-prices")
        made.restart()
        before = memories(made.table)
        assert give(made, activated(content, 70)) == []
        made.restart()
        after_ = memories(made.table)
        assert {key: state for key, state in after_.items() if '"plans"' not in key} == {
            key: state for key, state in before.items() if '"plans"' not in key
        }


def test_a_renamed_alarm_with_another_line_is_told_once() -> None:
    """The move and the change are one alert."""
    made = bench()
    made.give(price(0, "4.30"))
    (alert,) = made.give(activated("f1", 60), topic="grain-prices").alerts
    assert (alert.detector, alert.was, alert.before, alert.after) == ("grain/top", "grain/upper", "normal", "line")
    assert alert.reason == "activated"


def test_a_renaming_read_again_moves_once_wherever_the_worker_died() -> None:
    """Any part of what was to be written may be missing: the alarm is under its new name, and the alert leaves."""
    whole = bench()
    whole.give(price(0, "4.60"))
    before = dict(whole.table)
    outcome = whole.give(activated("f0", 60), topic="grain-prices", offset=1)
    (alert,) = outcome.alerts
    whole.restart()
    for written in range(len(outcome.entries) + 1):
        for chosen in combinations(outcome.entries.items(), written):
            killed = bench()
            killed.table = before | dict(chosen)  # type: ignore[arg-type]
            killed.restart()
            assert give(killed, price(0, "4.60"), offset=0) == [("normal", "line", "crossed")]
            again = killed.give(activated("f0", 60), topic="grain-prices", offset=1).alerts
            assert {a.id for a in again} == {alert.id}
            killed.restart()
            assert memories(killed.table) == memories(whole.table)


def test_where_both_names_stand_the_old_one_is_withdrawn() -> None:
    """Two alarms do not become one: a trigger that had the name already keeps its own."""
    both = texts()["plans/grain.yaml"]
    trigger = both[both.index("  - id: upper") : both.index("  - id: lower")]
    first = load(texts(grain=both.replace("  - id: lower", trigger.replace("upper\n", "top\n") + "  - id: lower")))
    made = Bench(first)
    made.engine = Engine(first, STORED.get)
    made.give(price(0, "4.60"))
    assert give(made, activated("f0", 60)) == [("line", "normal", "withdrawn")]
    assert [key for key in memories(made.table) if "grain/top" in key] != []


def test_a_dead_letter_on_record_does_not_hinder_an_activation() -> None:
    """The table holds more than alarms."""
    made = bench()
    made.give(price(0, "4.30"))
    state = {"said": at(0).isoformat()}
    record = made.record("grain-prices", at(1))
    made.table['["dead-letters","grain-prices","0","x","bad_fact"]'] = after(
        None, record, exercise=None, due=None, state=state, alerts=[]
    )
    assert give(made, activated("aa", 60)) == [("normal", "line", "activated")]


def test_what_it_caused_is_said_again_after_the_alarm_is_over() -> None:
    """Killed with nothing acknowledged: the reading before the change says what it said, and nothing else."""
    made = bench()
    first = made.give(price(0, "4.60")).alerts
    second = made.give(price(1, "4.70")).alerts
    gone = made.give(activated("cc", 60), topic="grain-prices").alerts
    made.restart()
    assert made.give(price(0, "4.60"), offset=0).alerts == first
    assert made.give(price(1, "4.70"), offset=1).alerts == second == []
    assert made.give(activated("cc", 60), topic="grain-prices", offset=2).alerts == gone


# -- a detector that fails


def broken(made: Bench, name: str) -> None:
    """What another version of the program may have left behind: a memory that its detector cannot read."""
    made.restart()
    (key,) = (key for key in made.table if f'"{name}"' in key)
    entry = made.table[key]
    place, source, (base, kept, (severity, limits, _, clock), *rest), *about = entry.state
    state = [place, source, [base, kept, [severity, limits, "?", clock], *rest], *about]
    made.table[key] = msgspec.structs.replace(entry, state=state)


def test_a_detector_that_fails_is_a_pipeline_fault_and_the_others_go_on() -> None:
    """It names plan, detector and fact; the same hour tells it once, read again it tells it again."""
    double = texts()["plans/relief.yaml"].replace("id: relief", "id: second")
    made = Bench(load(texts(second=double)))
    made.give(report(0, deaths=1))
    broken(made, "relief/casualties")
    bad = report(1, deaths=3)
    alerts = made.give(bad, offset=7).alerts
    assert [(a.plan, a.subject, a.after) for a in alerts] == [
        ("second", "emergency-bureau/R1", "III"),
        ("pipeline-fault", "relief/casualties/emergency-bureau/R1", "line"),
    ]
    fault = alerts[1]
    detector = "relief/casualties（emergency-bureau/R1）"
    assert fault.explain.zh.startswith(f"预案 relief 的检测器 {detector}处理 fact {bad.id} 时出错：")
    made.restart()
    assert [a.id for a in made.give(bad, offset=7).alerts] == [a.id for a in alerts]
    later = made.give(report(2, deaths=4)).alerts
    assert [a.id for a in later if a.plan == "pipeline-fault"] == [fault.id], "one an hour"
