"""Following a log: where each partition has been read to, what lies beyond, and when there is more."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Mapping

from streams.embedded.bell import Ends
from streams.embedded.log import SqliteLog
from streams.embedded.records import Partition, Record

#: Seconds after which a record appended by another process is noticed at the latest.
POLL = 0.02
_RECORDS_PER_READ = 1000
_RECORDS_PER_PARTITION = 20
_BYTES_PER_READ = 4 << 20


class LogReader:
    """Reads a log in small portions on the event loop that made it."""

    def __init__(self, log: SqliteLog) -> None:
        self.log = log
        self.positions: dict[Partition, int] = {}
        self.ends: dict[Partition, int] = {}
        self._loop = asyncio.get_running_loop()
        self._more = asyncio.Event()
        self._turn = 0
        log.bell.listen(self._ring)
        self.refresh()

    def close(self) -> None:
        """Stop following."""
        self.log.bell.unlisten(self._ring)
        self.positions.clear()

    def assign(self, places: Iterable[Partition], positions: Mapping[Partition, int]) -> None:
        """Follow exactly these partitions, from these positions."""
        self.positions = {place: positions[place] for place in places}

    def seek(self, place: Partition, offset: int) -> None:
        """Read this partition from here next."""
        if place in self.positions:
            self.positions[place] = offset
            self._more.set()

    def refresh(self) -> None:
        """Learn all end offsets from the file."""
        self.log.changed()
        self.ends.update({place: end for place, (_, end) in self.log.bounds().items()})

    def read(self, wanted: Collection[Partition]) -> dict[Partition, list[Record]]:
        """The next records of these partitions, a fair share of each, and move past them."""
        behind = [
            place for place in wanted if self.positions.get(place, self.ends.get(place, 0)) < self.ends.get(place, 0)
        ]
        found: dict[Partition, list[Record]] = {}
        if not behind:
            return found
        self._turn += 1  # another partition first each time, or big ones would starve the rest
        first = self._turn % len(behind)
        share = max(_RECORDS_PER_PARTITION, _RECORDS_PER_READ // len(behind))
        room = _BYTES_PER_READ
        for place in behind[first:] + behind[:first]:
            records = self.log.fetch(*place, self.positions[place], share, max_bytes=room)
            # Nothing up to the end: it was trimmed or compacted away.
            self.positions[place] = records[-1].offset + 1 if records else self.ends[place]
            if records:
                found[place] = records
                room -= sum(len(record.key or b"") + len(record.value or b"") for record in records)
            if room <= 0:
                break
        return found

    async def wait(self, at_most: float) -> None:
        """Until there may be more: a bell in this process, a change by another, a seek, or time is up."""
        deadline = self._loop.time() + at_most
        while (left := deadline - self._loop.time()) > 0:
            try:
                await asyncio.wait_for(self._more.wait(), min(POLL, left))
            except TimeoutError:
                if not self.log.changed():
                    continue
                self.refresh()
            self._more.clear()
            return

    def _ring(self, ends: Ends) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._hear, ends)

    def _hear(self, ends: Ends) -> None:
        for place, end in ends.items():
            if end > self.ends.get(place, 0):
                self.ends[place] = end
        self._more.set()
