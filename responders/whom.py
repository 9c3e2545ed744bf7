"""Whom a position of an escalation reaches: the roster now, else the people frozen when the incident opened."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from responders import escalation

if TYPE_CHECKING:
    from collections.abc import Iterable

    from responders.escalation import Position
    from responders.incidents import Incident
    from responders.ledger import Ledger


def people(ledger: Ledger, incident: Incident, here: Position) -> tuple[list[str], dict[str, Any]]:
    """Whom a position reaches, and what the roster said now and when the incident opened."""
    policy = incident.policy
    roles = here.roles
    found = of_roles(ledger, incident, roles)
    if not found and here.number > escalation.steps_of(policy):
        # The leader's step may not be empty: the duty role, then everybody whom the plan names.
        found = of_roles(ledger, incident, (policy.duty_role,))
        found = found or of_roles(ledger, incident, tuple(policy.people))
        if incident.exercise and not found:
            players = sorted(ledger.participants(incident.exercise) or ())
            found = [officer for officer in players if ledger.contacts(officer)]
        roles = (*roles, policy.duty_role)
    how: dict[str, Any] = {
        "on_duty": {role: list(ledger.on_duty(role) or ()) for role in roles},
        "frozen": {role: list(policy.people.get(role, ())) for role in roles},
    }
    return found, how


def on_watch(ledger: Ledger, incident: Incident) -> list[str]:
    """Whose work it is now: the owner and the first step's people; without any of them the leader."""
    first, _ = people(ledger, incident, escalation.position(incident.policy, 1))
    owner = [incident.owner] if incident.owner and can_be_paged(ledger, incident, incident.owner) else []
    return list(dict.fromkeys([*owner, *first])) or leaders(ledger, incident)


def leaders(ledger: Ledger, incident: Incident) -> list[str]:
    """Whom the leader's step reaches."""
    found, _ = people(ledger, incident, escalation.position(incident.policy, escalation.steps_of(incident.policy) + 1))
    return found


def of_roles(ledger: Ledger, incident: Incident, roles: Iterable[str]) -> list[str]:
    """Who can be paged on these roles."""
    found: dict[str, None] = {}
    for role in roles:
        now = [p for p in ledger.on_duty(role) or () if can_be_paged(ledger, incident, p)]
        frozen = [p for p in incident.policy.people.get(role, ()) if can_be_paged(ledger, incident, p)]
        found.update(dict.fromkeys(now or frozen))
    return list(found)


def holds(ledger: Ledger, incident: Incident, officer: str, roles: Iterable[str]) -> bool:
    """Whether an officer is on duty in one of the roles, now or when the incident opened."""
    frozen = incident.policy.people
    return any(officer in frozen.get(role, ()) or officer in (ledger.on_duty(role) or ()) for role in roles)


def decides(ledger: Ledger, incident: Incident, officer: str, roles: Iterable[str]) -> bool:
    """Whether what is left to these roles is an officer's to decide. In a drill without any of them its players do."""
    roles = tuple(roles)
    if not ledger.within_wall(incident, officer):
        return False
    if holds(ledger, incident, officer, roles):
        return True
    players = (ledger.participants(incident.exercise) or ()) if incident.exercise else ()
    return officer in players and not any(holds(ledger, incident, player, roles) for player in players)


def can_be_paged(ledger: Ledger, incident: Incident, officer: str) -> bool:
    return bool(ledger.contacts(officer)) and ledger.within_wall(incident, officer)
