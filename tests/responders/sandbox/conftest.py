"""The fixtures of `tests/responders/sandbox/fixtures.py`."""

from __future__ import annotations

from tests.responders.sandbox.fixtures import channel, clock, network, product

__all__ = ["channel", "clock", "network", "product"]
