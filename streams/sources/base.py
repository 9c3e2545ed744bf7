"""What every door shares: the producer it needs, and what one row of input turns out to be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Protocol

import msgspec

from rules.alerts import Words
from rules.facts import AnyFact
from rules.fault import ROOT, Fault, fault

Clock = Callable[[], datetime]
"""Says what time it is, as an aware instant in UTC."""

Headers = Sequence[tuple[str, bytes]]
Outgoing = tuple[str, bytes, bytes, Headers]
"""Topic, key, value, headers."""
Place = tuple[int, int]
"""Partition and offset: the broker has it."""


class FactProducer(Protocol):
    """Sends facts, and resolves only once the broker has them."""

    async def send(self, topic: str, key: bytes, value: bytes, headers: Headers = ()) -> Place:
        """Send one. Raises when the broker did not take it."""
        ...

    async def send_many(self, records: list[Outgoing]) -> list[Place | Exception]:
        """Send many, in order: the place of each, or why the broker did not take it."""
        ...


class FactRow(msgspec.Struct, frozen=True):
    """A row that is a fact."""

    file: str
    line: int
    fact: AnyFact
    raw: bytes | None = None
    """The JSON as it came, with the fields that are unknown here; None where the row was no JSON."""


class RowFault(msgspec.Struct, frozen=True):
    """A row that is no fact, and why."""

    file: str
    line: int
    reason: str
    """One word to count by: `not-utf8`, `not-json`, `conflict`, `field:price` …"""
    faults: list[Fault]

    def __str__(self) -> str:
        first, *others = self.faults
        return "; ".join(map(str, (msgspec.structs.replace(first, file=self.file, line=self.line), *others)))


class RowSkipped(msgspec.Struct, frozen=True):
    """A row that is left out on purpose."""

    file: str
    line: int
    because: str


Row = FactRow | RowFault | RowSkipped


def row_fault(file: str, line: int, reason: str, *, path: str = ROOT, value: object, expected: Words) -> RowFault:
    """A row with one fault."""
    return RowFault(file, line, reason, [fault(path, value, expected)])
