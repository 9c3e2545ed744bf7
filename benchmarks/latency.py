"""From the answer 202 to the provider's HTTP request, one event at a time, beside the bare parts of that way."""

from __future__ import annotations

import asyncio
import time
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from sqlalchemy import Column, MetaData, Table, select

from benchmarks.installation import COUNTY, HEADERS, Installation, crossing, event, parts_for
from benchmarks.pairs import EMBEDDED, KAFKA, pair
from benchmarks.provider import Provider
from benchmarks.services import size
from benchmarks.table import Row, percentile
from infra import clock
from infra.wiring import stream_settings
from responders import schema
from responders.channels.base import Accepted, OutgoingText
from responders.channels.twilio_sms import TwilioSms
from responders.store import Store
from streams.embedded import EmbeddedProducer, SqliteLog
from streams.embedded.reader import LogReader
from streams.topics import ALERTS

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

    from benchmarks.pairs import Pair

WARM_UP = 10


def run() -> Iterator[Row]:
    """Both pairs."""
    for name in (EMBEDDED, KAFKA):
        with pair(name) as where:
            yield from asyncio.run(_measure(where))


async def _measure(where: Pair) -> list[Row]:
    events = size(200, 20)
    async with Provider() as provider:
        with Installation(
            where.directory, where.broker, where.database, provider.base, points=events + WARM_UP
        ) as house:
            await house.all_started(*parts_for(where.broker))
            return await _one_by_one(where.name, house, provider, events)


async def _one_by_one(name: str, house: Installation, provider: Provider, events: int) -> list[Row]:
    """An event, then each bare part once, and so on: whatever else the machine does meets all alike."""
    whole: list[float] = []
    parts: dict[str, list[float]] = {"hop": [], "commit": [], "call": []}
    async with AsyncExitStack() as stack:
        session = await stack.enter_async_context(aiohttp.ClientSession(headers=HEADERS))
        for number in range(WARM_UP):
            await _event(session, house, provider, number)
        hop = await stack.enter_async_context(_hop(house))
        commit = await stack.enter_async_context(_commit(house))
        call = await stack.enter_async_context(_call(house))
        for bare in (hop, commit, call) * WARM_UP:
            await bare()
        for number in range(WARM_UP, WARM_UP + events):
            whole.append(await _event(session, house, provider, number))
            for part, bare in (("hop", hop), ("commit", commit), ("call", call)):
                started = time.perf_counter()
                await bare()
                parts[part].append((time.perf_counter() - started) * 1000)
    bare_sum = 2 * percentile(parts["hop"], 0.5) + percentile(parts["commit"], 0.5) + percentile(parts["call"], 0.5)
    middle = percentile(whole, 0.5)
    shown = f"{middle:.1f}/{percentile(whole, 0.95):.1f}/{percentile(whole, 0.99):.1f}"
    said = "2×{:.1f}+{:.1f}+{:.1f}={:.1f} ms".format(*(percentile(p, 0.5) for p in parts.values()), bare_sum)
    return [
        Row(f"202 → provider, p50/p95/p99 ms of {events}, {name}", shown, said, f"{middle / bare_sum:.2f}", "<= 3.00",
            middle <= 3 * bare_sum),
        Row(f"202 → provider, p50, {name}, idle machine", f"{middle:.1f} ms", "", "", "<= 30 ms", middle <= 30),
    ]  # fmt: skip


async def _event(session: aiohttp.ClientSession, house: Installation, provider: Provider, number: int) -> float:
    async with session.post(f"{house.url}/api/v1/facts", data=crossing(number)) as answer:
        accepted = clock.utc_now()
        assert answer.status == 202, await answer.text()
    taken = await provider.has(event(number))
    return (taken.at - accepted).total_seconds() * 1000


@asynccontextmanager
async def _hop(house: Installation) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """Produce one record, durable as ours are, and have it read by a consumer that waits."""
    settings = stream_settings(house.settings, house.library)
    value = crossing(0)
    if settings.embedded:
        path = settings.log_path.with_name("hop.db")
        SqliteLog(path).create_topic("hop", 1)
        async with EmbeddedProducer(path) as producer:
            reader = LogReader(SqliteLog(path))
            reader.assign([("hop", 0)], {("hop", 0): 0})

            async def hop() -> None:
                sending = asyncio.ensure_future(producer.send("hop", COUNTY.encode(), value, 0))
                while not reader.read([("hop", 0)]):
                    await reader.wait(1.0)
                await sending

            yield hop
            reader.close()
        return
    place = TopicPartition(ALERTS, 0 if settings.partitions == 1 else settings.partitions - 1)
    kafka = AIOKafkaProducer(bootstrap_servers=settings.bootstrap, acks="all")
    consumer = AIOKafkaConsumer(bootstrap_servers=settings.bootstrap)
    async with kafka, consumer:
        consumer.assign([place])
        await consumer.seek_to_end(place)

        async def hop() -> None:
            sending = asyncio.ensure_future(kafka.send_and_wait(place.topic, value, partition=place.partition))
            await consumer.getone(place)
            await sending

        yield hop


@asynccontextmanager
async def _commit(house: Installation) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """The rows of one incident once more, into tables without a rule, in one transaction."""
    store = Store(house.settings.database)
    mirror = MetaData()
    rows: list[tuple[Table, list[dict[str, Any]]]] = []
    with store.read() as connection:
        incident = connection.execute(select(schema.incidents.c.id).limit(1)).scalar_one()
        for table in (
            schema.incidents,
            schema.alerts,
            schema.subjects,
            schema.pages,
            schema.reply_codes,
            schema.timeline,
        ):
            key = table.c.id if table is schema.incidents else table.c.incident
            copies = [dict(row) for row in connection.execute(select(table).where(key == incident)).mappings()]
            twin = Table(f"bench_{table.name}", mirror, *(Column(c.name, c.type) for c in table.c))
            rows.append((twin, copies))
    with store.write(wake=False) as connection:
        mirror.create_all(connection)

    async def commit() -> None:
        with store.write(wake=False) as connection:
            for table, copies in rows:
                if copies:
                    connection.execute(table.insert(), copies)

    yield commit
    store.close()


@asynccontextmanager
async def _call(house: Installation) -> AsyncIterator[Callable[[], Awaitable[None]]]:
    """One text by the same client."""
    twilio = house.settings.twilio
    channel = TwilioSms(twilio.account_sid, twilio.auth_token, twilio.from_number, api_base=twilio.api_base)
    text = OutgoingText("bare", "+12025550119", "一个电话 / one call " * 8, f"{house.url}/webhooks/twilio/status/bare")

    async def call() -> None:
        assert isinstance(await channel.send(text), Accepted)

    yield call
    await channel.aclose()
