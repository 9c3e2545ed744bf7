"""The wall around an exercise: each test tries to break through it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from responders import drills
from responders.acknowledgement import Refused
from responders.drills import RegisteredDrills

if TYPE_CHECKING:
    from tests.responders.room import Room

WANG, LI, SUN = "+12025550111", "+12025550122", "+12025550166"


def start(room: Room, *participants: str, exercise: str = "drill-1") -> None:
    with room.store.write() as connection:
        now = room.clock()
        drills.register(connection, exercise, "粮价演练", participants, now, now + timedelta(hours=1))


async def test_only_participants_are_paged_and_every_text_begins_with_the_mark(room: Room) -> None:
    room.usual()
    start(room, "李卫东")
    await room.happens(room.alert(exercise="drill-1"))
    assert room.network.reads(LI, "[DRILL]", "回复 901 签收").startswith("【演练】【粮价预警】")
    await room.goes_by(hours=2)
    room.network.silent(WANG)
    assert room.network.ignores(LI) > 10


async def test_a_drill_whose_people_are_not_on_duty_reaches_its_participants(room: Room) -> None:
    room.usual()
    room.officer("孙悦", SUN)
    start(room, "孙悦")
    await room.happens(room.alert(exercise="drill-1"))
    room.network.reads(SUN, "【演练】")
    room.network.silent(WANG)


async def test_a_real_crossing_in_the_middle_of_a_drill_pages_as_if_there_were_none(room: Room) -> None:
    room.usual()
    start(room, "王建国", "李卫东")
    await room.happens(room.alert(exercise="drill-1"))
    room.network.reads(WANG, "【演练】")
    await room.happens(room.alert())
    assert not room.network.reads(WANG, "回复 1 签收", "事件2").startswith("【演练】")
    assert [i.exercise for i in room.incidents()] == ["drill-1", ""]


async def test_a_reply_to_the_drill_never_touches_the_real_incident_and_vice_versa(room: Room) -> None:
    room.usual()
    start(room, "王建国")
    await room.happens(room.alert(), room.alert(exercise="drill-1"))
    room.network.ignores(WANG)
    await room.replies(WANG, "901")
    room.network.reads(WANG, "【演练】事件2已由您签收")
    assert [i.status for i in room.incidents()] == ["unacknowledged", "acknowledged"]
    await room.replies(WANG, "1")
    assert not room.network.reads(WANG, "事件1已由您签收").startswith("【演练】")


async def test_who_does_not_take_part_cannot_answer_the_drill(room: Room) -> None:
    room.usual()
    start(room, "李卫东")
    await room.happens(room.alert(exercise="drill-1"))
    room.network.ignores(LI)
    await room.replies(WANG, "ack 1")
    room.network.reads(WANG, "您无权处理事件1")
    assert isinstance(room.answers.acknowledge(1, "王建国", "cli"), Refused)


async def test_an_alert_of_a_drill_that_never_was_is_a_pipeline_fault(room: Room) -> None:
    """A sensor left in test mode must not be silent."""
    room.usual()
    await room.happens(room.alert(exercise="never-registered"))
    room.network.reads(WANG, "【系统故障】", "收到演练 never-registered 的警报，但该演练从未登记")
    assert [i.plan for i in room.incidents()] == ["pipeline-fault"]


async def test_an_alert_that_left_as_its_drill_was_ended_pages_nobody(room: Room) -> None:
    """It is on record, and neither an incident nor a fault."""
    room.usual()
    start(room, "王建国")
    assert room.answers.end_drill("drill-1")
    await room.happens(room.alert(exercise="drill-1"))
    room.network.silent(WANG)
    assert room.incidents() == []


async def test_a_drill_whose_process_was_killed_is_over_when_its_time_is_up(room: Room) -> None:
    """Its participants are not paged for ever."""
    room.usual()
    start(room, "王建国")
    await room.happens(room.alert(exercise="drill-1"))
    room.network.reads(WANG)
    assert room.answers.end_overdue_drills() == []
    await room.replies(WANG, "901")
    room.network.reads(WANG)
    await room.goes_by(hours=1, minutes=1)
    assert room.answers.end_overdue_drills() == ["drill-1"]
    assert room.answers.end_overdue_drills() == []
    assert room.incident().status == "closed"


async def test_when_a_drill_ends_its_incidents_are_closed_and_nobody_is_paged_any_more(room: Room) -> None:
    room.usual()
    start(room, "王建国")
    await room.happens(room.alert(exercise="drill-1"))
    room.network.reads(WANG)
    assert room.answers.end_drill("drill-1")
    assert not room.answers.end_drill("drill-1")
    await room.goes_by(hours=3)
    room.network.silent(WANG)
    assert room.incident().status == "closed"


def test_a_drill_is_registered_once_with_known_people(room: Room) -> None:
    room.usual()
    start(room, "王建国")
    for participants, exercise, said in (
        (["王建国"], "drill-1", "expected an id that no drill has had"),
        (["nobody"], "drill-2", "got ['nobody'], expected officers of the roster"),
        ([], "drill-3", "got none, expected at least one officer"),
    ):
        with pytest.raises(ValueError, match="expected") as refused, room.store.write() as connection:
            drills.register(connection, exercise, "t", participants, room.clock(), room.clock() + timedelta(hours=1))
        assert said in str(refused.value)
    with room.store.read() as connection:
        assert RegisteredDrills().participants(connection, "drill-1") == {"王建国"}
        assert RegisteredDrills().participants(connection, "drill-2") is None
