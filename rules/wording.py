"""Small words that people read: spans of time, severities, lists, numbers."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from rules.alerts import Words
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

KINDS = {
    "grain_price": Words(zh="粮价监测数据", en="grain prices"),
    "hazard_report": Words(zh="险情与事故报告", en="reports of hazards and accidents"),
    "disaster_forecast": Words(zh="灾害预报预警", en="disaster forecasts"),
    "large_event": Words(zh="大型活动状态", en="states of large events"),
}
STATUSES = {
    "hazard_report": {
        "reported": Words(zh="初报", en="first report"), "verified": Words(zh="核实", en="verified"),
        "updated": Words(zh="续报", en="continued report"), "rectified": Words(zh="已整改", en="rectified"),
        "closed": Words(zh="终报", en="final report"),
    },
    "large_event": {
        "planned": Words(zh="筹备", en="planned"), "open": Words(zh="开放", en="open"),
        "under_way": Words(zh="进行中", en="under way"), "dispersing": Words(zh="散场", en="dispersing"),
        "closed": Words(zh="结束", en="closed"),
    },
}  # fmt: skip
"""What the facts of a kind go through."""
FIELDS = {"category": Words(zh="类别", en="category"), "hazard": Words(zh="灾种", en="hazard")}
_UNITS = {"s": ("秒", "s"), "m": ("分钟", "min"), "h": ("小时", "h"), "d": ("天", "d")}


def span(duration: str) -> Words:
    """`30m` → 30 分钟 / 30 min."""
    if duration == "0":
        return Words(zh="立即", en="at once")
    number, (zh, en) = int(duration[:-1]), _UNITS[duration[-1]]
    return Words(zh=f"{number} {zh}", en=f"{number} {en}")


def grade(word: str) -> Words:
    """A severity's own words."""
    severity = Severity.of(word)
    return Words(zh=severity.zh, en=severity.en)


def joined(words: Iterable[Words]) -> Words:
    """Several words as a list."""
    given = list(words)
    return Words(zh="、".join(one.zh for one in given), en=", ".join(one.en for one in given))


def number(value: Decimal | int) -> str:
    """A number as it is written in a plan, with its thousands apart."""
    return f"{Decimal(value):,f}"
