"""Silence is an event too: each partition's owner appends a tick to it, behind the facts that it follows."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from rules import facts
from streams import topics

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    import faust

    from streams.counters import Counters
    from streams.progress import Watch

logger = logging.getLogger(__name__)


class Ticker:
    """Appends ticks. What was missed is not made up: the next one says the time that it is then."""

    def __init__(
        self,
        app: faust.App,
        clock: Callable[[], datetime],
        counters: Counters,
        watch: Watch,
        *,
        every: float,
        timeout: float,
    ) -> None:
        self._app = app
        self._clock = clock
        self._counters = counters
        self._watch = watch
        self._every = every
        self._timeout = timeout

    async def run(self) -> None:
        """Tick, for as long as the worker lives."""
        while True:
            await asyncio.sleep(self._every)
            await self.tick()

    async def tick(self) -> None:
        """One tick to each partition of a fact topic that this worker owns and has recovered."""
        places = self._places()
        value = facts.encode(facts.Tick(at=self._clock()))
        try:
            async with asyncio.timeout(self._timeout):
                sent = [await self._send(place, value) for place in places]
                results = await asyncio.gather(*sent, return_exceptions=True)
        except Exception as failed:  # noqa: BLE001 a tick is never worth a worker
            self._missed(len(places), failed)
            return
        now = asyncio.get_running_loop().time()
        for place, result in zip(places, results, strict=True):
            if isinstance(result, BaseException):
                self._missed(1, result)
            else:
                self._counters.ticks[place[0]] += 1
                self._watch.expect(place, result.offset, now)

    def _places(self) -> list[tuple[str, int]]:
        app = self._app
        if app.rebalancing or not app.tables.actives_ready:
            return []
        return sorted((tp.topic, tp.partition) for tp in app.consumer.assignment() if tp.topic in topics.FACT_TOPICS)

    async def _send(self, place: tuple[str, int], value: bytes) -> Any:
        return await self._app.producer.send(place[0], None, value, place[1], None, None)

    def _missed(self, count: int, why: BaseException) -> None:
        self._counters.missed_ticks += count
        logger.warning("%d ticks were not appended: %r", count, why)
