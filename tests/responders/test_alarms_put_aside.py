"""What is put aside is not forgotten: lists, figures, the daily reminder, and the timeline as people read it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from responders import timeline
from responders.alarm_acts import Name
from responders.alarm_queries import list_alarms
from responders.alarm_schema import alarms, out_of_service
from responders.annunciator import Thing
from responders.queries import show_incident
from responders.reminders import Reminders
from responders.standing import held, standing
from rules.annunciation import Seen
from rules.plans import Inhibition
from tests.responders.room import COUNTY, grain_plan

if TYPE_CHECKING:
    from typing import Any

    from tests.responders.room import Room

POINT = Thing(COUNTY, "point", "P01")


async def four(room: Room) -> str:
    """One alarm is given, one shelved, one suppressed, one out of service."""
    wang, _ = room.usual()
    greater = room.adopt(grain_plan(id="quorum", inhibits=[Inhibition(alarms="grain", same="county")]))
    await room.happens(room.alert(subject="P02"), room.alert("normal", "line", subject="P02"))
    name = Name(COUNTY, "grain/line", "P02")
    room.acts.shelve(name, lasting=timedelta(hours=8), by="王建国", reason="打印机故障")
    room.acts.take_out(POINT, by="王建国", reason="装修")
    room.answers.close(1, "李卫东", "x")
    at = room.clock() + timedelta(seconds=1)
    await room.happens(
        room.alert("IV", plan=greater, subject="rice", place=COUNTY, at=at),
        *(room.alert(subject=point, place=f"{COUNTY}/{point}", at=at) for point in ("P01", "P02", "P03")),
    )
    room.network.ignores(wang)
    return wang


async def test_d15_alarms_are_listed_by_state_plan_and_detector(room: Room) -> None:
    await four(room)
    with room.store.read() as connection:

        def listed(**asked: Any) -> set[str]:
            return {line.subject for line in list_alarms(connection, **asked)}

        assert listed(standing=True) == {"rice", "P01", "P02", "P03"}
        assert listed(plan="quorum") == {"rice"}
        assert listed(detector="grain/line", states=[Seen.SUPPRESSED]) == {"P03"}
        assert listed(states=[Seen.SHELVED, Seen.OUT_OF_SERVICE]) == {"P01", "P02"}
        assert listed(states=[Seen.NORMAL]) == set()
        assert listed(exercise="d1") == set()


async def test_what_is_held_is_counted_and_so_is_every_alert_that_was(room: Room) -> None:
    await four(room)
    found = {name: number for name, number in standing(room.store).items() if name.startswith("alarms_") and number}
    assert found == {
        "alarms_active_unacknowledged": 1, "alarms_shelved": 1, "alarms_suppressed": 1, "alarms_out_of_service": 1,
    }  # fmt: skip
    assert held(room.store) == {"shelved": 1, "suppressed": 1, "out of service": 1}


async def test_the_timeline_tells_people_what_was_held_and_given(room: Room) -> None:
    await four(room)
    room.acts.unshelve(Name(COUNTY, "grain/line", "P02"), by="李卫东")
    room.answers.close(2, "李卫东", "x")
    await room.goes_by(seconds=31)
    with room.store.read() as connection:
        shown = [show_incident(connection, number) for number in (2, 3)]
    texts = [timeline.render(incident) for incident in shown if incident]
    assert "P03 零售价 7.2 元/公斤。 / P03 at 7.2 CNY/kg. [按设计抑制，不呼叫 suppressed by design" in texts[0]
    assert "恢复呼叫 given again: P0" in texts[1]
    assert "抑制解除 no longer suppressed" in texts[1]
    room.network.ignores("+12025550111")


async def test_what_is_out_of_service_is_reminded_of_each_morning_and_once(room: Room) -> None:
    """It is 16:00: the next morning at 9, whoever is on duty; two processes ask; one text a day until it is over."""
    wang, li = room.usual()
    room.acts.take_out(POINT, by="王建国", reason="装修")
    one, other = (Reminders(room.store, room.services, room.desk, room.clock) for _ in range(2))
    assert not one.once()
    await room.goes_by(hours=16, minutes=59)
    assert not one.once()
    await room.goes_by(minutes=1)
    assert [one.once(), other.once()] == [True, False]
    await room.goes_by(hours=3)
    room.network.reads(wang, "停用中1项：P01（王建国，08-26 16:00起：装修）", "（仅通知）")
    room.network.silent(li)
    await room.goes_by(days=2)
    assert [one.once(), one.once()] == [True, False], "one for the days on which nobody asked"
    await room.idle()
    room.network.reads(wang, "停用中1项")
    assert [i.status for i in room.incidents()] == ["closed", "noticed"]
    room.acts.return_to_service(POINT, by="王建国")
    await room.goes_by(days=1)
    assert not one.once()
    await room.idle()
    assert [i.status for i in room.incidents()] == ["closed", "closed"]


@pytest.mark.parametrize(
    "values",
    [
        {"condition": "dreaming"},
        {"severity": "grave"},
        {"severity": "normal"},
        {"incident": None},
        {"out_of_service": True},
        {"suppressed_by": "x"},
        {"shelved_until": timedelta(hours=1)},
    ],
    ids=str,
)
async def test_an_alarms_row_cannot_say_what_the_tables_do_not(room: Room, values: dict[str, Any]) -> None:
    """A standing, unacknowledged alarm: with no incident, with a hold, a shelf without who and why …"""
    wang, _ = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    if "shelved_until" in values:
        values = {"shelved_until": room.clock() + values["shelved_until"]}
    with pytest.raises(IntegrityError), room.store.write() as connection:
        connection.execute(update(alarms).values(**values))


@pytest.mark.parametrize(
    "values",
    [{"kind": "county"}, {"name": ""}, {"reason": ""}, {"taken_by": ""}, {"ended_by": "x"}, {}],
    ids=str,
)
async def test_out_of_service_is_a_named_thing_once_with_who_and_why(room: Room, values: dict[str, Any]) -> None:
    """Never a county."""
    room.usual()
    room.acts.take_out(POINT, by="王建国", reason="x")
    row = {
        "county": COUNTY, "kind": "point", "name": "P01", "since": room.clock(), "taken_by": "王建国", "reason": "x",
    }  # fmt: skip
    with pytest.raises(IntegrityError), room.store.write() as connection:
        connection.execute(insert(out_of_service).values(**row | ({"name": "P02", **values} if values else {})))
