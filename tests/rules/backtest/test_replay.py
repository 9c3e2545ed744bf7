"""A backtest is the engine that runs live, on the data's own clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from rules.backtest.arrival import arrival, fingerprint, in_order
from rules.backtest.replay import Replay
from rules.backtest.run import backtest
from rules.loading import load
from tests.rules.builders import Bench, at, crowd, forecast, library, moves, paddy, price, report, texts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.alerts import Alert
    from rules.backtest.arrival import Arrival
    from rules.facts import AnyFact

TOPICS = ("grain-prices", "hazard-reports", "disaster-forecasts", "large-events")
LENGTH, END = 120, 240
"""Minutes in which facts are observed, and until which the clock runs."""

minutes = st.integers(0, LENGTH)
price_facts = st.builds(
    lambda minute, amount, point, late, revision: price(
        minute, amount, point=point, known_at=at(minute + late), revision=revision
    ),
    minutes, st.sampled_from(["4.00", "4.40", "4.55", "4.60", "4.80"]), st.sampled_from(["P01", "P02"]),
    st.sampled_from([0, 0, 0, 7, 45]), st.sampled_from([0, 0, 1]),
)  # fmt: skip
other_facts = st.one_of(
    st.builds(paddy, minutes, st.sampled_from(["2400", "2600", "3300"])),
    st.builds(lambda m, deaths: report(m, deaths=deaths), minutes, st.sampled_from([0, 1, 3, 10])),
    st.builds(
        lambda m, colour, lasts: forecast(m, colour, expires=at(m + lasts)),
        minutes, st.sampled_from(["blue", "yellow", "red"]), st.sampled_from([5, 30]),
    ),
    st.builds(crowd, minutes, st.sampled_from([1000, 8500, 10500])),
)  # fmt: skip
histories = st.lists(st.one_of(price_facts, other_facts), min_size=1, max_size=25)


def live(arrivals: Sequence[Arrival], every: int) -> list[Alert]:
    """A worker's engine: each fact appended as it comes, and a tick every so many minutes behind what has come."""
    bench = Bench(library(duration="30m"))
    waiting = list(arrivals)
    for minute in range(END + 1):
        while waiting and waiting[0].at <= at(minute):
            came = waiting.pop(0)
            bench.give(came.fact, appended_at=came.at)
        if minute % every == 0:
            for topic in TOPICS:
                bench.tick(minute, topic)
    return bench.alerts


def replayed(arrivals: Sequence[Arrival], until: Any = None) -> list[Alert]:
    return [told.alert for told in Replay(library(duration="30m")).run(arrivals, until)]


def by_subject(alerts: list[Alert]) -> dict[tuple[str, str], list[Alert]]:
    found: dict[tuple[str, str], list[Alert]] = {}
    for alert in alerts:
        found.setdefault((alert.detector, alert.subject), []).append(alert)
    return found


@settings(deadline=None, max_examples=50)
@given(histories)
def test_a_backtest_tells_the_very_alerts_that_the_live_engine_tells(facts: list[AnyFact]) -> None:
    """Late facts, corrections, delays and expiries; each alarm's alerts are equal to the last field."""
    arrivals = in_order(facts)
    assert by_subject(replayed(arrivals, at(END))) == by_subject(live(arrivals, every=1))


@settings(deadline=None, max_examples=50)
@given(st.lists(other_facts, min_size=1, max_size=25))
def test_sparse_ticks_and_dense_ones_come_to_the_same(facts: list[AnyFact]) -> None:
    """A tick every hour, every minute, or only where something falls due, for facts that come as they are observed."""
    arrivals = in_order(facts)
    due_only = by_subject(replayed(arrivals, at(END)))
    assert due_only == by_subject(live(arrivals, every=60)) == by_subject(live(arrivals, every=1))


def test_ticks_are_made_only_where_something_falls_due() -> None:
    """Ten years without an event cost one tick."""
    history = in_order([price(0, "4.60"), price(60 * 24 * 3650, "4.00")])
    replay = Replay(library(duration="30m"))
    told = list(replay.run(history))
    assert moves([one.alert for one in told]) == [
        ("normal", "approach", "approached"), ("approach", "line", "held"), ("line", "normal", "recovered"),
    ]  # fmt: skip
    assert [one.at for one in told] == [at(0), at(30), at(60 * 24 * 3650)]
    assert replay.ticks == 1


