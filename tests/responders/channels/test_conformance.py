"""What every channel does, whatever its provider: run on the twilio channel, through the real SDK, over
real HTTP.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from responders.channels.base import Accepted, Askable, CannotAsk, Channel, OutgoingText, Refused, Uncertain
from responders.channels.callbacks import parse_inbound, parse_status_callback
from responders.channels.receipts import merge
from responders.channels.twilio_sms import TwilioSms
from tests.responders.sandbox.world import ACCOUNT, LI, MAINLAND, OURS, TOKEN, WANG

if TYPE_CHECKING:
    from responders.channels.base import Status
    from responders.sandbox import SandboxNetwork
    from tests.responders.sandbox.world import Clock, Product

BODY = "【粮价预警】壶山街道 早籼米 5.42 元/kg。回复 1 签收。Reply 1."


def text(product: Product, to: str = WANG, body: str = BODY) -> OutgoingText:
    return OutgoingText("page-7", to, body, f"{product.url}/status?page=page-7")


def test_it_is_a_channel_and_can_be_asked(channel: TwilioSms) -> None:
    """The twilio channel has both interfaces."""
    sends: Channel = channel
    assert sends.name == "twilio"
    assert isinstance(channel, Askable)


async def test_an_accepted_text_is_on_the_phone_as_it_was_written(
    channel: TwilioSms, network: SandboxNetwork, product: Product
) -> None:
    """Accepted means: the provider has it, under this id, and the phone shows exactly this text, once."""
    answer = await channel.send(text(product))
    received = await network.phone(WANG).receives(BODY)
    assert answer == Accepted(received.sid, "accepted")
    assert received.body == BODY
    network.assert_no_unexpected()


@pytest.mark.parametrize(
    ("mode", "expected"),
    [
        ("invalid", Refused("number not valid", "recipient", "21211")),
        ("region", Refused("region not enabled for texts", "recipient", "21408")),
        ("not_mobile", Refused("not a mobile number", "recipient", "21614")),
        ("unsubscribed", Refused("recipient has unsubscribed (STOP)", "recipient", "21610")),
        ("from_invalid", Refused("sender number cannot send texts", "provider", "21606")),
        ("401", Refused("authentication failed", "provider", "20003")),
        ("suspended", Refused("account not active", "provider", "20005")),
        ("429", Refused("too many requests", "provider", "20429", retry_after=7.0)),
    ],
)
async def test_a_refusal_says_whose_it_is(
    channel: TwilioSms, network: SandboxNetwork, product: Product, mode: str, expected: Refused
) -> None:
    """A refusal names the provider's code, whose it is, and how long the provider asks us to wait."""
    network.behaviour(WANG, mode, retry_after=7)
    assert await channel.send(text(product)) == expected
    assert network.phone(WANG).texts == []


@pytest.mark.parametrize(
    ("mode", "reason", "arrives"),
    [
        ("hang", "no answer (TimeoutError)", False),
        ("drop", "no answer (ServerDisconnectedError)", False),
        ("500", "HTTP 500", False),
        ("accept_then_hang", "no answer (TimeoutError)", True),
        ("accept_then_drop_answer", "no answer (ServerDisconnectedError)", True),
        ("accept_then_500", "HTTP 500", True),
        ("malformed", "the answer cannot be read (JSONDecodeError)", True),
        ("html", "the answer cannot be read (JSONDecodeError)", True),
        ("empty", "the answer cannot be read (ValueError)", True),
    ],
)
async def test_what_is_not_known_is_uncertain_and_settled_by_asking(
    channel: TwilioSms,
    network: SandboxNetwork,
    product: Product,
    clock: Clock,
    mode: str,
    reason: str,
    arrives: bool,
) -> None:
    """An answer lost or unreadable is Uncertain, sent once and never repeated; asking tells whether it was
    taken.
    """
    network.behaviour(WANG, mode)
    assert await channel.send(text(product)) == Uncertain(reason)
    phone = network.phone(WANG)
    assert len(phone.texts) == (1 if arrives else 0)
    found = await channel.find(WANG, BODY, clock.now)
    assert found == (Accepted(phone.texts[0].sid, "delivered") if arrives else None)


