"""The bands of tables, half-open [lo, hi): no two overlap, and none is left out between two others.

Within one row each level's band begins at its bound and ends at the next; so it can only be that a level between two
others has no bound, or that two rows of one measure contradict each other.
"""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from rules.alerts import Words
from rules.fault import NOTHING
from rules.measures import COLOURS
from rules.plan_checks.finding import Finding, Known
from rules.severity import Severity
from rules.trigger_paths import tables

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.plans import Plan
    from rules.triggers import Row


class Band(NamedTuple):
    """Where one level of one row begins."""

    path: str
    level: str
    bound: Decimal | str

    @property
    def severity(self) -> Severity:
        return Severity.of(self.level)

    def lies_in(self, other: Band, side: str) -> bool:
        """Whether the other decides wherever this one would: it begins no later and is at least as grave."""
        mine, its = _rank(self.bound), _rank(other.bound)
        return other.severity >= self.severity and (its <= mine if side == "upper" else its >= mine)


def overlaps(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """A bound that another row of the same measure always forestalls: its level is never reached by it."""
    for path, table in tables(plan):
        for j, row in enumerate(table.rows):
            others = [
                band
                for k, other in enumerate(table.rows)
                if k != j and (other.measure, other.side) == (row.measure, row.side)
                for band in _bands(f"{path}.rows[{k}]", other)
            ]
            for band in _bands(f"{path}.rows[{j}]", row):
                hidden = [other for other in others if band.lies_in(other, row.side)]
                # of two equal bounds the first decides
                hidden = [other for other in hidden if not other.lies_in(band, row.side) or other.path < band.path]
                if hidden:
                    yield Finding(band.path, band.bound, _forestalled(hidden[0]))


def gaps(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """A level left out between two others would give its figures to the level below without a word."""
    for path, table in tables(plan):
        for j, row in enumerate(table.rows):
            bands = sorted(_bands(f"{path}.rows[{j}]", row), key=lambda band: band.severity)
            for below, above in pairwise(bands):
                for missing in range(max(below.severity + 1, Severity.IV), above.severity):
                    level = Severity(missing).word
                    field = below.path.rpartition(".")[0]
                    yield Finding(f"{field}.{level}", NOTHING, _between(below, above))


def _bands(path: str, row: Row) -> list[Band]:
    field = "colours" if row.colours else "levels"
    return [Band(f"{path}.{field}.{level}", level, bound) for level, bound in row.bounds.items()]


def _rank(bound: Decimal | str) -> Decimal:
    return Decimal(COLOURS.index(bound)) if isinstance(bound, str) else bound


def _forestalled(other: Band) -> Words:
    where = other.path.rpartition("rows")
    at = f"rows{where[2]} {other.bound}"
    return Words(zh=f"不被 {at} 抢先的界限", en=f"a bound that {at} does not forestall")


def _between(below: Band, above: Band) -> Words:
    return Words(
        zh=f"介于 {below.level} 级 {below.bound} 与 {above.level} 级 {above.bound} 之间的界限（级别连续，不留空档）",
        en=f"a bound between {below.level} {below.bound} and {above.level} {above.bound}: bands without gaps",
    )
