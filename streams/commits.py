"""The committed offsets, as the broker has confirmed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.tables.manager import TableManager
from mode.utils.queues import ThrowableQueue

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    from faust.types import TP


class Committed:
    """Lower bounds: nothing below them is ever read again. Unknown is 0."""

    def __init__(self) -> None:
        self.offsets: dict[tuple[str, int], int] = {}

    def confirmed(self, offsets: MutableMapping[TP, int]) -> None:
        """The broker has these."""
        for tp, offset in offsets.items():
            place = (tp.topic, tp.partition)
            self.offsets[place] = max(self.offsets.get(place, 0), offset)


class CommitTables(TableManager):
    """Faust's table manager, the only one told of commits that succeeded: Faust's own books count failed ones too."""

    @property
    def changelog_queue(self) -> Any:
        """The changelog's own queue, emptied at each resumption as Faust means it: it is read anew then."""
        if self._changelog_queue is None:
            self._changelog_queue = ThrowableQueue(
                maxsize=self.app.conf.stream_buffer_maxsize,
                flow_control=self.app.flow_control,
                clear_on_resume=True,
            )
        return self._changelog_queue

    def on_commit(self, offsets: MutableMapping[TP, int]) -> None:
        """Note what is committed."""
        committed: Any = getattr(self.app, "committed", None)
        if committed is not None:
            committed.confirmed(offsets)
        super().on_commit(offsets)
