"""From the outbox to the phone, on a clock moved by hand: uncertain sends, provider faults, takeover, receipts."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError

from responders.channels.base import OutgoingText, Refused, SendResult, Uncertain
from responders.provider_faults import ProviderFaults
from responders.recorder import Receipt, Recorder
from responders.schema import pages

if TYPE_CHECKING:
    from tests.responders.room import Room


async def test_h1_an_answer_that_was_lost_is_settled_by_asking_one_text_on_the_phone(room: Room) -> None:
    wang, _ = room.usual()
    room.network.lose = lambda _: Uncertain("no answer")
    await room.happens(room.alert())
    assert room.pages()[0].state == "uncertain"
    await room.goes_by(seconds=2)
    assert room.pages()[0].state == "sent"
    await room.goes_by(minutes=4)
    room.network.reads(wang)
    assert len(room.network.calls) == 1


async def test_h1_what_the_provider_does_not_have_after_30_s_is_sent_again(room: Room) -> None:
    wang, _ = room.usual()
    answers = iter([Uncertain("HTTP 500")])
    room.network.answers = lambda _: next(answers, None)
    await room.happens(room.alert())
    await room.goes_by(seconds=29)
    room.network.silent(wang)
    assert len(room.network.calls) == 1
    await room.goes_by(seconds=1)
    room.network.reads(wang)
    (page,) = room.pages()
    assert (page.state, page.attempts) == ("accepted", 2)


async def test_a_provider_that_cannot_be_asked_for_60_s_means_the_officers_next_contact(room: Room) -> None:
    """Twice is better than never; the page says that it may have been sent."""
    first, second = "+12025550111", "+12025550133"
    room.officer("王建国", first, second)
    room.on_duty("duty", "王建国")
    room.network.lose = lambda text: Uncertain("no answer") if text.to == first else None
    room.network.asking = room.network.unreadable
    await room.happens(room.alert())
    await room.goes_by(seconds=59)
    room.network.silent(second)
    await room.goes_by(seconds=11)
    room.network.reads(second, "事件1")
    assert room.pages(address=first)[0].state == "possibly_sent"
    room.network.reads(first)


async def test_h7_a_page_found_in_sending_at_start_belongs_to_a_dead_process(room: Room) -> None:
    """Killed between the provider's answer and its record: found by asking, not sent again."""
    wang, _ = room.usual()
    room.take(room.alert())
    claimed, _refused = room.pager._claims.due({"twilio": None}, 10)
    await room.pager._channels["twilio"].send(await _text(room))  # the provider had it, and then the process died
    assert len(claimed) == 1
    await room.idle()
    assert room.pages()[0].state == "sending"
    room.pager = room.new_pager()
    await room.pager.start()
    await room.goes_by(seconds=10)
    assert room.pages()[0].state == "sent"
    room.network.reads(wang)


async def test_h7_killed_before_the_call_it_is_sent_once(room: Room) -> None:
    wang, _ = room.usual()
    room.take(room.alert())
    room.pager._claims.due({"twilio": None}, 10)
    room.pager = room.new_pager()
    await room.pager.start()
    await room.goes_by(seconds=29)
    room.network.silent(wang)
    await room.goes_by(seconds=1)
    room.network.reads(wang)
    assert len(room.network.calls) == 1


async def test_a_living_processs_pages_are_not_taken_before_its_lease_is_over(room: Room) -> None:
    wang, _ = room.usual()
    room.take(room.alert())
    other = room.new_pager(owner="other", lease=timedelta(seconds=50))
    other._claims.due({"twilio": None}, 10)
    await room.pager.start()
    await room.goes_by(seconds=49)
    assert room.pages()[0].state == "sending"
    await room.goes_by(seconds=4)
    room.network.reads(wang)


async def _text(room: Room) -> OutgoingText:
    (page,) = room.pages()
    return OutgoingText(page.id, page.address, page.body, "")


@pytest.mark.parametrize("code", ["20003", "20429", "no-connection"])
async def test_a_fault_of_the_provider_spends_no_step_holds_and_goes_out_when_it_is_back(room: Room, code: str) -> None:
    wang, li = room.usual()
    room.network.answers = lambda _: Refused("provider fault", "provider", code)
    await room.happens(room.alert())
    await room.goes_by(minutes=30)
    assert room.incident(1).position == 1
    assert room.incident(2).plan == "pipeline-fault"
    assert "短信通道 twilio 故障" in room.incident(2).headline
    room.network.answers = lambda _: None
    await room.goes_by(minutes=6)
    assert any("【粮价预警】" in body for body in room.network.arrived[wang])
    assert room.incident(2).status == "closed"
    room.network.silent(li)
    room.network.ignores(wang)


