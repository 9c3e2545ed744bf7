"""Telling readers of a log file, in this process, that something was written to it.

Every `SqliteLog` on one file shares one bell, so a producer and a consumer that know nothing of each other
still meet. Writers in other processes ring no bell: readers notice them by `SqliteLog.changed()`.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Mapping
from pathlib import Path
from weakref import WeakValueDictionary

Ends = Mapping[tuple[str, int], int]
Listener = Callable[[Ends], None]


class Bell:
    """Calls its listeners, in the writer's thread, with the new end offsets."""

    def __init__(self) -> None:
        self._listeners: tuple[Listener, ...] = ()
        self._guard = threading.Lock()

    def listen(self, listener: Listener) -> None:
        """Call `listener` after each commit from now on."""
        with self._guard:
            self._listeners = (*self._listeners, listener)

    def unlisten(self, listener: Listener) -> None:
        """Stop calling `listener`."""
        with self._guard:
            self._listeners = tuple(one for one in self._listeners if one != listener)

    def ring(self, ends: Ends) -> None:
        """Say that these partitions now end there."""
        for listener in self._listeners:
            listener(ends)


_bells: WeakValueDictionary[str, Bell] = WeakValueDictionary()
_guard = threading.Lock()


def bell_of(path: Path) -> Bell:
    """The one bell of a log file in this process."""
    with _guard:
        return _bells.setdefault(os.path.realpath(path), Bell())
