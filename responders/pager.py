"""The pager: sends what is due, settles what is uncertain, lets incidents escalate. Woken by writes."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

import structlog

from responders.channels.base import Accepted, Askable, CannotAsk, OutgoingText, Refused, SendResult, Uncertain
from responders.circuit import Circuit
from responders.claims import Claimed, Claims
from responders.escalator import Escalator
from responders.provider_faults import ProviderFaults
from responders.recorder import Asked, Recorder, Said
from responders.store import is_outage
from responders.wake import Wake

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping
    from datetime import datetime

    from responders.channels.base import Channel
    from responders.clock import Clock
    from responders.desk import Desk
    from responders.ledger import Services
    from responders.store import Store

T = TypeVar("T")
_log = structlog.get_logger()
_PREFETCH = 8  # times the concurrency: what is claimed while it waits for its turn
_GATHER = 0.01  # seconds: answers that come together are written together; nobody waits for the writing
_CALM = 0.05  # seconds: steps are minutes apart, and looking for them must not stand in the way of a page


class Pager:
    """One process's pager. `jitter` gives numbers from 0 to 1; `public_url` is where the provider reaches us."""

    def __init__(  # noqa: PLR0913, each is a setting or a part
        self,
        store: Store,
        services: Services,
        desk: Desk,
        channels: Mapping[str, Channel],
        clock: Clock,
        *,
        public_url: str,
        owner: str = "responder",
        jitter: Callable[[], float] = lambda: 0.5,
        concurrency: int = 16,
        send_timeout: float = 20.0,
        lease: timedelta = timedelta(seconds=30),
        poll: float = 5.0,
        escalator: Escalator | None = None,
        recorder: Recorder | None = None,
        claims: Claims | None = None,
    ) -> None:
        self._store, self._channels, self._clock = store, dict(channels), clock
        self._public_url = public_url.rstrip("/")
        self._jitter, self._send_timeout, self._poll = jitter, send_timeout, poll
        self._escalator = escalator or Escalator(store, services, desk, clock)
        self._recorder = recorder or Recorder(store, services, desk, clock)
        self._claims = claims or Claims(store, services, desk, clock, owner=owner, lease=lease)
        self._faults = ProviderFaults(store, services, desk, clock)
        self._circuits = {name: Circuit() for name in channels}
        self._concurrency, self._lease = concurrency, lease
        self._turns = asyncio.Semaphore(concurrency)
        self._answers: asyncio.Queue[Said] = asyncio.Queue()
        self._doubts = Wake()  # only an uncertain answer gives the settling something to do
        self._threads: ThreadPoolExecutor | None = None

    # -- as a service

    async def run(self) -> None:
        """Page, until cancelled."""
        with ThreadPoolExecutor(4, "pager") as threads:  # on leaving, waits for transactions under way
            self._threads = threads
            try:
                await self._serve()
            finally:
                if said := self._take_answers():
                    self._recorder.sent(said)
                self._threads = None

    async def _serve(self) -> None:
        await self._persistently(self.start)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._deliver_for_ever(group))
            group.create_task(self._loop(self._escalate, self._escalator.next_due, self._store.wake))
            group.create_task(self._loop(self._settle, self._claims.next_question, self._doubts))
            group.create_task(self._record_for_ever())
            group.create_task(self._renew_for_ever())
            group.create_task(self._store.listen())

    async def start(self) -> None:
        """Take over what a dead predecessor of this name was sending. `run` does it by itself."""
        await self._thread(self._claims.take_over, own=True)

    # -- for tests, drills and whoever has a clock of his own

    async def run_until_idle(self) -> None:
        """Do all that is due at the clock's present instant, and all that becomes due by it."""
        while await self.step():
            pass

    async def step(self) -> int:
        """One round of everything; how much was done."""
        return await self._escalate() + await self._deliver() + await self._settle()

    # -- the three things

    async def _escalate(self) -> int:
        return await self._thread(self._escalator.once)

    async def _deliver(self) -> int:
        claimed, refused = await self._claim(500)
        if claimed:
            said = await asyncio.gather(*(self._send(page) for page in claimed))
            await self._thread(self._recorder.sent, said)
        return len(claimed) + refused

    async def _settle(self) -> int:
        taken = await self._thread(self._claims.take_over, own=False)
        uncertain = await self._thread(self._claims.uncertain, 100)
        if uncertain:
            asked = await asyncio.gather(*(self._ask(page) for page in uncertain))
            await self._thread(self._recorder.asked, asked)
        return taken + len(uncertain)

    # -- their parts

    async def _claim(self, limit: int) -> tuple[list[Claimed], int]:
        now = self._clock()
        limits = {name: circuit.allowance(now) for name, circuit in self._circuits.items()}
        claimed, refused = await self._thread(self._claims.due, limits, limit)
        for name in {page.channel for page in claimed if limits[page.channel] == 1}:
            self._circuits[name] = self._circuits[name].probe()
        return claimed, refused

    async def _send(self, page: Claimed) -> Said:
        channel = self._channels[page.channel]
        callback = f"{self._public_url}/webhooks/{page.channel}/status/{page.page}"
        text = OutgoingText(page_id=page.page, to=page.address, body=page.body, status_callback=callback)
        async with self._turns:
            result = await self._guarded(channel.send(text))
        return Said(page.page, page.attempt, result, await self._judge(page.channel, result))

    async def _guarded(self, sending: Awaitable[SendResult]) -> SendResult:
        """Whatever a channel does, it does not end the pager (F23)."""
        try:
            async with asyncio.timeout(self._send_timeout):
                return await sending
        except TimeoutError:
            return Uncertain("no answer in time")
        except Exception as error:  # noqa: BLE001
            _log.warning("channel raised", error=repr(error)[:300])
            return Uncertain(f"the channel raised {type(error).__name__}")

    async def _ask(self, page: Claimed) -> Asked:
        at = self._clock()
        channel: object = self._channels.get(page.channel)
        if not isinstance(channel, Askable):
            return Asked(page.page, page.attempt, at, able=False)
        try:
            async with self._turns, asyncio.timeout(self._send_timeout):
                found = await channel.find(page.address, page.body, page.sending_at)
        except (CannotAsk, TimeoutError) as error:
            _log.info("provider cannot be asked", page=page.page, error=str(error))
            return Asked(page.page, page.attempt, at, able=False)
        except Exception as error:  # noqa: BLE001, as in _guarded
            _log.warning("channel raised", error=repr(error)[:300])
            return Asked(page.page, page.attempt, at, able=False)
        return Asked(page.page, page.attempt, at, able=True, found=found)

    async def _judge(self, name: str, result: SendResult) -> datetime | None:
        """What the answer says of the provider; when a page that it refused is tried again."""
        before, now = self._circuits[name], self._clock()
        match result:
            case Refused(_, "provider", _, retry_after):
                after = before.failed(now, self._jitter(), retry_after)
            case Uncertain():
                after = before.doubted(now, self._jitter())
            case _:
                after = before.succeeded()
        self._circuits[name] = after
        try:
            await self._report(name, before, after, result)
        except Exception as error:  # noqa: BLE001, the answer itself must be recorded all the same
            _log.warning("fault of a provider not reported", channel=name, error=repr(error)[:300])
        return after.open_until

    async def _report(self, name: str, before: Circuit, after: Circuit, result: SendResult) -> None:
        if after.failures > before.failures and not isinstance(result, Accepted):
            await self._thread(self._faults.began, name, result.reason)
        elif isinstance(result, Accepted) and not after.failures:
            if before.failures:
                await self._thread(self._claims.release, name)
            if self._faults.may_be_open(name):
                await self._thread(self._faults.ended, name)

    # -- the service's loops

    async def _loop(
        self, work: Callable[[], Awaitable[int]], next_due: Callable[[datetime], datetime | None], wake: Wake
    ) -> None:
        waiter = wake.waiter()
        try:
            while True:
                began = self._clock()
                if not await self._persistently(work):
                    await waiter.wait(await self._pause(next_due, began), calm=_CALM)
        finally:
            waiter.close()

    async def _pause(self, next_due: Callable[[datetime], datetime | None], began: datetime) -> float:
        """Until something falls due, also if it did so since the work began."""
        try:
            due = await self._thread(next_due, began)
        except Exception:  # noqa: BLE001, the fallback is enough
            return self._poll
        opens = [c.open_until for c in self._circuits.values() if c.open_until]
        now = self._clock()
        ahead = [(at - now).total_seconds() for at in [*opens, due] if at is not None and at > began]
        return max(0.0, min([self._poll, *ahead]))

    async def _persistently(self, work: Callable[[], Awaitable[T]]) -> T:
        """Do the work; whatever goes wrong is said, and it is tried again after a pause."""
        pause = 0.1
        while True:
            try:
                return await work()
            except Exception as error:  # noqa: BLE001, a pager that ends pages nobody
                if is_outage(error):
                    _log.warning("database away", error=type(error).__name__, pause=pause)
                else:
                    _log.exception("pager failed, trying again", pause=pause)
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _deliver_for_ever(self, group: asyncio.TaskGroup) -> None:
        waiter = self._store.wake.waiter()
        flying: set[asyncio.Task[None]] = set()
        half = self._concurrency * _PREFETCH // 2

        def landed(task: asyncio.Task[None]) -> None:
            flying.discard(task)
            if len(flying) == half:
                waiter.ring()

        try:
            while True:
                began = self._clock()
                room = 2 * half - len(flying) if len(flying) <= half else 0
                claimed, refused = await self._persistently(partial(self._claim, room)) if room > 0 else ([], 0)
                for page in claimed:
                    task = group.create_task(self._send_and_answer(page))
                    flying.add(task)
                    task.add_done_callback(landed)
                if len(flying) > half or len(claimed) + refused < room:  # no more is due than was claimed
                    await waiter.wait(await self._pause(self._claims.next_due, began))
        finally:
            waiter.close()

    async def _send_and_answer(self, page: Claimed) -> None:
        self._answers.put_nowait(await self._send(page))

    async def _record(self, said: list[Said]) -> None:
        """Write answers down. One that cannot be written must not hold the others: its page is asked about later."""
        try:
            await self._thread(self._recorder.sent, said)
        except Exception as error:
            if is_outage(error):
                raise
            _log.exception("answers not recorded, one by one", answers=len(said))
            if len(said) > 1:
                for one in said:
                    await self._record([one])
            return
        if any(isinstance(one.result, Uncertain) for one in said):
            self._doubts.set()

    async def _renew_for_ever(self) -> None:
        """While this process lives, nobody takes what it is sending."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            await self._persistently(partial(self._thread, self._claims.renew))

    def _take_answers(self) -> list[Said]:
        return [self._answers.get_nowait() for _ in range(self._answers.qsize())]

    async def _thread(self, work: Callable[..., T], *arguments: Any, **named: Any) -> T:
        """Do what blocks, off the event loop."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(work, *arguments, **named))

    async def _record_for_ever(self) -> None:
        while True:
            said = [await self._answers.get()]
            await asyncio.sleep(_GATHER)
            said += self._take_answers()
            await self._persistently(partial(self._record, said))
