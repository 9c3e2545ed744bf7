"""The readings of a point's series, as far back as a window looks: what changes are read from."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from datetime import timedelta

MOST = 400
"""A reading a day for a year and a month."""


class Reading(NamedTuple):
    """One of them."""

    at: datetime
    value: Decimal


History = list[Reading]
"""Oldest first."""


def restored(plain: Any) -> History:
    """From what JSON made of it."""
    return msgspec.convert(plain, list[Reading])


def with_one_more(history: History, at: datetime, value: Decimal, back: timedelta) -> History:
    """With the newest reading, and without those that no look `back` from it can need: the last of them is the base."""
    old = not_after(history, at - back)
    return [*history[max(0, old - 1) :], Reading(at, value)][-MOST:]


def not_after(history: History, at: datetime) -> int:
    """How many of the readings are not after an instant: the last of them is the one before that index.

    Read from the front: of what is remembered few are older than the window.
    """
    for number, reading in enumerate(history):
        if reading[0] > at:
            return number
    return len(history)
