"""An incident from its opening through its steps, on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, update

from responders.channels.base import Refused
from responders.roster import set_enabled
from responders.schema import duty
from rules.alerts import Words
from tests.responders.room import grain_plan

if TYPE_CHECKING:
    from tests.responders.room import Room


async def test_an_alert_opens_an_incident_and_pages_the_duty_officer_at_once(room: Room) -> None:
    """Chinese first, English after, Shanghai time, the incident's number, and how to answer."""
    wang, li = room.usual()
    await room.happens(room.alert())
    text = room.network.reads(
        wang, "【粮价预警】", "P01/rice/retail 零售价 7.2 元/公斤。", "08-26 16:00", "事件1", "回复 1 签收"
    )
    assert text.index("签收") < text.index("[Grain price]")
    assert "Incident 1: reply 1 to acknowledge." in text
    room.network.silent(li)
    (page,) = room.pages()
    assert page.state == "accepted"


async def test_the_same_alert_again_changes_nothing(room: Room) -> None:
    wang, _ = room.usual()
    alert = room.alert()
    await room.happens(alert, alert)
    await room.happens(alert)
    room.network.reads(wang)
    assert len(room.incidents()) == 1
    assert len(room.alerts()) == 1


async def test_c1_the_next_step_is_paged_when_its_delay_has_passed_and_not_earlier(room: Room) -> None:
    wang, li = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    await room.goes_by(minutes=4, seconds=59)
    room.network.silent(li)
    await room.goes_by(seconds=1)
    room.network.reads(li, "事件1")
    await room.goes_by(minutes=9, seconds=59)
    room.network.silent(li)
    await room.goes_by(seconds=1)
    room.network.reads(li, "第2次呼叫")  # the leader's own step


async def test_an_open_incident_is_paged_for_ever(room: Room) -> None:
    """After the leader, the leader again every 5 minutes."""
    wang, li = room.usual()
    await room.happens(room.alert())
    await room.goes_by(minutes=15)
    room.network.ignores(wang)
    room.network.ignores(li)
    for _ in range(24):
        await room.goes_by(minutes=5)
        room.network.reads(li)
    room.network.silent(wang)


async def test_c1_a_step_is_left_early_only_when_every_page_of_it_failed_for_a_reason_of_the_recipient(
    room: Room,
) -> None:
    wang, li = room.usual()
    room.network.answers = lambda text: Refused("number not valid", "recipient", "21211") if text.to == wang else None
    await room.happens(room.alert())
    room.network.reads(li, "事件1")
    room.network.silent(wang)


async def test_f8_a_text_that_failed_is_not_sent_again_the_same_way_but_by_the_next_contact_at_once(room: Room) -> None:
    first, second = "+12025550111", "+12025550133"
    room.officer("王建国", first, second)
    room.on_duty("duty", "王建国")
    room.network.answers = lambda text: Refused("landline", "recipient", "21635") if text.to == first else None
    await room.happens(room.alert())
    room.network.reads(second, "事件1")
    await room.goes_by(minutes=4)
    assert [text.to for text in room.network.calls] == [first, second]


async def test_c4_the_policy_as_it_was_when_the_incident_opened_is_followed(room: Room) -> None:
    """The plan is edited, then deleted, meanwhile."""
    wang, li = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    room.library.plans.clear()
    await room.goes_by(minutes=5)
    room.network.reads(li, "【粮价预警】")


async def test_who_is_paged_is_resolved_when_the_step_falls_due(room: Room) -> None:
    """A handover between opening and step 2 counts."""
    wang, li = room.usual()
    zhao = room.officer("赵敏", "+12025550144")
    del li
    with room.store.write() as connection:
        connection.execute(
            update(duty).where(duty.c.role == "leader").values(ends_at=room.clock() + timedelta(minutes=2))
        )
    room.on_duty("leader", "赵敏", room.clock() + timedelta(minutes=2))
    await room.happens(room.alert())
    room.network.reads(wang)
    await room.goes_by(minutes=5)
    room.network.reads(zhao, "事件1")


async def test_nobody_on_duty_any_more_means_the_frozen_people(room: Room) -> None:
    wang, li = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    with room.store.write() as connection:
        connection.execute(delete(duty))
    await room.goes_by(minutes=5)
    room.network.reads(li)
    step = next(line for line in room.timeline() if line.event == "step" and '"step":2' in line.detail)
    assert '"on_duty":{"leader":[]}' in step.detail
    assert '"frozen":{"leader":["李卫东"]}' in step.detail


async def test_c8_an_empty_step_is_passed_over_at_once_with_a_line(room: Room) -> None:
    li = room.officer("李卫东", "+12025550122")
    room.on_duty("leader", "李卫东")
    await room.happens(room.alert())
    room.network.reads(li)
    assert [line.event for line in room.timeline()][:4] == ["opened", "alert", "step passed over", "step"]


async def test_f5_a_contact_disabled_after_the_page_was_planned_is_not_sent_to(room: Room) -> None:
    wang, li = room.usual()
    room.take(room.alert())
    with room.store.write() as connection:
        assert set_enabled(connection, "twilio", wang, enabled=False)
    await room.idle()
    room.network.reads(li)
    assert [text.to for text in room.network.calls] == [li]
    assert room.pages(address=wang)[0].reason == "the contact is disabled"


async def test_an_alert_of_an_unknown_plan_goes_to_the_duty_role(room: Room) -> None:
    """In a built-in text, and a pipeline fault says what is wrong."""
    wang, _ = room.usual()
    await room.happens(room.alert(plan=grain_plan(id="gone")))
    first, second = room.network.reads(wang), room.network.reads(wang)
    assert any("【警报】" in text and "P01/rice/retail" in text for text in (first, second))
    assert any("【系统故障】找不到预案 gone" in text for text in (first, second))


async def test_a_template_that_is_broken_costs_its_words_only(room: Room) -> None:
    wang, _ = room.usual()
    plan = room.adopt(grain_plan(id="broken", texts={"page": Words(zh="{{ nothing.at.all }}", en="{{ 1/0 }}")}))
    await room.happens(room.alert(plan=plan))
    both = room.network.reads(wang) + room.network.reads(wang)
    assert "P01/rice/retail 零售价" in both
    assert "短信模板 page 有误" in both


async def test_nobody_at_all_is_a_pipeline_fault_and_the_incident_keeps_trying(room: Room) -> None:
    await room.happens(room.alert())
    assert room.incident().status == "unacknowledged"
    assert room.incident().next_due is not None
    wang, _ = room.usual()
    await room.goes_by(minutes=5)
    room.network.reads(wang)
    room.network.ignores(wang)
    room.network.ignores("+12025550122")
    assert room.incident(2).plan == "pipeline-fault"
