"""Messages a second of our worker beside a bare Faust agent that writes one table entry a message.

The same facts, the same broker, the same settings of Faust; each round a process of its own that reads the topic from
the beginning under a new group: `python -m benchmarks.streams ours|bare` with the rest on standard input.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
import time
import uuid
from statistics import median
from typing import TYPE_CHECKING, Any

import faust

from benchmarks import engine
from benchmarks.pairs import EMBEDDED
from benchmarks.processes import end_with_parent
from benchmarks.services import kafka, size
from benchmarks.table import Row
from infra import clock
from rules.engine import Engine
from rules.facts import encode
from streams.app import build_app
from streams.embedded import EmbeddedProducer
from streams.embedded import Outgoing as EmbeddedOutgoing
from streams.producing import open_producer
from streams.provision import provision
from streams.running import run_app
from streams.settings import StreamSettings
from streams.topics import changelog

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.alerts import Alert

COUNTY, TOPIC, ROUNDS = "330723", "grain-prices", 3
_WITHIN = 300.0


def run() -> Iterator[Row]:
    """Kafka, then the embedded broker."""
    with tempfile.TemporaryDirectory(prefix="fenghuo-bench-") as made:
        yield _compare(EMBEDDED.partition("+")[0], f"sqlite:///{made}/broker.db", made)
        with kafka() as broker:
            yield _compare("Kafka", broker, made)


def _compare(name: str, broker: str, directory: str) -> Row:
    number = size(20_000, 4000)
    asyncio.run(_fill(_settings(broker, directory, "fill"), number))
    seconds: dict[str, list[float]] = {"ours": [], "bare": []}
    for _ in range(ROUNDS):
        for which in ("ours", "bare"):
            seconds[which].append(_round(which, broker, directory, number))
    ours, bare = number / median(seconds["ours"]), number / median(seconds["bare"])
    return Row(f"our worker, facts/s made durable, {name}", f"{ours:,.0f}/s", f"bare Faust agent {bare:,.0f}/s",
               f"{ours / bare:.2f}", ">= 0.80", ours >= 0.8 * bare)  # fmt: skip


def _settings(broker: str, directory: str, group: str) -> StreamSettings:
    return StreamSettings(
        broker=broker, county=COUNTY, data_dir=f"{directory}/{group}", group=group, partitions=4, tick_every=3600.0
    )


async def _fill(settings: StreamSettings, number: int) -> None:
    provision(settings)
    facts = [encode(reading) for reading in engine.readings(engine.lines_alone(), number)]
    if settings.embedded:
        async with EmbeddedProducer(settings.log_path) as file:
            for start in range(0, number, 5000):
                await file.send_many(
                    EmbeddedOutgoing(TOPIC, COUNTY.encode(), fact) for fact in facts[start : start + 5000]
                )
        return
    async with open_producer(settings) as producer:
        await producer.send_many([(TOPIC, COUNTY.encode(), fact, ()) for fact in facts])


def _round(which: str, broker: str, directory: str, number: int) -> float:
    """Seconds from the first message taken to the last one finished."""
    order = {"broker": broker, "directory": directory, "group": f"{which}-{uuid.uuid4().hex[:8]}", "number": number}
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.streams", which], input=json.dumps(order), capture_output=True, text=True,
        timeout=_WITHIN, check=False, preexec_fn=end_with_parent,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    return float(done.stdout.splitlines()[-1])


# -- one round, in its own process


async def _ours(settings: StreamSettings, number: int) -> float:
    """Until every message is acknowledged, which is after its state is confirmed by the broker."""

    async def deliver(_: list[Alert]) -> None:
        pass

    app = build_app(settings, Engine(engine.lines_alone()), deliver, clock.utc_now)
    stop = asyncio.Event()
    running = asyncio.ensure_future(run_app(app, stop=stop))
    started = 0.0
    while app.counters.acknowledged[TOPIC] < number:
        if not started and app.counters.read[TOPIC]:
            started = time.perf_counter()
        if running.done():
            await running
        await asyncio.sleep(0.005)
    seconds = time.perf_counter() - started
    assert app.counters.entries >= 35, app.counters.entries
    assert not app.counters.dead, app.counters.dead
    stop.set()
    await running
    return seconds


async def _bare(settings: StreamSettings, number: int) -> float:
    """Until the agent has set the table for every message: Faust waits for no confirmation."""
    app = faust.App(settings.group, **settings.faust_settings())
    table = app.Table("alarms", partitions=settings.partitions)
    topic = app.topic(TOPIC, partitions=settings.partitions, key_type=bytes, key_serializer="raw",
                      value_serializer="json")  # fmt: skip
    times: list[float] = []
    finished = asyncio.Event()

    async def agent(stream: Any) -> None:
        seen = 0
        async for fact in stream:
            if not seen:
                times.append(time.perf_counter())
            table[fact["point"]] = fact
            seen += 1
            if seen == number:
                times.append(time.perf_counter())
                finished.set()

    app.agent(topic)(agent)
    await app.start()
    await finished.wait()
    await app.stop()
    return times[1] - times[0]


async def _one(which: str, broker: str, directory: str, group: str, number: int) -> float:
    settings = _settings(broker, directory, group)
    provision(settings)
    assert changelog(group) == f"{group}-alarms-changelog"
    return await (_ours if which == "ours" else _bare)(settings, number)


if __name__ == "__main__":
    print(asyncio.run(_one(sys.argv[1], **json.load(sys.stdin))))
