"""A level that is proposed waits for its approver's yes or no; the lead department is paged at once in any case."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from responders.acknowledgement import Done, Refused
from responders.channels.base import Refused as NotTaken
from responders.decisions import Decided, Levelled, Overtaken, answer
from responders.drills import register
from responders.ledger import Ledger
from responders.queries import list_incidents, show_incident
from responders.replies import Asked, parse
from responders.standing import decided, reported, standing
from responders.timeline import render
from responders.timeline import reports as report_lines
from rules.plans import Inhibition
from tests.responders.response_plan import HEAD, judged, relief_plan, report, staff

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from tests.responders.room import Room


@pytest.fixture
def flood(room: Room) -> Any:
    """Lets the flood reach a level."""
    plan = room.adopt(relief_plan())
    at = "normal"

    async def reaches(level: str, **more: Any) -> None:
        nonlocal at
        before, at = at, level
        await room.happens(room.alert(level, before, plan=plan, place="330723/flood", subject="E1", **more))

    return reaches


def events(room: Room, number: int) -> list[str]:
    return [row.event for row in room.timeline(number)]


async def test_the_lead_department_acts_while_the_approver_is_asked(room: Room, flood: Any) -> None:
    """Two texts at once: what has happened and what begins meanwhile, and the question."""
    wang, _, head, _ = staff(room)
    await flood("III")
    room.network.reads(
        wang, "Ⅲ级（较大）响应已报分管副县长批准，批复前派员核灾；先行转移。", "回复 1 签收",
        "waits for head; meanwhile assess on the spot; move people first.",
    )  # fmt: skip
    room.network.reads(
        head, "【灾害救助】请批示：", "拟在330723/flood启动Ⅲ级（较大）响应，是否同意？",
        "请示2，回复“1同意”或“1不同意”。",
        'Proposal 2: reply "1Y" to approve, "1N" to reject.',
    )  # fmt: skip
    assert (room.incident(1).running, room.incident(2).parent) == (None, room.incident(1).id)


async def test_a_level_that_starts_at_once_asks_nobody(room: Room, flood: Any) -> None:
    """The page says that it runs, and what begins."""
    wang, *_ = staff(room)
    await flood("IV")
    room.network.reads(wang, "Ⅳ级（一般）响应已启动：巡查隐患点。")
    assert [incident.running for incident in room.incidents()] == ["IV"]


async def test_a_yes_starts_the_response_and_is_told_once_to_each(room: Room, flood: Any) -> None:
    wang, li, head, _ = staff(room)
    await flood("III")
    room.network.reads(wang)
    room.network.reads(head)
    await room.replies(head, "1 同意")
    room.network.reads(head, "您已同意启动Ⅲ级（较大）响应（请示2，事件1）。", "You have approved")
    room.network.reads(wang, "陈副县长同意启动Ⅲ级（较大）响应（请示2）。", "陈副县长 approved the response")
    proposal = room.incident(2)
    assert (proposal.status, proposal.decision, proposal.closed_by) == ("closed", "approved", "陈副县长")
    assert room.incident(1).running == "III"
    assert events(room, 1).count("approved") == events(room, 2).count("approved") == 1
    await room.goes_by(minutes=5)
    room.network.reads(li, "Ⅲ级（较大）响应已启动：派员核灾；先行转移。")  # the incident itself is still unanswered
    room.network.silent(head)


async def test_a_no_with_its_reason_leaves_the_level_as_it_was(room: Room, flood: Any) -> None:
    wang, li, head, _ = staff(room)
    await flood("IV")
    await flood("III")
    room.network.ignores(wang)
    room.network.reads(head)
    await room.replies(head, "１Ｎ，人员已全部转移")
    room.network.reads(head, "您已不同意启动Ⅲ级（较大）响应")
    room.network.reads(wang, "陈副县长不同意启动Ⅲ级（较大）响应（请示2）：人员已全部转移。", "rejected")
    assert (room.incident(1).running, room.incident(2).decision) == ("IV", "rejected")
    assert room.incident(2).close_reason == "人员已全部转移"
    await room.goes_by(minutes=5)
    room.network.reads(li, "Ⅲ级（较大）响应未获批准。")


@pytest.mark.parametrize("body", ["1同意", "１ 同意。", "1Y", "1 y", "１ｙ", "1 YES", "“1 批准”", "1 approve"])
def test_b3_a_yes_is_read_however_it_is_typed(body: str) -> None:
    assert parse(body) == Asked("approve", "code", 1)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("1不同意", ""), ("１ 不同意", ""), ("1N", ""), ("1 no", ""), ("1 不批准。", ""), ("1不予批准", ""),
        ("1不同意：价格已回落", "价格已回落"), ("1N Price fell", "Price fell"), ("1 不同意\n再核实", "再核实"),
    ],
)  # fmt: skip
def test_b3_a_no_is_read_however_it_is_typed_and_its_reason_kept(body: str, reason: str) -> None:
    assert parse(body) == Asked("reject", "code", 1, reason)


@pytest.mark.parametrize(
    ("body", "asked"),
    [
        ("同意 事件4", Asked("approve", "number", 4)),
        ("approve #4", Asked("approve", "number", 4)),
        ("不同意 请示4，再核实", Asked("reject", "number", 4, "再核实")),
        ("同意4", Asked("approve", "either", 4)),
        ("reject 4", Asked("reject", "either", 4)),
    ],
)
def test_b7_a_proposals_own_number_answers_it(body: str, asked: Asked) -> None:
    assert parse(body) == asked


@pytest.mark.parametrize(
    "body", ["同意", "不同意", "1同意但要先报告", "1 同意 先等等", "1不同意吗", "1YN", "1 同意 不同意", "1 2 同意"]
)
def test_what_is_no_clear_yes_or_no_is_neither(body: str) -> None:
    assert parse(body) is None


@pytest.mark.parametrize("body", ["1", "1 收到", "ack 2", "1c", "close 2"])
async def test_a_bare_number_is_no_answer_to_a_proposal(room: Room, flood: Any, body: str) -> None:
    """Whoever is used to acknowledge with it starts no response by it, nor stops the asking."""
    wang, li, head, _ = staff(room)
    await flood("III")
    room.network.reads(wang)
    room.network.reads(head)
    await room.replies(head, body)
    room.network.reads(head, "请示2须明确答复：回复“1同意”或“1不同意”。", 'reply "1Y" or "1N"')
    assert (room.incident(2).status, room.incident(1).running) == ("unacknowledged", None)
    await room.goes_by(minutes=5)
    room.network.reads(head, "请示2（第2次呼叫）")
    room.network.ignores(li)
    room.network.ignores(wang)


async def test_a_yes_to_what_asks_for_none_is_no_acknowledgement(room: Room, flood: Any) -> None:
    wang, *_ = staff(room)
    await flood("IV")
    room.network.reads(wang)
    await room.replies(wang, "1同意")
    room.network.reads(wang, "该事件无须批示")
    assert room.incident(1).status == "unacknowledged"


async def test_a_number_that_means_two_proposals_decides_neither(room: Room, flood: Any) -> None:
    """Code 2 of the phone is proposal 4, and proposal 2 has code 1: `同意2` is asked back."""
    wang, _, head, _ = staff(room)
    await flood("III")
    plan = room.library.plans["relief"]
    await room.happens(room.alert("III", plan=plan, place="330723/geological", subject="E2"))
    room.network.ignores(wang)
    room.network.reads(head, "请示2，回复“1同意”")
    room.network.reads(head, "请示4，回复“2同意”")
    await room.replies(head, "同意2")
    room.network.reads(head, "不清楚所答是请示2还是请示4", "Proposal 2 or 4?")
    await room.replies(head, "同意 事件2")
    room.network.reads(head, "您已同意启动Ⅲ级（较大）响应（请示2，事件1）")
    await room.replies(head, "2同意")
    room.network.reads(head, "您已同意启动Ⅲ级（较大）响应（请示4，事件3）")
    room.network.ignores(wang)


async def test_it_escalates_like_any_page_and_never_has_nothing_due(room: Room, flood: Any) -> None:
    """The approver, then the leader with him, then both for ever; whoever is asked may answer."""
    wang, li, head, _ = staff(room)
    await flood("III")
    assert room.answers.acknowledge(1, "王建国", "cli") == Done(1, "王建国")
    await room.idle()
    room.network.ignores(wang)
    room.network.reads(head, "请示2")
    assert isinstance(room.decisions.answer(2, "李卫东", "cli", yes=True), Refused)
    await room.goes_by(minutes=5)
    room.network.reads(head, "请示2（第2次呼叫）")
    room.network.reads(li, "请示2", "是否同意")
    for _ in range(3):
        await room.goes_by(minutes=5)
        room.network.reads(head, "请示2")
        room.network.reads(li, "请示2")
        assert room.incident(2).next_due > room.clock.now
    assert room.decisions.answer(2, "李卫东", "cli", yes=True) == Decided(2, 1, yes=True, level="III", by="李卫东")
    await room.idle()
    room.network.reads(head, "李卫东同意启动")
    room.network.reads(wang, "李卫东同意启动")


async def test_the_desk_writes_down_an_answer_by_telephone(room: Room, flood: Any) -> None:
    """Both names are on record; a no without a reason is refused, and who is nobody here is."""
    wang, _, head, _ = staff(room)
    await flood("III")
    room.network.ignores(wang)
    room.network.ignores(head)
    refused = room.decisions.answer(2, "王建国", "cli", yes=False, reason=" ", on_behalf_of="陈副县长")
    assert refused == Refused(2, "不同意须写明原因。", "A reason is needed to reject a proposal.")
    for by, on_behalf_of in (("王建国", None), ("王建国", "周县长"), ("nobody", "陈副县长"), ("周县长", None)):
        assert isinstance(room.decisions.answer(2, by, "cli", yes=True, on_behalf_of=on_behalf_of), Refused)
    assert room.decisions.answer(1, "陈副县长", "cli", yes=True) == Refused(
        1, "事件1不是请示，其待批请示为2。", "Incident 1 is not a proposal; the one that waits for it is 2."
    )
    done = room.decisions.answer(2, "王建国", "cli", yes=True, on_behalf_of="陈副县长")
    assert done == Decided(2, 1, yes=True, level="III", by="陈副县长")
    (line,) = [row for row in room.timeline(1) if row.event == "approved"]
    assert (line.who, '"by":"王建国"' in line.detail) == ("陈副县长", True)
    await room.idle()
    room.network.reads(wang, "陈副县长同意启动")


async def test_h8_two_answers_in_the_same_second_are_one_decision_and_both_are_told(room: Room, flood: Any) -> None:
    wang, _, head, _ = staff(room)
    second = room.officer("吴副县长", "+12025550166")
    room.on_duty("head", "吴副县长")
    await flood("III")
    room.network.ignores(wang)
    room.network.reads(head)
    room.network.reads(second)
    yes, no = await asyncio.gather(
        asyncio.to_thread(room.decisions.answer, 2, "陈副县长", "sms", yes=True),
        asyncio.to_thread(room.decisions.answer, 2, "吴副县长", "sms", yes=False, reason="再核实"),
    )
    assert sorted(type(one).__name__ for one in (yes, no)) == ["Decided", "Overtaken"]
    won = room.incident(2)
    assert won.decision == ("approved" if isinstance(yes, Decided) else "rejected")
    assert room.incident(1).running == ("III" if won.decision == "approved" else None)
    assert events(room, 2).count("approved") + events(room, 2).count("rejected") == 1
    await room.idle()
    room.network.reads(second if won.closed_by == "陈副县长" else head, f"{won.closed_by}")
    room.network.ignores(wang)


async def test_a_rise_proposes_the_higher_level_and_supersedes_the_lower(room: Room, flood: Any) -> None:
    """The approver of both reads one text; a late yes to the lower starts nothing."""
    wang, _, head, chief = staff(room)
    await flood("III")
    room.network.reads(head, "请示2")
    await flood("II")
    room.network.ignores(wang)
    room.network.reads(head, "请示3，回复“2同意”", "启动Ⅱ级（重大）响应")
    await room.replies(head, "1同意")
    room.network.reads(head, "请示2已于 08-26 16:00 作废（由请示3取代", "no answer is needed")
    assert (room.incident(2).decision, room.incident(1).running) == ("superseded", None)
    await flood("I")
    room.network.reads(head, "请示3由请示4（Ⅰ级（特别重大））取代，无须答复")
    room.network.reads(chief, "请示4", "启动Ⅰ级（特别重大）响应")
    await room.replies(chief, "1y")
    room.network.reads(chief, "您已同意启动Ⅰ级")
    assert room.incident(1).running == "I"
    assert [one.decision for one in room.incidents()] == [None, "superseded", "superseded", "approved"]
    room.network.ignores(wang)


async def test_what_was_approved_runs_while_the_higher_level_waits(room: Room, flood: Any) -> None:
    wang, _, head, _ = staff(room)
    await flood("III")
    await room.replies(head, "1y")
    await flood("II")
    assert room.incident(1).running == "III"
    assert [one.decision for one in room.incidents()] == [None, "approved", None]
    room.network.ignores(wang)
    room.network.ignores(head)


async def test_b19_a_late_answer_is_answered_by_how_it_was_decided(room: Room, flood: Any) -> None:
    """Also by a bare number, also days later, and never asked about again."""
    wang, _, head, _ = staff(room)
    await flood("III")
    await room.replies(head, "1不同意 再核实")
    room.network.ignores(wang)
    room.network.ignores(head)
    await room.replies(head, "1同意")
    room.network.reads(head, "请示2（Ⅲ级（较大）响应）已由您于 08-26 16:00 答复：不同意。", "was rejected by you")
    await room.replies(head, "1")
    room.network.reads(head, "答复：不同意")
    assert isinstance(room.decisions.answer(2, "陈副县长", "cli", yes=True), Overtaken)
    assert room.incident(1).running is None


async def test_it_lapses_with_its_incident(room: Room, flood: Any) -> None:
    """A false alarm is closed: the approver hears that no answer is needed, and a late one is told so."""
    wang, _, head, _ = staff(room)
    await flood("III")
    assert room.answers.close(1, "王建国", "误报") == Done(1, "王建国")
    await room.idle()
    room.network.ignores(wang)
    room.network.reads(head, "请示2，")
    room.network.reads(head, "事件1已结束，请示2作废，无须答复")
    await room.replies(head, "1同意")
    room.network.reads(head, "请示2已于 08-26 16:00 作废（事件1已结束")
    assert [one.decision for one in room.incidents()] == [None, "lapsed"]
    await room.goes_by(hours=1)
    room.network.silent(head)


async def test_an_alarm_that_returns_leaves_the_question_and_says_so(room: Room, flood: Any) -> None:
    wang, _, head, _ = staff(room)
    await flood("III")
    room.network.reads(head)
    await flood("normal")
    room.network.ignores(wang)
    room.network.reads(head, "警报已恢复", "请示2仍请答复")
    assert room.incident(2).status == "unacknowledged"


async def test_nobody_on_the_approvers_role_is_a_fault_and_the_leader_is_asked_instead(room: Room, flood: Any) -> None:
    """On record in both; the leader's answer counts."""
    wang, li = room.usual()
    await flood("III")
    room.network.reads(wang, "Ⅲ级（较大）响应已报分管副县长批准")
    room.network.reads(li, "请示2", "是否同意")
    room.network.reads(wang, "【系统故障】", "批准人“分管副县长”无人可呼叫，请示2改请带班领导答复")
    assert "asked instead" in events(room, 1)
    assert "asked instead" in events(room, 2)
    await room.replies(li, "1同意")
    room.network.reads(li, "您已同意启动")
    room.network.reads(wang, "李卫东同意启动")


