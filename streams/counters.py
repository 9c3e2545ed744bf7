"""What a worker counts, as plain numbers: who shows them (Prometheus, /readyz) reads them here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field


@dataclass
class Counters:
    """Totals since the process started. Times are of the event loop's clock."""

    sources: AbstractSet[str] | None = None
    """The sources that are counted by name; any other, whose name may be made up, as `other`. None: all by name."""
    read: Counter[str] = field(default_factory=Counter)
    """Messages read, by topic."""
    acknowledged: Counter[str] = field(default_factory=Counter)
    """Messages finished, by topic: their state and alerts are durable."""
    dead: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    """Dead letters, by topic, source and reason."""
    forwarded: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Facts sent on to their own partition, by topic and source."""
    read_again: Counter[str] = field(default_factory=Counter)
    """Times a partition was read once more because its consumer had passed records over, by topic."""
    alerts: int = 0
    """Alerts made durable on topic `alerts`, repetitions after a restart included."""
    delivered: int = 0
    """Alerts that the incident desk has taken."""
    delivery_failures: int = 0
    flushes: int = 0
    entries: int = 0
    """Changelog entries written."""
    ticks: Counter[str] = field(default_factory=Counter)
    missed_ticks: int = 0
    last_event: dict[tuple[str, int], float] = field(default_factory=dict)
    """When a message of a topic and partition was last read."""

    def of(self, source: str | None) -> str:
        """The name under which a source is counted; empty where it named none."""
        known = not source or self.sources is None or source in self.sources
        return (source or "") if known else "other"
