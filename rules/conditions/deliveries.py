"""Grain orders with farmers (订单粮食): deliveries to date behind what the contract's schedule asks for by now.

The shortfall in percentage points is what the schedule asks for (its last date not after now) less the delivered share
of the contracted tonnes. What was delivered is told with a purchase price (`delivered_t`, a total to date); a point
that has told nothing is silent, not at nought.
"""

from __future__ import annotations

from datetime import UTC, datetime, time
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING

from rules.alerts import Words
from rules.conditions.condition import Condition, Ladder, graded
from rules.limits import UNKNOWN, Verdict
from rules.shanghai import SHANGHAI

if TYPE_CHECKING:
    from rules.conditions.aim import Aim
    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.severity import Severity
    from rules.triggers import Deliveries


class DeliveriesCondition(Condition):
    """One point's contract for one commodity. Remembers the last total that was told, in tonnes."""

    def __init__(self, spec: Deliveries, aim: Aim) -> None:
        contract = aim.line.contract
        if contract is None:
            message = f"points.{aim.point.id}: the contract of {aim.line.commodity}/{aim.line.stage} is missing"
            raise ValueError(message)
        self._aim, self._tonnes = aim, contract.tonnes
        self._schedule = sorted((_end_of(due.by), due.percent) for due in contract.schedule)
        self._ladder = Ladder(spec.short_by)
        self.levels = self._ladder.levels

    def start(self) -> str:
        return ""

    def extract(self, fact: AnyFact) -> str | None:
        if not self._aim.watches(fact) or fact.delivered_t is None:  # type: ignore[union-attr]
            return None
        return str(fact.delivered_t)  # type: ignore[union-attr]

    def read(self, memory: str, sample: Sample, said: str) -> str:  # noqa: ARG002 - a total to date: the last counts
        return said

    def due(self, memory: str, clock: datetime) -> datetime | None:
        return next((by for by, _ in self._schedule if by > clock), None) if memory else None

    def verdict(self, memory: str, at: datetime) -> Verdict:
        return self._ladder.verdict(self._asked(at) - self._share(memory)) if memory else UNKNOWN

    def explain(self, memory: str, at: datetime, severity: Severity, *, estimated: bool) -> Words:  # noqa: ARG002
        where, grade = self._aim.where, graded(severity)
        asked, share = self._asked(at), self._share(memory)
        shown = f"{share.quantize(Decimal('0.1'), ROUND_DOWN):f}"
        return Words(
            zh=f"{where.zh} 订单 {self._tonnes} 吨，已交 {memory} 吨（{shown} %），按进度应交 {asked} %{grade.zh}",
            en=f"{where.en}: {memory} t of {self._tonnes} t under contract delivered ({shown} %),"
            f" {asked} % due by now{grade.en}",
        )

    def _asked(self, at: datetime) -> Decimal:
        return max((percent for by, percent in self._schedule if by <= at), default=Decimal(0))

    def _share(self, memory: str) -> Decimal:
        return Decimal(memory) * 100 / self._tonnes


def _end_of(day: str) -> datetime:
    """The end of a day in Asia/Shanghai."""
    found = datetime.combine(datetime.fromisoformat(day).date(), time.max, SHANGHAI)
    return found.astimezone(UTC)
