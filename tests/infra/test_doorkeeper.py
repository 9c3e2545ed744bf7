"""Strangers cannot hold the doors."""

from __future__ import annotations

import asyncio
import contextlib

import aiohttp
from aiohttp import web

from infra.doorkeeper import Doorkeeper

ADDRESS = "127.0.0.1"


async def answer(_request: web.Request) -> web.Response:
    return web.Response(text="ok")


class House:
    """A listening application with its doorkeeper, looked after by hand."""

    def __init__(self, **limits: float) -> None:
        self.doorkeeper = Doorkeeper(**limits)  # type: ignore[arg-type]
        self.open = asyncio.Event()
        self.entered = asyncio.Event()

    async def __aenter__(self) -> House:
        app = web.Application(middlewares=[self.doorkeeper.middleware()])
        app.add_routes([web.get("/", answer), web.get("/slow", self._slow)])
        self.runner = web.AppRunner(app)
        await self.runner.setup()
        site = web.TCPSite(self.runner, ADDRESS, 0)
        await site.start()
        self.port = self.runner.addresses[0][1]
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.runner.cleanup()

    async def _slow(self, _request: web.Request) -> web.Response:
        self.entered.set()
        await self.open.wait()
        return web.Response(text="late")

    async def stranger(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """Begins a request and never ends its headers."""
        reader, writer = await asyncio.open_connection(ADDRESS, self.port)
        writer.write(b"POST / HTTP/1.1\r\nHost: x\r\nX-A: ")
        await writer.drain()
        async with asyncio.timeout(5):
            while not self.runner.server.connections:  # noqa: ASYNC110  # type: ignore[union-attr]
                await asyncio.sleep(0)
        return reader, writer


async def test_whoever_asks_nothing_is_closed_after_ten_seconds() -> None:
    """Not before, and not for good: the next request is answered."""
    async with House() as house:
        reader, writer = await house.stranger()
        assert house.doorkeeper.look(house.runner, 100.0) == 0
        assert house.doorkeeper.look(house.runner, 109.9) == 0
        assert house.doorkeeper.look(house.runner, 110.1) == 1
        with contextlib.suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        async with aiohttp.ClientSession() as session, session.get(f"http://{ADDRESS}:{house.port}/") as said:
            assert await said.text() == "ok"


async def test_a_request_that_takes_long_is_not_closed() -> None:
    """Work is not idleness."""
    async with House() as house, aiohttp.ClientSession() as session:
        asking = asyncio.ensure_future(session.get(f"http://{ADDRESS}:{house.port}/slow"))
        await house.entered.wait()
        house.doorkeeper.look(house.runner, 100.0)
        assert house.doorkeeper.look(house.runner, 200.0) == 0
        house.open.set()
        async with await asking as said:
            assert await said.text() == "late"


async def test_there_are_only_so_many_connections() -> None:
    """The oldest idle ones go first."""
    async with House(most=2) as house:
        strangers = [await house.stranger() for _ in range(4)]
        async with asyncio.timeout(5):
            while len(house.runner.server.connections) < 4:  # noqa: ASYNC110  # type: ignore[union-attr]
                await asyncio.sleep(0)
        assert house.doorkeeper.look(house.runner, 1.0) == 2
        for _, writer in strangers:
            writer.close()
