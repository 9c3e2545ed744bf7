"""The sandbox refuses what the real provider refuses and answers as it does, to the real SDK and to bare
HTTP.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest

from responders.channels.base import Accepted, OutgoingText, Refused, Uncertain
from responders.channels.twilio_sms import TwilioSms
from tests.responders.sandbox.world import ACCOUNT, LI, MAINLAND, OURS, TOKEN, WANG

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from responders.sandbox import SandboxNetwork
    from tests.responders.sandbox.world import Clock, Product

MESSAGES = f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json"


@pytest.fixture
async def http(network: SandboxNetwork) -> AsyncIterator[aiohttp.ClientSession]:
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, TOKEN)}
    async with aiohttp.ClientSession(network.base_url, headers=headers) as session:
        yield session


async def create(http: aiohttp.ClientSession, **form: str) -> tuple[int, Any]:
    whole = {"To": WANG, "From": OURS, "Body": "text"} | form
    async with http.post(MESSAGES, data={k: v for k, v in whole.items() if v != "-"}) as answer:
        return answer.status, await answer.json()


@pytest.mark.parametrize(
    ("form", "status", "code"),
    [
        ({"To": "-"}, 400, 21604),
        ({"To": "12025550111"}, 400, 21211),
        ({"To": "+1202555011"}, 400, 21408),
        ({"To": "+12025551234"}, 400, 21408),
        ({"To": "+447700900123"}, 400, 21408),
        ({"To": "+861012345678"}, 400, 21614),
        ({"From": "-"}, 400, 21603),
        ({"From": "+12025550199"}, 400, 21606),
        ({"From": "-", "MessagingServiceSid": "MG1"}, 400, 21701),
        ({"Body": "-"}, 400, 21602),
        ({"Body": " \n"}, 400, 21602),
        ({"Body": "粮" * 1601}, 400, 21617),
        ({"StatusCallback": "not an address"}, 400, 21609),
    ],
)
async def test_bad_requests_are_refused_with_twilio_s_codes(
    http: aiohttp.ClientSession, network: SandboxNetwork, form: dict[str, str], status: int, code: int
) -> None:
    """Code, HTTP status and the JSON of the real one; nothing reaches a phone, real numbers do not exist
    here.
    """
    got, body = await create(http, **form)
    assert (got, body["code"], body["status"]) == (status, code, status)
    assert body["more_info"] == f"https://www.twilio.com/docs/errors/{code}"
    assert network.messages == []


@pytest.mark.parametrize("secret", ["wrong", "", TOKEN + "x", "ß"])
async def test_a_wrong_token_is_refused(network: SandboxNetwork, secret: str) -> None:
    """401 with error 20003."""
    headers = {"Authorization": aiohttp.encode_basic_auth(ACCOUNT, secret)}
    async with (
        aiohttp.ClientSession(network.base_url, headers=headers) as http,
        http.get(MESSAGES) as answer,
    ):
        assert (answer.status, (await answer.json())["code"]) == (401, 20003)


async def test_without_credentials_and_in_another_account_nothing_is_shown(
    network: SandboxNetwork, http: aiohttp.ClientSession
) -> None:
    """No credentials, or malformed ones: 401; somebody else's account: 404."""
    for headers in ({}, {"Authorization": "Basic %%%"}, {"Authorization": "Bearer x"}):
        async with (
            aiohttp.ClientSession(network.base_url, headers=headers) as stranger,
            stranger.get(MESSAGES) as answer,
        ):
            assert answer.status == 401
    async with http.get(MESSAGES.replace(ACCOUNT, "AC" + "2" * 32)) as answer:
        assert (answer.status, (await answer.json())["code"]) == (404, 20404)


async def test_a_message_is_answered_and_fetched_as_twilio_writes_it(http: aiohttp.ClientSession) -> None:
    """201 with status queued, segments counted; fetched later, it is delivered."""
    status, made = await create(http, Body="粮" * 71)
    assert (status, made["status"], made["num_segments"], made["direction"]) == (
        201,
        "queued",
        "2",
        "outbound-api",
    )
    assert made["date_created"] == "Wed, 25 Nov 2026 00:05:12 +0000"
    async with http.get(MESSAGES.replace(".json", f"/{made['sid']}.json")) as answer:
        fetched = await answer.json()
    assert (fetched["status"], fetched["body"], fetched["error_code"]) == ("delivered", "粮" * 71, None)
    async with http.get(MESSAGES.replace(".json", "/SM0.json")) as answer:
        assert answer.status == 404


