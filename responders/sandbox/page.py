"""The page that shows the phones: rendered here, kept live by server-sent events, nothing from elsewhere."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from aiohttp import web
from jinja2 import Environment, FileSystemLoader, StrictUndefined

if TYPE_CHECKING:
    from responders.sandbox.messages import Message
    from responders.sandbox.network import SandboxNetwork
    from responders.sandbox.phone import Phone
    from responders.sandbox.server import Server

_HERE = Path(__file__).parent / "templates"
_SHANGHAI = ZoneInfo("Asia/Shanghai")
_SHOWN = 60  # of a phone's thread, the newest
_QUIET = 15.0  # seconds until a line that keeps the connection
_WEEKDAYS = "一二三四五六日"
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "img-src data:; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}
_STATUS = {
    "delivered": "已送达 delivered",
    "undelivered": "未送达 undelivered",
    "failed": "发送失败 failed",
    "received": "已回复 replied",
}
_CAUSES = {
    30003: "关机或不在服务区 unreachable",
    30005: "空号 unknown number",
    30006: "座机 landline",
    30007: "被运营商拦截 filtered",
    30008: "原因不明 unknown cause",
}
_LINES = {
    "normal": "正常 normal",
    "unreachable": "关机 unreachable",
    "unknown": "空号 unknown number",
    "landline": "座机 landline",
    "filtered": "被拦截 filtered",
    "invalid": "号码被拒 refused",
    "429": "限流 429",
    "500": "服务端错误 500",
    "hang": "不应答 hangs",
    "accept_then_drop_answer": "已收、应答丢失 answer lost",
}


def add_routes(app: web.Application, network: SandboxNetwork, server: Server) -> None:
    """Put the page, its style, its script and its events into the application."""
    page = _Page(network, server)
    app.router.add_get("/", page.index)
    app.router.add_get("/sandbox/events", page.events)
    for name, kind in (("phones.css", "text/css"), ("phones.js", "text/javascript")):
        app.router.add_get(f"/sandbox/{name}", _file(name, kind))


class _Page:
    def __init__(self, network: SandboxNetwork, server: Server) -> None:
        self._network, self._server = network, server
        env = Environment(loader=FileSystemLoader(_HERE), autoescape=True, undefined=StrictUndefined)
        env.trim_blocks = env.lstrip_blocks = True
        self._index = env.get_template("phones.html")
        self._card, self._thread = env.get_template("card.html"), env.get_template("thread.html")

    async def index(self, request: web.Request) -> web.Response:
        """The whole page as it is now; the script takes over from there."""
        if not self._server.is_here(request):
            return web.Response(status=421, text="open the sandbox by its address, not by a name")
        cards = [self._shown(phone) for phone in self._network.phones.values()]
        html = self._index.render(
            cards=cards, token=self._server.page_token, senders=sorted(self._network.from_numbers)
        )
        return web.Response(text=html, content_type="text/html", headers=_HEADERS)

    async def events(self, request: web.Request) -> web.StreamResponse:
        """Each phone that has changed, as often as the reader can take it; the newest state only, never a
        queue.
        """
        if not self._server.is_here(request):
            return web.Response(status=421)
        stream = web.StreamResponse(headers={**_HEADERS, "Content-Type": "text/event-stream"})
        await stream.prepare(request)
        known: dict[str, int] = {}

        def changed() -> list[Phone] | None:
            if self._server.closing.is_set():
                return []
            return [p for p in self._network.phones.values() if known.get(p.number) != p.version] or None

        try:
            while not self._server.closing.is_set():
                phones = await self._network.news.until(changed, _QUIET)
                for phone in phones or []:
                    known[phone.number] = phone.version
                    await stream.write(f"data: {json.dumps(self._event(phone))}\n\n".encode())
                if phones is None:
                    await stream.write(b": still here\n\n")
        except ConnectionResetError:
            pass  # the reader has gone
        return stream

    def _event(self, phone: Phone) -> dict[str, Any]:
        shown = self._shown(phone)
        return {
            "number": phone.number,
            "received": shown["received"],
            "line": shown["line"],
            "name": shown["name"],
            "card": self._card.render(card=shown),
            "thread": self._thread.render(card=shown),
        }

    def _shown(self, phone: Phone) -> dict[str, Any]:
        thread, day = [], ""
        for message in phone.thread[-_SHOWN:]:
            bubble = _bubble(message)
            bubble["new_day"] = bubble["day"] != day
            day = bubble["day"]
            thread.append(bubble)
        line = self._network.behaviour_of(phone.number).mode
        lines = _LINES if line in _LINES else {**_LINES, line: line}
        return {
            "number": phone.number,
            "name": phone.name or "未登记 unregistered",
            "initial": (phone.name or "?")[0],
            "two_way": phone.two_way,
            "thread": thread,
            "earlier": max(len(phone.thread) - _SHOWN, 0),
            "received": len(phone.texts),
            "line": line,
            "lines": lines,
        }


def _bubble(message: Message) -> dict[str, Any]:
    at = message.created.astimezone(_SHANGHAI)
    bad = message.status in {"undelivered", "failed"}
    return {
        "side": "out" if message.inbound else "network" if message.direction == "network" else "in",
        "bad": bad,
        "drill": message.body.startswith("【演练】"),
        "body": message.body,
        "day": f"{at:%Y}年{at.month}月{at.day}日 星期{_WEEKDAYS[at.weekday()]}",
        "time": f"{at:%H:%M:%S}",
        "iso": at.isoformat(),
        "status": _STATUS.get(message.status, message.status),
        "cause": f"{message.error_code} {_CAUSES.get(message.error_code or 0, '')}".strip() if bad else "",
        "segments": message.segments,
    }


def _file(name: str, kind: str) -> Any:
    text = (_HERE / name).read_text(encoding="utf-8")

    async def answer(request: web.Request) -> web.Response:
        del request
        return web.Response(text=text, content_type=kind, headers=_HEADERS)

    return answer
