"""Dates and times that people write on a command line or in a file of episodes: a date is a day in Shanghai."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

import msgspec

from rules.alerts import Words
from rules.facts import Instant
from rules.shanghai import SHANGHAI

EXPECTED = Words(
    zh="日期或带时区的 RFC 3339 时间：2020-10-15 | 2020-10-15T08:00:00+08:00",
    en="a date, or a time of RFC 3339 with its offset: 2020-10-15 | 2020-10-15T08:00:00+08:00",
)


def instant(text: str, *, end: bool = False) -> datetime:
    """The beginning of a day, with `end` the moment after it is over; or the very instant. Raises `ValueError`."""
    try:
        day = date.fromisoformat(text) if len(text) == len("2020-10-15") else None
        if day is not None:
            return datetime.combine(day, time(), SHANGHAI) + timedelta(days=end)
        return msgspec.convert(text, Instant)
    except (ValueError, OverflowError):
        raise ValueError(text) from None
