"""What an officer's text asks for, pure. Blanks, quotes, capitals and full-width digits are read as meant (B3)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Asked:
    """`by` says which number it is: the phone's own reply code, or the incident's number."""

    verb: Literal["acknowledge", "close"]
    by: Literal["code", "number"]
    number: int


_AROUND = "\"'`´“”‘’„‚«»‹›「」『』《》()[]【】.。,，!！"
_WORDS = "a|ack|签收|确认|收到|c|close|关闭"
_CODE = re.compile(rf"([0-9]{{1,6}})\s*({_WORDS})?", re.ASCII)
_NUMBER = re.compile(rf"({_WORDS})\s*(?:事件)?\s*#?([0-9]{{1,9}})", re.ASCII)
_CLOSING = frozenset({"c", "close", "关闭"})


_STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"})
_START = frozenset({"start", "unstop"})
"""Twilio's default keywords (Messaging, "Advanced Opt-Out"); its network acts on them before we read them. YES is left
out: it opts in only who is out, and else is an answer."""


def keyword(body: str) -> Literal["stop", "start"] | None:
    """Whether a text is nothing but a word by which the provider ends our texts to that phone, or lets them come."""
    word = body.strip().casefold()
    return "stop" if word in _STOP else "start" if word in _START else None


def parse(body: str) -> Asked | None:
    """`1`, `1 a`, `"１"`, `1c`: by code. `ack 4`, `close 4`, `签收4`, `关闭 4`: by the incident's number. Else None."""
    said = unicodedata.normalize("NFKC", body[:200]).casefold()
    said = "".join(c for c in said if unicodedata.category(c) != "Cf")  # zero-width characters of keyboards
    said = re.sub(rf"^[\s{re.escape(_AROUND)}]+|[\s{re.escape(_AROUND)}]+$", "", said)
    if found := _CODE.fullmatch(said):
        return Asked(_verb(found[2]), "code", int(found[1]))
    if found := _NUMBER.fullmatch(said):
        return Asked(_verb(found[1]), "number", int(found[2]))
    return None


def _verb(word: str | None) -> Literal["acknowledge", "close"]:
    return "close" if word in _CLOSING else "acknowledge"