async def test_no_connection_is_a_certain_refusal_of_the_provider(product: Product, clock: Clock) -> None:
    """Nothing was sent when no connection was made: hold and back off, there is nothing to ask about."""
    channel = TwilioSms(ACCOUNT, TOKEN, OURS, api_base="http://127.0.0.1:9", timeout=0.5)
    expected = Refused("no connection to the provider (ClientConnectorError)", "provider", "no-connection")
    assert await channel.send(text(product)) == expected
    with pytest.raises(CannotAsk, match="no answer"):
        await channel.find(WANG, BODY, clock.now)
    await channel.aclose()


async def test_asking_finds_only_this_text_sent_since_then(
    channel: TwilioSms, network: SandboxNetwork, product: Product, clock: Clock
) -> None:
    """An older text with the same words, another phone's and a similar one are not taken for the text asked
    about.
    """
    await channel.send(text(product))
    clock.advance(minutes=5)
    since = clock.now
    await channel.send(text(product, to=LI))
    await channel.send(text(product, body=BODY + " "))
    assert await channel.find(WANG, BODY, since) is None
    sent = await channel.send(text(product))
    assert isinstance(sent, Accepted)
    assert await channel.find(WANG, BODY, since) == Accepted(sent.provider_id, "delivered")
    assert len(network.phone(WANG).texts) == 3


async def test_asking_allows_for_the_provider_s_whole_seconds(
    channel: TwilioSms, product: Product, clock: Clock
) -> None:
    """A creation time is told in whole seconds, and our clock may be a little ahead: still found."""
    await channel.send(text(product))
    assert await channel.find(WANG, BODY, clock.now + timedelta(seconds=3)) is not None
    assert await channel.find(WANG, BODY, clock.now + timedelta(seconds=30)) is None


async def test_asking_reads_page_after_page(channel: TwilioSms, product: Product, clock: Clock) -> None:
    """In a storm the text may be behind more than a page of newer ones to the same number."""
    sent = await channel.send(text(product))
    assert isinstance(sent, Accepted)
    for number in range(120):
        await channel.send(text(product, body=f"{number}"))
    assert await channel.find(WANG, BODY, clock.now) == Accepted(sent.provider_id, "delivered")


@pytest.mark.parametrize("asking", ["500", "hang", "drop", "malformed", "html", "401", "429"])
async def test_cannot_ask_is_not_the_same_as_not_found(
    channel: TwilioSms, network: SandboxNetwork, product: Product, clock: Clock, asking: str
) -> None:
    """A provider that gives no usable answer raises CannotAsk; only its own word says that a text was not
    sent.
    """
    await channel.send(text(product))
    network.behaviour(WANG, asking=asking)
    with pytest.raises(CannotAsk):
        await channel.find(WANG, BODY, clock.now)
    network.behaviour(WANG)
    assert await channel.find(WANG, BODY, clock.now) is not None


@pytest.mark.parametrize(
    ("mode", "final", "code"),
    [
        ("normal", "delivered", None),
        ("unreachable", "undelivered", 30003),
        ("unknown", "undelivered", 30005),
        ("landline", "undelivered", 30006),
        ("failed", "failed", 30008),
    ],
)
@pytest.mark.parametrize("order", ["normal", "doubled", "reversed", "late"])
async def test_receipts_lead_to_one_status_in_any_order(
    channel: TwilioSms,
    network: SandboxNetwork,
    product: Product,
    mode: str,
    final: Status,
    code: int | None,
    order: str,
) -> None:
    """Doubled, reversed or late, the receipts leave the same final status, and its error code."""
    network.behaviour(WANG, mode, callbacks=order)
    answer = await channel.send(text(product))
    await network.release_callbacks()
    await network.callbacks_done()
    assert isinstance(answer, Accepted)
    receipts = [parse_status_callback(form) for form in product.genuine]
    assert len(receipts) == (6 if order == "doubled" else 3)
    status = answer.status
    for receipt in receipts:
        assert (receipt.provider_id, receipt.to) == (answer.provider_id, WANG)
        status = merge(status, receipt.status)
    assert status == final
    assert {receipt.error_code for receipt in receipts if receipt.status == final} == {code}


async def test_a_contradicted_delivery_counts_as_undelivered(
    channel: TwilioSms, network: SandboxNetwork, product: Product
) -> None:
    """`delivered`, then `undelivered`: the next contact is tried, for twice is better than never."""
    network.behaviour(WANG, callbacks="contradictory")
    await channel.send(text(product))
    await network.callbacks_done()
    assert product.receipts() == ["queued", "sent", "delivered", "undelivered"]
    assert merge("delivered", "undelivered") == merge("undelivered", "delivered") == "undelivered"