async def test_a_provider_that_answers_500_for_half_an_hour_spends_no_step_and_is_a_fault(room: Room) -> None:
    """Each 500 is uncertain, asked about, and sent again; when the provider is back there is one text of each page."""
    wang, li = room.usual()
    room.network.answers = lambda _: Uncertain("HTTP 500")
    await room.happens(*(room.alert(place=f"p{n}", subject=f"p{n}") for n in range(8)))
    await room.goes_by(minutes=30)
    assert {incident.position for incident in room.incidents()} == {1}
    assert any("短信通道 twilio 故障" in incident.headline for incident in room.incidents())
    assert len(room.network.calls) < 40
    room.network.answers = lambda _: None
    await room.goes_by(minutes=8)
    texts = [text for text in room.network.arrived[wang] if "【粮价预警】" in text and "第2次" not in text]
    assert len(texts) == len(set(texts)) == 8
    room.network.ignores(wang)
    room.network.ignores(li)


@pytest.mark.parametrize(
    "answer",
    [Refused("account not active", "provider", "20005"), Uncertain("HTTP 500")],
    ids=["refused: its page is held", "500: its page is uncertain"],
)
async def test_a_fault_of_the_provider_that_ended_before_its_page_left_is_told_in_one_text(
    room: Room, answer: SendResult
) -> None:
    """That it was, since when, and that it is over: nobody reads of a recovery from what he has not heard of."""
    wang, _ = room.usual()
    room.network.answers = lambda _: answer
    await room.happens(*(room.alert(place=f"p{n}", subject=f"p{n}") for n in range(5)))
    await room.goes_by(minutes=20)
    room.network.answers = lambda _: None
    await room.goes_by(minutes=10)
    (fault,) = [incident for incident in room.incidents() if incident.plan == "pipeline-fault"]
    assert (fault.status, fault.closed_by) == ("closed", "系统 system")
    texts = [text for text in room.network.arrived[wang] if "【系统故障】" in text]
    told = [text for text in texts if "现已恢复正常：短信通道 twilio 已恢复。" in text]
    assert len(told) == 1
    assert "短信通道 twilio 故障：" in told[0]
    assert "08-26 16:00 监测" in told[0]
    assert "Observed 08-26 16:00; back to normal now: Channel twilio works again." in told[0]
    assert len(texts) - len(told) <= 1  # its page may have been the one that found the provider well
    room.network.ignores(wang)
    room.network.ignores("+12025550122")


async def test_a_fault_of_which_one_has_heard_ends_with_the_end_alone(room: Room) -> None:
    """Its page has left: the second text says what is new. Another process has noticed both."""
    wang, _ = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    elsewhere = ProviderFaults(room.store, room.services, room.desk, room.clock)
    elsewhere.began("twilio", "account not active")
    await room.idle()
    room.network.reads(wang, "短信通道 twilio 故障：account not active")
    elsewhere.ended("twilio")
    await room.idle()
    over = room.network.reads(wang, "【系统故障】")
    assert "短信通道 twilio 已恢复 已恢复正常。" in over
    assert "account not active" not in over


async def test_an_incident_that_people_closed_before_its_page_left_is_not_told(room: Room) -> None:
    """Nor is a notice that is over by itself."""
    wang, _ = room.usual()
    room.network.answers = lambda _: Refused("account not active", "provider", "20005")
    await room.happens(room.alert(), room.alert("approach", place="b", subject="b1"))
    room.answers.close(1, "王建国", "误报")
    await room.happens(room.alert("normal", "approach", place="b", subject="b1"))
    room.network.answers = lambda _: None
    await room.goes_by(minutes=10)
    assert [text for text in room.network.arrived.get(wang, []) if "【粮价预警】" in text] == []
    room.network.ignores(wang)


async def test_a_provider_that_is_away_is_probed_one_page_at_a_time(room: Room) -> None:
    """No thundering herd: a hundred held pages, and about one call for each pause that doubles."""
    wang, _ = room.usual()
    room.network.answers = lambda _: Refused("account not active", "provider", "20005")
    room.take(*(room.alert(place=f"p{n}", subject=f"p{n}") for n in range(100)))
    await room.idle()
    first = len(room.network.calls)
    await room.goes_by(minutes=10)
    assert len(room.network.calls) - first <= 10
    room.network.answers = lambda _: None
    await room.goes_by(minutes=5)
    assert len({body for body in room.network.arrived[wang] if "【粮价预警】" in body}) == 100
    assert len(room.network.arrived[wang]) <= 103
    room.network.ignores(wang)
    room.network.ignores("+12025550122")