async def test_the_response_goes_down_only_when_its_approver_says_so(room: Room, flood: Any) -> None:
    """The alarm's return, and closing by the desk, leave it running."""
    wang, _, head, chief = staff(room)
    await flood("III")
    await room.replies(head, "1同意")
    await flood("normal")
    assert room.incident(1).running == "III"
    assert room.answers.close(1, "王建国", "完了") == Refused(
        1, "Ⅲ级（较大）响应仍在进行，须由县长决定终止。",
        "The response of level III (fairly serious) still runs: chief must end it first.",
    )  # fmt: skip
    level = room.decisions.level
    assert level(1, "IV", "王建国", "缓解") == Refused(1, "须由分管副县长决定。", "That is for head to decide.")
    assert isinstance(level(1, "IV", "陈副县长", " "), Refused)
    assert level(1, "IV", "陈副县长", "雨停") == Levelled(1, "III", "IV", "陈副县长")
    assert level(1, "IV", "陈副县长", "雨停") == Refused(
        1, "事件1的响应已是Ⅳ级（一般）。", "The response of incident 1 is at level IV (ordinary)."
    )
    assert isinstance(level(1, None, "陈副县长", "结束"), Refused)
    assert level(1, None, "王建国", "安置妥善", on_behalf_of="周县长") == Levelled(1, "IV", None, "周县长")
    assert isinstance(level(1, None, "周县长", "again"), Refused)
    await room.idle()
    texts = room.network.arrived[wang]
    assert [text for text in texts if "陈副县长决定将响应由Ⅲ级（较大）调整为Ⅳ级（一般）：雨停。" in text]
    assert [text for text in texts if "周县长决定终止Ⅳ级（一般）响应：安置妥善。" in text]
    assert room.answers.close(1, "王建国", "完了") == Done(1, "王建国")
    await room.idle()
    for phone in (wang, head, chief):
        room.network.ignores(phone)


