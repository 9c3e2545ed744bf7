"""How many parts a text costs (GSM-7: 160, then 153 a part; UCS-2: 70, then 67), and cutting it to fit."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import Literal

# GSM 03.38: the basic alphabet counts one septet a character, the extension table two.
_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")
_LIMITS = {"GSM-7": (160, 153), "UCS-2": (70, 67)}
_ONE_UNIT = "\uffff"  # characters beyond take a surrogate pair
_JOINERS = frozenset("\u200d\ufe0e\ufe0f")  # zero-width joiner and variation selectors: never cut beside them


@dataclass(frozen=True)
class Segments:
    """A text's cost: its alphabet, its length in that alphabet's units, its number of parts."""

    encoding: Literal["GSM-7", "UCS-2"]
    units: int
    count: int


def measure(text: str) -> Segments:
    """Count a text's parts. A character of two units is never split over two parts."""
    gsm = all(c in _BASIC or c in _EXTENSION for c in text)
    encoding: Literal["GSM-7", "UCS-2"] = "GSM-7" if gsm else "UCS-2"
    costs = [(2 if c in _EXTENSION else 1) if gsm else (2 if c > _ONE_UNIT else 1) for c in text]
    whole, part = _LIMITS[encoding]
    units = sum(costs)
    if units <= whole:
        return Segments(encoding, units, 1)
    count, room = 1, part
    for cost in costs:
        if cost > room:
            count, room = count + 1, part
        room -= cost
    return Segments(encoding, units, count)


def fit(text: str, max_segments: int, tail: str = "") -> str:
    """`text + tail` in at most `max_segments` parts: the text is cut and marked, the tail is kept whole.

    The tail is what must not be lost: the incident's number, the reply code, whom to call.
    """
    if measure(text + tail).count <= max_segments:
        return text + tail
    mark = "..." if measure(text + tail).encoding == "GSM-7" else "…"
    least = measure(mark + tail).count
    if least > max_segments:
        message = f"tail: got {least} segments, expected at most {max_segments} with the text cut away"
        raise ValueError(message)
    fits, too_long = 0, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        if measure(text[:middle] + mark + tail).count <= max_segments:
            fits = middle
        else:
            too_long = middle
    return text[: _whole_characters(text, fits)].rstrip() + mark + tail


def _whole_characters(text: str, end: int) -> int:
    """The cut nearest below `end` that parts no character from its accents or joined companions."""

    def binds(index: int) -> bool:
        return text[index] in _JOINERS or bool(unicodedata.combining(text[index]))

    while 0 < end < len(text) and (binds(end) or text[end - 1] == "\u200d"):
        end -= 1
    return end
