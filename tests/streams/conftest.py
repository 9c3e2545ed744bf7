"""A broker with its topics, and a site on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from streams.producing import open_producer
from streams.settings import StreamSettings
from tests.streams.harness import Site, common, made

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


@pytest.fixture(params=["embedded", pytest.param("kafka", marks=pytest.mark.kafka)])
def settings(request: pytest.FixtureRequest, tmp_path: Path, expected_errors: Callable[[str], None]) -> StreamSettings:
    """An installation of its own on either broker, its topics made."""
    if request.param == "embedded":
        return made(StreamSettings(broker=f"sqlite:///{tmp_path / 'broker.db'}", **common(tmp_path)))
    broker = request.getfixturevalue("kafka")
    # A broker that has just been made has no coordinator for the first groups that ask.
    expected_errors(r"group_coordinator: Group Coordinator Request failed: \[Error 15\]")
    return made(StreamSettings(broker=f"kafka://{broker.bootstrap}", **common(tmp_path)))


@pytest.fixture
def embedded(tmp_path: Path) -> StreamSettings:
    """An installation on the embedded broker."""
    return made(StreamSettings(broker=f"sqlite:///{tmp_path / 'broker.db'}", **common(tmp_path)))


@pytest.fixture
async def site(settings: StreamSettings) -> AsyncIterator[Site]:
    """A site on either broker."""
    async with open_producer(settings) as producer:
        site = Site(settings, producer)
        yield site
        for worker in site.workers:
            await worker.end()


@pytest.fixture
async def embedded_site(embedded: StreamSettings) -> AsyncIterator[Site]:
    """A site on the embedded broker."""
    async with open_producer(embedded) as producer:
        site = Site(embedded, producer)
        yield site
        for worker in site.workers:
            await worker.end()
