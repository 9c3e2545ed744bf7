"""Being woken by a write of one's own process, at once. Those of others are heard by `responders.bell`."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


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
