"""Texts that one of the two languages lacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.alerts import Words
from rules.expectations import THIS_FIELD
from rules.plan_checks.finding import Finding

if TYPE_CHECKING:
    from collections.abc import Iterator

BOTH = Words(zh="只有 zh 和 en（含逗号的文字加引号）", en="zh and en only (a text with a comma in quotes)")
EXPECTED = {"zh": Words(zh="中文文字", en="text in Chinese"), "en": Words(zh="英文文字", en="text in English")}


def untranslated(value: Any, path: str = "$") -> Iterator[Finding]:
    """Every text of a file, however deep, that is blank in one language."""
    if isinstance(value, list):
        for i, item in enumerate(value):
            yield from untranslated(item, f"{path}[{i}]")
    elif isinstance(value, dict):
        said = value.keys() & EXPECTED.keys()
        for name, item in value.items():
            if said and name not in EXPECTED:
                yield Finding(f"{path}.{name}", THIS_FIELD, BOTH)
            if name in EXPECTED and isinstance(item, str) and not item.strip():
                yield Finding(f"{path}.{name}", item, EXPECTED[name])
            yield from untranslated(item, f"{path}.{name}")
