"""The page of phones and the control API: marked as a sandbox, live, escaped, closed to other sites."""

from __future__ import annotations

import asyncio
import json
import re
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from responders.channels.base import OutgoingText
from responders.sandbox import SandboxNetwork, serve
from responders.sandbox.serving import name_phones
from tests.responders.sandbox.world import ACCOUNT, LI, MAINLAND, OURS, TOKEN, WANG, Clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from responders.channels.twilio_sms import TwilioSms
    from tests.responders.sandbox.world import Product


@pytest.fixture
async def browser(network: SandboxNetwork) -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(network.base_url) as session:
        yield session


async def page(browser: aiohttp.ClientSession) -> str:
    async with browser.get("/") as answer:
        assert answer.status == 200
        return await answer.text()


async def event(stream: aiohttp.StreamReader) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            line = await stream.readline()
            if line.startswith(b"data: "):
                return dict(json.loads(line[6:]))


async def test_the_page_is_marked_as_a_sandbox(network: SandboxNetwork, browser: aiohttp.ClientSession) -> None:
    """Chinese first, English beside, in the title and in a banner; registered officers are there before any
    text.
    """
    network.register(WANG, "王建国")
    html = await page(browser)
    assert "<title>沙盒电话网 · SANDBOX" in html
    assert "非真实短信，不会发给任何人" in html
    assert "These are not real messages. Nobody is texted." in html
    assert "王建国" in html


async def test_texts_are_shown_escaped_with_shanghai_time(
    channel: TwilioSms, network: SandboxNetwork, browser: aiohttp.ClientSession
) -> None:
    """Whatever a text or a name contains stays text; time, status, parts and cause stand beside it."""
    network.register(WANG, "<i>王</i>")
    await channel.send(OutgoingText("p", WANG, "<script>alert(1)</script>" + "粮" * 60, ""))
    network.behaviour(MAINLAND, "unreachable")
    await channel.send(OutgoingText("p", MAINLAND, "【演练】", ""))
    html = await page(browser)
    assert "&lt;script&gt;alert(1)&lt;/script&gt;粮" in html
    assert "&lt;i&gt;王&lt;/i&gt;" in html
    assert "<script>alert" not in html
    assert '<time datetime="2026-11-25T08:05:12.345678+08:00">08:05:12</time>' in html
    assert "2026年11月25日 星期三" in html
    for words in (
        "已送达 delivered",
        '2 条 <span lang="en">parts',
        "未送达 undelivered",
        "30003 关机或不在服务区",
    ):
        assert words in html
    assert "此地区不能回复短信" in html


async def test_nothing_comes_from_elsewhere(browser: aiohttp.ClientSession) -> None:
    """No outside resource, no inline script, and a policy that would stop them."""
    html = await page(browser)
    assert not re.search(r"https?://", html)
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|style=", html)
    for path in ("/", "/sandbox/phones.js", "/sandbox/phones.css"):
        async with browser.get(path) as answer:
            assert answer.status == 200
            assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
            assert not re.search(r"https?://|@import", await answer.text())


async def test_the_page_is_live(channel: TwilioSms, network: SandboxNetwork, browser: aiohttp.ClientSession) -> None:
    """Each change of a phone comes as an event with the phone rendered."""
    network.register(WANG, "王建国")
    async with browser.get("/sandbox/events") as answer:
        assert answer.content_type == "text/event-stream"
        assert (await event(answer.content))["received"] == 0
        await channel.send(OutgoingText("p", WANG, "<b>粮价</b>", ""))
        seen = await event(answer.content)
        assert (seen["number"], seen["received"]) == (WANG, 1)
        assert "&lt;b&gt;粮价&lt;/b&gt;" in seen["thread"]
        network.behaviour(WANG, "unreachable")
        assert (await event(answer.content))["line"] == "unreachable"


async def test_one_replies_on_the_page(
    channel: TwilioSms, network: SandboxNetwork, product: Product, browser: aiohttp.ClientSession
) -> None:
    """The page's post carries the token that the page was served with; the product hears the reply."""
    await channel.send(OutgoingText("p", WANG, "回复 1", ""))
    found = re.search(r'name="sandbox-token" content="([^"]+)"', await page(browser))
    assert found
    headers = {"X-Sandbox-Token": found[1]}
    async with browser.post("/sandbox/reply", json={"number": WANG, "body": "1"}, headers=headers) as answer:
        assert (answer.status, (await answer.json())["webhook"]) == (200, 200)
    assert [form["Body"] for form in product.genuine] == ["1"]


