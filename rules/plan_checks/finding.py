"""What a check finds, and what it may look at beside the plan."""

from __future__ import annotations

from difflib import get_close_matches
from typing import TYPE_CHECKING, NamedTuple

from rules.alerts import Words

if TYPE_CHECKING:
    from collections.abc import Collection

    from rules.measures import Measures


class Finding(NamedTuple):
    """One place of a plan: its path (`$.tasks[0].within`), what is there, and what was expected."""

    path: str
    value: object
    expected: Words


class Anything(frozenset[str]):
    """Holds whatever is asked for: where the site cannot be read, nothing is said of its names."""

    def __contains__(self, name: object) -> bool:
        return True


class Known(NamedTuple):
    """What there is around a plan."""

    roles: Collection[str]
    departments: Collection[str]
    parents: Collection[str]
    """Plans that others name as their parent."""
    categories: Collection[str]
    """Kinds of hazard reports; anything, where the site names none."""
    hazards: Collection[str]
    """What forecasts warn of."""
    commodities: Collection[str]
    """What the site names or has a line for; anything, where it can't be read."""
    measures: Measures | None
    """What tables can measure; None where the site cannot be read."""


def one_of(value: str, what: Words, known: Collection[str]) -> Words:
    """What was expected of a name: with the nearest that there is, or with all where they are few."""
    near = get_close_matches(value, known, n=1, cutoff=0.6)
    if near:
        return Words(zh=f"{what.zh}（是否 {near[0]}？）", en=f"{what.en} ({near[0]}?)")
    if 0 < len(known) <= 8:  # noqa: PLR2004 - a line holds so many
        names = ", ".join(sorted(known))
        return Words(zh=f"{what.zh}：{names}", en=f"{what.en}: {names}")
    return what
