"""The SQL store: one engine, read and write transactions, and a wake after each write that concerns the pager."""

from __future__ import annotations

import threading
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, TypeVar

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from responders.bell import PostgresBell, SqliteBell
from responders.wake import Wake

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from sqlalchemy.engine import Connection, Engine

    from responders.bell import Bell

T = TypeVar("T")
_ATTEMPTS = 5
_RETRIED = {"40001", "40P01"}  # PostgreSQL: serialization failure, deadlock


class StaleError(RuntimeError):
    """A row was not in the state that the UPDATE named: somebody else was quicker. The transaction is tried again."""


def engine_url(url: str) -> str:
    """The URL for SQLAlchemy: `postgresql://` means psycopg."""
    scheme, separator, rest = url.partition("://")
    if scheme in {"postgresql", "postgres"}:
        return f"postgresql+psycopg{separator}{rest}"
    if scheme not in {"sqlite", "postgresql+psycopg"}:
        raise ValueError(f"database: got {scheme!r}, expected sqlite:///… or postgresql://…")
    return url


class Store:
    """The officers, incidents, pages and their record. Safe to use from several threads."""

    def __init__(self, url: str, wake: Wake | None = None, *, pool_size: int = 10, busy_timeout: float = 10.0) -> None:
        self.url = engine_url(url)
        self.wake = wake or Wake()
        self.is_postgres = self.url.startswith("postgresql")
        # One writer at a time is SQLite's rule: waiting in line here is fair, its own waiting is a lottery.
        self._line = nullcontext() if self.is_postgres else threading.Lock()
        self.engine = _engine(self.url, pool_size, busy_timeout)
        self._bell: Bell = PostgresBell(self.url) if self.is_postgres else SqliteBell(self.engine)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """A transaction that changes nothing."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def write(self, *, wake: bool = True) -> Iterator[Connection]:
        """A transaction that commits on leaving, whole or not at all; then whoever waits for work is woken, in every
        process.
        """
        ring = 0
        with self._line, self._transaction() as connection:
            yield connection
            if wake:
                ring = self._bell.ring(connection)
        if wake:
            self._bell.rung(ring)
            self.wake.set()

    async def listen(self) -> None:
        """Be woken by what other processes write, for ever."""
        await self._bell.listen(self.wake)

    def run(self, work: Callable[[Connection], T], *, wake: bool = True) -> T:
        """Do the work in a write transaction; anew when somebody else was quicker. Work must be repeatable."""
        for attempt in range(1, _ATTEMPTS + 1):
            try:
                with self.write(wake=wake) as connection:
                    return work(connection)
            except (IntegrityError, StaleError, OperationalError) as error:
                if attempt == _ATTEMPTS or not _worth_repeating(error):
                    raise
        raise AssertionError("unreachable")

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        with self.engine.connect().execution_options(fenghuo_write=True) as connection, connection.begin():
            yield connection


def is_outage(error: Exception) -> bool:
    """Whether the database is away, rather than the work being wrong."""
    if isinstance(error, PoolTimeout):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or isinstance(error, OperationalError)
    return False


def _worth_repeating(error: Exception) -> bool:
    if isinstance(error, OperationalError):
        return getattr(error.orig, "sqlstate", None) in _RETRIED
    return True


def _engine(url: str, pool_size: int, busy_timeout: float) -> Engine:
    if url.startswith("postgresql"):
        return create_engine(url, pool_size=pool_size, max_overflow=pool_size, pool_pre_ping=True)
    memory = make_url(url).database in {None, "", ":memory:"}
    if memory:
        raise ValueError(f"database: got {url!r}, expected a file (sqlite:///path)")
    engine = create_engine(url, pool_size=pool_size, max_overflow=pool_size)

    @event.listens_for(engine, "connect")
    def _connected(connection: Any, record: object) -> None:
        del record
        connection.isolation_level = None  # we say BEGIN ourselves
        cursor = connection.cursor()
        for pragma in (
            f"busy_timeout = {int(busy_timeout * 1000)}",
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        write = connection.get_execution_options().get("fenghuo_write")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")

    return engine
