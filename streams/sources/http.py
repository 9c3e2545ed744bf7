"""The second door: `POST /api/v1/facts`, one fact or NDJSON. 202 only once the broker has it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

import msgspec
from aiohttp import web

from rules import expectations
from rules.alerts import Words
from rules.fault import ROOT, fault
from streams.sources.answers import Accepted, Refusal, refused
from streams.sources.base import Clock, FactProducer
from streams.sources.http_door import Count, Door, Limits, chunks
from streams.sources.http_lines import post_lines
from streams.sources.keys import ApiKey, find

PATH = "/api/v1/facts"
MORE = Words(zh="超出", en="more")


def routes(
    producer: FactProducer,
    keys: Sequence[ApiKey],
    clock: Clock,
    *,
    limits: Limits | None = None,
    count: Count = lambda source, outcome, number: None,  # noqa: ARG005 - nobody counts
) -> list[web.RouteDef]:
    """The routes of the door. `keys` is read with each request: a list that changes is obeyed at once."""
    door = Door(producer=producer, keys=keys, clock=clock, limits=limits or Limits(), count=count)

    async def post_facts(request: web.Request) -> web.StreamResponse:
        source = "?"
        try:
            key = _authorised(request, door.keys)
            source = key.source
            return await _reader(request)(request, door, key)
        except Refusal as refusal:
            door.count(source, refusal.code, 1)
            return refused(refusal)

    return [web.post(PATH, post_facts)]


def _authorised(request: web.Request, keys: Sequence[ApiKey]) -> ApiKey:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        secret = request.headers.get("X-API-Key", "")
    key = find(keys, secret.strip())
    if key is None:
        raise Refusal("no-key")
    return key


Reader = Callable[[web.Request, Door, ApiKey], Awaitable[web.StreamResponse]]


def _reader(request: web.Request) -> Reader:
    """Which of the two forms it is. Compressed bodies are refused: a small one may unpack to anything."""
    forms: dict[str, Reader] = {
        "application/json": _post_one, "application/x-ndjson": post_lines, "application/ndjson": post_lines,
        "application/jsonl": post_lines,
    }  # fmt: skip
    coded = request.headers.get("Content-Encoding", "identity").lower() != "identity"
    if coded or request.content_type not in forms or (request.charset or "utf-8").lower() not in ("utf-8", "utf8"):
        raise Refusal("content-type")
    return forms[request.content_type]


async def _post_one(request: web.Request, door: Door, key: ApiKey) -> web.Response:
    raw = await _body(request, door.limits)
    if not raw.strip():
        raise Refusal("empty")
    fact, record = door.judge(raw, key)
    (place,) = await door.place([record])
    if isinstance(place, Exception):
        raise Refusal("unavailable")
    door.count(key.source, "accepted", 1)
    answer = Accepted(str(fact.id), record[0], *place)
    return web.Response(status=202, body=msgspec.json.encode(answer), content_type="application/json")


async def _body(request: web.Request, limits: Limits) -> bytes:
    wrong = fault(ROOT, MORE, expectations.at_most_bytes(limits.fact))
    if (request.content_length or 0) > limits.fact:
        raise Refusal("too-big", [wrong])
    body = bytearray()
    async for chunk in chunks(request, limits):
        body += chunk
        if len(body) > limits.fact:
            raise Refusal("too-big", [wrong])
    return bytes(body)
