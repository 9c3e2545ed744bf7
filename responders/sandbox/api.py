"""The part of Twilio's HTTP API that a sender uses: create, fetch and list messages. And its faults, on
command.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from aiohttp import web

from responders.sandbox import faults
from responders.sandbox.errors import Refusal
from responders.sandbox.messages import Message

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from multidict import MultiMapping

    from responders.sandbox.network import SandboxNetwork
    from responders.sandbox.server import Server

_ACCOUNT = "/2010-04-01/Accounts/{account}"
_DATE = re.compile(r"(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}:\d{2})Z?)?", re.ASCII)
_LARGEST_PAGE = 1000
_QUEUED = "queued"
_HTML = "<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>"


def add_routes(app: web.Application, network: SandboxNetwork, server: Server) -> None:
    """Put the API's routes into the application."""
    api = _Api(network, server)
    app.router.add_post(f"{_ACCOUNT}/Messages.json", api.guarded(api.create))
    app.router.add_get(f"{_ACCOUNT}/Messages.json", api.guarded(api.list))
    app.router.add_get(f"{_ACCOUNT}/Messages/{{sid}}.json", api.guarded(api.fetch))


class _Api:
    def __init__(self, network: SandboxNetwork, server: Server) -> None:
        self._network, self._server = network, server

    def guarded(
        self, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        """Check the account first; answer refusals in Twilio's JSON."""

        async def guard(request: web.Request) -> web.StreamResponse:
            if not self._server.is_account(request):
                return _refused(Refusal(20003))
            if request.match_info["account"] != self._network.account_sid:
                return _refused(Refusal(20404))
            try:
                return await handler(request)
            except Refusal as refusal:
                return _refused(refusal)

        return guard

    async def create(self, request: web.Request) -> web.StreamResponse:
        form = await request.post()
        to, body, callback = (str(form.get(name, "")) for name in ("To", "Body", "StatusCallback"))
        sender, service = self._sender(str(form.get("From", "")), str(form.get("MessagingServiceSid", "")))
        behaviour = self._use(to)
        if behaviour.mode in faults.REFUSED:
            return _refused(Refusal(faults.REFUSED[behaviour.mode], to), behaviour.retry_after)
        if behaviour.mode in faults.NOT_TAKEN:
            return await self._misanswer(request, behaviour.mode)
        self._network.check(to, sender, body, callback)
        message = Message(
            self._network.account_sid,
            sender,
            to,
            body,
            "outbound-api",
            self._network.now(),
            _QUEUED,
            status_callback=callback,
            messaging_service_sid=service,
        )
        self._network.accept(message, behaviour)
        if behaviour.mode in faults.TAKEN_BADLY:
            return await self._misanswer(request, behaviour.mode.removeprefix("accept_then_"))
        return web.json_response(message.resource(_QUEUED), status=201)

    async def fetch(self, request: web.Request) -> web.StreamResponse:
        message = self._network.find(request.match_info["sid"])
        if message is None:
            raise Refusal(20404)
        return web.json_response(message.resource())

    async def list(self, request: web.Request) -> web.StreamResponse:
        query = request.query
        asking = self._network.behaviour_of(query.get("To"))
        if asking.asking != faults.NORMAL:
            if asking.only_asking:
                asking.use()
            if asking.asking in faults.REFUSED:
                return _refused(Refusal(faults.REFUSED[asking.asking]), asking.retry_after)
            return await self._misanswer(request, asking.asking)
        matching = [m for m in reversed(self._network.messages) if _matches(m, query)]
        size = min(max(_whole(query.get("PageSize"), 50), 1), _LARGEST_PAGE)
        number = max(_whole(query.get("Page"), 0), 0)
        start = _after(matching, query.get("PageToken"), number * size)
        shown = matching[start : start + size]
        more = len(matching) > start + size
        return web.json_response(
            {
                "messages": [message.resource() for message in shown],
                "page": number,
                "page_size": size,
                "start": start,
                "end": start + max(len(shown) - 1, 0),
                "uri": request.path_qs,
                "first_page_uri": _page_uri(request, 0, None),
                "previous_page_uri": None,
                "next_page_uri": _page_uri(request, number + 1, shown[-1].sid) if more else None,
            }
        )

    def _sender(self, sender: str, service: str) -> tuple[str, str | None]:
        if service:
            if service not in self._network.messaging_services:
                raise Refusal(21701, service)
            return self._network.messaging_services[service], service
        if not sender:
            raise Refusal(21603)
        return sender, None

    def _use(self, to: str) -> faults.Behaviour:
        behaviour = self._network.behaviour_of(to)
        return behaviour if not behaviour.only_asking and behaviour.use() else faults.Behaviour()

    async def _misanswer(self, request: web.Request, how: str) -> web.StreamResponse:
        """An answer that says nothing: none at all, a closed connection, an error, or a body that is not
        ours.
        """
        match how:
            case "hang":
                self._network.hanging += 1
                self._network.news.tell()
                await self._server.closing.wait()
                return web.Response(status=503)
            case "drop" | "drop_answer":
                if request.transport is not None:
                    request.transport.close()
                return web.Response()
            case "500":
                return _refused(Refusal(20500))
            case "empty":
                return web.json_response({}, status=201)
            case "html":
                return web.Response(status=200, text=_HTML, content_type="text/html")
            case _:
                return web.Response(
                    status=201 if request.method == "POST" else 200,
                    body=b'{"sid": "SM\xff\xfe, "status": que',
                    content_type="application/json",
                )


def _refused(refusal: Refusal, retry_after: int = 1) -> web.Response:
    headers = {}
    if refusal.status == web.HTTPTooManyRequests.status_code:
        headers["Retry-After"] = str(retry_after)
    if refusal.status == web.HTTPUnauthorized.status_code:
        headers["WWW-Authenticate"] = 'Basic realm="Twilio API"'
    return web.json_response(refusal.body(), status=refusal.status, headers=headers)


def _matches(message: Message, query: MultiMapping[str]) -> bool:
    get = query.get
    if get("To") and message.to != get("To"):
        return False
    if get("From") and message.from_ != get("From"):
        return False
    sent = message.created
    day = _instant(get("DateSent"))
    if day is not None and not day <= sent < day + timedelta(days=1):
        return False
    after, before = _instant(get("DateSent>")), _instant(get("DateSent<"))
    if after is not None and sent < after:
        return False
    return before is None or sent <= before


def _instant(text: str | None) -> datetime | None:
    if not text:
        return None
    found = _DATE.fullmatch(text)
    if found is None:
        raise Refusal(20404)
    return datetime.fromisoformat(f"{found[1]}T{found[2] or '00:00:00'}").replace(tzinfo=UTC)


def _after(messages: list[Message], token: str | None, otherwise: int) -> int:
    """Where a page begins: behind the text its token names, so that what arrives meanwhile shifts nothing."""
    sid = (token or "")[2:]
    return next((i + 1 for i, m in enumerate(messages) if m.sid == sid), otherwise)


def _page_uri(request: web.Request, number: int, after: str | None) -> str:
    query = {k: v for k, v in request.query.items() if k not in {"Page", "PageToken"}}
    query["Page"] = str(number)
    if after:
        query["PageToken"] = "PA" + after
    return f"{request.path}?{urlencode(query)}"


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and re.fullmatch(r"[0-9]{1,6}", text, re.ASCII) else otherwise
