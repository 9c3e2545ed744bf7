"""The time of day in China, in which officers are told everything. Stored and compared are instants in UTC."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has had one time zone and no summer time since 1991."""


def in_shanghai(instant: datetime) -> datetime:
    """A time at the very end of the calendar has no Shanghai time: it is shown as it is, for a page must not fail."""
    try:
        return instant.astimezone(SHANGHAI)
    except OverflowError:
        return instant


def shown(instant: datetime) -> str:
    """`2026-08-26 16:09:13`, Shanghai time, for people."""
    return in_shanghai(instant).strftime("%Y-%m-%d %H:%M:%S")
