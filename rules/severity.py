"""The one order of severity in which an incident rises: approach < line < IV < III < II < I."""

from __future__ import annotations

from enum import IntEnum


class Severity(IntEnum):
    """How grave a plan's condition is. Response levels I–IV; `line` and `approach` are the price warning lines' own."""

    NORMAL = 0
    APPROACH = 1
    LINE = 2
    IV = 3
    III = 4
    II = 5
    I = 6  # noqa: E741 - the response level's own name

    @property
    def word(self) -> str:
        """The name used on topics, in plans and in SQL."""
        return _WORDS[self]

    @property
    def zh(self) -> str:
        return _ZH[self]

    @property
    def en(self) -> str:
        return _EN[self]

    @classmethod
    def of(cls, word: str) -> Severity:
        """The severity of a word. Raises `KeyError` for any other."""
        return _BY_WORD[word]


_WORDS = {s: s.name if s >= Severity.IV else s.name.lower() for s in Severity}
_BY_WORD = {word: severity for severity, word in _WORDS.items()}
_ZH = {
    Severity.NORMAL: "正常",
    Severity.APPROACH: "接近警戒线",
    Severity.LINE: "越过警戒线",
    Severity.IV: "Ⅳ级（一般）",
    Severity.III: "Ⅲ级（较大）",
    Severity.II: "Ⅱ级（重大）",
    Severity.I: "Ⅰ级（特别重大）",
}
_EN = {
    Severity.NORMAL: "normal",
    Severity.APPROACH: "approaching the line",
    Severity.LINE: "past the warning line",
    Severity.IV: "level IV (ordinary)",
    Severity.III: "level III (fairly serious)",
    Severity.II: "level II (serious)",
    Severity.I: "level I (especially serious)",
}

LEVELS = tuple(s for s in Severity if s >= Severity.IV)
"""The response levels, least grave first."""