async def test_whoever_ends_the_response_may_close_at_once(room: Room, flood: Any) -> None:
    wang, *_ = staff(room)
    await flood("IV")
    assert room.answers.close(1, "周县长", "险情排除") == Done(1, "周县长")
    await room.idle()
    assert room.incident(1).running is None
    room.network.ignores(wang)


async def test_an_approver_may_start_a_level_that_was_rejected_before(room: Room, flood: Any) -> None:
    """Also at a level that is still proposed: the question is answered by it."""
    wang, _, head, _ = staff(room)
    await flood("III")
    room.network.ignores(wang)
    room.network.reads(head)
    assert isinstance(room.decisions.level(1, "III", "王建国", "恶化"), Refused)
    assert room.decisions.level(1, "III", "陈副县长", "恶化") == Levelled(1, None, "III", "陈副县长")
    await room.idle()
    assert room.incident(2).decision == "superseded"
    room.network.reads(wang, "陈副县长决定启动Ⅲ级（较大）响应：恶化")
    room.network.ignores(head)


async def test_a_plan_that_names_nobody_lets_no_level_be_raised(room: Room, flood: Any) -> None:
    wang, *_ = staff(room)
    room.adopt(relief_plan(starts={}, upgrade=[judged("chief", "II")], downgrade=[], termination=[]))
    await room.happens(room.alert("IV", plan=room.library.plans["relief"], place="330723/flood", subject="E1"))
    room.network.ignores(wang)
    assert room.decisions.level(1, "III", "周县长", "恶化") == Refused(
        1, "预案未写明由谁决定升至该级。", "The plan names nobody for that."
    )
    assert room.decisions.level(1, "II", "周县长", "恶化") == Levelled(1, "IV", "II", "周县长")
    await room.idle()
    room.network.ignores(wang)
    assert room.answers.close(1, "王建国", "完了") == Done(1, "王建国")  # where nobody is named, whoever may act
    await room.idle()
    room.network.ignores(wang)


