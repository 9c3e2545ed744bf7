"""Fixtures of the tests of the whole system."""

from __future__ import annotations

from tests.end_to_end.fixtures import county, installation, system, 丁, 丙, 乙, 甲

__all__ = ["county", "installation", "system", "丁", "丙", "乙", "甲"]
