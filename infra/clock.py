"""The only place that reads the wall clock and makes randomness."""

from __future__ import annotations

import random
from datetime import UTC, datetime


def utc_now() -> datetime:
    return datetime.now(UTC)


def randomness(seed: int | None = None) -> random.Random:
    """A source of randomness; the same for the same seed."""
    return random.Random(seed)
