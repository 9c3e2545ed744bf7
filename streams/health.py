"""What is known of a running worker: for /readyz, for metrics, for whoever watches progress instead of a pid."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import msgspec
from faust.exceptions import ConsumerNotStarted

from streams import topics

if TYPE_CHECKING:
    from streams.app import WorkerApp


class PartitionHealth(msgspec.Struct, frozen=True, kw_only=True):
    """One partition that this worker reads."""

    topic: str
    partition: int
    finished: int | None
    """The last offset whose state and alerts are durable; None when nothing was read since the start."""
    committed: int | None
    """The offset that the broker has confirmed as committed by this process."""
    idle: float | None
    """Seconds since something was last finished."""


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """A worker at one instant."""

    ready: bool
    """Recovered, in possession of its partitions, and not failed."""
    why_not: str | None
    partitions: list[PartitionHealth]
    entries: int
    held: str | None
    """Why alerts are not delivered at present."""


def health(app: WorkerApp) -> Health:
    """How the worker is. Asks nobody."""
    return Health(
        ready=(why := _why_not(app)) is None,
        why_not=why,
        partitions=_partitions(app) if app.started else [],
        entries=len(app.table.entries) if app.started else 0,
        held=app.deliverer.holding,
    )


async def lags(app: WorkerApp) -> dict[tuple[str, int], int]:
    """Messages of each partition that are not finished yet. Asks the broker.

    A partition of which nothing was read since the start counts as finished up to its first unread message.
    """
    tps = [tp for tp in app.consumer.assignment() if tp.topic in (*topics.FACT_TOPICS, topics.ALERTS)]
    ends = await app.consumer.highwaters(*tps) if tps else {}
    found = {}
    for tp, end in ends.items():
        place = (tp.topic, tp.partition)
        finished = app.watch.positions.get(place)
        at = finished + 1 if finished is not None else await app.consumer.position(tp)
        found[place] = max(0, (end or 0) - (at or 0))
    return found


def _why_not(app: WorkerApp) -> str | None:
    if app.failed.done():
        return app.failed.result()
    if not app.started:
        return "not started"
    if app.closing:
        return "stopping"
    if app.rebalancing:
        return "partitions are being divided anew"
    if not app.tables.actives_ready:
        return "the table is being recovered"
    return None


def _partitions(app: WorkerApp) -> list[PartitionHealth]:
    now = asyncio.get_running_loop().time()
    try:
        assigned = app.consumer.assignment()
    except ConsumerNotStarted:  # Faust says "started" before its consumer's thread is there
        return []
    own = sorted((tp.topic, tp.partition) for tp in assigned if tp.topic in (*topics.FACT_TOPICS, topics.ALERTS))
    return [
        PartitionHealth(
            topic=place[0],
            partition=place[1],
            finished=app.watch.positions.get(place),
            committed=app.committed.offsets.get(place),
            idle=now - app.watch.finished_at[place] if place in app.watch.finished_at else None,
        )
        for place in own
    ]
