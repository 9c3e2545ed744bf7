"""A drill is the real pipeline, walled off: each wall is a test that tries to break through."""

from __future__ import annotations

from typing import Any

import pytest

from rules.alerts import Words
from rules.entries import MappingStates, Record
from rules.facts import DrillEnded, DrillStarted, Tick
from tests.rules.builders import Bench, at, crowd, forecast, library, moves, price, report

DRILL = {"exercise": "drill-1", "source": "drill"}


def running(library_: Any = None) -> Bench:
    bench = Bench(library_)
    bench.start_drill("drill-1")
    return bench


def refused(exercise: str, source: str) -> tuple[dict[str, Any], list[Any], tuple[str, str]]:
    explain = Words(
        zh=f"exercise：得到 '{exercise}'，应为数据源 {source} 正在进行的演练",
        en=f"exercise: got '{exercise}', expected a running drill of source {source}",
    )
    return {}, [], ("unknown_drill", explain)


# -- who may write drill facts


def test_a_fact_of_a_running_drill_counts() -> None:
    """The deciding source of the point is the drill's own."""
    bench = running()
    (alert,) = bench.give(price(1, "4.60", **DRILL)).alerts
    assert (alert.exercise, alert.source, alert.after) == ("drill-1", "drill", "line")


def test_a_fact_of_an_unknown_drill_is_refused() -> None:
    """A sensor left in test mode must not be silent: a dead letter, and from that a pipeline fault."""
    assert Bench().give(price(1, "4.60", **DRILL)) == refused("drill-1", "drill")
    assert running().give(price(1, "4.60", exercise="drill-2", source="drill")) == refused("drill-2", "drill")


def test_a_fact_of_another_sources_drill_is_refused() -> None:
    """The real sensor of the point is no participant."""
    assert running().give(price(1, "4.60", exercise="drill-1")) == refused("drill-1", "wuyi-grain-office")


def test_a_fact_of_an_ended_drill_is_refused() -> None:
    """And so it stays: an id is used once."""
    bench = running()
    bench.end_drill("drill-1")
    assert bench.give(price(1, "4.60", **DRILL)) == refused("drill-1", "drill")
    assert bench.start_drill("drill-1") == ({}, [], None)
    assert bench.give(price(1, "4.60", **DRILL)) == refused("drill-1", "drill")


def test_a_drill_is_registered_in_each_topic_of_its_own() -> None:
    """Kafka has no order across topics: what runs is decided within one."""
    assert running().give(report(1, deaths=9, **DRILL)) == refused("drill-1", "drill")


@pytest.mark.parametrize("fact", [report(1, deaths=9, **DRILL), forecast(1, "red", **DRILL), crowd(1, 10000, **DRILL)])
def test_every_kind_of_fact_may_be_exercised(fact: Any) -> None:
    """All four."""
    bench = Bench()
    bench.start_drill("drill-1", topic=fact.topic)
    assert [a.exercise for a in bench.give(fact).alerts] == ["drill-1"]


def test_a_drill_fact_is_still_held_to_everything_else() -> None:
    """Unknown point, foreign county, the future."""
    bench = running()
    assert bench.give(price(1, "4.60", point="P99", **DRILL)).rejected.reason == "unknown_point"  # type: ignore[union-attr]
    assert bench.give(price(1, "4.60", county="330724", **DRILL)).rejected.reason == "unknown_county"  # type: ignore[union-attr]
    assert bench.give(price(9, "4.60", **DRILL), appended_at=at(1)).rejected.reason == "future"  # type: ignore[union-attr]


# -- neither sees the other


def test_a_drill_starts_from_nothing() -> None:
    """A real alarm is active: the drill's is not."""
    bench = running()
    bench.give(price(0, "4.60"))
    assert moves(bench.give(price(1, "4.40", **DRILL)).alerts) == [("normal", "approach", "approached")]


def test_a_real_crossing_in_the_middle_of_a_drill_is_a_real_alert() -> None:
    """The same point, price and minute: another identity, and not the drill's."""
    bench = running()
    (drilled,) = bench.give(price(1, "4.60", **DRILL)).alerts
    (real,) = bench.give(price(1, "4.60")).alerts
    assert (real.exercise, real.before, real.after) == (None, "normal", "line")
    assert real.id != drilled.id
    assert real.cause.fact != drilled.cause.fact


def test_the_end_of_an_alarm_on_one_side_ends_nothing_on_the_other() -> None:
    """Both directions."""
    bench = running()
    bench.give(price(1, "4.60", **DRILL))
    bench.give(price(1, "4.60"))
    assert [(a.exercise, a.after) for a in bench.give(price(2, "4.00", **DRILL)).alerts] == [("drill-1", "normal")]
    assert [(a.exercise, a.after) for a in bench.give(price(3, "4.00")).alerts] == [(None, "normal")]


def test_two_drills_do_not_see_each_other() -> None:
    """At the same time, on the same point."""
    bench = running()
    bench.start_drill("drill-2", source="other")
    bench.give(price(1, "4.60", **DRILL))
    assert moves(bench.give(price(1, "4.40", exercise="drill-2", source="other")).alerts) == [
        ("normal", "approach", "approached")
    ]


