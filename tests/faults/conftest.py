"""Fixtures of the tests of faults."""

from __future__ import annotations

from tests.end_to_end.fixtures import bing, county, ding, jia, system, xin, yi
from tests.faults.fixtures import installation

__all__ = ["bing", "county", "ding", "installation", "jia", "system", "xin", "yi"]
