"""An alert that meets an open incident of its plan and place."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from responders.channels.base import Refused
from tests.responders.room import grain_plan

if TYPE_CHECKING:
    from tests.responders.room import Room


async def test_approach_is_a_notice_and_days_later_the_line_pages_again(room: Room) -> None:
    """One text, no escalation; acknowledged; then the line: unacknowledged again, and the text says what rose."""
    wang, li = room.usual()
    await room.happens(room.alert("approach"))
    room.network.reads(wang, "（仅通知）", "回复 1 签收")
    await room.goes_by(hours=5)
    room.network.silent(wang)
    room.network.silent(li)
    await room.replies(wang, "1")
    room.network.reads(wang, "已由您签收")
    await room.goes_by(days=3)
    await room.happens(room.alert("line", "approach"))
    page = room.network.reads(wang, "由“接近警戒线”升级", "回复 1 签收")
    assert "次呼叫" not in page, "a notice was no call"
    assert room.incident().status == "unacknowledged"
    assert room.incident().owner is None
    await room.goes_by(minutes=5)
    room.network.reads(li, "事件1")


async def test_a_rise_starts_the_escalation_again_at_step_1(room: Room) -> None:
    wang, li = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    await room.goes_by(minutes=5)
    room.network.reads(li)
    await room.happens(room.alert("III", "line"))
    room.network.reads(wang, "由“越过警戒线”升级", "第2次呼叫")
    await room.goes_by(minutes=4)
    room.network.silent(li)
    await room.goes_by(minutes=1)
    room.network.reads(li)


async def test_a_page_that_had_not_left_when_its_incident_rose_is_taken_back(room: Room) -> None:
    """The provider was away: when it is back there is one text, the one that says what rose."""
    wang, _ = room.usual()
    room.network.answers = lambda _: Refused("suspended", "provider", "20005")
    await room.happens(room.alert())
    await room.happens(room.alert("III", "line"))
    room.network.answers = lambda _: None
    await room.goes_by(minutes=1)
    (text,) = [text for text in room.network.arrived[wang] if "【粮价预警】" in text]
    assert "升级" in text
    assert "。。" not in text
    room.network.ignores(wang)


async def test_same_or_lower_goes_to_the_timeline_only(room: Room) -> None:
    wang, _ = room.usual()
    await room.happens(room.alert("III"))
    room.network.reads(wang)
    await room.replies(wang, "1")
    room.network.reads(wang)
    await room.happens(room.alert("IV", "III"))
    await room.happens(room.alert("III", "IV", at=room.clock() + timedelta(seconds=1), subject="P01/rice/retail"))
    assert room.incident().status == "acknowledged"
    assert room.incident().severity == "III"


async def test_a_new_subject_is_one_update_to_those_told_at_most_one_per_interval(room: Room) -> None:
    wang, li = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    await room.replies(wang, "1")
    room.network.reads(wang)
    await room.happens(room.alert(subject="P02/rice/retail"))
    room.network.reads(wang, "新增1处", "P02/rice/retail")
    for point in range(3, 36):
        await room.happens(room.alert(subject=f"P{point:02}/rice/retail"))
    room.network.silent(wang)
    await room.goes_by(minutes=10)
    room.network.reads(wang, "新增33处")
    room.network.silent(li)
    assert room.incident().status == "acknowledged"


async def test_a_storm_in_one_batch_is_one_page_and_one_update(room: Room) -> None:
    wang, _ = room.usual()
    await room.happens(*(room.alert(subject=f"P{point:02}/rice/retail") for point in range(1, 36)))
    assert [room.network.reads(wang)[:12], room.network.reads(wang, "新增34处")[:6]]
    assert len(room.incidents()) == 1


async def test_an_alarm_that_returns_is_told_once_and_does_not_stop_paging(room: Room) -> None:
    wang, li = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    await room.happens(room.alert("normal", "line"))
    room.network.reads(wang, "已恢复正常", "响应仍在进行")
    await room.goes_by(minutes=5)
    room.network.reads(li, "事件1")
    assert room.incident().status == "unacknowledged"


async def test_a_plan_that_closes_on_return_closes_when_all_its_subjects_have(room: Room) -> None:
    wang, _ = room.usual()
    plan = room.adopt(grain_plan(id="silence", closes_on_return=True))
    await room.happens(room.alert(plan=plan, subject="a"), room.alert(plan=plan, subject="b"))
    room.network.ignores(wang)
    await room.happens(room.alert("normal", "line", plan=plan, subject="a"))
    assert room.incident().status == "unacknowledged"
    await room.happens(room.alert("normal", "line", plan=plan, subject="b"))
    room.network.reads(wang, "已恢复正常")
    assert room.incident().status == "closed"
    await room.goes_by(hours=1)


async def test_after_closing_the_same_place_opens_a_new_incident(room: Room) -> None:
    wang, _ = room.usual()
    await room.happens(room.alert())
    room.answers.close(1, "王建国", "done")
    await room.happens(room.alert(at=room.clock() + timedelta(hours=1)))
    room.network.reads(wang, "事件1")
    room.network.reads(wang, "事件2")


async def test_history_is_recorded_and_pages_nobody(room: Room) -> None:
    """Three years of it: an incident on record for each time, none of them open."""
    wang, _ = room.usual()
    for year in range(3):
        at = room.clock() - timedelta(days=365 * (3 - year))
        room.take(room.alert(at=at, historic=True))
        room.take(room.alert("normal", "line", at=at + timedelta(days=30), historic=True))
    await room.goes_by(days=1)
    room.network.silent(wang)
    assert [incident.status for incident in room.incidents()] == ["historic"] * 3
    await room.happens(room.alert())
    room.network.reads(wang, "事件4")


async def test_a_historic_incident_is_as_grave_as_it_became(room: Room) -> None:
    room.usual()
    at = room.clock() - timedelta(days=90)
    for after, before, day in (("line", "normal", 0), ("II", "line", 1), ("IV", "II", 2)):
        room.take(room.alert(after, before, at=at + timedelta(days=day), historic=True))
    (found,) = room.incidents()
    assert (found.status, found.severity) == ("historic", "II")


async def test_an_alert_that_falls_with_nothing_open_is_on_record(room: Room) -> None:
    await room.happens(room.alert("normal", "line"))
    assert [alert.outcome for alert in room.alerts()] == ["nothing open"]
    assert room.incidents() == []


async def test_an_estimated_value_says_so(room: Room) -> None:
    wang, _ = room.usual()
    await room.happens(room.alert(estimated=True))
    room.network.reads(wang, "(估计值)", "(estimated)")
