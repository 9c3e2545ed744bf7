"""One occurrence, incidents of several plans: each is paged to its own lead, and each names the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from responders.queries import show_incident
from responders.timeline import render
from rules.alerts import Words
from rules.plans import Escalation, Step
from tests.responders.room import COUNTY, Room, grain_plan

if TYPE_CHECKING:
    from rules.alerts import Alert


def second(room: Room) -> Any:
    """Food safety, whose lead is 李."""
    steps = Escalation(steps=[Step(page=["leader"], wait="5m")], leader=["leader"])
    tag = Words(zh="食品安全", en="FOOD")
    return room.adopt(grain_plan(id="food", tag=tag, escalation=steps))


def of(room: Room, plan: Any, after: str, occurrence: str = "E7") -> Alert:
    return room.alert(after, plan=plan, subject=occurrence, place=f"{COUNTY}/school", occurrence=occurrence)


async def test_each_is_paged_to_its_own_lead_and_names_the_other(room: Room) -> None:
    wang, li = room.usual()
    food = second(room)
    await room.happens(of(room, food, "II"), of(room, room.plan, "IV"))
    assert "关联" not in room.network.reads(li)
    assert "关联事件1【食品安全】。" in room.network.reads(wang)
    with room.store.read() as connection:
        first, other = (show_incident(connection, number) for number in (1, 2))
    assert first
    assert other
    assert [one.number for one in first.related] == [2]
    assert "关联事件 related: 1 " in render(other)


async def test_one_that_opens_later_names_what_is_open(room: Room) -> None:
    wang, li = room.usual()
    food = second(room)
    await room.happens(of(room, food, "II"))
    await room.happens(of(room, room.plan, "IV"))
    room.network.reads(li)
    assert "关联事件1【食品安全】。" in room.network.reads(wang)


async def test_another_occurrence_is_no_relative(room: Room) -> None:
    wang, li = room.usual()
    food = second(room)
    await room.happens(of(room, food, "II"), of(room, room.plan, "IV", "E8"))
    room.network.reads(li)
    assert "关联" not in room.network.reads(wang)
