"""Why a message becomes a dead letter before the engine has judged it, in words."""

from __future__ import annotations

from rules.alerts import Words
from rules.fault import fault


def wrong_topic(kind: str, found: str, expected: str) -> Words:
    """A fact of `kind` on topic `found`, whose topic is `expected`."""
    there = Words(zh=f"主题 {found} 上的 {kind}", en=f"{kind} on topic {found}")
    return fault("kind", there, Words(zh=f"在主题 {expected} 上", en=f"it on topic {expected}")).words


def misrouted(key: bytes | None, partition: int, came_from: bytes, county: str, home: int) -> Words:
    """A fact that was forwarded once, and still is not in its county's partition."""
    shown = "null" if key is None else repr(key.decode(errors="replace"))
    came = came_from.decode(errors="replace")
    there = Words(
        zh=f"分区 {partition} 中的 {shown}（由 {came} 转来）",
        en=f"{shown} in partition {partition} after it was forwarded from {came}",
    )
    return fault("key", there, Words(zh=f"分区 {home} 中的 {county}", en=f"{county} in partition {home}")).words


def engine_failed(failed: Exception) -> Words:
    """What only a mistake of ours explains."""
    return Words(zh=f"引擎出错：{failed!r}", en=f"the engine failed: {failed!r}")
