"""Reports upward: owed from `known_at`, reminded of at half their time and 5 minutes before, told once when late."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from responders.acknowledgement import Done, Refused
from responders.audit import Audit
from responders.deadlines import Deadlines
from responders.report_acts import Reported
from responders.reports import first_look, next_look, reminders
from responders.response_schema import reports
from tests.responders.response_plan import relief_plan, report, staff
from tests.responders.room import START

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from rules.plans import Plan
    from tests.responders.room import Room

PHONE = report("city-phone", "30m", levels=["IV", "III"])


def flood(room: Room, *owed: Any, level: str = "IV", before: str = "normal", **more: Any) -> Any:
    """An alert of a plan that owes these reports."""
    plan = planned(room, *owed)
    return room.alert(level, before, plan=plan, place="330723/flood", subject="E1", **more)


def planned(room: Room, *owed: Any) -> Plan:
    return room.library.plans.get("relief") or room.adopt(relief_plan(reporting=list(owed)))


async def taken(room: Room) -> tuple[str, str]:
    """王 has answered for incident 1: nobody is paged any more; his phone and that of 李."""
    wang, li = "+12025550111", "+12025550122"
    assert room.answers.acknowledge(1, "王建国", "cli") == Done(1, "王建国")
    await room.idle()
    room.network.ignores(wang)
    return wang, li


def owed(room: Room, name: str = "city-phone", nth: int = 1) -> Any:
    (row,) = room.rows(reports, reports.c.report == name, reports.c.nth == nth)
    return row


async def test_a_report_is_reminded_of_at_half_its_time_and_five_minutes_before(room: Room) -> None:
    """Once each, to whoever is on watch; the deadline passed, once to the leader too; then it stays owed in silence."""
    staff(room)
    await room.happens(flood(room, PHONE))
    wang, li = await taken(room)
    await room.goes_by(minutes=15)
    room.network.reads(
        wang, "【灾害救助】县须在30分钟内电话报市（city-phone）：剩15分钟（08-26 16:30 前）。",
        "事件1，报后回复“1已报 city-phone”。",
        "county to city by phone within 30 min (city-phone): 15 min left (by 08-26 16:30).",
        'Incident 1: then reply "1 reported city-phone".',
    )  # fmt: skip
    await room.goes_by(minutes=9, seconds=59)
    room.network.silent(wang)
    await room.goes_by(seconds=1)
    room.network.reads(wang, "剩5分钟（08-26 16:30 前）")
    room.network.silent(li)
    await room.goes_by(minutes=5)
    room.network.reads(wang, "应于 08-26 16:30 前，已超时0分钟")
    room.network.reads(li, "县须在30分钟内电话报市（city-phone）：应于 08-26 16:30 前")
    assert [row.event for row in room.timeline(1)].count("report missed") == 1
    await room.goes_by(hours=30)
    assert (owed(room).missed_at, owed(room).done_at) == (START + timedelta(minutes=30), None)


async def test_a_plan_says_itself_when_it_reminds(room: Room) -> None:
    """Also only once, and also of what is repeated."""
    staff(room)
    await room.happens(flood(room, report("daily", "24h", every="12h", remind=["2h", "30m"])))
    wang, _ = await taken(room)
    await room.goes_by(hours=22)
    room.network.reads(wang, "剩120分钟")
    await room.goes_by(hours=1, minutes=30)
    room.network.reads(wang, "剩30分钟")
    room.report_acts.reported(1, "daily", "王建国", "cli")
    await room.goes_by(hours=10, minutes=30)
    room.network.reads(wang, "剩120分钟")
    room.report_acts.reported(1, "daily", "王建国", "cli")


async def test_what_has_been_reported_is_reminded_of_no_more(room: Room) -> None:
    """By whom, for whom and with what remark is on record."""
    staff(room)
    await room.happens(flood(room, PHONE))
    await taken(room)
    done = room.report_acts.reported(1, "city-phone", "王建国", "cli", note="市应急局张主任", on_behalf_of="李卫东")
    assert done == Reported(1, "city-phone", "李卫东", late=False)
    await room.goes_by(hours=2)
    assert (owed(room).done_by, owed(room).note, owed(room).missed_at) == ("李卫东", "市应急局张主任", None)
    assert room.report_acts.reported(1, "city-phone", "王建国", "cli") == Refused(
        1, "事件1没有待报的 city-phone；待报：无 none。", "Incident 1 owes no report city-phone; it owes: 无 none."
    )


@pytest.mark.parametrize(
    "body", ["1已报", "１已报 city-phone", "1 REPORTED City-Phone", "已报 事件1 city-phone", "已报1"]
)
async def test_a_reply_says_that_it_has_been_reported(room: Room, body: str) -> None:
    """Where one is owed it need not be named."""
    staff(room)
    await room.happens(flood(room, PHONE))
    wang, _ = await taken(room)
    await room.goes_by(minutes=15)
    room.network.reads(wang, "报后回复“1已报 city-phone”")
    await room.replies(wang, body)
    room.network.reads(wang, "已登记：事件1的 city-phone 已报。", "Entered: city-phone of incident 1 has been made.")
    assert (owed(room).done_by, owed(room).done_via) == ("王建国", "sms")
    await room.goes_by(hours=1)
    await room.replies(wang, body)
    room.network.reads(wang, "事件1没有待报的")


async def test_a_reply_that_does_not_say_which_report_enters_none(room: Room) -> None:
    staff(room)
    await room.happens(flood(room, PHONE, report("city-written", "60m", by="written")))
    wang, li = await taken(room)
    await room.replies(wang, "1已报")
    room.network.reads(wang, "请写明所报，如“1已报 city-phone”。待报：city-phone、city-written。")
    await room.replies(wang, "已报 事件1")
    room.network.reads(wang, "请写明所报，如“1已报 city-phone”")
    await room.replies(wang, "1已报 city-fax")
    room.network.reads(wang, "事件1没有待报的 city-fax；待报：city-phone、city-written。")
    await room.replies(wang, "1已报 city-written")
    room.network.reads(wang, "city-written 已报")
    assert (owed(room).done_at, owed(room, "city-written").done_by) == (None, "王建国")
    room.report_acts.reported(1, "city-phone", "王建国", "cli")
    room.network.silent(li)


async def test_who_may_not_act_cannot_enter_a_report(room: Room) -> None:
    staff(room)
    room.officer("钱多多", "+12025550155")
    await room.happens(flood(room, PHONE))
    await taken(room)
    for name, by in ((1, "钱多多"), (1, "nobody"), (77, "王建国")):
        assert isinstance(room.report_acts.reported(name, "city-phone", by, "cli"), Refused)
    assert owed(room).done_at is None


async def test_the_clock_starts_when_the_reporter_knew(room: Room) -> None:
    """Known 20 minutes ago: half the time is gone, so it is said at once, and not again for the same."""
    staff(room)
    plan = planned(room, PHONE)
    alert = room.alert("IV", plan=plan, place="330723/flood", subject="E1", at=START - timedelta(minutes=20))
    await room.happens(alert)
    room.network.reads("+12025550111", "回复 1 签收")
    room.network.reads("+12025550111", "剩10分钟")
    wang, _ = await taken(room)
    await room.goes_by(minutes=4, seconds=59)
    room.network.silent(wang)
    await room.goes_by(seconds=1)
    room.network.reads(wang, "剩5分钟")


async def test_a_deadline_that_had_passed_before_it_was_known_here_is_told_at_once(room: Room) -> None:
    staff(room)
    alert = flood(room, PHONE, at=START - timedelta(hours=2))
    await room.happens(alert)
    room.network.reads("+12025550111", "回复 1 签收")
    room.network.reads("+12025550111", "应于 08-26 14:30 前，已超时90分钟")
    room.network.reads("+12025550122", "已超时90分钟")
    await taken(room)
    await room.goes_by(hours=2)


async def test_a_clock_from_the_opening_does_not_start_before_it(room: Room) -> None:
    staff(room)
    owes = report("city-phone", "30m", clock="opened_at")
    await room.happens(flood(room, owes, at=START - timedelta(hours=2)))
    await taken(room)
    assert owed(room).due_at == START + timedelta(minutes=30)
    room.report_acts.reported(1, "city-phone", "王建国", "cli")


async def test_what_falls_due_together_is_one_text(room: Room) -> None:
    staff(room)
    written = report("city-written", "30m", by="written")
    await room.happens(flood(room, PHONE, written))
    wang, _ = await taken(room)
    await room.goes_by(minutes=15)
    room.network.reads(wang, "电话报市（city-phone）：剩15分钟", "；县须在30分钟内书面报市（city-written）：剩15分钟")
    for name in ("city-phone", "city-written"):
        room.report_acts.reported(1, name, "王建国", "cli")


async def test_a_repeated_report_is_owed_until_the_response_ends(room: Room) -> None:
    """Counted from its deadline, late or early; a report made late stands for all that are late."""
    staff(room)
    daily = report("daily", "24h", every="24h", by="written")
    await room.happens(flood(room, daily))
    wang, li = await taken(room)
    room.report_acts.reported(1, "daily", "王建国", "cli")
    assert (owed(room, "daily", 2).due_at, owed(room, "daily", 2).done_at) == (START + timedelta(hours=48), None)
    await room.goes_by(hours=48)
    room.network.reads(wang, "剩12小时")
    room.network.reads(wang, "剩5分钟")
    room.network.reads(wang, "已超时")
    room.network.reads(li, "已超时")
    await room.goes_by(hours=1)
    assert room.report_acts.reported(1, "daily", "王建国", "cli").late  # type: ignore[union-attr]
    assert (owed(room, "daily", 2).done_by, owed(room, "daily", 3).done_at) == ("王建国", None)
    room.decisions.level(1, None, "周县长", "结束")
    await room.goes_by(days=3)
    room.network.reads(wang, "周县长决定终止")
    assert owed(room, "daily", 3).ended_at == START + timedelta(hours=49)


async def test_days_in_which_nobody_was_there_are_not_made_up(room: Room) -> None:
    """Down for five days: one text for the one that is late, and the next is due in the future."""
    staff(room)
    await room.happens(flood(room, report("daily", "24h", every="24h", by="written")))
    wang, li = await taken(room)
    room.clock.now += timedelta(days=5, hours=1)
    room.pager = room.new_pager()
    await room.idle()
    room.network.reads(wang, "已超时")
    room.network.reads(li, "已超时")
    assert owed(room, "daily", 6).due_at == START + timedelta(days=6)
    assert len(room.rows(reports)) == 2
    room.answers.close(1, "周县长", "结束")
    await room.idle()
    room.network.ignores(wang)


async def test_nothing_is_owed_any_more_when_the_incident_has_ended(room: Room) -> None:
    staff(room)
    await room.happens(flood(room, PHONE))
    wang, _ = await taken(room)
    assert room.answers.close(1, "周县长", "误报") == Done(1, "周县长")
    await room.goes_by(hours=2)
    room.network.reads(wang, "已关闭")
    assert owed(room).ended_at == START
    assert "reports ended" in [row.event for row in room.timeline(1)]


async def test_a_reminder_that_had_not_left_when_the_incident_ended_never_leaves(room: Room) -> None:
    staff(room)
    await room.happens(flood(room, PHONE))
    wang, _ = await taken(room)
    room.clock.now += timedelta(minutes=15)
    assert Deadlines(room.store, room.services, room.desk, room.clock).once() == 1
    room.answers.close(1, "周县长", "误报")
    await room.idle()
    room.network.reads(wang, "已关闭")


async def test_two_processes_and_a_restart_remind_once(room: Room) -> None:
    """The instant passes while nobody runs: one text for all that it would have been, from whoever comes first."""
    staff(room)
    await room.happens(flood(room, PHONE))
    wang, _ = await taken(room)
    room.clock.now += timedelta(minutes=26)
    hands = [Deadlines(room.store, room.services, room.desk, room.clock) for _ in range(3)]
    assert [hand.once() for hand in hands] == [1, 0, 0]
    room.pager = room.new_pager()
    await room.pager.start()
    await room.idle()
    room.network.reads(wang, "剩4分钟")
    assert owed(room).next_at == START + timedelta(minutes=30)
    room.report_acts.reported(1, "city-phone", "王建国", "cli")


async def test_killed_before_the_commit_it_is_reminded_of_by_the_next(room: Room) -> None:
    """The text and the mark that it was made are one transaction: there is no between."""
    staff(room)
    await room.happens(flood(room, PHONE))
    wang, _ = await taken(room)
    room.clock.now += timedelta(minutes=15)
    deadlines = Deadlines(room.store, room.services, room.desk, room.clock)
    incident = room.incident(1).id

    def killed(connection: Connection) -> None:
        deadlines._remind(incident, connection)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        room.store.run(killed)
    assert not room.pages(kind="reminder")
    await room.idle()
    room.network.reads(wang, "剩15分钟")
    room.report_acts.reported(1, "city-phone", "王建国", "cli")


async def test_one_incident_that_cannot_be_read_does_not_stop_the_others(room: Room) -> None:
    staff(room)
    plan = planned(room, PHONE)
    await room.happens(*(room.alert("IV", plan=plan, place=f"p{n}", subject=f"p{n}") for n in (1, 2)))
    for number in (1, 2):
        room.answers.acknowledge(number, "王建国", "cli")
    await room.idle()
    wang = "+12025550111"
    room.network.ignores(wang)
    with room.store.write() as connection:
        connection.exec_driver_sql("UPDATE incidents SET policy = '{}' WHERE number = 1")
    await room.goes_by(minutes=15)
    texts = [room.network.reads(wang), room.network.reads(wang)]
    assert any("剩15分钟" in text and "事件2" in text for text in texts)
    assert any("【系统故障】" in text and "报告时限无法提醒" in text for text in texts)
    room.report_acts.reported(2, "city-phone", "王建国", "cli")
    await room.goes_by(seconds=59)
    room.network.ignores(wang)


async def test_a_rise_owes_what_the_graver_level_asks_and_keeps_the_earlier_deadline(room: Room) -> None:
    """One call to the city is enough; what is owed at both levels goes on."""
    wang, li, head, _ = staff(room)
    both, grave = report("town", "40m", sender="town", to="county"), report("city-grave", "20m", levels=["II"])
    await room.happens(flood(room, PHONE, both, grave))
    room.clock.now += timedelta(minutes=12)
    await room.happens(flood(room, level="II", before="IV"))
    assert {(row.report, row.due_at - START, row.ended_at is None) for row in room.rows(reports)} == {
        ("city-phone", timedelta(minutes=30), False),
        ("town", timedelta(minutes=40), True),
        ("city-grave", timedelta(minutes=30), True),
    }
    room.answers.close(1, "周县长", "误报")
    await room.idle()
    for phone in (wang, li, head):
        room.network.ignores(phone)


async def test_historic_incidents_and_notices_owe_nothing(room: Room) -> None:
    staff(room)
    await room.happens(flood(room, PHONE, historic=True))
    await room.happens(flood(room, level="approach"))
    room.network.ignores("+12025550111")
    assert not room.rows(reports)


async def test_without_anybody_on_watch_the_leader_is_reminded(room: Room) -> None:
    wang, li = room.usual()
    await room.happens(flood(room, PHONE))
    room.network.ignores(wang)
    with room.store.write() as connection:
        connection.exec_driver_sql("UPDATE contacts SET enabled = false WHERE officer = '王建国'")
    room.answers.acknowledge(1, "李卫东", "cli")
    await room.idle()
    room.network.ignores(li)
    await room.goes_by(minutes=15)
    room.network.reads(li, "剩15分钟")
    room.report_acts.reported(1, "city-phone", "李卫东", "cli")


@pytest.mark.parametrize(
    "values",
    [{"next_at": None}, {"done_at": START}, {"done_at": START, "done_by": "x", "done_via": "cli"}, {"manner": "pigeon"},
     {"ended_at": START}, {"missed_at": START}, {"nth": 0}],
    ids=str,
)  # fmt: skip
async def test_a_report_cannot_be_owed_with_nothing_due(room: Room, values: dict[str, object]) -> None:
    staff(room)
    await room.happens(flood(room, PHONE))
    with pytest.raises(IntegrityError), room.store.write() as connection:
        connection.execute(update(reports).values(**values))
    room.network.ignores("+12025550111")


@given(within=st.integers(0, 72 * 60), ago=st.integers(-60, 72 * 60))
def test_each_look_is_later_than_the_last_until_the_deadline(within: int, ago: int) -> None:
    """At most two reminders, each between knowing and deadline; the looking ends at the deadline."""
    from_at, now = START, START + timedelta(minutes=ago)
    due_at = from_at + timedelta(minutes=within)
    times = reminders(from_at, due_at)
    assert len(times) <= 2
    assert all(from_at < at < due_at for at in times)
    look, seen = first_look(from_at, due_at, now), list[datetime]()
    while look < due_at:
        seen.append(look)
        assert len(seen) <= 2
        after = next_look(from_at, due_at, max(now, look))
        assert after > look
        look = after
    assert look == max(due_at, now if not seen else due_at)


async def test_c11_a_report_that_nobody_looks_at_is_found_by_the_audit(room: Room) -> None:
    """The outside heartbeat stays silent, and it is said."""
    staff(room)
    await room.happens(flood(room, PHONE))
    wang, _ = await taken(room)
    audit = Audit(room.store, room.services, room.desk, room.clock)
    room.clock.now += timedelta(minutes=17)
    assert audit.once() == []
    room.clock.now += timedelta(seconds=1)
    (found,) = audit.once()
    assert (found.number, found.what) == (1, "a report is not reminded of")
    assert found.since == START + timedelta(minutes=15)
    await room.idle()
    assert any("【系统故障】" in text for text in room.network.arrived[wang])
    assert audit.once() == []
    room.network.ignores(wang)
    room.report_acts.reported(1, "city-phone", "王建国", "cli")
