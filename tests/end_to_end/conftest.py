"""Fixtures of the tests of the whole system."""

from __future__ import annotations

from tests.end_to_end.fixtures import bing, county, ding, installation, jia, system, xin, yi

__all__ = ["bing", "county", "ding", "installation", "jia", "system", "xin", "yi"]
