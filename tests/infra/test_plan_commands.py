"""`fenghuo plan check`, `list` and `show`, as they are typed."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from infra.cli import fenghuo
from infra.site_files import copy_example
from rules.yaml_file import BadFiles

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copied site of one's own, in a directory without settings."""
    monkeypatch.chdir(tmp_path)
    copy_example(tmp_path / "site")
    return tmp_path / "site"


def plan(*arguments: object) -> Result:
    return CliRunner().invoke(fenghuo, ["plan", *map(str, arguments)])


def edit(file: Path, old: str, new: str) -> None:
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_a_clean_library_is_told_with_its_versions_and_what_is_not_executed(site: Path) -> None:
    """Exit code 0; clauses that look across counties are listed."""
    result = plan("check", site)
    assert result.exit_code == 0
    first, *rest = result.output.splitlines()
    plans = len(list((site / "plans").glob("*.yaml")))
    assert first == f"{plans} 个预案, 35 个监测点, 无误 / {plans} plans, 35 points, no fault"
    assert any("disaster-relief  自然灾害救助应急预案 / Natural disaster relief" in line for line in rest)
    assert sum(line.startswith("  不执行 out of scope  grain-warning-line: ") for line in rest) == 2


def test_every_fault_of_every_file_is_told_at_once(site: Path) -> None:
    """Types, names, templates, in three files; exit code 1, the count at the end."""
    edit(site / "plans" / "overall.yaml", "wait: 5m", "wait: soon")
    edit(site / "plans" / "disaster-relief.yaml", "approver: emergency_head", "approver: emergency_hed")
    edit(site / "plans" / "weather-warning.yaml", "id: weather", "texts: {page: {zh: '{{ who }}', en: x}}\nid: weather")
    result = plan("check", site)
    assert result.exit_code == 1
    told = [line for line in result.output.splitlines() if line.startswith("plans/")]
    assert [line.partition(": 得到")[0] for line in told] == [
        "plans/disaster-relief.yaml:35 starts.IV.approver",
        "plans/overall.yaml:13 escalation.steps[0].wait",
        "plans/weather-warning.yaml:2 texts.page.zh",
    ]
    assert result.output.rstrip().endswith("3 处错误 / 3 faults")


def test_a_template_that_fills_in_what_nobody_knows_is_a_dead_reference(site: Path) -> None:
    """With the names that there are."""
    edit(site / "plans" / "large-event.yaml", "id: large", "texts: {page: {zh: '{{ who }}', en: x}}\nid: large")
    (line,) = [line for line in plan("check", site).output.splitlines() if line.startswith("plans/")]
    assert line.endswith("count, county, explain, number, observed, open, place, risen_from, severity, tag, title)")
    assert "texts.page.zh: 得到 'who'" in line


def test_drills_are_checked_with_the_library_that_they_play(site: Path) -> None:
    """Each is tried: its facts, and the plans it counts on."""
    drill = site / "drills" / "price-surge.yaml"
    edit(drill, "plan: grain-warning-line", "plan: grain-warning")
    edit(drill, "stage: retail", "stage: stolen")
    told = [
        line.partition(": 得到")[0] for line in plan("check", site).output.splitlines() if line.startswith("drills/")
    ]
    assert told == ["drills/price-surge.yaml:9 injects[0].points"]  # of no point: the inject would be nothing
    edit(drill, "stage: stolen", "stage: retail")
    told = [line for line in plan("check", site).output.splitlines() if line.startswith("drills/")]
    assert told == [
        "drills/price-surge.yaml:21 expected[0].plan: 得到 'grain-warning'，应为本库的预案"
        " (got 'grain-warning', expected a plan of the library)"
    ]


def test_faults_as_objects(site: Path) -> None:
    """One a line."""
    edit(site / "plans" / "overall.yaml", "keep: 3650d", "keep: 3650")
    result = plan("check", site, "--json")
    (fault,) = [json.loads(line) for line in result.output.splitlines() if line.startswith("{")]
    assert (fault["file"], fault["path"], result.exit_code) == ("plans/overall.yaml", "retention.keep", 1)


def test_a_directory_that_is_none_is_wrong_use(tmp_path: Path) -> None:
    """Not a library with a fault: the entry point makes exit code 2 of it."""
    assert isinstance(plan("check", tmp_path / "nowhere").exception, BadFiles)


def test_the_site_of_the_settings_is_checked_when_none_is_named(site: Path) -> None:
    """`site = "site"` is where `fenghuo init` puts it."""
    assert site.is_dir()
    assert plan("check").exit_code == 0


def test_plans_are_listed_with_parent_and_levels(site: Path) -> None:
    """For people, and one object a line."""
    result = plan("list", "--site", site)
    assert "large-event < overall  [IV III II]  大型群众性活动安全 / Safety of large events" in result.output
    rows = {row["plan"]: row for row in map(json.loads, plan("list", "--site", site, "--json").output.splitlines())}
    assert rows["overall"]["parent"] is None
    assert rows["grain-warning-line"]["levels"] == ["line"]


def test_a_plan_is_shown_and_written_as_a_page(site: Path, tmp_path: Path) -> None:
    """Terminal, page, object."""
    assert "自然灾害救助应急预案  Natural disaster relief" in plan("show", "disaster-relief", "--site", site).output
    page = tmp_path / "relief.html"
    assert plan("show", "disaster-relief", "--html", page).output == f"{page} 已写好 / written\n"
    assert page.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    whole = json.loads(plan("show", "weather-warning", "--json").output)
    assert {report["id"] for report in whole["reporting"]} >= {"county-city-phone"}  # inherited


def test_a_plan_that_is_not_there_is_named_with_those_that_are(site: Path) -> None:
    """Exit code 2."""
    result = plan("show", "flood", "--site", site)
    assert result.exit_code == 2
    assert "PLAN: 得到 'flood'，应为 disaster-relief | grain-emergency | " in result.output