@pytest.mark.parametrize(("clock", "touched"), [(None, None), ("drill-1", "drill-1"), ("drill-2", "nothing")])
def test_each_has_its_own_clock(clock: str | None, touched: str | None) -> None:
    """A tick of one fires no timer of the other; both timers are due."""
    bench = running(library(1, "10m"))
    bench.give(price(0, "4.60"))
    bench.give(price(0, "4.60", **DRILL))
    alerts = bench.tick(20, exercise=clock).alerts
    assert [a.exercise for a in alerts] == ([] if touched == "nothing" else [touched])


# -- its end


def test_a_drill_that_has_ended_leaves_nothing() -> None:
    """Every entry of it is deleted, in this topic and partition; the real ones stay; that it was, is remembered."""
    bench = running()
    bench.give(price(1, "4.60", **DRILL))
    bench.give(price(1, "4.60", point="P02", **DRILL))
    bench.give(price(1, "4.60"))
    outcome = bench.end_drill("drill-1")
    assert sorted(key for key, entry in outcome.entries.items() if entry is None) == [
        '["330723","drill-1","grain/upper","P01/rice/retail"]',
        '["330723","drill-1","grain/upper","P02/rice/retail"]',
    ]
    assert sorted(bench.table) == [
        '["330723",null,"grain/upper","P01/rice/retail"]', '["drill","grain-prices",0,"drill-1"]',
    ]  # fmt: skip


@pytest.mark.parametrize("exercise", ["drill-2", "drill-1"])
def test_ending_what_does_not_run_ends_nothing(exercise: str) -> None:
    """Unknown, or ended before."""
    bench = running()
    bench.end_drill("drill-1")
    assert bench.end_drill(exercise) == ({}, [], None)


def test_ticks_after_the_end_do_nothing() -> None:
    """Its timers went with it."""
    bench = running(library(1, "10m"))
    bench.give(price(0, "4.60", **DRILL))
    bench.end_drill("drill-1", minutes=5)
    assert bench.tick(60, exercise="drill-1") == ({}, [], None)


# -- read again


def test_facts_read_again_after_the_end_change_nothing_and_say_what_they_said() -> None:
    """The worker died after the state was written and before the last alert of the drill had left."""
    bench = running(library(1, "10m"))
    crossed = bench.give(price(1, "4.60", **DRILL)).alerts
    held = bench.tick(15, exercise="drill-1").alerts
    conflict = bench.give(price(1, "4.70", **DRILL)).rejected
    bench.end_drill("drill-1", minutes=20)
    bench.restart()
    before = dict(bench.table)
    assert (moves(crossed), moves(held)) == ([("normal", "approach", "approached")], [("approach", "line", "held")])
    assert bench.give(price(1, "4.60", **DRILL), offset=1) == ({}, crossed, None)
    again = bench.give(Tick(at=at(15), exercise="drill-1"), offset=2)
    assert again == ({}, held, None)
    assert bench.give(price(1, "4.70", **DRILL), offset=3) == ({}, [], conflict)
    assert bench.give(DrillEnded(exercise="drill-1", at=at(20)), offset=4) == ({}, [], None)
    assert bench.table == before


def test_the_end_read_again_clears_away_what_was_left() -> None:
    """The end was written, the deletions were not."""
    bench = running()
    bench.give(price(1, "4.60", **DRILL))
    key = '["330723","drill-1","grain/upper","P01/rice/retail"]'
    left_over = bench.table[key]
    bench.end_drill("drill-1")
    bench.table[key] = left_over
    outcome = bench.give(DrillEnded(exercise="drill-1", at=at(0)), offset=2)
    assert outcome.entries == {key: None}


def test_what_stood_before_the_start_stays_outside() -> None:
    """Read again with the newer state, a fact or an end from before the start is refused, or nothing, as at first."""
    bench = Bench()
    early = bench.give(price(1, "4.60", **DRILL))
    assert early == refused("drill-1", "drill")
    bench.give(DrillEnded(exercise="drill-1", at=at(0)))
    bench.start_drill("drill-1")
    assert bench.give(price(1, "4.60", **DRILL), offset=0) == early
    assert bench.give(DrillEnded(exercise="drill-1", at=at(0)), offset=1) == ({}, [], None)
    assert bench.give(price(1, "4.60", **DRILL)).alerts != []


def test_a_topic_made_anew_knows_no_drill_of_the_old_one() -> None:
    """Its offsets begin at 0: nothing in it is of an ended drill, silently swallowed."""
    bench = running()
    bench.end_drill("drill-1")
    outcome = bench.give(price(1, "4.60", **DRILL), offset=0, topic_id="id-2")
    assert outcome == refused("drill-1", "drill")
    bench.give(DrillStarted(exercise="drill-1", source="drill", at=at(2)), offset=1, topic_id="id-2")
    assert bench.give(price(3, "4.60", **DRILL), offset=2, topic_id="id-2").alerts != []


def test_a_drill_of_another_partition_is_another_partitions() -> None:
    """Its end there deletes nothing here."""
    bench = running()
    bench.give(price(1, "4.60", **DRILL))
    there = Record("grain-prices", "id-1", 7, 0, at(5))
    for message in (
        DrillStarted(exercise="drill-1", source="drill", at=at(2)),
        DrillEnded(exercise="drill-1", at=at(3)),
    ):
        bench.keep(bench.engine.apply(MappingStates(bench.table), there, message))
        there = there._replace(offset=there.offset + 1)
    assert '["330723","drill-1","grain/upper","P01/rice/retail"]' in bench.table
