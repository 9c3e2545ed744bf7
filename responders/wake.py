"""Being woken by a write: within the process at once, across processes by PostgreSQL's NOTIFY."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

import psycopg
import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

CHANNEL = "fenghuo_pages"
_log = structlog.get_logger()


class Wake:
    """A bell that any thread may ring. Each waiter hears every ring once, also one rung before it began to wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waiters: set[Waiter] = set()

    def set(self) -> None:
        """Ring."""
        with self._lock:
            waiters = list(self._waiters)
        for waiter in waiters:
            waiter.ring()

    def waiter(self) -> Waiter:
        """An ear of the running event loop. Close it when done."""
        waiter = Waiter(asyncio.get_running_loop(), self._forget)
        with self._lock:
            self._waiters.add(waiter)
        return waiter

    def _forget(self, waiter: Waiter) -> None:
        with self._lock:
            self._waiters.discard(waiter)


class Waiter:
    """One listener of a Wake, in one event loop."""

    def __init__(self, loop: asyncio.AbstractEventLoop, forget: Callable[[Waiter], None]) -> None:
        self._loop, self._forget, self._event = loop, forget, asyncio.Event()

    def ring(self) -> None:
        """Called from any thread."""
        with contextlib.suppress(RuntimeError):  # the loop has been closed: nobody listens any more
            self._loop.call_soon_threadsafe(self._event.set)

    async def wait(self, timeout: float, *, calm: float = 0.0) -> bool:  # noqa: ASYNC109, the fallback poll
        """Wait for a ring, at most so long. True when rung. Rings less than `calm` seconds after the first are one."""
        try:
            async with asyncio.timeout(timeout):
                await self._event.wait()
            if calm:
                await asyncio.sleep(calm)
        except TimeoutError:
            return False
        finally:
            self._event.clear()
        return True

    def close(self) -> None:
        self._forget(self)


async def listen(url: str, wake: Wake, *, retry: float = 1.0) -> None:
    """Ring for every NOTIFY of other processes, for ever; reconnects. For PostgreSQL only.

    Rings after each connecting too: what was written while nobody listened is found.
    """
    conninfo = url.replace("postgresql+psycopg://", "postgresql://", 1)
    while True:
        try:
            async with await psycopg.AsyncConnection.connect(conninfo, autocommit=True) as connection:
                await connection.execute(f"LISTEN {CHANNEL}".encode())
                wake.set()
                async for _ in connection.notifies():
                    wake.set()
        except (psycopg.Error, OSError) as error:
            _log.warning("listener lost, reconnecting", error=type(error).__name__, retry_seconds=retry)
        await asyncio.sleep(retry)
