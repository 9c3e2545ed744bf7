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
    from collections.abc import Callable, Mapping

    import faust
    from faust.types import Message

    from streams.counters import Counters
    from streams.settings import StreamSettings

    Place = tuple[str, int]

logger = logging.getLogger(__name__)


FIRST_PAUSE = 0.05
LONGEST_PAUSE = 1.0


class Sequence:
    """The next offset of each partition."""

    def __init__(
        self, app: faust.App, settings: StreamSettings, counters: Counters, fatal: Callable[[str], None]
    ) -> None:
        self._app = app
        self._fatal = fatal
        self._settings = settings
        self._counters = counters
        self._next: dict[Place, int] = {}
        self._awaited: dict[Place, asyncio.Task[None]] = {}
        """Partitions that are read once more, and who sees to it."""

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
        """Whether a message that does not follow is to be taken all the same.

        Offsets without records (another producer's transactions, retention) are nothing.
        """
        place = (message.topic, message.partition)
        if place in self._awaited:
            return False
        start, end = self._next[place], message.offset
        if not await has_records(self._settings, *place, start, end):
            self._next[place] = end + 1
            return True
        what = f"{place[0]}/{place[1]}: offsets {start} to {end - 1} were passed over by the consumer"
        logger.warning("%s: read once more", what)
        self._counters.read_again[place[0]] += 1
        reading = asyncio.ensure_future(self._read_again(message, start, what))
        self._awaited[place] = reading
        return False

    async def _read_again(self, message: Message, start: int, what: str) -> None:
        """Go back until it comes: a message that is on its way may move Faust's own mark forward once more."""
        place = (message.topic, message.partition)
        own = asyncio.current_task()
        until = asyncio.get_running_loop().time() + self._settings.stall_after
        pause = FIRST_PAUSE
        while self._awaited.get(place) is own:
            if asyncio.get_running_loop().time() > until:
                self._fatal(f"{what}, and did not come within {self._settings.stall_after:g} s")
                return
            try:
                await self._rewind(message, start)
            except Exception as failed:  # noqa: BLE001 a partition that cannot be read again is not read on
                self._fatal(f"{what}, and cannot be read again: {failed!r}")
                return
            await asyncio.sleep(pause)
            pause = min(2 * pause, LONGEST_PAUSE)

    async def _rewind(self, message: Message, start: int) -> None:
        consumer = self._app.consumer
        if self._settings.embedded:
            await consumer.seek(message.tp, start)
        else:  # Faust's seek would reach into the consumer's thread
            await consumer.seek_wait({message.tp: start})
