"""The engine, held against a slow and obvious reference: however a log is cut, shuffled, repeated or read again."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules import entries
from rules.engine import Engine
from rules.entries import MappingStates, Record
from rules.facts import DrillEnded, DrillStarted, PlanActivated, Tick
from rules.loading import load
from rules.severity import Severity
from tests.rules import reference
from tests.rules.builders import COUNTY, POINTS, Bench, at, crowd, forecast, library, memories, price, report, texts
from tests.rules.reference import Move
from tests.rules.ways import delivered, run

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from rules.alerts import Alert
    from rules.entries import Entry, Outcome
    from rules.facts import AnyFact, Message
    from rules.library import Library

PROPERTY = settings(deadline=None, max_examples=100)
PRICES = st.sampled_from(["4.00", "4.37", "4.508", "4.60", "4.60", "4.61"])
PERSISTENCE = st.sampled_from([(1, "0"), (2, "0"), (1, "10m"), (3, "15m")])
WAIT = {"0": timedelta(0), "10m": timedelta(minutes=10), "15m": timedelta(minutes=15)}
MINUTES = st.sampled_from([0, 5, 9, 10, 12, 20, 31, 45])  # few, so that facts meet


# -- the facts of one subject, of each kind


def readings() -> st.SearchStrategy[AnyFact]:
    return st.builds(lambda m, p, r: price(m, p, revision=r), MINUTES, PRICES, st.integers(0, 2))


def reports() -> st.SearchStrategy[AnyFact]:
    few = st.none() | st.integers(0, 6)
    return st.builds(
        lambda m, name, rev, dead, missing, moved, loss: report(
            m, report=name, event="E", revision=rev, deaths=dead, missing=missing, relocated=moved, loss_cny=loss
        ),
        MINUTES, st.sampled_from(["R1", "R2"]), st.integers(0, 2), few, few,
        st.none() | st.sampled_from([0, 299, 300, 1000]),
        st.none() | st.sampled_from([Decimal("99999999.99"), Decimal(100_000_000)]),
    )  # fmt: skip


def warnings() -> st.SearchStrategy[AnyFact]:
    return st.builds(
        lambda m, name, rev, colour, message, lasts, refs: forecast(
            m, colour, warning=name, revision=rev, message=message, references=refs,
            expires=None if lasts is None else at(m + lasts),
        ),
        MINUTES, st.sampled_from(["W1", "W2", "W3"]), st.integers(0, 2), st.sampled_from(["blue", "yellow", "red"]),
        st.sampled_from(["alert", "alert", "update", "cancel"]), st.none() | st.integers(-5, 60),
        st.lists(st.sampled_from(["W1", "W2", "W9"]), max_size=2),
    )  # fmt: skip


def crowds() -> st.SearchStrategy[AnyFact]:
    return st.builds(
        lambda m, source, rev, people, capacity: crowd(m, people, source=source, revision=rev, capacity=capacity),
        MINUTES, st.sampled_from(["police", "tickets"]), st.integers(0, 2),
        st.none() | st.sampled_from([0, 7999, 8000, 9000, 10000]), st.none() | st.sampled_from([10000, 8000]),
    )  # fmt: skip


KINDS: dict[str, tuple[Callable[[], st.SearchStrategy[AnyFact]], Callable[[list[Any], datetime], str]]] = {
    "reports": (reports, reference.casualties_at),
    "warnings": (warnings, reference.colour_at),
    "crowds": (crowds, reference.filling_at),
}


def only(bench: Bench) -> tuple[Entry, Any]:
    """The one entry, and its detector's memory as plain JSON."""
    bench.restart()
    (entry,) = bench.table.values()
    return entry, entry.state[2]


