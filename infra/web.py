"""The web side of a process: facts door, webhooks, health and metrics, each only where its part runs."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, NamedTuple

from aiohttp import web

from infra.doorkeeper import Doorkeeper

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    from aiohttp.web_routedef import AbstractRouteDef

    from infra.metrics import Metrics

MAX_BODY = 1 << 20
DOORKEEPER = web.AppKey("doorkeeper", Doorkeeper)


class Readiness(NamedTuple):
    """Whether work is being done, and what holds it up."""

    ready: bool
    why_not: str | None = None


def application(
    routes: Iterable[AbstractRouteDef], metrics: Metrics, readiness: Callable[[], Awaitable[list[Readiness]]]
) -> web.Application:
    """The application. `/healthz`: the process answers; `/readyz`: every part of it works."""

    async def healthz(_request: web.Request) -> web.Response:
        return web.json_response({"ok": True})

    async def readyz(_request: web.Request) -> web.Response:
        reasons = [found.why_not for found in await readiness() if not found.ready]
        return web.json_response({"ready": not reasons, "why_not": reasons}, status=503 if reasons else 200)

    async def exposition(_request: web.Request) -> web.Response:
        return web.Response(body=await metrics.text(), headers={"Content-Type": "text/plain; version=0.0.4"})

    doorkeeper = Doorkeeper()
    app = web.Application(client_max_size=MAX_BODY, middlewares=[doorkeeper.middleware()])
    app[DOORKEEPER] = doorkeeper
    app.add_routes([*routes, web.get("/healthz", healthz), web.get("/readyz", readyz), web.get("/metrics", exposition)])
    return app


async def listen(app: web.Application, address: str) -> tuple[web.AppRunner, asyncio.Task[None]]:
    """Starts listening at `host:port`. The caller cleans the runner up and cancels the doorkeeper's watch."""
    host, _, port = address.rpartition(":")
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=5.0)
    await runner.setup()
    await web.TCPSite(runner, host, int(port), backlog=128).start()
    return runner, asyncio.ensure_future(app[DOORKEEPER].watch(runner))
