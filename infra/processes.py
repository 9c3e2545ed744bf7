"""Running the parts of one process side by side: if one fails, all end, and the supervisor starts the process again."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from typing import TYPE_CHECKING, NamedTuple

import structlog

from infra import clock
from infra.doorkeeper import allow_descriptors
from infra.following import Follower
from infra.in_force import on_disk, opened
from infra.installed import PATIENCE, check_address, check_database, check_topics
from infra.metrics import Metrics
from infra.web import Readiness, application, exposition, listening
from infra.wiring import NO_SEAMS, api_keys, duty_room, heartbeat, open_producer, sources, web_routes, worker_app
from responders.store import Store
from streams.counters import Counters
from streams.errors import StreamsError
from streams.health import health
from streams.running import run_app

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from infra.in_force import InForce
    from infra.settings import Settings
    from infra.wiring import DutyRoom, Seams
    from rules.library import Library
    from streams.app import WorkerApp
    from streams.producing import Producer

_log = structlog.get_logger("fenghuo")


class Parts(NamedTuple):
    """Which parts a process runs."""

    worker: bool = False
    responder: bool = False
    console: bool = False


EVERYTHING = Parts(worker=True, responder=True, console=True)


async def run(
    settings: Settings,
    parts: Parts,
    *,
    stop: asyncio.Event | None = None,
    ready: asyncio.Event | None = None,
    stopping: Callable[[], None] = lambda: None,
    seams: Seams = NO_SEAMS,
) -> int:
    """Runs until `stop`, a signal or a failure. The exit code: 0 when asked to stop, 1 when a part failed.

    Raises `Misconfigured`, `NotMigrated` or `BadFiles` before anything is started where nothing could work. A broken
    library on disk hinders no start where one is in force already.
    `stopping` is called as soon as the end begins, whatever started it: a supervisor must not wait for ever.
    """
    stop = stop or asyncio.Event()
    _on_signals(stop)
    allow_descriptors()
    check_address(settings)
    if parts.responder and not settings.twilio.account_sid:
        _log.warning("nobody can be paged: twilio.account_sid is not set")
    ending = asyncio.ensure_future(_when(stop, stopping))
    store = Store(settings.database)
    try:
        await check_database(store)
        in_force = await _in_force(settings, store)
        room = duty_room(settings, in_force, seams, store)
    except BaseException:
        ending.cancel()
        store.close()
        raise
    try:
        if parts.worker or parts.console:
            await check_topics(settings, in_force.library)
        return await _Process(settings, in_force, parts, room, stop, seams).run(ready or asyncio.Event())
    finally:
        ending.cancel()
        await room.close()


async def _in_force(settings: Settings, store: Store) -> InForce:
    try:
        async with asyncio.timeout(PATIENCE):
            return await asyncio.to_thread(opened, settings, store)
    except TimeoutError:  # a database that neither answers nor refuses
        return await asyncio.to_thread(on_disk, settings, store)


async def _when(event: asyncio.Event, act: Callable[[], None]) -> None:
    await event.wait()
    act()


class _Process:
    def __init__(
        self, settings: Settings, in_force: InForce, parts: Parts, room: DutyRoom, stop: asyncio.Event, seams: Seams
    ) -> None:
        self._settings, self._in_force, self._parts = settings, in_force, parts
        self._room, self._stop, self._seams = room, stop, seams
        self._counters = Counters(sources=sources(settings, in_force.library))
        self._worker: WorkerApp | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def run(self, ready: asyncio.Event) -> int:
        worker_ready = asyncio.Event()
        if self._parts.worker:
            self._worker = worker_app(
                self._settings, self._in_force, self._room, self._counters, self._fatal, self._seams
            )
            self._start("worker", run_app(self._worker, ready=worker_ready, stop=self._stop))
        else:
            worker_ready.set()
        if self._parts.responder:
            self._start("pager", self._room.pager.run())
            self._start("heartbeat", heartbeat(self._settings, self._room).run())
        self._start("plans", self._follower().run())
        self._start("console", self._serve_web(worker_ready, ready))
        return await self._until_one_ends()

    def _follower(self) -> Follower:
        """Worker and desk, facts and webhooks go by what is in force, whichever process activated it."""

        def changed(library: Library) -> None:
            self._counters.sources = sources(self._settings, library)
            self._room.services.texts.duty_phone = library.site.file.duty_phone

        producer = self._open_producer if self._parts.worker else None
        desk = self._parts.responder
        return Follower(self._settings, self._in_force, self._room, producer=producer, desk=desk, changed=changed)

    async def _open_producer(self) -> Producer:
        return await open_producer(self._settings, self._in_force.library)

    def _start(self, name: str, work: Awaitable[None]) -> None:
        self._tasks[name] = asyncio.ensure_future(work)

    async def _until_one_ends(self) -> int:
        stopping = asyncio.ensure_future(self._stop.wait())
        await asyncio.wait([stopping, *self._tasks.values()], return_when=asyncio.FIRST_COMPLETED)
        asked = self._stop.is_set()
        failed = False
        for name, task in self._tasks.items():
            if task.done() and not task.cancelled() and (error := task.exception()) is not None:
                failed = True
                expected = isinstance(error, (StreamsError, OSError))
                _log.error(
                    "part failed", part=name, error=str(error) or repr(error), exc_info=None if expected else error
                )
        self._stop.set()
        for name, task in self._tasks.items():
            if name != "worker":  # the worker finishes what it has taken, and stops by itself
                task.cancel()
        stopping.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
        return 0 if asked and not failed else 1

    async def _serve_web(self, worker_ready: asyncio.Event, ready: asyncio.Event) -> None:
        """Health in every process; facts and webhooks where the console runs."""
        metrics = Metrics(self._counters, self._room)
        producer = await self._open_producer() if self._parts.console else None
        routes = (
            web_routes(self._settings, self._room, producer, api_keys(self._settings), metrics.count_door, self._seams)
            if producer
            else []
        )
        try:
            async with contextlib.AsyncExitStack() as doors:
                door = listening(application(routes, self._readiness), self._settings.console.listen)
                await doors.enter_async_context(door)
                await self._show_metrics(doors, metrics)
                await worker_ready.wait()
                ready.set()
                _log.info("ready", parts=[name for name, on in self._parts._asdict().items() if on],
                          listen=self._settings.console.listen, at=clock.utc_now().isoformat())  # fmt: skip
                await asyncio.Event().wait()
        finally:
            if producer:
                await producer.close()

    async def _show_metrics(self, doors: contextlib.AsyncExitStack, metrics: Metrics) -> None:
        """Nobody goes unpaged because an address for figures is taken."""
        at = self._settings.metrics.listen
        try:
            await doors.enter_async_context(listening(exposition(metrics), at))
        except OSError as error:
            _log.warning("metrics are not shown", listen=at, error=str(error), expected="a free metrics.listen")

    async def _readiness(self) -> list[Readiness]:
        found = []
        if self._worker is not None:
            worker = health(self._worker)
            found.append(Readiness(worker.ready and worker.held is None, worker.why_not or worker.held))
        try:
            async with asyncio.timeout(5):
                await asyncio.to_thread(self._room.standing)
        except Exception as error:  # noqa: BLE001 - whatever it is, the store does not answer
            found.append(Readiness(ready=False, why_not=f"the store does not answer: {type(error).__name__}"))
        return found

    def _fatal(self, reason: str) -> None:
        _log.error("worker must end", reason=reason)


def _on_signals(stop: asyncio.Event) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(RuntimeError, ValueError):  # only the main thread may
            loop.add_signal_handler(number, stop.set)
