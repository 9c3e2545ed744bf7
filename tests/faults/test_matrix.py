"""Every part away for 20 s in a storm, and a process killed at every named point on top: all comes, and comes once."""

from __future__ import annotations

import sqlite3
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from tests.faults import killable
from tests.faults.fixtures import killable_system
from tests.faults.test_outages import EXPECTED, judged_as_alone, storm, supervised

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from tests.end_to_end.county import Fact
    from tests.end_to_end.system import System

    Outage = Callable[[System, pytest.FixtureRequest], AbstractContextManager[None]]

pytestmark = pytest.mark.soak

SECONDS = 20.0
POINTS = [
    killable.AFTER_STATE,
    killable.AFTER_ALERT,
    killable.AFTER_INCIDENT,
    killable.AFTER_SENDING,
    killable.AFTER_ANSWER,
]
AROUND_THE_PROVIDER = [killable.AFTER_SENDING, killable.AFTER_ANSWER]
SAID = [*EXPECTED, "database is locked", "DatabaseError", "HeldByOther", "LogError"]
"""What processes say at ERROR while a server, or the file that stands for it, is away."""


class Away(NamedTuple):
    """What is away for a while."""

    for_a_while: Outage
    takes_facts: bool = False
    """Without it no fact comes in: they come just before."""


@pytest.fixture
def installation(request: pytest.FixtureRequest) -> Iterator[System]:
    """A fresh one for each case: its counties are soon used up."""
    yield from killable_system(request)


def sends(system: System, facts: list[Fact]) -> None:
    """As a source does: again, until it is told that they are taken. A fact has a name; sent twice, it counts once."""

    def taken() -> bool:
        try:
            system.emits(*facts)
        except OSError:  # the process was killed before it could answer
            return False
        return True

    system.until(taken, "the facts are taken", 60)


def _frozen(server: str) -> Outage:
    @contextmanager
    def away(_system: System, request: pytest.FixtureRequest) -> Iterator[None]:
        process = request.getfixturevalue(server)
        process.pause()
        try:
            yield
        finally:
            process.resume()

    return away


def _killed(server: str) -> Outage:
    @contextmanager
    def away(_system: System, request: pytest.FixtureRequest) -> Iterator[None]:
        process = request.getfixturevalue(server)
        process.kill()
        try:
            yield
        finally:
            process.start()

    return away


def _held(file: str) -> Outage:
    @contextmanager
    def away(system: System, _request: pytest.FixtureRequest) -> Iterator[None]:
        held = sqlite3.connect(system.directory / file, isolation_level=None, timeout=SECONDS)
        try:
            held.execute("BEGIN IMMEDIATE")
            yield
            held.execute("ROLLBACK")
        finally:
            held.close()

    return away


def _provider(mode: str, asking: str = "normal") -> Outage:
    @contextmanager
    def away(system: System, _request: pytest.FixtureRequest) -> Iterator[None]:
        system.phones.behave(None, mode, asking=asking)
        try:
            yield
        finally:
            system.phones.well_again()

    return away


ON_KAFKA = {
    "broker frozen": Away(_frozen("kafka"), takes_facts=True),
    "broker killed": Away(_killed("kafka"), takes_facts=True),
    "database frozen": Away(_frozen("postgres")),
    "database killed": Away(_killed("postgres")),
}
ON_FILES = {
    "broker's file held": Away(_held("broker.db"), takes_facts=True),
    "database's file held": Away(_held("fenghuo.db")),
}
PROVIDER = {
    "down": Away(_provider("drop", "drop")),
    "429": Away(_provider("429", "429")),
    "500": Away(_provider("500", "500")),
    "401": Away(_provider("401", "401")),
    "hangs": Away(_provider("hang", "hang")),
    "malformed": Away(_provider("malformed", "malformed")),
    "breaks off": Away(_provider("accept_then_drop_answer")),
}
KAFKA: dict[str, Any] = {"marks": [pytest.mark.kafka, pytest.mark.postgres]}
MATRIX = [
    *(pytest.param("kafka", away, p, **KAFKA, id=f"kafka-{n}-{p}") for n, away in ON_KAFKA.items() for p in POINTS),
    *(pytest.param("embedded", away, p, id=f"embedded-{n}-{p}") for n, away in ON_FILES.items() for p in POINTS),
    *(
        pytest.param(pair, away, p, **marks, id=f"{pair}-provider {n}-{p}")
        for pair, marks in (("kafka", KAFKA), ("embedded", {}))
        for n, away in PROVIDER.items()
        for p in AROUND_THE_PROVIDER
    ),
]


@pytest.mark.parametrize(("installation", "away", "point"), MATRIX, indirect=["installation"])
def test_away_for_a_while_and_killed_in_the_middle(
    system: System, request: pytest.FixtureRequest, away: Away, point: str
) -> None:
    """The desk has the alerts of an undisturbed engine, each officer one text of each county, and no step was spent."""
    facts = storm([system.county() for _ in range(6)])
    order = system.directory / killable.ORDER
    with supervised(system):
        order.write_text(point, encoding="utf-8")
        if away.takes_facts:
            sends(system, facts)
        with away.for_a_while(system, request):
            if not away.takes_facts:
                sends(system, facts)
            threading.Event().wait(SECONDS)
        judged_as_alone(system, facts, 90 + SECONDS)
    assert not order.exists(), "it was never killed there"
    system.settle()
    system.only_these_errors(*SAID)