@given(delivered(readings), PERSISTENCE)
@PROPERTY
def test_a_line_ends_in_the_same_state_however_its_readings_come(
    case: tuple[list[Any], Any], how: tuple[int, str]
) -> None:
    """Order, repetition, correction, restart, ticks: the same memory, and the severity the reference finds."""
    facts, ways = case
    first, second = (run(way, library(*how), "grain-prices") for way in ways)
    assert memories(first.table) == memories(second.table)
    entry, (_, _, (severity, *_), *_) = only(first)
    expected = reference.line_at(reference.highest_revisions(facts), at(250), how[0], WAIT[how[1]])
    assert Severity(severity).word == expected
    assert entry.due is None or entry.due > at(250)
    assert [first.alerts[-1].after] == [expected] if first.alerts else expected == "normal"


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@PROPERTY
def test_a_table_ends_in_the_same_state_however_its_facts_come(kind: str, data: st.DataObject) -> None:
    """The same for reports of an event, warnings of a hazard, and a crowd seen by two sources."""
    strategy, level = KINDS[kind]
    facts, ways = data.draw(delivered(strategy))
    first, second = (run(way, library(), facts[0].topic) for way in ways)
    assert memories(first.table) == memories(second.table)
    _, state = only(first)
    expected = level(reference.highest_revisions(facts), at(250))
    assert Severity(state[2][0]).word == expected
    assert [first.alerts[-1].after] == [expected] if first.alerts else expected == "normal"
    assert all(a.before == b.after for b, a in zip(first.alerts, first.alerts[1:], strict=False)), "a chain"


@given(
    st.lists(
        st.tuples(st.sampled_from(["4.00", "4.508", "4.60"]), st.none() | st.integers(0, 20)), min_size=1, max_size=10
    ),
    PERSISTENCE,
)
@PROPERTY
def test_a_tick_that_runs_ahead_of_a_reading_does_not_outlive_it(
    steps: list[tuple[str, int | None]], how: tuple[int, str]
) -> None:
    """A reading takes minutes to arrive, a tick none: once it is here, it is as if the tick had come after it."""
    facts = [price(3 * i, amount) for i, (amount, _) in enumerate(steps)]
    ticks = [None if ahead is None else Tick(at=at(3 * i + ahead)) for i, (_, ahead) in enumerate(steps)]
    ahead_of = [m for pair in zip(facts, ticks, strict=True) for m in pair if m is not None]
    hurried, calm = (run(way, library(*how), "grain-prices") for way in (ahead_of, facts))
    assert memories(hurried.table) == memories(calm.table)
    last = [bench.alerts[-1].after if bench.alerts else "normal" for bench in (hurried, calm)]
    assert last[0] == last[1]


@given(st.data(), PERSISTENCE)
@PROPERTY
def test_lateness_within_what_is_kept_changes_nothing(data: st.DataObject, how: tuple[int, str]) -> None:
    """60 readings, each at most 15 places late or corrected: as if all had come in order."""
    prices = data.draw(st.lists(PRICES, min_size=60, max_size=60))
    facts = [price(i, p) for i, p in enumerate(prices)]
    corrected = [
        price(i, data.draw(PRICES), revision=1)
        for i in data.draw(st.lists(st.integers(0, 59), max_size=4, unique=True))
    ]
    late = data.draw(st.lists(st.integers(0, 15), min_size=len(facts), max_size=len(facts)))
    order = sorted(
        [*facts, *corrected], key=lambda f: (f.observed_at + timedelta(minutes=late[facts_index(f)]), f.revision)
    )
    bench = run(order, library(*how), "grain-prices")
    plain = run(sorted([*facts, *corrected], key=lambda f: (f.observed_at, f.revision)), library(*how), "grain-prices")
    assert memories(bench.table) == memories(plain.table)
    expected = reference.line_at(reference.highest_revisions([*facts, *corrected]), at(250), how[0], WAIT[how[1]])
    assert (bench.alerts[-1].after if bench.alerts else "normal") == expected


def facts_index(fact: Any) -> int:
    return round((fact.observed_at - at(0)) / timedelta(minutes=1))


# -- in order: the same alerts, whatever the ticks and restarts


def cause(alert: Alert) -> Any:
    return alert.cause.due if alert.cause.fact is None else (alert.cause.fact, alert.cause.revision)


