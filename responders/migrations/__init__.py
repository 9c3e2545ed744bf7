"""The schema's history. `migrate` brings a database to the newest version; two processes at once are safe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from sqlalchemy import text

if TYPE_CHECKING:
    from responders.store import Store

_LOCK = 330723  # PostgreSQL advisory lock: one migrator at a time


def config() -> Config:
    """Alembic's settings, made in code: there is no ini file to lose."""
    made = Config()
    made.set_main_option("script_location", str(Path(__file__).parent))
    made.set_main_option("path_separator", "os")
    return made


def migrate(store: Store, revision: str = "head") -> None:
    """Bring the database to the revision, in one transaction."""
    with store.write(wake=False) as connection:
        if store.is_postgres:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        made = config()
        made.attributes["connection"] = connection
        command.upgrade(made, revision)
