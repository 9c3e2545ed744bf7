"""Deadlines that contradict each other: no officer could keep them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.alerts import Words
from rules.misfit import Said
from rules.plan_checks.finding import Finding, Known
from rules.plan_duties import RESPONSES
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.plan_duties import Report
    from rules.plans import Plan


def writing_before_phone(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """The telephone is the quicker: in writing is not due before it."""
    for i, written in enumerate(plan.reporting):
        for phone in plan.reporting:
            same = (written.by, phone.by) == ("written", "phone") and _leg(written) == _leg(phone)
            if same and _levels(written) & _levels(phone) and _due(written) < _due(phone):
                zh, en = f"不早于电话报告 {phone.id} 的 {phone.within}", f"at least {phone.within}, as by telephone"
                yield Finding(f"$.reporting[{i}].within", written.within, Words(zh=zh, en=f"{en} ({phone.id})"))


def late_gravity(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """A graver level is reported no later than a lesser one."""
    for i, graver in enumerate(plan.reporting):
        for lesser in plan.reporting:
            if (_leg(graver), graver.by) != (_leg(lesser), lesser.by) or _levels(graver) & _levels(lesser):
                continue
            if max(_levels(graver)) > min(_levels(lesser)) and _due(graver) > _due(lesser):
                expected = Words(
                    zh=f"不晚于较低级别的 {lesser.id}，即 {lesser.within}",
                    en=f"at most {lesser.within}, as for a lesser level ({lesser.id})",
                )
                yield Finding(f"$.reporting[{i}].within", graver.within, expected)


def early_relays(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """Who passes a report on is not due before it has reached him: both clocks start at the same `known_at`."""
    for i, onward in enumerate(plan.reporting):
        for first in plan.reporting:
            relayed = (first.to, first.by, first.clock) == (onward.sender, onward.by, onward.clock)
            if relayed and _levels(first) & _levels(onward) and _due(onward) < _due(first):
                expected = Words(
                    zh=f"不早于 {first.id} 的 {first.within}（此前消息尚未报到）",
                    en=f"at least {first.within}: until then {first.id} may not have come",
                )
                yield Finding(f"$.reporting[{i}].within", onward.within, expected)


def after_closing(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """Where an incident closes by itself, tasks would outlive it; a task needs some time."""
    no_tasks = Words(zh="无任务，因为恢复即结案（closes_on_return）", en="no tasks, as the incident closes_on_return")
    if plan.closes_on_return and plan.tasks:
        yield Finding("$.tasks", Said(f"{len(plan.tasks)}"), no_tasks)
    for i, task in enumerate(plan.tasks):
        if seconds(task.within) == 0:
            yield Finding(f"$.tasks[{i}].within", task.within, Words(zh="大于 0 的时限", en="a time above 0"))
        if task.deduct is not None and not 0 < task.deduct <= 100:  # noqa: PLR2004 - points of a year's hundred
            yield Finding(
                f"$.tasks[{i}].deduct", task.deduct, Words(zh="0 到 100 之间的分数", en="points from 0 to 100")
            )


def kept_too_short(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """What is owed after the end rests on the record."""
    keep = plan.retention
    for i, duty in enumerate(plan.after_action if keep else ()):
        if keep and seconds(duty.within) > seconds(keep.keep):
            expected = Words(zh=f"不超过档案保存期 {keep.keep}", en=f"at most {keep.keep}, as long as records are kept")
            yield Finding(f"$.after_action[{i}].within", duty.within, expected)


def _leg(report: Report) -> tuple[str, str, str]:
    return report.sender, report.to, report.clock


def _levels(report: Report) -> frozenset[int]:
    """The levels of a report by their rank."""
    return frozenset(map(RESPONSES.index, report.levels or RESPONSES))


def _due(report: Report) -> int:
    return seconds(report.within)
