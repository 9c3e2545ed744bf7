"""The gravest colour and figures among warnings that are not cancelled, replaced or expired, and where they hold.

Figures are the site's own (`values`, e.g. rain within 3 hours). A later version of a warning, or a warning that
replaces it, keeps the last known value of a figure that it leaves out: not known is not over. Of several warnings the
highest counts.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from rules.alerts import Words
from rules.conditions.figures import MOST, Figures
from rules.measures import COLOURS

if TYPE_CHECKING:
    from rules.detector import Sample
    from rules.facts import DisasterForecast
    from rules.site import Site

NAMED = 4
"""How many divisions of a warning are kept to be named: three, and that there are more."""


class ForecastFigures(Figures):
    """Warnings by source and number, the newest last, and the numbers that others have replaced or cancelled."""

    kept = MOST // 2

    def __init__(self, site: Site) -> None:
        self._site, self._measures = site, site.measures

    def start(self) -> dict[str, Any]:
        return {"warnings": {}, "void": []}

    def extract(self, fact: DisasterForecast) -> dict[str, Any]:  # type: ignore[override]
        figures = self._measures.stated(fact)
        return {
            "colour": figures.pop("colour"),
            "figures": figures,
            "hazard": fact.hazard,
            "divisions": fact.divisions[:NAMED],
            "cancel": fact.message == "cancel",
            "expires": fact.expires.isoformat() if fact.expires else None,
            "references": [f"{fact.source}/{warning}" for warning in fact.references],
        }

    def read(self, memory: dict[str, Any], sample: Sample, said: dict[str, Any]) -> dict[str, Any]:
        now = sample.observed_at
        live = {k: w for k, w in memory["warnings"].items() if k != sample.key and not _expired(w, now)}
        stated = {k: v for k, v in said.items() if k != "references"}
        if known := self._known(memory, sample.key, said["references"], now):
            stated["figures"] = {**known, **_figures(said)}
        live[sample.key] = stated
        replaced = [ref for ref in said["references"] if ref != sample.key and ref not in memory["void"]]
        if len(live) > MOST:
            del live[next(iter(live))]
        return {"warnings": live, "void": [*memory["void"], *replaced][-MOST:]}

    def leave(self, memory: dict[str, Any], key: str) -> dict[str, Any]:
        return {**memory, "warnings": {k: w for k, w in memory["warnings"].items() if k != key}}

    def figures(self, memory: dict[str, Any], at: datetime) -> dict[str, Any]:
        standing = self._standing(memory, at)
        if not standing:
            return {}
        colour = max((w["colour"] for w in standing), key=COLOURS.index)
        return {"colour": colour, **self._measures.within(map(_figures, standing))}

    def due(self, memory: dict[str, Any], clock: datetime) -> datetime | None:
        expiries = (datetime.fromisoformat(w["expires"]) for w in memory["warnings"].values() if w["expires"])
        return min((e for e in expiries if e > clock), default=None)

    def title(self, memory: dict[str, Any], at: datetime, fields: tuple[str, ...] = ("colour",)) -> Words:
        """Where the warnings hold that say the present figures of `fields`; else where the newest held."""
        present = self.figures(memory, at)
        standing = [{**_figures(w), **w} for w in self._standing(memory, at)]
        told = [w for w in standing if any(f in present and w.get(f) == present[f] for f in fields)]
        told = told or list(memory["warnings"].values())[-1:]
        where = dict.fromkeys(division for w in told for division in w["divisions"])
        return warned(self._site, list(where), told[0]["hazard"] if told else "")

    def _known(self, memory: dict[str, Any], key: str, references: list[str], now: datetime) -> dict[str, Any]:
        """The figures of the warning itself, and of those that it replaces, as they stood."""
        standing = {
            name: _figures(w)
            for name in (*references, key)
            if (w := memory["warnings"].get(name)) and not w["cancel"] and not _expired(w, now)
        }
        own = standing.pop(key, {})
        replaced = [figures for name, figures in standing.items() if name not in memory["void"]]
        return {**self._measures.within(replaced), **own} if replaced else own

    def _standing(self, memory: dict[str, Any], at: datetime) -> list[dict[str, Any]]:
        void = set(memory["void"])
        return [
            w for key, w in memory["warnings"].items() if not w["cancel"] and key not in void and not _expired(w, at)
        ]


def _figures(warning: dict[str, Any]) -> dict[str, Any]:
    """Of a warning that was kept before figures were: none."""
    found: dict[str, Any] = warning.get("figures", {})
    return found


def _expired(warning: dict[str, Any], at: datetime) -> bool:
    return warning["expires"] is not None and datetime.fromisoformat(warning["expires"]) <= at


def warned(site: Site, divisions: list[str], of: str) -> Words:
    """Up to three places, and the hazard."""
    towns = [site.division(d) for d in divisions[:3]]
    hazard = site.hazard(of)
    more = len(divisions) > len(towns)
    zh, en = "、".join(t.zh for t in towns), ", ".join(t.en for t in towns)
    return Words(zh=f"{zh}{'等' if more else ''} {hazard.zh}", en=f"{en}{' …' if more else ''} {hazard.en}")
