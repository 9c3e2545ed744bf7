"""Units of a price, converted exactly.

A price is per kilogram, per litre or per piece; within a dimension every factor is an exact decimal or fraction, so
that 4.60 元/kg and 2.30 元/斤 are the same price. 1 斤 = 500 g (计量法 1985; 中国法定计量单位), 1 lb = 0.45359237 kg
(exact, 1959).
"""

from __future__ import annotations

import re
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple

from rules.alerts import Words


class Measure(NamedTuple):
    """What a price is for: `amount` of `base` (kg, L or piece); `currency` where the unit's own words fix it."""

    amount: Fraction
    base: str
    currency: str | None


class UnknownUnit(ValueError):
    """The unit is none that is known."""


_KNOWN: dict[str, tuple[str, str]] = {
    # written in capitals: amount, base
    "KG": ("1", "kg"), "公斤": ("1", "kg"), "千克": ("1", "kg"),
    "G": ("0.001", "kg"), "克": ("0.001", "kg"),
    "斤": ("0.5", "kg"), "市斤": ("0.5", "kg"),
    "两": ("0.05", "kg"), "担": ("50", "kg"),
    "吨": ("1000", "kg"), "T": ("1000", "kg"), "MT": ("1000", "kg"),
    "LB": ("0.45359237", "kg"), "POUND": ("0.45359237", "kg"),
    "L": ("1", "L"), "升": ("1", "L"), "ML": ("0.001", "L"), "毫升": ("0.001", "L"),
    "GALLON": ("3.785411784", "L"),
    "UNIT": ("1", "piece"), "PIECE": ("1", "piece"), "HEAD": ("1", "piece"), "LOAF": ("1", "piece"),
    "个": ("1", "piece"), "袋": ("1", "piece"), "PACKET": ("1", "piece"), "BUNCH": ("1", "piece"),
    "DOZEN": ("12", "piece"),
}  # fmt: skip
_ENGLISH = {
    "公斤": "kg", "千克": "kg", "克": "g", "斤": "jin", "市斤": "jin", "两": "liang", "担": "dan", "吨": "t",
    "升": "L", "毫升": "mL", "个": "piece", "袋": "bag",
}  # fmt: skip
_PREFIX = re.compile(
    r"^(?:(?P<currency>元|CNY|RMB|[A-Z]{3})\s*/\s*)?(?P<count>\d{1,6}(?:\.\d{1,6})?)?\s*(?P<word>\S.*)$"
)
EXPECTED = "元/kg, 元/斤, 元/500g, 元/吨, KG, 50 KG, L, Unit …"


@lru_cache(maxsize=512)
def measure(unit: str) -> Measure:
    """Reads a unit such as `元/kg`, `元/500g`, `50 KG`, `XAF/KG`. Raises `UnknownUnit`."""
    found = _PREFIX.match(unit.strip().upper())
    known = found and _KNOWN.get(found["word"])
    if not found or not known or (found["count"] and Fraction(found["count"]) == 0):
        raise UnknownUnit(unit)
    amount, base = known
    currency = {"元": "CNY", "RMB": "CNY"}.get(found["currency"], found["currency"])
    return Measure(Fraction(found["count"] or 1) * Fraction(amount), base, currency)


@lru_cache(maxsize=512)
def spoken(unit: str, currency: str) -> Words:
    """What a price is told in, e.g. `元/吨`, `CNY/t`. The unit is one that `measure` knows."""
    written = unit if "/" in unit else f"{currency}/{unit}"
    bulk = written.partition("/")[2].strip()
    return Words(zh=written, en=f"{currency}/{re.sub('[^ -~]+', lambda word: _ENGLISH.get(word[0], word[0]), bulk)}")


@lru_cache(maxsize=4096)
def price_per_base(price: Decimal, unit: Measure) -> Decimal:
    """The price of one kilogram, litre or piece: exact where a decimal can be, else to 12 digits after the point."""
    per = Fraction(price) / unit.amount
    return as_decimal(per)


def as_decimal(number: Fraction) -> Decimal:
    """The decimal equal to `number` if one with at most 12 digits after the point is, else the nearest such."""
    scaled = round(number * 10**12)
    exact = Decimal(scaled).scaleb(-12)
    return exact.normalize() if scaled % 10 == 0 else exact