def in_order(draw: st.DrawFn | Any, facts: list[Any]) -> list[Any]:
    """Ticks between the facts and restarts anywhere; no tick before a fact that is older than it."""
    way: list[Any] = []
    for fact, after in zip(facts, [*facts[1:], None], strict=True):
        way.append(fact)
        end = at(250) if after is None else after.observed_at
        ticks = draw(st.lists(st.integers(0, int((end - fact.observed_at).total_seconds())), max_size=3))
        way += [Tick(at=fact.observed_at + timedelta(seconds=s)) for s in sorted(ticks)]
        if draw(st.booleans()):
            way.append(None)
    return way


@given(st.data(), PERSISTENCE)
@PROPERTY
def test_in_order_a_line_gives_the_same_alerts_whatever_the_ticks(data: st.DataObject, how: tuple[int, str]) -> None:
    """The ids and their order, dense or sparse; and they are those of the reference."""
    facts = sorted(
        data.draw(st.lists(readings(), min_size=1, max_size=14, unique_by=lambda f: f.observed_at)),
        key=lambda f: f.observed_at,
    )
    benches = [run(in_order(data.draw, facts), library(*how), "grain-prices") for _ in range(2)]
    assert [a.id for a in benches[0].alerts] == [a.id for a in benches[1].alerts]
    instants = [f.observed_at + WAIT[how[1]] for f in facts]
    expected = reference.moves_in_order(
        facts, instants, at(250), lambda known, clock: reference.line_at(known, clock, how[0], WAIT[how[1]])
    )
    assert [Move(a.before, a.after, cause(a)) for a in benches[0].alerts] == expected


@pytest.mark.parametrize("kind", KINDS)
@given(data=st.data())
@PROPERTY
def test_in_order_a_table_gives_the_same_alerts_whatever_the_ticks(kind: str, data: st.DataObject) -> None:
    """Expiry on the way is an alert of its own, at its own instant, however sparse the ticks are."""
    strategy, level = KINDS[kind]
    facts = data.draw(st.lists(strategy(), min_size=1, max_size=14, unique_by=lambda f: f.observed_at))
    facts.sort(key=lambda f: f.observed_at)
    benches = [run(in_order(data.draw, facts), library(), facts[0].topic) for _ in range(2)]
    assert [a.id for a in benches[0].alerts] == [a.id for a in benches[1].alerts]
    instants = [f.expires for f in facts if getattr(f, "expires", None)]
    expected = reference.moves_in_order(facts, instants, at(250), level)
    assert [Move(a.before, a.after, cause(a)) for a in benches[0].alerts] == expected


# -- killed anywhere


@cache
def stored(readings: int, duration: str) -> dict[str, Library]:
    """Libraries that the log may activate: stricter, with a trigger renamed, watching silence, with nothing of it."""
    files = texts(readings=readings, duration=duration)
    grain = files["plans/grain.yaml"]
    silent = "triggers:\n  - {id: silent, when: {detector: silence, stages: [retail], cadences: 1, source: test}}\n"
    found = [
        files,
        files | {"points.yaml": POINTS.replace("10d", "10m").replace('upper: "4.60"', 'upper: "4.40"')},
        files | {"plans/grain.yaml": grain.replace("id: upper", "id: top\n    was: [upper]")},
        files | {"plans/grain.yaml": grain.replace("triggers:\n", silent), "points.yaml": POINTS.replace("10d", "10m")},
        {name: text for name, text in files.items() if not name.startswith("plans/") or "relief" in name},
    ]
    return {str(number) * 64: load(one) for number, one in enumerate(found)}


CONTENTS = [str(number) * 64 for number in range(5)]
TOPICS = ("grain-prices", "hazard-reports", "disaster-forecasts", "large-events")


