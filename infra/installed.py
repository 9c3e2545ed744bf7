"""Before a process starts: is there a database of this version, are there topics, and is its address free?"""

from __future__ import annotations

import asyncio
import socket
from typing import TYPE_CHECKING

from kafka.errors import KafkaError
from sqlalchemy.exc import SQLAlchemyError

from infra.wiring import stream_settings
from responders import migrations
from rules.alerts import Words
from rules.fault import fault
from streams.broker import checked_topics
from streams.embedded import LogError
from streams.errors import Misconfigured

if TYPE_CHECKING:
    from infra.settings import Settings
    from responders.store import Store
    from rules.library import Library

PATIENCE = 5.0
"""Seconds that a server may take to answer. One that is away is waited for by the part that needs it."""
FREE = Words(zh="空闲且属于本机的地址", en="an address of this machine that is free")


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


def check_address(settings: Settings) -> None:
    """Raises `Misconfigured` where somebody else listens already."""
    host, _, port = settings.console.listen.rpartition(":")
    try:
        socket.create_server((host, int(port))).close()
    except OSError as error:
        why = str(error.strerror).partition(" (")[0]
        expected = Words(zh=f"{FREE.zh}（{why}）", en=f"{FREE.en} ({why})")
        raise Misconfigured(str(fault("console.listen", settings.console.listen, expected))) from None
