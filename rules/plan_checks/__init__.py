"""What the types cannot say of a plan: each check a small pure function of a plan and of what is known around it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.plan_checks.bands import gaps, overlaps
from rules.plan_checks.deadlines import (
    after_closing,
    deductions,
    early_relays,
    kept_too_short,
    late_gravity,
    reminded_too_early,
    without_time,
    writing_before_phone,
)
from rules.plan_checks.levels import never_said, unreached
from rules.plan_checks.names import former_names, repeated, unknown_bodies, unknown_departments, unknown_roles
from rules.plan_checks.report_fields import foreign_statuses, unknown_fields, unnamed_fields
from rules.plan_checks.starts import approvals, nothing_opens_it, untold_starts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.plan_checks.finding import Finding, Known
    from rules.plans import Plan

CHECKS = (
    nothing_opens_it, approvals, untold_starts, unknown_roles, unknown_departments, unknown_bodies, repeated,
    former_names, unreached, never_said, overlaps, gaps,
    writing_before_phone, late_gravity, early_relays, after_closing, without_time, reminded_too_early, deductions,
    kept_too_short,
    unknown_fields, unnamed_fields, foreign_statuses,
)  # fmt: skip


def findings(plan: Plan, known: Known) -> Iterator[Finding]:
    """All that is wrong with a plan, check by check."""
    for check in CHECKS:
        yield from check(plan, known)
