"""The PostgreSQL of the session: what the tests that use it rely on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.postgres import PostgresServer

pytestmark = pytest.mark.postgres


@pytest.fixture
def database(postgres: PostgresServer) -> Iterator[str]:
    """A database, as psycopg itself wants its URL."""
    url = postgres.create_database()
    yield url.replace("postgresql+psycopg", "postgresql")
    postgres.drop_database(url)


def test_each_database_is_fresh(postgres: PostgresServer, database: str) -> None:
    """A second database does not see the tables of the first, and can be dropped under an open connection."""
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE only_here ()")
    other = postgres.create_database()
    session = psycopg.connect(other.replace("+psycopg", ""))
    found = session.execute("SELECT 1 FROM pg_tables WHERE tablename = 'only_here'").fetchall()
    postgres.drop_database(other)
    session.close()
    assert found == []


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_what_was_committed_survives(postgres: PostgresServer, database: str, end: str) -> None:
    """After an orderly stop and after SIGKILL, the same URL leads to the same rows."""
    with psycopg.connect(database) as connection:
        connection.execute("CREATE TABLE kept (n int)")
        connection.execute("INSERT INTO kept VALUES (330723)")
    getattr(postgres, end)()
    postgres.start()
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT n FROM kept").fetchall() == [(330723,)]


def test_paused_nobody_answers_and_resumed_it_goes_on(postgres: PostgresServer, database: str) -> None:
    """While paused a new client waits in vain; a session opened before goes on afterwards."""
    with psycopg.connect(database) as before:
        postgres.pause()
        try:
            with pytest.raises(psycopg.OperationalError):
                psycopg.connect(database, connect_timeout=2)
        finally:
            postgres.resume()
        assert before.execute("SELECT 1").fetchall() == [(1,)]
