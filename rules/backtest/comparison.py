"""Two libraries over one history: which incidents only the one would have opened, which both.

An incident counts from the moment at which it would have paged somebody, as in `rules.backtest.episodes`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

import msgspec

from rules.backtest.incidents import Incident

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

Which = Literal["both", "only_a", "only_b"]


class Match(msgspec.Struct, frozen=True, kw_only=True):
    """Incidents of one plan and place that overlap in time, of either library: one long may meet several short."""

    plan: str
    place: str
    paged_at: datetime
    """When the first of them would have paged somebody."""
    which: Which
    a: list[Incident]
    b: list[Incident]


class _Side(NamedTuple):
    paged_at: datetime
    until: datetime
    is_a: bool
    incident: Incident


def compare(a: Iterable[Incident], b: Iterable[Incident], end: datetime) -> list[Match]:
    """Every incident that would have paged somebody, in the order in which things would have happened."""
    sides: dict[tuple[str, str], list[_Side]] = {}
    for incidents, is_a in ((a, True), (b, False)):
        for one in incidents:
            if one.paged_at is not None:
                side = _Side(one.paged_at, one.until(end), is_a, one)
                sides.setdefault((one.plan, one.place), []).append(side)
    found = [_match(group) for own in sides.values() for group in _overlapping(own)]
    return sorted(found, key=lambda match: (match.paged_at, match.plan, match.place))


def _overlapping(own: Sequence[_Side]) -> Iterator[list[_Side]]:
    group: list[_Side] = []
    for side in sorted(own, key=lambda side: (side.paged_at, not side.is_a)):
        if group and side.paged_at > max(one.until for one in group):
            yield group
            group = []
        group.append(side)
    yield group


def _match(group: Sequence[_Side]) -> Match:
    a, b = ([side.incident for side in group if side.is_a is wanted] for wanted in (True, False))
    first = group[0].incident
    which: Which = "both" if a and b else "only_a" if a else "only_b"
    return Match(plan=first.plan, place=first.place, paged_at=group[0].paged_at, which=which, a=a, b=b)
