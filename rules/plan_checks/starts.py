"""How a response begins: by a trigger, at once or with somebody's yes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.alerts import Words
from rules.fault import NOTHING
from rules.plan_checks.finding import Finding, Known
from rules.plan_checks.levels import reached

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.plans import Plan

TRIGGER = Words(
    zh="至少一个触发条件，或有预案以它为上级预案", en="a trigger, or a plan that names this one as its parent"
)
APPROVER = Words(zh="批准人的值班角色，因为 how 是 proposed", en="the role of the approver, as `how` is proposed")
NO_APPROVER = Words(zh="无批准人，或 how: proposed", en="no approver, or `how: proposed`")


ALL_OR_NONE = Words(
    zh="该级别如何启动：starts 要么写全各级，要么不写", en="how this level starts: `starts` tells every level, or none"
)


def nothing_opens_it(plan: Plan, known: Known) -> Iterator[Finding]:
    """A plan that nothing triggers and nobody inherits from does nothing at all."""
    if not plan.triggers and plan.id not in known.parents:
        yield Finding("$.triggers", NOTHING, TRIGGER)


def approvals(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """What is proposed is proposed to somebody; what starts at once asks nobody."""
    for level, start in plan.starts.items():
        path = f"$.starts.{level}.approver"
        if start.how == "proposed" and start.approver is None:
            yield Finding(path, NOTHING, APPROVER)
        if start.how == "at_once" and start.approver is not None:
            yield Finding(path, start.approver, NO_APPROVER)


def untold_starts(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """Where a lesser level asks an approver, a graver one that is left out would ask nobody."""
    for level in reached(plan) if plan.starts else ():
        if level != "line" and level not in plan.starts:
            yield Finding(f"$.starts.{level}", NOTHING, ALL_OR_NONE)
