"""A real embedded log to send to, and one that fails when told to."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from rules import facts
from streams.embedded.append import EmbeddedProducer, Outgoing
from streams.embedded.log import SqliteLog
from streams.sources.base import Headers, Place

NOW = datetime(2026, 8, 26, 8, 0, tzinfo=UTC)


def clock() -> datetime:
    return NOW


class LogProducer:
    """A `FactProducer` on an embedded log. From record number `breaks_at` on, the broker is away."""

    def __init__(self, path: Path, breaks_at: int | None = None) -> None:
        self.log = SqliteLog(path)
        for topic in facts.TOPICS:
            self.log.create_topic(topic, 4)
        self.inner = EmbeddedProducer(path)
        self.breaks_at = breaks_at
        self.sent = 0

    async def send(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> Place:
        (place,) = await self.send_many([(topic, key, value, headers)])
        if isinstance(place, Exception):
            raise place
        return place

    async def send_many(self, records: list[tuple[str, bytes, bytes, Headers]]) -> list[Place | Exception]:
        left = len(records) if self.breaks_at is None else max(self.breaks_at - self.sent, 0)
        taken = [Outgoing(*record[:3]) for record in records[:left]]
        places: list[Place | Exception] = [*await self.inner.send_many(taken)]
        self.sent += len(taken)
        return places + [ConnectionError("the broker is away") for _ in records[left:]]

    def values(self, topic: str = "grain-prices") -> list[bytes]:
        """Everything on a topic."""
        kept = [one for part in range(4) for one in self.log.fetch(topic, part, 0, 100_000)]
        return [one.value for one in kept if one.value is not None]


@pytest.fixture
async def producer(tmp_path: Path) -> AsyncIterator[LogProducer]:
    made = LogProducer(tmp_path / "log.sqlite3")
    yield made
    await made.inner.close()
    made.log.close()


PRICE = {
    "kind": "grain_price", "county": "330723", "source": "wuyi-grain", "observed_at": "2026-08-26T09:00:00+08:00",
    "point": "P01", "commodity": "rice", "stage": "retail", "price": "4.60", "currency": "CNY", "unit": "元/kg",
}  # fmt: skip
