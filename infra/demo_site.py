"""A temporary site made for a demonstration: from the example site, or from a price file of anybody's."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import yaml

from infra.site_files import example_site
from rules.facts import GrainPriceReading
from rules.units import measure
from streams.sources.generate import GeneratedPoint

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from rules.alerts import Words
    from rules.site import Site
    from streams.sources.mapping import CsvMapping

FIRST = 12
FACTOR = Decimal("1.15")
COUNTY = "000000"
"""The county of a file that names none: a code that belongs to nobody."""


class Series(NamedTuple):
    """One price series of a file: its line, and how near to it or beyond it the price ever came."""

    point: str
    commodity: str
    stage: str
    line: Decimal
    highest_ratio: Decimal
    readings: int


def make_synthetic_site(target: Path) -> None:
    """The example site, with the generator as its deciding source."""
    _copy_example(target)
    points = (target / "points.yaml").read_text(encoding="utf-8")
    (target / "points.yaml").write_text(
        points.replace("source: wuyi-grain-office", "source: synthetic"), encoding="utf-8"
    )


def make_file_site(
    target: Path, readings: Sequence[GrainPriceReading], title: str, mapping: CsvMapping | None = None
) -> list[Series]:
    """One point per market, line = 1.15 × the median of each series' first 12 values. Every reading may page.

    Goods are called what the mapping calls them.
    """
    series = _series(readings)
    first = {(r.point, r.commodity, str(r.stage)): r for r in reversed(readings)}
    _copy_example(target)
    (target / "points.yaml").write_text(_yaml(_points(series, first)), encoding="utf-8")
    county = readings[0].county
    example = yaml.safe_load((target / "site.yaml").read_text(encoding="utf-8"))
    site = {
        "county": county,
        "name": {"zh": title, "en": title},
        "duty_role": "duty_officer",
        "duty_phone": "000",
        "divisions": {},
        "commodities": _names(mapping, {s.commodity for s in series}) if mapping else {},
        "roles": example["roles"],
        "departments": example["departments"],
        "page_within": "36500d",
        "synthetic": "演示用临时站点 / a temporary site of the demonstration",
    }
    (target / "site.yaml").write_text(_yaml(site), encoding="utf-8")
    return series


def generated_points(site: Site) -> list[GeneratedPoint]:
    """The site's upper lines, as the generator wants them: one series for each."""
    return [
        GeneratedPoint(point.id, line.commodity, line.stage, line.upper, line.currency, line.unit)
        for point in site.points.values()
        for line in point.lines
        if line.upper is not None and measure(line.unit).base == "kg"
    ]


def _names(mapping: CsvMapping, labels: Iterable[str]) -> dict[str, Words]:
    return {label: name for label in sorted(labels) if (name := mapping.commodity(label)) is not None}


def _copy_example(target: Path) -> None:
    for path in sorted(example_site().rglob("*.yaml")):
        copy = target / path.relative_to(example_site())
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(path.read_bytes())


def _series(readings: Iterable[GrainPriceReading]) -> list[Series]:
    prices: dict[tuple[str, str, str], list[tuple[Any, Decimal]]] = {}
    for r in readings:
        prices.setdefault((r.point, r.commodity, r.stage), []).append((r.observed_at, r.price))
    found = []
    for (point, commodity, stage), timed in sorted(prices.items()):
        values = [price for _, price in sorted(timed)]
        line = (median(values[:FIRST]) * FACTOR).quantize(Decimal("0.0001"), ROUND_HALF_UP)
        if line > 0:
            found.append(Series(point, commodity, stage, line, max(values) / line, len(values)))
    return found


def _points(series: Iterable[Series], first: dict[tuple[str, str, str], GrainPriceReading]) -> dict[str, Any]:
    points: dict[str, dict[str, Any]] = {}
    for s in series:
        reading = first[s.point, s.commodity, s.stage]
        point = points.setdefault(
            s.point,
            {
                "id": s.point,
                "name": {"zh": s.point.rpartition("/")[2], "en": s.point.rpartition("/")[2]},
                "division": reading.county,
                "source": reading.source,
                "lines": [],
            },
        )
        point["lines"].append(
            {
                "commodity": s.commodity,
                "stage": s.stage,
                "upper": f"{s.line:f}",
                "unit": reading.unit,
                "currency": reading.currency,
            }
        )
    return {"defaults": {"source": "file", "cadence": "30d"}, "points": list(points.values())}


def _yaml(value: Any) -> str:
    return str(yaml.safe_dump(msgspec.to_builtins(value), allow_unicode=True, sort_keys=False))
