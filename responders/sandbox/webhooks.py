"""What the network sends to the product: receipts and inbound texts, signed as Twilio signs, and TwiML read
back.
"""

from __future__ import annotations

import asyncio
import xml.etree.ElementTree as ET
from dataclasses import dataclass

import aiohttp
from twilio.request_validator import RequestValidator

_TWIML_LIMIT = 65_536


@dataclass(frozen=True)
class Answer:
    """What came back from a webhook. `status` None: it could not be reached, or did not answer in time."""

    url: str
    form: dict[str, str]
    status: int | None
    texts: list[str]


class Webhooks:
    """Posts signed forms, one attempt each, as the real network does when nothing else is asked of it."""

    def __init__(self, auth_token: str, timeout: float = 15.0) -> None:
        self._auth_token, self._timeout = auth_token, timeout
        self._session: aiohttp.ClientSession | None = None
        self.answers: list[Answer] = []

    async def post(self, url: str, form: dict[str, str], *, forged: bool = False) -> Answer:
        """Post a form; the answer is kept in `answers` whatever it is."""
        token = "not-the-token" if forged else self._auth_token
        signature = RequestValidator(token).compute_signature(url, form)
        status, texts = None, list[str]()
        try:
            async with self._open().post(url, data=form, headers={"X-Twilio-Signature": signature}) as answer:
                body = await answer.content.read(_TWIML_LIMIT)
                status = answer.status
                if answer.ok and "xml" in answer.content_type:
                    texts = texts_of(body)
        except (aiohttp.ClientError, TimeoutError, OSError):
            pass  # told by the status None
        result = Answer(url, form, status, texts)
        self.answers.append(result)
        return result

    async def close(self) -> None:
        """Close the connections."""
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        if self._session is None:
            timeout = aiohttp.ClientTimeout(total=self._timeout)
            self._session = aiohttp.ClientSession(timeout=timeout)
        return self._session


def texts_of(twiml: bytes) -> list[str]:
    """The texts of `<Response><Message>…`, with or without `<Body>`; none when it is not TwiML."""
    try:
        root = ET.fromstring(twiml)  # noqa: S314, what our own webhook answered, of bounded size
    except ET.ParseError:
        return []
    if root.tag != "Response":
        return []
    bodies = (m.findtext("Body") if m.find("Body") is not None else m.text for m in root.findall("Message"))
    return [body.strip() for body in bodies if body and body.strip()]


class Tasks:
    """Tasks that belong to somebody: none is forgotten, all are ended together."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def start(self, task: asyncio.Task[None]) -> None:
        """Keep a task until it is done."""
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def idle(self) -> None:
        """Wait until none is left."""
        while self._running:
            await asyncio.gather(*self._running)

    async def close(self) -> None:
        """Cancel what still runs."""
        for task in list(self._running):
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)
