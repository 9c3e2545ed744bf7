"""One occurrence may be an alarm of several plans: each alert names it, and the gravest comes first."""

from __future__ import annotations

from rules.loading import load
from tests.rules.builders import Bench, at, crowd, price, report, texts

SECOND = (
    texts()["plans/relief.yaml"]
    .replace("id: relief", "id: another")
    .replace("levels: {IV: 1, III: 3, II: 6, I: 10}", "levels: {IV: 1, III: 2}")
)


def test_the_gravest_of_several_plans_comes_first() -> None:
    """Food poisoning is one thing to health, another to food safety: whoever leads the graver is paged first."""
    bench = Bench(load(texts(second=SECOND)))
    alerts = bench.give(report(0, deaths=2)).alerts
    assert [(a.plan, a.after) for a in alerts] == [("another", "III"), ("relief", "IV")]
    assert [(a.plan, a.after) for a in bench.give(report(1, deaths=3)).alerts] == [("relief", "III")]


def test_read_again_it_is_told_in_the_same_order() -> None:
    """A worker that was killed says what it said."""
    bench = Bench(load(texts(second=SECOND)))
    first = bench.give(report(0, deaths=2), offset=5).alerts
    bench.restart()
    assert bench.give(report(0, deaths=2), offset=5).alerts == first


def test_an_alert_names_its_occurrence() -> None:
    """The event where there is one, else the report of its source; a reading is none."""
    bench = Bench(load(texts()))
    told = [
        bench.give(fact).alerts[0].occurrence
        for fact in (report(0, deaths=1), report(1, deaths=1, report="R2", event="E7"), crowd(2, 9500), price(3, "5"))
    ]
    assert told == ["emergency-bureau/R1", "E7", "lantern", ""]


def test_what_time_alone_tells_names_the_occurrence_too() -> None:
    """The alarm remembers what its last fact was about."""
    plan = texts()["plans/relief.yaml"].replace("when:", "on_delay: {duration: 1h}\n    when:", 1)
    bench = Bench(load(texts(relief=plan)))
    assert bench.give(report(0, deaths=1, event="E7")).alerts == []
    bench.restart()
    (alert,) = bench.tick(61, topic="hazard-reports").alerts
    assert (alert.occurrence, alert.at) == ("E7", at(60))