async def test_a_historic_incident_proposes_nothing(room: Room, flood: Any) -> None:
    staff(room)
    await flood("III", historic=True)
    assert [(one.status, one.running) for one in room.incidents()] == [("historic", None)]


async def test_the_same_alert_again_proposes_nothing_more(room: Room) -> None:
    wang, _, head, _ = staff(room)
    plan = room.adopt(relief_plan())
    alert = room.alert("III", plan=plan, place="330723/flood", subject="E1")
    await room.happens(alert)
    await room.happens(alert)
    assert len(room.incidents()) == 2
    room.network.reads(wang)
    room.network.reads(head)


async def test_where_nothing_can_come_back_the_text_says_whom_to_call(room: Room, flood: Any) -> None:
    room.usual()
    chen = room.officer("陈副县长", "+8613800000001")
    room.on_duty("head", "陈副县长")
    await flood("III")
    room.network.reads(chen, "请示2，请致电值班室 0579-87660000 答复是否同意。", "call the duty desk 0579-87660000")
    room.network.ignores("+12025550111")


async def test_a_page_of_a_proposal_that_had_not_left_when_it_was_answered_never_leaves(room: Room) -> None:
    """The process dies between opening and sending; meanwhile the desk has the answer by telephone."""
    _, _, head, _ = staff(room)
    plan = room.adopt(relief_plan())
    room.take(room.alert("III", plan=plan, place="330723/flood", subject="E1"))
    assert isinstance(room.decisions.answer(2, "王建国", "cli", yes=True, on_behalf_of="陈副县长"), Decided)
    room.pager = room.new_pager()
    await room.pager.start()
    await room.idle()
    room.network.silent(head)
    room.network.ignores("+12025550111")


