"""Fixtures of the tests that look at pages in a real browser."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.browser.office import Office

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """An installation that nobody has used yet, with its sandbox phones."""
    made = Office(tmp_path)
    try:
        yield made.opens()
    finally:
        made.close()
