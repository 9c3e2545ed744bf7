"""`fenghuo incident list | show | ack | close`; what is decided of responses is in `infra.cli.responses`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from infra import clock
from infra.cli.context import Context, answer_no, json_option, pass_context, print_json
from infra.cli.responses import COMMANDS as RESPONSES
from infra.wiring import duty_room_offline
from responders.acknowledgement import Already, Answers, Closed, Done, Outcome, Refused
from responders.queries import list_incidents, show_incident
from responders.timeline import DECISION, STATUS, grade, render, reports
from rules.shanghai import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from responders.queries import IncidentLine


@click.group("incident")
def incident() -> None:
    """突发事件 / incidents."""


@incident.command("list")
@click.option("--open", "only_open", is_flag=True, help="只列未结束的 / only those that are open")
@click.option("--drills/--no-drills", default=True, help="含演练 / with those of drills")
@json_option
@pass_context
def list_command(context: Context, *, only_open: bool, drills: bool, as_json: bool) -> None:
    """事件列表 / list incidents, the newest first."""
    with duty_room_offline(context.settings, context.in_force) as room, room.store.read() as connection:
        found = list_incidents(connection, only_open=only_open, exercise=None if drills else "")
    if as_json:
        print_json(found)
        return
    for line in found:
        drill = "【演练 DRILL】" if line.exercise else ""
        click.echo(
            f"{line.number:>5}  {shown(line.opened_at)}  {grade(line.plan, line.severity)}  {_status(line)}"
            f"  {line.plan} {line.place}" + (f"  ← {line.owner}" if line.owner else "") + _response(line)
            + f"\n       {drill}{line.headline.zh} / {line.headline.en}"
        )  # fmt: skip
    if not found:
        click.echo("没有事件 / no incidents")


def _status(line: IncidentLine) -> str:
    if line.parent is None:
        return STATUS[line.status]
    decided = DECISION[line.decision] if line.decision else "待批 pending"
    return f"事件{line.parent}的请示 proposal of {line.parent}: {decided}"


def _response(line: IncidentLine) -> str:
    running = f"  响应 response {line.running}" if line.running else ""
    waits = f"  待批请示 {line.proposal} proposal {line.proposal} waits" if line.proposal else ""
    return running + waits


@incident.command("show")
@click.argument("number", type=int)
@json_option
@pass_context
def show_command(context: Context, number: int, *, as_json: bool) -> None:
    """一个事件的全过程 / one incident with all that happened."""
    with duty_room_offline(context.settings, context.in_force) as room, room.store.read() as connection:
        found = show_incident(connection, number)
    if found is None:
        raise answer_no(f"没有事件 {number} / there is no incident {number}")
    if as_json:
        print_json([found])
        return
    click.echo(render(found))
    for line in reports(found, room.services.library.body_name, clock.utc_now()):
        click.echo(line)


@incident.command("ack")
@click.argument("number", type=int)
@click.option("--by", required=True, help="谁在操作 / who does it: an officer of the roster")
@click.option("--for", "on_behalf_of", help="代谁签收 / on whose behalf (both names are on record)")
@pass_context
def ack(context: Context, number: int, by: str, on_behalf_of: str | None) -> None:
    """签收事件 / acknowledge an incident."""
    _act(
        context,
        lambda answers: answers.acknowledge(number, by, "cli", on_behalf_of=on_behalf_of),
        "已签收 / acknowledged",
    )


@incident.command("close")
@click.argument("number", type=int)
@click.option("--by", required=True, help="谁在操作 / who does it: an officer of the roster")
@click.option("--reason", required=True, help="原因 / why")
@pass_context
def close(context: Context, number: int, by: str, reason: str) -> None:
    """关闭事件 / close an incident."""
    _act(context, lambda answers: answers.close(number, by, reason), "已关闭 / closed")


def _act(context: Context, act: Callable[[Answers], Outcome], done: str) -> None:
    with duty_room_offline(context.settings, context.in_force) as room:
        outcome = act(Answers(room.store, room.services, clock.utc_now))
    match outcome:
        case Done(number, owner):
            click.echo(f"事件 / incident {number} {done}: {owner}")
        case Already(number, owner, at):
            click.echo(f"事件 {number} 已由 {owner} 于 {shown(at)} 签收 / already acknowledged by {owner}")
        case Closed(number, by, at, reason):
            raise answer_no(f"事件 {number} 已由 {by} 于 {shown(at)} 关闭（{reason}） / already closed by {by}")
        case Refused(_, zh, en):
            raise answer_no(f"{zh} / {en}")


for command in RESPONSES:
    incident.add_command(command)

COMMANDS = (incident,)
