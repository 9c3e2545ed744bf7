"""The schema's history. `migrate` brings a database to the newest version; two processes at once are safe."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

if TYPE_CHECKING:
    from responders.store import Store

_LOCK = 330723  # PostgreSQL advisory lock: one migrator at a time


class NotMigrated(Exception):
    """The database has no tables of ours yet, or those of another version."""

    def __init__(self, revision: str | None) -> None:
        zh = f"是另一版本的（{revision}）" if revision else "尚未建立"
        super().__init__(
            f"数据库{zh}，请先运行 fenghuo provision"
            f" / database: got {revision or 'no tables'}, expected the tables of this version;"
            " run fenghuo provision first"
        )


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


def check(store: Store) -> None:
    """Raises `NotMigrated` unless the database is what this version works on."""
    with store.read() as connection:
        revision = MigrationContext.configure(connection).get_current_revision()
    if revision != ScriptDirectory.from_config(config()).get_current_head():
        raise NotMigrated(revision)
