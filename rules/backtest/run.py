"""One history through one library, whole."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rules.backtest.incidents import Desk, Incident
from rules.backtest.replay import Refusal, Replay, Told
from rules.backtest.spans import Spans, spans_of
from rules.backtest.statistics import Statistics, statistics_of
from rules.inhibition import Inhibitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from rules.backtest.arrival import Arrival
    from rules.library import Library

TELL_EVERY = 1000


class Result(NamedTuple):
    """What would have been. `period` is the first and the last instant of the data's clock."""

    library: Library
    period: tuple[datetime, datetime]
    alerts: list[Told]
    incidents: list[Incident]
    spans: Spans
    statistics: list[Statistics]
    """Of each plan, also of those that would have done nothing, by name."""
    applied: int
    unwatched: int
    refused: Counter[str]
    refusals: list[Refusal]
    ticks: int


def backtest(
    library: Library,
    arrivals: Sequence[Arrival],
    *,
    until: datetime | None = None,
    told: Callable[[int], None] = lambda _done: None,
) -> Result:
    """Runs the facts, which are in the order in which they come; `told` hears now and then how many are done.

    Raises `ValueError` where there is no fact, or `until` lies before the last.
    """
    if not arrivals:
        raise ValueError("facts: got none, expected at least one")
    last = arrivals[-1].at
    end = until or last
    if end < last:
        raise ValueError(f"until: got {end.isoformat()}, expected not before the last fact, {last.isoformat()}")
    replay = Replay(library)
    alerts = list(replay.run(_counted(arrivals, told), end))
    period = arrivals[0].at, end
    desk = Desk(Inhibitions(library.plans.values()))
    for one in alerts:
        desk.take(one)
    incidents, spans = desk.incidents, spans_of(alerts, end)
    plans = sorted({*library.plans, *(one.alert.plan for one in alerts)})
    return Result(
        library, period, alerts, incidents, spans,
        [statistics_of(plan, alerts, incidents, spans, period, desk.held[plan]) for plan in plans],
        replay.applied, replay.unwatched, replay.refused, replay.refusals, replay.ticks,
    )  # fmt: skip


def content_hash(library: Library) -> str:
    """What plans, points and lines say, as 16 hex digits of SHA-256: two results of one hash are of one library."""
    said = sha256()
    for part in (library.site.file, library.site.points, sorted(library.versions.items())):
        said.update(_canonical(part))
    return said.hexdigest()[:16]


_canonical = msgspec.json.Encoder(order="deterministic").encode


def _counted(arrivals: Iterable[Arrival], told: Callable[[int], None]) -> Iterator[Arrival]:
    for number, one in enumerate(arrivals):
        if number % TELL_EVERY == 0:
            told(number)
        yield one
