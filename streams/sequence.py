"""Does each message follow the one before? What Faust passed over must not be committed past."""

from __future__ import annotations

from typing import TYPE_CHECKING

from streams.reading import has_records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types import Message

    from streams.settings import StreamSettings


class Sequence:
    """The next offset of each partition."""

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._next: dict[tuple[str, int], int] = {}

    def begin(self, starts: Mapping[tuple[str, int], int]) -> None:
        """After a rebalance: the offset that each partition is read from, as far as it is known."""
        self._next = dict(starts)

    def follows(self, message: Message) -> bool:
        """Is it the next one, or one that was read before?"""
        place = (message.topic, message.partition)
        expected = self._next.get(place)
        if expected is None or message.offset == expected:
            self._next[place] = message.offset + 1
            return True
        return bool(message.offset < expected)

    async def passed_over(self, message: Message) -> str | None:
        """What was lost before a message that does not follow.

        Offsets without records (another producer's transactions, retention) are nothing.
        """
        place = (message.topic, message.partition)
        start, end = self._next[place], message.offset
        if await has_records(self._settings, *place, start, end):
            return f"{place[0]}/{place[1]}: offsets {start} to {end - 1} were passed over by the consumer"
        self._next[place] = end + 1
        return None
