"""Which of two entries is the newer one, when they come in the wrong order."""

from __future__ import annotations

import pytest

from rules.entries import Applied, Entry


def entry(*applied: tuple[str, str, int]) -> Entry:
    """An entry that has applied these offsets: (topic, its id, offset), all in partition 2."""
    held = [Applied(topic, name, 2, offset) for topic, name, offset in applied]
    return Entry(topic="grain-prices", partition=2, exercise=None, due=None, applied=held, caused=[], state={})


@pytest.mark.parametrize(
    ("held", "came", "newer"),
    [
        ([("prices", "a", 9)], [("prices", "a", 8)], True),
        ([("prices", "a", 9)], [("prices", "a", 9)], False),
        ([("prices", "a", 9)], [("prices", "a", 10)], False),
        ([("prices", "a", 9), ("alerts", "b", 4)], [("prices", "a", 9)], True),
        ([("prices", "a", 9), ("alerts", "b", 4)], [("prices", "a", 8), ("alerts", "b", 5)], False),
        ([("prices", "a", 9)], [("prices", "anew", 0)], False),
    ],
)
def test_newer_has_applied_all_of_the_other_and_more(
    held: list[tuple[str, str, int]], came: list[tuple[str, str, int]], newer: bool
) -> None:
    """The same, ahead in one and behind in another, and a topic that was made anew are not older: what came counts."""
    assert entry(*held).newer_than(entry(*came)) is newer
