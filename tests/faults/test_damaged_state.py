"""A state log that somebody else has written into."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from streams import topics
from streams.embedded import SqliteLog
from tests.services.process import free_port

if TYPE_CHECKING:
    from pathlib import Path

DEADLINE = 90.0


def test_a_damaged_state_log_ends_the_process_and_says_what_to_do(tmp_path: Path) -> None:
    """Faust would try the same record for ever, deaf to signals: a supervisor would see a healthy process."""
    place = f"127.0.0.1:{free_port()}"
    environment = os.environ | {"FENGHUO_CONSOLE__LISTEN": place, "FENGHUO_CONSOLE__PUBLIC_URL": f"http://{place}"}

    def fenghuo(*arguments: str, at: Path) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-c", "from infra.cli import main; main()", *arguments]
        return subprocess.run(
            command, cwd=at, env=environment, capture_output=True, text=True, timeout=DEADLINE, check=False
        )

    assert fenghuo("init", "county", at=tmp_path).returncode == 0
    county = tmp_path / "county"
    assert fenghuo("provision", at=county).returncode == 0
    log = SqliteLog(county / "var" / "broker.db")
    log.append(topics.changelog("fenghuo"), 0, b"k", b"garbage")
    log.close()
    ended = fenghuo("run", at=county)
    assert ended.returncode == 1
    assert "got a record that cannot be read" in ended.stderr
    assert "无法读取的记录" in ended.stderr
