"""What a detector keeps of facts, and what it says when its alarm changes."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

if TYPE_CHECKING:
    from rules.alerts import Cause, Reason, Words
    from rules.facts import AnyFact
    from rules.severity import Severity


class Conflict(Exception):
    """The same fact at the same revision, with other content."""


class Sample(msgspec.Struct, array_like=True, frozen=True):
    """What is kept of one fact: its place in time, its revision, and what the detector reads of it."""

    observed_at: datetime
    key: str
    """Which series of the subject it belongs to (a report, a warning); empty where there is one."""
    revision: int
    digest: str
    known_at: datetime
    estimated: bool
    value: Any


class Transition(NamedTuple):
    """One change of the alarm's severity, and why."""

    before: Severity
    after: Severity
    reason: Reason
    cause: Cause
    at: datetime
    known_at: datetime
    explain: Words
    estimated: bool


class Change(NamedTuple):
    """The new memory, when time alone may change it next, and what changed for the world."""

    state: Any
    due: datetime | None
    transitions: list[Transition]


def slot(kept: list[Sample], fact: AnyFact, key: str) -> tuple[int, bool]:
    """Where the fact stands among what is kept, and whether it replaces what is there.

    (-1, False): it changes nothing, being a repetition or an older revision. Raises `Conflict`.
    """
    observed = fact.observed_at
    position = len(kept)
    while position and (kept[position - 1].observed_at, kept[position - 1].key) >= (observed, key):
        position -= 1
    if position == len(kept) or (kept[position].observed_at, kept[position].key) != (observed, key):
        return position, False
    there = kept[position]
    if fact.revision > there.revision:
        return position, True
    if fact.revision == there.revision and fact.digest != there.digest:
        raise Conflict
    return -1, False
