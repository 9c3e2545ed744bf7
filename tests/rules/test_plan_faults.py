"""Each kind of mistake in a plan: one small file beside the whole text that `fenghuo plan check` says of it.

`plan_faults/NAME.yaml` is the plan, `NAME.*.yaml` plans beside it, `NAME.txt` what is said; no text: nothing is wrong.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from rules import plan_checks
from rules.loading import load
from rules.yaml_file import BadFiles
from tests.rules.builders import POINTS, SITE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rules.plan_checks.finding import Finding, Known
    from rules.plans import Plan

FILES = Path(__file__).parent / "plan_faults"
CASES = sorted(path.stem for path in FILES.glob("*.yaml") if "." not in path.stem)
DEPARTMENTS = "departments: {fire: {zh: 消防, en: fire brigade}, police: {zh: 公安, en: police}}\n"
OVERALL = """\
id: overall
titles: {zh: 大纲, en: Overall}
tag: {zh: 大纲, en: OVERALL}
basis: [test]
escalation: {steps: [{page: [duty_officer], wait: 5m}], leader: [duty_leader]}
"""
CHILD = """\
id: child
parent: overall
titles: {zh: 子, en: Child}
tag: {zh: 子, en: CHILD}
basis: [test]
scope: [county, hazard]
triggers:
  - id: red
    when: {detector: table, facts: disaster_forecast, rows: [{measure: colour, colours: {I: red}, source: test}]}
"""


def said(case: str) -> str:
    """What is said of a library with the plans of a case in it."""
    plans = {f"plans/{path.name}": path.read_text(encoding="utf-8") for path in FILES.glob(f"{case}.*yaml")}
    files = {"site.yaml": SITE + DEPARTMENTS, "points.yaml": POINTS, "plans/0.yaml": OVERALL, "plans/1.yaml": CHILD}
    try:
        load(files | plans)
    except BadFiles as bad:
        return f"{bad}\n"
    return ""


@pytest.mark.parametrize("case", CASES)
def test_the_whole_text_of_each_mistake(case: str) -> None:
    """File, line, path, value, expected: nothing more is said, and nothing less."""
    expected = FILES / f"{case}.txt"
    assert said(case) == (expected.read_text(encoding="utf-8") if expected.exists() else "")


def test_every_check_has_a_mistake_that_it_finds(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check that nothing sets off might as well not be there."""
    found: set[str] = set()

    def watched(check: Callable[[Plan, Known], Iterator[Finding]]) -> Callable[[Plan, Known], Iterator[Finding]]:
        def run(plan: Plan, known: Known) -> Iterator[Finding]:
            for finding in check(plan, known):
                found.add(check.__name__)
                yield finding

        return run

    checks = plan_checks.CHECKS
    monkeypatch.setattr(plan_checks, "CHECKS", tuple(map(watched, checks)))
    for case in CASES:
        said(case)
    assert found == {check.__name__ for check in checks}


def test_where_the_site_is_broken_too_plans_are_checked_all_the_same() -> None:
    """Of names that it would have nothing is said: there is one fault of the site, and the plan's own."""
    plan = (FILES / "task-without-time.yaml").read_text(encoding="utf-8").replace("department: fire", "department: x")
    with pytest.raises(BadFiles) as bad:
        load({"site.yaml": "", "points.yaml": POINTS, "plans/0.yaml": OVERALL, "plans/case.yaml": plan})
    assert str(bad.value).splitlines() == [
        "site.yaml:1: 文件为空，应为“键: 值”形式的映射 (got an empty file, expected a mapping)",
        ("plans/case.yaml:15 tasks[0].within: 得到 '0s'，应为大于 0 的时间 (got '0s', expected a time above 0)"),
    ]
