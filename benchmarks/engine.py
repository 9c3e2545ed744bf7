"""The engine alone: readings of 35 points a second on one core, beside decoding them from JSON."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

from benchmarks.table import Row
from infra.site_files import example_site, read_library
from rules import facts
from rules.engine import Engine
from rules.entries import MappingStates, Record

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.entries import Entry

READINGS = 70_000
START = datetime(2026, 1, 1, tzinfo=UTC)


def readings(number: int) -> list[facts.GrainPriceReading]:
    """Hourly readings of every point, in order, none over a line."""
    library = read_library(example_site())
    lines = [(point, line) for point in library.site.points.values() for line in point.lines][:35]
    return [
        facts.GrainPriceReading(
            county="330723", source=point.source, point=point.id, commodity=line.commodity, stage=line.stage,
            observed_at=START + timedelta(hours=i // len(lines)), currency="CNY", unit=line.unit,
            price=((line.upper or Decimal(1)) * Decimal("0.9")).quantize(Decimal("0.01")) + Decimal(i % 7) / 1000,
        )
        for i in range(number)
        for point, line in [lines[i % len(lines)]]
    ]  # fmt: skip


def run() -> Iterator[Row]:
    """Engine and decoding, on their own."""
    stream = readings(READINGS)
    raw = [facts.encode(r) for r in stream]
    started = time.perf_counter()
    for text in raw:
        facts.decode(text)
    decoding = READINGS / (time.perf_counter() - started)

    engine = Engine(read_library(example_site()))
    table: dict[str, Entry] = {}
    states = MappingStates(table)
    started = time.perf_counter()
    for offset, reading in enumerate(stream):
        record = Record("grain-prices", "bench", 0, offset, reading.observed_at, offset - 100)
        outcome = engine.apply(states, record, reading)
        table |= {key: entry for key, entry in outcome.entries.items() if entry is not None}
    rate = READINGS / (time.perf_counter() - started)
    yield Row("engine alone, 35 points, readings/s", f"{rate:,.0f}", f"decode alone {decoding:,.0f}/s",
              f"{rate / decoding:.2f}", ">= 40,000/s", rate >= 40_000)  # fmt: skip