@st.composite
def logs(draw: st.DrawFn) -> dict[str, list[tuple[Message, datetime]]]:
    """What stands on each topic: facts late, repeated, corrected, in conflict; ticks; plans activated; a drill."""
    found: dict[str, list[tuple[Message, datetime]]] = {}
    busy = draw(st.sampled_from(TOPICS))
    for topic, strategy in zip(TOPICS, (readings, reports, warnings, crowds), strict=True):
        own: list[tuple[Message, datetime]] = []
        minute = 0
        if draw(st.booleans()):
            own.append((DrillStarted(exercise="drill", source="drill", at=at(0)), at(0)))
        for what in draw(st.lists(st.sampled_from("ffffsssstdpp"), max_size=12 if topic == busy else 2)):
            minute += draw(st.sampled_from([0, 5, 20]))
            if what == "t":
                own.append((Tick(at=at(minute), exercise=draw(st.sampled_from([None, "drill"]))), at(minute)))
            elif what == "p":
                content = draw(st.sampled_from(CONTENTS))
                own.append((PlanActivated(content=content, counties=[COUNTY], at=at(minute)), at(minute)))
            elif what == "d":
                end = DrillEnded(exercise="drill", at=at(minute))
                mark = draw(st.sampled_from([DrillStarted(exercise="drill", source="drill", at=at(minute)), end, end]))
                own.append((mark, at(minute)))
            else:
                fact = draw(strategy())
                if what == "s":
                    fact = in_drill(fact)
                own.append((fact, max(at(minute), fact.observed_at) if draw(st.booleans()) else at(minute)))
        found[topic] = own
    return found


def in_drill(fact: Any) -> Any:
    return msgspec.structs.replace(fact, exercise="drill", source="drill")


class Worker:
    """Reads the logs in batches; each batch is three writes, and it may die between any two records of them."""

    def __init__(self, log: dict[str, list[tuple[Message, datetime]]], how: tuple[int, str]) -> None:
        self.log, self.engine = log, Engine(library(*how), stored(*how).get)
        self.changelog: dict[str, bytes] = {}
        self.committed = dict.fromkeys(log, 0)
        self.left: set[Any] = set()
        self.dead: set[Any] = set()

    def live(self, batches: list[tuple[str, int]], dies_after: int | None) -> None:
        """From start to death: `dies_after` so many single writes, or when the log is at its end."""
        table: dict[str, Entry] = {key: entries.decode(raw) for key, raw in self.changelog.items()}
        position = dict(self.committed)
        for topic, size in batches:
            changed: dict[str, Entry | None] = {}
            sends: list[tuple[set[Any], Any]] = []
            for offset in range(position[topic], min(position[topic] + size, len(self.log[topic]))):
                outcome = self._apply(table, topic, offset)
                for key, entry in outcome.entries.items():
                    changed.pop(key, None)
                    changed[key] = entry
                    if entry is None:
                        table.pop(key, None)
                    else:
                        table[key] = entry
                sends += [(self.left, alert.id) for alert in outcome.alerts]
                if outcome.rejected:
                    sends.append((self.dead, (topic, offset, outcome.rejected)))
                position[topic] = offset + 1
            writes: list[Callable[[], Any]] = [lambda k=k, e=e: self._write(k, e) for k, e in changed.items()]  # type: ignore[misc]
            writes += [lambda s=s, v=v: s.add(v) for s, v in sends]  # type: ignore[misc]
            writes.append(lambda t=topic, p=position[topic]: self.committed.__setitem__(t, p))  # type: ignore[misc]
            for write in writes:
                if dies_after is not None:
                    dies_after -= 1
                    if dies_after < 0:
                        return
                write()

    def finish(self) -> None:
        self.live([(topic, len(messages)) for topic, messages in self.log.items()], None)

    def _apply(self, table: dict[str, Entry], topic: str, offset: int) -> Outcome:
        message, appended_at = self.log[topic][offset]
        record = Record(topic, "id-1", 0, offset, appended_at, self.committed[topic])
        return self.engine.apply(MappingStates(table), record, message)

    def _write(self, key: str, entry: Entry | None) -> None:
        if entry is None:
            self.changelog.pop(key, None)
        else:
            self.changelog[key] = entries.encode(entry)

    def memory(self) -> dict[str, Any]:
        return memories({key: entries.decode(raw) for key, raw in self.changelog.items()})


