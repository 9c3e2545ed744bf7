"""Names that lead nowhere: roles that no roster knows, departments and bodies that the site does not have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.alerts import Words
from rules.plan_checks.finding import Finding, Known, one_of
from rules.plan_duties import TIERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.plans import Plan

ROLE = Words(zh="site.yaml 的 roles 之一", en="one of `roles` in site.yaml")
DEPARTMENT = Words(zh="site.yaml 的 departments 之一", en="one of `departments` in site.yaml")
BODY = Words(
    zh=f"{' '.join(TIERS)} 或 site.yaml 的 departments 之一", en="one of these or of `departments` in site.yaml"
)
UNIQUE = Words(zh="预案内不重复的标识", en="an id that occurs once in the plan")
FORMER = Words(
    zh="已不再使用、且只写在一个触发条件下的旧标识", en="a former id that no trigger has now, named by one trigger only"
)


def roles(plan: Plan) -> Iterator[tuple[str, str]]:
    """Every role that a plan names, with its path."""
    for i, step in enumerate(plan.escalation.steps):
        for j, role in enumerate(step.page):
            yield f"$.escalation.steps[{i}].page[{j}]", role
    for i, role in enumerate(plan.escalation.leader):
        yield f"$.escalation.leader[{i}]", role
    for level, start in plan.starts.items():
        if start.approver is not None:
            yield f"$.starts.{level}.approver", start.approver
    for field in ("upgrade", "downgrade", "termination"):
        for i, judgement in enumerate(getattr(plan, field)):
            yield f"$.{field}[{i}].decides", judgement.decides


def unknown_roles(plan: Plan, known: Known) -> Iterator[Finding]:
    """A role that no roster knows reaches nobody."""
    for path, role in roles(plan):
        if role not in known.roles:
            yield Finding(path, role, one_of(role, ROLE, known.roles))


def unknown_departments(plan: Plan, known: Known) -> Iterator[Finding]:
    """A task of a department that there is not would be done by nobody."""
    for field in ("tasks", "after_action"):
        for i, duty in enumerate(getattr(plan, field)):
            if duty.department not in known.departments:
                expected = one_of(duty.department, DEPARTMENT, known.departments)
                yield Finding(f"$.{field}[{i}].department", duty.department, expected)


def unknown_bodies(plan: Plan, known: Known) -> Iterator[Finding]:
    """A report goes from somebody to somebody."""
    for i, report in enumerate(plan.reporting):
        for end, body in (("from", report.sender), ("to", report.to)):
            if body not in TIERS and body not in known.departments:
                yield Finding(f"$.reporting[{i}].{end}", body, one_of(body, BODY, [*TIERS, *known.departments]))


def repeated(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """Tasks and reports are found again by their ids."""
    for field in ("tasks", "reporting"):
        seen: set[str] = set()
        for i, duty in enumerate(getattr(plan, field)):
            if duty.id in seen:
                yield Finding(f"$.{field}[{i}].id", duty.id, UNIQUE)
            seen.add(duty.id)


def former_names(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """An alarm goes on under one name: a former id is of nothing that is there, and of one trigger only."""
    taken = {trigger.id for trigger in plan.triggers}
    for i, trigger in enumerate(plan.triggers):
        for j, was in enumerate(trigger.was):
            if was in taken:
                yield Finding(f"$.triggers[{i}].was[{j}]", was, FORMER)
            taken.add(was)
