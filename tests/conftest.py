"""What every test of this session may ask for, and what it is held to when it ends."""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.browser.chromium import Chromium
from tests.services.kafka import KafkaServer
from tests.services.postgres import PostgresServer
from tests.services.process import SystemLacksError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.services.process import ServerProcess

_SYSTEM = {"browser", "end_to_end", "faults"}


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Whole systems, and what needs Kafka, are one group: of parallel workers one has them, the others all else."""
    for item in items:
        if _SYSTEM & set(item.path.parts) or item.get_closest_marker("kafka") or "kafka" in _fixtures(item):
            item.add_marker(pytest.mark.xdist_group("system"))


def _fixtures(item: pytest.Item) -> list[str]:
    """The fixtures that a test is known to ask for."""
    return item.fixturenames if isinstance(item, pytest.Function) else []


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """A gap is told once, so that nobody overlooks it."""
    skipped = terminalreporter.stats.get("skipped", [])
    for reason in dict.fromkeys(report.longrepr[2].removeprefix("Skipped: ") for report in skipped):
        terminalreporter.write_line(f"NOT TESTED HERE: {reason}", yellow=True, bold=True)


def _cannot_test(reason: str) -> None:
    """Skip; where everything has to be there (CI=true), fail."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"not testable although CI=true: {reason}", pytrace=False)
    pytest.skip(reason)


def _serve(kind: type[ServerProcess]) -> Iterator[ServerProcess]:
    server = kind()
    try:
        server.start()
    except SystemLacksError as lack:
        server.remove()
        _cannot_test(str(lack))
    try:
        yield server
    finally:
        server.remove()


@pytest.fixture(scope="session")
def kafka() -> Iterator[ServerProcess]:
    """The session's Kafka broker. A test that kills or pauses it leaves it running."""
    yield from _serve(KafkaServer)


@pytest.fixture(scope="session")
def postgres() -> Iterator[ServerProcess]:
    """The session's PostgreSQL server. A test that kills or pauses it leaves it running."""
    yield from _serve(PostgresServer)


@pytest.fixture(scope="session")
def chromium() -> Iterator[ServerProcess]:
    """The session's browser."""
    yield from _serve(Chromium)


@pytest.fixture(params=["sqlite", pytest.param("postgres", marks=pytest.mark.postgres)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """An empty database of the test's own: what holds on SQLite holds on PostgreSQL."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'fenghuo.sqlite3'}"
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    url = server.create_database()
    yield url
    server.drop_database(url)


@pytest.fixture(scope="session")
def test_data() -> Path:
    """The directory of recorded data that FENGHUO_TEST_DATA names."""
    named = os.environ.get("FENGHUO_TEST_DATA")
    if not named:
        _cannot_test("recorded data: FENGHUO_TEST_DATA is not set (a directory)")
    folder = Path(named or "")
    if not folder.is_dir():
        _cannot_test(f"recorded data: FENGHUO_TEST_DATA={named} is not a directory")
    return folder


class _Errors(logging.Handler):
    """Every record at ERROR or above, with what the test said it expects."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.expected: list[re.Pattern[str]] = []
        self._texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        text = f"{record.levelname} {record.name}: {record.getMessage()}"
        if record.exc_info and record.exc_info[1] is not None:
            text += f" ({record.exc_info[1]!r})"
        self._texts.append(text)

    def unexpected(self) -> list[str]:
        return [text for text in self._texts if not any(one.search(text) for one in self.expected)]


@pytest.fixture(autouse=True)
def _strict_close() -> Iterator[_Errors]:
    """A test that leaves an error in the log has failed, unless it said which error it expects."""
    errors = _Errors()
    root = logging.getLogger()
    root.addHandler(errors)
    yield errors
    root.removeHandler(errors)
    if unexpected := errors.unexpected():
        listed = "\n".join(unexpected)
        pytest.fail(f"errors were logged that the test did not expect:\n{listed}", pytrace=False)


@pytest.fixture
def expected_errors(_strict_close: _Errors) -> Callable[[str], None]:
    """Say with a regular expression which errors belong to the test: `LEVEL logger: message (exception)`."""

    def expect(pattern: str) -> None:
        _strict_close.expected.append(re.compile(pattern))

    return expect
