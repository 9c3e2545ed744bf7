"""The readings of a point's series, as far back as a window looks: what changes and streaks are read from."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, NamedTuple

from rules.identity import utc_micros

if TYPE_CHECKING:
    from datetime import timedelta

    from rules.detector import Sample

History = list[tuple[str, str]]
"""Instant (`utc_micros`, which sorts as time does) and value of each reading, oldest first: plain JSON."""

MOST = 400
"""A reading a day for a year and a month."""


class Reading(NamedTuple):
    """One of them."""

    at: datetime
    value: Decimal


def reading(remembered: tuple[str, str]) -> Reading:
    at, value = remembered
    return Reading(datetime.fromisoformat(at), Decimal(value))


def with_one_more(history: History, sample: Sample, value: str, back: timedelta) -> History:
    """With the newest reading, and without those that no look `back` from it can need: the last of them is the base."""
    since = utc_micros(sample.observed_at - back)
    old = sum(one[0] <= since for one in history)
    return [*history[max(0, old - 1) :], (utc_micros(sample.observed_at), value)][-MOST:]
