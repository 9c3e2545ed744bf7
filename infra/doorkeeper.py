"""Keeps strangers from holding the doors: a connection that asks nothing is closed, and there are only so many.

Phones are paged by the same process. If idle connections could take every descriptor, nobody would be called.
"""

from __future__ import annotations

import asyncio
import resource
from typing import TYPE_CHECKING

from aiohttp import web

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from aiohttp.web_protocol import RequestHandler

IDLE_SECONDS = 10.0
MOST_CONNECTIONS = 400
WATCH_SECONDS = 0.5


class Doorkeeper:
    """Watches the connections of one listening application."""

    def __init__(self, *, idle: float = IDLE_SECONDS, most: int = MOST_CONNECTIONS) -> None:
        self._idle, self._most = idle, most
        self._quiet_since: dict[RequestHandler, float] = {}
        self._busy: set[object] = set()

    def middleware(self) -> Callable[..., Awaitable[web.StreamResponse]]:
        """Marks a connection as busy while one of its requests is being answered."""

        @web.middleware
        async def busy(
            request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
        ) -> web.StreamResponse:
            self._busy.add(request.protocol)
            try:
                return await handler(request)
            finally:
                self._busy.discard(request.protocol)
                self._quiet_since.pop(request.protocol, None)

        return busy

    async def watch(self, runner: web.AppRunner) -> None:
        """For ever."""
        while True:
            await asyncio.sleep(WATCH_SECONDS)
            self.look(runner, asyncio.get_running_loop().time())

    def look(self, runner: web.AppRunner, now: float) -> int:
        """Closes what is idle for too long, and the oldest idle ones where there are too many; how many it closed."""
        server = runner.server
        there = list(server.connections) if isinstance(server, web.Server) else []
        quiet = {c: self._quiet_since.get(c, now) for c in there if c not in self._busy}
        self._quiet_since = quiet
        oldest_first = sorted(quiet, key=lambda c: quiet[c])
        spare = max(0, len(there) - self._most)
        doomed = [c for i, c in enumerate(oldest_first) if i < spare or now - quiet[c] > self._idle]
        for connection in doomed:
            self._quiet_since.pop(connection, None)
            connection.force_close()
        return len(doomed)


def allow_descriptors() -> None:
    """As many files and connections as the system lets this process have."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else min(hard, 65_536)
    if soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
