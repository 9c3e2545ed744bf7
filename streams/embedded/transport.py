"""Faust's transport on a log file: `faust.App(..., broker="sqlite:////path/broker.db")`.

How Faust is satisfied (0.15.3), where a file has no group coordinator to do it:

*Generation.* Streams silently skip a message whose `generation_id` is not the app's
`consumer_generation_id`, and recovery gives up when the two differ. So each rebalance counts one up, sets
it on the app before it announces partitions, and every message carries the app's present one
(`Consumer._to_message`).

*Assignment.* Recovery asks the app's assignor which changelog partitions are active here. The assignor is
Faust's own, and does its own work: it is handed a cluster of this file's topics and one member, and then
its own answer (`assign`, `on_assignment`), as Kafka's group protocol would. One worker per file, so the
answer is always everything.

*Rebalance.* It happens once, when the conductor has subscribed, and again if agents add topics: start,
revoke, assign, in that order, in a task of its own, because the assignment callback waits for the
subscription to return.

*Positions.* `highwater` is the end offset, `position` the next to be read, a commit names the next offset
to read, and a partition without a commit starts at `consumer_auto_offset_reset`: all as on Kafka.

*Sends.* The future of a send is done when the row is on the disk, or has the exception. See `writer`.

Reading is done on the event loop in small portions: SQLite's driver gives up the GIL at each row, so a
reading thread would get every row only when the loop next lets go. Writing, which waits for the disk, has
its thread.
"""

from __future__ import annotations

import sqlite3
from typing import Any, ClassVar

from faust.transport import base

from streams.embedded.consumer import Consumer
from streams.embedded.log import SqliteLog
from streams.embedded.producer import Producer
from streams.embedded.settings import log_path
from streams.embedded.writer import LogWriter

__all__ = ["Consumer", "Producer", "Transport"]


class Transport(base.Transport):
    """Opens the log file while its consumer or its producer is running."""

    Consumer: ClassVar[Any] = Consumer
    Producer: ClassVar[Any] = Producer

    driver_version = f"sqlite={sqlite3.sqlite_version}"

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if len(self.url) != 1:
            message = f"broker: got {len(self.url)} addresses, expected one file"
            raise ValueError(message)
        self.path = log_path(str(self.url[0])).absolute()
        self._writer: LogWriter | None = None
        self._users = 0

    def open(self) -> LogWriter:
        """The writer of the file, opened for one more user."""
        if self._writer is None:
            self._writer = LogWriter(SqliteLog(self.path))
        self._users += 1
        return self._writer

    async def close(self) -> None:
        """One user less; the last one closes the file."""
        self._users -= 1
        if self._users == 0 and self._writer is not None:
            writer, self._writer = self._writer, None
            await writer.close()
            writer.log.close()
