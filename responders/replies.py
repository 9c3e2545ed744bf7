"""What an officer's text asks for, pure. Blanks, quotes, capitals and full-width digits are read as meant (B3)."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

Verb = Literal["acknowledge", "close", "approve", "reject", "reported"]


@dataclass(frozen=True)
class Asked:
    """`by` says which number it is: the phone's own reply code, or the incident's number.

    `either`: `同意 3` may mean both, and an answer to a proposal must not be guessed.
    """

    verb: Verb
    by: Literal["code", "number", "either"]
    number: int
    reason: str = ""


_AROUND = "\"'`´“”‘’„‚«»‹›「」『』《》()[]【】.。,，!！"
_VERBS: dict[Verb, str] = {
    "acknowledge": "a|ack|签收|确认|收到",
    "close": "c|close|关闭",
    "approve": "y|yes|approve|同意|批准",
    "reject": "n|no|reject|不同意|不批准|不予批准",
    "reported": "已报|reported",
}
_MEANS: dict[str, Verb] = {word: verb for verb, words in _VERBS.items() for word in words.split("|")}
_WORDS = "|".join(_MEANS)
_REASON = r"(?:[\s,:;.。、]+(?P<reason>\S.*))?"
"""Why not, or which report: nothing else is followed by anything. A yes with conditions is no yes."""
_CODE = re.compile(rf"(?P<number>[0-9]{{1,6}})\s*(?P<word>{_WORDS})?{_REASON}", re.ASCII | re.IGNORECASE | re.DOTALL)
_NUMBER = re.compile(
    rf"(?P<word>{_WORDS})\s*(?P<named>事件|请示|#|no\.?)?\s*#?(?P<number>[0-9]{{1,9}}){_REASON}",
    re.ASCII | re.IGNORECASE | re.DOTALL,
)


_STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "optout", "revoke"})
_START = frozenset({"start", "unstop"})
"""Twilio's default keywords (Messaging, "Advanced Opt-Out"); its network acts on them before we read them. YES is left
out: it opts in only who is out, and else is an answer."""


def keyword(body: str) -> Literal["stop", "start"] | None:
    """Whether a text is nothing but a word by which the provider ends our texts to that phone, or lets them come."""
    word = body.strip().casefold()
    return "stop" if word in _STOP else "start" if word in _START else None


def parse(body: str) -> Asked | None:
    """By code `1`, `1 a`, `"１"`, `1c`, `1同意`, `1Y`, `1不同意 理由`, `1N`, `1已报 city-phone`; by the incident's
    number `ack 4`, `签收4`, `关闭 4`, `同意 事件4`, `reject #4`. Else None.
    """
    said = unicodedata.normalize("NFKC", body[:200])
    said = "".join(c for c in said if unicodedata.category(c) != "Cf")  # zero-width characters of keyboards
    said = re.sub(rf"^[\s{re.escape(_AROUND)}]+|[\s{re.escape(_AROUND)}]+$", "", said)
    if found := _CODE.fullmatch(said):
        return _asked(found, "code")
    found = _NUMBER.fullmatch(said)
    return _asked(found, "number") if found else None


def _asked(found: re.Match[str], by: Literal["code", "number"]) -> Asked | None:
    verb = _MEANS[(found["word"] or "a").casefold()]
    if found["reason"] and verb not in {"reject", "reported"}:
        return None
    named = by == "number" and verb in {"approve", "reject"} and not found["named"]
    return Asked(verb, "either" if named else by, int(found["number"]), (found["reason"] or "").strip())
