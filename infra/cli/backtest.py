"""`fenghuo backtest`: what the plans would have done with a history."""

from __future__ import annotations

import asyncio
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from infra import clock
from infra.backtest import json_lines, report, terminal
from infra.backtest.episode_file import load_episodes
from infra.backtest.history import Gathering, faults_of
from infra.backtest.instants import EXPECTED, instant
from infra.backtest.study import study
from infra.cli.context import Context, json_option, pass_context, print_json, refuse
from infra.cli.fact_files import bar, bytes_of, fact_files, mapping_named, move
from infra.demo_site import COUNTY, make_file_site
from infra.site_files import read_library
from infra.wiring import stream_settings
from rules import expectations, facts
from rules.alerts import Words
from rules.facts import GrainPriceReading
from rules.fault import NOTHING, fault

if TYPE_CHECKING:
    from datetime import datetime

    from infra.backtest.history import History
    from infra.backtest.study import Study
    from rules.backtest.arrival import By
    from rules.library import Library
    from streams.sources.files import FactFile, Format

FACTS_OR_TOPIC = Words(zh="数据文件，或 --topic", en="files of facts, or --topic")
BESIDE_IT = Words(zh="同时有 --topic 或 --site", en="--topic or --site beside it")
PRICES_ALONE = Words(zh="只有价格文件", en="files of prices alone")
IN_A_DIRECTORY = Words(zh="现有目录中的文件", en="a file in a directory that exists")
NO_PRICE = Words(zh="没有价格", en="no price")
PRICES = Words(zh="价格文件", en="files of prices")
NO_FACT = Words(zh="没有可用的数据", en="no usable fact")


FAULTS_SHOWN = 20
MADE = "由数据生成 / made from the data"

_path = click.Path(path_type=Path)


@dataclass
class Asked:
    """The options of the command."""

    files: tuple[Path, ...]
    topics: tuple[str, ...]
    mapping: str | None
    form: Format | None
    county: str | None
    kind: str | None
    source: str | None
    site: Path | None
    made_site: bool
    against: Path | None
    episodes: Path | None
    since: str | None
    to: str | None
    by: By
    report: Path | None
    as_json: bool

    def given(self, county: str) -> dict[str, str]:
        """What no column says."""
        said = (("county", self.county or county), ("kind", self.kind), ("source", self.source))
        return {name: value for name, value in said if value}


@click.command("backtest")
@click.argument("files", nargs=-1, type=_path)
@click.option(
    "--topic", "topics", multiple=True, type=click.Choice(facts.TOPICS), help="主题中的数据 / what a topic holds"
)
@click.option(
    "--mapping", help="外来 CSV 的字段映射 / how to read foreign CSV: a file, or a name such as wfp_food_prices"
)
@click.option("--format", "form", type=click.Choice(["ndjson", "json", "csv"]), help="for standard input or odd names")
@click.option("--county", help="县代码 / the county, where no column says it (default: the site's)")
@click.option("--kind", type=click.Choice(list(facts.KINDS)), help="the kind, where no column says it")
@click.option("--source", help="来源 / the source, where no column says it")
@click.option("--site", type=_path, help="站点目录 / the site directory (default: as in the settings)")
@click.option(
    "--made-site", is_flag=True, help="由价格数据生成临时站点 / a site made from the prices, as `fenghuo demo` does"
)
@click.option("--against", type=_path, help="对照的站点目录 / another site directory, to be compared")
@click.option("--episodes", type=_path, help="已知事件 / labelled episodes, YAML or CSV: name, from, to, plan, place")
@click.option("--from", "since", help="此日或此时起到达的数据 / only what came from this day or time on")
@click.option("--to", help="此日止(含)到达的数据 / only what came until the end of this day, or before this time")
@click.option(
    "--by",
    type=click.Choice(["known", "reported"]),
    default="known",
    show_default=True,
    help="数据何时到达 / when a fact comes: when it was known, or when it was reported",
)
@click.option("--report", type=_path, help="写成一个 HTML 文件 / write a report, one HTML file")
@json_option
@pass_context
def backtest_command(context: Context, /, **options: Any) -> None:
    """用历史数据回测预案 / what the plans would have done with a history, of FILES or of what topics hold.

    同样的输入得到逐字节相同的结果 / The same input gives the same answer, byte for byte.
    """
    asked = Asked(**options)
    _check(asked)
    if asked.made_site:
        with TemporaryDirectory(prefix="fenghuo-backtest-") as made:
            history, library = _of_made_site(asked, Path(made) / "site")
            answer = _study(asked, history, MADE, library)
    else:
        library = read_library(asked.site) if asked.site else context.library
        history = _history(asked, context, library)
        answer = _study(asked, history, str(asked.site or context.settings.site), library)
    _tell(asked, answer)
    sys.exit(2 if history.refused else 0)


