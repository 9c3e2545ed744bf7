"""The ways in which the same facts may come: shuffled, repeated, between ticks, over restarts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import strategies as st

from rules.facts import Tick
from tests.rules.builders import Bench, at

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.facts import AnyFact, Message


def one_content_each(facts: list[AnyFact]) -> list[AnyFact]:
    """No conflicts: of each fact and revision the first content."""
    return list({(f.id, f.revision): f for f in reversed(facts)}.values())


@st.composite
def delivered(
    draw: st.DrawFn, kinds: Callable[[], st.SearchStrategy[AnyFact]], minutes: int = 80
) -> tuple[list[Any], list[Message]]:
    """Facts, and two ways they may come: any order, with repetitions, ticks and restarts (None) anywhere.

    Ticks fall within so many minutes.
    """
    facts = one_content_each(draw(st.lists(kinds(), min_size=1, max_size=14)))
    ways = []
    for _ in range(2):
        ticks = [Tick(at=at(m)) for m in draw(st.lists(st.integers(0, minutes), max_size=6))]
        restarts: list[Any] = [None] * draw(st.integers(0, 3))
        again = draw(st.lists(st.sampled_from(facts), max_size=5))
        way = draw(st.permutations([*facts, *again, *ticks, *restarts]))
        if draw(st.booleans()):  # in order but for ticks that may run far ahead
            when = iter(sorted((m for m in way if m in facts), key=lambda f: (f.observed_at, f.revision)))
            way = [next(when) if m in facts else m for m in way]
        ways.append(way)
    return facts, ways


def run(way: list[Any], lib: Any, topic: str, until: float = 250) -> Bench:
    """A bench that was given all of it, and a tick when everything is over."""
    bench = Bench(lib)
    for message in way:
        if message is None:
            bench.restart()
        else:
            bench.give(message, topic=topic)
    bench.tick(until, topic)
    return bench
