"""`fenghuo roster import | show` and `fenghuo officer test | retire`."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec
from sqlalchemy import select

from infra import clock
from infra.cli.context import Context, answer_no, json_option, pass_context, print_json
from infra.doctor import how_it_fares, roles_of
from infra.wiring import duty_room_offline
from responders.officer_test import Tested, results, send_test
from responders.page_states import PENDING
from responders.reach import Reach, reach
from responders.roster import DutyTable
from responders.roster_import import bring, retire
from responders.schema import duty
from responders.timeline import PAGE_STATE
from rules.shanghai import shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from responders.store import Store

LOOK_EVERY = 0.2
"""Seconds between two looks at what has become of a test text."""


@click.group("roster")
def roster() -> None:
    """人员与排班 / officers, their contacts and duties."""


@roster.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@pass_context
def import_roster(context: Context, file: Path, *, as_json: bool) -> None:
    """导入名册（CSV/YAML），全部错误一次报出 / import a roster: every fault at once, and then nothing."""
    with duty_room_offline(context.settings, context.in_force) as room:
        roles = context.library.site.file.roles
        found, done = room.store.run(lambda connection: bring(connection, file, roles), wake=False)
    if as_json:
        print_json([msgspec.to_builtins(done)])
        return
    for role in sorted({row["role"] for row in found.duties} - roles_of(context.library)):
        click.echo(f"注意：没有预案呼叫 {role} / note: no plan pages role {role}", err=True)
    click.echo(
        f"人员 / officers {done.officers}, 联系方式 / contacts {done.contacts}, 移除 / removed {done.contacts_removed},"
        f" 新增班次 / new duties {done.duties}"
    )


@roster.command("show")
@json_option
@pass_context
def show_roster(context: Context, *, as_json: bool) -> None:
    """现在谁在岗 / who is on duty now, how each is reached, and whether texts arrive there."""
    now = clock.utc_now()
    query = (
        select(duty)
        .where(duty.c.starts_at <= now, duty.c.ends_at > now)
        .order_by(duty.c.role, duty.c.officer, duty.c.starts_at)
    )
    with duty_room_offline(context.settings, context.in_force) as room, room.store.read() as connection:
        shifts = connection.execute(query).all()
        known: dict[str, list[Reach | None]] = {}
        for contact in reach(connection):
            known.setdefault(contact.officer, []).append(contact)
    reached = [(shift, one) for shift in shifts for one in known.get(shift.officer, [None])]
    if as_json:
        print_json(_row(shift, one) for shift, one in reached)
        return
    for shift, one in reached:
        where = f"{one.channel} {one.address}{how_it_fares(one)}" if one else "无联系方式 no contact"
        click.echo(f"{shift.role:<16} {shift.officer}  {where}  至 until {shown(shift.ends_at)}")


def _row(shift: Any, contact: Reach | None) -> dict[str, Any]:
    """A shift that runs now, and one way to reach its officer."""
    named = {name: getattr(contact, name, None) for name in Reach.__struct_fields__}
    times = {"starts_at": shift.starts_at, "ends_at": shift.ends_at}
    return named | {"role": shift.role, "officer": shift.officer} | times


@click.group("officer")
def officer() -> None:
    """值班人员 / an officer."""


@officer.command("test")
@click.argument("name")
@click.option(
    "--wait", "seconds", type=click.FloatRange(0, 600), default=30.0, show_default=True,
    help="最多等回执几秒，0 为不等 / seconds to wait for receipts at most; 0: not at all",
)  # fmt: skip
@json_option
@pass_context
def test_officer(context: Context, name: str, seconds: float, *, as_json: bool) -> None:
    """发一条【测试】短信并等回执 / send one marked test text to each of an officer's phones, and say what became of it.

    The responder must be running. Exit code 1 where a text was refused, did not arrive, or has not left in time.
    """

    def say(one: Tested) -> None:
        if not as_json:
            reason = f"（{one.reason}）" if one.reason else ""
            click.echo(f"{one.channel} {one.address}: {PAGE_STATE[one.state]}{reason}")

    with duty_room_offline(context.settings, context.in_force) as room:
        tested = send_test(room.store, room.services, clock.utc_now, name)
        if not tested:
            raise answer_no(f"{name}: 名册中无此人或无可用联系方式 / not on the roster, or without an enabled contact")
        tested = _watched(room.store, tested, seconds, say)
    if as_json:
        print_json(tested)
    if seconds == 0:
        return
    if any(one.state in PENDING for one in tested):
        raise answer_no("尚未发出，responder 是否在运行？ / has not left yet: is the responder running?")
    if not all(one.well for one in tested):
        raise answer_no("有短信未能送达 / not every text arrived")
    if not all(one.settled for one in tested):
        click.echo("已发出，尚无送达回执 / sent; no receipt of its delivery yet", err=True)


@officer.command("retire")
@click.argument("name")
@pass_context
def retire_officer(context: Context, name: str) -> None:
    """离岗：删除联系方式，班次到此为止 / somebody has left: no phones, no more duties; the record stays."""
    now, roles = clock.utc_now(), sorted(roles_of(context.library))
    with duty_room_offline(context.settings, context.in_force) as room:
        if not room.store.run(lambda connection: retire(connection, name, now)):
            raise answer_no(f"{name} 不在人员名册中 / {name} is not on the roster")
        with room.store.read() as connection:
            on = DutyTable().on_duty(connection, roles, now)
    click.echo(f"{name} 已离岗 / retired")
    for role in (role for role, officers in on.items() if not officers):
        click.echo(f"注意：{role} 现在无人值班 / note: nobody is on duty as {role} now", err=True)


def _watched(store: Store, tested: list[Tested], seconds: float, say: Callable[[Tested], None]) -> list[Tested]:
    """Says each change of state until nothing more is to be expected, or the time is up; how they stand then."""
    deadline = time.monotonic() + seconds
    told: list[Tested] = []
    while True:
        for one in tested:
            if one not in told:
                told.append(one)
                say(one)
        left = deadline - time.monotonic()
        if left <= 0 or all(one.settled for one in tested):
            return tested
        time.sleep(min(LOOK_EVERY, left))
        with store.read() as connection:
            tested = results(connection, [one.page for one in tested])


COMMANDS = (roster, officer)
