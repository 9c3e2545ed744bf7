"""What tests of texts stand on: a clock that is moved by hand, a sandbox network, and a product that is
texted to.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from aiohttp import web

from responders.channels import callbacks
from responders.sandbox.news import News

ACCOUNT = "AC" + "1" * 32
TOKEN = "the-account's-auth-token"
OURS = "+12025550100"
WANG = "+12025550111"
LI = "+12025550112"
MAINLAND = "+8613800138000"


@dataclass
class Clock:
    """A wall clock that stands still until it is advanced."""

    now: datetime = datetime(2026, 11, 25, 0, 5, 12, 345678, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **time: float) -> None:
        self.now += timedelta(**time)


@dataclass
class Product:
    """The side that is texted to: takes webhooks on loopback and keeps what was genuine and what was not."""

    url: str = ""
    genuine: list[dict[str, str]] = field(default_factory=list)
    forged: list[dict[str, str]] = field(default_factory=list)
    twiml: str = "<Response/>"
    news: News = field(default_factory=News)
    runner: web.AppRunner | None = None

    async def start(self) -> None:
        app = web.Application()
        app.router.add_post("/webhooks/{what:.*}", self._take)
        self.runner = web.AppRunner(app, access_log=None)
        await self.runner.setup()
        await web.TCPSite(self.runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self.runner.addresses[0][1]}/webhooks"

    async def stop(self) -> None:
        if self.runner is not None:
            await self.runner.cleanup()

    def receipts(self) -> list[str]:
        return [form["MessageStatus"] for form in self.genuine if "MessageStatus" in form]

    async def _take(self, request: web.Request) -> web.Response:
        form = {name: str(value) for name, value in (await request.post()).items()}
        signature = request.headers.get(callbacks.SIGNATURE_HEADER)
        genuine = callbacks.verify_signature(TOKEN, str(request.url), form, signature)
        (self.genuine if genuine else self.forged).append(form)
        self.news.tell()
        if not genuine:
            return web.Response(status=403)
        return web.Response(text=self.twiml, content_type="text/xml")
