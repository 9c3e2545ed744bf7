"""Figures of hazard reports, which are totals to date (DESIGN's rule of totals).

Per report the version with the latest `observed_at` counts, and a field it leaves out keeps the last known value.
`event` joins reports of one occurrence: within it the highest figure per field counts, across occurrences figures are
added, but for those that the site says do not add up (two earthquakes have no magnitude together). A window runs from
the occurrence's first observation: 30 days for a changed number of dead, 7 for road accidents and fires
(生产安全事故报告和调查处理条例 art. 13).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules.alerts import Words
from rules.conditions.figures import MOST, Figures

if TYPE_CHECKING:
    from rules.detector import Sample
    from rules.facts import HazardReport
    from rules.site import Site

Occurrence = dict[str, Any]
"""`first` observation, `reports`: report to its figures, `town`: where it was last seen."""

REST = ""
"""The report that stands for those no longer known one by one: what they say together."""


class ReportFigures(Figures):
    """Occurrences by event (or report, where there is none), each with its reports."""

    kept = MOST // 2

    def __init__(self, site: Site, window: timedelta) -> None:
        self._site, self._measures, self._window = site, site.measures, window

    def start(self) -> dict[str, Occurrence]:
        return {}

    def extract(self, fact: HazardReport) -> dict[str, Any]:  # type: ignore[override]
        figures = self._measures.stated(fact)
        return {"event": occurrence(fact), "name": fact.event or fact.report, "town": fact.division, "figures": figures}

    def read(self, memory: dict[str, Occurrence], sample: Sample, said: dict[str, Any]) -> dict[str, Occurrence]:
        known = memory.get(said["event"]) or {"first": sample.observed_at.isoformat(), "reports": {}}
        reports = self._stated(known["reports"], sample.key, said["figures"])
        now = {"first": known["first"], "reports": reports, "town": said["town"], "name": said["name"]}
        others = {event: one for event, one in memory.items() if event != said["event"]}
        if len(others) >= MOST:
            del others[next(iter(others))]
        return {**others, said["event"]: now}  # the newest last

    def leave(self, memory: dict[str, Occurrence], key: str) -> dict[str, Occurrence]:
        left = {
            event: {**one, "reports": {name: said for name, said in one["reports"].items() if name != key}}
            for event, one in memory.items()
        }
        return {event: one for event, one in left.items() if one["reports"]}

    def figures(self, memory: dict[str, Occurrence], at: datetime) -> dict[str, Any]:
        live = [one for one in memory.values() if self._counts(one, at)]
        each: dict[str, list[Decimal]] = {}
        for one in live:
            for field, value in self._measures.within(one["reports"].values()).items():
                each.setdefault(field, []).append(Decimal(value))
        total: dict[str, Any] = {field: self._measures.join(field).across(found) for field, found in each.items()}
        if live:
            total["events"] = Decimal(len(live))
        return total

    def due(self, memory: dict[str, Occurrence], clock: datetime) -> datetime | None:
        if not self._window:
            return None
        ends = (_first(one) + self._window for one in memory.values())
        return min((end for end in ends if end > clock), default=None)

    def title(self, memory: dict[str, Occurrence], at: datetime, fields: tuple[str, ...] = ()) -> Words:  # noqa: ARG002
        if not memory:
            return Words(zh="原报告已改报他处，", en="the report now stands elsewhere")
        live = [one for one in memory.values() if self._counts(one, at)] or list(memory.values())
        newest = live[-1]
        town = self._site.division(newest["town"])
        more = len(live) - 1
        return Words(
            zh=f"{town.zh} {newest['name']}" + (f"等{more + 1}起" if more else ""),
            en=f"{town.en} {newest['name']}" + (f" and {more} more" if more else ""),
        )

    def _counts(self, one: Occurrence, at: datetime) -> bool:
        return not self._window or at < _first(one) + self._window

    def _stated(
        self, reports: dict[str, dict[str, Any]], key: str, figures: dict[str, Any]
    ) -> dict[str, dict[str, Any]]:
        if key in reports or len(reports) < MOST:
            return {**reports, key: {**reports.get(key, {}), **figures}}
        oldest = next(name for name in reports if name != REST)  # too many to be known one by one
        return {
            REST: self._measures.within([reports.get(REST, {}), reports[oldest]]),
            **{name: said for name, said in reports.items() if name not in (REST, oldest)},
            key: figures,
        }


def occurrence(fact: HazardReport) -> str:
    """Two sources number their reports by themselves: only an event joins them."""
    return fact.event or f"{fact.source}/{fact.report}"


def _first(one: Occurrence) -> datetime:
    return datetime.fromisoformat(one["first"])
