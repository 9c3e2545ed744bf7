"""The sandbox phone network as a process: officers' phones of the roster, on a page, reaching nobody."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import click
from sqlalchemy import select

from responders.sandbox.serving import serve
from responders.schema import contacts
from responders.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from infra.settings import Settings
    from responders.sandbox.network import SandboxNetwork

ACCOUNT, TOKEN, NUMBER = "AC" + "0" * 31 + "1", "sandbox-token", "+12025550100"
"""What to put into `twilio.account_sid|auth_token|from_number` where nothing else is set."""


def phones(settings: Settings) -> dict[str, str]:
    """Number → officer, of everybody in the roster."""
    store = Store(settings.database)
    try:
        with store.read() as connection:
            return {row.address: row.officer for row in connection.execute(select(contacts))}
    finally:
        store.close()


async def serve_sandbox(settings: Settings, clock: Callable[[], datetime]) -> None:
    """Runs until cancelled."""
    host, _, port = settings.sandbox.listen.rpartition(":")
    twilio = settings.twilio
    await serve(
        clock,
        twilio.account_sid or ACCOUNT,
        twilio.auth_token or TOKEN,
        host=host,
        port=int(port),
        from_numbers=(twilio.from_number or NUMBER,),
        inbound_url=f"{settings.console.url}/webhooks/twilio/inbound",
        officers=partial(phones, settings),
        listening=_listening,
    )


def _listening(network: SandboxNetwork) -> None:
    click.echo(
        f"沙盒电话网，非真实短信 / sandbox phone network, no real texts: {network.base_url}\n"
        f"供 fenghuo run 使用 / for fenghuo run:\n"
        f"export FENGHUO_TWILIO__API_BASE={network.base_url} FENGHUO_TWILIO__ACCOUNT_SID={network.account_sid} "
        f"FENGHUO_TWILIO__AUTH_TOKEN={network.auth_token} FENGHUO_TWILIO__FROM_NUMBER={min(network.from_numbers)}"
    )