def _check(asked: Asked) -> None:
    """What makes no sense is refused before anything long is done."""
    if not asked.files and not asked.topics:
        raise refuse(fault("FILES", NOTHING, FACTS_OR_TOPIC))
    if asked.made_site and (asked.topics or asked.site):
        raise refuse(fault("--made-site", BESIDE_IT, PRICES_ALONE))
    if asked.report and not asked.report.absolute().parent.is_dir():
        raise refuse(fault("--report", str(asked.report), IN_A_DIRECTORY))


# -- reading


def _gathering(asked: Asked) -> Gathering:
    since, to = _time("--from", asked.since), _time("--to", asked.to, end=True)
    return Gathering(asked.by, clock.utc_now(), since=since, to=to)


def _history(asked: Asked, context: Context, library: Library) -> History:
    gathering = _gathering(asked)
    _read(gathering, fact_files(asked.files, asked.form, mapping_named(asked.mapping), _given(asked, library)))
    for topic in asked.topics:
        asyncio.run(gathering.topic(stream_settings(context.settings, library), topic))
    return _told(gathering)


def _given(asked: Asked, library: Library) -> dict[str, str]:
    return asked.given(library.site.file.county)


def _of_made_site(asked: Asked, directory: Path) -> tuple[History, Library]:
    gathering = _gathering(asked)
    mapping = mapping_named(asked.mapping)
    _read(gathering, fact_files(asked.files, asked.form, mapping, asked.given(COUNTY)))
    history = _told(gathering)
    prices = [fact for fact in gathering.facts() if isinstance(fact, GrainPriceReading)]
    if not prices:
        raise refuse(fault("--made-site", NO_PRICE, PRICES))
    make_file_site(directory, prices, prices[0].source, mapping)
    return history, read_library(directory)


def _read(gathering: Gathering, files: list[FactFile]) -> None:
    with bar(bytes_of(files), "读入 / reading") as progress:
        gathering.files(files, lambda: move(progress, sum(file.position for file in files)))


def _told(gathering: Gathering) -> History:
    """The history; what it lacks is said on standard error."""
    history = gathering.history()
    for line in faults_of(history, FAULTS_SHOWN):
        click.echo(line, err=True)
    for word, count in sorted(history.refused.items()):
        click.echo(f"  拒收 / refused {word}: {count}", err=True)
    for word, count in sorted(history.skipped.items()):
        click.echo(f"  略过 / left out ({word}): {count}", err=True)
    if not history.arrivals:
        raise refuse(fault(", ".join(history.names), NO_FACT, expectations.A_FACT))
    return history


def _time(option: str, text: str | None, *, end: bool = False) -> datetime | None:
    if text is None:
        return None
    try:
        return instant(text, end=end)
    except ValueError:
        raise refuse(fault(option, text, EXPECTED)) from None


# -- answering


def _study(asked: Asked, history: History, directory: str, library: Library) -> Study:
    libraries = [(directory, library)]
    if asked.against:
        libraries.append((str(asked.against), read_library(asked.against)))
    plans = {plan for _, one in libraries for plan in one.plans}
    episodes = load_episodes(asked.episodes, plans, library.site.counties) if asked.episodes else []
    until = _time("--to", asked.to, end=True)
    with bar(len(history.arrivals) * len(libraries), "回测 / running") as progress:
        return study(history, libraries, episodes, until=until, told=lambda done: move(progress, done))


def _tell(asked: Asked, answer: Study) -> None:
    if asked.report:
        asked.report.write_text(report.html(answer), encoding="utf-8")
    if asked.as_json:
        print_json(json_lines.rows(answer))
        return
    for line in terminal.lines(answer):
        click.echo(line)
    if asked.report:
        click.echo(f"报告 report: {asked.report}")


COMMANDS = (backtest_command,)
