"""What is wrong with what was given: where it stands, what is there, what was expected. One type and one form for all.

In one line, Chinese first: `plans/grain.yaml:12 triggers[0].id: 得到 'X'，应为小写 (got 'X', expected small)`.
What is there is shown as it was written, or, where nothing can be shown, told in words (`未填写`, `nothing`).
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING

import msgspec

from rules.alerts import Words
from rules.shanghai import in_shanghai

if TYPE_CHECKING:
    from collections.abc import Iterable

MAX_SHOWN = 120
"""Characters of a value that are shown: a fault is one line of a terminal, a log, a dead letter."""
MAX_DIGITS_SHOWN = 30
ROOT = "$"
"""The path of the whole."""
NOTHING = Words(zh="未填写", en="nothing")


class Fault(msgspec.Struct, frozen=True, omit_defaults=True):
    """One wrong place. `file` and `line` where it stands in a file."""

    path: str
    """`triggers[0].id`; `$` for the whole."""
    value: str | Words
    """What is there as it was written, in quotes where it is text; or words for it."""
    expected: Words
    file: str | None = None
    line: int | None = None

    @property
    def place(self) -> str:
        """`plans/grain.yaml:12 triggers[0].id`, as far as it is known."""
        file = "" if self.file is None else self.file if self.line is None else f"{self.file}:{self.line}"
        return " ".join(filter(None, (file, "" if self.path == ROOT else self.path)))

    @property
    def words(self) -> Words:
        """The whole of it, each language by itself."""
        place, said = self.place, self._said
        if not place:
            return said
        return Words(zh=f"{place}：{said.zh}", en=f"{place}: {said.en}")

    def __str__(self) -> str:
        said = self._said
        line = f"{said.zh} ({said.en})"
        return f"{self.place}: {line}" if self.place else line

    @property
    def _said(self) -> Words:
        got = Words(zh=f"得到 {self.value}", en=self.value) if isinstance(self.value, str) else self.value
        expected = Words(zh=beside(self.expected.zh), en=self.expected.en)
        return Words(zh=f"{got.zh}，应为{expected.zh}", en=f"got {got.en}, expected {expected.en}")


class Faults(ValueError):
    """What cannot be used. `faults` has everything that is wrong with it."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(map(str, faults)))
        self.faults = faults


def fault(path: str, value: object, expected: Words, file: str | None = None, line: int | None = None) -> Fault:
    """The fault of a value as it is; `$.a.b` and `a.b` are the same path."""
    return Fault(path.removeprefix("$.") or ROOT, shown(value), expected, file, line)


def joined(faults: Iterable[Fault]) -> Words:
    """Several faults as one text in each language."""
    told = [one.words for one in faults]
    return Words(zh="；".join(one.zh for one in told), en="; ".join(one.en for one in told))


def shown(value: object) -> str | Words:
    """A value for people: text in quotes, so that blanks and control characters are seen; never more than a line."""
    if isinstance(value, Words):
        return value
    if isinstance(value, Decimal):
        digits = len(value.as_tuple().digits)
        return (
            str(value)
            if digits <= MAX_DIGITS_SHOWN
            else Words(zh=f"{digits} 位的数", en=f"a number of {digits} digits")
        )
    if isinstance(value, str):
        text = repr(value)
    elif isinstance(value, datetime):
        text = in_shanghai(value).isoformat()
    else:
        text = msgspec.json.encode(value).decode()
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"


def beside(text: str) -> str:
    """Latin letters and digits stand apart from Chinese ones."""
    return f" {text}" if text[:1].isascii() else text
