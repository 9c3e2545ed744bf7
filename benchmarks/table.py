"""One table of results, printed as it grows."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One measured thing. `ratio` is against the baseline that is named; `wanted` is what the project promises."""

    what: str
    figure: str
    baseline: str
    ratio: str
    wanted: str
    holds: bool | None


def line(row: Row) -> str:
    """The row as text."""
    verdict = {True: "holds", False: "MISSED", None: ""}[row.holds]
    return f"{row.what:<58} {row.figure:>18} {row.baseline:>34} {row.ratio:>8} {row.wanted:>14} {verdict}"


HEADER = f"{'what':<58} {'figure':>18} {'baseline, same run':>34} {'ratio':>8} {'wanted':>14}"


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the sorted values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
