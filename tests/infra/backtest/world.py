"""A small site on disk, a year of prices at its points, and the command."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from click.testing import CliRunner

from infra.cli.backtest import backtest_command
from infra.cli.context import Context
from infra.settings import Settings
from rules.facts import GrainPriceReading, encode
from rules.yaml_file import BadFiles
from tests.rules.builders import COUNTY, GRAIN_OFFICE, POINTS, SITE, texts

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from click.testing import Result

    from rules.facts import Message

START = datetime(2024, 1, 1, tzinfo=UTC)
GRAIN = "grain"


def make_site(directory: Path, *, upper: str = "4.60", name: str = "武义县", point: str = "一号点") -> Path:
    """The small site; points, lines and names may differ. Its readings page whenever they come."""
    site = f"{SITE}page_within: 36500d\n".replace("{zh: 武义县, en: Wuyi County}", _words(name))
    points = POINTS.replace('upper: "4.60"', f'upper: "{upper}"').replace("{zh: 一号点, en: Point 1}", _words(point))
    for file, text in texts(site=site, points=points).items():
        path = directory / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory


def _words(text: str) -> str:
    shown = msgspec.json.encode(text).decode()
    return f"{{zh: {shown}, en: {shown}}}"


def reading(day: float, price: str, **changed: Any) -> GrainPriceReading:
    values: dict[str, Any] = {
        "county": COUNTY, "source": GRAIN_OFFICE, "observed_at": START + timedelta(days=day), "point": "P01",
        "commodity": "rice", "stage": "retail", "price": Decimal(price), "currency": "CNY", "unit": "元/kg",
    }  # fmt: skip
    return GrainPriceReading(**{**values, **changed})


def year() -> list[GrainPriceReading]:
    """Weekly prices: calm, over 4.60 from day 70 to 112, over 4.40 only from day 210 to 238."""
    found = []
    for week in range(52):
        price = "4.70" if 10 <= week < 16 else "4.45" if 30 <= week < 34 else "4.10"
        found += [reading(week * 7, price), reading(week * 7, "4.00", point="P02")]
    return found


def ndjson(path: Path, facts: Iterable[Message]) -> Path:
    path.write_bytes(b"".join(encode(fact) + b"\n" for fact in facts))
    return path


class Said:
    """What the command said. Input that cannot be used is raised, and told by the entry point."""

    def __init__(self, result: Result) -> None:
        self.out, self.err = result.stdout, result.stderr
        self.code = result.exit_code
        self.refused = ""
        if result.exception is not None and not isinstance(result.exception, SystemExit):
            if not isinstance(result.exception, BadFiles):
                raise result.exception
            self.refused = str(result.exception)

    def rows(self, kind: str) -> list[dict[str, Any]]:
        """Of `--json`, the objects of one kind."""
        lines = [msgspec.json.decode(line) for line in self.out.splitlines()]
        return [line for line in lines if line["row"] == kind]


def backtest(site: Path | None, *arguments: str | Path, **settings: Any) -> Said:
    """`fenghuo backtest` where `site` is the site of the settings."""
    context = Context(msgspec.structs.replace(Settings(), site=str(site), **settings))
    return Said(CliRunner().invoke(backtest_command, list(map(str, arguments)), obj=context))


def prices(path: Path, rows: Iterable[str]) -> Path:
    """A CSV whose header names the fields of a fact."""
    header = "kind,county,source,observed_at,point,commodity,stage,price,currency,unit"
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path
