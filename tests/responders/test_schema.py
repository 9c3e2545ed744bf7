"""Migrations and metadata make the same schema, on both databases, and its constraints hold."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, select, text, update
from sqlalchemy.exc import IntegrityError

from responders import incidents as rows
from responders.alarm_schema import alarms
from responders.migrations import migrate
from responders.response_schema import reports
from responders.schema import Instant, incidents, pages
from responders.store import StaleError, Store, engine_url
from tests.responders.room import START

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


def test_what_was_there_before_responses_is_kept(database_url: str) -> None:
    """An open incident and its page of the schema before go on; only what is new is empty."""
    store = Store(database_url)
    migrate(store, "0002")
    incident = {
        "id": "i", "number": 1, "plan": "grain", "place": "p", "county": "c", "exercise": "",
        "status": "unacknowledged", "severity": "III", "opened_at": 1, "policy": "{}", "headline": "{}",
        "observed_at": 1, "cycle": 1, "position": 1, "step_at": 1, "next_due": 2,
    }  # fmt: skip
    page = {
        "id": "x", "incident": "i", "kind": "page", "cycle": 1, "step": 1, "about": "", "officer": "o", "contact": "k",
        "channel": "twilio", "address": "+1", "body": "b", "state": "due", "reason": "", "created_at": 1, "due_at": 1,
        "attempts": 0,
    }  # fmt: skip
    with store.write() as connection:
        for name, row in (("incidents", incident), ("pages", page)):
            connection.execute(text(f"INSERT INTO {name} ({', '.join(row)}) VALUES (:{', :'.join(row)})"), row)
    migrate(store)
    with store.read() as connection:
        (kept,) = connection.execute(select(incidents.c.status, incidents.c.parent, incidents.c.running)).all()
        assert tuple(kept) == ("unacknowledged", None, None)
        (kept,) = connection.execute(select(pages.c.id, pages.c.incident, pages.c.state)).all()
        assert tuple(kept) == ("x", "i", "due")
        indexes = {index["name"] for index in inspect(connection).get_indexes("pages")}
    assert indexes == {index.name for index in pages.indexes}
    store.close()


CLOSED: dict[str, object] = {
    "status": "closed", "next_due": None, "closed_at": START, "closed_by": "x", "close_reason": "y",
}  # fmt: skip


@pytest.mark.parametrize(
    "values",
    [
        {"parent": "itself"},
        {"running": "line"},
        {"decision": "approved"},
        {
            "status": "closed",
            "next_due": None,
            "closed_at": START,
            "closed_by": "x",
            "close_reason": "y",
            "decision": "no",
        },
    ],
    ids=str,
)
async def test_only_a_closed_proposal_is_decided_and_only_levels_run(room: Room, values: dict[str, object]) -> None:
    room.usual()
    await room.happens(room.alert())
    if values.get("parent"):
        values = values | {"parent": room.incident().id}
    with pytest.raises(IntegrityError), room.store.write() as connection:
        connection.execute(update(incidents).values(**values))
    room.network.ignores("+12025550111")
