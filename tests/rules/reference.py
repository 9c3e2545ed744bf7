"""What the engine is held against: slow, obvious, written from DESIGN.md alone, and using nothing of the detectors.

Everything is recomputed from all facts at every instant of interest.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from rules.facts import AnyFact

LINE, RECOVERY, APPROACH = Decimal("4.60"), Decimal("4.60") * Decimal("0.98"), Decimal("4.60") * Decimal("0.95")
ORDER = ("normal", "approach", "line", "IV", "III", "II", "I")
CASUALTIES = {
    "dead": {"IV": 1, "III": 3, "II": 6, "I": 10}, "relocated": {"IV": 300, "III": 1000}, "loss": {"II": 100_000_000},
}  # fmt: skip
FILLING = {"IV": 80, "III": 90, "II": 100}
COLOUR = {"blue": "IV", "yellow": "III", "orange": "II", "red": "I"}


class Move(NamedTuple):
    """One change of severity and what it is put down to: (fact id, revision), or an instant."""

    before: str
    after: str
    cause: Any


def highest_revisions(facts: Iterable[AnyFact]) -> list[Any]:
    """One version of each fact, in order of time. Of equal revisions the first that came counts."""
    best: dict[Any, Any] = {}
    for fact in facts:
        if fact.id not in best or fact.revision > best[fact.id].revision:
            best[fact.id] = fact
    return sorted(best.values(), key=lambda f: (f.observed_at, f.source))


# -- the line: what it says at an instant, from all readings up to then


def line_at(readings: list[Any], clock: datetime, count: int, wait: timedelta) -> str:
    """The severity at `clock`."""
    active, run, said = False, [], "normal"
    for reading in readings:
        if reading.observed_at > clock:
            break
        active = active or _held(run, reading.observed_at, count, wait)
        if reading.price >= LINE:
            run.append(reading.observed_at)
            active = active or _held(run, reading.observed_at, count, wait)
        else:
            run = []
            active = active and reading.price >= RECOVERY
        said = "line" if active else "approach" if reading.price >= APPROACH else "normal"
    return "line" if _held(run, clock, count, wait) else said


def _held(run: list[datetime], clock: datetime, count: int, wait: timedelta) -> bool:
    return len(run) >= count and run[0] + wait <= clock


# -- tables


def casualties_at(reports: list[Any], _clock: datetime) -> str:
    """Totals to date per report, the highest of an event's reports; absent is not zero."""
    per_report: dict[Any, dict[str, Any]] = {}
    for one in reports:
        stated = {f: getattr(one, f) for f in ("deaths", "missing", "relocated", "loss_cny")}
        per_report.setdefault((one.source, one.report), {}).update({f: v for f, v in stated.items() if v is not None})

    def highest(field: str) -> Any:
        return max((r[field] for r in per_report.values() if field in r), default=None)

    deaths, missing = highest("deaths"), highest("missing")
    dead = None if deaths is None and missing is None else (deaths or 0) + (missing or 0)
    figures = {"dead": dead, "relocated": highest("relocated"), "loss": highest("loss_cny")}
    reached = ["normal"]
    for name, figure in figures.items():
        reached += [level for level, bound in CASUALTIES[name].items() if figure is not None and figure >= bound]
    return max(reached, key=ORDER.index)


def colour_at(warnings: list[Any], clock: datetime) -> str:
    """The gravest warning that is neither cancelled, replaced nor expired."""
    newest = {(w.source, w.warning): w for w in warnings}
    void = {(w.source, ref) for w in warnings for ref in w.references if ref != w.warning}
    live = [
        COLOUR[w.colour]
        for key, w in newest.items()
        if w.message != "cancel" and key not in void and (w.expires is None or w.expires > clock)
    ]
    return max(live, key=ORDER.index, default="normal")


def filling_at(statuses: list[Any], _clock: datetime) -> str:
    """Attendance as a share of the approved number, each the highest of what the sources last said."""
    last: dict[str, dict[str, int]] = {}
    for one in statuses:
        for field in ("attendance", "capacity"):
            if getattr(one, field) is not None:
                last.setdefault(one.source, {})[field] = getattr(one, field)
    attendance = max((s["attendance"] for s in last.values() if "attendance" in s), default=None)
    capacity = max((s["capacity"] for s in last.values() if "capacity" in s), default=None)
    if attendance is None or capacity is None:
        return "normal"
    reached = [level for level, percent in FILLING.items() if attendance * 100 >= percent * capacity]
    return max(reached, key=ORDER.index, default="normal")


# -- the alerts of facts that arrive in order


def moves_in_order(
    facts: list[Any], instants: Iterable[datetime], clock: datetime, level: Callable[[list[Any], datetime], str]
) -> list[Move]:
    """Walks through time: at each instant time alone may change the level, at each fact what it says may."""
    found: list[Move] = []
    said = "normal"
    happenings: list[tuple[datetime, int, Any]] = [(f.observed_at, 1, f) for f in facts]
    happenings += [(i, 0, None) for i in set(instants) if i <= clock]
    known: list[Any] = []
    for when, _, fact in sorted(happenings, key=lambda h: h[:2]):
        if fact is not None:
            known.append(fact)
        now = level(known, when)
        if now != said:
            found.append(Move(said, now, when if fact is None else (fact.id, fact.revision)))
            said = now
    return found
