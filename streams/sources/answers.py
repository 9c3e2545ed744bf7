"""What the HTTP door answers, Chinese first."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from aiohttp import web

from rules.alerts import Words
from rules.fault import Fault

RETRY_AFTER = {"Retry-After": "5"}

CODES: dict[str, tuple[int, Words]] = {
    "bad-fact": (400, Words(zh="数据有误，未接收，请按 faults 更正后重发", en="not a fact: mend what `faults` says")),
    "empty": (400, Words(zh="请求中没有数据", en="there is no fact in the request")),
    "broken-off": (400, Words(zh="请求没有传完", en="the request broke off")),
    "no-key": (401, Words(zh="缺少 API 密钥或密钥无效", en="no API key, or none that is known")),
    "not-allowed": (403, Words(zh="此密钥无权发送该数据", en="this key may not send this")),
    "too-slow": (408, Words(zh="请求传输超时", en="the request came too slowly")),
    "too-big": (413, Words(zh="数据过大", en="too much")),
    "content-type": (
        415,
        Words(
            zh="请使用 application/json 或 application/x-ndjson，不压缩",
            en="send application/json or application/x-ndjson, not compressed",
        ),
    ),
    "unavailable": (
        503,
        Words(
            zh="消息系统暂不可用，数据未接收，请稍后重发",
            en="the broker is not available: nothing was accepted, send it again",
        ),
    ),
}


class Refusal(Exception):
    """A request, or one line of it, that is not accepted."""

    def __init__(self, code: str, faults: Sequence[Fault] = ()) -> None:
        super().__init__(code)
        self.code = code
        self.faults = list(faults)
        self.status = CODES[code][0]


def refused(refusal: Refusal) -> web.Response:
    """The answer to a request that is not accepted."""
    status, said = CODES[refusal.code]
    body = {"error": refusal.code, "message": said.zh, "message_en": said.en, "faults": refusal.faults}
    headers = RETRY_AFTER if status == web.HTTPServiceUnavailable.status_code else {}
    if status == web.HTTPUnauthorized.status_code:
        headers = {"WWW-Authenticate": "Bearer"}
    return web.Response(status=status, body=msgspec.json.encode(body), content_type="application/json", headers=headers)


class Accepted(msgspec.Struct, frozen=True, omit_defaults=True):
    """The broker has it."""

    id: str
    topic: str
    partition: int
    offset: int


class LineAnswer(msgspec.Struct, frozen=True, omit_defaults=True):
    """What became of one line."""

    line: int
    status: int
    id: str | None = None
    topic: str | None = None
    partition: int | None = None
    offset: int | None = None
    error: str | None = None
    faults: list[Fault] = []


class LinesSummary(msgspec.Struct, frozen=True, omit_defaults=True):
    """The last line of an answer to NDJSON."""

    accepted: int
    refused: int
    unavailable: int
    unread_from: int | None = None
    """From this line on nothing was read: send again from here."""
