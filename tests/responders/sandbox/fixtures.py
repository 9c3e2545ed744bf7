"""Fixtures shared by the tests of the sandbox and of the channels."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from responders.channels.twilio_sms import TwilioSms
from responders.sandbox import SandboxNetwork
from tests.responders.sandbox.world import ACCOUNT, OURS, TOKEN, Clock, Product

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def product() -> AsyncIterator[Product]:
    product = Product()
    await product.start()
    yield product
    await product.stop()


@pytest.fixture
async def network(clock: Clock, product: Product) -> AsyncIterator[SandboxNetwork]:
    network = SandboxNetwork(clock, ACCOUNT, TOKEN, inbound_url=f"{product.url}/inbound")
    await network.start()
    yield network
    await network.stop()


@pytest.fixture
async def channel(network: SandboxNetwork) -> AsyncIterator[TwilioSms]:
    """The channel under test, in front of the network, with a time-out that a test can wait for."""
    channel = TwilioSms(ACCOUNT, TOKEN, OURS, api_base=network.base_url, timeout=0.5)
    yield channel
    await channel.aclose()
