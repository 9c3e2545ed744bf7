"""One question put to a history: what would these plans have done, how well, and what would others have done."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from infra.desk_library import DeskLibrary
from responders.library import built_in_titles
from rules.alerts import Words
from rules.backtest.comparison import Match, compare
from rules.backtest.episodes import Detection, Episode, detection
from rules.backtest.run import Result, backtest, content_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from infra.backtest.history import History
    from rules.library import Library


class Side(NamedTuple):
    """One library's answer. `letter` tells two of them apart; empty where there is one."""

    letter: str
    directory: str
    library: Library
    hash: str
    result: Result
    detection: Detection | None

    def place(self, plan: str, place: str) -> Words:
        """A place in words."""
        return DeskLibrary(self.library).place_name(plan, place)

    def about(self, plan: str, place: str) -> Words:
        """Plan and place in words."""
        known, where = self.library.plans.get(plan), self.place(plan, place)
        titles = known.titles if known else built_in_titles(plan)
        return Words(zh=f"{titles.zh} · {where.zh}", en=f"{titles.en} · {where.en}")


class Study(NamedTuple):
    """All that report, terminal and `--json` tell."""

    history: History
    episodes: list[Episode]
    sides: list[Side]
    matches: list[Match]

    @property
    def compared(self) -> bool:
        return len(self.sides) > 1

    @property
    def period(self) -> tuple[datetime, datetime]:
        return self.sides[0].result.period


def study(
    history: History,
    libraries: Sequence[tuple[str, Library]],
    episodes: list[Episode],
    *,
    until: datetime | None = None,
    told: Callable[[int], None] = lambda _done: None,
) -> Study:
    """Runs the history through each library (its directory, and what is in it): one, or two to compare.

    `told` hears how many facts are done, over all of them. Raises `ValueError` where there is no fact.
    """
    sides = []
    for number, (directory, library) in enumerate(libraries):
        result = backtest(
            library, history.arrivals, until=until, told=partial(_further, told, number * len(history.arrivals))
        )
        found = detection(episodes, result.incidents, result.period) if episodes else None
        letter = "AB"[number] if len(libraries) > 1 else ""
        sides.append(Side(letter, directory, library, content_hash(library), result, found))
    matches: list[Match] = []
    if len(sides) > 1:
        a, b = sides
        matches = compare(a.result.incidents, b.result.incidents, a.result.period[1])
    return Study(history, episodes, sides, matches)


def _further(told: Callable[[int], None], before: int, done: int) -> None:
    told(before + done)
