"""The two pairs that installations run on: the embedded broker with SQLite, Kafka with PostgreSQL."""

from __future__ import annotations

import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.services import kafka, postgres

if TYPE_CHECKING:
    from collections.abc import Iterator

EMBEDDED, KAFKA = "embedded+SQLite", "Kafka+PostgreSQL"


class Pair(NamedTuple):
    """Where an installation keeps its things."""

    name: str
    directory: Path
    broker: str
    database: str


@contextmanager
def pair(name: str) -> Iterator[Pair]:
    """Fresh and empty, gone afterwards."""
    with tempfile.TemporaryDirectory(prefix="fenghuo-bench-") as made:
        directory = Path(made) / "house"
        if name == EMBEDDED:
            yield Pair(name, directory, f"sqlite:///{directory}/var/broker.db", f"sqlite:///{directory}/var/fenghuo.db")
        else:
            with kafka() as broker, postgres() as database:
                yield Pair(name, directory, broker, database)
