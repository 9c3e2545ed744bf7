"""A plan as people read it: on the terminal, and as one HTML page with its picture."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from itertools import combinations
from typing import TYPE_CHECKING

import msgspec
import pytest

from infra.plan_diagram import PAD, SIZES, Box, Diagram, narrow, text_width, wide
from infra.plan_page import render
from infra.plan_text import lines
from infra.plan_view import PlanView, view
from infra.site_files import example_site, read_library
from rules.alerts import Words
from rules.library import Library
from rules.loading import load
from tests.rules.builders import HAZARD, SITE, texts

if TYPE_CHECKING:
    from collections.abc import Iterator

LIBRARY = read_library(example_site())
PLANS = sorted(LIBRARY.plans)
HOSTILE = '<script>alert("x")</script>'


def shown(name: str) -> PlanView:
    return view(LIBRARY, LIBRARY.plans[name])


def plain(plan: PlanView) -> str:
    return re.sub(r"\x1b\[[0-9]*m", "", "\n".join(lines(plan)))


class Page(HTMLParser):
    """What a browser would load, and whether every element is closed."""

    VOID = frozenset({"meta", "rect", "path", "link", "img", "br"})

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: set[str] = set()
        self.outside: list[str] = []
        self.text = ""
        self.feed(source)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.outside += [f"{name}={value}" for name, value in attrs if name in ("src", "href", "xlink:href", "action")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("name", PLANS)
def test_a_page_needs_nothing_else(name: str) -> None:
    """No script, nothing from outside, every element closed."""
    source = render(shown(name))
    page = Page(source)
    assert (page.open, page.outside) == ([], [])
    assert page.tags.isdisjoint({"script", "link", "img", "iframe", "object", "embed"})
    assert "url(" not in source
    assert "@import" not in source


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("form", ["terminal", "page"])
def test_all_that_a_plan_says_is_shown(form: str, name: str) -> None:
    """Titles, tag, basis, every criterion, task, report, decision, source; Chinese and English."""
    plan = shown(name)
    text = plain(plan) if form == "terminal" else Page(render(plan)).text
    for said in _said(plan):
        assert said in text


def _said(plan: PlanView) -> Iterator[str]:
    one = plan.plan
    yield from (one.titles.zh, one.titles.en, one.tag.zh, plan.version, *one.basis)
    for duty in (*one.tasks, *one.after_action):
        department = plan.department(duty.department)
        yield from (duty.what.zh, duty.what.en, duty.source, department.zh, department.en)
    for judgement in (*one.upgrade, *one.downgrade, *one.termination):
        yield from (judgement.when.zh, judgement.when.en, judgement.source, plan.role(judgement.decides).zh)
    for report in one.reporting:
        yield report.source
    for field in one.fields:
        yield from (field.source, *([field.words.zh, field.words.en] if field.words else []))
    for clause in one.out_of_scope:
        yield from (clause.clause.zh, clause.why.en, clause.source)
    for trigger in plan.triggers:
        for row in trigger.described.criteria():
            yield from (row.what.zh, row.what.en, row.source, *(bound.zh for bound in row.bounds.values()))


FIELDS = """\
fields:
  - {name: burned_ha, at: [updated, closed], source: 防火办}
  - {name: location, words: {zh: 起火点, en: where it began}, source: 防火办}
  - {name: deaths_and_missing, source: 国务院令493号}
  - {name: capacity, facts: large_event, words: {zh: 核定容量, en: capacity}, at: [planned], source: 国务院令505号}
"""


def test_a_plan_says_what_its_reports_must_bring() -> None:
    """The common fields first; each as it is sent, in words and unit, when it is required, and why."""
    measures = (
        "measures: {burned_ha: {facts: hazard_report, words: {zh: 过火面积, en: burned}, unit: {zh: 公顷, en: ha}}}\n"
    )
    library = load(texts(site=SITE + measures, relief=HAZARD + FIELDS))
    plan = view(library, library.plans["relief"])
    (sheet,) = [sheet for sheet in plan.sheets if sheet.title.en == "What its reports must bring"]
    rows = [[cell.zh for cell in row] for row in sheet.rows]
    assert rows == [
        ["险情与事故报告", "county source observed_at report category division status", "共同字段", "始终", "—"],
        ["大型活动状态", "county source observed_at event name venue phase", "共同字段", "始终", "—"],
        ["险情与事故报告", "values.burned_ha", "过火面积（公顷）", "续报、终报", "防火办"],
        ["险情与事故报告", "location", "起火点", "始终", "防火办"],
        ["险情与事故报告", "deaths missing", "死亡和失踪（人）", "始终", "国务院令493号"],
        ["大型活动状态", "capacity", "核定容量", "筹备", "国务院令505号"],
    ]
    assert [cell.en for cell in sheet.rows[2]][2:4] == ["burned (ha)", "continued report, final report"]
    for text in (plain(plan), Page(render(plan)).text):
        assert "报告要件" in text
        assert "values.burned_ha" in text


def test_a_report_upward_tells_when_it_is_reminded_of() -> None:
    """As the plan says, or at half its time and 5 minutes before."""
    reporting = """\
reporting:
  - {id: a, from: county, to: city, by: phone, within: 30m, source: test}
  - {id: b, from: county, to: city, by: written, within: 2h, remind: [1h, 10m], source: test}
