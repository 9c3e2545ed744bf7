"""The committed offsets, as the broker has confirmed them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from faust.tables.manager import TableManager

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

    def on_commit(self, offsets: MutableMapping[TP, int]) -> None:
        """Note what is committed."""
        committed: Any = getattr(self.app, "committed", None)
        if committed is not None:
            committed.confirmed(offsets)
        super().on_commit(offsets)
