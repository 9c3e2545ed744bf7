"""What an incident keeps of its plan's duties, as they were when it opened: how each level starts, who ends it, what is
reported upward by when. Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rules.alerts import Words
from rules.severity import LEVELS
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.plan_duties import Judgement, Report
    from rules.plans import Plan


class FrozenStart(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How one level starts: at once, or when the approver's role says yes."""

    approver: str | None = None
    """None: at once."""
    measures: tuple[Words, ...] = ()


class FrozenJudgement(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which role decides that a response rises, goes down or ends, and to which level where only to one."""

    decides: str
    to: str | None = None


class FrozenReport(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One report upward. `within` and `every` in seconds."""

    id: str
    sender: str
    receiver: str
    manner: str
    within: int
    every: int | None = None
    from_opening: bool = False
    """Its clock starts when the incident opens or rises, not when the reporter learned of it."""
    levels: tuple[str, ...] = ()
    """Empty: at every level."""
    remind: tuple[int, ...] = ()
    """How long before the deadline it is reminded of, in seconds; empty: as is usual (`responders.reports`)."""

    def applies(self, level: str) -> bool:
        return not self.levels or level in self.levels


class Duties(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The duties of one plan. Those of a plan that nobody knows are none."""

    starts: dict[str, FrozenStart] = {}
    upgrade: tuple[FrozenJudgement, ...] = ()
    downgrade: tuple[FrozenJudgement, ...] = ()
    termination: tuple[FrozenJudgement, ...] = ()
    reports: tuple[FrozenReport, ...] = ()

    @property
    def proposes(self) -> bool:
        """Whether any level waits for an approver."""
        return any(start.approver for start in self.starts.values())

    def raises(self, to: str) -> tuple[str, ...]:
        """The roles that may start a level: who approves it, and whose judgement the upgrade is."""
        start = self.starts.get(to)
        return _roles([start.approver if start else None, *_deciders(self.upgrade, to)])

    def lowers(self, running: str, to: str) -> tuple[str, ...]:
        """The roles that may lower a running response; where the plan names none, those that may end it."""
        return _roles(_deciders(self.downgrade, to)) or self.ends(running)

    def ends(self, running: str) -> tuple[str, ...]:
        """The roles that may end a running response; where the plan names none, whoever approved it: 谁启动、谁终止."""
        start = self.starts.get(running)
        return _roles(j.decides for j in self.termination) or _roles([start.approver if start else None])


def freeze(plan: Plan | None) -> Duties:
    """The duties of a plan as they are now."""
    if plan is None:
        return Duties()
    at_once = {level.word: FrozenStart() for level in LEVELS}
    starts = {
        str(level): FrozenStart(
            approver=start.approver if start.how == "proposed" else None, measures=tuple(start.measures)
        )
        for level, start in plan.starts.items()
    }
    return Duties(
        starts=at_once | starts,
        upgrade=_judgements(plan.upgrade),
        downgrade=_judgements(plan.downgrade),
        termination=_judgements(plan.termination),
        reports=tuple(_report(report) for report in plan.reporting),
    )


def roles_of(plan: Plan) -> tuple[str, ...]:
    """Every role whose word the plan may need, each once."""
    judgements = [*plan.upgrade, *plan.downgrade, *plan.termination]
    return _roles([*(start.approver for start in plan.starts.values()), *(j.decides for j in judgements)])


def _judgements(found: Iterable[Judgement]) -> tuple[FrozenJudgement, ...]:
    return tuple(FrozenJudgement(decides=judgement.decides, to=judgement.to) for judgement in found)


def _report(report: Report) -> FrozenReport:
    return FrozenReport(
        id=report.id, sender=report.sender, receiver=report.to, manner=report.by, within=seconds(report.within),
        every=seconds(report.every) if report.every else None, from_opening=report.clock == "opened_at",
        levels=tuple(map(str, report.levels)), remind=tuple(map(seconds, report.remind)),
    )  # fmt: skip


def _deciders(judgements: Iterable[FrozenJudgement], to: str) -> list[str]:
    return [judgement.decides for judgement in judgements if judgement.to in {None, to}]


def _roles(found: Iterable[str | None]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(role for role in found if role))
