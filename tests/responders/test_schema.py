"""Migrations and metadata make the same schema, on both databases, and its constraints hold."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, update
from sqlalchemy.exc import IntegrityError

from responders import incidents as rows
from responders.alarm_schema import alarms
from responders.migrations import migrate
from responders.response_schema import reports
from responders.schema import Instant, incidents
from responders.store import StaleError, Store, engine_url

if TYPE_CHECKING:
    from pathlib import Path

    from tests.responders.room import Room


def test_the_migrations_make_what_the_metadata_says(database_url: str) -> None:
    store = Store(database_url)
    migrate(store)
    migrate(store)  # again: nothing
    with store.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, incidents.metadata) == []
        inspector = inspect(connection)
        assert {alarms.name, reports.name} <= set(incidents.metadata.tables)
        for table in incidents.metadata.tables.values():
            found = {check["name"] for check in inspector.get_check_constraints(table.name)}
            meant = {check.name for check in table.constraints if str(check.name).startswith("ck_")}
            assert found == meant, table.name
    store.close()


def test_sqlite_is_durable_and_keeps_foreign_keys(tmp_path: Path) -> None:
    store = Store(f"sqlite:///{tmp_path / 'a.sqlite3'}")
    with store.read() as connection:
        asked = {name: connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in
                 ("journal_mode", "synchronous", "foreign_keys")}  # fmt: skip
    assert asked == {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1}
    store.close()


@pytest.mark.parametrize("url", ["mysql://x/y", "", "sqlite+aiosqlite:///x"])
def test_other_databases_are_refused_by_name(url: str) -> None:
    with pytest.raises(ValueError, match="expected sqlite:///… or postgresql://…"):
        engine_url(url)


def test_postgresql_means_psycopg() -> None:
    assert engine_url("postgresql://a@h/d") == "postgresql+psycopg://a@h/d"


def test_an_instant_without_offset_is_refused() -> None:
    with pytest.raises(TypeError):
        Instant().process_bind_param(datetime(2026, 1, 1), None)  # type: ignore[arg-type]  # noqa: DTZ001


@pytest.mark.parametrize(
    "values",
    [
        {"next_due": None},
        {"owner": "x"},
        {"status": "acknowledged"},
        {"status": "closed", "next_due": None},
        {"status": "dreaming"},
        {"cycle": 0},
    ],
    ids=str,
)
async def test_an_incident_cannot_be_what_its_status_does_not_allow(room: Room, values: dict[str, object]) -> None:
    """Above all: open and unacknowledged with nothing due."""
    room.usual()
    await room.happens(room.alert())
    with pytest.raises(IntegrityError), room.store.write() as connection:
        connection.execute(update(incidents).values(**values))
    room.network.ignores("+12025550111")


async def test_an_update_from_a_state_that_has_passed_is_refused_and_changes_nothing(room: Room) -> None:
    """The last line of defence behind the locks."""
    room.usual()
    await room.happens(room.alert())
    room.network.ignores("+12025550111")
    with room.store.read() as connection:
        (stale,) = rows.load(connection)
    room.answers.acknowledge(1, "王建国", "cli")
    before = room.incident()
    stale.move("close")
    with (
        pytest.raises(StaleError, match="0 of 1 were in the state that was expected"),
        room.store.write() as connection,
    ):
        rows.save(connection, [stale])
    assert room.incident() == before
