"""What Prometheus reads at `/metrics` (`metrics.listen`): the worker's counters and what stands open in the store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from prometheus_client.core import Metric

    from streams.counters import Counters


class Figures(Protocol):
    """What the store says in numbers: name → number."""

    def standing(self) -> Mapping[str, int]:
        """Incidents, pages, alarms, responses and reports in each state."""
        ...

    def held(self) -> Mapping[str, int]:
        """Alerts that paged nobody because their alarm was shelved, suppressed or out of service."""
        ...

    def decided(self) -> Mapping[str, int]:
        """Proposals by how they were closed."""
        ...

    def reported(self) -> Mapping[str, int]:
        """Reports upward, made and missed."""
        ...


class Metrics:
    """Collected when asked."""

    def __init__(self, counters: Counters, figures: Figures) -> None:
        self._counters, self._figures = counters, figures
        self._registry = CollectorRegistry()
        self._registry.register(self)
        self._door_counts: dict[tuple[str, str], int] = {}

    def count_door(self, source: str, outcome: str, number: int) -> None:
        """One answer of the facts door."""
        self._door_counts[source, outcome] = self._door_counts.get((source, outcome), 0) + number

    async def text(self) -> bytes:
        """The exposition. Reads the store in a thread."""
        return await asyncio.to_thread(generate_latest, self._registry)

    def collect(self) -> Iterator[Metric]:
        """Called by the registry."""
        c = self._counters
        yield _counter("fenghuo_messages_read", "Messages read", ("topic",), {(t,): n for t, n in c.read.items()})
        yield _counter(
            "fenghuo_messages_finished", "Messages whose state and alerts are durable", ("topic",),
            {(t,): n for t, n in c.acknowledged.items()},
        )  # fmt: skip
        yield _counter("fenghuo_dead_letters", "Dead letters", ("topic", "source", "reason"), c.dead)
        yield _counter("fenghuo_forwarded", "Facts sent on to their own partition", ("topic", "source"), c.forwarded)
        yield _counter("fenghuo_alerts", "Alerts made durable", (), {(): c.alerts})
        yield _counter("fenghuo_alerts_delivered", "Alerts that the desk has taken", (), {(): c.delivered})
        yield _counter("fenghuo_delivery_failures", "Failed deliveries to the desk", (), {(): c.delivery_failures})
        yield _counter("fenghuo_http_facts", "Facts over HTTP", ("source", "outcome"), self._door_counts)
        yield _counter(
            "fenghuo_alerts_held", "Alerts recorded without paging, by what held their alarm", ("by",),
            {(by,): number for by, number in self._figures.held().items()},
        )  # fmt: skip
        yield _counter(
            "fenghuo_proposals", "Proposals of responses, by how they were closed", ("decision",),
            {(decision,): number for decision, number in self._figures.decided().items()},
        )  # fmt: skip
        yield _counter(
            "fenghuo_reports", "Reports upward, made and missed (one made late is both)", ("outcome",),
            {(outcome,): number for outcome, number in self._figures.reported().items()},
        )  # fmt: skip
        gauge = GaugeMetricFamily("fenghuo_standing", "What stands in the store", labels=("what",))
        for what, number in self._figures.standing().items():
            gauge.add_metric((what,), number)
        yield gauge

    def describe(self) -> Iterator[Metric]:
        """Nothing: what there is depends on the moment."""
        return iter(())


def _counter(name: str, text: str, labels: tuple[str, ...], values: Mapping[Any, int]) -> CounterMetricFamily:
    family = CounterMetricFamily(name, text, labels=labels)
    for key, number in values.items():
        family.add_metric(key, number)
    return family