@given(logs(), PERSISTENCE, st.data())
@settings(deadline=None, max_examples=150)
def test_killed_anywhere_a_worker_loses_and_doubles_nothing(
    log: dict[str, Any], how: tuple[int, str], data: st.DataObject
) -> None:
    """State, alerts, offset: any prefix of the writes may be all that is left, as often as one likes.

    After the replay exactly those alerts have left, and those facts are dead letters, as in an undisturbed life.
    """
    undisturbed = Worker(log, how)
    undisturbed.finish()
    killed = Worker(log, how)
    batch = st.tuples(
        st.sampled_from(TOPICS + tuple(t for t in TOPICS for _ in range(8) if len(log[t]) > 2)), st.integers(1, 12)
    )
    for _ in range(data.draw(st.integers(1, 4))):
        killed.live(data.draw(st.lists(batch, min_size=1, max_size=4)), data.draw(st.integers(0, 15)))
    killed.finish()
    assert killed.left == undisturbed.left
    assert killed.dead == undisturbed.dead
    assert killed.memory() == undisturbed.memory()


@given(logs(), st.data())
@PROPERTY
def test_topics_may_be_read_in_any_interleaving(log: dict[str, Any], data: st.DataObject) -> None:
    """Kafka has no order across topics: the same final state, and the same alerts."""
    one, other = Worker(log, (1, "10m")), Worker(log, (1, "10m"))
    one.finish()
    other.live(data.draw(st.lists(st.tuples(st.sampled_from(TOPICS), st.integers(1, 3)), max_size=20)), None)
    other.finish()
    assert (one.left, one.dead, one.memory()) == (other.left, other.dead, other.memory())


@given(logs(), st.data())
@PROPERTY
def test_read_again_from_a_stale_offset_the_same_alerts_leave(log: dict[str, Any], data: st.DataObject) -> None:
    """The state is newer than the offset: each message read again says what it said, and changes nothing."""
    worker = Worker(log, (1, "10m"))
    table: dict[str, Entry] = {}
    said: dict[tuple[str, int], Any] = {}
    for topic, messages in log.items():
        for offset in range(len(messages)):
            outcome = worker._apply(table, topic, offset)
            said[topic, offset] = ({a.id for a in outcome.alerts}, outcome.rejected)
            _keep(table, outcome)
    table = {key: entries.decode(entries.encode(entry)) for key, entry in table.items()}
    before = memories(table)
    for topic, messages in log.items():
        for offset in range(data.draw(st.integers(0, len(messages))), len(messages)):
            outcome = worker._apply(table, topic, offset)
            assert ({a.id for a in outcome.alerts}, outcome.rejected) == said[topic, offset]
            _keep(table, outcome)
    assert memories(table) == before


def _keep(table: dict[str, Entry], outcome: Outcome) -> None:
    for key, entry in outcome.entries.items():
        if entry is None:
            table.pop(key, None)
        else:
            table[key] = entry


# -- what is remembered is let go


def test_memories_are_let_go_only_behind_the_committed_offset() -> None:
    """The ring would grow for ever, or a worker would come back having forgotten: the offset decides."""
    bench = Bench()
    prices = ["4.60", "4.00", "4.60", "4.00"]
    for i, p in enumerate(prices):
        bench.give(price(i, p))
    (entry,) = bench.table.values()
    assert [c.offset for c in entry.caused] == [0, 1, 2, 3]
    bench.committed = 2
    bench.give(price(9, "4.60"))
    (entry,) = bench.table.values()
    assert [c.offset for c in entry.caused] == [2, 3, 4]


def test_an_offset_of_a_topic_made_anew_is_another_offset() -> None:
    """A new topic starts at 0: its first message is not taken for the old one's, and its alerts are its own."""
    bench = Bench()
    old = bench.give(price(0, "4.60")).alerts
    bench.give(price(1, "4.00"))
    new = bench.give(price(2, "4.60"), offset=0, topic_id="id-2").alerts
    assert [a.cause.fact for a in new] == [price(2, "4.60").id]
    again = bench.give(price(2, "4.60"), offset=0, topic_id="id-2").alerts
    assert [a.id for a in again] == [a.id for a in new]
    assert old[0].id not in {a.id for a in again}
    assert bench.give(Tick(at=at(3)), offset=0, topic_id="id-3").alerts == []
