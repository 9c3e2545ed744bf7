"""Time is an argument: whatever needs it takes a clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone

Clock = Callable[[], datetime]
"""Gives the present instant, aware. The wall clock itself is handed in from the top floor."""

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
"""China has kept one offset since 1991."""


def shown(instant: datetime) -> str:
    """`2026-08-26 16:09:13`, Shanghai time, for people."""
    return _shanghai(instant).strftime("%Y-%m-%d %H:%M:%S")


def shown_short(instant: datetime, now: datetime) -> str:
    """`08-26 16:09`, Shanghai time, for texts; with its year where that is not the year of `now`."""
    local = _shanghai(instant)
    return local.strftime("%m-%d %H:%M" if local.year == _shanghai(now).year else "%Y-%m-%d %H:%M")


def _shanghai(instant: datetime) -> datetime:
    """A time at the very end of the calendar has no Shanghai time: it is shown as it is, for a page must not fail."""
    try:
        return instant.astimezone(SHANGHAI)
    except OverflowError:
        return instant
