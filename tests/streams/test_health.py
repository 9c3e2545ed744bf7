"""What a worker says of itself while it is not yet at work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from streams.health import health
from tests.streams.harness import Worker

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.streams.harness import Site


async def test_a_worker_that_is_starting_says_so_at_every_moment(
    site: Site, expected_errors: Callable[[str], None]
) -> None:
    """Whoever asks at any turn of the loop is answered: not ready, until it is."""
    expected_errors("Thread keepalive is not responding")  # asking without a pause leaves Faust's thread little time
    app = site.build()
    said: list[bool] = []

    async def ask() -> None:
        while not said or not said[-1]:
            said.append(health(app).ready)
            await asyncio.sleep(0.001)

    asking = asyncio.ensure_future(ask())
    worker = Worker(app)
    site.workers.append(worker)
    await worker.started()
    async with asyncio.timeout(10):
        await asking
    assert said[0] is False
