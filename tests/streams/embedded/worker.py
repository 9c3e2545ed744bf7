"""A Faust worker that copies topic `facts` to topic `copies`, acknowledging only what is durably copied."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

import faust

from streams.embedded import embedded_settings


async def main(path: str) -> None:
    """Run until killed; say how many were copied."""
    settings = {**embedded_settings(), "broker_commit_interval": 0.05, "datadir": Path(path).with_suffix("")}
    app = faust.App("copier", broker=f"sqlite:///{path}", **settings, topic_partitions=1)
    raw = {"key_serializer": "raw", "value_serializer": "raw", "key_type": bytes, "value_type": bytes}
    copies = app.topic("copies", **raw)

    async def agent(stream: Any) -> None:
        unacknowledged = stream.noack()
        async for event in unacknowledged.events():
            await (await copies.send(key=event.key, value=event.value))
            await unacknowledged.ack(event)
            print(event.message.offset, flush=True)  # noqa: T201 that is how it answers

    app.agent(app.topic("facts", **raw), name="agent")(agent)
    app.finalize()
    await app.start()
    await app.wait_until_stopped()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
