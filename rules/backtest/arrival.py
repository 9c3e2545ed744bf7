"""When a fact of the past would have come, and the order in which they would have come.

A history says when something was observed (`observed_at`), when the reporter knew of it (`known_at`) and when it was
sent to us (`reported_at`). What was sent years later, in one import, would have come when it was known: that is the
default. `reported` takes the time of sending where a fact has one: late reports then come late, as they did.
"""

from __future__ import annotations

from hashlib import sha256
from operator import itemgetter
from typing import TYPE_CHECKING, Literal, NamedTuple

from rules.facts import encode

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from rules.facts import AnyFact

By = Literal["known", "reported"]


class Arrival(NamedTuple):
    """A fact, and the instant at which it comes."""

    at: datetime
    fact: AnyFact


def arrival(fact: AnyFact, by: By = "known") -> datetime:
    """When the fact comes: never before it was observed and known."""
    at = max(fact.observed_at, fact.known)
    return max(at, fact.reported_at) if by == "reported" and fact.reported_at else at


def in_order(facts: Iterable[AnyFact], by: By = "known") -> list[Arrival]:
    """The facts as they come. Those of one instant keep the order in which they are given."""
    return sorted((Arrival(arrival(fact, by), fact) for fact in facts), key=itemgetter(0))


def fingerprint(arrivals: Iterable[Arrival]) -> str:
    """What a history says, as 16 hex digits of SHA-256 over its facts in the order in which they come."""
    said = sha256()
    for _, fact in arrivals:
        said.update(encode(fact))
        said.update(b"\n")
    return said.hexdigest()[:16]
