"""`fenghuo emit` and `fenghuo generate`: facts in from files, and synthetic ones made."""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from infra import clock
from infra.cli.context import Context, json_option, pass_context, print_json, refuse
from infra.cli.fact_files import bar, bytes_of, fact_files, mapping_named, move
from infra.demo_site import generated_points
from infra.wiring import open_producer
from rules import expectations, facts
from rules.fault import fault
from streams.sources.emit import EmitSummary, emit
from streams.sources.generate import Surge, season

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rules.facts import AnyFact
    from rules.site import Site
    from streams.sources.base import Row
    from streams.sources.files import FactFile, Format


FAULTS_SHOWN = 20


@click.command("emit")
@click.argument("files", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--mapping", help="外来 CSV 的字段映射 / how to read foreign CSV: a file, or a name such as wfp_food_prices"
)
@click.option("--format", "form", type=click.Choice(["ndjson", "json", "csv"]), help="for standard input or odd names")
@click.option("--county", help="县代码 / the county, where no column says it (default: the site's)")
@click.option("--kind", type=click.Choice(list(facts.KINDS)), help="the kind, where no column says it")
@click.option("--source", help="来源 / the source, where no column says it")
@json_option
@pass_context
def emit_command(
    context: Context,
    files: tuple[Path, ...],
    mapping: str | None,
    form: Format | None,
    county: str | None,
    kind: str | None,
    source: str | None,
    *,
    as_json: bool,
) -> None:
    """把文件中的监测数据送入系统 / send facts from NDJSON, JSON or CSV files. Fed twice, nothing doubles."""
    given = {"county": county or context.library.site.file.county}
    given |= {name: value for name, value in (("kind", kind), ("source", source)) if value}
    sources = fact_files(files, form, mapping_named(mapping), given)
    summary = asyncio.run(_emit(context, sources))
    if as_json:
        print_json([summary])
    else:
        _report(summary)
    sys.exit(summary.exit_code)


@click.command("generate")
@click.option("--seed", default=1, show_default=True)
@click.option("--days", default=120, show_default=True, type=click.IntRange(7, 3660))
@click.option("--start", help="第一天 / the first day, RFC 3339 (default: so that the season ends now)")
@pass_context
def generate(context: Context, seed: int, days: int, start: str | None) -> None:
    """生成合成（非真实）粮价，NDJSON / make a season of SYNTHETIC prices of the site's points, as NDJSON."""
    begin = _instant(start) if start else clock.utc_now().replace(microsecond=0) - timedelta(days=days)
    site = context.library.site
    first, last = Surge.of_season(days).window(begin)
    for reading in season(generated_points(site), site.file.county, begin, clock.randomness(seed), days=days):
        click.echo(facts.encode(reading).decode())
    click.echo(
        f"合成数据，非真实观测；零售价在 {first:%Y-%m-%d} 至 {last:%Y-%m-%d} 间越过警戒线\n"
        f"SYNTHETIC, never observed; retail prices cross their lines between {first:%Y-%m-%d} and {last:%Y-%m-%d}\n"
        "只有 points.yaml 中 source 为 synthetic 的监测点会因此报警\n"
        "Only points whose source in points.yaml is `synthetic` are moved by them",
        err=True,
    )


async def _emit(context: Context, sources: list[FactFile]) -> EmitSummary:
    producer = await open_producer(context.settings, context.library)
    try:
        with bar(bytes_of(sources), "送入 / sending") as shown:
            told, is_old = _progress(shown, sources), _is_old(context.library.site)
            return await emit(_rows(sources), producer, clock.utc_now, progress=told, is_old=is_old)
    finally:
        await producer.close()


def _rows(sources: list[FactFile]) -> Iterator[Row]:
    for source in sources:
        yield from source.rows()


def _is_old(site: Site) -> Callable[[AnyFact], bool]:
    """Whether a fact that arrives now is of the past: it is judged and recorded, and pages nobody."""
    now = clock.utc_now()

    def is_old(fact: AnyFact) -> bool:
        point = site.points.get(fact.point) if isinstance(fact, facts.GrainPriceReading) else None
        return now - fact.observed_at > site.page_within(point)

    return is_old


def _progress(shown: Any, sources: list[FactFile]) -> Callable[[EmitSummary], None]:
    def told(_summary: EmitSummary) -> None:
        move(shown, sum(source.position for source in sources))

    return told


def _report(summary: EmitSummary) -> None:
    for wrong in summary.faults[:FAULTS_SHOWN]:
        click.echo(str(wrong), err=True)
    if summary.refused > FAULTS_SHOWN:
        click.echo(f"… {summary.refused - FAULTS_SHOWN} 条 / more", err=True)
    for word, count in sorted(summary.refused_by.items()):
        click.echo(f"  拒收 / refused {word}: {count}", err=True)
    for word, count in sorted(summary.skipped_by.items()):
        click.echo(f"  略过 / left out ({word}): {count}", err=True)
    if summary.broken:
        at = summary.broken
        click.echo(
            f"中断于 / broken off at {at.file}:{at.line} ({at.error})\n"
            "修复后整份重发即可，不会重复 / mend it and send the whole file again: nothing doubles",
            err=True,
        )
    click.echo(
        f"已送入 / accepted {summary.accepted}, 拒收 / refused {summary.refused}, 略过 / left out {summary.skipped}"
    )
    if summary.old:
        click.echo(
            f"其中 {summary.old} 条是历史数据：只记录，不呼叫 / of them {summary.old} are of the past: nobody is paged"
        )


def _instant(text: str) -> datetime:
    try:
        return msgspec.convert(text, facts.Instant)
    except msgspec.ValidationError:
        raise refuse(fault("--start", text, expectations.TIME)) from None


COMMANDS = (emit_command, generate)
