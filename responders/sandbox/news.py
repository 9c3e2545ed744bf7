"""Waiting for a change: whoever waits sees every later one, whoever changes something waits for nobody."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class News:
    """One place to say that something has changed, and to wait until something one looks for is there."""

    def __init__(self) -> None:
        self._next = asyncio.Event()

    def tell(self) -> None:
        """Wake all who wait now."""
        told, self._next = self._next, asyncio.Event()
        told.set()

    async def until(self, look: Callable[[], T | None], within: float) -> T | None:
        """What `look` returns as soon as it returns something; None when that takes longer than `within`
        seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + within
        while True:
            event = self._next
            found = look()
            left = deadline - loop.time()
            if found is not None or left <= 0:
                return found
            try:
                await asyncio.wait_for(event.wait(), left)
            except TimeoutError:
                return look()
