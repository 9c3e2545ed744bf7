"""The real peers of a measurement, started for it and ended with it."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.services.kafka import KafkaServer
from tests.services.postgres import PostgresServer

if TYPE_CHECKING:
    from collections.abc import Iterator

SMALL = os.environ.get("BENCH_SMALL", "") not in ("", "0")
"""`BENCH_SMALL=1`: a quick look that every measurement works; its figures mean little."""


def size(full: int, small: int) -> int:
    """How many: the full number, or the small one with `BENCH_SMALL`."""
    return small if SMALL else full


class DurablePostgres(PostgresServer):
    """As in production: a commit that has returned is on the disk."""

    def prepare(self) -> None:
        """Put back what the tests' server leaves out."""
        super().prepare()
        with (self.directory / "data" / "postgresql.conf").open("a") as conf:
            conf.write("\nfsync = on\nfull_page_writes = on\n")


@contextmanager
def kafka() -> Iterator[str]:
    """A broker of its own; its address for the setting `broker`."""
    server = KafkaServer()
    try:
        server.start()
        yield f"kafka://{server.bootstrap}"
    finally:
        server.remove()


@contextmanager
def postgres() -> Iterator[str]:
    """A database of its own; its address for the setting `database`."""
    server = DurablePostgres()
    try:
        server.start()
        yield server.create_database()
    finally:
        server.remove()
