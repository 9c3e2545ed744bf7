"""`/metrics`: at an address of its own, and no stranger decides how many names it has."""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
import pytest

from infra.metrics import Metrics
from infra.processes import Parts, run
from infra.settings import ApiKeySettings, ConsoleSettings, MetricsSettings, Settings, TwilioSettings
from infra.site_files import example_site, read_library
from infra.wiring import sources
from responders.migrations import migrate
from responders.store import Store
from streams.counters import Counters
from tests.services.process import free_port

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LIBRARY = read_library(Path(str(example_site())))


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A responder by itself, which needs no broker."""
    console = f"127.0.0.1:{free_port()}"
    database = f"sqlite:///{tmp_path / 'fenghuo.db'}"
    store = Store(database)
    migrate(store)
    store.close()
    return Settings(
        database=database,
        site=str(example_site()),
        console=ConsoleSettings(listen=console),
        metrics=MetricsSettings(listen=f"127.0.0.1:{free_port()}"),
        twilio=TwilioSettings(
            account_sid="AC", auth_token="t", from_number="+12025550100", api_base="http://127.0.0.1:1"
        ),
    )


async def running(settings: Settings) -> AsyncIterator[aiohttp.ClientSession]:
    """While it runs, somebody asks it."""
    stop, ready = asyncio.Event(), asyncio.Event()
    process = asyncio.ensure_future(run(settings, Parts(responder=True), stop=stop, ready=ready))
    try:
        async with asyncio.timeout(30), aiohttp.ClientSession() as asking:
            await ready.wait()
            yield asking
    finally:
        stop.set()
        assert await process == 0


async def test_the_address_of_the_webhooks_shows_no_figures(settings: Settings) -> None:
    """Whoever may reach the provider's doors learns nothing of the county; Prometheus has an address of its own."""
    async for asking in running(settings):
        async with asking.get(f"http://{settings.console.listen}/metrics") as answer:
            assert answer.status == 404
        async with asking.get(f"http://{settings.metrics.listen}/metrics") as answer:
            assert (answer.status, "fenghuo_alerts_total 0.0" in await answer.text()) == (200, True)
        for path in ("/healthz", "/readyz", "/webhooks/twilio/inbound"):
            async with asking.get(f"http://{settings.metrics.listen}{path}") as answer:
                assert answer.status == 404, path


async def test_a_process_whose_address_for_figures_is_taken_pages_all_the_same(settings: Settings) -> None:
    """It runs, and is ready."""
    host, port = settings.metrics.listen.split(":")
    with socket.create_server((host, int(port))):
        async for asking in running(settings):
            async with asking.get(f"http://{settings.console.listen}/readyz") as answer:
                assert answer.status == 200


def test_the_known_sources_are_those_of_the_keys_and_of_the_points(settings: Settings) -> None:
    key = ApiKeySettings(sha256="0" * 64, source="weather-office", counties=["330723"], kinds=["disaster_forecast"])
    keyed = Settings(api_keys={"weather": key})
    assert sources(settings, LIBRARY) == {"wuyi-grain-office"}
    assert sources(keyed, LIBRARY) == {"wuyi-grain-office", "weather-office"}


class NoFigures:
    """A store in which nothing is."""

    standing = held = decided = reported = staticmethod(dict[str, int])


async def test_a_million_made_up_sources_are_one_name() -> None:
    """Neither memory nor Prometheus grows by what strangers call themselves."""
    counters = Counters(sources={"wuyi-grain-office"})
    for name in ("wuyi-grain-office", None, *(f"made-up-{number}" for number in range(1000))):
        counters.dead["grain-prices", counters.of(name), "unknown_point"] += 1
    topic, reason = "grain-prices", "unknown_point"
    assert counters.dead == Counter({
        (topic, "wuyi-grain-office", reason): 1, (topic, "", reason): 1, (topic, "other", reason): 1000
    })  # fmt: skip
    text = (await Metrics(counters, NoFigures()).text()).decode()
    assert 'fenghuo_dead_letters_total{reason="unknown_point",source="other",topic="grain-prices"} 1000.0' in text
