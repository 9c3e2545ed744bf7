"""What Prometheus reads at `/metrics` (`metrics.listen`): the worker's counters and what stands open in the store."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client.core import Metric

    from streams.counters import Counters


class Metrics:
    """Collected when asked. `standing` reads the store: name → number of incidents, pages or alarms in that state.

    `held` counts alerts that paged nobody because their alarm was shelved, suppressed or out of service.
    """

    def __init__(
        self, counters: Counters, standing: Callable[[], Mapping[str, int]], held: Callable[[], Mapping[str, int]]
    ) -> None:
        self._counters, self._standing, self._held = counters, standing, held
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
            {(by,): number for by, number in self._held().items()},
        )  # fmt: skip
        gauge = GaugeMetricFamily("fenghuo_standing", "What stands in the store", labels=("what",))
        for what, number in self._standing().items():
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
