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
    return instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M:%S")


def shown_short(instant: datetime) -> str:
    """`08-26 16:09`, Shanghai time, for texts."""
    return instant.astimezone(SHANGHAI).strftime("%m-%d %H:%M")
