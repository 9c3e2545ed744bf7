"""Running a network of its own, until it is cancelled."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from responders.sandbox.network import SandboxNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

_log = structlog.get_logger()


async def serve(  # noqa: PLR0913, each is a setting
    clock: Callable[[], datetime],
    account_sid: str,
    auth_token: str,
    *,
    host: str = "127.0.0.1",
    port: int = 0,
    from_numbers: Iterable[str] = ("+12025550100",),
    inbound_url: str = "",
    officers: Callable[[], Mapping[str, str]] = dict,
    look_every: float = 1.0,
    listening: Callable[[SandboxNetwork], None] | None = None,
) -> None:
    """Run a network of its own until cancelled. `listening` is called once it listens.

    `officers` answers number → name; it is asked again every `look_every` seconds, in a thread, so that whoever is put
    on the roster later is on the page too.
    """
    network = SandboxNetwork(clock, account_sid, auth_token, from_numbers=from_numbers, inbound_url=inbound_url)
    await name_phones(network, officers)
    await network.start(port, host)
    try:
        if listening is not None:
            listening(network)
        while True:
            await asyncio.sleep(look_every)
            await name_phones(network, officers)
    finally:
        await network.stop()


async def name_phones(network: SandboxNetwork, officers: Callable[[], Mapping[str, str]]) -> None:
    """Each phone bears the name that it has now; one that is nobody's any more bears none."""
    try:
        names = await asyncio.to_thread(officers)
    except Exception as error:  # noqa: BLE001, whatever is wrong with the roster, the phones go on
        _log.warning("roster not read, phones keep their names", error=f"{type(error).__name__}: {error}"[:200])
        return
    gone = [number for number, phone in network.phones.items() if phone.name and number not in names]
    for number, name in [*names.items(), *((number, "") for number in gone)]:
        if number not in network.phones or network.phone(number).name != name:
            network.register(number, name)
