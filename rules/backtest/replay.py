"""Facts through `rules.engine.Engine` on the data's own clock: ticks are made only at the instants that fall due.

What time alone does does not depend on how dense ticks are, so years without an event cost nothing. A tick stands
behind what has already come: facts of the very instant at which something falls due are applied first, as they are
in the log of a running worker.
"""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from heapq import heappop, heappush
from itertools import count
from typing import TYPE_CHECKING, NamedTuple

from rules.engine import Engine
from rules.entries import Record, Rejection
from rules.facts import Tick

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.alerts import Alert, Words
    from rules.backtest.arrival import Arrival
    from rules.entries import Entry, Outcome
    from rules.facts import AnyFact, Message
    from rules.library import Library

NEVER = datetime.max.replace(tzinfo=UTC)
REFUSALS_KEPT = 100


Alarm = tuple[str, str, str]
"""County, detector and subject: two counties may share a detector and have a subject of one name each."""


class Told(NamedTuple):
    """An alert, and the instant at which it leaves the engine."""

    at: datetime
    alert: Alert

    @property
    def alarm(self) -> Alarm:
        return self.alert.county, self.alert.detector, self.alert.subject


class Refusal(NamedTuple):
    """A fact that the engine refused, and why."""

    fact: AnyFact
    reason: str
    explain: Words


class Replay:
    """One engine and its table, in memory. Counts what the facts came to while it runs."""

    def __init__(self, library: Library) -> None:
        self._engine = Engine(library)
        self._table = _Table()
        self._offsets: dict[str, Iterator[int]] = {}
        self._clock = datetime.min.replace(tzinfo=UTC)
        self.applied = 0
        """Facts that were given to the engine."""
        self.ticks = 0
        self.unwatched = 0
        """Facts that the engine took and no alarm heard: of another source than the point's, of no plan's concern,
        or said before."""
        self.refused: Counter[str] = Counter()
        self.refusals: list[Refusal] = []
        """The first of them; `refused` counts all."""

    def run(self, arrivals: Iterable[Arrival], until: datetime | None = None) -> Iterator[Told]:
        """The alerts that the facts cause, in the order in which they leave.

        The clock stops at `until`, or else at the last fact: what falls due later is not told.
        """
        table = self._table
        for at, fact in arrivals:
            if table.next < at:
                yield from self._pass(at)
            self._clock = at
            outcome = self._apply(at, fact.topic, fact)
            self.applied += 1
            if outcome.rejected is not None:
                self._refuse(fact, outcome.rejected)
            elif not outcome.entries:
                self.unwatched += 1
            for alert in outcome.alerts:
                yield Told(at, alert)
        yield from self._pass(until or self._clock, whole=True)

    def _pass(self, at: datetime, *, whole: bool = False) -> Iterator[Told]:
        """Time goes on to just before `at`; with `whole`, that instant is over as well."""
        table = self._table
        while (found := table.soonest()) is not None and (found[0] < at or (whole and found[0] == at)):
            due, topic = found
            # what a late fact has made due in the past is told now
            self._clock = max(self._clock, due)
            self.ticks += 1
            for alert in self._apply(self._clock, topic, Tick(at=self._clock)).alerts:
                yield Told(self._clock, alert)

    def _apply(self, at: datetime, topic: str, message: Message) -> Outcome:
        offsets = self._offsets.get(topic)
        if offsets is None:
            offsets = self._offsets[topic] = count()
        offset = next(offsets)
        # nothing is read twice here, so nothing need be remembered of what was sent: all before it is committed
        outcome = self._engine.apply(self._table, Record(topic, "backtest", 0, offset, at, offset), message)
        for key, entry in outcome.entries.items():
            self._table.put(key, entry)
        return outcome

    def _refuse(self, fact: AnyFact, rejected: Rejection) -> None:
        self.refused[rejected.reason] += 1
        if len(self.refusals) < REFUSALS_KEPT:
            self.refusals.append(Refusal(fact, *rejected))


class _Table:
    """The entries, found by when they fall due: `rules.entries.States` for one partition of each topic."""

    def __init__(self) -> None:
        self._entries: dict[str, Entry] = {}
        self._dues: dict[str, list[tuple[datetime, str]]] = {}
        """A heap for each topic. What has since changed its mind is passed over when its time comes."""
        self.next = NEVER
        """Nothing falls due before it."""

    def put(self, key: str, entry: Entry | None) -> None:
        if entry is None:
            self._entries.pop(key, None)
            return
        before = self._entries.get(key)
        self._entries[key] = entry
        due = entry.due
        if due is not None and (before is None or before.due != due):
            heappush(self._dues.setdefault(entry.topic, []), (due, key))
            self.next = min(self.next, due)

    def soonest(self) -> tuple[datetime, str] | None:
        """When something falls due next, and in which topic."""
        found: tuple[datetime, str] | None = None
        for topic, dues in self._dues.items():
            while dues and not self._stands(*dues[0]):
                heappop(dues)
            if dues and (found is None or (dues[0][0], topic) < found):
                found = dues[0][0], topic
        self.next = found[0] if found else NEVER
        return found

    def get(self, key: str) -> Entry | None:
        return self._entries.get(key)

    def due(self, record: Record, exercise: str | None, at: datetime) -> list[str]:
        """Asked by a tick: they are taken off, and come back with the next due that the engine gives them."""
        dues, found = self._dues.get(record.topic, []), set()
        while dues and dues[0][0] <= at:
            due, key = heappop(dues)
            if self._stands(due, key) and self._entries[key].exercise == exercise:
                found.add(key)
        return sorted(found)

    def of_exercise(self, record: Record, exercise: str | None) -> list[str]:  # noqa: ARG002 - no drill is in a backtest
        return []

    def caused_at(self, record: Record) -> list[Entry]:  # noqa: ARG002 - nothing is read twice
        return []

    def _stands(self, due: datetime, key: str) -> bool:
        entry = self._entries.get(key)
        return entry is not None and entry.due == due