def in_a_drill(room: Room, *players: str) -> None:
    with room.store.write() as connection:
        register(connection, "d1", "洪水演练", players, room.clock(), room.clock() + timedelta(hours=3))


async def test_a_proposal_of_a_drill_stays_behind_its_walls(room: Room) -> None:
    """The approver takes no part: a player is asked, no fault is raised, and the drill's end lapses it in silence."""
    wang, li, head, _ = staff(room)
    in_a_drill(room, "李卫东")
    plan = room.adopt(relief_plan(reporting=[report("city-phone", "30m")]))
    await room.happens(room.alert("III", plan=plan, place="330723/flood", subject="E1", exercise="d1"))
    room.network.reads(li, "【演练】【灾害救助】请批示", "请示2，回复“901同意”或“901不同意”")
    room.network.reads(li, "【演练】", "回复 902 签收")
    assert isinstance(room.decisions.answer(2, "陈副县长", "cli", yes=True), Refused)
    await room.goes_by(minutes=15)
    assert any("【演练】【灾害救助】县须在30分钟内电话报市" in text for text in room.network.arrived[li])
    assert room.answers.end_drill("d1")
    await room.goes_by(hours=3)
    assert [one.decision for one in room.incidents()] == [None, "lapsed"]
    room.network.ignores(li)
    room.network.silent(wang)
    room.network.silent(head)


