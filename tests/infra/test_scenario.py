"""A drill scenario: read, tried and refused with every fault at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from infra import scenario
from infra.site_files import example_site, read_library
from rules.yaml_file import BadFiles

if TYPE_CHECKING:
    from rules.site import Site

START = datetime(2026, 8, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def site() -> Site:
    return read_library(example_site()).site


def test_the_shipped_scenario_raises_the_price_at_every_retail_point_of_rice(site: Site) -> None:
    """`points: all` is every point that has such a line; each fact carries the drill's id and source."""
    path = example_site() / "drills" / "price-surge.yaml"
    planned = scenario.plan_facts(scenario.load(path.name, path.read_text(), site), site, "drill-1", START)
    assert {p.fact.exercise for p in planned} == {"drill-1"}
    assert {p.fact.source for p in planned} == {"drill"}
    assert [p.offset for p in planned] == sorted(p.offset for p in planned)
    assert planned[-1].offset == timedelta(seconds=15)
    assert planned[-1].fact.observed_at == START + timedelta(seconds=15)
    retail_rice = [
        p.id for p in site.points.values() if any(x.stage == "retail" and x.commodity == "rice" for x in p.lines)
    ]
    assert sum(p.offset == timedelta(0) for p in planned) == len(retail_rice) == 30


BROKEN = """\
id: broken
titles: {zh: 坏, en: broken}
participants: []
length: 1m
injects:
  - at: 0s
    points: [P99]
    fact: {kind: grain_price, commodity: rice, stage: retail, price: "-1", currency: CNY, unit: 元/kg}
  - at: 1s
    fact: {kind: hazard_report, report: R1, category: flood, division: "330723105000", status: reported,
           deaths: "3", exercise: mine}
expected:
  - {event: page, plan: grain-warning-line, place: 330723/retail, within: 2m}
"""


def test_what_the_engine_would_refuse_is_a_fault_of_the_scenario(site: Site) -> None:
    """Nobody finds out in the middle of a drill that its reports are dead letters."""
    report = 'fact: {kind: hazard_report, report: R1, division: "330723105000", status: reported, category:'
    written = BROKEN.partition("injects:")[0].replace("[]", "[甲]") + (
        f"injects:\n  - at: 0s\n    {report} flod}}\n"
        f"  - at: 1s\n    {report} forest_fire, values: {{burned_ha: -1}}}}\n"
        f"  - at: 2s\n    {report} forest_fire, values: {{burned_ha: 3.5}}}}\n"
        "expected: []\n"
    )
    with pytest.raises(BadFiles) as bad:
        scenario.load("broken.yaml", written, site)
    category, below = str(bad.value).splitlines()
    assert category.startswith("broken.yaml:7 injects[0].fact.category: 得到 'flod'，应为 air_pollution | ")
    assert below == (
        "broken.yaml:9 injects[1].fact.values.burned_ha: 得到 -1，应为不小于 0 的数 "
        "(got -1, expected a number of 0 or more)"
    )


def test_every_fault_of_a_scenario_is_said_at_once(site: Site) -> None:
    """File, line, path, value, expected."""
    with pytest.raises(BadFiles) as bad:
        scenario.load("broken.yaml", BROKEN, site)
    assert str(bad.value).splitlines() == [
        (
            "broken.yaml:3 participants: 没有人，应为至少一名名册中的人员 (got nobody, expected at "
            "least one officer of the roster)"
        ),
        ("broken.yaml:7 injects[0].points: 得到 'P99'，应为本站点的监测点 (got 'P99', expected a point of the site)"),
        (
            "broken.yaml:8 injects[0].fact.price: 得到 -1，应为大于 0、小于 1E+12、至多 30 位的数 (got "
            "-1, expected a number above 0 and below 1E+12, at most 30 digits)"
        ),
        (
            "broken.yaml:11 injects[1].fact.exercise: 得到 'mine'，应为不填：由演练设定 (got 'mine', "
            "expected nothing: the drill sets it)"
        ),
        (
            "broken.yaml:13 expected[0].within: 得到 '2m'，应为不超过演练时长 1m (got '2m', expected "
            "at most the length of the drill, 1m)"
        ),
    ]
