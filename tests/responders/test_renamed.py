"""A trigger with another name: its alarm goes on where it stood, with all that people did about it."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from responders.alarm_acts import Name
from responders.alarm_queries import show_alarm
from responders.alarm_schema import alarms, out_of_service
from responders.alarms import alarm_id
from responders.annunciator import Thing
from responders.schema import subjects
from rules import identity
from rules.alerts import Cause, Words, alert_id
from rules.annunciation import Seen
from rules.triggers import Line, Ratio, Trigger
from tests.responders.room import COUNTY

if TYPE_CHECKING:
    from responders.alarm_queries import AlarmView
    from rules.alerts import Alert
    from tests.responders.room import Room

RICE = "P01/rice/retail"
WANG = "+12025550111"
RATIO = Ratio(approach=Decimal("0.95"), recovery=Decimal("0.98"), source="test")


def renamed(room: Room, severity: str = "line", after: str | None = None, **more: Any) -> Alert:
    """What the engine says when `line` is called `price` from now on."""
    one, at = room.alert(severity, **more), room.clock()
    after = after or severity
    name = alert_id(
        exercise=None, county=COUNTY, detector="grain/price", subject=one.subject, before=severity, after=after,
        cause=Cause(due=at),
    )  # fmt: skip
    return msgspec.structs.replace(
        one, id=name, detector="grain/price", was="grain/line", before=severity, after=after, cause=Cause(due=at),
        reason="renamed" if after == severity else "activated", known_at=at,
        explain=Words(zh="7.2 元/公斤（触发条件 line 更名为 price）", en="7.2 CNY/kg (trigger line is price now)"),
    )  # fmt: skip


def as_price(alert: Alert) -> Alert:
    """A later alert of the same alarm."""
    return msgspec.structs.replace(
        alert, detector="grain/price", id=identity.name("alert", ["grain/price", str(alert.id)])
    )


def alarm(room: Room, detector: str, subject: str = RICE) -> AlarmView | None:
    with room.store.read() as connection:
        return show_alarm(connection, alarm_id("", COUNTY, detector, subject))


def stands(room: Room, detector: str, subject: str = RICE) -> AlarmView:
    found = alarm(room, detector, subject)
    assert found is not None
    return found


def reads(room: Room, *texts: str) -> None:
    """What 王 has got since, and nothing more."""
    for text in texts:
        room.network.reads(WANG, text)
    room.network.silent(WANG)


async def test_an_acknowledged_alarm_stays_acknowledged_and_ends_under_its_new_name(room: Room) -> None:
    """Nobody is told of a name; the incident waits for the end of the alarm that it has."""
    room.usual()
    await room.happens(room.alert("line"))
    await room.replies(WANG, "1")
    reads(room, "回复 1 签收", "已由您签收")

    await room.happens(renamed(room))
    reads(room)
    assert alarm(room, "grain/line") is None
    assert stands(room, "grain/price").state is Seen.ACKNOWLEDGED
    assert sorted(row.outcome for row in room.alerts()) == ["opened", "renamed"]

    await room.happens(as_price(room.alert("normal", "line")))
    reads(room, "已恢复正常")
    assert room.incident().status == "acknowledged"
    assert [(row.detector, row.severity) for row in room.rows(subjects)] == [("grain/price", "normal")]
    assert stands(room, "grain/price").state is Seen.NORMAL


async def test_a_renaming_that_comes_again_changes_nothing(room: Room) -> None:
    """A worker that was killed says it twice; and what has happened since stays."""
    room.usual()
    first = room.alert("line")
    await room.happens(first)
    move = renamed(room)
    await room.happens(move)
    await room.happens(as_price(room.alert("normal", "line")))
    reads(room, "回复 1 签收", "已恢复正常")
    before = room.rows(alarms)
    await room.happens(first, move)
    assert room.rows(alarms) == before
    assert len(room.incidents()) == 1


async def test_a_shelved_alarm_that_still_stands_is_given_when_its_shelf_expires(room: Room) -> None:
    """Under its new name, with why it stands."""
    room.usual()
    name = Name(COUNTY, "grain/line", RICE)
    await room.happens(room.alert("line"))
    await room.replies(WANG, "1")
    room.acts.shelve(name, lasting=timedelta(hours=1), by="王建国", reason="换秤")
    await room.happens(renamed(room))
    assert stands(room, "grain/price").state is Seen.SHELVED
    room.answers.close(1, "王建国", "换秤")
    await room.goes_by(minutes=59)
    reads(room, "回复 1 签收", "已由您签收")
    await room.goes_by(minutes=2)
    reads(room, "7.2 元/公斤（触发条件 line 更名为 price）")
    assert stands(room, "grain/price").state is Seen.UNACKNOWLEDGED
    await room.happens(as_price(room.alert("normal", "line")))
    reads(room, "已恢复正常")
    (known,) = room.rows(subjects, subjects.c.incident == room.incident(2).id)
    assert (known.detector, known.severity) == ("grain/price", "normal")


async def test_a_latched_alarm_stays_latched(room: Room) -> None:
    """Only a person resets it, by whatever name."""
    room.usual()
    triggers = [Trigger(id=name, when=Line(ratio=RATIO), latch=True) for name in ("line", "price")]
    room.plan = room.adopt(msgspec.structs.replace(room.plan, triggers=triggers))
    await room.happens(room.alert("line"))
    await room.replies(WANG, "1")
    await room.happens(room.alert("normal", "line"))
    reads(room, "回复 1 签收", "已由您签收", "已恢复正常")
    await room.happens(renamed(room, "normal"))
    assert stands(room, "grain/price").state is Seen.LATCHED_ACKNOWLEDGED
    room.acts.reset(Name(COUNTY, "grain/price", RICE), by="王建国")
    assert stands(room, "grain/price").state is Seen.NORMAL


async def test_out_of_service_goes_with_the_detector(room: Room) -> None:
    """For the alarms that are there, and for those that come."""
    room.usual()
    await room.happens(room.alert("line"))
    reads(room, "回复 1 签收")
    room.acts.take_out(Thing(COUNTY, "detector", "grain/line"), by="王建国", reason="检修")
    other = as_price(room.alert("line", subject="P02/rice/retail", place=f"{COUNTY}/wholesale"))
    await room.happens(renamed(room), other)
    (thing,) = room.rows(out_of_service)
    assert (thing.name, thing.ended_at) == ("grain/price", None)
    assert stands(room, "grain/price").state is Seen.OUT_OF_SERVICE
    assert stands(room, "grain/price", "P02/rice/retail").state is Seen.OUT_OF_SERVICE
    assert len(room.incidents()) == 1


async def test_a_name_that_was_used_before_is_used_again(room: Room) -> None:
    """What once stood under it is over: the alarm that comes takes its place."""
    room.usual()
    await room.happens(as_price(room.alert("line")))
    await room.goes_by(seconds=1)
    await room.happens(as_price(room.alert("normal", "line")))
    await room.goes_by(seconds=1)
    await room.happens(room.alert("line"))
    await room.goes_by(seconds=1)
    reads(room, "回复 1 签收", "已恢复正常", "新增1处")
    await room.happens(renamed(room))
    assert alarm(room, "grain/line") is None
    assert stands(room, "grain/price").severity == "line"
    await room.goes_by(seconds=1)
    await room.happens(as_price(room.alert("normal", "line")))
    reads(room, "已恢复正常")
    assert {row.severity for row in room.rows(subjects)} == {"normal"}


async def test_moved_and_raised_in_one(room: Room) -> None:
    """A stricter line under another name: the one alert is the move and the change."""
    room.usual()
    await room.happens(room.alert("approach"))
    reads(room, "仅通知")
    await room.goes_by(seconds=1)
    await room.happens(renamed(room, "approach", "line"))
    reads(room, "升级")
    assert alarm(room, "grain/line") is None
    assert stands(room, "grain/price").severity == "line"
    assert [(row.detector, row.severity) for row in room.rows(subjects)] == [("grain/price", "line")]
    assert len(room.incidents()) == 1


async def test_moved_and_ended_in_one(room: Room) -> None:
    """A laxer line under another name ends what stood under the old one."""
    room.usual()
    await room.happens(room.alert("line"))
    await room.goes_by(seconds=1)
    await room.happens(renamed(room, "line", "normal"))
    reads(room, "回复 1 签收", "已恢复正常")
    assert stands(room, "grain/price").severity == "normal"
    assert [(row.detector, row.severity) for row in room.rows(subjects)] == [("grain/price", "normal")]


async def test_without_anything_under_the_old_name_nothing_moves(room: Room) -> None:
    """Most alarms of a trigger have never been anybody's."""
    room.usual()
    await room.happens(renamed(room, "normal"))
    assert room.rows(alarms) == []
    assert [row.outcome for row in room.alerts()] == ["renamed"]
