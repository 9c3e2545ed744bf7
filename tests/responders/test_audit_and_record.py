"""The audit each minute, the outside heartbeat, and the record as people see it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import msgspec
from aiohttp import web
from structlog.testing import capture_logs

from responders import timeline
from responders.audit import Audit, Heartbeat
from responders.channels.base import Uncertain
from responders.queries import list_incidents, show_incident

if TYPE_CHECKING:
    from tests.responders.room import Room


async def test_the_audit_holds_while_the_pager_runs(room: Room) -> None:
    room.usual()
    await room.happens(room.alert())
    audit = Audit(room.store, room.services, room.desk, room.clock)
    for _ in range(20):
        await room.goes_by(minutes=1)
        assert audit.once() == []
    room.network.ignores("+12025550111")
    room.network.ignores("+12025550122")


async def test_c11_an_incident_that_nobody_moves_is_found_made_due_and_a_pipeline_fault(room: Room) -> None:
    """The pager stands still; the heartbeat is not sent."""
    wang, _ = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)
    room.clock.now += timedelta(minutes=8)
    calls: list[str] = []
    app = web.Application()

    async def beat(request: web.Request) -> web.Response:
        calls.append(request.path)
        return web.Response()

    app.router.add_get("/beat", beat)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    try:
        audit = Audit(room.store, room.services, room.desk, room.clock)
        heartbeat = Heartbeat(audit, room.answers, f"http://127.0.0.1:{runner.addresses[0][1]}/beat")
        assert not await heartbeat.beat()
        assert calls == []
        assert room.incident(1).next_due == room.clock.now
        assert "无人跟进呼叫" in room.incident(2).headline
        await room.idle()
        assert await heartbeat.beat()
        assert calls == ["/beat"]
        nowhere = Heartbeat(audit, room.answers, f"http://127.0.0.1:{runner.addresses[0][1]}/gone")
        assert not await nowhere.beat()
    finally:
        await runner.cleanup()
    room.network.ignores(wang)
    room.network.ignores("+12025550122")


async def test_while_the_provider_is_away_the_audit_says_so_and_does_not_blame_the_responder(room: Room) -> None:
    """The heartbeat stays silent, for nobody can be paged; but the fault is the provider's, and is on record once."""
    wang, _ = room.usual()
    room.network.answers = lambda _: Uncertain("HTTP 500")
    await room.happens(*(room.alert(place=f"p{n}", subject=f"p{n}") for n in range(6)))
    await room.goes_by(minutes=9)
    audit = Audit(room.store, room.services, room.desk, room.clock)
    before = [(row.number, row.position) for row in room.incidents()]
    found = audit.once()
    assert {finding.provider for finding in found} == {"twilio"}
    with capture_logs() as said:
        assert not await Heartbeat(audit, room.answers, "").beat()
    assert [line["what"] for line in said] == ["the provider of twilio fails, pages wait"]
    assert [(row.number, row.position) for row in room.incidents()] == before
    assert [row.headline for row in room.incidents() if "responder" in row.headline] == []
    room.network.answers = lambda _: None
    await room.goes_by(minutes=6)
    assert audit.once() == []
    room.network.ignores(wang)
    room.network.ignores("+12025550122")


async def test_the_record_of_an_incident_from_observation_to_closing(room: Room) -> None:
    wang, _ = room.usual()
    observed = room.clock() - timedelta(minutes=1)
    await room.happens(room.alert(at=observed, source="wuyi-feed"))
    room.network.reads(wang)
    await room.goes_by(minutes=5)
    await room.replies(wang, "1")
    await room.goes_by(minutes=1)
    room.answers.close(1, "李卫东", "价格已回落")
    await room.idle()
    with room.store.read() as connection:
        shown = show_incident(connection, 1)
        assert show_incident(connection, 99) is None
        (line,) = list_incidents(connection)
        assert list_incidents(connection, only_open=True) == []
    assert shown is not None
    assert line.number == 1
    assert line.status == "closed"
    events = [event.event for event in shown.timeline]
    assert events[:5] == ["observed", "opened", "alert", "step", "page"]
    assert [e for e in events if e in {"acknowledged", "closed", "reply"}] == ["acknowledged", "reply", "closed"]
    text = timeline.render(shown)
    assert "2026-08-26 15:59:00  监测 observed wuyi-feed: P01/rice/retail" in text
    assert "事件 1 Incident 1: 粮食价格预警 Grain price warning" in text
    assert "呼叫 page → 王建国 +12025550111: 运营商已接收 accepted" in text
    assert "签收 acknowledged: 王建国 [sms]" in text
    assert "关闭 closed: 价格已回落 · 李卫东" in text
    assert msgspec.json.decode(msgspec.json.encode(shown))["owner"] == "王建国"
    room.network.ignores(wang)
    room.network.ignores("+12025550122")