async def test_a_yes_in_a_drill_starts_no_real_response(room: Room) -> None:
    """Both stand side by side at one place, with codes that never meet."""
    wang, _, head, _ = staff(room)
    in_a_drill(room, "陈副县长", "王建国")
    plan = room.adopt(relief_plan())
    await room.happens(room.alert("III", plan=plan, place="330723/flood", subject="E1", exercise="d1"))
    await room.happens(room.alert("III", plan=plan, place="330723/flood", subject="E1"))
    room.network.ignores(wang)
    room.network.reads(head, "【演练】", "“901同意”")
    room.network.reads(head, "“1同意”")
    await room.replies(head, "901Y")
    room.network.reads(head, "【演练】您已同意启动Ⅲ级（较大）响应（请示2，事件1）")
    assert [one.running for one in room.incidents()] == ["III", None, None, None]
    room.network.ignores(wang)


async def test_a_players_word_counts_where_no_player_holds_the_role(room: Room) -> None:
    """Else a drill could neither lower nor end what it practises."""
    staff(room)
    in_a_drill(room, "王建国")
    plan = room.adopt(relief_plan())
    await room.happens(room.alert("IV", plan=plan, place="330723/flood", subject="E1", exercise="d1"))
    assert isinstance(room.decisions.level(1, None, "周县长", "结束"), Refused)
    assert room.decisions.level(1, None, "王建国", "结束") == Levelled(1, "IV", None, "王建国")
    await room.idle()
    room.network.ignores("+12025550111")


