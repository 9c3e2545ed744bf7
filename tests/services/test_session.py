"""What the test session promises: servers end with it, errors in the log fail a test, gaps are loud."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.services.process import accepts_connections, wait_until

ROOT = Path(__file__).parents[2]
START_AND_WAIT = """
import sys
from tests.services.postgres import PostgresServer
server = PostgresServer()
server.start()
print(server.port, server.directory, flush=True)
sys.stdin.read()
"""
CONFTEST = f"import sys; sys.path.insert(0, {str(ROOT)!r})\nfrom tests.conftest import *\n"
CONFTEST += "from tests.conftest import _strict_close\n"


@pytest.mark.postgres
@pytest.mark.parametrize("signum", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_servers_end_when_the_session_is_interrupted(postgres: object, signum: signal.Signals) -> None:
    """However a session ends, its server's port closes and its directory goes."""
    session = subprocess.Popen(
        [sys.executable, "-c", START_AND_WAIT],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    with session:
        assert session.stdout is not None
        port, directory = session.stdout.readline().split()
        assert accepts_connections(int(port))
        session.send_signal(signum)
        session.wait(10)
        wait_until(lambda: not accepts_connections(int(port)), "the port is closed", seconds=10)
        wait_until(lambda: not Path(directory).exists(), "the directory is removed", seconds=10)


@pytest.fixture
def session(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A session of pytest with our conftest, on a machine without PostgreSQL and data."""
    monkeypatch.delenv("FENGHUO_TEST_DATA", raising=False)
    monkeypatch.delenv("CI", raising=False)
    pytester.makeconftest(CONFTEST)
    pytester.makeini("[pytest]\nmarkers = postgres\n")
    return pytester


def run(session: pytest.Pytester) -> pytest.RunResult:
    return session.runpytest_subprocess("-p", "no:asyncio", "-p", "no:cacheprovider", timeout=60)


def test_an_unexpected_error_in_the_log_fails_the_test(session: pytest.Pytester) -> None:
    """The test itself passed; what it left in the log did not."""
    session.makepyfile(
        """
        import logging
        def test_it():
            logging.getLogger("streams").error("offset %d lost", 7)
        """
    )
    result = run(session)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["*ERROR streams: offset 7 lost*"])


def test_an_expected_error_does_not(session: pytest.Pytester) -> None:
    """An error that the test announced belongs to it; one beside it still fails."""
    session.makepyfile(
        """
        import logging
        def test_announced(expected_errors):
            expected_errors(r"offset \\d+ lost")
            logging.getLogger("streams").error("offset 7 lost")
        def test_another(expected_errors):
            expected_errors(r"offset \\d+ lost")
            logging.getLogger("streams").error("page lost")
        """
    )
    result = run(session)
    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*ERROR streams: page lost*"])


def test_what_cannot_be_tested_is_named_once_at_the_end(session: pytest.Pytester) -> None:
    """At home a gap is skipped, and the summary says what was not tested."""
    session.makepyfile("def test_a(test_data): ...\ndef test_b(test_data): ...")
    result = run(session)
    result.assert_outcomes(skipped=2)
    lines = [line for line in result.outlines if line.startswith("NOT TESTED HERE")]
    assert lines[0] == "NOT TESTED HERE: recorded data: FENGHUO_TEST_DATA is not set (a directory)"


def test_with_ci_a_gap_is_a_failure(session: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """CI has everything or is red."""
    monkeypatch.setenv("CI", "true")
    session.makepyfile("def test_a(test_data): ...")
    result = run(session)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["*not testable although CI=true: recorded data: FENGHUO_TEST_DATA is not*"])


def test_a_missing_server_is_named_with_its_command(session: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without Java, the reason tells what to type; nothing is half started."""
    monkeypatch.setenv("PATH", os.fspath(session.path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    session.makepyfile("def test_a(kafka): ...")
    result = run(session)
    result.assert_outcomes(skipped=1)
    result.stdout.fnmatch_lines(["NOT TESTED HERE: Kafka * needs a Java runtime*apt-get install*"])


@pytest.mark.kafka
@pytest.mark.skipif("PYTEST_XDIST_WORKER" not in os.environ, reason="one process runs everything")
def test_whole_systems_run_one_after_the_other(request: pytest.FixtureRequest) -> None:
    """pytest-xdist keeps a group together by a suffix of the name; where it has none, two systems share two cores."""
    assert request.node.nodeid.endswith("@system")
