"""`fenghuo drill run | list | end`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import click
from sqlalchemy import select

from infra import clock
from infra.cli.context import Context, answer_no, json_option, pass_context, print_json, refuse
from infra.drill import DrillRun, Result, report
from infra.scenario import Scenario, load
from infra.wiring import duty_room, duty_room_offline, open_producer
from responders.acknowledgement import Answers
from responders.schema import drills as table
from rules.facts import DrillEnded


@click.group("drill")
def drill() -> None:
    """演练 / drills: through the very same system, walled off from real incidents."""


@drill.command("run")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@pass_context
def run(context: Context, file: Path, *, as_json: bool) -> None:
    """演练一个脚本 / play a scenario (the worker and the responder must be running); prints expected against actual."""
    scenario = load(str(file), file.read_text(encoding="utf-8"), context.library.site)
    try:
        results = asyncio.run(_run(context, scenario, quiet=as_json))
    except ValueError as refused:
        raise refuse(str(refused)) from None
    if as_json:
        print_json(results)
    else:
        click.echo("\n".join(report(results)))
    sys.exit(0 if all(result.met for result in results) else 1)


@drill.command("list")
@json_option
@pass_context
def list_drills(context: Context, *, as_json: bool) -> None:
    """全部演练 / all drills."""
    with duty_room_offline(context.settings, context.in_force) as room, room.store.read() as connection:
        rows = [dict(row._mapping) for row in connection.execute(select(table).order_by(table.c.started_at))]  # noqa: SLF001
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(f"{row['id']}  {row['title']}  {'进行中 running' if row['ended_at'] is None else '已结束 ended'}")


@drill.command("end")
@click.argument("exercise")
@pass_context
def end(context: Context, exercise: str) -> None:
    """结束中断的演练 / end a drill whose own process was killed."""
    if not asyncio.run(_end(context, exercise)):
        raise answer_no(f"{exercise}: 没有进行中的此演练 / no such drill is running")
    click.echo(f"{exercise} 已结束 / ended")


async def _run(context: Context, scenario: Scenario, *, quiet: bool) -> list[Result]:
    room = duty_room(context.settings, context.in_force)
    producer = await open_producer(context.settings, context.library)

    def told(line: str) -> None:
        if not quiet:
            click.echo(line)

    try:
        played = DrillRun(scenario, context.library.site, room, producer, clock.utc_now, told=told)
        told(f"【演练】{scenario.titles.zh} / EXERCISE {scenario.titles.en}: {played.exercise}")
        return await played.run()
    finally:
        await producer.close()
        await room.close()


async def _end(context: Context, exercise: str) -> bool:
    room = duty_room(context.settings, context.in_force)
    producer = await open_producer(context.settings, context.library)
    try:
        await producer.broadcast(DrillEnded(exercise=exercise, at=clock.utc_now()))
        answers = Answers(room.store, room.services, clock.utc_now)
        return await asyncio.to_thread(answers.end_drill, exercise)
    finally:
        await producer.close()
        await room.close()


COMMANDS = (drill,)