async def test_a_decision_is_whole_or_not_at_all(room: Room, flood: Any) -> None:
    """Killed before its commit, nothing of it is there, and the same answer counts when it comes again."""
    wang, _, head, _ = staff(room)
    await flood("III")
    room.network.ignores(wang)
    room.network.ignores(head)
    before = room.incidents()

    def killed(connection: Connection) -> None:
        ledger = Ledger(connection, room.services, room.clock())
        answer(ledger, 2, "陈副县长", "sms", yes=True)
        ledger.flush()
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        room.store.run(killed)
    assert room.incidents() == before
    await room.replies(head, "1Y")
    room.network.reads(head, "您已同意")
    assert room.incident(1).running == "III"
    room.network.ignores(wang)


async def test_an_answer_that_the_network_carries_twice_is_one(room: Room, flood: Any) -> None:
    wang, _, head, _ = staff(room)
    await flood("III")
    room.network.ignores(wang)
    room.network.reads(head)
    text = await room.replies(head, "1Y")
    await room.replies(head, "1Y", again=text)
    room.network.reads(head, "您已同意")
    room.network.reads(wang, "陈副县长同意")


async def test_a_rise_and_a_yes_in_the_same_second_are_one_after_the_other(room: Room, flood: Any) -> None:
    """Whichever is first: the lower level is approved or superseded, and the higher one waits."""
    wang, _, head, _ = staff(room)
    await flood("III")
    plan = room.library.plans["relief"]
    rise = room.alert("II", "III", plan=plan, place="330723/flood", subject="E1")
    outcome, _ = await asyncio.gather(
        asyncio.to_thread(room.decisions.answer, 2, "陈副县长", "sms", yes=True), asyncio.to_thread(room.take, rise)
    )
    lower, higher = room.incident(2), room.incident(3)
    assert lower.decision == ("approved" if isinstance(outcome, Decided) else "superseded")
    assert room.incident(1).running == ("III" if isinstance(outcome, Decided) else None)
    assert (higher.status, higher.severity) == ("unacknowledged", "II")
    await room.idle()
    room.network.ignores(wang)
    room.network.ignores(head)


async def test_a_lesser_incident_whose_proposal_was_read_is_not_absorbed(room: Room) -> None:
    """What has been asked of people stays asked."""
    staff(room)
    lesser, greater = (
        relief_plan(),
        relief_plan(id="red", starts={}, inhibits=[Inhibition(alarms="relief", same="county")]),
    )
    for plan in (lesser, greater):
        room.adopt(plan)
    room.network.answers = lambda text: None if "请批示" in text.body else NotTaken("suspended", "provider", "20005")
    await room.happens(room.alert("III", plan=lesser, place="330723/flood", subject="E1"))
    room.network.reads(HEAD, "请示2")
    await room.happens(room.alert("II", plan=greater, place="330723/red", subject="E2"))
    assert room.incident(1).status == "unacknowledged"
    assert room.incident(2).status == "unacknowledged"
    room.network.ignores("+12025550111")


