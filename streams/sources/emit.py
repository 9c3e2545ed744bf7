"""Sends rows to the broker in batches. Fed twice, nothing doubles: a fact's identity is its natural key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator

import msgspec

from rules.decoding import BadFact
from rules.facts import AnyFact
from streams.sources.admission import reason_of, stamped
from streams.sources.base import (
    Clock,
    FactProducer,
    FactRow,
    Outgoing,
    Row,
    RowFault,
    RowSkipped,
)

BATCH = 500


class Broken(msgspec.Struct, frozen=True):
    """The first row that the broker did not take: from here on, send again."""

    file: str
    line: int
    error: str


class EmitSummary(msgspec.Struct, kw_only=True):
    """What became of the rows."""

    read: int = 0
    """Rows looked at, those left out too."""
    accepted: int = 0
    """The broker has them."""
    refused: int = 0
    skipped: int = 0
    refused_by: Counter[str] = msgspec.field(default_factory=Counter)
    skipped_by: Counter[str] = msgspec.field(default_factory=Counter)
    accepted_by: Counter[str] = msgspec.field(default_factory=Counter)
    """By kind."""
    old: int = 0
    """Of those accepted: too old to page anybody."""
    faults: list[RowFault] = []
    """The first of the refused; `refused` counts all."""
    broken: Broken | None = None

    @property
    def exit_code(self) -> int:
        """0 all well, 1 the broker did not take all, 2 bad input."""
        return 1 if self.broken else 2 if self.refused else 0


Progress = Callable[[EmitSummary], None]


def rows_of(facts: Iterable[AnyFact], name: str) -> Iterator[FactRow]:
    """Rows of facts that came from no file."""
    return (FactRow(name, number, fact) for number, fact in enumerate(facts, 1))


async def emit(
    rows: Iterable[Row],
    producer: FactProducer,
    clock: Clock,
    *,
    progress: Progress | None = None,
    is_old: Callable[[AnyFact], bool] = lambda _: False,
    batch: int = BATCH,
    keep_faults: int = 100,
) -> EmitSummary:
    """Send every fact among the rows; `progress` hears each batch. Ends when the broker takes no more.

    `is_old` says whether a fact that arrives now pages nobody: they are counted.
    """
    summary = EmitSummary()
    waiting: list[tuple[FactRow, Outgoing]] = []
    for row in rows:
        summary.read += 1
        if isinstance(row, RowSkipped):
            summary.skipped += 1
            summary.skipped_by[row.because] += 1
        elif (ready := _prepared(row, clock)) and not isinstance(ready, RowFault):
            waiting.append(ready)
        elif isinstance(ready, RowFault):
            _refuse(summary, ready, keep_faults)
        if len(waiting) >= batch or summary.read % batch == 0:
            await _send(waiting, producer, summary, is_old)
            waiting.clear()
            if progress:
                progress(summary)
        if summary.broken:
            return summary
    await _send(waiting, producer, summary, is_old)
    if progress:
        progress(summary)
    return summary


def outgoing(fact: AnyFact, value: bytes) -> Outgoing:
    """The record of a fact: topic by kind, key = county."""
    return fact.topic, fact.county.encode(), value, ()


def _prepared(row: FactRow | RowFault, clock: Clock) -> tuple[FactRow, Outgoing] | RowFault:
    if isinstance(row, RowFault):
        return row
    try:
        return row, outgoing(row.fact, stamped(row.fact, row.raw, clock()))
    except BadFact as bad:
        return RowFault(row.file, row.line, reason_of(bad), bad.faults)


def _refuse(summary: EmitSummary, fault: RowFault, keep: int) -> None:
    summary.refused += 1
    summary.refused_by[fault.reason] += 1
    if len(summary.faults) < keep:
        summary.faults.append(fault)


async def _send(
    waiting: list[tuple[FactRow, Outgoing]], producer: FactProducer, summary: EmitSummary,
    is_old: Callable[[AnyFact], bool],
) -> None:  # fmt: skip
    if not waiting:
        return
    places = await sent(producer, [record for _, record in waiting])
    for (row, _), place in zip(waiting, places, strict=True):
        if isinstance(place, Exception):
            summary.broken = summary.broken or Broken(row.file, row.line, f"{type(place).__name__}: {place}")
        else:
            summary.accepted += 1
            summary.accepted_by[row.fact.kind] += 1
            summary.old += is_old(row.fact)


async def sent(producer: FactProducer, records: list[Outgoing]) -> list[tuple[int, int] | Exception]:
    """The place of each record or why it has none, also where the producer fails as a whole."""
    try:
        return await producer.send_many(records)
    except Exception as error:  # noqa: BLE001 - whatever a client raises, these records are not claimed
        return [error] * len(records)
