"""The whole cold path over real HTTP: the pager as a service, Twilio's SDK, the sandbox network, signed webhooks."""

from __future__ import annotations

import asyncio
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from aiohttp import web
from sqlalchemy.exc import OperationalError

from responders.channels.twilio_sms import TwilioSms
from responders.inbound import Inbound
from responders.recorder import Recorder
from responders.sandbox.network import SandboxNetwork
from responders.webhooks import BODY_LIMIT, TwilioWebhooks
from tests.responders.room import Room

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from tests.services.process import ServerProcess

WUYI = Path(__file__).parents[2] / "contingency_plans" / "wuyi"
AT_ONCE = 1.0
"""Seconds; ten looks of a bell on a machine that has much to do."""
SID, TOKEN = "AC" + "0" * 32, "sandbox-token"


class Site:
    """A responder that runs, its webhooks and its phones."""

    def __init__(self, room: Room, network: SandboxNetwork, webhooks: TwilioWebhooks, url: str) -> None:
        self.room, self.network, self.webhooks, self.url = room, network, webhooks, url

    def phone(self, number: str) -> Any:
        return self.network.phone(number)

    async def leaves_after(self, directory: Path, phone: str, text: str, *command: str) -> float:
        """Run a command of the command line; the seconds from its end until its text is on the phone."""
        fenghuo = Path(sys.executable).with_name("fenghuo")
        process = await asyncio.create_subprocess_exec(fenghuo, *command, cwd=directory)
        assert await process.wait() == 0
        ended = asyncio.get_running_loop().time()
        await self.phone(phone).receives(text)
        return asyncio.get_running_loop().time() - ended

    async def page_becomes(self, state: str, number: str) -> Any:
        """Wait until the page to a number is in a state."""
        async with asyncio.timeout(10):
            while True:
                for page in await asyncio.to_thread(lambda: self.room.pages(address=number)):
                    if page.state == state:
                        return page
                await asyncio.sleep(0.02)


@asynccontextmanager
async def running(room: Room) -> AsyncIterator[Site]:
    room.clock.__class__.__call__ = lambda _: datetime.now(UTC)
    network = SandboxNetwork(room.clock, SID, TOKEN)
    await network.start()
    channel = TwilioSms(SID, TOKEN, "+12025550100", api_base=network.base_url, timeout=2.0)
    room.channels["twilio"] = channel
    recorder = Recorder(room.store, room.services, room.desk, room.clock)
    inbound = Inbound(room.store, room.services, room.clock)
    app = web.Application(client_max_size=1024**2)
    runner = web.AppRunner(app, access_log=None)
    webhooks = TwilioWebhooks(TOKEN, "http://127.0.0.1:1", recorder, inbound)
    app.add_routes(webhooks.routes())
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}"
    webhooks.public_url = url
    network.inbound_url = f"{url}/webhooks/twilio/inbound"
    pager = room.new_pager(poll=60.0)  # every write is to wake it: no test is to wait for the poll
    pager._public_url = url
    service = asyncio.create_task(pager.run())
    try:
        yield Site(room, network, webhooks, url)
    finally:
        service.cancel()
        await asyncio.gather(service, return_exceptions=True)
        await channel.aclose()
        await runner.cleanup()
        await network.stop()


@pytest.fixture
async def site(database_url: str) -> AsyncIterator[Site]:
    room = Room(database_url)
    real = room.clock.__class__.__call__
    try:
        async with running(room) as made:
            yield made
    finally:
        room.clock.__class__.__call__ = real  # type: ignore[method-assign]
        room.store.close()


async def test_paged_delivered_acknowledged_confirmed(site: Site) -> None:
    """Woken by the write: no poll cycle passes between alert and text."""
    wang, _ = site.room.usual()
    started = asyncio.get_running_loop().time()
    await asyncio.to_thread(site.room.take, site.room.alert())
    await site.phone(wang).receives("【粮价预警】", "回复 1 签收")
    assert asyncio.get_running_loop().time() - started < 3.0
    await site.page_becomes("delivered", wang)
    await site.phone(wang).replies("１ ")
    await site.phone(wang).receives("事件1已由您签收")
    incident = site.room.incident()
    assert (incident.status, incident.owner, incident.acknowledged_via) == ("acknowledged", "王建国", "sms")
    assert site.phone(wang).unexpected() == []


@pytest.mark.parametrize("mode", ["accept_then_500", "accept_then_drop_answer", "malformed", "html", "empty"])
async def test_h1_taken_badly_is_one_text_on_the_phone(site: Site, mode: str) -> None:
    """Here the receipt settles it: its URL carries the page's id."""
    wang, _ = site.room.usual()
    site.network.behaviour(wang, mode)
    await asyncio.to_thread(site.room.take, site.room.alert())
    await site.phone(wang).receives("【粮价预警】")
    await site.page_becomes("delivered", wang)
    assert site.phone(wang).unexpected() == []


@pytest.mark.parametrize("callbacks", ["doubled", "reversed"])
async def test_h2_repeated_and_reordered_receipts_over_http(site: Site, callbacks: str) -> None:
    wang, _ = site.room.usual()
    site.network.behaviour(wang, callbacks=callbacks)
    await asyncio.to_thread(site.room.take, site.room.alert())
    await site.phone(wang).receives("【粮价预警】")
    await site.page_becomes("delivered", wang)


