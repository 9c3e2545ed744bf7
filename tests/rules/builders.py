"""A small site, facts about it, and a bench on which an engine and its table stand."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from rules import entries
from rules.engine import Engine
from rules.entries import Entry, MappingStates, Outcome, Record
from rules.facts import (
    DisasterForecast,
    DrillEnded,
    DrillStarted,
    GrainPriceReading,
    HazardReport,
    LargeEventStatus,
    Message,
    Tick,
)
from rules.library import Library
from rules.loading import load

if TYPE_CHECKING:
    from rules.alerts import Alert

T0 = datetime(2026, 1, 1, tzinfo=UTC)
COUNTY = "330723"
GRAIN_OFFICE = "wuyi-grain-office"
WUYI = Path(__file__).parents[2] / "contingency_plans" / "wuyi"

SITE = """\
county: "330723"
name: {zh: 武义县, en: Wuyi County}
duty_role: duty_officer
duty_phone: "0579-0000-0000"
divisions: {"330723105000": {zh: 王宅镇, en: Wangzhai}}
commodities: {rice: {zh: 粳米, en: japonica rice}}
roles: {duty_leader: {zh: 带班领导, en: duty leader}}
"""
POINTS = """\
defaults: {source: wuyi-grain-office, cadence: 10d}
points:
  - id: P01
    name: {zh: 一号点, en: Point 1}
    division: "330723105000"
    lines:
      - {commodity: rice, stage: retail, upper: "4.60", unit: 元/kg}
      - {commodity: paddy, stage: purchase, upper: "3200", lower: "2500", unit: 元/吨}
  - id: P02
    name: {zh: 二号点, en: Point 2}
    division: "330723105000"
    lines:
      - {commodity: rice, stage: retail, upper: "4.60", unit: 元/kg}
"""
GRAIN = """\
id: grain
titles: {{zh: 粮价, en: Grain price}}
tag: {{zh: 粮价, en: GRAIN}}
basis: [test]
scope: [county, stage]
triggers:
  - id: upper
    on_delay: {{readings: {readings}, duration: {duration}}}
    when:
      detector: warning_line
      stages: [purchase, retail]
      ratio: {{approach: "0.95", recovery: "0.98", source: test}}
  - id: lower
    when:
      detector: warning_line
      stages: [purchase]
      side: lower
      ratio: {{approach: "1.04", recovery: "1.02", source: test}}
escalation: {{steps: [{{page: [duty_officer], wait: 5m}}], leader: [duty_leader]}}
"""
HAZARD = """\
id: relief
titles: {zh: 救助, en: Relief}
tag: {zh: 救助, en: RELIEF}
basis: [test]
scope: [county, category]
triggers:
  - id: casualties
    when:
      detector: table
      facts: hazard_report
      where: {category: [flood, typhoon]}
      rows:
        - {measure: deaths_and_missing, levels: {IV: 1, III: 3, II: 6, I: 10}, unit: {zh: 人, en: people}, source: test}
        - {measure: relocated, levels: {IV: 300, III: 1000}, unit: {zh: 人, en: people}, source: test}
        - {measure: loss_cny, levels: {II: "100000000"}, unit: {zh: 元, en: CNY}, source: test}
escalation: {steps: [{page: [duty_officer], wait: 5m}], leader: [duty_leader]}
"""
WEATHER = """\
id: weather
titles: {zh: 气象, en: Weather}
tag: {zh: 气象, en: WEATHER}
basis: [test]
scope: [county, hazard]
triggers:
  - id: colour
    when:
      detector: table
      facts: disaster_forecast
      rows:
        - {measure: colour, colours: {IV: blue, III: yellow, II: orange, I: red}, source: test}
escalation: {steps: [{page: [duty_officer], wait: 5m}], leader: [duty_leader]}
"""
EVENT = """\
id: event
titles: {zh: 活动, en: Event}
tag: {zh: 活动, en: EVENT}
basis: [test]
scope: [county, event]
triggers:
  - id: filling
    when:
      detector: table
      facts: large_event
      rows:
        - {measure: filling_percent, levels: {IV: 80, III: 90, II: 100}, unit: {zh: "%", en: "%"}, source: test}
