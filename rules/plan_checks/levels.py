"""Levels that nothing reaches: what is asked at such a level would never be done."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.alerts import Words
from rules.describe import describe
from rules.names import Names
from rules.plan_checks.finding import Finding, Known
from rules.plan_duties import RESPONSES
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.plan_duties import Response
    from rules.plans import Plan


UNNAMED = Names()
"""What a trigger reaches does not depend on what things are called."""


def reached(plan: Plan) -> tuple[Response, ...]:
    """The severities at which the plan responds, least grave first: those of its triggers, and what people raise to."""
    by_triggers = {word for trigger in plan.triggers for word in describe(trigger.when, UNNAMED).reaches}
    by_people = {judgement.to for judgement in plan.upgrade if judgement.to is not None}
    return tuple(word for word in RESPONSES if word in by_triggers | by_people)


def asked(plan: Plan) -> Iterator[tuple[str, str]]:
    """Every level at which the plan asks something, with its path."""
    for level in plan.starts:
        yield f"$.starts.{level}", level
    for field in ("tasks", "reporting", "after_action"):
        for i, duty in enumerate(getattr(plan, field)):
            for j, level in enumerate(duty.levels):
                yield f"$.{field}[{i}].levels[{j}]", level


def unreached(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """A plan without triggers is only a parent: its children say what they reach."""
    if not plan.triggers:
        return
    there = reached(plan)
    shown = " ".join(there)
    expected = Words(
        zh=f"有触发条件能达到的级别：{shown}", en=f"a level that a trigger reaches, or `upgrade` leads to: {shown}"
    )
    for path, level in asked(plan):
        if level not in there:
            yield Finding(path, level, expected)


def never_said(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """What a trigger tells besides at a grade that it does not reach."""
    for i, trigger in enumerate(plan.triggers):
        there = sorted(describe(trigger.when, UNNAMED).reaches, key=Severity.of)
        for word in trigger.says:
            if word not in there:
                shown = " ".join(there)
                expected = Words(zh=f"该触发条件能达到的级别：{shown}", en=f"a grade that the trigger reaches: {shown}")
                yield Finding(f"$.triggers[{i}].says.{word}", word, expected)