async def test_the_figures_tell_what_waits_and_what_was_decided(room: Room) -> None:
    """A proposal is none of the incidents; drills are in no figure."""
    wang, _, head, _ = staff(room)
    in_a_drill(room, "王建国")
    plan = room.adopt(relief_plan(reporting=[report("city-phone", "30m")]))
    await room.happens(room.alert("III", plan=plan, place="330723/flood", subject="E1", exercise="d1"))
    await room.happens(room.alert("III", plan=plan, place="330723/flood", subject="E1"))
    now = standing(room.store)
    assert {name: now[name] for name in ("incidents_unacknowledged", "proposals_waiting", "responses_running")} == {
        "incidents_unacknowledged": 1, "proposals_waiting": 1, "responses_running": 0,
    }  # fmt: skip
    assert (now["reports_owed"], now["reports_late"]) == (1, 0)
    await room.replies(head, "1Y")
    await room.goes_by(minutes=31)
    now = standing(room.store)
    assert (now["proposals_waiting"], now["responses_running"], now["reports_late"]) == (0, 1, 1)
    assert decided(room.store) == {"approved": 1, "rejected": 0, "superseded": 0, "lapsed": 0}
    room.report_acts.reported(3, "city-phone", "王建国", "cli")
    assert reported(room.store) == {"reported": 1, "missed": 1}
    for phone in (wang, head, "+12025550122"):
        room.network.ignores(phone)


async def test_the_whole_story_is_told_in_both_languages(room: Room) -> None:
    """Every line that a response writes has its words."""
    wang, li, head, chief = staff(room)
    owes = [
        report("phone", "30m", levels=["III"]),
        report("grave", "30m", levels=["II"]),
        report("daily", "1h", every="1h"),
    ]
    plan = room.adopt(relief_plan(reporting=owes))
    await room.happens(room.alert("III", plan=plan, place="330723/flood", subject="E1"))
    room.answers.acknowledge(1, "王建国", "cli")
    room.decisions.answer(2, "王建国", "cli", yes=False, reason="再核实", on_behalf_of="陈副县长")
    await room.happens(room.alert("II", "III", plan=plan, place="330723/flood", subject="E1"))
    room.answers.acknowledge(1, "王建国", "cli")
    await room.goes_by(minutes=61)
    room.decisions.answer(3, "李卫东", "cli", yes=True, reason="情况紧急")
    room.report_acts.reported(1, "grave", "王建国", "cli", note="市局")
    room.decisions.level(1, "IV", "陈副县长", "雨停")
    room.decisions.level(1, None, "周县长", "安置妥善")
    room.answers.close(1, "王建国", "完了")
    with room.store.read() as connection:
        incident, proposal = show_incident(connection, 1), show_incident(connection, 3)
        listed = {line.number: line for line in list_incidents(connection)}
    assert incident is not None
    assert proposal is not None
    told = "\n".join([render(incident), *report_lines(incident, room.library.body_name, room.clock())])
    for part in (
        "报请批准 proposed: 请示2 → 分管副县长 head (Ⅲ级（较大） level III (fairly serious))",
        "不批准 rejected: Ⅲ级（较大） level III (fairly serious): 再核实 (由 by 王建国) · 陈副县长",
        "报告时限合并 report phone → grave",
        "报告提醒 reminded: daily、grave → 王建国",
        "报告逾期 report missed: grave",
        "批准 approved: Ⅱ级（重大） level II (serious): 情况紧急 · 李卫东",
        "响应 response: 无 none → Ⅱ级（重大） level II (serious) (请示3 proposal 3)",
        "已报 reported: grave (逾期 late) 市局 · 王建国",
        "响应 response: Ⅳ级（一般） level IV (ordinary) → 无 none (安置妥善) · 周县长",
        "报告终止 no longer owed: daily、daily",
        "报告 report grave: 县须在30分钟内电话报市 / county to city by phone; 已报 reported",
        "报告 report daily #2: 县须在60分钟内电话报市 / county to city by phone; 已免 no longer owed",
        "报告提醒 reminder → 王建国",
    ):
        assert part in told, f"{part}\n\n{told}"
    assert "请示 proposal: 事件1 incident 1 · 同意 approved" in render(proposal)
    assert [(n, listed[n].parent, listed[n].decision) for n in (2, 3)] == [(2, 1, "rejected"), (3, 1, "approved")]
    await room.idle()
    for phone in (wang, li, head, chief):
        room.network.ignores(phone)