async def test_forged_receipts_and_replies_are_refused(
    channel: TwilioSms, network: SandboxNetwork, product: Product
) -> None:
    """What was not signed with the account's token is not believed, receipt or reply."""
    network.behaviour(WANG, callbacks="forged")
    await channel.send(text(product))
    await network.callbacks_done()
    reply = await network.phone(WANG).replies("1", forged=True)
    assert (product.genuine, len(product.forged), reply.status) == ([], 4, 403)


async def test_a_reply_comes_back_as_it_was_written(
    channel: TwilioSms, network: SandboxNetwork, product: Product
) -> None:
    """A reply is signed, comes with the phone's number, and a repeated webhook is the same text again."""
    await channel.send(text(product))
    reply = await network.phone(WANG).replies("１ 收到")
    await network.phone(WANG).replies("１ 收到", again=reply)
    await network.callbacks_done()
    inbound = [parse_inbound(form) for form in product.genuine if "MessageStatus" not in form]
    assert len(inbound) == 2
    assert inbound[0] == inbound[1]
    assert (inbound[0].from_, inbound[0].to, inbound[0].body) == (WANG, OURS, "１ 收到")


async def test_capabilities_are_declared_by_region(channel: TwilioSms) -> None:
    """No reply is asked for where none can come back; what is undeclared is taken for one-way."""
    assert channel.capabilities(WANG).two_way
    mainland = channel.capabilities(MAINLAND)
    assert (mainland.two_way, mainland.code_allowed, mainland.link_allowed) == (False, False, False)
    assert (mainland.identical_per_day, mainland.per_number_per_day) == (2, 4)
    assert not channel.capabilities("+4915123456789").two_way


@pytest.mark.parametrize("mode", ["normal", "401", "429", "500", "hang", "drop", "malformed", "empty", "invalid"])
async def test_no_secret_in_any_answer_or_log(
    channel: TwilioSms,
    network: SandboxNetwork,
    product: Product,
    clock: Clock,
    caplog: pytest.LogCaptureFixture,
    mode: str,
) -> None:
    """Neither the token nor its encoding, nor numbers or words of texts, leave by an error, a repr or a log
    line.
    """
    caplog.set_level(logging.DEBUG)
    network.behaviour(WANG, mode, asking="401")
    answer = await channel.send(text(product))
    with pytest.raises(CannotAsk) as asked:
        await channel.find(WANG, BODY, clock.now)
    client_logs = [r.getMessage() for r in caplog.records if not r.name.startswith("asyncio")]
    seen = "\n".join([repr(answer), str(asked.value), repr(asked.value.__cause__), repr(channel), *client_logs])
    for secret in (TOKEN, "Basic ", WANG, BODY):
        assert secret not in seen


async def test_the_environment_does_not_redirect_the_provider(
    network: SandboxNetwork, product: Product, monkeypatch: pytest.MonkeyPatch
) -> None:
    """TWILIO_EDGE and TWILIO_REGION of the process's environment do not change the host that was
    configured.
    """
    monkeypatch.setenv("TWILIO_EDGE", "dublin")
    monkeypatch.setenv("TWILIO_REGION", "ie1")
    channel = TwilioSms(ACCOUNT, TOKEN, OURS, api_base=network.base_url + "/", timeout=2)
    assert isinstance(await channel.send(text(product)), Accepted)
    await channel.aclose()


async def test_a_storm_goes_over_few_connections(network: SandboxNetwork, product: Product) -> None:
    """Three hundred texts, sixteen at a time: each arrives once, over no more connections than that."""
    channel = TwilioSms(ACCOUNT, TOKEN, OURS, api_base=network.base_url, connections=16)
    gate = asyncio.Semaphore(16)

    async def one(number: int) -> object:
        async with gate:
            return await channel.send(OutgoingText(str(number), WANG, f"text {number}", ""))

    answers = await asyncio.gather(*(one(number) for number in range(300)))
    assert all(isinstance(answer, Accepted) for answer in answers)
    assert sorted(t.body for t in network.phone(WANG).texts) == sorted(f"text {n}" for n in range(300))
    await channel.aclose()
