"""A backtest beside the engine alone: ten years of daily prices, 35 points, 3 commodities, 3 stages, the grain plan.

Both are given readings that are decoded already, fresh ones each time: what the engine works out of a fact once is
worked out by each. The engine alone runs before and after, so that a machine that grows busy favours neither.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from benchmarks.services import size
from benchmarks.table import Row
from infra.site_files import example_site, read_library
from rules import decoding, facts
from rules.backtest.arrival import fingerprint, in_order
from rules.backtest.run import backtest
from rules.engine import Engine
from rules.entries import MappingStates, Record
from rules.library import Library
from rules.site import Point, Site, WarningLine

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.entries import Entry
    from rules.facts import AnyFact

START = datetime(2014, 1, 1, tzinfo=UTC)
PLAN = "grain-warning-line"
COMMODITIES = ("rice", "flour", "early_rice")
STAGES = ("purchase", "wholesale", "retail")
SPRING = (60, 90)
"""Days of a year on which prices are over their line."""


def run() -> Iterator[Row]:
    """Facts a second of either, of processor time: others on the machine take nothing from it."""
    library = _library()
    raw = list(_prices(library, size(3652, 365)))
    before = _engine(library, raw)
    ours, alerts = _backtest(library, raw)
    alone = (before + _engine(library, raw)) / 2
    assert alerts > 0
    yield Row(f"backtest, {len(raw):,} daily prices of 315 series, facts/s", f"{ours:,.0f}/s",
              f"engine alone {alone:,.0f}/s", f"{ours / alone:.2f}", ">= 0.70", ours >= 0.7 * alone)  # fmt: skip


def _library() -> Library:
    """The example site's points, each with every commodity at every stage, under the grain plan alone."""
    example = read_library(example_site())
    lines = [
        WarningLine(commodity=commodity, stage=stage, unit="元/kg", upper="4.60")  # type: ignore[arg-type]
        for commodity in COMMODITIES
        for stage in STAGES
    ]
    lines = msgspec.convert(msgspec.to_builtins(lines), list[WarningLine], strict=False)
    points = {
        point.id: Point(
            id=point.id, name=point.name, division=point.division, source=point.source, cadence="1d", lines=lines
        )
        for point in example.site.points.values()
    }
    return Library(Site(file=example.site.file, points=points), [example.plans[PLAN]])


def _prices(library: Library, days: int) -> Iterator[bytes]:
    """Daily prices as they are sent; each spring all of them cross their lines."""
    for day in range(days):
        at = START + timedelta(days=day)
        base = 465 if SPRING[0] <= day % 365 < SPRING[1] else 410
        for number, point in enumerate(library.site.points.values()):
            cents = base + (day * 7 + number * 3) % 20
            for line in point.lines:
                yield facts.encode(
                    facts.GrainPriceReading(
                        county="330723", source=point.source, point=point.id, commodity=line.commodity,
                        stage=line.stage, observed_at=at, currency="CNY", unit="元/kg", price=f"{cents / 100:.2f}",  # type: ignore[arg-type]
                    )
                )  # fmt: skip


def _decoded(raw: list[bytes]) -> list[AnyFact]:
    return [decoding.decode(one) for one in raw]  # type: ignore[misc]


def _engine(library: Library, raw: list[bytes]) -> float:
    readings = _decoded(raw)
    engine = Engine(library)
    table: dict[str, Entry] = {}
    states = MappingStates(table)
    started = time.process_time()
    for offset, reading in enumerate(readings):
        record = Record("grain-prices", "bench", 0, offset, reading.observed_at, offset)
        outcome = engine.apply(states, record, reading)
        table |= {key: entry for key, entry in outcome.entries.items() if entry is not None}
    return len(raw) / (time.process_time() - started)


def _backtest(library: Library, raw: list[bytes]) -> tuple[float, int]:
    """All of it: put in order, fingerprinted, run, and reckoned up."""
    readings = _decoded(raw)
    started = time.process_time()
    arrivals = in_order(readings)
    fingerprint(arrivals)
    result = backtest(library, arrivals)
    return len(raw) / (time.process_time() - started), len(result.alerts)
