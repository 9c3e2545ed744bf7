"""The plans as they ship, and the example plans of `schemes/`, at a bench; and what they give as their sources."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rules.loading import load
from rules.severity import Severity
from tests.rules.builders import WUYI, Bench

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.alerts import Alert
    from rules.library import Library

SCHEMES = Path(__file__).parent / "schemes"
CATEGORIES = "\ncategories:\n"
MEASURES = "\nmeasures:\n"
GRAIN_SUPPLY = "  grain_supply: {zh: 粮食供应, en: grain supply}\n"
RESERVE = (
    "  reserve_days: {facts: hazard_report, words: {zh: 储备粮可供, en: the reserve will last},"
    " unit: {zh: 天, en: days}, across: lowest}\n"
)


@cache
def wuyi() -> Library:
    """The example site, whole."""
    return load({str(path.relative_to(WUYI)): path.read_text(encoding="utf-8") for path in WUYI.rglob("*.yaml")})


@cache
def scheme(letter: str) -> Library:
    """One example plan with its parent, at a site like Wuyi whose points are read every day and tell their stock."""
    site = (WUYI / "site.yaml").read_text(encoding="utf-8")
    site = site.replace(CATEGORIES, CATEGORIES + GRAIN_SUPPLY).replace(MEASURES, MEASURES + RESERVE)
    plan = f"scheme-{letter}.yaml"
    return load({
        "site.yaml": site,
        "points.yaml": (SCHEMES / "points.yaml").read_text(encoding="utf-8"),
        "plans/overall.yaml": (WUYI / "plans" / "overall.yaml").read_text(encoding="utf-8"),
        f"plans/{plan}": (SCHEMES / plan).read_text(encoding="utf-8"),
    })  # fmt: skip


def given(library: Library, facts: Iterable[Any]) -> Bench:
    """A bench at which all this has happened: facts, and as plain numbers the minutes to which the clock has run."""
    bench = Bench(library)
    topic = "grain-prices"
    for one in facts:
        if isinstance(one, int | float):
            bench.tick(one, topic)
        else:
            topic = one.topic
            bench.give(one)
    return bench


def level(bench: Bench, detector: str) -> str:
    """At what grade the gravest of a detector's alarms stands."""
    return max((alert.after for alert in _last(bench, detector)), key=Severity.of, default="normal")


def sources(library: Library, plan: str) -> str:
    """What a plan stands on, and every source that its conditions give, a line each."""
    found = library.plans[plan]
    return "\n".join([*found.basis, *(one for trigger in found.triggers for one in _sources(trigger.when))])


def _last(bench: Bench, detector: str) -> list[Alert]:
    return list({alert.subject: alert for alert in bench.alerts if alert.detector == detector}.values())


def _sources(part: Any) -> Iterator[str]:
    """Of a condition, its rows and all below it."""
    if isinstance(part, list):
        for one in part:
            yield from _sources(one)
    elif hasattr(part, "__struct_fields__"):
        for field in part.__struct_fields__:
            value = getattr(part, field)
            if field == "source":
                yield value
            else:
                yield from _sources(value)
