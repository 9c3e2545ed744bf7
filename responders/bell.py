"""A write of one process heard by the others: rung inside the transaction, heard once that is committed."""

from __future__ import annotations

import asyncio
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any, Protocol
from uuid import uuid4

import psycopg
import structlog
from sqlalchemy.exc import SQLAlchemyError

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection, Engine

    from responders.wake import Wake

CHANNEL = "fenghuo_pages"
LOOK_EVERY = 0.1
"""Seconds after which another process's write to a SQLite file is noticed at the latest."""
_RETRY = 1.0
_RING = """
    INSERT INTO counters (name, value) VALUES ('bell', 1)
    ON CONFLICT (name) DO UPDATE SET value = value + 1 RETURNING value"""
_RUNG = "SELECT value FROM counters WHERE name = 'bell'"
_log = structlog.get_logger()


class Bell(Protocol):
    """One store's end of the bell. Its own ringing it does not hear: within a process `Wake` is quicker."""

    def ring(self, connection: Connection) -> int:
        """Ring, if the transaction is committed. Give the number to `rung` then."""
        ...

    def rung(self, number: int) -> None:
        """That ring was ours, and is committed."""
        ...

    async def listen(self, wake: Wake) -> None:
        """Pass on every ring of the others, for ever, and one at each beginning to listen: nothing is missed."""
        ...


class PostgresBell:
    """NOTIFY."""

    def __init__(self, url: str) -> None:
        self._conninfo = url.replace("postgresql+psycopg://", "postgresql://", 1)
        self._name = uuid4().hex

    def ring(self, connection: Connection) -> int:
        connection.exec_driver_sql(f"NOTIFY {CHANNEL}, '{self._name}'")
        return 0

    def rung(self, number: int) -> None:
        """The name that each ring carries is enough."""

    async def listen(self, wake: Wake) -> None:
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(self._conninfo, autocommit=True) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}".encode())
                    wake.set()
                    async for notice in connection.notifies():
                        if notice.payload != self._name:
                            wake.set()
            except (psycopg.Error, OSError) as error:
                _complain(error)
            await asyncio.sleep(_RETRY)


class SqliteBell:
    """A row that counts the rings. `PRAGMA data_version` says, without a lock and in microseconds, when to read it:
    it is another number as soon as another connection has committed.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._heard = 0

    def ring(self, connection: Connection) -> int:
        return int(connection.exec_driver_sql(_RING).scalar_one())

    def rung(self, number: int) -> None:
        # Whoever rang before us has committed before us: our own wake, which follows, is for their work too.
        self._heard = max(self._heard, number)

    async def listen(self, wake: Wake) -> None:
        while True:
            try:
                # The thread first ends its look, then the connection goes.
                with closing(self._engine.raw_connection()) as connection, ThreadPoolExecutor(1, "bell") as thread:
                    wake.set()
                    await self._look_for_ever(connection.cursor(), thread, wake)
            except (sqlite3.Error, SQLAlchemyError) as error:
                _complain(error)
            await asyncio.sleep(_RETRY)

    async def _look_for_ever(self, cursor: Any, thread: ThreadPoolExecutor, wake: Wake) -> None:
        loop = asyncio.get_running_loop()
        version = 0
        while True:
            seen, version = version, await loop.run_in_executor(thread, _ask, cursor, "PRAGMA data_version")
            if version != seen:
                number = await loop.run_in_executor(thread, _ask, cursor, _RUNG)
                if number > self._heard:
                    self._heard = number
                    wake.set()
            await asyncio.sleep(LOOK_EVERY)


def _ask(cursor: Any, query: str) -> int:
    found = cursor.execute(query).fetchone()
    return int(found[0]) if found else 0


def _complain(error: Exception) -> None:
    _log.warning("listener lost, again in a moment", error=type(error).__name__, retry_seconds=_RETRY)
