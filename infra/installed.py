"""Before a process starts: is there a database of this version, and are there topics? If not, nothing could work."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from infra.wiring import stream_settings
from responders import migrations
from streams.broker import checked_topics
from streams.embedded import LogError

if TYPE_CHECKING:
    from infra.settings import Settings
    from responders.store import Store
    from rules.library import Library

PATIENCE = 5.0
"""Seconds that a server may take to answer. One that is away is waited for by the part that needs it."""


async def check_database(store: Store) -> None:
    """Raises `NotMigrated`, which names what to do. A server that is away hinders no start."""
    try:
        async with asyncio.timeout(PATIENCE):
            await asyncio.to_thread(migrations.check, store)
    except (SQLAlchemyError, TimeoutError):
        pass


async def check_topics(settings: Settings, library: Library) -> None:
    """Raises `Misconfigured`, as above."""
    try:
        async with asyncio.timeout(PATIENCE):
            await checked_topics(stream_settings(settings, library))
    except (KafkaError, LogError, OSError, TimeoutError):
        pass
