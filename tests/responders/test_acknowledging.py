"""Answering: by reply code, by the incident's number, by the desk on somebody's behalf; and who may."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from responders.acknowledgement import Already, Closed, Done, Refused
from responders.replies import Asked, parse
from responders.schema import reply_codes

if TYPE_CHECKING:
    from tests.responders.room import Room


async def test_b1_an_acknowledgement_by_text_stops_every_further_page_at_once(room: Room) -> None:
    """An hour later there is still none."""
    wang, li = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    await room.replies(wang, "1")
    room.network.reads(wang, "事件1已由您签收")
    await room.goes_by(hours=1)
    room.network.silent(wang)
    room.network.silent(li)
    assert room.incident().status == "acknowledged"
    assert room.incident().owner == "王建国"


async def test_b1_a_page_that_has_not_left_yet_is_taken_back(room: Room) -> None:
    wang, _ = room.usual()
    room.take(room.alert())
    assert room.answers.acknowledge(1, "王建国", "cli") == Done(1, "王建国")
    await room.idle()
    assert room.pages(kind="page")[0].state == "cancelled"
    room.network.silent(wang)


async def test_b2_the_officer_gets_one_confirmation_that_names_the_incident(room: Room) -> None:
    """Also when the provider delivers the text twice."""
    wang, _ = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    text = await room.replies(wang, "1")
    await room.replies(wang, "1", again=text)
    room.network.reads(wang, "事件1已由您签收", "You have acknowledged incident 1.")
    room.network.silent(wang)


@pytest.mark.parametrize(
    "body", ["1", "1 ", " 1\n", "1 a", "1A", "'1'", "“1”", " １ ", "１ａ", "1 ack", "1签收", "1。", "\u200b1"]
)
def test_b3_the_reply_code_is_read_however_it_is_typed(body: str) -> None:
    assert parse(body) == Asked("acknowledge", "code", 1)


@pytest.mark.parametrize("body", ["ack 4", "签收 4", "签收4", "签收事件4", "A 4", "确认４", "ACK #4"])
def test_b7_the_incidents_own_number_acknowledges(body: str) -> None:
    assert parse(body) == Asked("acknowledge", "number", 4)


@pytest.mark.parametrize(
    ("body", "by"), [("close 4", "number"), ("关闭 4", "number"), ("4c", "code"), ("4 Close", "code")]
)
def test_b7_and_closes(body: str, by: str) -> None:
    assert parse(body) == Asked("close", by, 4)  # type: ignore[arg-type]


@pytest.mark.parametrize("body", ["", "ok", "1 2", "-1", "1.5.2026", "yes", "退订", "1" * 50, "九"])
def test_what_is_not_understood_is_not_guessed(body: str) -> None:
    assert parse(body) is None


async def test_b5_codes_are_the_smallest_free_of_the_phone_and_rest_seven_days(room: Room) -> None:
    wang, _ = room.usual()
    for place in "abc":
        await room.happens(room.alert(place=place, subject=place))
    for code in (1, 2, 3):
        room.network.reads(wang, f"回复 {code} 签收")
    await room.replies(wang, "2c")
    room.network.reads(wang, "事件2已由您关闭")
    room.answers.acknowledge(1, "王建国", "cli")
    room.answers.acknowledge(3, "王建国", "cli")
    room.clock.now += timedelta(days=6, hours=23)
    await room.happens(room.alert(place="d", subject="d"))
    room.network.reads(wang, "回复 4 签收")
    room.answers.acknowledge(4, "王建国", "cli")
    room.clock.now += timedelta(hours=2)
    await room.happens(room.alert(place="e", subject="e"))
    room.network.reads(wang, "回复 2 签收")


async def test_b6_acknowledging_again_answers_by_whom_and_changes_nothing(room: Room) -> None:
    wang, li = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    await room.goes_by(minutes=5)
    room.network.reads(li)
    await room.replies(wang, "1")
    room.network.reads(wang, "已由您签收")
    room.network.reads(li, "王建国 已签收")
    before = room.incident()
    await room.replies(li, "1")
    room.network.reads(li, "事件1已由王建国于 08-26 16:05 签收", "already acknowledged by 王建国")
    await room.replies(wang, "1")
    room.network.reads(wang, "事件1已由您于 08-26 16:05 签收")
    assert room.incident() == before


async def test_b7_close_by_the_incidents_number(room: Room) -> None:
    wang, _ = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    await room.replies(wang, "close 1")
    room.network.reads(wang, "事件1已由您关闭")
    assert room.incident().status == "closed"


async def test_b19_a_late_reply_to_a_closed_incident_answers_that_it_is_closed_and_by_whom(room: Room) -> None:
    wang, _ = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    assert room.answers.close(1, "李卫东", "误报") == Done(1, "李卫东")
    await room.idle()
    room.network.reads(wang, "李卫东 已关闭：误报")
    await room.goes_by(days=30)
    await room.replies(wang, "1")
    room.network.reads(wang, "事件1已由 李卫东 于 08-26 16:00 关闭")
    assert room.incident().status == "closed"


async def test_b22_who_may_not_act_is_refused_and_told_so(room: Room) -> None:
    wang, _ = room.usual()
    stranger = room.officer("钱多多", "+12025550155")
    await room.happens(room.alert())
    room.network.reads(wang)
    await room.replies(stranger, "1")  # another phone's code
    room.network.reads(stranger, "没有回复码 1")
    await room.replies(stranger, "ack 1")
    room.network.reads(stranger, "您无权处理事件1")
    await room.replies(stranger, "close 1")
    room.network.reads(stranger, "您无权处理事件1")
    assert isinstance(room.answers.acknowledge(1, "钱多多", "cli"), Refused)
    assert isinstance(room.answers.acknowledge(1, "nobody", "cli"), Refused)
    assert isinstance(room.answers.close(1, "钱多多", "because"), Refused)
    assert isinstance(room.answers.acknowledge(77, "王建国", "cli"), Refused)
    assert room.incident().status == "unacknowledged"


async def test_an_unknown_phone_gets_no_answer_and_does_nothing(room: Room) -> None:
    wang, _ = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    await room.replies("+12025550199", "1")
    await room.replies("+12025550199", "ack 1")
    room.network.silent("+12025550199")
    assert room.incident().status == "unacknowledged"


async def test_f7_nonsense_is_answered_five_times_and_then_not_until_a_text_makes_sense(room: Room) -> None:
    wang, _ = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    for _ in range(8):
        room.clock.now += timedelta(seconds=1)
        await room.replies(wang, "what?")
    assert room.network.ignores(wang) == 5
    room.clock.now += timedelta(seconds=1)
    await room.replies(wang, "1")
    room.network.reads(wang, "已由您签收")
    room.clock.now += timedelta(seconds=1)
    await room.replies(wang, "what?")
    room.network.reads(wang, "抱歉")


@pytest.mark.parametrize(
    ("before", "said", "answered"),
    [
        ("1", "1", "已由您于"),
        ("1c", "1", "已由 王建国 于"),
        ("?", "77", "没有回复码 77"),
        ("?", "ack 77", "没有事件 77"),
    ],
    ids=["acknowledged", "closed", "no such code", "no such incident"],
)
async def test_f7_a_text_that_moves_nothing_is_answered_five_times_and_then_not(
    room: Room, before: str, said: str, answered: str
) -> None:
    """A machine that answers our answers is not answered for ever, whatever it says."""
    wang, _ = room.usual()
    await room.happens(room.alert())
    await room.replies(wang, before)
    room.network.ignores(wang)
    for _ in range(5 if before != "?" else 4):  # the first of the five was "?"
        room.clock.now += timedelta(seconds=1)
        await room.replies(wang, said)
        room.network.reads(wang, answered)
    for _ in range(3):
        room.clock.now += timedelta(seconds=1)
        await room.replies(wang, said)
        room.network.silent(wang)
    await room.happens(room.alert(place="b", subject="b1"))
    code = room.network.reads(wang).split("回复 ")[1].split(" ")[0]
    room.clock.now += timedelta(seconds=1)
    await room.replies(wang, code)
    room.network.reads(wang, "已由您签收")
    room.clock.now += timedelta(seconds=1)
    await room.replies(wang, said)
    room.network.reads(wang, answered)


async def test_f7_whoever_is_late_for_many_incidents_is_told_of_each(room: Room) -> None:
    """A late answer is no nonsense: the first about each incident is answered, however many there are."""
    wang, _ = room.usual()
    for number in range(1, 8):
        await room.happens(room.alert(place=f"p{number}", subject=f"s{number}"))
        room.answers.close(number, "李卫东", "误报")
        await room.idle()
        room.network.ignores(wang)
    for number in range(1, 8):
        room.clock.now += timedelta(seconds=1)
        await room.replies(wang, f"ack {number}")
        room.network.reads(wang, f"事件{number}已由 李卫东 于")


async def test_h8_two_officers_in_the_same_second_one_owner_both_told(room: Room) -> None:
    wang, li = room.usual()
    await room.happens(room.alert())
    await room.goes_by(minutes=5)
    room.network.ignores(wang)
    room.network.ignores(li)
    outcomes = await asyncio.gather(
        *(asyncio.to_thread(room.answers.acknowledge, 1, name, "sms") for name in ("王建国", "李卫东"))
    )
    await room.idle()
    done = [outcome for outcome in outcomes if isinstance(outcome, Done)]
    already = [outcome for outcome in outcomes if isinstance(outcome, Already)]
    assert len(done) == len(already) == 1
    assert room.incident().owner == done[0].owner == already[0].owner
    loser = li if done[0].owner == "王建国" else wang
    room.network.reads(loser, f"{done[0].owner} 已签收")
    assert [line.event for line in room.timeline()].count("acknowledged") == 1


async def test_the_duty_desk_acknowledges_on_an_officers_behalf_and_both_names_are_on_record(room: Room) -> None:
    wang, _ = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    stranger = room.answers.acknowledge(1, "无名氏", "phone", on_behalf_of="王建国")
    assert stranger == Refused(1, "无名氏 不在人员名册中。", "无名氏 is not on the roster.")
    room.officer("值班室", "+12025550177")
    assert room.answers.acknowledge(1, "值班室", "phone", on_behalf_of="王建国") == Done(1, "王建国")
    await room.idle()
    incident = room.incident()
    assert (incident.owner, incident.acknowledged_by, incident.acknowledged_via) == ("王建国", "值班室", "phone")


async def test_where_nothing_can_come_back_the_text_says_whom_to_call(room: Room) -> None:
    """Twilio to +86: no code, no request for a reply."""
    phone = room.officer("王建国", "+8613800000001")
    room.on_duty("duty", "王建国")
    await room.happens(room.alert())
    text = room.network.reads(phone, "请致电值班室 0579-87660000 签收", "call the duty desk 0579-87660000")
    assert "回复" not in text
    assert room.rows(reply_codes) == []


async def test_closing_needs_a_reason_and_closing_again_says_who_did(room: Room) -> None:
    room.usual()
    await room.happens(room.alert())
    assert isinstance(room.answers.close(1, "王建国", "  "), Refused)
    assert room.answers.close(1, "王建国", "done") == Done(1, "王建国")
    assert isinstance(room.answers.close(1, "李卫东", "again"), Closed)
    assert isinstance(room.answers.acknowledge(1, "李卫东", "cli"), Closed)
    room.network.ignores("+12025550111")