escalation: {steps: [{page: [duty_officer], wait: 5m}], leader: [duty_leader]}
"""


def texts(*, readings: int = 1, duration: str = "0", **changed: str) -> dict[str, str]:
    """The files of the small site; `points`, `site` or `grain` … replace one."""
    files = {
        "site.yaml": SITE, "points.yaml": POINTS,
        "plans/grain.yaml": GRAIN.format(readings=readings, duration=duration),
        "plans/relief.yaml": HAZARD, "plans/weather.yaml": WEATHER, "plans/event.yaml": EVENT,
    }  # fmt: skip
    for name, text in changed.items():
        files[f"{name}.yaml" if f"{name}.yaml" in files else f"plans/{name}.yaml"] = text
    return files


@cache
def library(readings: int = 1, duration: str = "0") -> Library:
    return load(texts(readings=readings, duration=duration))


def at(minutes: float) -> datetime:
    """So many minutes after the beginning of time."""
    return T0 + timedelta(minutes=minutes)


def price(minutes: float, amount: str, **changed: Any) -> GrainPriceReading:
    values: dict[str, Any] = {
        "county": COUNTY, "source": GRAIN_OFFICE, "observed_at": at(minutes), "point": "P01", "commodity": "rice",
        "stage": "retail", "price": Decimal(amount), "currency": "CNY", "unit": "元/kg",
    }  # fmt: skip
    return GrainPriceReading(**{**values, **changed})


def paddy(minutes: float, amount: str, **changed: Any) -> GrainPriceReading:
    return price(minutes, amount, **{"commodity": "paddy", "stage": "purchase", "unit": "元/吨", **changed})


def report(minutes: float, **changed: Any) -> HazardReport:
    values: dict[str, Any] = {
        "county": COUNTY, "source": "emergency-bureau", "observed_at": at(minutes), "report": "R1",
        "category": "flood", "division": "330723105000", "status": "reported",
    }  # fmt: skip
    return HazardReport(**{**values, **changed})


def forecast(minutes: float, colour: str = "yellow", **changed: Any) -> DisasterForecast:
    values: dict[str, Any] = {
        "county": COUNTY, "source": "weather-bureau", "observed_at": at(minutes), "warning": "W1",
        "hazard": "rainstorm", "colour": colour, "divisions": ["330723105000"], "message": "alert",
    }  # fmt: skip
    return DisasterForecast(**{**values, **changed})


def crowd(minutes: float, attendance: int | None, **changed: Any) -> LargeEventStatus:
    values: dict[str, Any] = {
        "county": COUNTY, "source": "police", "observed_at": at(minutes), "event": "lantern", "name": "元宵灯会",
        "venue": "壶山广场", "phase": "open", "capacity": 10000, "attendance": attendance,
    }  # fmt: skip
    return LargeEventStatus(**{**values, **changed})


class Bench:
    """One partition of each topic, an engine, and its table as it is kept: encoded."""

    def __init__(self, library_: Library | None = None, table: dict[str, Entry] | None = None) -> None:
        self.engine = Engine(library_ or library())
        self.table: dict[str, Entry] = {} if table is None else table
        self.offsets: dict[str, int] = {}
        self.alerts: list[Alert] = []
        self.committed = 0

    def record(self, topic: str, appended_at: datetime, offset: int | None = None, **changed: Any) -> Record:
        if offset is None:
            offset = self.offsets.get(topic, -1) + 1
        self.offsets[topic] = max(offset, self.offsets.get(topic, -1))
        return Record(topic, "id-1", 0, offset, appended_at, self.committed)._replace(**changed)

    def give(
        self, message: Message, *, topic: str | None = None, appended_at: datetime | None = None, **changed: Any
    ) -> Outcome:
        """Applies a message appended when it was observed (or as said), and keeps what it did."""
        own = topic or getattr(message, "topic", "grain-prices")
        when = appended_at or getattr(message, "observed_at", None) or message.at  # type: ignore[union-attr]
        record = self.record(own, when, **changed)
        outcome = self.engine.apply(MappingStates(self.table), record, message)
        self.keep(outcome)
        self.alerts += outcome.alerts
        return outcome

    def keep(self, outcome: Outcome) -> None:
        for key, entry in outcome.entries.items():
            if entry is None:
                self.table.pop(key, None)
            else:
                self.table[key] = entry

    def tick(
        self, minutes: float, topic: str = "grain-prices", offset: int | None = None, exercise: str | None = None
    ) -> Outcome:
        return self.give(Tick(at=at(minutes), exercise=exercise), topic=topic, offset=offset)

    def start_drill(
        self, exercise: str, source: str = "drill", topic: str = "grain-prices", minutes: float = 0
    ) -> Outcome:
        return self.give(DrillStarted(exercise=exercise, source=source, at=at(minutes)), topic=topic)

    def end_drill(self, exercise: str, topic: str = "grain-prices", minutes: float = 0) -> Outcome:
        return self.give(DrillEnded(exercise=exercise, at=at(minutes)), topic=topic)

    def restart(self) -> None:
        """What a worker comes back with: its table as the changelog has it."""
        self.table = {key: entries.decode(entries.encode(entry)) for key, entry in self.table.items()}


def moves(alerts: list[Alert]) -> list[tuple[str, str, str]]:
    """From, to and why of each alert."""
    return [(a.before, a.after, a.reason) for a in alerts]


def memories(table: dict[str, Entry]) -> dict[str, Any]:
    """What each entry's detector remembers, as plain JSON.

    Left out: which record it came from, the data's clock, which stands at the last tick that had something to do, and
    what is over, which is kept only for what it caused.
    """
    plain = {key: _plain(entry) for key, entry in sorted(table.items())}
    return {key: state for key, state in plain.items() if state is not None}


def _plain(entry: Entry) -> Any:
    state = msgspec.to_builtins(entry.state)
    if len(state) == 1:
        return state[0][-1:]  # of plans: the library in force
    if len(state) != 6:
        return state  # of a drill
    _place, _source, memory, _form, over, _occurrence = state
    if over:
        return None
    base, kept, (*now, _clock), *rest = memory
    return base, kept, now, rest
