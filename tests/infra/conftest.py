"""What the tests of the top floor share."""

from __future__ import annotations

import pytest


@pytest.fixture(autouse=True)
def _log_of_the_session(monkeypatch: pytest.MonkeyPatch) -> None:
    """A command that is run in this process leaves the session's log as it is: later tests read it."""
    monkeypatch.setattr("infra.cli.configure_logging", lambda _level: None)
