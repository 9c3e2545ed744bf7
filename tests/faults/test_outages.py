"""The broker or the database away in the middle of a storm, and the worker killed on top: all comes, and comes once."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.fixtures import closed
from tests.end_to_end.phones import Phones
from tests.end_to_end.reckoning import alerts_of
from tests.end_to_end.system import System, embedded, kafka_postgres, new_directory
from tests.services.process import ServerFailedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.county import County, Fact
    from tests.services.kafka import KafkaServer
    from tests.services.postgres import PostgresServer

OUTAGES = [3.0, pytest.param(20.0, marks=pytest.mark.soak)]
READINGS = 60
EXPECTED = [
    "alerts are held", "audit failed", "database away", "OperationalError", "InterfaceError", "AdminShutdown",
    "aiokafka", "worker must end", "part failed", "flusher",
]  # fmt: skip
"""What processes say at ERROR when a server is away."""


def storm(counties: list[County], readings: int = READINGS) -> list[Fact]:
    """Prices of the last hours at three points of each county; each point crosses its line now and then."""
    start = datetime.now(UTC) - timedelta(minutes=readings + 1)
    return [
        county.price("4.72" if (minute + place) % 20 >= 16 else "4.20", point)
        | {"observed_at": (start + timedelta(minutes=minute)).isoformat()}
        for minute in range(readings)
        for county in counties
        for place, point in enumerate(("P1", "P2", "P3"))
    ]


def judged_as_alone(system: System, facts: list[Fact], within: float = 90) -> None:
    """The desk has exactly the alerts of an engine that nobody disturbed; one page for each county; nothing is late."""
    expected = {str(alert.id) for alert in alerts_of(system.library, facts)}
    assert expected
    counties = {fact["county"] for fact in facts}
    system.until(lambda: system.alert_ids(counties) >= expected, "every alert has come", within)
    assert system.alert_ids(counties) == expected
    # A receipt that found nobody at home is not sent again: what the provider has taken has left.
    left = {"accepted", "sent", "delivered"}
    system.until(
        lambda: {page.state for place in _places(facts) for page in system.only(place).pages} <= left,
        "every page has left",
        within,
    )
    for place in _places(facts):
        pages = [page for page in system.only(place).pages if page.kind == "page"]
        assert len(pages) == 1, [(page.step, page.cycle, page.state) for page in pages]
        body = pages[0].body
        assert system.phone("甲").texts(body.splitlines()[0]) == [body]


def judging(system: System, facts: list[Fact]) -> None:
    """Sends the storm; returns while the worker is in the middle of it, or has just come through."""
    read = system.worker.metric("fenghuo_messages_read")
    system.emits(*facts)
    system.until(lambda: system.worker.metric("fenghuo_messages_read") > read + 50, "the storm is being judged")


def _places(facts: list[Fact]) -> list[str]:
    return sorted({f"{fact['county']}/retail" for fact in facts})


@contextmanager
def supervised(system: System) -> Iterator[None]:
    """As systemd does: a process that ends is started again."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            for process in system.processes.values():
                if not process.is_running():
                    with suppress(ServerFailedError):  # ended once more before it was at work: the next round
                        process.start()

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield
    finally:
        over.set()
        watching.join(90)


@pytest.fixture(scope="module")
def on_kafka(kafka: KafkaServer, postgres: PostgresServer) -> Iterator[System]:
    """The product as it is installed, on the session's servers."""
    directory = new_directory()
    system = System(
        directory, Phones(), kafka_postgres(kafka.bootstrap, postgres.create_database()), worker__send_timeout=5.0
    )
    try:
        yield system.provisioned().started()
        system.only_these_errors(*EXPECTED)
    finally:
        closed(system)


@pytest.fixture(scope="module")
def on_files() -> Iterator[System]:
    """The product in one process, on files."""
    directory = new_directory()
    system = System(directory, Phones(), embedded(directory))
    try:
        yield system.provisioned().started()
        system.only_these_errors("alerts are held: the desk does not take them.*database is locked")
    finally:
        closed(system)


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.parametrize("outage", OUTAGES)
def test_the_broker_frozen_in_a_storm_and_the_worker_killed(
    on_kafka: System, kafka: KafkaServer, outage: float
) -> None:
    """No offset was committed before its state and its alerts: after the restart nothing is missing."""
    system = on_kafka
    facts = storm([system.county() for _ in range(6)])
    with supervised(system):
        judging(system, facts)
        kafka.pause()
        try:
            threading.Event().wait(outage)
            os.kill(system.worker.pid, signal.SIGKILL)
        finally:
            kafka.resume()
        judged_as_alone(system, facts, 90 + outage)


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.parametrize("outage", OUTAGES)
def test_the_broker_killed_in_a_storm(on_kafka: System, kafka: KafkaServer, outage: float) -> None:
    """Killed, away for a while, and back."""
    system = on_kafka
    facts = storm([system.county() for _ in range(6)])
    with supervised(system):
        judging(system, facts)
        kafka.kill()
        try:
            threading.Event().wait(outage)
        finally:
            kafka.start()
        judged_as_alone(system, facts, 90 + outage)


@pytest.mark.kafka
@pytest.mark.postgres
@pytest.mark.parametrize("how", ["paused", "killed"])
@pytest.mark.parametrize("outage", OUTAGES)
def test_the_database_away_in_a_storm(on_kafka: System, postgres: PostgresServer, how: str, outage: float) -> None:
    """Alerts are held and their partition waits; pages go out when the database is back."""
    system = on_kafka
    facts = storm([system.county() for _ in range(6)])
    with supervised(system):
        if how == "paused":
            postgres.pause()
        else:
            postgres.kill()
        try:
            system.emits(*facts)
            threading.Event().wait(outage)
        finally:
            if how == "paused":
                postgres.resume()
            else:
                postgres.start()
        judged_as_alone(system, facts, 90 + outage)


@pytest.mark.parametrize("outage", OUTAGES)
def test_the_database_file_held_by_somebody_else_in_a_storm(on_files: System, outage: float) -> None:
    """A backup, an editor, a shell with an open transaction."""
    system = on_files
    facts = storm([system.county() for _ in range(6)])
    held = sqlite3.connect(system.directory / "fenghuo.db", isolation_level=None)
    try:
        held.execute("BEGIN IMMEDIATE")
        system.emits(*facts)
        threading.Event().wait(outage)
        held.execute("ROLLBACK")
    finally:
        held.close()
    judged_as_alone(system, facts, 90 + outage)


def test_the_only_process_killed_again_and_again_in_a_storm(on_files: System) -> None:
    """Three times, whatever it was doing."""
    system = on_files
    facts = storm([system.county() for _ in range(6)], readings=150)
    with supervised(system):
        third = len(facts) // 3
        for start in range(0, len(facts), third):
            system.until(system.worker.is_ready, "it is at work")
            system.emits(*facts[start : start + third])
            system.until(lambda: system.worker.metric("fenghuo_messages_read") > 100, "it judges the storm")
            os.kill(system.worker.pid, signal.SIGKILL)
            system.until(lambda: not system.worker.is_ready(), "it is gone")
        judged_as_alone(system, facts)
