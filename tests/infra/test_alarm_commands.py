"""`fenghuo alarm …` as it is typed: Chinese first, who did it on record, and the answer no where it is no."""

from __future__ import annotations

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from infra import clock
from infra.cli import fenghuo
from infra.doctor import examine
from infra.in_force import opened
from infra.settings import load as load_settings
from infra.site_files import copy_example, example_roster, read_library
from infra.wiring import services_of
from responders.desk import Desk
from responders.migrations import migrate
from responders.roster_import import load, read
from responders.store import Store
from rules.alerts import Words, pipeline_fault

if TYPE_CHECKING:
    from collections.abc import Iterator

WHICH = ("pipeline-fault/dead-letters", "feeder")
YI = ("--by", "总值班员乙")


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """The example site, its roster, and one alarm that has come and gone."""
    monkeypatch.chdir(tmp_path)
    copy_example(tmp_path / "site")
    (tmp_path / "var").mkdir()
    store = Store(f"sqlite:///{tmp_path / 'var' / 'fenghuo.db'}")
    migrate(store)
    store.run(lambda connection: load(connection, read(example_roster())))
    fault(store, minutes=-9)
    fault(store, minutes=-8, over=True)
    yield store
    store.close()


def fault(store: Store, *, minutes: int = 0, over: bool = False) -> None:
    """The desk takes an alert of a feeder that cannot be read."""
    explain = Words(zh="数据源 feeder 无法读取。", en="Source feeder cannot be read.")
    at = clock.utc_now() + timedelta(minutes=minutes)
    alert = pipeline_fault(county="330723", part="dead-letters", subject="feeder", at=at, explain=explain, over=over)
    Desk(store, services_of(read_library(Path("site"))), clock.utc_now).take([alert])


def said(*arguments: str) -> Result:
    return CliRunner().invoke(fenghuo, arguments)


def told(result: Result) -> str:
    """Its last line: before it stands the log, which a command shows only where something is wrong."""
    return result.output.splitlines()[-1]


def shelve(*more: str) -> Result:
    return said("alarm", "shelve", *WHICH, "--for", "8h", "--reason", "厂家维护", *(more or YI))


def test_an_alarm_is_shelved_shown_and_unshelved_by_a_named_officer(store: Store) -> None:
    """What stands when it is unshelved opens an incident."""
    assert said("alarm", "list").output == "没有报警 / no alarms\n"
    done = shelve()
    assert (done.exit_code, told(done)) == (0, "已搁置 / shelved（1 个报警 alarms）：已搁置 shelved")
    fault(store)
    (listed,) = [json.loads(line) for line in said("alarm", "list", "--json").output.splitlines()]
    assert (listed["state"], listed["condition"], listed["shelf"]["by"]) == ("shelved", "active", "总值班员乙")
    shown = said("alarm", "show", *WHICH).output
    assert "搁置 shelved（厂家维护） · 总值班员乙" in shown
    assert "警报 alert 正常 normal → 越过警戒线 past the warning line [搁置中，不呼叫 shelved" in shown
    assert told(said("alarm", "unshelve", *WHICH, *YI)) == (
        "已取消搁置 / unshelved（1 个报警 alarms）：报警未签收 active, unacknowledged，事件 2 / incident 2"
    )
    assert "恢复呼叫 given（取消搁置 unshelved）" in said("alarm", "show", *WHICH).output
    assert "恢复呼叫 given again: feeder (取消搁置 unshelved)" in said("incident", "show", "2").output


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("shelve", *WHICH, "--for", "9d", "--reason", "x", *YI), 1, "A shelf lasts more than 0 and at most 24 hours."),
        (("shelve", *WHICH, "--for", "long", "--reason", "x", *YI), 2, "得到 'long'，应为时长，如 30m、8h、1d"),
        (("shelve", *WHICH, "--for", "8h", "--reason", "x", "--by", "甲"), 1, "甲 is not on the roster."),
        (("shelve", *WHICH, "--for", "8h", "--reason", "x", "--by", "公安值班员戊"), 1, "无权操作此报警"),
        (("shelve", *WHICH, "--for", "8h", *YI), 2, "Missing option '--reason'"),
        (("reset", *WHICH, *YI), 1, "That cannot be done: it is normal."),
        (("show", "grain/line", "P99"), 1, "没有报警 grain/line P99"),
        (("out-of-service", "--reason", "x", *YI), 2, "got none or both, expected one of them"),
        (("out-of-service", "--point", "P999", "--reason", "x", *YI), 2, "expected one of the site's 35 points"),
        (("out-of-service", "--detector", "no/such", "--reason", "x", *YI), 1, "There is no detector no/such."),
        (("return-to-service", "--point", "P01", *YI), 1, "P01 is not out of service."),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_said_with_its_exit_code(
    store: Store, arguments: tuple[str, ...], code: int, text: str
) -> None:
    result = said("alarm", *arguments)
    assert (result.exit_code, text in result.output) == (code, True), result.output


def test_the_longest_shelf_is_a_setting(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FENGHUO_ALARMS__LONGEST_SHELF_HOURS", "4")
    assert "at most 4 hours" in shelve().output


def test_what_is_out_of_service_is_loud_in_doctor_until_it_is_returned(store: Store, tmp_path: Path) -> None:
    """And so is what is shelved, though that ends by itself."""
    point = ("--point", "P01")
    assert said("alarm", "out-of-service", *point, "--reason", "装修", *YI).exit_code == 0
    shelve()
    settings = load_settings(tmp_path / "fenghuo.toml", {})
    in_force = opened(settings, store)
    found = {f.what.en: f for f in asyncio.run(examine(settings, in_force))}
    out, shelved = found["out of service, pages nobody"], found["shelved"]
    assert (out.well, out.detail.startswith("P01: 总值班员乙, "), out.detail.endswith(": 装修")) == (False, True, True)
    assert (shelved.well, "feeder: 总值班员乙" in shelved.detail) == (True, True)
    assert said("alarm", "return-to-service", *point, *YI).exit_code == 0
    found = {f.what.en: f for f in asyncio.run(examine(settings, in_force))}
    assert "out of service, pages nobody" not in found
