"""Plans are activated in the log: each partition changes at its own offset, over restarts and with other workers."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec
import pytest

from rules import facts
from rules.engine import Engine
from rules.facts import PlanActivated
from rules.in_force import plans_key
from rules.loading import load
from streams import topics
from streams.app import build_app
from streams.reading import read_topic
from streams.topics import home_partition
from tests.rules.builders import POINTS, SITE, price, texts
from tests.streams.harness import COUNTY, until, utc_now
from tests.streams.readings import send

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.library import Library
    from streams.app import WorkerApp
    from tests.streams.harness import Site, Worker

OTHERS = ["330701", "330702", "330703"]
COUNTIES = [COUNTY, *OTHERS]
NAMED = ", ".join(f'"{code}": {{zh: {code}, en: "{code}"}}' for code in OTHERS)
WIDE = SITE + f"counties: {{{NAMED}}}\n"
OLD, STRICTER = "0" * 64, "5" * 64


def library(upper: str) -> Library:
    """The small site, with a point in each of four counties."""
    point = '\n  - id: P{0}\n    name: {{zh: 点, en: Point}}\n    division: "{0}001000"\n    lines: [{1}]\n'
    line = f'{{commodity: rice, stage: retail, upper: "{upper}", unit: 元/kg}}'
    return load(texts(site=WIDE, points=POINTS.rstrip() + "".join(point.format(code, line) for code in OTHERS)))


LIBRARIES = {OLD: library("4.60"), STRICTER: library("4.20")}


def engine() -> Engine:
    """As a worker has it that starts today: it begins with the old plans, and finds the others."""
    return Engine(LIBRARIES[OLD], LIBRARIES.get, OLD)


def quiet(minutes: float) -> list[facts.GrainPriceReading]:
    """A price in each county that is over the stricter line only."""
    return [price(minutes, "4.30", county=code, point=f"P{code}") for code in OTHERS]


def over(site: Site) -> dict[str, str]:
    """County → how the last alert left it."""
    return {alert.county: alert.after for alert in site.desk.alerts.values()}


def in_force(worker: Worker, topic: str = "grain-prices") -> dict[int, list[str]]:
    """Partition → the libraries that came into force there, as its state remembers them."""
    found = {}
    for number in range(4):
        entry = worker.app.table.get(plans_key(topic, number))
        if entry is not None:
            found[number] = [content for _, content in msgspec.to_builtins(entry.state)[0]]
    return found


async def activated(site: Site, content: str = STRICTER) -> int:
    return await site.producer.activate(content, COUNTIES, utc_now())


async def test_each_partition_is_told_with_the_counties_that_are_at_home_in_it(site: Site) -> None:
    """Four topics of four partitions; together the messages of a topic name each county once."""
    assert await activated(site) == 16
    for topic in topics.FACT_TOPICS:
        named: list[str] = []
        async for record in read_topic(site.settings, topic):
            message = json.loads(record.value or b"")
            assert (message["kind"], message["content"]) == ("plan_activated", STRICTER)
            assert {home_partition(code, 4) for code in message["counties"]} <= {record.partition}
            named += message["counties"]
        assert sorted(named) == sorted(COUNTIES)


async def test_a_stricter_line_is_crossed_by_the_last_reading_of_every_county(site: Site) -> None:
    """Nobody need wait for the next reading; and a worker that comes back judges by the plans that are in force."""
    worker = await site.start(site.build(engine=engine()))
    await send(site, *quiet(0))
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 3)
    assert over(site) == {}
    await activated(site)
    await until(lambda: over(site) == dict.fromkeys(OTHERS, "line"))
    assert {alert.reason for alert in site.desk.alerts.values()} == {"activated"}
    await worker.stop()
    again = await site.start(site.build(engine=engine()))
    assert in_force(again) == {number: [STRICTER] for number in range(4)}
    await send(site, *(msgspec.structs.replace(one, price=one.price - 1) for one in quiet(10)))
    await until(lambda: over(site) == dict.fromkeys(OTHERS, "normal"))
    await send(site, *quiet(20))
    await until(lambda: over(site) == dict.fromkeys(OTHERS, "line"))
    assert len(site.desk.deliveries) == len(site.desk.alerts) == 9


async def test_an_activation_while_no_worker_runs_counts_from_where_it_stands(site: Site) -> None:
    """What came before it is judged by the plans of its time, though nobody had read it yet."""
    first = await site.start(site.build(engine=engine()))
    await activated(site, OLD)
    await until(lambda: len(in_force(first)) == 4)
    await first.stop()
    high = [price(0, "4.70", county=code, point=f"P{code}") for code in OTHERS[:1]]
    await send(site, *high, *quiet(10)[1:])
    await activated(site)
    await send(site, *quiet(20)[2:])
    await site.start(site.build(engine=engine()))
    await until(lambda: over(site) == dict.fromkeys(OTHERS, "line"))
    reasons = {alert.county: alert.reason for alert in site.desk.alerts.values()}
    assert reasons == {OTHERS[0]: "crossed", OTHERS[1]: "activated", OTHERS[2]: "activated"}
    versions = {alert.county: alert.plan_version for alert in site.desk.alerts.values()}
    assert versions[OTHERS[0]] == LIBRARIES[OLD].versions["grain"]


async def test_broken_off_half_way_and_done_again(site: Site) -> None:
    """Every partition ends with the same library; where it was in force already, nothing changes."""
    worker = await site.start(site.build(engine=engine()))
    await send(site, *quiet(0))
    for number in (0, 2):
        counties = [code for code in COUNTIES if home_partition(code, 4) == number]
        value = facts.encode(PlanActivated(content=STRICTER, counties=counties, at=utc_now()))
        await site.producer.append("grain-prices", None, value, partition=number)
    await until(lambda: set(in_force(worker)) == {0, 2})
    await activated(site)
    await until(lambda: len(in_force(worker)) == 4 and worker.app.counters.acknowledged["grain-prices"] == 9)
    assert {contents[-1] for contents in in_force(worker).values()} == {STRICTER}
    await until(lambda: over(site) == dict.fromkeys(OTHERS, "line"))
    assert Counter(alert.county for alert in site.desk.alerts.values()) == dict.fromkeys(OTHERS, 1)


async def test_a_library_that_is_not_to_be_had_ends_the_worker_and_nothing_is_passed_over(
    site: Site, expected_errors: Callable[[str], None]
) -> None:
    """Its supervisor starts it again; once the library can be read, the log goes on from the same place."""
    expected_errors("agent of")
    worker = await site.start(site.build(engine=Engine(LIBRARIES[OLD], {OLD: LIBRARIES[OLD]}.get, OLD)))
    await send(site, *quiet(0))
    await until(lambda: worker.app.counters.acknowledged["grain-prices"] == 3)
    await activated(site)
    assert f"got library {STRICTER}, expected one that is stored" in await worker.failure()
    await site.start(site.build(engine=engine()))
    await until(lambda: over(site) == dict.fromkeys(OTHERS, "line"))
    letters = [record async for record in read_topic(site.settings, topics.DEAD_LETTERS)]
    assert letters == []


@pytest.mark.kafka
@pytest.mark.parametrize("settings", ["kafka"], indirect=True)
async def test_a_worker_that_joins_later_judges_its_share_by_what_is_in_force(site: Site) -> None:
    """It was not there when the plans changed: its partitions' state says what is in force."""

    def app(name: str) -> WorkerApp:
        own = replace(site.settings, worker_id=name, data_dir=f"{site.settings.data_dir}-{name}")
        return build_app(own, engine(), site.desk.deliver, utc_now)

    first = await site.start(app("a"))
    await activated(site)
    await until(lambda: len(in_force(first)) == 4)
    second = await site.start(app("b"))
    await until(lambda: len(in_force(first)) < 4)
    assert set(in_force(first)) | set(in_force(second)) == {0, 1, 2, 3}
    await send(site, *quiet(0))
    await until(lambda: over(site) == dict.fromkeys(OTHERS, "line"))
    assert {alert.reason for alert in site.desk.alerts.values()} == {"crossed"}
