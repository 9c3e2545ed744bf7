"""Where the provider reaches us: receipts and inbound texts, each signed over our public URL or not believed."""

from __future__ import annotations

import asyncio
from collections import Counter
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import parse_qsl

import structlog
from aiohttp import web

from responders.channels.callbacks import (
    SIGNATURE_HEADER,
    BadCallback,
    parse_inbound,
    parse_status_callback,
    verify_signature,
)
from responders.recorder import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable

    from responders.channels.callbacks import InboundText
    from responders.inbound import Inbound
    from responders.recorder import Recorder

T = TypeVar("T")
_log = structlog.get_logger()
UNREADABLE = "请求正文应为 UTF-8 的 URL 编码表单 / body: expected a URL-encoded form in UTF-8"
BODY_LIMIT = 64 * 1024
_NO_ANSWER = '<?xml version="1.0" encoding="UTF-8"?><Response/>'


class TwilioWebhooks:
    """Handlers of one Twilio account. `counts` says how many were taken, forged, too big, unreadable."""

    def __init__(self, auth_token: str, public_url: str, recorder: Recorder, inbound: Inbound) -> None:
        self._token, self.public_url = auth_token, public_url.rstrip("/")
        self._inbound = inbound
        self.counts: Counter[str] = Counter()
        self._receipts = _Together(recorder)

    def routes(self) -> list[web.RouteDef]:
        """To be added to an application."""
        return [
            web.post("/webhooks/twilio/status/{page_id}", self.status),
            web.post("/webhooks/twilio/inbound", self.inbound),
        ]

    async def status(self, request: web.Request) -> web.Response:
        """A receipt of the page that the URL names."""
        form = await self._form(request)
        receipt = self._read(form, parse_status_callback)
        page = request.match_info["page_id"]
        reason = f"provider error {receipt.error_code}" if receipt.error_code else ""
        known = await self._receipts.take(Receipt(page, receipt.provider_id, receipt.status, reason))
        self.counts["receipt" if known else "receipt of an unknown page"] += 1
        # A receipt for a page that nobody knows will not be known the next time either.
        return web.Response(status=204)

    async def inbound(self, request: web.Request) -> web.Response:
        """A text from a phone. The answer goes out as a page, so the webhook's own answer is empty."""
        form = await self._form(request)
        text: InboundText = self._read(form, parse_inbound)
        outcome = await asyncio.to_thread(self._inbound.take, text)
        self.counts[f"inbound {outcome}"] += 1
        return web.Response(text=_NO_ANSWER, content_type="application/xml")

    async def _form(self, request: web.Request) -> dict[str, str]:
        """The signed form. Raises 413, 400 or 403; a forged one learns nothing else."""
        if request.content_length is not None and request.content_length > BODY_LIMIT:
            self._refuse("too big", request)
            raise web.HTTPRequestEntityTooLarge(BODY_LIMIT, request.content_length)
        raw = await _read_bounded(request)
        if raw is None:
            self._refuse("too big", request)
            raise web.HTTPRequestEntityTooLarge(BODY_LIMIT, BODY_LIMIT + 1)
        try:
            form = dict(parse_qsl(raw.decode(), keep_blank_values=True, max_num_fields=200))
        except ValueError:
            self._refuse("unreadable", request)
            raise web.HTTPBadRequest(text=UNREADABLE) from None
        url = self.public_url + request.path_qs
        if not verify_signature(self._token, url, form, request.headers.get(SIGNATURE_HEADER)):
            self._refuse("forged", request)
            raise web.HTTPForbidden(text="signature: not valid for this URL")
        return form

    def _read(self, form: dict[str, str], parse: Callable[[dict[str, str]], T]) -> T:
        try:
            return parse(form)
        except BadCallback as error:
            self.counts["unreadable"] += 1
            _log.warning("webhook unreadable", error=str(error))
            raise web.HTTPBadRequest(text=str(error)) from None

    def _refuse(self, why: str, request: web.Request) -> None:
        self.counts[why] += 1
        _log.warning("webhook refused", why=why, path=request.path, remote=request.remote)


class _Together:
    """Receipts come three to a page: those that arrive while a transaction is under way share the next one."""

    def __init__(self, recorder: Recorder) -> None:
        self._recorder = recorder
        self._waiting: list[tuple[Receipt, asyncio.Future[bool]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def take(self, receipt: Receipt) -> bool:
        """Whether there is such a page; returns when the receipt is durable."""
        done: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((receipt, done))
        if self._writer is None or self._writer.done():
            self._writer = asyncio.create_task(self._write())
        return await done

    async def _write(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting, []
            try:
                known = await asyncio.to_thread(self._recorder.receipts, [receipt for receipt, _ in batch])
            except Exception as error:  # noqa: BLE001, each handler raises it: the provider is answered 500
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                continue
            for receipt, done in batch:
                if not done.done():
                    done.set_result(receipt.page in known)


async def _read_bounded(request: web.Request) -> bytes | None:
    """The body, or None when it is longer than allowed (also one that does not say how long it is)."""
    read = bytearray()
    async for chunk in request.content.iter_chunked(8192):
        read += chunk
        if len(read) > BODY_LIMIT:
            return None
    return bytes(read)
