"""Running a network of its own, until it is cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from responders.sandbox.network import SandboxNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime


async def serve(  # noqa: PLR0913, each is a setting
    clock: Callable[[], datetime],
    account_sid: str,
    auth_token: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    from_numbers: Iterable[str] = ("+12025550100",),
    inbound_url: str = "",
    officers: Mapping[str, str] | None = None,
    listening: Callable[[SandboxNetwork], None] | None = None,
) -> None:
    """Run a network of its own until cancelled. `officers`: number → name; `listening` is called once it
    listens.
    """
    network = SandboxNetwork(clock, account_sid, auth_token, from_numbers=from_numbers, inbound_url=inbound_url)
    for number, name in (officers or {}).items():
        network.register(number, name)
    await network.start(port, host)
    try:
        if listening is not None:
            listening(network)
        await asyncio.Event().wait()
    finally:
        await network.stop()
