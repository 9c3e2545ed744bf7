"""What the incident desk knows of plans and places, read from the site's library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from infra.in_force import InForce
from rules.alerts import PIPELINE_FAULT, Words
from rules.conditions.aim import STAGES
from rules.plan_duties import TIERS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.library import Library
    from rules.plans import Plan

PARTS = {
    "dead-letters": Words(zh="数据接收", en="intake"),
    "provider": Words(zh="短信通道", en="SMS provider"),
    "out-of-service": Words(zh="停用提醒", en="out of service"),
    "alarms": Words(zh="报警搁置", en="held alarms"),
    "audit": Words(zh="值守自检", en="audit"),
    "plans": Words(zh="预案库", en="library of plans"),
}
"""What can be broken of Fenghuo itself."""


class DeskLibrary:
    """`responders.library.Library` over the plans in force, which may change at any moment."""

    def __init__(self, library: Library | InForce) -> None:
        self._in_force = library if isinstance(library, InForce) else InForce(library)

    @property
    def _library(self) -> Library:
        return self._in_force.library

    @property
    def county(self) -> str:
        return self._library.site.file.county

    @property
    def several_counties(self) -> bool:
        return len(self._library.site.counties) > 1

    @property
    def duty_role(self) -> str:
        return self._library.site.file.duty_role

    @property
    def plans(self) -> Mapping[str, Plan]:
        return self._library.plans

    def plan(self, plan_id: str, version: str) -> Plan | None:
        return self._in_force.plan(plan_id, version)

    def county_name(self, county: str) -> Words:
        return self._library.site.counties.get(county, Words(zh=county, en=county))

    def place_name(self, plan_id: str, place: str) -> Words:
        """`330723/retail` → 武义县 零售."""
        parts = place.split("/")
        if plan_id == PIPELINE_FAULT:
            scope = ["county", "part", *["" for _ in parts[2:]]]
        else:
            plan = self._in_force.last_known(plan_id)
            if plan is not None:  # what comes last may have a stroke in its name: `Hubei/Wuhan`
                parts = place.split("/", len(plan.scope) - 1)
            scope = list(plan.scope) if plan and len(plan.scope) == len(parts) else ["" for _ in parts]
        named = [self._name(kind, part) for kind, part in zip(scope, parts, strict=False)]
        return Words(zh=" ".join(w.zh for w in named), en=" ".join(w.en for w in named))

    def role_name(self, role: str) -> Words:
        return self._library.site.file.roles.get(role, Words(zh=role, en=role))

    def body_name(self, body: str) -> Words:
        return TIERS.get(body) or self._library.site.file.departments.get(body, Words(zh=body, en=body))

    def _name(self, kind: str, part: str) -> Words:
        site, plain = self._library.site, Words(zh=part, en=part)
        if kind == "county":
            return self.county_name(part)
        if kind == "commodity":
            return site.commodity(part)
        if kind == "division":
            return site.division(part)
        if kind == "point" and part in site.points:
            return site.points[part].name
        if kind == "category":
            return site.category(part)
        return {"stage": STAGES, "hazard": site.hazards, "part": PARTS}.get(kind, {}).get(part, plain)
