"""Several workers on one Kafka: one killed in a storm, a third joins, and the totals are those of one undisturbed."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.fixtures import closed
from tests.end_to_end.phones import Phones
from tests.end_to_end.system import System, kafka_postgres, new_directory
from tests.faults.test_outages import judged_as_alone, storm

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.services.kafka import KafkaServer
    from tests.services.postgres import PostgresServer

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture
def province(kafka: KafkaServer, postgres: PostgresServer) -> Iterator[System]:
    """Four partitions; no process runs yet."""
    directory = new_directory()
    system = System(directory, Phones(), kafka_postgres(kafka.bootstrap, postgres.create_database()))
    try:
        yield system.provisioned()
        system.only_these_errors("aiokafka")
    finally:
        closed(system)


def test_one_of_two_workers_killed_in_a_storm_and_a_third_that_joins(province: System) -> None:
    """4 partitions, 6 counties: every alert of an undisturbed engine, each once, and one page for each county."""
    system = province
    first = system.process("worker", "first", WORKER__ID="first")
    second = system.process("worker", "second", WORKER__ID="second")
    third = system.process("worker", "third", WORKER__ID="third")
    others = [system.process("responder"), system.process("console")]
    for process in (first, second, *others):
        process._launch()
    for process in (first, second, *others):
        process.wait_until_ready()

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
