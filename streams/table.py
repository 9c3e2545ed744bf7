"""The one table: every entry of every detector, in memory as `rules.entries.Entry`, durable in its changelog.

Faust writes the changelog when a table is set, hears of no failure, and takes the partition from whatever event is
current. So nothing sets this table: agents `put` into memory, and the flusher `append`s what has changed, with the
partition of the fact that changed it, and waits until it is durable.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import faust
import msgspec

from rules.entries import decode, encode
from streams.errors import StateDamaged

if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterable
    from datetime import datetime

    from faust.types import TP, EventT

    from rules.entries import Entry, Record

Place = tuple[str, int]


class EntryTable(faust.Table):  # type: ignore[type-arg]
    """Entries by key, and the `States` that the engine reads."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("key_type", bytes)
        kwargs.setdefault("value_type", bytes)
        super().__init__(*args, **kwargs)
        self._places: dict[Place, dict[str, None]] = {}

    @property
    def entries(self) -> dict[str, Entry]:
        """All entries, by key."""
        return cast("dict[str, Entry]", self.data.data)

    # -- changing

    def put(self, key: str, entry: Entry | None) -> None:
        """Change memory only; the flusher makes it durable."""
        if entry is None:
            self._drop(key)
            return
        if key not in self.entries:
            self._places.setdefault((entry.topic, entry.partition), {})[key] = None
        self.entries[key] = entry

    async def append(self, partition: int, key: str) -> Awaitable[Any]:
        """Write what `key` now is to the changelog; the future is done when that is durable."""
        entry = self.entries.get(key)
        value = None if entry is None else encode(entry)
        return cast(
            "Awaitable[Any]",
            await self.app.producer.send(self.changelog_topic_name, key.encode(), value, partition, None, None),
        )

    def send_changelog(self, *args: Any, **_: Any) -> Any:
        """Refuse what would be written without anybody waiting for it."""
        raise RuntimeError(f"table {self.name}: set by {args[1:2]!r}, expected changes through put() and the flusher")

    def _drop(self, key: str) -> None:
        entry = self.entries.pop(key, None)
        if entry is not None:
            self._places.get((entry.topic, entry.partition), {}).pop(key, None)

    # -- what the engine reads

    def get(self, key: str, default: Any = None) -> Any:
        """The entry of that key."""
        return self.entries.get(key, default)

    def here(self, record: Record) -> Iterable[str]:
        """Keys of the record's topic and partition."""
        return self._places.get((record.topic, record.partition), ())

    def due(self, record: Record, exercise: str | None, at: datetime) -> list[str]:
        """Keys of this topic and partition whose `due` is not after `at`."""
        found = []
        for key in self.here(record):
            entry = self.entries[key]
            if entry.due is not None and entry.due <= at and entry.exercise == exercise:
                found.append(key)
        return sorted(found)

    def of_exercise(self, record: Record, exercise: str | None) -> list[str]:
        """Keys of this topic and partition that belong to a drill, or (None) to no drill."""
        return sorted(key for key in self.here(record) if self.entries[key].exercise == exercise)

    def caused_at(self, record: Record) -> list[Entry]:
        """Entries that remember having sent alerts for this very record."""
        held = ((key, self.entries[key]) for key in self.here(record))
        return [entry for _, entry in sorted(held, key=lambda one: one[0]) if entry.caused and entry.caused_by(record)]

    # -- what Faust calls

    def _to_key(self, k: Any) -> Any:
        return k.decode()

    def apply_changelog_batch(self, batch: Iterable[EventT[Any]]) -> None:
        """Take what was durable, but nothing older than what is held.

        A worker that was stopped in the middle of a write and continued after its session writes late: the partition's
        new owner has written newer state by then.
        """
        for event in batch:
            key = self._to_key(event.key)
            entry = self._durable(event.message.value)
            held = self.entries.get(key)
            if entry is None or held is None or not held.newer_than(entry):
                self.put(key, entry)

    def _durable(self, value: bytes | None) -> Entry | None:
        try:
            return None if value is None else decode(value)
        except (msgspec.DecodeError, UnicodeDecodeError) as damaged:
            # Faust would try the same batch for ever, and nobody would hear of it.
            refused = StateDamaged(self.changelog_topic_name, str(damaged))
            cast("Any", self.app).fatal(str(refused))
            raise refused from damaged

    async def on_rebalance(
        self, assigned: set[TP], revoked: set[TP], newly_assigned: set[TP], generation_id: int = 0
    ) -> None:
        """Forget the partitions that are no longer ours: another worker changes them now."""
        ours = {tp.partition for tp in assigned if tp.topic == self.changelog_topic_name}
        for key in [key for key, entry in self.entries.items() if entry.partition not in ours]:
            self._drop(key)
        await super().on_rebalance(assigned, revoked, newly_assigned, generation_id)
