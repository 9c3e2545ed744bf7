"""Does each message follow the one before? What Faust passed over must not be committed past.

Around a rebalance Faust (0.15.3) was seen to hand out an offset that came after one it never handed out, and its own
check of what may be committed lets a hole of one through. So a message that does not follow is not taken: the partition
is read once more from the hole, and what comes before that arrives is left aside; it comes again.
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING

from streams.reading import has_records

if TYPE_CHECKING:
    from collections.abc import Mapping

    import faust
    from faust.types import Message

    from streams.counters import Counters
    from streams.settings import StreamSettings

    Place = tuple[str, int]

logger = logging.getLogger(__name__)


class PassedOver(Exception):
    """Reading again did not bring what was passed over."""


class Sequence:
    """The next offset of each partition."""

    def __init__(self, app: faust.App, settings: StreamSettings, counters: Counters) -> None:
        self._app = app
        self._settings = settings
        self._counters = counters
        self._next: dict[Place, int] = {}
        self._awaited: dict[Place, float] = {}
        """Partitions that are read once more, and until when what was passed over has to arrive."""

    def forget(self) -> None:
        """At a rebalance: the next message of each partition may be any."""
        self._next.clear()
        self._awaited.clear()

    def begin(self, starts: Mapping[Place, int]) -> None:
        """Partitions are read from here. Faust may say so once more when they are being read already."""
        for place, start in starts.items():
            self._next.setdefault(place, start)

    def follows(self, message: Message) -> bool:
        """Is it the next one, or one that was read before?"""
        place = (message.topic, message.partition)
        expected = self._next.get(place)
        if expected is None or message.offset == expected:
            self._next[place] = message.offset + 1
            if self._awaited:
                self._awaited.pop(place, None)
            return True
        return bool(message.offset < expected)

    async def look_into(self, message: Message) -> bool:
        """Whether a message that does not follow is to be taken all the same. Raises `PassedOver`.

        Offsets without records (another producer's transactions, retention) are nothing.
        """
        place = (message.topic, message.partition)
        start, end = self._next[place], message.offset
        what = f"{place[0]}/{place[1]}: offsets {start} to {end - 1} were passed over by the consumer"
        now = asyncio.get_running_loop().time()
        until = self._awaited.get(place)
        if until is not None:
            if now > until:
                raise PassedOver(f"{what}, and did not come within {self._settings.stall_after:g} s")
            return False
        if not await has_records(self._settings, *place, start, end):
            self._next[place] = end + 1
            return True
        logger.warning("%s: read once more", what)
        self._counters.read_again[place[0]] += 1
        self._awaited[place] = now + self._settings.stall_after
        await self._rewind(message, start)
        return False

    async def _rewind(self, message: Message, start: int) -> None:
        consumer = self._app.consumer
        if self._settings.embedded:
            await consumer.seek(message.tp, start)
        else:  # Faust's seek would reach into the consumer's thread
            await consumer.seek_wait({message.tp: start})