async def test_the_providers_wait_is_obeyed(room: Room) -> None:
    room.usual()
    room.network.answers = lambda _: Refused("too many requests", "provider", "20429", retry_after=90.0)
    await room.happens(room.alert())
    calls = len(room.network.calls)
    await room.goes_by(seconds=89)
    assert len(room.network.calls) == calls
    await room.goes_by(seconds=2)
    assert len(room.network.calls) == calls + 1


async def test_f23_a_channel_that_raises_does_not_end_the_pager(room: Room) -> None:
    wang, _ = room.usual()

    def broken(text: object) -> None:
        raise RuntimeError("boom")

    room.network.answers = broken  # type: ignore[assignment]
    await room.happens(room.alert())
    room.network.answers = lambda _: None
    await room.goes_by(seconds=31)
    room.network.reads(wang)


ORDERS = [
    *itertools.permutations(["sent", "delivered", "undelivered"]),
    ("delivered", "delivered", "undelivered", "sent"),
    ("undelivered", "sent", "delivered", "undelivered"),
]


@pytest.mark.parametrize("order", ORDERS, ids="-".join)
async def test_h2_receipts_in_any_order_give_the_same_final_state(room: Room, order: tuple[str, ...]) -> None:
    """Late, contradictory, doubled, reversed: undelivered, and the officer's next contact is paged once."""
    first, second = "+12025550111", "+12025550133"
    room.officer("王建国", first, second)
    room.on_duty("duty", "王建国")
    await room.happens(room.alert())
    room.network.reads(first)
    recorder = Recorder(room.store, room.services, room.desk, room.clock)
    page = room.pages()[0]
    for status in order:
        assert page.id in recorder.receipts([Receipt(page.id, page.provider_id, status)])  # type: ignore[arg-type]
        await room.idle()
    assert room.pages(address=first)[0].state == "undelivered"
    room.network.reads(second)


async def test_only_a_receipt_that_makes_something_due_wakes_the_pager(room: Room) -> None:
    wang, _ = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    (page,) = room.pages()
    recorder = Recorder(room.store, room.services, room.desk, room.clock)
    waiter = room.store.wake.waiter()
    recorder.receipts([Receipt(page.id, page.provider_id, "sent")])
    assert not await waiter.wait(0.01)
    recorder.receipts([Receipt(page.id, page.provider_id, "undelivered")])
    assert await waiter.wait(1.0)
    assert room.incident().next_due == room.clock()


async def test_what_fell_due_while_the_pager_looked_is_not_slept_over(room: Room) -> None:
    wang, _ = room.usual()
    began = room.clock.now
    room.clock.now += timedelta(milliseconds=2)
    room.take(room.alert())
    room.clock.now += timedelta(milliseconds=2)
    assert await room.pager._pause(room.pager._claims.next_due, began) == 0.0
    await room.idle()
    room.network.reads(wang)


async def test_a_receipt_alone_settles_an_uncertain_page(room: Room) -> None:
    wang, _ = room.usual()
    room.network.lose = lambda _: Uncertain("no answer")
    await room.happens(room.alert())
    page = room.pages()[0]
    recorder = Recorder(room.store, room.services, room.desk, room.clock)
    recorder.receipts([Receipt(page.id, "SM" + "a" * 32, "delivered")])
    assert room.pages()[0].state == "delivered"
    assert recorder.receipts([Receipt("no-such-page", "SM" + "a" * 32, "delivered")]) == set()
    await room.goes_by(minutes=2)
    room.network.reads(wang)


async def test_an_uncertain_page_of_an_acknowledged_incident_is_not_sent_again(room: Room) -> None:
    room.usual()
    room.network.answers = lambda _: Uncertain("HTTP 500")
    await room.happens(room.alert())
    room.answers.acknowledge(1, "王建国", "cli")
    await room.goes_by(minutes=2)
    assert room.pages()[0].state == "cancelled"
    assert len(room.network.calls) == 1


async def test_the_database_refuses_what_a_state_does_not_imply(room: Room) -> None:
    room.usual()
    await room.happens(room.alert())
    for values in (
        {"state": "uncertain", "ask_at": None},
        {"state": "nonsense"},
        {"state": "sent", "provider_id": None},
    ):
        with pytest.raises(IntegrityError), room.store.write() as connection:
            connection.execute(update(pages).values(**values))
    room.network.ignores("+12025550111")
