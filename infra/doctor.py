"""`fenghuo doctor`: each thing an installation needs, asked for real, with what to do where it is missing."""

from __future__ import annotations

import asyncio
from itertools import chain
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from infra import clock
from infra.following import look_at_disk
from infra.wiring import DutyRoom, duty_room, stream_settings
from responders import escalation, plan_store, roster
from responders.alarm_queries import list_alarms, now_out_of_service
from responders.alarm_words import SEEN
from responders.channels.base import Askable, CannotAsk
from responders.reach import Reach, reach
from responders.schema import contacts
from responders.timeline import PAGE_STATE, STATUS
from rules.alerts import Words
from rules.annunciation import Seen
from rules.shanghai import shown
from streams.provision import provision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from infra.in_force import InForce
    from infra.settings import Settings
    from rules.library import Library


OTHERS = {
    "responses_running": "进行中的响应 running responses", "proposals_waiting": "待批请示 proposals that wait",
    "reports_owed": "待报 reports owed", "reports_late": "逾期未报 reports overdue",
}  # fmt: skip


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One examined thing."""

    what: Words
    well: bool
    detail: str


async def examine(settings: Settings, in_force: InForce) -> list[Finding]:
    """Broker, database, plans in force, provider settings, and whether each role of each plan reaches somebody now."""
    room, library = duty_room(settings, in_force), in_force.library
    try:
        findings = [
            await _try(Words(zh="消息主题", en="topics"), lambda: _topics(settings, library)),
            await _try(Words(zh="数据库", en="database"), lambda: _database(room)),
            await _provider(settings, room),
        ]
        if findings[1].well:
            asked = (_plans(settings, in_force, room), _roles(room, library), _phones(room), _aside(room))
            findings += await asyncio.to_thread(lambda: [*chain.from_iterable(asked)])
        return findings
    finally:
        await room.close()


async def _try(what: Words, ask: Callable[[], str]) -> Finding:
    try:
        return Finding(what=what, well=True, detail=await asyncio.to_thread(ask))
    except Exception as error:  # noqa: BLE001 - whatever is wrong, it is the finding
        return Finding(what=what, well=False, detail=str(error).splitlines()[0] if str(error) else repr(error))


def _topics(settings: Settings, library: Library) -> str:
    found = provision(stream_settings(settings, library), check=True)
    wrong = [f"{topic.topic} {topic.action}" for topic in found if topic.action in ("missing", "differs")]
    if wrong:
        raise LookupError(f"{', '.join(wrong)}: 请运行 / run fenghuo provision")
    return f"{len(found)} 个 / of them"


def _database(room: DutyRoom) -> str:
    """What is open there, in words."""
    found = [f"{in_words(name)} {number}" for name, number in sorted(room.standing().items()) if number]
    return "；".join(found) or "没有未结的事 nothing is open"


def in_words(name: str) -> str:
    """What one of its figures counts."""
    of, _, state = name.partition("_")
    if of == "incidents":
        return f"事件 incidents {STATUS[state]}"
    if of == "pages":
        return f"短信 texts {PAGE_STATE[state]}"
    if of == "alarms":
        return f"报警 alarms {SEEN[Seen(state)].zh} {SEEN[Seen(state)].en}"
    return OTHERS[name]


async def _provider(settings: Settings, room: DutyRoom) -> Finding:
    """Asked for real: a wrong token, or a provider that is away, is found before it is needed."""
    twilio, what = settings.twilio, Words(zh="短信通道", en="SMS provider")
    missing = [name for name in ("account_sid", "auth_token", "from_number") if not getattr(twilio, name)]
    if missing:
        return Finding(what=what, well=False, detail=f"twilio.{', twilio.'.join(missing)} 未设置 / not set")
    channel = room.channels["twilio"]
    if isinstance(channel, Askable):
        try:
            await channel.find(twilio.from_number, "fenghuo doctor", clock.utc_now())
        except CannotAsk as unanswered:
            return Finding(what=what, well=False, detail=f"没有答复 / does not answer: {unanswered}")
    return Finding(what=what, well=True, detail=twilio.api_base or "twilio")


def _plans(settings: Settings, in_force: InForce, room: DutyRoom) -> Iterator[Finding]:
    """What is in force, and whether the disk has something else."""
    what = Words(zh="预案库", en="plans in force")
    with room.store.read() as connection:
        present = plan_store.in_force(connection)
    if present is None:
        detail = "尚未启用，首次启动时启用磁盘上的 / none yet: the first start takes those on disk"
        yield Finding(what=what, well=True, detail=detail)
        return
    disk = look_at_disk(settings, in_force)
    yield Finding(what=what, well=True, detail=f"{present.content[:16]}, {shown(present.at)}, {present.by}")
    if disk.broken is not None:
        yield Finding(what=what, well=False, detail=f"{disk.broken.zh} / {disk.broken.en}")
    elif disk.differs:
        detail = f"磁盘上的不同 / those on disk differ: {disk.content[:16]}, fenghuo plan activate"
        yield Finding(what=what, well=True, detail=detail)


def _roles(room: DutyRoom, library: Library) -> Iterator[Finding]:
    """A policy that reaches nobody is said before it is needed."""
    roles = roles_of(library)
    with room.store.read() as connection:
        known = {row.officer for row in connection.execute(select(contacts.c.officer).where(contacts.c.enabled))}
        for role, on in roster.DutyTable().on_duty(connection, sorted(roles), clock.utc_now()).items():
            reached = [officer for officer in on if officer in known]
            detail = ", ".join(reached) or "现在无人可达，请补排班 / reaches nobody now: fenghuo roster import"
            yield Finding(what=Words(zh=f"值班 {role}", en=f"role {role}"), well=bool(reached), detail=detail)


def _phones(room: DutyRoom) -> Iterator[Finding]:
    """A phone that no text reaches is said before it is needed."""
    with room.store.read() as connection:
        lost = [contact for contact in reach(connection) if contact.enabled and contact.lost]
    for contact in lost:
        what = Words(zh=f"{contact.officer} 的电话", en=f"phone of {contact.officer}")
        yield Finding(what=what, well=False, detail=f"{contact.address}{how_it_fares(contact)}")


def _aside(room: DutyRoom) -> Iterator[Finding]:
    """What pages nobody because people put it aside: loud, for it is easily forgotten."""
    with room.store.read() as connection:
        out = now_out_of_service(connection)
        shelved = list_alarms(connection, states=[Seen.SHELVED], exercise="")
    for thing in out:
        detail = f"{thing.name}: {thing.by}, {shown(thing.since)}: {thing.reason}"
        yield Finding(what=Words(zh="停用，不呼叫", en="out of service, pages nobody"), well=False, detail=detail)
    for alarm in shelved:
        if alarm.shelf is not None:
            until = f"{alarm.detector} {alarm.subject}: {alarm.shelf.by}, → {shown(alarm.shelf.until)}"
            what = Words(zh="已搁置", en="shelved")
            yield Finding(what=what, well=True, detail=f"{until}: {alarm.shelf.reason}")


def how_it_fares(contact: Reach) -> str:
    """What a person should know before a text is sent there; empty where nothing is known against it."""
    if not contact.enabled:
        return "（停用 disabled）"
    if contact.stopped:
        return "（已退订，收不到短信，须本人回复 START / has sent STOP: no text arrives until its owner texts START）"
    if not contact.lost or contact.last_at is None:
        return ""
    why = contact.last_reason or contact.last_state
    return f"（上次未达 the last text did not arrive: {why}, {shown(contact.last_at)}）"


def roles_of(library: Library) -> set[str]:
    """Every role that may be paged at this site."""
    duty_role = library.site.file.duty_role
    return {duty_role}.union(*(escalation.roles_of(plan, duty_role) for plan in library.plans.values()))
