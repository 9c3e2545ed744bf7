"""`fenghuo roster import | show` and `fenghuo officer test`."""

from __future__ import annotations

from pathlib import Path

import click
import msgspec
from sqlalchemy import select

from infra import clock
from infra.cli.context import Context, answer_no, json_option, pass_context, print_json, refuse
from infra.doctor import roles_of
from infra.wiring import duty_room_offline
from responders.clock import shown
from responders.officer_test import send_test
from responders.roster_import import RosterFaults, load, read
from responders.schema import contacts, duty, officers


@click.group("roster")
def roster() -> None:
    """人员与排班 / officers, their contacts and duties."""


@roster.command("import")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@json_option
@pass_context
def import_roster(context: Context, file: Path, *, as_json: bool) -> None:
    """导入名册(CSV/YAML),全部错误一次报出 / import a roster; every fault at once, nothing imported if there is one."""
    with duty_room_offline(context.settings, context.library) as room:
        try:
            found = read(file)
            done = room.store.run(lambda connection: load(connection, found), wake=False)
        except RosterFaults as bad:
            raise refuse(str(bad)) from None
    if as_json:
        print_json([msgspec.to_builtins(done)])
        return
    for role in sorted({row["role"] for row in found.duties} - roles_of(context.library)):
        click.echo(f"注意: 没有预案呼叫 {role} / note: no plan pages role {role}", err=True)
    click.echo(
        f"人员 / officers {done.officers}, 联系方式 / contacts {done.contacts}, 移除 / removed {done.contacts_removed},"
        f" 新增班次 / new duties {done.duties}"
    )


@roster.command("show")
@json_option
@pass_context
def show_roster(context: Context, *, as_json: bool) -> None:
    """现在谁在岗 / who is on duty now, and how each is reached."""
    now = clock.utc_now()
    query = (
        select(duty.c.role, duty.c.officer, duty.c.starts_at, duty.c.ends_at, contacts.c.channel, contacts.c.address,
               contacts.c.position, contacts.c.enabled)
        .join(officers, officers.c.name == duty.c.officer)
        .outerjoin(contacts, contacts.c.officer == officers.c.name)
        .where(duty.c.starts_at <= now, duty.c.ends_at > now)
        .order_by(duty.c.role, duty.c.officer, contacts.c.position)
    )  # fmt: skip
    with duty_room_offline(context.settings, context.library) as room, room.store.read() as connection:
        rows = [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's own name for it
    if as_json:
        print_json(rows)
        return
    for row in rows:
        state = "" if row["enabled"] else " (停用 disabled)"
        reached = f"{row['channel']} {row['address']}{state}" if row["address"] else "无联系方式 no contact"
        click.echo(f"{row['role']:<16} {row['officer']}  {reached}  至 until {shown(row['ends_at'])}")


@click.group("officer")
def officer() -> None:
    """值班人员 / an officer."""


@officer.command("test")
@click.argument("name")
@pass_context
def test_officer(context: Context, name: str) -> None:
    """发一条【测试】短信 / send one marked test text to each of an officer's phones (the responder must be running)."""
    with duty_room_offline(context.settings, context.library) as room:
        sent = send_test(room.store, room.services, clock.utc_now, name)
    if not sent:
        raise answer_no(f"{name}: 名册中无此人或无可用联系方式 / not on the roster, or without an enabled contact")
    for contact in sent:
        click.echo(f"待发 / queued: {contact.channel} {contact.address}")


COMMANDS = (roster, officer)