async def test_lists_are_filtered_and_paged(http: aiohttp.ClientSession, clock: Clock) -> None:
    """To, From, DateSent on either side; newest first; following the pages shows each once though more
    arrive.
    """
    for number in range(5):
        await create(http, Body=f"{number}")
        await create(http, To=LI, Body=f"li {number}")
        clock.advance(hours=1)
    seen: list[str] = []
    path: str | None = f"{MESSAGES}?To=%2B12025550111&PageSize=2"
    while path:
        async with http.get(path) as answer:
            page = await answer.json()
        seen += [m["body"] for m in page["messages"]]
        path = page["next_page_uri"]
        await create(http, Body="later")
    assert seen == ["4", "3", "2", "1", "0"]

    async def bodies(**query: str) -> list[str]:
        async with http.get(MESSAGES, params={"To": LI, **query}) as answer:
            return [m["body"] for m in (await answer.json())["messages"]]

    assert await bodies(From="+12025550199") == []
    assert await bodies(**{"DateSent>": "2026-11-25T03:00:00Z"}) == ["li 4", "li 3"]
    assert await bodies(**{"DateSent<": "2026-11-25T01:00:00Z"}) == ["li 0"]
    assert await bodies(DateSent="2026-11-24") == []
    assert len(await bodies(DateSent="2026-11-25")) == 5


async def test_a_messaging_service_chooses_the_sender(http: aiohttp.ClientSession, network: SandboxNetwork) -> None:
    """MessagingServiceSid in place of From."""
    network.messaging_services["MG1"] = OURS
    status, made = await create(http, From="-", MessagingServiceSid="MG1")
    assert (status, made["from"], made["messaging_service_sid"]) == (201, OURS, "MG1")


async def test_stop_and_start(channel: TwilioSms, network: SandboxNetwork, product: Product) -> None:
    """STOP (alone, in any case) ends texts with 21610 and is answered once by the network; START begins
    them again.

    The product's webhook hears both; what it answers to a stopped phone does not arrive.
    """
    product.twiml = "<Response><Message>heard</Message></Response>"
    phone = network.phone(WANG)
    text = OutgoingText("p", WANG, "hello", "")
    assert isinstance(await channel.send(text), Accepted)
    await phone.receives("hello")
    await phone.replies("please stop")
    await phone.receives("heard")
    reply = await phone.replies(" stop ")
    assert reply.answers == []
    refused = await channel.send(text)
    assert isinstance(refused, Refused)
    assert (refused.code, refused.of) == ("21610", "recipient")
    await phone.replies("START")
    await phone.receives("heard")
    assert isinstance(await channel.send(text), Accepted)
    await phone.receives("hello")
    by_network = [t.body for t in phone.texts if t.direction == "network"]
    assert [body.split(".")[0][:38] for body in by_network] == [
        "You have successfully been unsubscribe",
        "You have successfully been re-subscrib",
    ]
    assert [form["Body"] for form in product.genuine] == ["please stop", " stop ", "START"]
    network.assert_no_unexpected()


async def test_the_third_identical_text_to_the_mainland_is_not_delivered(
    channel: TwilioSms, network: SandboxNetwork, product: Product, clock: Clock
) -> None:
    """Within 24 hours; another text, or a day later, passes. To other regions the same text may come as
    often.
    """
    text = OutgoingText("p", MAINLAND, "粮价越线", f"{product.url}/status")
    for _ in range(3):
        await channel.send(text)
    await network.callbacks_done()
    assert len(network.phone(MAINLAND).texts) == 2
    assert product.genuine[-1]["MessageStatus"] == "undelivered"
    assert product.genuine[-1]["ErrorCode"] == "30007"
    await channel.send(OutgoingText("p", MAINLAND, "另一条", ""))
    clock.advance(hours=24, seconds=1)
    await channel.send(text)
    assert [t.body for t in network.phone(MAINLAND).texts] == ["粮价越线", "粮价越线", "另一条", "粮价越线"]
    for _ in range(4):
        await channel.send(OutgoingText("p", WANG, "粮价越线", ""))
    assert len(network.phone(WANG).texts) == 4


async def test_a_fault_may_hold_for_some_texts_only(channel: TwilioSms, network: SandboxNetwork) -> None:
    """`times`: so many texts fare badly, then the network is normal again; None as number means every
    phone.
    """
    network.behaviour(None, "500", times=2)
    answers = [await channel.send(OutgoingText("p", to, "x", "")) for to in (WANG, LI, WANG)]
    assert [type(answer).__name__ for answer in answers] == ["Uncertain", "Uncertain", "Accepted"]


async def test_an_unknown_fault_is_refused(network: SandboxNetwork) -> None:
    """The words of the tables, and no others."""
    with pytest.raises(ValueError, match="mode: got 'broken', expected one of 401 429 500 accept_then_500"):
        network.behaviour(WANG, "broken")


async def test_stopping_ends_what_hangs(network: SandboxNetwork) -> None:
    """A request that hangs on purpose is ended by stopping; it does not keep the sandbox from stopping."""
    network.behaviour(WANG, "hang")
    channel = TwilioSms(ACCOUNT, TOKEN, OURS, api_base=network.base_url, timeout=30)
    async with asyncio.timeout(5), asyncio.TaskGroup() as group:
        sending = group.create_task(channel.send(OutgoingText("p", WANG, "x", "")))
        await network.news.until(lambda: network.hanging or None, within=5)
        await network.stop()
    assert isinstance(sending.result(), Uncertain)
    await channel.aclose()
