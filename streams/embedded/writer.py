"""One thread that does the writing, so that an event loop never waits for the disk.

Appends that arrive while a commit is on its way to the disk go together in the next one (group commit):
one alone waits for one commit, a thousand at once wait for one commit too. Jobs run in the order they came,
so an offset commit asked for after some appends is never durable before them.
"""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from itertools import islice
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple

from streams.embedded.errors import LogError
from streams.embedded.log import SqliteLog
from streams.embedded.records import NewRecord

_BATCH_JOBS = 1000
_BATCH_BYTES = 8 << 20


class _Append(NamedTuple):
    records: Sequence[NewRecord]
    answer: Callable[[list[int]], Any]
    future: asyncio.Future[Any]

    @property
    def size(self) -> int:
        return sum(record.size for record in self.records)


class _Call(NamedTuple):
    function: Callable[[], Any]
    future: asyncio.Future[Any]


class _Outcome(NamedTuple):
    future: asyncio.Future[Any]
    result: Any
    error: BaseException | None


class LogWriter:
    """Writes to a log from a thread of its own; results come back as futures of the asking event loop."""

    def __init__(self, log: SqliteLog) -> None:
        self.log = log
        self._jobs: SimpleQueue[_Append | _Call | None] = SimpleQueue()
        self._closed = False
        self._thread = threading.Thread(target=self._run, name=f"log-writer {log.path.name}", daemon=True)
        self._thread.start()

    def append(self, records: Sequence[NewRecord], answer: Callable[[list[int]], Any] = list) -> asyncio.Future[Any]:
        """Append records, all or none. Once they are durable, the future has what `answer` makes of their
        offsets; else it has the reason.
        """
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._put(_Append(records, answer, future))
        return future

    def call(self, function: Callable[[], Any]) -> asyncio.Future[Any]:
        """Run a function of the log after all that was asked for before."""
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._put(_Call(function, future))
        return future

    async def drain(self) -> None:
        """Wait until everything asked for so far is durable or refused."""
        await self.call(lambda: None)

    async def close(self) -> None:
        """Finish what was asked for, then stop."""
        if self._closed:
            return
        done = self.call(lambda: None)
        self._closed = True
        self._jobs.put(None)
        await done
        self._thread.join()

    def _put(self, job: _Append | _Call) -> None:
        if self._closed:
            message = f"{self.log.path}: the writer is closed"
            raise LogError(message)
        self._jobs.put(job)

    def _run(self) -> None:
        waiting: _Append | _Call | None = None
        while (job := waiting or self._jobs.get()) is not None:
            waiting = None
            if isinstance(job, _Call):
                _settle([_outcome(job)])
                continue
            batch = [job]
            size = job.size
            while len(batch) < _BATCH_JOBS and size < _BATCH_BYTES:
                try:
                    following = self._jobs.get_nowait()
                except Empty:
                    break
                if not isinstance(following, _Append):
                    self._write(batch)
                    batch = []
                    if following is None:
                        return
                    waiting = following
                    break
                batch.append(following)
                size += following.size
            if batch:
                self._write(batch)

    def _write(self, batch: Sequence[_Append]) -> None:
        try:
            offsets = iter(self.log.append_many([record for job in batch for record in job.records]))
        except LogError as refused:
            if len(batch) > 1:  # one bad record must not take its neighbours with it
                for job in batch:
                    self._write([job])
                return
            _settle([_Outcome(batch[0].future, None, refused)])
        except Exception as failed:  # noqa: BLE001 whatever it is, those who wait must hear it
            _settle([_Outcome(job.future, None, _own(failed)) for job in batch])
        else:
            _settle([_Outcome(job.future, job.answer(list(islice(offsets, len(job.records)))), None) for job in batch])


def _own(failed: Exception) -> Exception:
    """A separate exception for each waiter: each raises it with a traceback of its own."""
    return type(failed)(*failed.args) if isinstance(failed, sqlite3.Error) else failed


def _outcome(job: _Call) -> _Outcome:
    try:
        return _Outcome(job.future, job.function(), None)
    except Exception as failed:  # noqa: BLE001 the caller gets it
        return _Outcome(job.future, None, failed)


def _settle(outcomes: Sequence[_Outcome]) -> None:
    """Wake each event loop once, however many of its futures are settled."""
    for loop in {outcome.future.get_loop() for outcome in outcomes}:
        mine = [outcome for outcome in outcomes if outcome.future.get_loop() is loop]
        if not loop.is_closed():  # nobody is left to tell; the records are as durable as ever
            loop.call_soon_threadsafe(_resolve, mine)


def _resolve(outcomes: Sequence[_Outcome]) -> None:
    for future, result, error in outcomes:
        if future.done():  # the one who waited gave up
            continue
        if error is None:
            future.set_result(result)
        else:
            future.set_exception(error)
