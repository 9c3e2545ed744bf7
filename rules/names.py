"""What a site calls what its plans and reports name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rules.alerts import Words
from rules.hazards import HAZARDS
from rules.measures import Measures

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rules.site import Site


class Names(NamedTuple):
    """Words for people; what has none stands as it is written."""

    measures: Measures = Measures()
    """What its tables can measure."""
    categories: Mapping[str, Words] = {}
    hazards: Mapping[str, Words] = HAZARDS

    @classmethod
    def of(cls, site: Site) -> Names:
        return cls(site.measures, site.file.categories, site.hazards)

    def value(self, field: str, value: str) -> Words:
        """What a value of a fact's field is called."""
        known = {"category": self.categories, "hazard": self.hazards}.get(field, {})
        return known.get(value, Words(zh=value, en=value))