async def test_f8_undelivered_means_the_next_contact_at_once(site: Site) -> None:
    first, second = "+12025550111", "+12025550133"
    site.room.officer("王建国", first, second)
    site.room.on_duty("duty", "王建国")
    site.network.behaviour(first, "unreachable")
    await asyncio.to_thread(site.room.take, site.room.alert())
    await site.phone(second).receives("【粮价预警】")
    await site.page_becomes("undelivered", first)


async def test_f11_receipts_and_texts_from_strangers_are_refused_and_counted(site: Site) -> None:
    wang, _ = site.room.usual()
    site.network.behaviour(wang, callbacks="forged")
    await asyncio.to_thread(site.room.take, site.room.alert())
    await site.phone(wang).receives("【粮价预警】")
    await site.page_becomes("accepted", wang)
    forged = await site.phone(wang).replies("1", forged=True)
    assert forged.status == 403
    assert site.room.incident().status == "unacknowledged"
    assert site.webhooks.counts["forged"] >= 1


async def test_a_text_delivered_twice_by_the_provider_is_answered_once(site: Site) -> None:
    wang, _ = site.room.usual()
    await asyncio.to_thread(site.room.take, site.room.alert())
    await site.phone(wang).receives("【粮价预警】")
    reply = await site.phone(wang).replies("1")
    await site.phone(wang).receives("已由您签收")
    await site.phone(wang).replies("1", again=reply)
    assert site.webhooks.counts["inbound repeated"] == 1
    assert site.phone(wang).unexpected() == []


async def test_what_another_process_writes_leaves_at_once(site: Site, tmp_path: Path) -> None:
    """`fenghuo officer test` and `fenghuo incident ack` beside a pager that runs, on either database."""
    wang, _ = site.room.usual()
    (tmp_path / "fenghuo.toml").write_text(f'site = "{WUYI}"\ndatabase = "{site.room.store.url}"\n', encoding="utf-8")
    assert await site.leaves_after(tmp_path, wang, "【测试】", "officer", "test", "王建国", "--wait", "0") < AT_ONCE
    await asyncio.to_thread(site.room.take, site.room.alert())
    await site.phone(wang).receives("【粮价预警】")
    assert await site.leaves_after(tmp_path, wang, "事件1", "incident", "ack", "1", "--by", "李卫东") < AT_ONCE


@pytest.mark.parametrize(
    ("fares", "code", "lines"),
    [
        ("normal", 0, ["已送达 delivered"]),
        ("unreachable", 1, ["未送达 undelivered", "有短信未能送达 / not every text arrived"]),
        ("invalid", 1, ["被拒 refused（number not valid (21211)）"]),
    ],
)
async def test_trying_an_officers_phone_says_what_became_of_the_text(
    site: Site, tmp_path: Path, fares: str, code: int, lines: list[str]
) -> None:
    """`fenghuo officer test` waits for the receipt; a text that was refused or did not arrive is a no."""
    wang, _ = site.room.usual()
    (tmp_path / "fenghuo.toml").write_text(f'site = "{WUYI}"\ndatabase = "{site.room.store.url}"\n', encoding="utf-8")
    site.network.behaviour(wang, fares)
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("fenghuo"), "officer", "test", "王建国", cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    said = (await process.communicate())[0].decode()
    assert process.returncode == code, said
    for line in lines:
        assert line in said
    if fares == "normal":
        await site.phone(wang).receives("【测试】这是一条测试呼叫，无需回复。")


async def test_a_body_over_64_kb_is_refused_with_413(site: Site) -> None:
    async with aiohttp.ClientSession() as session:
        for path in ("/webhooks/twilio/inbound", "/webhooks/twilio/status/x"):
            async with session.post(site.url + path, data=b"a" * (BODY_LIMIT + 1)) as answer:
                assert answer.status == 413

        async def endless() -> AsyncIterator[bytes]:
            for _ in range(100):
                yield b"a" * 1024

        async with session.post(site.url + "/webhooks/twilio/inbound", data=endless()) as answer:
            assert answer.status == 413
    assert site.webhooks.counts["too big"] == 3


@pytest.mark.parametrize("database_url", ["postgres"], indirect=True)
async def test_the_database_killed_and_back_nothing_is_lost_and_pages_go_out(
    site: Site, postgres: ServerProcess, expected_errors: Callable[[str], None]
) -> None:
    """Whoever brings an alert meanwhile is told; the pager goes on by itself, the listener too."""
    expected_errors("psycopg")
    wang, li = site.room.usual()
    await asyncio.to_thread(site.room.take, site.room.alert())
    await site.phone(wang).receives("事件1")
    await site.page_becomes("delivered", wang)
    await asyncio.to_thread(postgres.kill)
    late = site.room.alert(place="later", subject="later")
    try:
        with pytest.raises(OperationalError):
            await asyncio.to_thread(site.room.take, late)
    finally:
        await asyncio.to_thread(postgres.start)
    await asyncio.to_thread(site.room.take, late)
    await site.phone(wang).receives("事件2", within=15)
    await site.phone(wang).replies("2")
    await site.phone(wang).receives("事件2已由您签收", within=15)
    assert site.phone(wang).unexpected() == []
    assert site.phone(li).unexpected() == []
