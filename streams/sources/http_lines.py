"""NDJSON over HTTP: each line judged by itself, sent in batches, answered in order."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing

import msgspec
from aiohttp import web

from rules.alerts import Words
from rules.facts import AnyFact
from rules.fault import ROOT, Fault, fault
from streams.sources.answers import RETRY_AFTER, LineAnswer, LinesSummary, Refusal
from streams.sources.base import Outgoing
from streams.sources.http_door import Door, Limits, chunks, too_long
from streams.sources.keys import ApiKey

_encode = msgspec.json.Encoder().encode
_Lines = list[tuple[int, bytes]]
_Judged = tuple[int, AnyFact, Outgoing] | LineAnswer

MORE_LINES = Words(zh="行数超出", en="more lines")
ACCEPTED, MIXED = 202, 200
UNAVAILABLE = Refusal("unavailable")


async def post_lines(request: web.Request, door: Door, key: ApiKey) -> web.Response:
    """202 every line accepted; 200 some were not, see each; 400, 403, 413, 503 none was."""
    if (request.content_length or 0) > door.limits.body:
        raise Refusal("too-big", [too_long(request.content_length or 0, door.limits.body)])
    body = bytearray()
    outcomes: Counter[str] = Counter()
    unread_from: int | None = None
    try:
        async with aclosing(_batches(request, door.limits)) as batches:
            async for lines in batches:
                for answer in await _answers(lines, door, key):
                    outcomes[answer.error or "accepted"] += 1
                    body += _encode(answer) + b"\n"
                if outcomes[UNAVAILABLE.code]:
                    # the next batch would wait as long, and in vain
                    unread_from = lines[-1][0] + 1
                    break
    except _TooMuchError as much:
        outcomes["too-big"] += 1
        unread_from = much.line
        body += _encode(LineAnswer(much.line, 413, error="too-big", faults=[much.fault])) + b"\n"
    finally:
        for outcome, number in outcomes.items():
            door.count(key.source, outcome, number)
    if not body:
        raise Refusal("empty")
    return _answered(body, outcomes, unread_from)


def _answered(body: bytearray, outcomes: Counter[str], unread_from: int | None) -> web.Response:
    accepted, unavailable = outcomes["accepted"], outcomes[UNAVAILABLE.code]
    refusals = outcomes.total() - accepted - unavailable
    body += _encode(LinesSummary(accepted, refusals, unavailable, unread_from)) + b"\n"
    status = ACCEPTED if accepted == outcomes.total() else MIXED
    if not accepted:
        codes = [code for code, number in outcomes.items() if number]
        status = UNAVAILABLE.status if unavailable else Refusal(codes[0] if len(codes) == 1 else "bad-fact").status
    return web.Response(
        status=status,
        body=bytes(body),
        content_type="application/x-ndjson",
        headers=RETRY_AFTER if unavailable else {},
    )


async def _answers(lines: _Lines, door: Door, key: ApiKey) -> list[LineAnswer]:
    """What becomes of a batch; the good lines of it go to the broker together."""
    judged = [_judged(number, raw, door, key) for number, raw in lines]
    records = [one[2] for one in judged if not isinstance(one, LineAnswer)]
    places = iter(await door.place(records) if records else [])
    return [one if isinstance(one, LineAnswer) else _answer(*one, next(places)) for one in judged]


def _judged(number: int, raw: bytes, door: Door, key: ApiKey) -> _Judged:
    try:
        return number, *door.judge(raw, key)
    except Refusal as bad:
        return LineAnswer(number, bad.status, error=bad.code, faults=bad.faults)


def _answer(number: int, fact: AnyFact, record: Outgoing, place: tuple[int, int] | Exception) -> LineAnswer:
    if isinstance(place, Exception):
        return LineAnswer(number, UNAVAILABLE.status, error=UNAVAILABLE.code)
    return LineAnswer(number, ACCEPTED, str(fact.id), record[0], *place)


class _TooMuchError(Exception):
    """From this line on the request is over a limit."""

    def __init__(self, line: int, wrong: Fault) -> None:
        super().__init__(str(wrong))
        self.line, self.fault = line, wrong


async def _batches(request: web.Request, limits: Limits) -> AsyncGenerator[_Lines, None]:
    """The lines that have come, batch by batch, so that a slow client's line does not wait for its next."""
    number = total = 0
    rest = b""
    async for chunk in chunks(request, limits):
        total += len(chunk)
        if total > limits.body:
            raise _TooMuchError(number + 1, too_long(total, limits.body))
        *whole, rest = (rest + chunk).split(b"\n")
        # of a line that is too long only so much is kept as shows that it is
        rest = rest[: limits.fact + 2]
        lines = [(number + place, line.removesuffix(b"\r")) for place, line in enumerate(whole, 1)]
        said = [one for one in lines if _is_said(one[1], limits)]
        number += len(whole)
        if fitting := [one for one in said if one[0] <= limits.lines]:
            yield fitting
        if number > limits.lines:
            raise _TooMuchError(limits.lines + 1, fault(ROOT, MORE_LINES, _at_most(limits.lines)))
    if _is_said(rest, limits):
        yield [(number + 1, rest.removesuffix(b"\r"))]


def _at_most(lines: int) -> Words:
    return Words(zh=f"至多 {lines} 行", en=f"at most {lines} lines")


def _is_said(line: bytes, limits: Limits) -> bool:
    return len(line) > limits.fact or bool(line.strip())
