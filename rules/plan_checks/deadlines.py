"""Deadlines that contradict each other: no officer could keep them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.alerts import Words
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
    """Where an incident closes by itself, tasks would outlive it."""
    if plan.closes_on_return and plan.tasks:
        expected = Words(
            zh="无任务，因为恢复即结案（closes_on_return）",
            en="no tasks, as the incident closes by itself (closes_on_return)",
        )
        yield Finding("$.tasks", Words(zh=f"有 {len(plan.tasks)} 项任务", en=f"{len(plan.tasks)}"), expected)


def without_time(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """A task needs some time, and so does what comes again."""
    times = [(f"$.tasks[{i}].within", task.within) for i, task in enumerate(plan.tasks)]
    times += [(f"$.reporting[{i}].every", report.every) for i, report in enumerate(plan.reporting) if report.every]
    for path, duration in times:
        if seconds(duration) == 0:
            yield Finding(path, duration, Words(zh="大于 0 的时间", en="a time above 0"))


def reminded_too_early(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """A reminder comes after the report is owed, and before it is late."""
    for i, report in enumerate(plan.reporting):
        least = min(_due(report), seconds(report.every)) if report.every else _due(report)
        for j, before in enumerate(report.remind):
            if not 0 < seconds(before) < least:
                expected = Words(
                    zh="大于 0、短于时限（及续报间隔）的时间",
                    en="a time above 0 and shorter than `within` (and `every`)",
                )
                yield Finding(f"$.reporting[{i}].remind[{j}]", before, expected)


def deductions(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """Points are taken from a year's hundred."""
    for i, task in enumerate(plan.tasks):
        if task.deduct is not None and not (task.deduct.is_finite() and 0 < task.deduct <= 100):  # noqa: PLR2004
            expected = Words(zh="大于 0、至多 100 的分数", en="points above 0 and at most 100")
            yield Finding(f"$.tasks[{i}].deduct", task.deduct, expected)


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
