"""Listening: Twilio's API, the control API and the page on one port, on loopback unless told otherwise."""

from __future__ import annotations

import asyncio
import hmac
import ipaddress
import secrets
from base64 import b64decode
from typing import TYPE_CHECKING

from aiohttp import web

from responders.sandbox import api, control, page

if TYPE_CHECKING:
    from responders.sandbox.network import SandboxNetwork

TOKEN_HEADER = "X-Sandbox-Token"  # noqa: S105, a header's name


class Server:
    """The HTTP side of one network."""

    def __init__(self, network: SandboxNetwork) -> None:
        self._network = network
        self._runner: web.AppRunner | None = None
        self.page_token = secrets.token_urlsafe(24)
        self.base_url = ""
        self.closing = asyncio.Event()

    async def start(self, host: str, port: int) -> str:
        """Listen on a port (0: any free one) and return the base URL."""
        app = web.Application(client_max_size=65_536)
        api.add_routes(app, self._network, self)
        control.add_routes(app, self._network, self)
        page.add_routes(app, self._network, self)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        site = web.TCPSite(self._runner, host, port)
        await site.start()
        bound = self._runner.addresses[0][1]
        self.base_url = f"http://{f'[{host}]' if ':' in host else host}:{bound}"
        return self.base_url

    async def stop(self) -> None:
        """End every request that hangs or streams, then close."""
        self.closing.set()
        self._network.news.tell()
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def is_account(self, request: web.Request) -> bool:
        """Whether the request carries the account's id and token (HTTP basic)."""
        known = f"{self._network.account_sid}:{self._network.auth_token}".encode()
        kind, _, given = request.headers.get("Authorization", "").partition(" ")
        try:
            return kind.lower() == "basic" and hmac.compare_digest(b64decode(given, validate=True), known)
        except ValueError:
            return False

    def is_own_page(self, request: web.Request) -> bool:
        """Whether the request comes from a page that this process served.

        A cross-site page can neither read the token nor set the header.
        """
        token = request.headers.get(TOKEN_HEADER, "")
        return self.is_here(request) and hmac.compare_digest(token.encode(), self.page_token.encode())

    def is_here(self, request: web.Request) -> bool:
        """Whether we were called by an address: a name made to resolve to loopback (DNS rebinding) reads no
        token.
        """
        return _is_address(request.host)


def _is_address(host: str) -> bool:
    name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
    if name == "localhost":
        return True
    try:
        ipaddress.ip_address(name.strip("[]"))
    except ValueError:
        return False
    return True
