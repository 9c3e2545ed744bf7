"""Alarms that people put aside: shelved for a time, out of service until they are back, latched until reset."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
import pytest

from responders import drills
from responders.acknowledgement import Done, Refused
from responders.alarm_acts import Acted, Name
from responders.alarm_schema import alarm_events, alarms
from responders.alarms import alarm_id
from responders.annunciator import Thing
from responders.audit import Audit
from rules.annunciation import Seen
from rules.severity import Severity
from tests.responders.room import COUNTY, grain_plan

if TYPE_CHECKING:
    from typing import Any

    from rules.plans import Plan
    from tests.responders.room import Room

P01 = Name(COUNTY, "grain/line", "P01/rice/retail")
HOUR = timedelta(hours=1)
POINT = Thing(COUNTY, "point", "P01")
DETECTOR = Thing(COUNTY, "detector", "grain/line")


def shelve(room: Room, name: Name = P01, hours: float = 8, **said: Any) -> Acted:
    values: dict[str, Any] = {"lasting": HOUR * hours, "by": "王建国", "reason": "价签打印机故障", **said}
    done = room.acts.shelve(name, **values)
    assert isinstance(done, Acted), done
    return done


async def known(room: Room, severity: str = "line") -> str:
    """P01 has been in alarm once, was answered for, and is over; the phone of the one on duty."""
    wang, _ = room.usual()
    await room.happens(room.alert(severity))
    await room.replies(wang, "1")
    await room.happens(room.alert("normal", severity, at=room.clock() + timedelta(seconds=1)))
    room.answers.close(1, "王建国", "价格回落")
    await room.goes_by(minutes=1)
    room.network.ignores(wang)
    return wang


# -- shelved


async def test_the_alerts_of_a_shelved_alarm_are_on_record_and_page_nobody(room: Room) -> None:
    wang = await known(room)
    assert shelve(room) == Acted(Seen.SHELVED)
    await room.happens(room.alert())
    await room.happens(room.alert("normal", "line", at=room.clock() + timedelta(minutes=1)))
    room.network.silent(wang)
    assert [alert.outcome for alert in room.alerts()][-2:] == ["shelved", "shelved"]
    assert len(room.incidents()) == 1


async def test_d14_asked_for_its_state_it_says_at_once_that_it_is_shelved_by_whom_and_why(room: Room) -> None:
    await known(room)
    shelve(room)
    found = room.alarm()
    assert (found.state, found.holds, found.condition) == (Seen.SHELVED, ["shelved"], "clear")
    assert found.shelf is not None
    assert (found.shelf.by, found.shelf.reason, found.shelf.severity) == ("王建国", "价签打印机故障", "line")
    assert found.shelf.until == room.clock() + 8 * HOUR
    assert [(event.event, event.who) for event in found.record][-1] == ("shelved", "王建国")


async def test_still_active_when_the_shelf_expires_it_opens_an_incident_then_and_exactly_once(room: Room) -> None:
    wang = await known(room)
    shelve(room)
    await room.happens(room.alert())
    await room.goes_by(hours=7, minutes=59)
    room.network.silent(wang)
    await room.goes_by(minutes=2)
    room.network.reads(wang, "P01/rice/retail", "事件2")
    await room.idle()
    assert [i.status for i in room.incidents()] == ["closed", "unacknowledged"]
    assert (room.alarm().state, room.alarm().incident) == (Seen.UNACKNOWLEDGED, 2)
    assert [line.event for line in room.timeline(2)][:3] == ["opened", "alert", "step"]
    assert "given" in [line.event for line in room.timeline(2)]


async def test_back_to_normal_when_the_shelf_expires_nobody_hears_of_it(room: Room) -> None:
    wang = await known(room)
    shelve(room)
    await room.happens(room.alert())
    await room.happens(room.alert("normal", "line", at=room.clock() + timedelta(minutes=1)))
    await room.goes_by(hours=9)
    room.network.silent(wang)
    assert room.alarm().state is Seen.NORMAL


async def test_a_process_dead_at_the_expiry_pages_when_it_is_back_and_once(room: Room) -> None:
    """Days later; two processes come back at the same time."""
    wang = await known(room)
    shelve(room)
    await room.happens(room.alert())
    room.clock.now += timedelta(days=3)
    one, other = room.new_pager(), room.new_pager(owner="other")
    await one.run_until_idle()
    await other.run_until_idle()
    room.network.reads(wang, "事件2")
    assert len(room.incidents()) == 2


async def test_killed_half_way_through_the_expiry_nothing_of_it_has_happened(room: Room) -> None:
    """The transaction is whole or not at all; the next one does it."""
    wang = await known(room)
    shelve(room)
    await room.happens(room.alert())
    room.clock.now += 9 * HOUR
    releases = room.pager._escalator._releases

    def killed() -> None:
        with room.store.write() as connection:
            assert releases._expire(alarm_id("", COUNTY, P01.detector, P01.subject), connection) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert len(room.incidents()) == 1
    assert room.alarm().state is Seen.SHELVED
    await room.idle()
    room.network.reads(wang, "事件2")


async def test_a_shelf_never_hides_a_rise_above_what_it_was_put_up_for(room: Room) -> None:
    """ISA-18.2 shelves each limit by itself: shelving "high" does not hide "high-high"."""
    wang = await known(room)
    shelve(room)
    await room.happens(room.alert("line"))
    await room.happens(room.alert("IV", "line", at=room.clock() + timedelta(minutes=1)))
    room.network.reads(wang, "事件2")
    assert room.alarm().state is Seen.UNACKNOWLEDGED
    assert "rose above its shelf" in [event.event for event in room.alarm().record]


async def test_shelved_while_active_an_incident_that_was_open_goes_on(room: Room) -> None:
    """C13: a shelf is no way to end an escalation; only an answer is."""
    wang, li = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    shelve(room)
    await room.goes_by(minutes=5)
    room.network.reads(li, "事件1")
    assert room.incident().status == "unacknowledged"
    assert "shelved" in [line.event for line in room.timeline()]
    await room.happens(room.alert("normal", "line", at=room.clock()))
    room.network.reads(wang, "已恢复正常")
    room.network.reads(li, "已恢复正常")


async def test_unshelved_by_hand_what_stands_is_paged_at_once(room: Room) -> None:
    wang = await known(room)
    shelve(room)
    await room.happens(room.alert())
    assert room.acts.unshelve(P01, by="李卫东") == Acted(Seen.UNACKNOWLEDGED, 2)
    await room.goes_by(seconds=1)
    room.network.reads(wang, "事件2")
    await room.goes_by(minutes=4)
    assert ("unshelved", "李卫东") in [(event.event, event.who) for event in room.alarm().record]


async def test_an_incident_of_the_place_that_is_open_when_the_shelf_expires_is_joined(room: Room) -> None:
    """No second incident: one text says what more there is."""
    wang = await known(room)
    shelve(room)
    await room.happens(room.alert(), room.alert(subject="P02/rice/retail"))
    room.network.reads(wang, "P02", "事件2")
    await room.replies(wang, "2")
    room.network.ignores(wang)
    await room.goes_by(hours=9)
    room.network.reads(wang, "新增1处", "P01")
    assert len(room.incidents()) == 2
    assert room.alarm().state is Seen.ACKNOWLEDGED, "whoever has the incident answers for what joins it"


async def test_acknowledged_while_its_shelf_expires_there_is_one_incident_and_one_owner(room: Room) -> None:
    """The shelf is put up on an open incident; the answer comes at the very instant of the expiry, before or after."""
    wang, _ = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    shelve(room, hours=0.05)
    room.clock.now += timedelta(minutes=3)
    assert isinstance(room.answers.acknowledge(1, "王建国", "cli"), Done)
    await room.idle()
    assert (room.incident().status, room.alarm().state) == ("acknowledged", Seen.ACKNOWLEDGED)
    shelve(room, hours=0.05)
    await room.goes_by(minutes=4)
    assert (len(room.incidents()), room.alarm().state) == (1, Seen.ACKNOWLEDGED)


@pytest.mark.parametrize("round_", range(3))
async def test_an_answer_and_an_expiry_in_the_same_instant_from_two_processes(room: Room, round_: int) -> None:
    """Whichever is first: one incident, one owner, and the alarm that joined it is answered for."""
    del round_
    wang = await known(room)
    shelve(room)
    await room.happens(room.alert(), room.alert(subject="P02/rice/retail"))
    room.network.reads(wang, "P02", "事件2")
    room.clock.now += 8 * HOUR + timedelta(seconds=1)
    releases = room.pager._escalator._releases
    with ThreadPoolExecutor(2) as processes:
        answer = processes.submit(room.answers.acknowledge, 2, "王建国", "cli")
        expiry = processes.submit(releases.once)
    assert (isinstance(answer.result(), Done), expiry.result()) == (True, 1)
    await room.idle()
    room.network.ignores(wang)
    assert [i.status for i in room.incidents()] == ["closed", "acknowledged"]
    assert (room.alarm().state, room.alarm().incident) == (Seen.ACKNOWLEDGED, 2)


@pytest.mark.parametrize(
    ("said", "zh", "en"),
    [
        ({"reason": " "}, "须写明原因。", "A reason is needed."),
        ({"lasting": 25 * HOUR}, "搁置时长须大于0且不超过24小时。", "A shelf lasts more than 0 and at most 24 hours."),
        (
            {"lasting": timedelta()},
            "搁置时长须大于0且不超过24小时。",
            "A shelf lasts more than 0 and at most 24 hours.",
        ),
        ({"by": "nobody"}, "nobody 不在人员名册中。", "nobody is not on the roster."),
        ({"by": "孙悦"}, "孙悦 无权操作此报警。", "孙悦 may not act on this alarm."),
        ({"name": Name(COUNTY, "grain/line", "P99")}, "没有报警 grain/line P99。", "There is no alarm grain/line P99."),
    ],
    ids=str,
)
async def test_a_shelf_needs_a_reason_an_end_and_somebody_who_may(
    room: Room, said: dict[str, Any], zh: str, en: str
) -> None:
    await known(room)
    room.officer("孙悦", "+12025550166")
    values = {"name": P01, "lasting": HOUR, "by": "王建国", "reason": "x", **said}
    assert room.acts.shelve(values.pop("name"), **values) == Refused(None, zh, en)
    assert room.alarm().state is Seen.NORMAL


async def test_what_is_not_shelved_cannot_be_unshelved_and_what_is_not_latched_not_reset(room: Room) -> None:
    await known(room)
    refused = Refused(None, "该报警现为“正常”，不能如此操作。", "That cannot be done: it is normal.")
    before = room.alarm().record
    assert room.acts.unshelve(P01, by="王建国") == refused
    assert room.acts.reset(P01, by="王建国") == refused
    assert room.alarm().record == before


async def test_alerts_that_come_again_change_nothing_shelved_or_given(room: Room) -> None:
    wang = await known(room)
    shelve(room)
    active = room.alert()
    await room.happens(active, active)
    await room.goes_by(hours=8)
    room.network.reads(wang, "事件2")
    before = room.alarm()
    await room.happens(active)
    assert room.alarm() == before
    assert len(room.incidents()) == 2


async def test_a_drill_never_shelves_a_real_alarm_nor_the_other_way_round(room: Room) -> None:
    wang = await known(room)
    with room.store.write() as connection:
        drills.register(connection, "d1", "演练", ["王建国"], room.clock(), room.clock() + 2 * HOUR)
    await room.happens(room.alert(exercise="d1"))
    room.network.reads(wang, "【演练】")
    shelve(room, Name(COUNTY, "grain/line", "P01/rice/retail", "d1"))
    await room.happens(room.alert())
    room.network.reads(wang, "【粮价预警】")
    assert room.alarm().holds == []
    assert room.acts.shelve(
        Name(COUNTY, "grain/line", "P01/rice/retail", "d1"), lasting=HOUR, by="李卫东", reason="x"
    ) == Refused(None, "李卫东 无权操作此报警。", "李卫东 may not act on this alarm.")
    assert room.answers.end_drill("d1")
    drilled = room.alarm(exercise="d1")
    assert (drilled.state, drilled.holds) == (Seen.NORMAL, [])
    assert room.rows(alarm_events, alarm_events.c.alarm == alarm_id("", COUNTY, P01.detector, P01.subject)) == []


async def test_an_expired_shelf_that_nobody_acts_on_is_found_within_a_minute(room: Room, expected_errors: Any) -> None:
    """The pager stands still: no heartbeat, and a pipeline fault."""
    expected_errors("audit")
    wang = await known(room)
    shelve(room)
    await room.happens(room.alert())
    audit = Audit(room.store, room.services, room.desk, room.clock)
    room.clock.now += 8 * HOUR + timedelta(seconds=59)
    assert audit.once() == []
    room.clock.now += timedelta(seconds=2)
    (finding,) = audit.once()
    assert (finding.incident, finding.what) == ("grain/line P01/rice/retail", "an alarm is still held")
    assert "搁置或抑制已到期而未恢复呼叫" in room.incident(2).headline
    await room.idle()
    assert audit.once() == []
    room.network.ignores(wang)


# -- out of service


async def test_a_point_that_is_out_of_service_is_recorded_at_every_severity_and_pages_nobody(room: Room) -> None:
    wang, _ = room.usual()
    assert room.acts.take_out(POINT, by="王建国", reason="监测点装修") == Acted(Seen.OUT_OF_SERVICE, alarms=0)
    await room.happens(room.alert())
    await room.happens(room.alert("I", "line", at=room.clock() + timedelta(minutes=1)))
    room.network.silent(wang)
    assert (room.alarm().state, room.alarm().severity) == (Seen.OUT_OF_SERVICE, "I")
    assert {alert.outcome for alert in room.alerts()} == {"out of service"}
    await room.happens(room.alert(subject="P02/rice/retail"))
    room.network.reads(wang, "P02")


async def test_what_stands_when_it_comes_back_into_service_is_paged(room: Room) -> None:
    wang, _ = room.usual()
    room.acts.take_out(POINT, by="王建国", reason="装修")
    await room.happens(room.alert(), room.alert(subject="P01/paddy/retail"))
    assert room.acts.return_to_service(POINT, by="李卫东") == Acted(Seen.UNACKNOWLEDGED, 1, alarms=2)
    await room.idle()
    room.network.reads(wang, "事件1")
    room.network.reads(wang, "新增1处")
    again = room.acts.return_to_service(POINT, by="李卫东")
    assert again == Refused(None, "P01 未停用。", "P01 is not out of service.")


async def test_out_of_service_twice_over_it_comes_back_when_both_are_over(room: Room) -> None:
    """By its point and by its detector."""
    wang, _ = room.usual()
    await room.happens(room.alert(plan=room.adopt(grain_plan(id="other"))))
    room.network.reads(wang)
    room.acts.take_out(POINT, by="王建国", reason="装修")
    room.acts.take_out(DETECTOR, by="王建国", reason="改线")
    await room.happens(room.alert())
    assert room.acts.return_to_service(DETECTOR, by="王建国") == Acted(Seen.NORMAL, alarms=0)
    assert room.alarm().state is Seen.OUT_OF_SERVICE
    room.network.silent(wang)
    room.acts.return_to_service(POINT, by="王建国")
    await room.idle()
    room.network.reads(wang, "P01", "事件2")


async def test_d16_a_disabled_monitor_stays_quiet_and_its_return_is_heard_when_it_is_back(room: Room) -> None:
    """The silence of a feed opens an incident, its next sign of life closes it; out of service it does neither."""
    wang, _ = room.usual()
    silence = room.adopt(grain_plan(id="silence", closes_on_return=True))
    await room.happens(room.alert(plan=silence))
    room.network.reads(wang, "事件1")
    await room.happens(room.alert("normal", "line", plan=silence, at=room.clock() + timedelta(seconds=1)))
    room.network.reads(wang, "已恢复正常")
    assert room.incident().status == "closed"
    room.acts.take_out(Thing(COUNTY, "detector", "silence/line"), by="王建国", reason="停采")
    later = room.clock() + timedelta(hours=1)
    await room.happens(room.alert(plan=silence, at=later))
    await room.happens(room.alert("normal", "line", plan=silence, at=later + timedelta(hours=1)))
    await room.goes_by(hours=3)
    room.network.silent(wang)


@pytest.mark.parametrize(
    ("thing", "zh"),
    [
        (Thing(COUNTY, "detector", "grain/gone"), "没有检测器 grain/gone。"),
        (Thing(COUNTY, "detector", "pipeline-fault/audit"), "系统故障报警不可停用，只可限时搁置。"),
    ],
)
async def test_only_a_detector_that_there_is_and_never_our_own_watch(room: Room, thing: Thing, zh: str) -> None:
    room.usual()
    refused = room.acts.take_out(thing, by="王建国", reason="x")
    assert isinstance(refused, Refused)
    assert refused.reason_zh == zh
    twice = [room.acts.take_out(POINT, by="王建国", reason="x") for _ in range(2)]
    assert twice[1] == Refused(None, "P01 已停用。", "P01 is out of service already.")


async def test_a_repair_does_not_silence_a_drill(room: Room) -> None:
    wang, _ = room.usual()
    room.acts.take_out(POINT, by="王建国", reason="x")
    with room.store.write() as connection:
        drills.register(connection, "d1", "演练", ["王建国"], room.clock(), room.clock() + HOUR)
    await room.happens(room.alert(exercise="d1"))
    room.network.reads(wang, "【演练】")


# -- latched


def latching(room: Room, **changed: Any) -> Plan:
    """A plan whose trigger latches."""
    plan = grain_plan(id="latching", **changed)
    triggers = [msgspec.structs.replace(trigger, latch=True) for trigger in plan.triggers]
    return room.adopt(msgspec.structs.replace(plan, triggers=triggers))


LATCHED = Name(COUNTY, "latching/line", "P01/rice/retail")


async def test_a_latched_alarm_stays_until_a_person_resets_it(room: Room) -> None:
    """Also with a plan that closes on return: not before it is reset."""
    wang, _ = room.usual()
    plan = latching(room, closes_on_return=True)
    await room.happens(room.alert(plan=plan))
    room.network.reads(wang)
    await room.happens(room.alert("normal", "line", plan=plan))
    room.network.reads(wang, "已恢复正常", "报警已锁存，须人工复位")
    assert room.incident().status == "unacknowledged"
    assert room.acts.reset(LATCHED, by="王建国") == Refused(
        None, "该报警现为“已锁存未签收”，不能如此操作。", "That cannot be done: it is latched, unacknowledged."
    )
    await room.replies(wang, "1")
    room.network.ignores(wang)
    assert room.alarm(plan="latching").state is Seen.LATCHED_ACKNOWLEDGED
    assert room.acts.reset(LATCHED, by="李卫东") == Acted(Seen.NORMAL)
    await room.idle()
    room.network.reads(wang, "李卫东 已关闭：报警已复位")
    assert room.incident().status == "closed"


async def test_a_latched_alarm_that_comes_again_is_a_new_occurrence(room: Room) -> None:
    wang, _ = room.usual()
    plan = latching(room)
    await room.happens(room.alert(plan=plan))
    await room.replies(wang, "1")
    await room.happens(room.alert("normal", "line", plan=plan))
    room.answers.close(1, "王建国", "x")
    room.network.ignores(wang)
    assert room.alarm(plan="latching").state is Seen.LATCHED_ACKNOWLEDGED
    await room.happens(room.alert(plan=plan, at=room.clock() + HOUR))
    room.network.ignores(wang)
    assert room.alarm(plan="latching").state is Seen.UNACKNOWLEDGED
    assert room.incident(2).status == "unacknowledged"


# -- the table in SQL


async def test_an_alarms_row_says_in_sql_what_the_tables_say(room: Room) -> None:
    """Through a whole life, the state that is stored is the state that was stepped to."""
    wang, _ = room.usual()
    seen = []
    for event in (
        lambda: room.take(room.alert("approach")),
        lambda: room.take(room.alert("line", "approach")),
        lambda: room.answers.acknowledge(1, "王建国", "cli"),
        lambda: room.take(room.alert("IV", "line")),
        lambda: room.take(room.alert("normal", "IV")),
        lambda: room.answers.close(1, "王建国", "x"),
    ):
        event()
        (row,) = room.rows(alarms)
        seen.append((room.alarm().state, row.severity, row.peak))
    await room.goes_by(seconds=1)
    room.network.ignores(wang)
    assert seen == [
        (Seen.UNACKNOWLEDGED, "approach", "approach"),
        (Seen.UNACKNOWLEDGED, "line", "line"),
        (Seen.ACKNOWLEDGED, "line", "line"),
        (Seen.UNACKNOWLEDGED, "IV", "IV"),
        (Seen.RETURNED_UNACKNOWLEDGED, "normal", "IV"),
        (Seen.NORMAL, "normal", "IV"),
    ]
    assert Severity.of(seen[-1][2]) is Severity.IV