def test_the_clock_stops_at_the_last_fact_or_where_it_is_told() -> None:
    """What falls due later is not told: nobody knows what would have come in between."""
    history = in_order([price(0, "4.60")])
    assert moves(replayed(history)) == [("normal", "approach", "approached")]
    assert moves(replayed(history, at(29))) == [("normal", "approach", "approached")]
    assert moves(replayed(history, at(30)))[1:] == [("approach", "line", "held")]


def test_what_a_late_fact_makes_due_in_the_past_is_told_when_it_came() -> None:
    """The order of the alerts is the order of the clock."""
    late = price(0, "4.60", known_at=at(60))
    told = list(Replay(library(duration="30m")).run(in_order([late, price(90, "4.60", point="P02")])))
    assert [one.at for one in told] == sorted(one.at for one in told)
    assert told[0].at == at(60)


def test_facts_come_when_they_were_known_never_before_they_were_observed() -> None:
    """An import made years later would have come when it was known; `reported` takes the time of sending."""
    imported = price(0, "4.60", known_at=at(10), reported_at=at(5000))
    assert arrival(imported) == at(10)
    assert arrival(imported, "reported") == at(5000)
    assert arrival(price(5, "4.60", known_at=at(3))) == at(5)
    assert arrival(price(5, "4.60"), "reported") == at(5)


def test_facts_of_one_instant_keep_their_order_and_the_fingerprint_is_of_what_they_say() -> None:
    """So the same files give the same answer."""
    one, two = price(0, "4.60"), price(0, "4.60", point="P02")
    assert [came.fact for came in in_order([two, price(-5, "4.00"), one])][1:] == [two, one]
    assert fingerprint(in_order([one, two])) == fingerprint(in_order([one, price(0, "4.60", point="P02")]))
    assert fingerprint(in_order([one, two])) != fingerprint(in_order([one, price(0, "4.61", point="P02")]))


def test_what_the_engine_refuses_and_what_no_alarm_hears_is_counted() -> None:
    """A history that moves nothing says why."""
    result = backtest(
        library(), in_order([price(0, "4.60", point="P99"), price(1, "9", source="another"), price(2, "4.00")])
    )
    assert dict(result.refused) == {"unknown_point": 1}
    assert result.refusals[0].explain.en == "point: got 'P99', expected one of the site's 2 points"
    assert (result.applied, result.unwatched) == (3, 1)


def test_plans_that_did_nothing_have_their_figures_too() -> None:
    """A plan that never speaks is an answer."""
    result = backtest(load(texts()), in_order([price(0, "4.00")]))
    assert [one.plan for one in result.statistics] == ["event", "grain", "relief", "weather"]
    assert not any(one.alerts for one in result.statistics)


SILENT = """\
id: silent
titles: {zh: 断报, en: Silence}
tag: {zh: 断报, en: SILENT}
basis: [test]
scope: [county, point]
triggers:
  - id: silent
    when: {detector: silence, cadences: "1.5", stages: [retail], source: test}
escalation: {steps: [{page: [duty_officer], wait: 5m}], leader: [duty_leader]}
"""


def test_a_point_is_silent_from_its_last_reading_on_and_one_that_never_spoke_is_not() -> None:
    """P01 15 days after its last reading; P02 never: that a history lacks it says nothing of the past."""
    days = 24 * 60
    history = in_order([price(0, "4.00"), price(10 * days, "4.00"), price(30 * days, "4.00")])
    told = list(Replay(load(texts(silent=SILENT))).run(history, at(60 * days)))
    assert [(one.at, one.alert.subject, one.alert.after) for one in told] == [
        (at(25 * days), "P01/rice/retail", "line"),
        (at(30 * days), "P01/rice/retail", "normal"),
        (at(45 * days), "P01/rice/retail", "line"),
    ]
