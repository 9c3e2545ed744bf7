"""Time is an argument: whatever needs it takes a clock."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from rules.shanghai import in_shanghai

Clock = Callable[[], datetime]
"""Gives the present instant, aware. The wall clock itself is handed in from the top floor."""


def shown_short(instant: datetime, now: datetime) -> str:
    """`08-26 16:09`, Shanghai time, for texts; with its year where that is not the year of `now`."""
    local = in_shanghai(instant)
    return local.strftime("%m-%d %H:%M" if local.year == in_shanghai(now).year else "%Y-%m-%d %H:%M")