"""
    library = load(texts(relief=HAZARD + reporting))
    (sheet,) = [one for one in view(library, library.plans["relief"]).sheets if one.title.en == "Reports upward"]
    assert [(row[4].zh, row[4].en) for row in sheet.rows] == [
        ("过半时、前 5 分钟", "at half time and 5 min before"),
        ("前 1 小时、前 10 分钟", "1 h before, 10 min before"),
    ]


def test_a_plan_takes_the_fields_of_its_parent_until_it_writes_its_own() -> None:
    """Nine areas under one plan may ask for the same."""
    child = HAZARD.replace("id: relief", "id: child\nparent: relief")
    fields = FIELDS.replace("  - {name: burned_ha, at: [updated, closed], source: 防火办}\n", "")
    library = load(texts(relief=HAZARD + fields, child=child, other=child.replace("child", "other") + "fields: []\n"))
    assert library.plans["child"].fields == library.plans["relief"].fields
    assert library.plans["other"].fields == []
    shown = {sheet.title.en: sheet.inherited for sheet in view(library, library.plans["child"]).sheets}
    assert shown["What its reports must bring"]


def test_what_a_parent_gives_is_marked() -> None:
    """The weather plan writes its tasks and takes its reports."""
    marked = {sheet.title.en: sheet.inherited for sheet in shown("weather-warning").sheets}
    assert (marked["Tasks"], marked["Reports upward"], marked["Afterwards"]) == (False, True, True)


def test_each_level_tells_how_it_starts_and_what_it_adds() -> None:
    """At once or proposed to whom, its tasks, and which trigger reaches it."""
    levels = {level.word: level for level in shown("weather-warning").levels}
    assert list(levels) == ["IV", "III", "II", "I"]
    assert levels["IV"].start == Words(zh="立即启动", en="starts at once")
    assert levels["I"].start == Words(zh="报县长批准后启动", en="proposed to the county head")
    assert [task.id for task in levels["IV"].tasks] == ["spread-warning"]
    assert [task.id for task in levels["II"].tasks] == ["spread-warning", "danger-spots", "reservoirs", "stop-school"]
    assert levels["III"].triggers == ("colour",)


def test_a_plan_that_is_only_a_parent_is_shown_as_one() -> None:
    """Nothing triggers it."""
    assert "只供下级预案继承" in plain(shown("overall"))
    assert "nothing triggers it" in render(shown("overall")).lower()


def test_no_name_of_a_plan_becomes_markup() -> None:
    """Whatever officers write into their plans."""
    plan = msgspec.structs.replace(
        LIBRARY.plans["large-event"],
        titles=Words(zh=HOSTILE, en=HOSTILE),
        basis=[HOSTILE],
        tag=Words(zh=HOSTILE, en=""),
    )
    library = Library(LIBRARY.site, [plan])
    page = Page(render(view(library, plan)))
    assert "script" not in page.tags
    assert page.text.count(HOSTILE) >= 4


def overlap(one: Box, other: Box) -> bool:
    apart = (
        one.x + one.w <= other.x or other.x + other.w <= one.x
        or one.y + one.h <= other.y or other.y + other.h <= one.y
    )  # fmt: skip
    return not apart


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("layout", [wide, narrow])
def test_in_the_picture_nothing_overlaps_or_sticks_out(layout: type[Diagram], name: str) -> None:
    """Boxes lie apart and in the picture, and each line lies in its box."""
    picture = layout(shown(name))  # type: ignore[call-arg]
    assert not [pair for pair in combinations(picture.boxes, 2) if overlap(*pair)]
    for box in picture.boxes:
        assert box.x >= 0
        assert box.x + box.w <= picture.width
        assert box.y + box.h <= picture.height
        for y, line in box.lines:
            assert box.y < y < box.y + box.h
            assert text_width(line.text, SIZES[line.style]) <= box.w - 2 * PAD


def test_the_picture_links_each_trigger_to_the_levels_it_reaches() -> None:
    """Two triggers to one level; one to three, each of which goes on to who, and to tasks where there are any."""
    assert len(wide(shown("grain-warning-line")).links) == 2 + 2
    assert len(wide(shown("large-event")).links) == 3 + 3 + 2


def test_a_level_with_the_tasks_of_the_one_below_says_so() -> None:
    """Only what it adds is written out."""
    said = {box.lines[0][1].text for box in wide(shown("disaster-relief")).boxes if box.kind == "tasks"}
    assert {"Ⅳ级的任务，另加：", "同Ⅲ级", "同Ⅱ级"} <= said


def test_a_role_or_department_without_a_name_is_shown_as_it_is_written() -> None:
    """A site's duty role needs no name."""
    library = load(texts(relief=HAZARD))
    assert "duty_officer" in plain(view(library, library.plans["relief"]))


RICH = (
    HAZARD
    + """\
inhibits: [{alarms: weather, same: county}]
closes_on_return: true
update_every: 15m
texts: {page: {zh: 请速处置, en: act now}}
upgrade: [{when: {zh: 扩大, en: it spreads}, decides: duty_leader, to: I, source: test}]
reporting: [{id: daily, from: county, to: city, by: written, within: 24h, every: 24h, source: test}]
"""
)


@pytest.mark.parametrize(
    "said",
    [
        "每个（活动或事件）一个报警", "one alarm for each (event)",
        "weather", "任一触发条件", "recorded, not paged",
        "自动结案", "it closes by itself",
        "15 分钟内至多一次", "at most once in 15 min",
        "请速处置", "act now",
        "获知后 24 小时内", "每 24 小时", "within 24 h of knowing",
        "level I (especially serious)",
    ],
)  # fmt: skip
def test_what_is_seldom_written_is_shown_too(said: str) -> None:
    """Subjects, inhibition, closing, updates, texts, continued reports, levels that people alone lead to."""
    library = load(texts(relief=RICH))
    plan = view(library, library.plans["relief"])
    page = Page(render(plan)).text
    assert said in page
    assert said in plain(plan) or said == "recorded, not paged"  # a head of a column: the page has those
