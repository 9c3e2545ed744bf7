"""Commanding the sandbox over HTTP, for the page and for drills and tests in other processes.

Allowed to whoever has the account's id and token (HTTP basic), and to the page that this process served.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from aiohttp import web

from responders.sandbox import faults
from responders.sandbox.phone import CannotReply

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from responders.sandbox.network import SandboxNetwork
    from responders.sandbox.phone import Phone
    from responders.sandbox.server import Server

_LONGEST_REPLY = 1600


def add_routes(app: web.Application, network: SandboxNetwork, server: Server) -> None:
    """Put the control routes into the application."""
    control = _Control(network)

    def guarded(handler: Callable[[web.Request], Awaitable[web.Response]]) -> Any:
        async def guard(request: web.Request) -> web.StreamResponse:
            if not (server.is_account(request) or server.is_own_page(request)):
                return _no(403, "not allowed: the account's id and token, or this process's own page, are needed")
            try:
                return await handler(request)
            except (ValueError, TypeError, CannotReply) as error:
                return _no(400, str(error))

        return guard

    app.router.add_get("/sandbox/phones", guarded(control.phones))
    app.router.add_post("/sandbox/reply", guarded(control.reply))
    app.router.add_post("/sandbox/behaviour", guarded(control.behaviour))
    app.router.add_post("/sandbox/release", guarded(control.release))


class _Control:
    def __init__(self, network: SandboxNetwork) -> None:
        self._network = network

    async def phones(self, request: web.Request) -> web.Response:
        """Every phone with its texts; `?number=` for one."""
        number = request.query.get("number")
        phones = [p for p in self._network.phones.values() if number in (None, p.number)]
        return web.json_response({"sandbox": True, "phones": [_shown(phone) for phone in phones]})

    async def reply(self, request: web.Request) -> web.Response:
        """{number, body, to?}: somebody replies."""
        asked = await _asked(request)
        number, body = _text(asked, "number"), _text(asked, "body")
        if number not in self._network.phones:
            raise ValueError(f"number: got {number!r}, expected a phone of this sandbox")
        if not body.strip() or len(body) > _LONGEST_REPLY:
            raise ValueError(f"body: got {len(body)} characters, expected 1 to {_LONGEST_REPLY}, not all blank")
        reply = await self._network.phone(number).replies(body, to=asked.get("to"))
        return web.json_response(
            {"sid": reply.message.sid, "webhook": reply.status, "answers": [m.body for m in reply.answers]}
        )

    async def behaviour(self, request: web.Request) -> web.Response:
        """{number?, mode?, callbacks?, asking?, times?, retry_after?}: a fault from now on, for one number
        or all.
        """
        asked = await _asked(request)
        times = asked.get("times")
        if times is not None and not isinstance(times, int):
            raise ValueError(f"times: got {times!r}, expected a number or nothing")
        self._network.behaviour(
            _text(asked, "number") if asked.get("number") else None,
            _text(asked, "mode", faults.NORMAL),
            callbacks=_text(asked, "callbacks", faults.NORMAL),
            asking=_text(asked, "asking", faults.NORMAL),
            times=times,
            retry_after=int(asked.get("retry_after", 1)),
        )
        return web.json_response({"done": True})

    async def release(self, request: web.Request) -> web.Response:
        """Send the receipts that were held back."""
        del request
        await self._network.release_callbacks()
        return web.json_response({"done": True})


async def _asked(request: web.Request) -> dict[str, Any]:
    asked = json.loads(await request.text())
    if not isinstance(asked, dict):
        raise TypeError(f"body: got {type(asked).__name__}, expected an object")
    return asked


def _text(asked: dict[str, Any], name: str, otherwise: str | None = None) -> str:
    value = asked.get(name, otherwise)
    if not isinstance(value, str):
        raise TypeError(f"{name}: got {value!r}, expected a text")
    return value


def _no(status: int, error: str) -> web.Response:
    return web.json_response({"error": error}, status=status)


def _shown(phone: Phone) -> dict[str, Any]:
    return {
        "number": phone.number,
        "name": phone.name,
        "two_way": phone.two_way,
        "texts": [
            {
                "sid": text.sid,
                "from": text.from_,
                "body": text.body,
                "at": text.created.isoformat(),
                "segments": text.segments,
                "direction": text.direction,
            }
            for text in phone.texts
        ],
    }
