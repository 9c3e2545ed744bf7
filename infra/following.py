"""Each process follows what is in force: it looks at the activations, tells the log what was not told, and says what
of the disk is not in force.

A look each `EVERY` seconds is enough: an alert bears the version of its plan, which is read from SQL when it comes
before the look does.
"""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from infra import clock
from infra.in_force import first
from infra.site_files import library_of, read_texts
from responders import plan_store
from responders.alarm_schema import alarms
from responders.alarms import alarm_id
from rules.alerts import PIPELINE_FAULT, Words, pipeline_fault
from rules.in_force import UnknownLibrary
from rules.shanghai import shown
from rules.yaml_file import BadFiles
from streams.errors import StreamsError
from streams.producing import NotTaken

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from infra.in_force import InForce
    from infra.settings import Settings
    from infra.wiring import DutyRoom
    from responders.plan_store import Activation
    from responders.store import Store
    from rules.alerts import Alert
    from rules.library import Library
    from streams.producing import Producer

EVERY = 2.0
ABANDONED = timedelta(minutes=1)
"""An activation that was begun so long ago and not told: whoever began it is gone."""
PART, SUBJECT = "plans", "disk"
_log = structlog.get_logger("fenghuo")


async def tell(store: Store, producer: Producer, library: Library, last: Activation, also: Sequence[int] = ()) -> int:
    """Tell every partition that the last activation is in force, and mark it, and `also` those it has overtaken.

    To how many partitions. Raises `NotTaken`: then nothing is marked, and it is told again.
    """
    number = await producer.activate(last.content, library.site.counties, clock.utc_now())
    done = [last.number, *also]
    await asyncio.to_thread(
        store.run, lambda connection: plan_store.told(connection, done, clock.utc_now()), wake=False
    )
    return number


class Follower:
    """One process's. `producer`: how the log is told, where this process may; `desk`: whether it pages for the disk."""

    def __init__(
        self,
        settings: Settings,
        in_force: InForce,
        room: DutyRoom,
        *,
        producer: Callable[[], Awaitable[Producer]] | None,
        desk: bool,
        changed: Callable[[Library], None] = lambda _library: None,
    ) -> None:
        self._settings, self._in_force, self._room = settings, in_force, room
        self._producer, self._desk, self._changed = producer, desk, changed
        self._own: set[int] = set()
        self._disk_seen = False
        self._complained = ""

    async def run(self) -> None:
        """For ever. What is away now is asked again."""
        while True:
            try:
                await self.once()
                self._complained = ""
            except (SQLAlchemyError, NotTaken, StreamsError, BadFiles, UnknownLibrary, OSError) as error:
                self._complain(error)
            await asyncio.sleep(EVERY)

    async def once(self) -> None:
        """One look."""
        if not await asyncio.to_thread(self._look):
            return
        if self._producer is not None:
            await self._carry_through(self._producer)
        if not self._disk_seen:
            await asyncio.to_thread(self._see_disk)
            self._disk_seen = True

    def _look(self) -> bool:
        """Whether anything is in force on record; follows it."""
        store, in_force = self._room.store, self._in_force
        with store.read() as connection:
            last = plan_store.in_force(connection)
        if last is None and self._producer is not None:
            last = first(store, read_texts(Path(self._settings.site)))
            self._own.add(last.number)
        if last is None or last.number == in_force.number:
            return last is not None
        new = last.content != in_force.content
        in_force.becomes(last)
        if new:
            self._disk_seen = False
            self._changed(in_force.library)
            _log.info("plans in force", content=last.content, since=shown(last.at), by=last.by)
        return True

    async def _carry_through(self, opened: Callable[[], Awaitable[Producer]]) -> None:
        """What was begun and not told is told now, by whoever is there."""
        store, now = self._room.store, clock.utc_now()
        history = await asyncio.to_thread(_untold, store)
        due = [one.number for one in history if one.number in self._own or one.at <= now - ABANDONED]
        if not due:
            return
        with_ = await opened()
        try:
            last = await asyncio.to_thread(_last, store)
            if last is not None and last.number == self._in_force.number:
                await tell(store, with_, self._in_force.library, last, due)
                _log.info("plans told to every partition", content=last.content)
        finally:
            await with_.close()

    def _see_disk(self) -> None:
        """What lies on disk is in force, or is not yet, or cannot be: the last is a fault, told once an hour."""
        found = look_at_disk(self._settings, self._in_force)
        if found.broken is not None:
            _log.error("the plans on disk are broken; those in force stay", why=found.broken.en)
        elif found.differs:
            _log.warning("the plans on disk are not those in force", disk=found.content,
                         in_force=self._in_force.content, next="fenghuo plan activate")  # fmt: skip
        if self._desk:
            self._report(found.broken)

    def _report(self, broken: Words | None) -> None:
        county, now = self._in_force.library.site.file.county, clock.utc_now()
        if broken is not None:
            hour = now.replace(minute=0, second=0, microsecond=0)
            self._room.desk.take([_fault(county, hour, broken)])
        elif _stands(self._room.store, county):
            words = Words(zh="磁盘上的预案库已无误。", en="The library of plans on disk has no fault any more.")
            self._room.desk.take([_fault(county, now, words, over=True)])

    def _complain(self, error: Exception) -> None:
        """Once for as long as it is the same."""
        said = f"{type(error).__name__}: {error}".splitlines()[0]
        if said != self._complained:
            _log.warning("what is in force could not be followed; asked again", error=said)
        self._complained = said


class Disk:
    """What lies on disk against what is in force. `broken`: why it could not be; `content`: its hash, if it has one."""

    def __init__(self, content: str = "", broken: Words | None = None, *, differs: bool = False) -> None:
        self.content, self.broken, self.differs = content, broken, differs


def look_at_disk(settings: Settings, in_force: InForce) -> Disk:
    """Reads and checks the site directory, unless it is what is in force."""
    directory = Path(settings.site)
    try:
        texts = read_texts(directory)
        content = plan_store.content_of(texts)
        if content == in_force.content:
            return Disk(content)
        library_of(texts)
    except BadFiles as bad:
        return Disk(broken=_broken(bad), differs=True)
    return Disk(content, differs=True)


def _broken(bad: BadFiles) -> Words:
    why, others = bad.faults[0].words, len(bad.faults) - 1
    zh, en = (f"，另有 {others} 处", f", and {others} more") if others else ("", "")
    return Words(
        zh=f"磁盘上的预案库有误，仍按已启用的预案值守：{why.zh}{zh}。请运行 fenghuo plan check",
        en=f"The library of plans on disk is broken; the one in force stays: {why.en}{en}. Run fenghuo plan check",
    )


def _fault(county: str, at: datetime, words: Words, *, over: bool = False) -> Alert:
    return pipeline_fault(county=county, part=PART, subject=SUBJECT, at=at, explain=words, over=over)


def _stands(store: Store, county: str) -> bool:
    name = alarm_id("", county, f"{PIPELINE_FAULT}/{PART}", SUBJECT)
    with store.read() as connection:
        query = select(alarms.c.id).where(alarms.c.id == name, alarms.c.severity != "normal")
        return connection.execute(query).first() is not None


def _untold(store: Store) -> list[Activation]:
    with store.read() as connection:
        waiting = set(plan_store.untold(connection))
        return [one for one in plan_store.history(connection) if one.number in waiting] if waiting else []


def _last(store: Store) -> Activation | None:
    with store.read() as connection:
        return plan_store.in_force(connection)
