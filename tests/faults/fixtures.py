"""Installations that may be killed, cut off and misused."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from tests.end_to_end.fixtures import BOTH, closed, pair_of
from tests.end_to_end.phones import Phones
from tests.end_to_end.system import ROOT, System, new_directory

if TYPE_CHECKING:
    from collections.abc import Iterator

KILLABLE = [sys.executable, str(ROOT / "tests" / "faults" / "killable.py")]


@pytest.fixture(scope="module", params=BOTH)
def installation(request: pytest.FixtureRequest) -> Iterator[System]:
    """Running processes, each of which ends at a named point when it is told to."""
    yield from killable_system(request)


def killable_system(request: pytest.FixtureRequest) -> Iterator[System]:
    """The same, for fixtures of another scope."""
    directory = new_directory()
    system = System(directory, Phones(), pair_of(request, request.param, directory))
    try:
        yield system.provisioned().started(entry=KILLABLE)
    finally:
        closed(system)
