"""Why a report, forecast or count is refused by what its site says, though it is well formed."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rules.expectations import choice
from rules.facts import GrainPriceReading, HazardReport
from rules.fault import Fault, fault

if TYPE_CHECKING:
    from rules.facts import AnyFact
    from rules.site import Site


class Refusal(NamedTuple):
    """`reason` is one of the documented words."""

    reason: str
    fault: Fault


def refusal(site: Site, fact: AnyFact) -> Refusal | None:
    """A category that the site does not name, or a figure of its own below 0 where there can be none."""
    if isinstance(fact, GrainPriceReading):
        return None
    categories = site.file.categories
    if categories and isinstance(fact, HazardReport) and fact.category not in categories:
        return Refusal("unknown_category", fault("category", fact.category, choice(sorted(categories))))
    wrong = site.measures.below_0(fact) if fact.values else None
    return Refusal("below_zero", wrong) if wrong is not None else None
