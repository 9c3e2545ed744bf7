"""Facts over HTTP: the console beside a bare route that produces with the same acknowledgement.

`python -m benchmarks.http BROKER LISTEN` is the bare route. It is aiohttp's, as the console is: FastAPI is no
dependency of this project, and a slower framework would only flatter the ratio.
"""

from __future__ import annotations

import asyncio
import sys
import time
from statistics import median
from typing import TYPE_CHECKING

import aiohttp
from aiohttp import web
from aiokafka import AIOKafkaProducer

from benchmarks.installation import COUNTY, HEADERS, Installation, event, reading
from benchmarks.pairs import EMBEDDED, KAFKA, pair
from benchmarks.processes import Process
from benchmarks.services import size
from benchmarks.table import Row
from infra import clock
from streams.embedded import EmbeddedProducer, log_path
from tests.services.process import free_port

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from benchmarks.pairs import Pair

TOPIC, POINTS, ROUNDS = "grain-prices", 35, 3


def run() -> Iterator[Row]:
    """Both brokers."""
    for name in (EMBEDDED, KAFKA):
        with pair(name) as where:
            yield from asyncio.run(_measure(where))


async def _measure(where: Pair) -> list[Row]:
    broker = where.name.partition("+")[0]
    with Installation(where.directory, where.broker, where.database, "http://127.0.0.1:9", points=POINTS) as house:
        listen = f"127.0.0.1:{free_port()}"
        bare = Process([sys.executable, "-m", "benchmarks.http", where.broker, listen], where.directory / "bare.log")
        try:
            await house.all_started("console")
            await _answers(listen)
            rows = [
                await _one_by_one(broker, house.url, f"http://{listen}", at_once, size(number, 100))
                for at_once, number in ((1, 1000), (16, 3000))
            ]
            return [*rows, await _lines(broker, house.url, size(20_000, 1000))]
        finally:
            bare.stop()


async def _one_by_one(broker: str, ours: str, bare: str, at_once: int, number: int) -> Row:
    """Alternating; medians of the rounds."""
    rates: dict[str, list[float]] = {ours: [], bare: []}
    for _ in range(ROUNDS):
        for url in (ours, bare):
            rates[url].append(await _rate(url, at_once, number))
    here, there = median(rates[ours]), median(rates[bare])
    return Row(f"facts over HTTP, one a request, {at_once} at once, {broker}", f"{here:,.0f}/s",
               f"bare aiohttp route {there:,.0f}/s", f"{here / there:.2f}", ">= 0.50", here >= 0.5 * there)  # fmt: skip


async def _rate(url: str, at_once: int, number: int) -> float:
    bodies = iter(_facts(number))
    async with aiohttp.ClientSession(headers=HEADERS) as session:

        async def client() -> None:
            for body in bodies:
                async with session.post(f"{url}/api/v1/facts", data=body) as answer:
                    assert answer.status == 202, await answer.text()
                    await answer.read()

        started = time.perf_counter()
        await asyncio.gather(*(client() for _ in range(at_once)))
        return number / (time.perf_counter() - started)


async def _lines(broker: str, url: str, number: int) -> Row:
    """One request with many lines."""
    headers = {**HEADERS, "Content-Type": "application/x-ndjson"}
    rates = []
    async with aiohttp.ClientSession(headers=headers) as session:
        for _ in range(ROUNDS):
            body = b"\n".join(_facts(number))
            started = time.perf_counter()
            async with session.post(f"{url}/api/v1/facts", data=body) as answer:
                assert answer.status == 202, (await answer.text())[:500]
                await answer.read()
            rates.append(number / (time.perf_counter() - started))
    rate = median(rates)
    return Row(f"facts over HTTP, {number:,} lines of NDJSON, {broker}", f"{rate:,.0f}/s", "", "", ">= 5,000/s",
               rate >= 5000)  # fmt: skip


def _facts(number: int) -> list[bytes]:
    now = clock.utc_now()
    return [reading(event(n % POINTS), "4.1", now) for n in range(number)]


async def _answers(listen: str) -> None:
    async with aiohttp.ClientSession() as session, asyncio.timeout(30):
        while True:
            try:
                async with session.get(f"http://{listen}/"):
                    return
            except aiohttp.ClientError:
                await asyncio.sleep(0.05)


# -- the bare route, a process of its own


async def _serve(broker: str, listen: str) -> None:
    host, _, port = listen.rpartition(":")
    if broker.startswith("sqlite"):
        async with EmbeddedProducer(log_path(broker)) as file:

            async def append(raw: bytes) -> None:
                await file.send(TOPIC, COUNTY.encode(), raw)

            await _listen(append, host, int(port))
    else:
        async with AIOKafkaProducer(bootstrap_servers=broker.removeprefix("kafka://"), acks="all") as kafka:

            async def produce(raw: bytes) -> None:
                await kafka.send_and_wait(TOPIC, raw, key=COUNTY.encode())

            await _listen(produce, host, int(port))


async def _listen(produce: Callable[[bytes], Awaitable[None]], host: str, port: int) -> None:
    async def post(request: web.Request) -> web.Response:
        await produce(await request.read())
        return web.json_response({"accepted": True}, status=202)

    app = web.Application()
    app.add_routes([web.post("/api/v1/facts", post)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, host, port).start()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_serve(*sys.argv[1:3]))
