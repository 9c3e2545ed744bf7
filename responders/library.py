"""What the desk needs to know of the plans in force and of the site. The top floor provides it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from rules.alerts import PIPELINE_FAULT, Words
from rules.plan_duties import TIERS
from rules.plans import Escalation, Plan, Step
from rules.vocabulary import Role

if TYPE_CHECKING:
    from collections.abc import Mapping

BUILT_IN_VERSION = "built-in"


class Library(Protocol):
    """Plans by id and content hash, and names for people."""

    @property
    def county(self) -> str:
        """The site's own county: where faults of the pipeline are."""
        ...

    @property
    def several_counties(self) -> bool:
        """Whether more than one county is served, so that a text has to say which."""
        ...

    @property
    def duty_role(self) -> str:
        """The role that is paged when nothing better is known."""
        ...

    @property
    def plans(self) -> Mapping[str, Plan]:
        """The plans in force, by id."""
        ...

    def plan(self, plan_id: str, version: str) -> Plan | None:
        """The plan as it was accepted under this hash."""
        ...

    def county_name(self, county: str) -> Words: ...

    def place_name(self, plan_id: str, place: str) -> Words: ...

    def role_name(self, role: str) -> Words: ...

    def body_name(self, body: str) -> Words:
        """Who reports to whom: a tier, or a department of the site."""
        ...


class BareLibrary:
    """A library with no plans and no names: the last thing to fall back on."""

    def __init__(self, county: str, duty_role: str, *, several_counties: bool = False) -> None:
        self.county, self.duty_role, self.several_counties = county, duty_role, several_counties
        self.plans: Mapping[str, Plan] = {}

    def plan(self, plan_id: str, version: str) -> Plan | None:
        del plan_id, version
        return None

    def county_name(self, county: str) -> Words:
        return Words(zh=county, en=county)

    def place_name(self, plan_id: str, place: str) -> Words:
        del plan_id
        return Words(zh=place, en=place)

    def role_name(self, role: str) -> Words:
        return Words(zh=role, en=role)

    def body_name(self, body: str) -> Words:
        return TIERS.get(body) or Words(zh=body, en=body)


def built_in_escalation(duty_role: Role) -> Escalation:
    """Whom a fault of the pipeline, or an alert of an unknown plan, is taken to: the site's duty role, for ever."""
    return Escalation(steps=[Step(page=[duty_role], wait="5m")], repeat=1, leader=[duty_role])


def built_in_titles(plan_id: str) -> Words:
    """The title of a plan that nobody knows."""
    if plan_id == PIPELINE_FAULT:
        return Words(zh="系统故障", en="Pipeline fault")
    return Words(zh=f"预案 {plan_id}", en=f"Plan {plan_id}")


def built_in_tag(plan_id: str) -> Words:
    """The word in brackets of a plan that nobody knows."""
    if plan_id == PIPELINE_FAULT:
        return Words(zh="系统故障", en="Pipeline fault")
    return Words(zh="警报", en="Alert")
