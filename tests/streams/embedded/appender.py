"""A process that appends to a log until it is killed, saying each offset only once it was acknowledged."""

from __future__ import annotations

import asyncio
import sys

from streams.embedded import EmbeddedProducer, Outgoing


async def main(path: str, name: str, count: int, at_once: int) -> None:
    """Append `count` records (0: for ever), `at_once` together, and print `partition offset value` of each."""
    async with EmbeddedProducer(path) as producer:
        number = 0
        while not count or number < count:
            values = [f"{name}-{number + i}" for i in range(at_once)]
            records = [Outgoing("t", value.encode(), value.encode()) for value in values]
            for value, (partition, offset) in zip(values, await producer.send_many(records), strict=True):
                print(partition, offset, value, flush=True)  # noqa: T201 that is how it answers
            number += at_once


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
