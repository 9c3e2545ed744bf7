"""The site of these tests: the example with more counties, so that every test has a place of its own; and facts."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import yaml

from infra.site_files import example_site

if TYPE_CHECKING:
    from pathlib import Path

COUNTIES = 40
POINTS = ("P1", "P2", "P3")
GRAIN_OFFICE, EMERGENCY, WEATHER, VENUE = "wuyi-grain-office", "emergency-bureau", "weather-office", "venue"
SOURCES = {
    GRAIN_OFFICE: "grain_price",
    EMERGENCY: "hazard_report",
    WEATHER: "disaster_forecast",
    VENUE: "large_event",
}
QUICK_STEPS = "4s"
OFFICERS = {
    "粮食值班员甲": ["+12025550111"],
    "总值班员乙": ["+12025550112", "+12025550122"],
    "带班领导丙": ["+12025550113"],
    "应急值班员丁": ["+12025550114"],
    "公安值班员戊": ["+12025550115"],
    "防疫值班员己": ["+12025550116"],
    "防疫值班员庚": ["+12025550117"],
    "分管领导辛": ["+12025550118"],
}
DECIDES = ("grain_head", "emergency_head", "police_head", "flood_head", "office_deputy", "vice_head", "county_head")
"""Whose word responses need: here one person's."""
SPINE = (
    "overall", "grain-emergency", "grain-warning-line", "silent-points", "disaster-relief", "large-event",
    "weather-warning",
)  # fmt: skip
"""The plans of these tests: one occurrence is to page for one plan, however many the county's library has."""
Fact = dict[str, Any]


def make_site(target: Path) -> None:
    """The example's points, drills and some of its plans, more counties with three points, a plan with short steps."""
    shutil.copytree(example_site(), target)
    for plan in (target / "plans").glob("*.yaml"):
        if plan.stem not in SPINE:
            plan.unlink()
    codes = [code(number) for number in range(COUNTIES)]
    site = _read(target / "site.yaml")
    site["counties"] = {c: {"zh": f"试验县{c[3:]}", "en": f"County {c[3:]}"} for c in codes}
    site["categories"]["epidemic"] = {"zh": "疫情", "en": "epidemic"}
    site["roles"]["epidemic_duty"] = {"zh": "卫健值班员", "en": "health duty officer"}
    _write(target / "site.yaml", site)
    points = _read(target / "points.yaml")
    line = {"commodity": "rice", "stage": "retail", "upper": "4.60", "unit": "元/kg"}
    points["points"] += [
        {"id": f"{c}-{p}", "name": {"zh": f"{p}市场", "en": p}, "division": f"{c}001000", "lines": [line]}
        for c in codes
        for p in POINTS
    ]
    _write(target / "points.yaml", points)
    _write(target / "plans" / "epidemic.yaml", _quick(_read(target / "plans" / "disaster-relief.yaml")))


def _quick(plan: dict[str, Any]) -> dict[str, Any]:
    """Steps that fall due while a test looks on."""
    return plan | {
        "id": "epidemic",
        "tag": {"zh": "疫情处置", "en": "EPIDEMIC"},
        "triggers": [
            trigger | {"when": trigger["when"] | {"where": {"category": ["epidemic"]}}} for trigger in plan["triggers"]
        ],
        "escalation": {
            "steps": [{"page": ["epidemic_duty"], "wait": QUICK_STEPS}, {"page": ["epidemic_duty"], "wait": "5m"}],
            "leader": ["duty_leader"],
        },
        "starts": {level: {"how": "at_once"} for level in ("IV", "III", "II", "I")},
    }


def make_roster(target: Path, epidemic_duty: list[tuple[str, datetime, datetime]] | None = None) -> None:
    """Everybody, and who is on duty."""
    start, end = datetime(2026, 1, 1, tzinfo=UTC), datetime(2036, 1, 1, tzinfo=UTC)
    roles = dict(
        zip(("grain_duty", "duty_officer", "duty_leader", "emergency_duty", "police_duty"), OFFICERS, strict=False)
    )
    duties = [(role, name, start, end) for role, name in roles.items()]
    duties += [(role, "分管领导辛", start, end) for role in DECIDES]
    duties += [("epidemic_duty", *one) for one in epidemic_duty or []]
    officers = [
        {"name": name, "contacts": [{"channel": "twilio", "address": number} for number in numbers]}
        for name, numbers in OFFICERS.items()
    ]
    duty = [{"role": r, "officer": o, "from": a.isoformat(), "to": b.isoformat()} for r, o, a, b in duties]
    _write(target, {"officers": officers, "duty": duty})


def code(number: int) -> str:
    return f"990{number + 101:03d}"


@dataclass(frozen=True)
class County:
    """One county of the site, and what is observed there."""

    code: str

    @property
    def grain(self) -> str:
        """The place of the grain plan's incident."""
        return f"{self.code}/retail"

    def price(self, price: str, point: str = "P1", *, ago: timedelta = timedelta(), **more: Any) -> Fact:
        """A retail price of rice, measured now or some time ago."""
        return self._fact("grain_price", GRAIN_OFFICE, ago) | {
            "point": f"{self.code}-{point}", "commodity": "rice", "stage": "retail",
            "price": price, "currency": "CNY", "unit": "元/kg",
        } | more  # fmt: skip

    def report(self, category: str = "flood", **figures: Any) -> Fact:
        """A hazard report."""
        return self._fact("hazard_report", EMERGENCY) | {
            "report": f"R-{self.code}", "event": f"E-{self.code}", "category": category,
            "division": f"{self.code}001000", "status": "verified",
        } | figures  # fmt: skip

    def forecast(self, colour: str, hazard: str = "rainstorm") -> Fact:
        """A warning of the weather office."""
        return self._fact("disaster_forecast", WEATHER) | {
            "warning": f"W-{self.code}", "hazard": hazard, "colour": colour, "divisions": [f"{self.code}001"],
            "message": "alert", "issuer": "气象台",
        }  # fmt: skip

    def crowd(self, attendance: int, capacity: int = 10_000) -> Fact:
        """How full an event is."""
        return self._fact("large_event", VENUE) | {
            "event": f"L-{self.code}", "name": "灯会", "venue": "公园", "phase": "under_way",
            "capacity": capacity, "attendance": attendance,
        }  # fmt: skip

    def _fact(self, kind: str, source: str, ago: timedelta = timedelta()) -> Fact:
        observed = datetime.now(UTC) - ago
        return {"kind": kind, "county": self.code, "source": source, "observed_at": observed.isoformat()}


def _read(path: Path) -> dict[str, Any]:
    return dict(yaml.safe_load(path.read_text(encoding="utf-8")))


def _write(path: Path, value: dict[str, Any]) -> None:
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1), encoding="utf-8")  # which is YAML, too
