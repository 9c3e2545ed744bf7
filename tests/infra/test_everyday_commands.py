"""What everyday commands say: every word in both languages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from infra.cli import fenghuo
from infra.settings import load
from infra.site_files import copy_example, read_library
from infra.wiring import services_of
from responders.desk import Desk
from responders.store import Store
from rules.alerts import Words, pipeline_fault

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copied site of one's own, not provisioned yet."""
    monkeypatch.chdir(tmp_path)
    copy_example(tmp_path / "site")
    return tmp_path


def said(*arguments: str) -> Result:
    return CliRunner().invoke(fenghuo, arguments)


def test_provision_says_what_became_of_each_topic(directory: Path) -> None:
    """Missing, made, and left as it is."""
    missing = said("provision", "--check")
    assert (missing.exit_code, "缺少 missing     grain-prices\n" in missing.output) == (1, True)
    assert "已建立 created    grain-prices\n" in said("provision").output
    assert "无须改动 kept      grain-prices\n" in said("provision").output


def test_a_dead_letter_that_is_not_there_cannot_be_sent_again(directory: Path) -> None:
    """And the answer is no."""
    said("provision")
    wanted = "0190a4c6-0000-7000-8000-000000000000"
    result = said("dead-letters", "send-again", wanted)
    assert (result.exit_code, result.output) == (1, f"{wanted}  没有这条死信 no such dead letter\n")


def test_incidents_are_listed_with_their_headline_in_both_languages(directory: Path) -> None:
    """Two lines each: what it is and who has it, and what it is about."""
    said("provision")
    store = Store(load(directory / "fenghuo.toml", {}).database)
    services = services_of(read_library(directory / "site"))
    at = datetime(2026, 8, 26, 8, tzinfo=UTC)
    explain = Words(zh="数据源 feeder 无法读取。", en="Source feeder cannot be read.")
    fault = pipeline_fault(county="330723", part="dead-letters", subject="feeder", at=at, explain=explain)
    Desk(store, services, lambda: at).take([fault])
    store.close()
    assert said("incident", "list").output == (
        "    1  2026-08-26 16:00:00  系统故障 fault  未签收 unacknowledged  pipeline-fault 330723/dead-letters/feeder\n"
        "       数据源 feeder 无法读取。 / Source feeder cannot be read.\n"
    )
