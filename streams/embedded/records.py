"""What the log takes and gives."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

#: A topic's name and a partition's number. Faust's `TP` is one.
Partition = tuple[str, int]
Headers = Sequence[tuple[str, bytes]]


@dataclass(frozen=True)
class Topic:
    """A topic as it was created. `id` differs when a topic of the same name is made anew."""

    number: int
    name: str
    id: str
    partitions: int
    compacted: bool
    retention: float | None


class NewRecord(NamedTuple):
    """A record to append. Without a timestamp (ms) it gets the file's own clock, as a broker stamps it."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    timestamp_ms: int | None = None
    headers: Headers = ()

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.key or b"") + len(self.value or b"")


class Record(NamedTuple):
    """A record as it lies in the log."""

    topic: str
    partition: int
    offset: int
    timestamp_ms: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


_decoder = msgspec.msgpack.Decoder(list[tuple[str, bytes]])


def pack_headers(headers: Headers) -> bytes | None:
    """Headers as one column; none at all is NULL."""
    return msgspec.msgpack.encode(list(headers)) if headers else None


def unpack_headers(raw: bytes | None) -> list[tuple[str, bytes]]:
    """The headers that `pack_headers` packed."""
    return _decoder.decode(raw) if raw else []
