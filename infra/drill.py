"""Playing a drill through the very same topics, rules, desk and pager; what came against what was expected."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from infra.scenario import Expected, Scenario, plan_facts
from responders import drills
from responders.acknowledgement import Answers
from responders.schema import incidents, pages, timeline
from rules.facts import DrillEnded, DrillStarted, Tick, encode
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from infra.scenario import Planned
    from infra.wiring import DutyRoom
    from rules.site import Site
    from streams.producing import Producer

POLL = 0.2
GRACE = timedelta(minutes=1)
"""How long after its own length a drill that nobody ended is ended by the responder."""
TICK_EVERY = timedelta(seconds=60)


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """One expectation against what happened. Seconds from the start of the drill; `actual` None: it did not come."""

    expected: Expected
    within: int
    actual: float | None

    @property
    def met(self) -> bool:
        return self.actual is not None and self.actual <= self.within


class DrillRun:
    """One drill, from its registration to its end."""

    def __init__(
        self,
        scenario: Scenario,
        site: Site,
        room: DutyRoom,
        producer: Producer,
        clock: Callable[[], datetime],
        *,
        told: Callable[[str], None] = lambda _line: None,
    ) -> None:
        self._scenario, self._site, self._room, self._producer = scenario, site, room, producer
        self._clock, self._told = clock, told
        self.start = clock()
        self.exercise = f"{scenario.id}-{self.start:%Y%m%dT%H%M%S%f}"

    async def run(self) -> list[Result]:
        """Plays the whole scenario. However it ends, the drill is ended in the log and in the store."""
        await asyncio.to_thread(self._register)
        try:
            await self._producer.broadcast(
                DrillStarted(exercise=self.exercise, source=self._scenario.source, at=self._clock())
            )
            facts = plan_facts(self._scenario, self._site, self.exercise, self.start)
            async with asyncio.TaskGroup() as group:
                sending = group.create_task(self._send(facts))
                ticking = group.create_task(self._tick())
                results = await self._watch(sending)
                ticking.cancel()
            return results
        finally:
            await asyncio.shield(self._end())

    def _register(self) -> None:
        titles = self._scenario.titles
        with self._room.store.write(wake=False) as connection:
            drills.register(
                connection,
                self.exercise,
                f"{titles.zh} {titles.en}",
                self._scenario.participants,
                self.start,
                ends_by=self.start + timedelta(seconds=seconds(self._scenario.length)) + GRACE,
            )

    async def _end(self) -> None:
        answers = Answers(self._room.store, self._room.services, self._clock)
        await self._producer.broadcast(DrillEnded(exercise=self.exercise, at=self._clock()))
        await asyncio.to_thread(answers.end_drill, self.exercise)

    async def _send(self, facts: list[Planned]) -> None:
        for number, planned in enumerate(facts, 1):
            await self._until(self.start + planned.offset)
            fact = planned.fact
            await self._producer.send(fact.topic, fact.county.encode(), encode(fact))
            if number == len(facts) or facts[number].offset != planned.offset:
                self._told(f"+{planned.offset.total_seconds():.0f}s  {number}/{len(facts)} 条数据已送入 / facts sent")

    async def _tick(self) -> None:
        """The drill's own clock: ticks that move nobody else's state."""
        due = self.start + TICK_EVERY
        while True:
            await self._until(due)
            await self._producer.broadcast(Tick(at=due, exercise=self.exercise))
            due += TICK_EVERY

    async def _watch(self, sending: asyncio.Task[None]) -> list[Result]:
        """Until all has been sent and every expectation is met, or the drill's time is up."""
        end = self.start + timedelta(seconds=seconds(self._scenario.length))
        seen: set[int] = set()
        while True:
            results = await asyncio.to_thread(self._compare)
            for number, result in enumerate(results):
                if result.actual is not None and number not in seen:
                    seen.add(number)
                    self._told(f"+{result.actual:.0f}s  {result.expected.words.zh} / {result.expected.words.en}")
            if (sending.done() and len(seen) == len(results)) or self._clock() >= end:
                sending.cancel()
                return results
            await asyncio.sleep(POLL)

    def _compare(self) -> list[Result]:
        with self._room.store.read() as connection:
            return [
                Result(expected=e, within=seconds(e.within), actual=self._seconds(self._happened(connection, e)))
                for e in self._scenario.expected
            ]

    def _happened(self, connection: Connection, expected: Expected) -> datetime | None:
        mine = (
            (incidents.c.exercise == self.exercise)
            & (incidents.c.plan == expected.plan)
            & (incidents.c.place == expected.place)
            & incidents.c.parent.is_(None)
        )
        if expected.event == "incident":
            query = select(incidents.c.opened_at).where(mine).order_by(incidents.c.opened_at)
        elif expected.event == "acknowledged":
            query = (
                select(timeline.c.at)
                .join(incidents, incidents.c.id == timeline.c.incident)
                .where(mine, timeline.c.event == "acknowledged")
                .order_by(timeline.c.at)
            )
        else:
            query = (
                select(pages.c.left_at)
                .join(incidents, incidents.c.id == pages.c.incident)
                .where(mine, pages.c.kind == "page", pages.c.left_at.is_not(None))
                .order_by(pages.c.left_at)
            )
            if expected.officer is not None:
                query = query.where(pages.c.officer == expected.officer)
        found: datetime | None = connection.execute(query.limit(1)).scalar_one_or_none()
        return found

    def _seconds(self, at: datetime | None) -> float | None:
        return None if at is None else (at - self.start).total_seconds()

    async def _until(self, at: datetime) -> None:
        await asyncio.sleep(max(0.0, (at - self._clock()).total_seconds()))


def report(results: list[Result]) -> list[str]:
    """Expected against actual, a line each."""
    lines = [f"{'预期 expected':<40}{'应在 within':>12}{'实际 actual':>14}"]
    for r in results:
        actual = "未发生 missing" if r.actual is None else f"{r.actual:.1f} s"
        words = r.expected.words
        lines.append(f"{'✓' if r.met else '✗'} {words.zh} / {words.en}: {r.within} s, {actual}")
    return lines
