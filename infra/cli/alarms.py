"""`fenghuo alarm list | show | shelve | unshelve | reset | out-of-service | return-to-service`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import click

from infra.cli.context import Context, answer_no, json_option, pass_context, print_json, refuse
from infra.wiring import alarm_acts, duty_room_offline
from responders.acknowledgement import Refused
from responders.alarm_acts import Acted, AlarmActs, Name
from responders.alarm_queries import list_alarms, show_alarm
from responders.alarm_words import outcome as outcome_words
from responders.alarm_words import standing
from responders.alarms import alarm_id
from responders.annunciator import Thing
from responders.timeline import WHY, grade, grade_words
from rules import expectations
from rules.alerts import Words
from rules.annunciation import Seen
from rules.fault import fault
from rules.shanghai import shown
from rules.vocabulary import Duration, seconds

if TYPE_CHECKING:
    from collections.abc import Callable

    from responders.alarm_queries import AlarmEvent, AlarmLine

LASTING = Words(zh="时长，如 30m、8h、1d", en="a duration such as 30m, 8h, 1d")
NONE_OR_BOTH = Words(zh="都没有或都有", en="none or both")
ONE_OF_THEM = Words(zh="其中恰好一项", en="one of them")


_EVENTS = {
    "shelved": "搁置", "unshelved": "取消搁置", "shelf expired": "搁置到期", "rose above its shelf": "超过搁置级别",
    "reset": "复位", "suppressed": "按设计抑制", "released": "抑制解除", "out of service": "停用",
    "returned to service": "恢复使用", "given": "恢复呼叫",
}  # fmt: skip


class _Lasting(click.ParamType):
    name = "8h"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> timedelta:
        del param, ctx
        try:
            return timedelta(seconds=seconds(_duration(str(value))))
        except ValueError:
            raise refuse(fault("--for", value, LASTING)) from None


def _duration(text: str) -> Duration:
    if text[:-1].isdigit() and text[-1] in "smhd":
        return text
    raise ValueError(text)


def _named(command: Callable[..., None]) -> Callable[..., None]:
    """Which alarm: its detector and subject, as `alarm list` shows them."""
    for option in (
        click.option("--exercise", default="", help="演练编号 / the id of a drill"),
        click.option("--county", help="县代码，默认本县 / county code; the site's own when left out"),
        click.argument("subject"),
        click.argument("detector"),
    ):
        command = option(command)
    return command


def _thing(command: Callable[..., None]) -> Callable[..., None]:
    for option in (
        click.option("--county", help="县代码，默认本县 / county code; the site's own when left out"),
        click.option("--point", help="监测点 / a point, with everything watched there"),
        click.option("--detector", help="检测器 预案/触发器 / a detector: plan/trigger"),
    ):
        command = option(command)
    return command


_by = click.option("--by", required=True, help="谁在操作 / who does it: an officer of the roster")
_reason = click.option("--reason", required=True, help="原因 / why")


@click.group("alarm")
def alarm() -> None:
    """报警状态 / alarms as ISA-18.2 sees them: what stands, what is put aside and by whom."""


@alarm.command("list")
@click.option("--state", "states", multiple=True, type=click.Choice([str(s) for s in Seen]), help="只列此状态 / state")
@click.option("--plan", help="只列此预案 / of one plan")
@click.option("--detector", help="只列此检测器 / of one detector")
@click.option("--all", "everything", is_flag=True, help="含正常的 / with those that are normal")
@click.option("--drills/--no-drills", default=True, help="含演练 / with those of drills")
@json_option
@pass_context
def list_command(
    context: Context, *, states: tuple[str, ...], plan: str | None, detector: str | None, everything: bool,
    drills: bool, as_json: bool,
) -> None:  # fmt: skip
    """报警列表 / list alarms that are not normal, the latest change first."""
    with duty_room_offline(context.settings, context.in_force) as room, room.store.read() as connection:
        found = list_alarms(
            connection, states=[Seen(state) for state in states], plan=plan, detector=detector,
            exercise=None if drills else "", standing=not everything and not states,
        )  # fmt: skip
    if as_json:
        print_json(found)
        return
    for line in found:
        click.echo(_line(line))
    if not found:
        click.echo("没有报警 / no alarms")


@alarm.command("show")
@_named
@json_option
@pass_context
def show_command(
    context: Context, detector: str, subject: str, county: str | None, exercise: str, *, as_json: bool
) -> None:
    """一个报警的状态和经过 / one alarm: how it stands, what holds it, and all that happened to it."""
    name = alarm_id(exercise, county or context.library.site.file.county, detector, subject)
    with duty_room_offline(context.settings, context.in_force) as room, room.store.read() as connection:
        found = show_alarm(connection, name)
    if found is None:
        raise answer_no(f"没有报警 {detector} {subject} / there is no alarm {detector} {subject}")
    if as_json:
        print_json([found])
        return
    click.echo(_line(found))
    for event in found.record:
        click.echo(f"  {shown(event.at)}  {_said(event)}")


@alarm.command("shelve")
@_named
@click.option("--for", "lasting", required=True, type=_Lasting(), help="多久，如 8h / how long")
@_by
@_reason
@pass_context
def shelve(
    context: Context, detector: str, subject: str, county: str | None, exercise: str, lasting: timedelta, by: str,
    reason: str,
) -> None:  # fmt: skip
    """限时搁置 / put an alarm aside for a time: recorded, not paged, unless it rises above what it has been."""
    name = _name(context, detector, subject, county, exercise)
    _act(context, lambda acts: acts.shelve(name, lasting=lasting, by=by, reason=reason), "已搁置 / shelved")


@alarm.command("unshelve")
@_named
@_by
@pass_context
def unshelve(context: Context, detector: str, subject: str, county: str | None, exercise: str, by: str) -> None:
    """取消搁置 / end a shelf; what still stands is paged."""
    name = _name(context, detector, subject, county, exercise)
    _act(context, lambda acts: acts.unshelve(name, by=by), "已取消搁置 / unshelved")


@alarm.command("reset")
@_named
@_by
@pass_context
def reset(context: Context, detector: str, subject: str, county: str | None, exercise: str, by: str) -> None:
    """复位 / reset a latched alarm that has returned and was acknowledged."""
    name = _name(context, detector, subject, county, exercise)
    _act(context, lambda acts: acts.reset(name, by=by), "已复位 / reset")


@alarm.command("out-of-service")
@_thing
@_by
@_reason
@pass_context
def take_out(
    context: Context, detector: str | None, point: str | None, county: str | None, by: str, reason: str
) -> None:
    """停用 / take a detector or a point out of service until it is returned to it; never a whole county."""
    what = _what(context, detector, point, county)
    _act(context, lambda acts: acts.take_out(what, by=by, reason=reason), f"{what.name} 已停用 / out of service")


@alarm.command("return-to-service")
@_thing
@_by
@pass_context
def put_back(context: Context, detector: str | None, point: str | None, county: str | None, by: str) -> None:
    """恢复使用 / return it to service; what stands is paged."""
    what = _what(context, detector, point, county)
    _act(context, lambda acts: acts.return_to_service(what, by=by), f"{what.name} 已恢复使用 / in service again")


def _name(context: Context, detector: str, subject: str, county: str | None, exercise: str) -> Name:
    return Name(county or context.library.site.file.county, detector, subject, exercise)


def _what(context: Context, detector: str | None, point: str | None, county: str | None) -> Thing:
    site = context.library.site
    if (detector is None) == (point is None):
        raise refuse(fault("--detector, --point", NONE_OR_BOTH, ONE_OF_THEM))
    if point is not None and point not in site.points:
        raise refuse(fault("--point", point, expectations.one_of_points(len(site.points))))
    where = county or site.file.county
    return Thing(where, "point", point) if point is not None else Thing(where, "detector", str(detector))


def _act(context: Context, act: Callable[[AlarmActs], Acted | Refused], done: str) -> None:
    with duty_room_offline(context.settings, context.in_force) as room:
        outcome = act(alarm_acts(context.settings, room))
    if isinstance(outcome, Refused):
        raise answer_no(f"{outcome.reason_zh} / {outcome.reason_en}")
    words = standing(outcome.seen, outcome.incident)
    given = f"，事件 {outcome.incident} / incident {outcome.incident}" if outcome.incident else ""
    concerned = f"（{outcome.alarms} 个报警 alarms）：{words.zh} {words.en}{given}" if outcome.alarms else ""
    click.echo(f"{done}{concerned}")


def _line(line: AlarmLine) -> str:
    words = standing(line.state, line.incident)
    drill = "【演练 DRILL】" if line.exercise else ""
    said = (
        f"{words.zh} {words.en}  {grade(line.plan, line.severity)}  {line.detector} {line.subject}  {shown(line.since)}"
    )
    if line.incident:
        said += f"  事件 {line.incident}"
    if line.shelf:
        said += f"\n       搁置至 shelved until {shown(line.shelf.until)} · {line.shelf.by}：{line.shelf.reason}"
    if line.suppressed:
        by = f"{line.suppressed.detector} {line.suppressed.subject}"
        said += f"\n       被抑制于 suppressed by {by}（事件 incident {line.suppressed.incident}）"
    return f"{said}\n       {drill}{line.explain.zh} / {line.explain.en}"


def _said(event: AlarmEvent) -> str:
    d, who = event.detail, f" · {event.who}" if event.who else ""
    if event.event == "alert":
        number = f" 事件 {event.incident}" if event.incident else ""
        way = f"{grade_words(d['before'])} → {grade_words(d['after'])}"
        return f"警报 alert {way} [{outcome_words(d['outcome'])}]{number}: {d['zh']} / {d['en']}"
    more = WHY.get(d["why"], d["why"]) if "why" in d else d.get("reason", "")
    return f"{_EVENTS.get(event.event, '')} {event.event}{f'（{more}）' if more else ''}{who}"


COMMANDS = (alarm,)
