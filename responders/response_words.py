"""Reports upward and their deadlines in words: for texts, and for people who look."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from responders.clock import shown_short
from rules.alerts import Words

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from responders.library import Library

MANNER = {"phone": Words(zh="电话", en="by phone"), "written": Words(zh="书面", en="in writing")}
_LONG = 120  # minutes; longer times are told in hours


def joined(site: Library, due: Sequence[Any], now: datetime) -> Words:
    """Several reports in one text."""
    said = [report(site, row, now) for row in due]
    return Words(zh="；".join(one.zh for one in said), en="; ".join(one.en for one in said))


def report(site: Library, row: Any, now: datetime) -> Words:
    """One report: who, to whom, how, within what, and the time that is left or has passed."""
    sender, receiver, manner = site.body_name(row.sender), site.body_name(row.receiver), MANNER[row.manner]
    within = span(timedelta(seconds=row.within))
    by = shown_short(row.due_at, now)
    head = Words(
        zh=f"{sender.zh}须在{within.zh}内{manner.zh}报{receiver.zh}（{row.report}）",
        en=f"{sender.en} to {receiver.en} {manner.en} within {within.en} ({row.report})",
    )
    if row.due_at <= now:
        over = span(now - row.due_at)
        return Words(zh=f"{head.zh}：应于 {by} 前，已超时{over.zh}", en=f"{head.en}: was due {by}, {over.en} late")
    left = span(row.due_at - now)
    return Words(zh=f"{head.zh}：剩{left.zh}（{by} 前）", en=f"{head.en}: {left.en} left (by {by})")


def over_or_left(due_at: datetime, now: datetime) -> str:
    """How much time is left, or has passed, for people who look."""
    if due_at <= now:
        over = span(now - due_at)
        return f"已超时{over.zh} {over.en} late"
    left = span(due_at - now)
    return f"剩{left.zh} {left.en} left"


def span(time: timedelta) -> Words:
    """A stretch of time in minutes, or in hours where it is long."""
    minutes = max(0, round(time / timedelta(minutes=1)))
    if minutes <= _LONG:
        return Words(zh=f"{minutes}分钟", en=f"{minutes} min")
    hours = f"{time / timedelta(hours=1):.1f}".removesuffix(".0")
    return Words(zh=f"{hours}小时", en=f"{hours} h")
