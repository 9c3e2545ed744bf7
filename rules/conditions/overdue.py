"""A hazard that was to be rectified by an instant, and was not: days past it, told by the clock alone.

Per report the version with the latest observation counts: it is open unless that says `rectified` or `closed`, and a
deadline that it leaves out is the last one known. Bands are half-open (以上 includes the number: 国务院令493 art. 3): a
bound of n days is reached at `rectify_by` + n days to the microsecond. The longest overdue of a subject decides. How
many days late are how grave is the site's value; e.g. a county that asks for the reason, then sets a last term in
writing when there is none (W joyce-tex.com art2015110art_13506_114941).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules.alerts import Words
from rules.conditions.condition import Condition, Ladder, graded
from rules.conditions.figures import MOST
from rules.facts import HazardReport
from rules.shanghai import SHANGHAI

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.detector import Sample
    from rules.facts import AnyFact
    from rules.limits import Verdict
    from rules.severity import Severity
    from rules.site import Site
    from rules.triggers import Overdue

SETTLED = ("rectified", "closed")
_DAY = timedelta(days=1)
_LAST = datetime.max.replace(tzinfo=UTC)

Report = dict[str, Any]
"""`name`, `town`, `by` (ISO instant or None), `open`."""


class OverdueCondition(Condition):
    """Reports of hazards by source and number, the newest last. Remembers `MOST` of them, settled ones go first."""

    kept = MOST

    def __init__(self, spec: Overdue, site: Site) -> None:
        self._site = site
        self._where = {field: frozenset(values) for field, values in spec.where.items()}
        self._ladder = Ladder({grade: Decimal(days) for grade, days in spec.days.items()})
        self._steps = [timedelta(days=days) for days in spec.days.values()]
        self.levels = self._ladder.levels

    def start(self) -> dict[str, Report]:
        return {}

    def extract(self, fact: AnyFact) -> dict[str, Any] | None:
        if not isinstance(fact, HazardReport):
            return None
        if not all(str(getattr(fact, field)) in values for field, values in self._where.items()):
            return self.gone(fact)
        by = fact.rectify_by and fact.rectify_by.astimezone(UTC).isoformat()
        return {"name": fact.report, "town": fact.division, "by": by, "open": fact.status not in SETTLED}

    def gone(self, fact: AnyFact) -> dict[str, Any] | None:
        return {} if isinstance(fact, HazardReport) else None

    def read(self, memory: dict[str, Report], sample: Sample, said: dict[str, Any]) -> dict[str, Report]:
        others = {key: one for key, one in memory.items() if key != sample.key}
        if not said:
            return others
        if len(others) >= MOST:
            del others[_least_needed(others)]
        known = memory.get(sample.key)
        return {**others, sample.key: {**said, "by": said["by"] or (known and known["by"])}}

    def due(self, memory: dict[str, Report], clock: datetime) -> datetime | None:
        ends = (by + step for by in _deadlines(memory) for step in self._steps if step <= _LAST - by)
        return min((end for end in ends if end > clock), default=None)

    def verdict(self, memory: dict[str, Report], at: datetime) -> Verdict:
        first = min(_deadlines(memory), default=None)
        return self._ladder.verdict(Decimal(-1) if first is None else _days(at - first))

    def explain(self, memory: dict[str, Report], at: datetime, severity: Severity, *, estimated: bool) -> Words:  # noqa: ARG002
        late = sorted((_deadline(one), key) for key, one in memory.items() if one["by"] and one["open"])
        late = [(by, key) for by, key in late if by <= at]
        if not late:
            return self._none_late(memory)
        by, key = late[0]
        town, name = self._site.division(memory[key]["town"]), memory[key]["name"]
        day, days, grade = f"{by.astimezone(SHANGHAI):%Y-%m-%d %H:%M}", (at - by) // _DAY, graded(severity)
        long = Words(zh=f"已逾期 {days} 天", en=f"overdue for {days} days")
        if not days:
            long = Words(zh="已逾期不足 1 天", en="overdue for less than a day")
        more = Words(zh="", en="")
        if len(late) > 1:
            more = Words(zh=f"，共 {len(late)} 件逾期，此件最久", en=f", the longest of {len(late)} overdue")
        return Words(
            zh=f"{town.zh} 隐患 {name} 应于 {day} 前整改，{long.zh}{more.zh}{grade.zh}",
            en=f"{town.en}: hazard {name} was to be rectified by {day}, {long.en}{more.en}{grade.en}",
        )

    def _none_late(self, memory: dict[str, Report]) -> Words:
        """Why there is nothing to tell (any more): of the report that was told last."""
        newest = next(reversed(memory.values()), None)
        if newest is None:
            return Words(zh="原报告已改报他处", en="the report now stands elsewhere")
        town, name = self._site.division(newest["town"]), newest["name"]
        how = Words(zh="未到整改期限", en="is not due yet")
        if not newest["open"]:
            how = Words(zh="已整改或销号", en="is rectified or closed")
        return Words(
            zh=f"{town.zh} 隐患 {name} {how.zh}，无逾期", en=f"{town.en}: hazard {name} {how.en}, none overdue"
        )


def _deadline(report: Report) -> datetime:
    return datetime.fromisoformat(report["by"])


def _deadlines(memory: dict[str, Report]) -> Iterator[datetime]:
    """Of those that are open and have one."""
    return (_deadline(one) for one in memory.values() if one["open"] and one["by"])


def _days(span: timedelta) -> Decimal:
    """Less than 0, and so than any bound, before the deadline."""
    return Decimal(span // timedelta(microseconds=1)) / (_DAY // timedelta(microseconds=1))


def _least_needed(memory: dict[str, Report]) -> str:
    """Of too many: a settled one, else one without a deadline, else the one due last; of equals the oldest."""
    return max(memory, key=lambda key: _rank(memory[key]))


def _rank(one: Report) -> tuple[bool, bool, str]:
    return not one["open"], not one["by"], one["by"] or ""
