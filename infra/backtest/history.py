"""A history read whole: from files by the doors that `fenghuo emit` has, or from topics as they lie in the broker."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import msgspec

from rules.alerts import Words
from rules.backtest.arrival import arrival, fingerprint, in_order
from rules.decoding import BadFact, decode
from rules.facts import Fact
from streams.reading import read_topic
from streams.sources.admission import reason_of
from streams.sources.base import FactRow, RowFault, RowSkipped, row_fault

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence

    from rules.backtest.arrival import Arrival, By
    from rules.facts import AnyFact
    from streams.reading import StoredRecord
    from streams.settings import StreamSettings
    from streams.sources.base import Row
    from streams.sources.files import FactFile

NOT_AHEAD = Words(zh="不晚于现在的时间", en="a time that is not in the future")
FAULTS_KEPT = 100
READ_EVERY = 500
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class History(NamedTuple):
    """Facts in the order in which they come, and what became of the rows that are none."""

    names: list[str]
    """Files or topics."""
    by: By
    arrivals: list[Arrival]
    fingerprint: str
    refused: Counter[str]
    faults: list[RowFault]
    """The first of the refused; `refused` counts all."""
    skipped: Counter[str]


class Gathering:
    """Rows on their way to a history.

    What lies in the future (of `now`) is refused, as it is live: one slip of a year would stretch all figures over it.
    """

    def __init__(self, by: By, now: datetime, *, since: datetime | None = None, to: datetime | None = None) -> None:
        self._by, self._now, self._since, self._to = by, now, since, to
        self._facts: list[AnyFact] = []
        self._names: list[str] = []
        self._refused: Counter[str] = Counter()
        self._faults: list[RowFault] = []
        self._skipped: Counter[str] = Counter()

    def files(self, files: Sequence[FactFile], told: Callable[[], None] = lambda: None) -> None:
        """Reads files to their end; `told` hears now and then that there is progress."""
        for file in files:
            self._names.append(file.path.name)
            for number, row in enumerate(file.rows()):
                self.take(row)
                if number % READ_EVERY == 0:
                    told()

    async def topic(self, settings: StreamSettings, topic: str) -> None:
        """Reads a topic to its present end. What was appended without a time of sending was sent when appended."""
        self._names.append(topic)
        async for row in _rows(read_topic(settings, topic), topic):
            self.take(row)

    def take(self, row: Row) -> None:
        if isinstance(row, FactRow) and (ahead := self._ahead(row)) is not None:
            row = ahead
        if isinstance(row, RowFault):
            self._refused[row.reason] += 1
            if len(self._faults) < FAULTS_KEPT:
                self._faults.append(row)
        elif isinstance(row, RowSkipped):
            self._skipped[row.because] += 1
        elif self._lies_outside(row.fact):
            self._skipped["outside --from and --to"] += 1
        else:
            self._facts.append(row.fact)

    def facts(self) -> Iterator[AnyFact]:
        """What has been taken, as it was given."""
        return iter(self._facts)

    def history(self) -> History:
        """All of it."""
        arrivals = in_order(self._facts, self._by)
        return History(
            self._names, self._by, arrivals, fingerprint(arrivals), self._refused, self._faults, self._skipped
        )

    def _ahead(self, row: FactRow) -> RowFault | None:
        for field in ("observed_at", "known_at", "reported_at"):
            at = getattr(row.fact, field)
            if at is not None and at > self._now:
                return row_fault(row.file, row.line, "future", path=field, value=at, expected=NOT_AHEAD)
        return None

    def _lies_outside(self, fact: AnyFact) -> bool:
        at = arrival(fact, self._by)
        return (self._since is not None and at < self._since) or (self._to is not None and at >= self._to)


async def _rows(records: AsyncIterator[StoredRecord], topic: str) -> AsyncIterator[Row]:
    async for record in records:
        yield _row(record, f"{topic}/{record.partition}")


def _row(record: StoredRecord, where: str) -> Row:
    """One record of a topic. Ticks are made anew, and drills are no history."""
    try:
        message = decode(record.value or b"")
    except BadFact as bad:
        return RowFault(where, record.offset, reason_of(bad), bad.faults)
    if not isinstance(message, Fact):
        return RowSkipped(where, record.offset, "no fact: a tick, or the beginning or end of a drill")
    if message.exercise is not None:
        return RowSkipped(where, record.offset, "a fact of a drill")
    if message.reported_at is None:
        appended = _EPOCH + timedelta(milliseconds=record.timestamp_ms)
        message = msgspec.structs.replace(message, reported_at=appended)
    return FactRow(where, record.offset, message)


def faults_of(history: History, shown: int) -> Iterable[str]:
    """The first refused rows, for people."""
    yield from map(str, history.faults[:shown])
    if (more := history.refused.total() - shown) > 0:
        yield f"… {more} 条 / more"
