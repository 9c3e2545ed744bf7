"""`fenghuo incident approve | reject | level | reported`: what people decide about a response, entered by the desk."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from infra import clock
from infra.cli.context import Context, answer_no, pass_context
from infra.wiring import duty_room_offline
from responders.acknowledgement import Closed, Refused
from responders.answers_said import said
from responders.decisions import Decided, Decisions, Overtaken
from responders.report_acts import ReportActs
from rules.severity import LEVELS, Severity
from rules.shanghai import shown

if TYPE_CHECKING:
    from collections.abc import Callable

_by = click.option("--by", required=True, help="谁在操作 / who does it: an officer of the roster")
_for = click.option("--for", "on_behalf_of", help="代谁答复 / on whose behalf (both names are on record)")


@click.command("approve")
@click.argument("number", type=int)
@_by
@_for
@click.option("--reason", default="", help="说明 / a remark")
@pass_context
def approve(context: Context, number: int, by: str, on_behalf_of: str | None, reason: str) -> None:
    """同意启动响应 / say yes to a proposal."""
    _answer(
        context,
        lambda decisions: decisions.answer(number, by, "cli", yes=True, reason=reason, on_behalf_of=on_behalf_of),
        "approved",
    )


@click.command("reject")
@click.argument("number", type=int)
@_by
@_for
@click.option("--reason", required=True, help="原因 / why not")
@pass_context
def reject(context: Context, number: int, by: str, on_behalf_of: str | None, reason: str) -> None:
    """不同意启动响应 / say no to a proposal."""
    _answer(
        context,
        lambda decisions: decisions.answer(number, by, "cli", yes=False, reason=reason, on_behalf_of=on_behalf_of),
        "rejected",
    )


@click.command("level")
@click.argument("number", type=int)
@click.argument("to", type=click.Choice([*(level.word for level in LEVELS), "none"]))
@_by
@_for
@click.option("--reason", required=True, help="原因 / why")
@pass_context
def level(context: Context, number: int, to: str, by: str, on_behalf_of: str | None, reason: str) -> None:
    """调整或终止（none）响应 / raise, lower or end (none) the running response, as whoever decides it has said."""
    with duty_room_offline(context.settings, context.in_force) as room:
        decisions = Decisions(room.store, room.services, clock.utc_now)
        outcome = decisions.level(number, None if to == "none" else to, by, reason, on_behalf_of=on_behalf_of)
    match outcome:
        case Refused(_, zh, en):
            raise answer_no(f"{zh} / {en}")
        case Closed(_, closed_by, at, why):
            raise answer_no(
                f"事件 {number} 已由 {closed_by} 于 {shown(at)} 关闭（{why}） / already closed by {closed_by}"
            )
    now = Severity.of(outcome.after) if outcome.after else None
    told = f"{now.zh}响应 / response of {now.en}" if now else "响应已终止 / response ended"
    click.echo(f"事件 / incident {number}: {told}: {outcome.by}")


@click.command("reported")
@click.argument("number", type=int)
@click.argument("report")
@_by
@_for
@click.option("--note", default="", help="备注 / a remark, e.g. who took the call")
@pass_context
def reported(context: Context, number: int, report: str, by: str, on_behalf_of: str | None, note: str) -> None:
    """登记已报 / enter that a report upward has been made (`incident show` names what is owed)."""
    with duty_room_offline(context.settings, context.in_force) as room:
        acts = ReportActs(room.store, room.services, clock.utc_now)
        outcome = acts.reported(number, report, by, "cli", note=note, on_behalf_of=on_behalf_of)
    if isinstance(outcome, Refused):
        raise answer_no(f"{outcome.reason_zh} / {outcome.reason_en}")
    late = "（逾期 late）" if outcome.late else ""
    click.echo(f"事件 / incident {number}: 已报 / reported {report}{late}: {outcome.by}")


def _answer(context: Context, act: Callable[[Decisions], Decided | Overtaken | Refused], meant: str) -> None:
    with duty_room_offline(context.settings, context.in_force) as room:
        outcome = act(Decisions(room.store, room.services, clock.utc_now))
    if isinstance(outcome, Refused):
        raise answer_no(f"{outcome.reason_zh} / {outcome.reason_en}")
    words = said(outcome, "", clock.utc_now())
    told = f"{words.zh} / {words.en}"
    if isinstance(outcome, Overtaken) and outcome.decision != meant:
        raise answer_no(told)
    click.echo(told)


COMMANDS = (approve, reject, level, reported)
