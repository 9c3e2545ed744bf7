"""Which library of plans is in force at a place of the log, so that a replay equals the live run.

Activation is a message in each partition of each fact topic; a partition changes at that offset. What it changed to is
an entry of the table like any other, and a message read again from before the change finds the library of its time.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from rules.entries import Entry, Record, after

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.library import Library


_array = msgspec.json.Encoder()


class UnknownLibrary(RuntimeError):
    """The log activates a library that is not to be had: nothing may be done with what comes after it."""

    def __init__(self, content: str, why: str = "") -> None:
        because = f" ({why})" if why else ""
        super().__init__(
            f"plan_activated: 得到预案库 {content}，应为已存档的预案库"
            f" / got library {content}, expected one that is stored{because}"
        )
        self.content = content


class InForce(msgspec.Struct, array_like=True, frozen=True):
    """The activations of one partition, oldest first: from which offset, and the content hash."""

    activations: list[tuple[int, str]]


class Libraries:
    """The library at each place of the log: the one the worker began with, until another was activated there."""

    def __init__(self, first: Library, find: Callable[[str], Library | None] | None = None, content: str = "") -> None:
        self._first = first
        self._find = find
        self._known = {content: first}

    def named(self, content: str) -> Library:
        """The library of a content hash. Raises `UnknownLibrary`."""
        if content not in self._known:
            found = self._find(content) if self._find else None
            if found is None:
                raise UnknownLibrary(content)
            self._known[content] = found
        return self._known[content]

    def at(self, entry: Entry | None, record: Record) -> Library:
        """What is in force for `record`, by its partition's entry. Raises `UnknownLibrary`."""
        if entry is None:
            return self._first
        contents = [content for offset, content in _read(entry, record).activations if offset < record.offset]
        return self.named(contents[-1]) if contents else self._first


def changed(entry: Entry | None, record: Record, content: str) -> Entry:
    """The partition's entry once the library has changed at `record`."""
    before = _read(entry, record).activations if entry else []
    # of those that nothing read again can need, the newest stays
    behind = [one for one in before if one[0] < record.committed][-1:]
    kept = [*behind, *(one for one in before if one[0] >= record.committed)]
    state = InForce([*kept, (record.offset, content)])
    return after(entry, record, exercise=None, due=None, state=state, alerts=[])


def _read(entry: Entry, record: Record) -> InForce:
    """A topic made anew starts with the library it was made under."""
    state = entry.state if isinstance(entry.state, InForce) else msgspec.convert(entry.state, InForce)
    if all(a.topic_id != record.topic_id for a in entry.applied):
        return InForce([(-1, content) for _, content in state.activations[-1:]])
    return state


@lru_cache(maxsize=1024)
def plans_key(topic: str, partition: int) -> str:
    """The entry that holds what is in force in a partition."""
    return _array.encode(["plans", topic, partition]).decode()
