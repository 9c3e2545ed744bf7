"""Started where it cannot work: one line that says what to do, exit code 2."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from infra.cli import fenghuo
from responders.migrations import NotMigrated, check, migrate
from responders.store import Store
from streams import topics
from tests.services.process import free_port

if TYPE_CHECKING:
    from pathlib import Path


def started(command: str, at: Path, port: int | None = None) -> subprocess.CompletedProcess[str]:
    place = f"127.0.0.1:{port or free_port()}"
    environment = os.environ | {"FENGHUO_CONSOLE__LISTEN": place}
    entry = [sys.executable, "-c", "from infra.cli import main; main()", command]
    return subprocess.run(entry, cwd=at, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def county(tmp_path: Path) -> Path:
    """An installation that was made a minute ago."""
    fenghuo(["init", str(tmp_path / "county")], standalone_mode=False)
    return tmp_path / "county"


@pytest.mark.parametrize("command", ["run", "responder"])
def test_without_tables(county: Path, command: str) -> None:
    """Nobody would be paged, and nobody would hear of it."""
    ended = started(command, county)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == (
        "数据库尚未建立，请先运行 fenghuo provision"
        " / database: got no tables, expected the tables of this version; run fenghuo provision first"
    )
    assert "Traceback" not in ended.stdout + ended.stderr


def test_without_topics(county: Path) -> None:
    """The database is there, the log is not: a console would take facts that it has no place for."""
    store = Store(f"sqlite:///{county / 'var' / 'fenghuo.db'}")
    migrate(store)
    store.close()
    ended = started("console", county)
    listed = ", ".join([*topics.FACT_TOPICS, topics.ALERTS, topics.DEAD_LETTERS, topics.changelog("fenghuo")])
    assert ended.returncode == 2
    assert ended.stderr == (
        f"主题不存在：{listed}；请先运行 fenghuo provision"
        f" / topics: got no {listed}, expected them to exist; run fenghuo provision first\n"
    )


def test_where_somebody_listens_already(county: Path) -> None:
    """Another installation, or this one twice."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        ended = started("run", county, port)
    assert ended.returncode == 2
    assert ended.stderr.splitlines()[-1] == (
        f"console.listen: 得到 '127.0.0.1:{port}'，应为空闲且属于本机的地址（Address already in use）"
        f" (got '127.0.0.1:{port}', expected an address of this machine that is free (Address already in use))"
    )


def test_a_database_of_another_version(database_url: str) -> None:
    """Installed anew, and not provisioned since."""
    store = Store(database_url)
    try:
        with pytest.raises(NotMigrated, match="got no tables"):
            check(store)
        migrate(store, "head-1")
        with pytest.raises(NotMigrated, match=r"数据库是另一版本的.*expected the tables of this version"):
            check(store)
        migrate(store)
        check(store)
    finally:
        store.close()
