"""`fenghuo dead-letters list | send-again`."""

from __future__ import annotations

import asyncio
import sys
from typing import TYPE_CHECKING
from uuid import UUID

import click

from infra import clock
from infra.cli.context import Context, json_option, pass_context, print_json, refuse
from infra.wiring import open_producer, stream_settings
from rules.alerts import Words
from rules.fault import NOTHING, fault
from rules.shanghai import shown
from streams.letters import list_dead_letters, send_again

if TYPE_CHECKING:
    from streams.letters import Listed, Resent


SOME = Words(zh="死信编号，或 --reason、--all", en="ids of dead letters, --reason or --all")
AS_LISTED = Words(zh="fenghuo dead-letters list 所列的编号", en="ids as fenghuo dead-letters list prints them")


RESENT = {
    "applied": "已重发并处理 sent again and applied",
    "came_back": "重发后又被退回，原因尚未排除 came back, its cause is not mended",
    "sent": "已重发，工作进程尚未读到 sent again, no worker has read it yet",
    "already_sent": "此前已重发 had been sent again before",
    "not_found": "没有这条死信 no such dead letter",
    "truncated": "原文过长未保存，无法重发 not sent: its text was too long to be kept",
}
"""What became of a dead letter that was to be sent again."""

WORKERS_WITHIN = 10.0
"""Seconds for the workers to say what became of what was sent again."""


@click.group("dead-letters")
def dead_letters() -> None:
    """无法处理的数据 / messages that could not be applied."""


@dead_letters.command("list")
@click.option("--waiting", is_flag=True, help="只列未重发的 / only those not sent again")
@json_option
@pass_context
def list_command(context: Context, *, waiting: bool, as_json: bool) -> None:
    """列出原因、来源与原文位置 / list them with reason, source and origin."""
    found = [one for one in _letters(context) if not (waiting and one.sent_again)]
    if as_json:
        print_json(found)
        return
    for one in found:
        letter, origin = one.letter, one.letter.origin
        again = "  已重发 sent again" if one.sent_again else ""
        if one.came_back and not one.sent_again:
            again = f"  重发 {one.came_back} 次均被退回 sent again {one.came_back} times in vain"
        click.echo(
            f"{letter.id}  {shown(letter.appended_at)}  {letter.reason}  {letter.source or '?'}"
            f"  {origin.topic}/{origin.partition}@{origin.offset}  {letter.explain.zh} / {letter.explain.en}{again}"
        )
    if not found:
        click.echo("没有死信 / no dead letters")


@dead_letters.command("send-again")
@click.argument("ids", nargs=-1)
@click.option("--all", "everything", is_flag=True, help="全部未重发的 / all that were not sent again")
@click.option("--reason", help="某一原因的全部 / all of one reason")
@json_option
@pass_context
def again(context: Context, ids: tuple[str, ...], reason: str | None, *, everything: bool, as_json: bool) -> None:
    """排除原因后重发 / send them again once the cause is mended; each at most once."""
    if not ids and not everything and reason is None:
        raise refuse(fault("IDS", NOTHING, SOME))
    try:
        chosen = [UUID(one) for one in ids]
    except ValueError:
        raise refuse(fault("IDS", " ".join(ids), AS_LISTED)) from None
    if everything or reason is not None:
        waiting = [one for one in _letters(context) if one.sent_again is None]
        chosen += [one.letter.id for one in waiting if reason in (None, one.letter.reason)]
    done = asyncio.run(_send(context, chosen))
    if as_json:
        print_json(done)
    else:
        for one in done:
            click.echo(f"{one.id}  {RESENT[one.action]}" + (f": {one.explain}" if one.explain else ""))
    sys.exit(0 if all(one.action in ("applied", "sent", "already_sent") for one in done) else 1)


def _letters(context: Context) -> list[Listed]:
    return asyncio.run(list_dead_letters(stream_settings(context.settings, context.library)))


async def _send(context: Context, chosen: list[UUID]) -> list[Resent]:
    streams = stream_settings(context.settings, context.library)
    async with await open_producer(context.settings, context.library) as producer:
        return await send_again(streams, producer, chosen, clock.utc_now, within=WORKERS_WITHIN)


COMMANDS = (dead_letters,)
