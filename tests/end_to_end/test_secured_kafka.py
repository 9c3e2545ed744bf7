"""Kafka with TLS and passwords: every part of the product gets through, and a wrong setting is said once."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.fixtures import closed
from tests.end_to_end.phones import Phones
from tests.end_to_end.system import System, kafka_postgres, new_directory
from tests.services.kafka import PASSWORD, USER
from tests.services.process import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.end_to_end.county import County
    from tests.end_to_end.phones import Phone
    from tests.services.kafka import KafkaServer
    from tests.services.postgres import PostgresServer

pytestmark = [pytest.mark.kafka, pytest.mark.postgres]


@pytest.fixture(scope="module")
def installation(kafka: KafkaServer, postgres: PostgresServer) -> Iterator[System]:
    """All processes, each with its password and the authority that it trusts."""
    directory = new_directory()
    system = System(
        directory,
        Phones(),
        kafka_postgres(kafka.sasl_bootstrap, postgres.create_database()),
        kafka__security_protocol="SASL_SSL",
        kafka__sasl_username=USER,
        kafka__sasl_password=PASSWORD,
        kafka__ssl_cafile=str(kafka.certificates.authority),
    )
    try:
        yield system.provisioned().started()
    finally:
        closed(system)


def test_facts_through_every_door_page_and_dead_letters_are_sent_again(
    system: System, county: County, jia: Phone
) -> None:
    """HTTP and file doors, worker, desk, and the tools of dead letters."""
    system.emits(county.price("4.72"))
    jia.receives("【粮价预警】", "4.72")
    jia.acknowledges()

    more = system.directory / "more.ndjson"
    more.write_text(json.dumps(county.price("4.80", "P2")) + "\n", encoding="utf-8")
    system.fenghuo("emit", str(more))
    jia.receives("新增1处")

    stray = json.dumps(county.price("4.90", "P3"))
    system.appends_raw("hazard-reports", county.code.encode(), stray.encode())
    system.until(lambda: system.finished("hazard-reports"), "it is a dead letter")
    [listed] = map(json.loads, system.fenghuo("dead-letters", "list", "--json").splitlines())
    assert listed["letter"]["reason"] == "wrong_topic"
    assert "came back, its cause is not mended" in system.fenghuo("dead-letters", "send-again", "--all", code=1)
    [listed] = map(json.loads, system.fenghuo("dead-letters", "list", "--json").splitlines())
    assert (listed["came_back"], listed["sent_again"]) == (1, None)
    system.settled()
    system.phones.forget()  # the duty officer heard of it


WRONG = {
    "password": ({"KAFKA__SASL_PASSWORD": "not the password"}, "kafka.sasl_username, kafka.sasl_password"),
    "authority": ({"KAFKA__SSL_CAFILE": ""}, "kafka.ssl_cafile"),
}


@pytest.mark.parametrize(
    ("wrong", "command"),
    [
        ("password", ["worker"]),
        ("password", ["emit", "fact.ndjson"]),
        ("password", ["dead-letters", "list"]),
        ("authority", ["provision"]),
        ("authority", ["console"]),
    ],
)
def test_a_wrong_setting_is_said_once(system: System, county: County, wrong: str, command: list[str]) -> None:
    """One line that names the setting, exit code 2; no traceback, nothing secret."""
    (system.directory / "fact.ndjson").write_text(json.dumps(county.price("4.20")) + "\n", encoding="utf-8")
    environment, setting = WRONG[wrong]
    at = f"127.0.0.1:{free_port()}"
    said = system.fenghuo(*command, code=2, **environment, CONSOLE__LISTEN=at) + system.complaint
    assert said.startswith(f"{setting}：")
    assert f" / {setting}: " in said
    assert len(said.splitlines()) == 1, said
    assert PASSWORD not in said
    assert "not the password" not in said
