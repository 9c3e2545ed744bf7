"""Several workers on one Kafka: one killed in a storm, a third joins, and the totals are those of one undisturbed."""

from __future__ import annotations

import os
import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.fixtures import closed
from tests.end_to_end.phones import Phones
from tests.end_to_end.system import System, kafka_postgres, new_directory
from tests.faults.test_outages import judged_as_alone, storm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.county import Fact
    from tests.end_to_end.system import Process
    from tests.services.kafka import KafkaServer
    from tests.services.postgres import PostgresServer

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


EXPECTED = ["aiokafka", "worker must end", "part failed", "flusher", "Thread keepalive is not responding"]
SESSIONS = [3.0, pytest.param(10.0, marks=pytest.mark.soak)]


@pytest.fixture(params=SESSIONS)
def province(request: pytest.FixtureRequest, kafka: KafkaServer, postgres: PostgresServer) -> Iterator[System]:
    """Four partitions; no process runs yet."""
    directory = new_directory()
    pair = kafka_postgres(kafka.bootstrap, postgres.create_database())
    system = System(directory, Phones(), pair, worker__session_timeout=request.param)
    try:
        yield system.provisioned()
        system.only_these_errors(*EXPECTED)
    finally:
        closed(system)


def at_work(system: System, *names: str) -> list[Process]:
    """Workers of these ids, and whoever else belongs to a province, side by side."""
    workers = [system.process("worker", f"worker {n} {name}", WORKER__ID=name) for n, name in enumerate(names)]
    made = [*workers, system.process("responder"), system.process("console")]
    for process in made:
        process._launch()
    for process in made:
        process.wait_until_ready()
    return workers


@contextmanager
def storming(system: System, facts: list[Fact]) -> Iterator[None]:
    """While they come in."""
    sending = threading.Thread(target=system.emits, args=facts)
    sending.start()
    try:
        yield
    finally:
        sending.join()


@pytest.mark.parametrize("province", [10.0], indirect=True)
def test_one_of_two_workers_killed_in_a_storm_and_a_third_that_joins(province: System) -> None:
    """4 partitions, 6 counties: every alert of an undisturbed engine, each once, and one page for each county."""
    system = province
    first, second = at_work(system, "first", "second")
    third = system.process("worker", "third", WORKER__ID="third")

    facts = storm([system.county() for _ in range(6)], readings=240)
    half = len(facts) // 2
    system.emits(*facts[:half])
    system.until(lambda: all(w.metric("fenghuo_messages_read") > 100 for w in (first, second)), "both are at work")
    os.kill(first.pid, signal.SIGKILL)
    first.wait_for_end()
    third.start()
    system.emits(*facts[half:])

    judged_as_alone(system, facts)
    finished = sum(w.metric("fenghuo_messages_finished", topic="grain-prices") for w in (second, third))
    assert finished >= half
    assert third.metric("fenghuo_messages_finished") > 0


def test_a_worker_stopped_for_longer_than_its_session(province: System) -> None:
    """Others take its partitions; continued, it writes nothing of what is old, ends, and comes back as one of them."""
    system = province
    first, second = at_work(system, "first", "second")
    facts = storm([system.county() for _ in range(6)], readings=120)
    third = len(facts) // 3
    with storming(system, facts[:third]):
        system.until(lambda: first.metric("fenghuo_messages_read") > 50, "it is in the middle of the storm")
        first.pause()
    judged_as_alone(system, facts[:third])

    first.resume()
    first.wait_for_end()
    assert_says_one_of(first, "stood still for", "has not heard of this worker for its session")
    first.start()
    system.emits(*facts[third : 2 * third])
    judged_as_alone(system, facts[: 2 * third])

    for process in (first, second):  # what is durable is all that the next one knows
        os.kill(process.pid, signal.SIGKILL)
    for process in (first, second):
        process.wait_for_end()
        process.start()
    system.emits(*facts[2 * third :])
    judged_as_alone(system, facts)


@pytest.mark.parametrize("province", [10.0], indirect=True)
def test_two_workers_of_one_id(province: System) -> None:
    """The one that came first ends and says why; the other has its partitions, and nothing is lost or doubled."""
    system = province
    [first] = at_work(system, "same")
    facts = storm([system.county() for _ in range(6)], readings=120)
    second = system.process("worker", "another", WORKER__ID="same")
    with storming(system, facts):
        second.start()
    first.wait_for_end()
    assert_says_one_of(first, "worker.id: got same, under which another worker has joined")
    assert second.is_running()
    judged_as_alone(system, facts)


def assert_says_one_of(process: Process, *reasons: str) -> None:
    """It has said why it ended."""
    said = process.log.read_text(encoding="utf-8")
    if not any(reason in said for reason in reasons):
        pytest.fail("\n".join(line for line in said.splitlines() if '"event": "alert"' not in line)[-4000:])
