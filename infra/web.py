"""The web side of a process: facts door, webhooks and health, each only where its part runs; metrics, elsewhere."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from infra.doorkeeper import Doorkeeper
from rules.alerts import Words

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable

    from aiohttp.web_routedef import AbstractRouteDef

    from infra.metrics import Metrics

MAX_BODY = 1 << 20
DOORKEEPER = web.AppKey("doorkeeper", Doorkeeper)


class Readiness(NamedTuple):
    """Whether work is being done, and what holds it up."""

    ready: bool
    why_not: str | None = None


def application(
    routes: Iterable[AbstractRouteDef], readiness: Callable[[], Awaitable[list[Readiness]]]
) -> web.Application:
    """What the world may ask. `/healthz`: the process answers; `/readyz`: every part of it works."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_request: web.Request) -> web.Response:
        reasons = [found.why_not for found in await readiness() if not found.ready]
        return web.json_response({"ready": not reasons, "why_not": reasons}, status=503 if reasons else 200)

    return _guarded([*routes, web.get("/healthz", healthz), web.get("/readyz", readyz)])


def exposition(metrics: Metrics) -> web.Application:
    """`/metrics`, at an address of its own: how much a county measures and pages is nobody's business outside."""

    async def answer(_request: web.Request) -> web.Response:
        return web.Response(body=await metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4"})

    return _guarded([web.get("/metrics", answer)])


@web.middleware
async def _told(
    request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
) -> web.StreamResponse:
    """Who asks for what there is not is told so in both languages, as by the doors themselves."""
    try:
        return await handler(request)
    except (web.HTTPNotFound, web.HTTPMethodNotAllowed) as refused:
        code, said = _UNKNOWN[refused.status]
        body = {"error": code, "message": said.zh, "message_en": said.en, "faults": []}
        headers = {"Allow": refused.headers["Allow"]} if "Allow" in refused.headers else {}
        return web.json_response(body, status=refused.status, headers=headers)


_NOWHERE = Words(zh="没有这个地址", en="there is nothing at this address")
_OTHER_METHOD = Words(zh="此地址不支持该方法，见 Allow", en="this address does not take that method: see Allow")
_UNKNOWN = {
    web.HTTPNotFound.status_code: ("not-found", _NOWHERE),
    web.HTTPMethodNotAllowed.status_code: ("method", _OTHER_METHOD),
}


def _guarded(routes: Iterable[AbstractRouteDef]) -> web.Application:
    doorkeeper = Doorkeeper()
    app = web.Application(client_max_size=MAX_BODY, middlewares=[doorkeeper.middleware(), _told])
    app[DOORKEEPER] = doorkeeper
    app.add_routes(routes)
    return app


@asynccontextmanager
async def listening(app: web.Application, address: str) -> AsyncIterator[web.AppRunner]:
    """Answers at `host:port` until it is left. Raises OSError where that address cannot be had."""
    host, _, port = address.rpartition(":")
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    try:
        await web.TCPSite(runner, host, int(port), backlog=128).start()
        watching = asyncio.ensure_future(app[DOORKEEPER].watch(runner))
        try:
            yield runner
        finally:
            watching.cancel()
    finally:
        await runner.cleanup()
