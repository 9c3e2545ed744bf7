"""Running an app in the event loop that is there already, and hearing of it when it ends."""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Any

from streams.errors import StreamsError, WorkerFailed

if TYPE_CHECKING:
    from streams.app import WorkerApp

logger = logging.getLogger(__name__)

STOP_WITHIN = 15.0


async def run_app(app: WorkerApp, *, ready: asyncio.Event | None = None, stop: asyncio.Event | None = None) -> None:
    """Start, say `ready` once the table is recovered and partitions are read, and run until `stop` is set.

    Raises `WorkerFailed` (or what refused the start) when the worker has ended by itself: it then has to be made anew,
    best in a new process.
    """
    stop = stop or asyncio.Event()
    try:
        await _first(app, asyncio.ensure_future(app.start()), stop)
        if not stop.is_set():
            if ready is not None:
                ready.set()
            await _first(app, None, stop)
    finally:
        await _stop(app)


async def _first(app: WorkerApp, work: asyncio.Future[None] | None, stop: asyncio.Event) -> None:
    """Wait until `work` is done (if there is any) or `stop` is set; raise if the app fails before."""
    stopping = asyncio.ensure_future(stop.wait())
    ended = asyncio.ensure_future(app.wait_until_stopped())
    mine: list[asyncio.Future[Any]] = [stopping, ended, *([work] if work else [])]
    try:
        done, _ = await asyncio.wait({*mine, app.failed}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for future in mine:
            if not future.done():
                future.cancel()
    if app.failed in done:
        raise WorkerFailed(app.failed.result())
    if work in done and work is not None:
        work.result()
    elif ended in done:
        reason = app.crash_reason
        if isinstance(reason, StreamsError):
            raise reason
        raise WorkerFailed(f"Faust ended: {reason!r}") from reason


async def _stop(app: WorkerApp) -> None:
    try:
        async with asyncio.timeout(STOP_WITHIN):
            await app.stop()
    except TimeoutError:
        logger.warning("the worker did not stop within %g s", STOP_WITHIN)
