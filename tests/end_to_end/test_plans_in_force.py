"""Plans that change while everything runs: in force at once, over restarts, and in spite of what lies on disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.end_to_end.fixtures import BOTH, closed, pair_of
from tests.end_to_end.phones import Phones
from tests.end_to_end.system import System, new_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.end_to_end.county import County
    from tests.end_to_end.phones import Phone


@pytest.fixture(scope="module", params=BOTH)
def installation(request: pytest.FixtureRequest) -> Iterator[System]:
    """One whose clock ticks each second."""
    directory = new_directory()
    system = System(directory, Phones(), pair_of(request, request.param, directory), worker__tick_every=1.0)
    try:
        yield system.provisioned().started()
    finally:
        closed(system)


def edit(system: System, name: str, change: Callable[[Any], None]) -> None:
    """Somebody edits a file of the site directory."""
    path = system.directory / "site" / name
    value = yaml.safe_load(path.read_text(encoding="utf-8"))
    change(value)
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")


def line_of(county: County, upper: str) -> Callable[[Any], None]:
    """Another warning line at every point of a county."""

    def change(points: Any) -> None:
        for point in points["points"]:
            if point["id"].startswith(county.code):
                point["lines"][0]["upper"] = upper

    return change


def plan_activated(system: System) -> str:
    return system.fenghuo("plan", "activate", "--by", "王科长")


def restart(system: System) -> None:
    """As its supervisor does."""
    for process in system.processes.values():
        process.stop()
    for process in system.processes.values():
        process.start()
    for process in system.processes.values():
        process.wait_until_ready()


def test_a_stricter_line_pages_from_the_last_reading(system: System, county: County, jia: Phone) -> None:
    """4.30 was nothing to page about; under 4.20 it is, and nobody waits for the next reading."""
    system.emits(county.price("4.30"))
    edit(system, "points.yaml", line_of(county, "4.20"))
    assert "磁盘上的不同" in system.fenghuo("doctor", code=1)  # whose roles reach nobody in some of these counties
    said = plan_activated(system)
    assert f"变更 changed  监测点 point  {county.code}-P1" in said
    assert "16 个分区，王科长" in said

    jia.receives("【粮价预警】", "4.30", "4.20")
    jia.acknowledges()
    assert "王科长" in system.fenghuo("plan", "list")
    found = system.only(county.grain)
    restart(system)
    system.emits(county.price("4.25", "P2"))
    jia.receives("新增1处", "4.25", within=60)
    assert system.only(county.grain).number == found.number


def test_a_broken_library_on_disk_is_paged_and_the_old_one_stays_over_restarts(
    system: System, county: County, jia: Phone, yi: Phone
) -> None:
    """Refused whole by the command; a restart goes on under what was in force, and says so to the duty officer once."""
    system.expects_error("the plans on disk are broken")
    path = system.directory / "site" / "plans" / "grain-warning-line.yaml"
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace("[county, stage]", "[county, stages]"), encoding="utf-8")
    assert "1 处错误，未启用" in system.fenghuo("plan", "activate", code=1) + system.complaint
    restart(system)
    yi.receives("系统故障", "磁盘上的预案库有误", "scope[1]", within=60)
    yi.acknowledges()

    system.emits(county.price("4.72"))
    jia.receives("【粮价预警】", "4.72")
    jia.acknowledges()
    assert "磁盘上的预案库有误" in system.fenghuo("doctor", code=1)
    restart(system)
    assert len(system.at("330723/plans/disk")) == 1, "told once an hour"

    path.write_text(sound, encoding="utf-8")
    plan_activated(system)
    restart(system)
    yi.receives("磁盘上的预案库已无误", within=60)


def test_a_point_that_never_spoke_pages_the_grain_duty_after_its_patience(
    system: System, county: County, jia: Phone
) -> None:
    """Silence counts from the activation, and ticks alone find it."""
    silent = {
        "id": f"{county.code}-new", "name": {"zh": "新点", "en": "new"}, "division": f"{county.code}001000",
        "cadence": "6s", "lines": [{"commodity": "rice", "stage": "retail", "upper": "4.60", "unit": "元/kg"}],
    }  # fmt: skip
    edit(system, "points.yaml", lambda points: points["points"].append(silent))
    assert f"新增 added  监测点 point  {county.code}-new" in plan_activated(system)
    jia.receives("从未报数", within=60)
    edit(system, "points.yaml", lambda points: points["points"].pop())
    plan_activated(system)
    jia.receives("不再监测", within=60)
