"""How a plan takes from its parent: field by field, and a field that is written replaces the parent's whole.

Only the fields of `INHERITED` are taken. Nothing is merged inside a field: a plan that writes one task of its own has
that task alone. What a plan says of itself (titles, basis, scope, triggers …) is never its child's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

INHERITED = (
    "escalation", "starts", "texts", "update_every", "tasks", "reporting",
    "fields", "upgrade", "downgrade", "termination", "after_action", "retention",
)  # fmt: skip


def inherit(own: Mapping[str, Any], parent: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a plan over those of its parent, which has inherited already."""
    return {**{name: parent[name] for name in INHERITED if name in parent}, **own}


def ancestors(plan: str, parents: Mapping[str, str | None]) -> list[str]:
    """The parent, its parent, and so on; it ends before a plan that is not known, or that was there already."""
    found: list[str] = []
    above = parents.get(plan)
    while above is not None and above in parents and above not in (plan, *found):
        found.append(above)
        above = parents[above]
    return found


def cycle(plan: str, parents: Mapping[str, str | None]) -> list[str]:
    """The way from the plan back to itself, or nothing."""
    way = [plan, *ancestors(plan, parents)]
    return [*way, plan] if parents.get(way[-1]) == plan else []


def rooted(plan: str, parents: Mapping[str, str | None]) -> bool:
    """Whether the plan's line ends at a plan without a parent: what it inherits is known whole."""
    return parents.get([plan, *ancestors(plan, parents)][-1]) is None
