"""`fenghuo incident approve | reject | level | reported` as they are typed, on the example site with its roster."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from infra import clock
from infra.cli import fenghuo
from infra.site_files import copy_example, example_roster, read_library
from infra.wiring import services_of
from responders.desk import Desk
from responders.migrations import migrate
from responders.roster_import import load, read
from responders.store import Store
from rules.alerts import Alert, Cause, Words, alert_id
from rules.plans import version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.alerts import SeverityWord

YI = ("--by", "总值班员乙")
FOR = (*YI, "--for", "县府办副主任癸")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Store]:
    """A flood of level III: incident 1, and proposal 2 to the deputy head of the county office."""
    monkeypatch.chdir(tmp_path)
    copy_example(tmp_path / "site")
    (tmp_path / "var").mkdir()
    store = Store(f"sqlite:///{tmp_path / 'var' / 'fenghuo.db'}")
    migrate(store)
    store.run(lambda connection: load(connection, read(example_roster())))
    flood(store)
    yield store
    store.close()


def flood(store: Store, after: SeverityWord = "III", before: SeverityWord = "normal") -> None:
    library, at = read_library(Path("site")), clock.utc_now()
    cause, plan = Cause(due=at), library.plans["disaster-relief"]
    alert = Alert(
        id=alert_id(
            exercise=None, county="330723", detector="disaster-relief/casualties", subject="330723/flood",
            before=before, after=after, cause=cause,
        ),
        county="330723", plan=plan.id, plan_version=version(plan), place="330723/flood",
        detector="disaster-relief/casualties", subject="330723/flood", before=before, after=after, reason="crossed",
        cause=cause, at=at, known_at=at, explain=Words(zh="死亡3人。", en="3 dead."),
    )  # fmt: skip
    Desk(store, services_of(library), clock.utc_now).take([alert])


def said(*arguments: str) -> Result:
    return CliRunner().invoke(fenghuo, ("incident", *arguments))


def shown(number: int) -> dict[str, object]:
    return dict(json.loads(said("show", str(number), "--json").output.splitlines()[-1]))


def test_a_proposal_is_listed_shown_and_answered_for_whoever_telephoned() -> None:
    """The list marks what waits; a second, different answer is a no."""
    listed = said("list").output
    assert "事件1的请示 proposal of 1: 待批 pending" in listed
    assert "待批请示 2 proposal 2 waits" in listed
    story = said("show", "1").output
    assert "待批请示 2 / proposal 2 waits for its answer" in story
    assert "报告 report county-city-phone: 县须在30分钟内电话报市" in story
    assert "剩30分钟 30 min left" in story

    done = said("approve", "2", *FOR)
    assert (done.exit_code, "县府办副主任癸已同意启动Ⅲ级（较大）响应（请示2，事件1）。" in done.output) == (0, True)
    assert said("approve", "2", *FOR).exit_code == 0
    late = said("reject", "2", *FOR, "--reason", "再核实")
    assert (late.exit_code, "请示2（Ⅲ级（较大）响应）已由县府办副主任癸于" in late.output) == (1, True)
    assert (shown(1)["running"], shown(2)["decision"], shown(2)["parent"]) == ("III", "approved", 1)
    assert "响应 response III" in said("list").output


def test_a_response_is_lowered_and_ended_by_the_word_of_its_decider() -> None:
    """Whoever only keeps the desk can do neither, nor close what runs."""
    said("approve", "2", *FOR)
    head = (*YI, "--for", "县长丑")
    refused = said("close", "1", *YI, "--reason", "完了")
    assert (refused.exit_code, "Ⅲ级（较大）响应仍在进行，须由县长决定终止。" in refused.output) == (1, True)
    lowered = said("level", "1", "IV", *YI, "--for", "分管副县长子", "--reason", "雨停")
    assert (lowered.exit_code, "Ⅳ级（一般）响应 / response of level IV (ordinary): 分管副县长子" in lowered.output) == (
        0,
        True,
    )
    assert said("level", "1", "none", *YI, "--reason", "完了").exit_code == 1
    ended = said("level", "1", "none", *head, "--reason", "安置妥善")
    assert (ended.exit_code, "响应已终止 / response ended: 县长丑" in ended.output) == (0, True)
    assert said("close", "1", *YI, "--reason", "完了").exit_code == 0
    closed = said("level", "1", "IV", *head, "--reason", "又来了")
    assert (closed.exit_code, "已由 总值班员乙 于" in closed.output) == (1, True)


def test_a_report_is_entered_once() -> None:
    """What is owed is named where the id is wrong."""
    done = said("reported", "1", "county-city-phone", *YI, "--note", "市应急局")
    assert (done.exit_code, "已报 / reported county-city-phone: 总值班员乙" in done.output) == (0, True)
    again = said("reported", "1", "county-city-phone", *YI)
    assert (again.exit_code, "没有待报的 county-city-phone；待报：town-county-phone" in again.output) == (1, True)
    assert "总值班员乙 市应急局" in said("show", "1").output


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (("approve", "1", *YI), 1, "事件1不是请示，其待批请示为2。"),
        (("approve", "9", *YI), 1, "There is no incident 9."),
        (("approve", "2", *YI), 1, "请示2须由县府办副主任答复，您无权答复。"),
        (("approve", "2", "--by", "甲"), 1, "甲 is not on the roster."),
        (("reject", "2", *FOR), 2, "Missing option '--reason'"),
        (("level", "1", "V", *FOR, "--reason", "x"), 2, "'V' is not one of 'IV', 'III', 'II', 'I', 'none'"),
        (("level", "2", "IV", *FOR, "--reason", "x"), 1, "事件2是请示，只能答复同意或不同意。"),
        (("ack", "2", *YI), 1, "Incident 2 is a proposal: its answer is yes or no."),
        (("close", "2", *YI, "--reason", "x"), 1, "请示"),
    ],
    ids=str,
)
def test_what_cannot_be_done_is_said_with_its_exit_code(arguments: tuple[str, ...], code: int, text: str) -> None:
    result = said(*arguments)
    assert (result.exit_code, text in result.output) == (code, True), result.output
