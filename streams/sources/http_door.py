"""What the handlers of the HTTP door share: limits, the judgement on one fact, the broker's answer."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence

import msgspec
from aiohttp import web

from rules import expectations
from rules.decoding import BadFact
from rules.facts import MAX_BYTES, AnyFact
from rules.fault import ROOT, Fault, fault
from streams.sources.admission import NotAdmitted, read_fact, stamped
from streams.sources.answers import Refusal
from streams.sources.base import Clock, FactProducer, Outgoing, Place
from streams.sources.emit import outgoing, sent
from streams.sources.keys import ApiKey

Count = Callable[[str, str, int], None]
"""Told of each outcome: source (or `?`), `accepted` or the code of the refusal, how many."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """How much, and how long."""

    fact: int = MAX_BYTES
    body: int = 64 * 1024 * 1024
    """Of an NDJSON request."""
    lines: int = 200_000
    """The answer to each line is held until the last is known."""
    idle: float = 30.0
    """Seconds without a byte from the client."""
    broker: float = 15.0
    """Seconds until the broker must have answered."""


class Door(msgspec.Struct, frozen=True, kw_only=True):
    """What the handlers need."""

    producer: FactProducer
    keys: Sequence[ApiKey]
    clock: Clock
    limits: Limits
    count: Count

    def judge(self, raw: bytes, key: ApiKey) -> tuple[AnyFact, Outgoing]:
        """The fact and its record. Raises `Refusal`."""
        if len(raw) > self.limits.fact:
            raise Refusal("too-big", [too_long(len(raw), self.limits.fact)])
        try:
            fact = read_fact(raw)
            if wrong := key.faults(fact):
                raise Refusal("not-allowed", wrong)
            return fact, outgoing(fact, stamped(fact, raw, self.clock()))
        except NotAdmitted as bad:
            raise Refusal("not-allowed", bad.faults) from None
        except BadFact as bad:
            raise Refusal("bad-fact", bad.faults) from None

    async def place(self, records: list[Outgoing]) -> list[Place | Exception]:
        """Where the broker put each record, or why it is not known to have it."""
        try:
            async with asyncio.timeout(self.limits.broker):
                return await sent(self.producer, records)
        except TimeoutError as error:
            return [error] * len(records)


def too_long(size: int, limit: int) -> Fault:
    """What is longer than it may be."""
    return fault(ROOT, expectations.size(size), expectations.at_most_bytes(limit))


async def chunks(request: web.Request, limits: Limits) -> AsyncIterator[bytes]:
    """The body as it comes. What is not asked for is not read: a fast client waits. Raises `Refusal`."""
    while True:
        try:
            async with asyncio.timeout(limits.idle):
                chunk = await request.content.readany()
        except TimeoutError:
            raise Refusal("too-slow") from None
        except (ConnectionError, web.RequestPayloadError, asyncio.IncompleteReadError):
            raise Refusal("broken-off") from None
        if not chunk:
            return
        yield chunk
