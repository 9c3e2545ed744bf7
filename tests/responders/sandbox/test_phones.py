"""A phone in a test: a dialogue, and a strict close."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from responders.channels.base import OutgoingText
from responders.sandbox import CannotReply
from responders.sandbox.webhooks import texts_of
from tests.responders.sandbox.world import LI, MAINLAND, OURS, WANG

if TYPE_CHECKING:
    from responders.channels.twilio_sms import TwilioSms
    from responders.sandbox import SandboxNetwork
    from tests.responders.sandbox.world import Product


def text(to: str, body: str) -> OutgoingText:
    return OutgoingText("p", to, body, "")


async def test_a_phone_waits_for_what_it_is_to_receive(channel: TwilioSms, network: SandboxNetwork) -> None:
    """A text that comes while somebody waits is handed to him; each text once."""
    waiting = asyncio.create_task(network.phone(WANG).receives("粮价", "5.42"))
    await channel.send(text(WANG, "粮价 5.10"))
    await channel.send(text(WANG, "粮价 5.42"))
    assert (await waiting).body == "粮价 5.42"
    assert [t.body for t in network.phone(WANG).unexpected()] == ["粮价 5.10"]


async def test_waiting_in_vain_says_what_came_instead(channel: TwilioSms, network: SandboxNetwork) -> None:
    """The error shows the phone's texts."""
    await channel.send(text(WANG, "别的"))
    with pytest.raises(AssertionError) as caught:
        await network.phone(WANG).receives("粮价", within=0.05)
    expected = f"{WANG}: no text containing ('粮价',) within 0.05 s; on the phone:\n  别的"
    assert str(caught.value) == expected


async def test_the_strict_close_names_what_nobody_expected(channel: TwilioSms, network: SandboxNetwork) -> None:
    """A text to anybody that no test waited for fails the close, with the phone, its owner and the words."""
    network.register(LI, "李秀英")
    await channel.send(text(WANG, "一"))
    await channel.send(text(LI, "二"))
    await network.phone(WANG).receives("一")
    with pytest.raises(AssertionError, match=r"unexpected texts:\n  \+12025550112 李秀英: 二"):
        network.assert_no_unexpected()


async def test_a_reply_brings_the_webhook_s_answer_to_the_phone(
    channel: TwilioSms, network: SandboxNetwork, product: Product
) -> None:
    """The reply goes to the number that texted; TwiML comes back as texts, in order."""
    product.twiml = "<Response><Message>已签收 &amp; 记录</Message><Message><Body>第二条</Body></Message></Response>"
    await channel.send(text(WANG, "回复 1"))
    await network.phone(WANG).receives("回复 1")
    reply = await network.phone(WANG).replies("1")
    assert (reply.status, reply.message.to) == (200, OURS)
    assert [t.body for t in network.phone(WANG).unexpected()] == ["已签收 & 记录", "第二条"]
    assert product.genuine[0]["NumSegments"] == "1"


async def test_a_webhook_that_does_not_answer_is_told(channel: TwilioSms, network: SandboxNetwork) -> None:
    """Status None: the reply was written, and nobody took it."""
    network.inbound_url = "http://127.0.0.1:9/webhooks"
    await channel.send(text(WANG, "回复 1"))
    assert (await network.phone(WANG).replies("1")).status is None


async def test_who_cannot_reply_is_told_why(network: SandboxNetwork) -> None:
    """From a one-way region, or where nobody has texted."""
    with pytest.raises(CannotReply, match="nothing can come back from this number"):
        await network.phone(MAINLAND).replies("1")
    with pytest.raises(CannotReply, match="nobody has texted it yet"):
        await network.phone(WANG).replies("1")


@pytest.mark.parametrize(
    ("body", "texts"),
    [
        (b"", []),
        (b"not xml", []),
        (b"<Response/>", []),
        (b"<html><Message>x</Message></html>", []),
        (b"<Response><Message> </Message><Message>x</Message></Response>", ["x"]),
        ("<?xml version='1.0' encoding='UTF-8'?><Response><Message>粮</Message></Response>".encode(), ["粮"]),
    ],
)
def test_twiml_is_read(body: bytes, texts: list[str]) -> None:
    """Messages only, none from what is not TwiML."""
    assert texts_of(body) == texts
