"""The two pairs, each with one installation per module of tests; every test in a county of its own."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.phones import Phones
from tests.end_to_end.system import System, embedded, kafka_postgres, new_directory

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.end_to_end.county import County
    from tests.end_to_end.phones import Phone
    from tests.end_to_end.system import Pair

BOTH = ["embedded", pytest.param("kafka", marks=[pytest.mark.kafka, pytest.mark.postgres])]


def pair_of(request: pytest.FixtureRequest, name: str, directory: Path) -> Pair:
    """One of the two pairs, on the session's servers."""
    if name == "embedded":
        return embedded(directory)
    kafka = request.getfixturevalue("kafka")
    postgres = request.getfixturevalue("postgres")
    return kafka_postgres(kafka.bootstrap, postgres.create_database())


def closed(system: System) -> None:
    """Ends an installation and removes what it left."""
    system.close()
    system.phones.close()
    shutil.rmtree(system.directory, ignore_errors=True)


@pytest.fixture(scope="module", params=BOTH)
def installation(request: pytest.FixtureRequest) -> Iterator[System]:
    """Running processes, started by the documented commands."""
    directory = new_directory()
    system = System(directory, Phones(), pair_of(request, request.param, directory))
    try:
        yield system.provisioned().started()
    finally:
        closed(system)


@pytest.fixture
def system(installation: System) -> Iterator[System]:
    """The installation for one test, which leaves no text unread, no error unexplained and no incident open."""
    yield installation
    try:
        installation.assert_clean()
    finally:
        installation.settle()
        installation.phones.forget()


@pytest.fixture
def county(system: System) -> County:
    """A county in which nothing has happened yet."""
    return system.county()


@pytest.fixture
def jia(system: System) -> Phone:
    """The phone of the officer on duty for grain."""
    return system.phone("甲")


@pytest.fixture
def yi(system: System) -> Phone:
    """The phone of the general duty officer."""
    return system.phone("乙")


@pytest.fixture
def bing(system: System) -> Phone:
    """The phone of the leader of the shift."""
    return system.phone("丙")


@pytest.fixture
def xin(system: System) -> Phone:
    """The phone of whoever says yes or no to a response."""
    return system.phone("辛")


@pytest.fixture
def ding(system: System) -> Phone:
    """The phone of the officer on duty for emergencies."""
    return system.phone("丁")
