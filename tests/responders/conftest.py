"""A duty room for each test: a store, a roster, a clock that is moved by hand, and phones in memory."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.responders.room import Room

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def room(database_url: str) -> Iterator[Room]:
    """The room; at the end no text may have arrived that the test did not speak of."""
    made = Room(database_url)
    yield made
    try:
        made.network.close_strictly()
    finally:
        made.store.close()
