"""Figures of a large event: each source's last word, and of two sources the higher count (never the sum)."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

from rules.alerts import Words
from rules.conditions.figures import MOST, Figures
from rules.measures import FIGURES

if TYPE_CHECKING:
    from datetime import datetime

    from rules.detector import Sample
    from rules.facts import LargeEventStatus


class CrowdFigures(Figures):
    """What each source last said of each field."""

    def start(self) -> dict[str, Any]:
        return {"said": {}, "name": "", "venue": ""}

    def extract(self, fact: LargeEventStatus) -> dict[str, Any]:  # type: ignore[override]
        found = {field: getattr(fact, field) for field in FIGURES["large_event"]}
        figures = {f: v if isinstance(v, int) else str(v) for f, v in found.items() if v is not None}
        return {"name": fact.name, "venue": fact.venue, "figures": figures}

    def read(self, memory: dict[str, Any], sample: Sample, said: dict[str, Any]) -> dict[str, Any]:
        sources = {key: one for key, one in memory["said"].items() if key != sample.key}
        if len(sources) >= MOST:
            del sources[next(iter(sources))]
        sources[sample.key] = {**memory["said"].get(sample.key, {}), **said["figures"]}
        return {"said": sources, "name": said["name"], "venue": said["venue"]}

    def leave(self, memory: dict[str, Any], key: str) -> dict[str, Any]:
        return {**memory, "said": {source: one for source, one in memory["said"].items() if source != key}}

    def figures(self, memory: dict[str, Any], at: datetime) -> dict[str, Any]:  # noqa: ARG002
        found: dict[str, Any] = {}
        for one in memory["said"].values():
            for field, value in one.items():
                found[field] = max(found.get(field, value), value, key=Decimal)
        return found

    def title(self, memory: dict[str, Any], at: datetime) -> Words:  # noqa: ARG002
        name, venue = memory["name"], memory["venue"]
        return Words(zh=f"{name}（{venue}）", en=f"{name} ({venue})")
