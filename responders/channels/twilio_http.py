"""The HTTP client handed to the Twilio SDK: bounded in time, pooled, silent, and exact about what failed.

The SDK's own asynchronous client ignores its time-out setting, drops the answer's headers (and with them
Retry-After) from the errors it raises, and logs every number at INFO. So the SDK is given this one
(`Client(http_client=…)`).
"""

from __future__ import annotations

from base64 import b64encode
from typing import Any

import aiohttp
from twilio.http.response import Response


class NotConnected(Exception):
    """No connection was made: certainly nothing was sent."""


class NoAnswer(Exception):
    """A connection was made, and then no whole answer came: anything may have happened."""


class Answered(Exception):
    """An answer that is not a success, with the headers that the SDK's own error would lose."""

    def __init__(self, status: int, text: str, retry_after: float | None) -> None:
        super().__init__(f"HTTP {status}")
        self.status, self.text, self.retry_after = status, text, retry_after


class TwilioHttp:
    """Sends the SDK's requests over one pooled aiohttp session, opened on first use."""

    is_async = True  # the SDK looks

    def __init__(self, *, timeout: float, connections: int, proxy: str = "") -> None:
        self._limits = aiohttp.ClientTimeout(total=timeout, sock_connect=timeout / 2)
        self._connections = connections
        self._proxy = proxy or None
        self._session: aiohttp.ClientSession | None = None

    async def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ASYNC109, the SDK's signature
        allow_redirects: bool = False,
    ) -> Any:
        """Make one request; never follows a redirect, for that would show the credentials to another host."""
        del timeout, allow_redirects
        headers = dict(headers or {})
        if auth is not None:
            headers["Authorization"] = "Basic " + b64encode(":".join(auth).encode()).decode()
        sent: dict[str, Any] = {"params": params, "data": data, "headers": headers}
        try:
            async with self._open().request(method, uri, allow_redirects=False, **sent) as answer:
                text = await answer.text(encoding="utf-8", errors="replace")
        except (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError) as error:
            raise NotConnected(type(error).__name__) from None
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise NoAnswer(type(error).__name__) from None
        if not 200 <= answer.status < 300:  # noqa: PLR2004
            raise Answered(answer.status, text, _seconds(answer.headers.get("Retry-After")))
        return Response(answer.status, text, answer.headers)

    async def close(self) -> None:
        """Close the pooled connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(limit=self._connections)
            self._session = aiohttp.ClientSession(connector=connector, timeout=self._limits, proxy=self._proxy)
        return self._session


def _seconds(retry_after: str | None) -> float | None:
    """Retry-After in seconds. Its other form, a date, needs a clock to read; back-off covers that one."""
    try:
        seconds = float(retry_after or "")
    except ValueError:
        return None
    return min(seconds, 3600.0) if seconds >= 0 else None