@pytest.mark.parametrize("headers", [{}, {"X-Sandbox-Token": "guess"}, {"Origin": "https://evil.example"}])
@pytest.mark.parametrize("path", ["reply", "behaviour", "release"])
async def test_other_sites_change_nothing(
    channel: TwilioSms,
    network: SandboxNetwork,
    product: Product,
    browser: aiohttp.ClientSession,
    headers: dict[str, str],
    path: str,
) -> None:
    """Without this process's token a post is refused, whatever it says."""
    await channel.send(OutgoingText("p", WANG, "回复 1", ""))
    asked = {"number": WANG, "body": "1", "mode": "500"}
    async with browser.post(f"/sandbox/{path}", json=asked, headers=headers) as answer:
        assert answer.status == 403
    assert product.genuine == []
    assert network.behaviour_of(WANG).mode == "normal"


async def test_a_name_that_resolves_to_us_gets_no_token(
    network: SandboxNetwork, browser: aiohttp.ClientSession
) -> None:
    """DNS rebinding: a page under another name cannot read the token, the texts, or use a token."""
    evil = {"Host": "evil.example", "X-Sandbox-Token": network.page_token}
    for path in ("/", "/sandbox/events"):
        async with browser.get(path, headers=evil) as answer:
            assert answer.status == 421
            assert network.page_token not in await answer.text()
    async with browser.post("/sandbox/release", json={}, headers=evil) as answer:
        assert answer.status == 403


@pytest.mark.parametrize(
    ("path", "asked", "error"),
    [
        (
            "reply",
            {"number": "+12025550177", "body": "1"},
            "number: got '+12025550177', expected a phone of this sandbox",
        ),
        ("reply", {"number": WANG, "body": " "}, "body: got 1 characters, expected 1 to 1600, not all blank"),
        ("reply", {"number": WANG}, "body: got None, expected a text"),
        ("reply", {"number": WANG, "body": "1"}, f"{WANG}: nobody has texted it yet, so to whom?"),
        ("reply", [], "body: got list, expected an object"),
        ("behaviour", {"times": "x"}, "times: got 'x', expected a number or nothing"),
    ],
)
async def test_a_wrong_command_says_what_is_wrong(
    network: SandboxNetwork, browser: aiohttp.ClientSession, path: str, asked: object, error: str
) -> None:
    """Field, value, what was expected."""
    network.phone(WANG)
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    async with browser.post(f"/sandbox/{path}", json=asked, headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]) == (400, error)


async def test_the_names_are_those_of_the_roster_as_it_is_now(network: SandboxNetwork) -> None:
    """Whoever is imported, renamed or removed later is so on the page; a roster that cannot be read changes nothing."""
    roster = {WANG: "王建国"}

    def unreadable() -> dict[str, str]:
        raise LookupError("no such table: contacts")

    await name_phones(network, lambda: roster)
    roster = {WANG: "王建军", LI: "李明"}
    await name_phones(network, lambda: roster)
    versions = {number: phone.version for number, phone in network.phones.items()}
    await name_phones(network, lambda: roster)  # nothing has changed, so nothing is sent to the page
    await name_phones(network, unreadable)
    assert {number: phone.version for number, phone in network.phones.items()} == versions
    assert {number: phone.name for number, phone in network.phones.items()} == roster
    roster = {LI: "李明"}
    await name_phones(network, lambda: roster)
    assert network.phone(WANG).name == ""


async def test_another_process_drives_it_with_the_account_s_token(channel: TwilioSms) -> None:
    """`serve` runs a network until cancelled; faults and replies are commanded, phones read, over HTTP."""
    del channel
    listening: asyncio.Future[SandboxNetwork] = asyncio.get_running_loop().create_future()
    serving = asyncio.create_task(
        serve(Clock(), ACCOUNT, TOKEN, officers=lambda: {WANG: "王建国"}, listening=listening.set_result)
    )
    network = await listening
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    async with aiohttp.ClientSession(network.base_url, headers=headers) as http:
        fault = {"number": WANG, "mode": "accept_then_500", "times": 1}
        async with http.post("/sandbox/behaviour", json=fault) as answer:
            assert await answer.json() == {"done": True}
        form = {"To": WANG, "From": OURS, "Body": "粮价"}
        async with http.post(f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", data=form) as answer:
            assert answer.status == 500
        async with http.get("/sandbox/phones", params={"number": WANG}) as answer:
            shown = (await answer.json())["phones"]
    assert [(p["name"], p["two_way"], [t["body"] for t in p["texts"]]) for p in shown] == [("王建国", True, ["粮价"])]
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving
