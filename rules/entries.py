"""What is remembered of one detector on one subject, and what that memory caused.

Table changelog, alerts and offset commit are three writes, and a worker may die between any two. So an entry
remembers, per topic, the last offset it applied and the alerts that recent offsets caused: a message at or below that
offset leaves the state alone and sends those same alerts again.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import msgspec

from rules.alerts import Alert, Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Record(NamedTuple):
    """Where a message stands in the log."""

    topic: str
    topic_id: str
    """Changes when a topic is made anew, which starts at offset 0 again."""
    partition: int
    offset: int
    appended_at: datetime
    committed: int = 0
    """The offset from which a restarted worker would read: nothing below it comes again."""


class Applied(msgspec.Struct, array_like=True, frozen=True):
    """The last offset an entry applied of one topic."""

    topic: str
    topic_id: str
    partition: int
    offset: int


class Caused(msgspec.Struct, array_like=True, frozen=True):
    """The alerts that one offset caused, or why it was refused as a conflict with what the entry then held."""

    topic: str
    offset: int
    alerts: list[Alert]
    conflict: Words | None = None


class Entry(msgspec.Struct, array_like=True, frozen=True):
    """One row of the table. `state` is the detector's own, `due` the instant at which time alone may change it."""

    topic: str
    partition: int
    exercise: str | None
    due: datetime | None
    applied: list[Applied]
    caused: list[Caused]
    state: Any

    def seen(self, record: Record) -> bool:
        """Whether the record is already in this state."""
        return any(
            a.topic == record.topic and a.topic_id == record.topic_id and a.partition == record.partition
            and record.offset <= a.offset
            for a in self.applied
        )  # fmt: skip

    def newer_than(self, other: Entry) -> bool:
        """Whether it has applied all that `other` has, and more."""
        mine = {(a.topic, a.topic_id, a.partition): a.offset for a in self.applied}
        ahead = [mine.get((a.topic, a.topic_id, a.partition), -1) - a.offset for a in other.applied]
        return all(n >= 0 for n in ahead) and (any(ahead) or len(mine) > len(ahead))

    def caused_by(self, record: Record) -> list[Alert]:
        """The alerts that this very record caused when it was applied."""
        return [alert for c in self._memories(record) for alert in c.alerts]

    def conflict_of(self, record: Record) -> Words | None:
        """Why this very record was refused as a conflict, if it was."""
        return next((c.conflict for c in self._memories(record) if c.conflict), None)

    def _memories(self, record: Record) -> list[Caused]:
        if not self.caused or not self.seen(record):
            return []
        return [c for c in self.caused if c.topic == record.topic and c.offset == record.offset]


def after(
    before: Entry | None,
    record: Record,
    *,
    exercise: str | None,
    due: datetime | None,
    state: Any,
    alerts: list[Alert],
    conflict: Words | None = None,
) -> Entry:
    """The entry once `record` is applied; memories behind the committed offset, or of a topic made anew, are let go."""
    stale = any(a.topic == record.topic and a.topic_id != record.topic_id for a in (before.applied if before else []))
    applied = [a for a in (before.applied if before else []) if a.topic != record.topic]
    applied.append(Applied(record.topic, record.topic_id, record.partition, record.offset))
    caused = [
        c
        for c in (before.caused if before else [])
        if c.topic != record.topic or (c.offset >= record.committed and not stale)
    ]
    if alerts or conflict:
        caused.append(Caused(record.topic, record.offset, alerts, conflict))
    return Entry(record.topic, record.partition, exercise, due, applied, caused, state)


class States(Protocol):
    """What the engine reads of the table."""

    def get(self, key: str) -> Entry | None: ...

    def due(self, record: Record, exercise: str | None, at: datetime) -> Iterable[str]:
        """Keys of this topic and partition whose `due` is not after `at`."""
        ...

    def of_exercise(self, record: Record, exercise: str | None) -> Iterable[str]:
        """Keys of this topic and partition that belong to a drill, or (None) to no drill."""
        ...

    def caused_at(self, record: Record) -> Iterable[Entry]:
        """Entries that remember having sent alerts for this very record."""
        ...


class MappingStates:
    """`States` over any mapping of keys to entries."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        self._entries = entries

    def get(self, key: str) -> Entry | None:
        return self._entries.get(key)

    def due(self, record: Record, exercise: str | None, at: datetime) -> list[str]:
        return sorted(
            key
            for key, e in self._entries.items()
            if e.due and e.due <= at and e.exercise == exercise and self._here(e, record)
        )

    def of_exercise(self, record: Record, exercise: str | None) -> list[str]:
        return sorted(k for k, e in self._entries.items() if e.exercise == exercise and self._here(e, record))

    def caused_at(self, record: Record) -> list[Entry]:
        return [
            e for _, e in sorted(self._entries.items()) if e.caused and self._here(e, record) and e.caused_by(record)
        ]

    @staticmethod
    def _here(entry: Entry, record: Record) -> bool:
        return entry.topic == record.topic and entry.partition == record.partition


class Rejection(NamedTuple):
    """Why a fact was refused by what the engine knows. `reason` is one of the documented words."""

    reason: str
    explain: Words


class Outcome(NamedTuple):
    """What one record did: entries to write (None = delete), alerts to send, or why it was refused."""

    entries: dict[str, Entry | None]
    alerts: list[Alert]
    rejected: Rejection | None = None


NOTHING = Outcome({}, [])

_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Entry)


def encode(entry: Entry) -> bytes:
    return _encoder.encode(entry)


def decode(raw: bytes) -> Entry:
    """The entry, its `state` still plain JSON: the detector that owns it gives it its type."""
    return _decoder.decode(raw)
