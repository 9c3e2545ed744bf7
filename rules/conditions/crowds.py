"""Figures of a large event: each source's last word, and of two sources the higher count (never the sum)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rules.alerts import Words
from rules.conditions.figures import MOST, Figures

if TYPE_CHECKING:
    from datetime import datetime

    from rules.detector import Sample
    from rules.facts import LargeEventStatus
    from rules.measures import Measures


class CrowdFigures(Figures):
    """What each source last said of each field."""

    def __init__(self, measures: Measures) -> None:
        self._measures = measures

    def start(self) -> dict[str, Any]:
        return {"said": {}, "name": "", "venue": ""}

    def extract(self, fact: LargeEventStatus) -> dict[str, Any]:  # type: ignore[override]
        return {"name": fact.name, "venue": fact.venue, "figures": self._measures.stated(fact)}

    def read(self, memory: dict[str, Any], sample: Sample, said: dict[str, Any]) -> dict[str, Any]:
        sources = {key: one for key, one in memory["said"].items() if key != sample.key}
        if len(sources) >= MOST:
            del sources[next(iter(sources))]
        sources[sample.key] = {**memory["said"].get(sample.key, {}), **said["figures"]}
        return {"said": sources, "name": said["name"], "venue": said["venue"]}

    def leave(self, memory: dict[str, Any], key: str) -> dict[str, Any]:
        return {**memory, "said": {source: one for source, one in memory["said"].items() if source != key}}

    def figures(self, memory: dict[str, Any], at: datetime) -> dict[str, Any]:  # noqa: ARG002
        return self._measures.within(memory["said"].values())

    def title(self, memory: dict[str, Any], at: datetime, fields: tuple[str, ...] = ()) -> Words:  # noqa: ARG002
        name, venue = memory["name"], memory["venue"]
        return Words(zh=f"{name}（{venue}）", en=f"{name} ({venue})")
