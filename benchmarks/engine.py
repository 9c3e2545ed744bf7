"""The engine alone, on one core: readings of 35 points against their warning lines, and what a larger library costs.

A fact is to cost by the alarms that its kind and place touch, never by the size of the library.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from benchmarks.table import Row
from infra.site_files import example_site, read_library
from rules import decoding, facts
from rules.engine import Engine
from rules.entries import MappingStates, Record
from rules.library import Library
from rules.site import Site
from rules.triggers import Row as Criterion
from rules.triggers import Table, Trigger

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rules.entries import Entry

READINGS = 70_000
REPORTS = 20_000
START = datetime(2026, 1, 1, tzinfo=UTC)
LINES = "grain-warning-line"
SIZES = {"1 plan, 1 detector": (1, 1), "10 plans, 200 detectors": (10, 20), "100 plans, 2,000 detectors": (100, 20)}
ALLOWED = 1.3
"""How much longer a fact may take in the larger library."""


def run() -> Iterator[Row]:
    """Engine and decoding, on their own; then the same facts in libraries of three sizes."""
    example = read_library(example_site())
    stream = readings(example, READINGS)
    raw = [facts.encode(r) for r in stream]
    started = time.perf_counter()
    for text in raw:
        decoding.decode(text)
    alone = READINGS / (time.perf_counter() - started)
    rate = _rate(lines_alone(), stream)
    yield Row("engine alone, 35 points, readings/s", f"{rate:,.0f}", f"decode alone {alone:,.0f}/s",
              f"{rate / alone:.2f}", ">= 40,000/s", rate >= 40_000)  # fmt: skip
    whole = _rate(example, stream[: READINGS // 10])
    yield Row("engine, all the example's plans, readings/s", f"{whole:,.0f}", f"lines alone {rate:,.0f}/s",
              f"{whole / rate:.2f}", "", None)  # fmt: skip
    yield from _sizes(example)


def lines_alone() -> Library:
    """The example's points with their warning lines: one alarm a reading."""
    example = read_library(example_site())
    return Library(example.site, [example.plans[LINES]])


def readings(library: Library, number: int) -> list[facts.GrainPriceReading]:
    """Hourly readings of every point, in order, none over a line."""
    lines = [(point, line) for point in library.site.points.values() for line in point.lines if line.upper][:35]
    return [
        facts.GrainPriceReading(
            county="330723", source=point.source, point=point.id, commodity=line.commodity, stage=line.stage,
            observed_at=START + timedelta(hours=i // len(lines)), currency="CNY", unit=line.unit,
            price=((line.upper or Decimal(1)) * Decimal("0.9")).quantize(Decimal("0.01")) + Decimal(i % 7) / 1000,
        )
        for i in range(number)
        for point, line in [lines[i % len(lines)]]
    ]  # fmt: skip


def _sizes(example: Library) -> Iterator[Row]:
    """Reports of one category that one detector watches, while the others watch theirs."""
    stream = [
        facts.HazardReport(
            county="330723", source="bench", report=f"R{i // 10}", observed_at=START + timedelta(minutes=i),
            category="c0", division="330723105000", status="reported", deaths=0, relocated=i % 7,
        )
        for i in range(REPORTS)
    ]  # fmt: skip
    rates = {name: _rate(_library(example, *size), stream) for name, size in SIZES.items()}
    (_, first), *others = rates.items()
    for name, rate in others:
        slower = first / rate
        yield Row(f"engine, {name}, facts/s", f"{rate:,.0f}", f"1 plan, 1 detector {first:,.0f}/s",
                  f"{slower:.2f}x", f"<= {ALLOWED}x, 15,000/s", slower <= ALLOWED and rate >= 15_000)  # fmt: skip


def _library(example: Library, plans: int, triggers: int) -> Library:
    """So many plans with so many triggers, each of a category of its own."""
    model = example.plans["disaster-relief"]
    criterion = Criterion(measure="relocated", levels={"IV": Decimal(300)}, source="bench")
    made = [
        msgspec.structs.replace(
            model,
            id=f"plan-{p}",
            triggers=[
                Trigger(
                    id=f"t{t}",
                    when=Table(facts="hazard_report", rows=[criterion], where={"category": [f"c{p * triggers + t}"]}),
                )
                for t in range(triggers)
            ],
        )
        for p in range(plans)
    ]
    # those of the example are other categories than these
    site = Site(file=msgspec.structs.replace(example.site.file, categories={}), points=example.site.points)
    return Library(site, made)


def _rate(library: Library, stream: Sequence[facts.AnyFact]) -> float:
    """Facts a second."""
    engine = Engine(library)
    table: dict[str, Entry] = {}
    states = MappingStates(table)
    started = time.perf_counter()
    for offset, fact in enumerate(stream):
        record = Record(fact.topic, "bench", 0, offset, fact.observed_at, offset - 100)
        outcome = engine.apply(states, record, fact)
        table |= {key: entry for key, entry in outcome.entries.items() if entry is not None}
    return len(stream) / (time.perf_counter() - started)
