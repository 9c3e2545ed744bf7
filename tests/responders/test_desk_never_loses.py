"""Whatever is wrong with an alert, its plan, the roster or the database: somebody is paged, or the caller is told."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from responders.desk import Desk
from responders.roster import DutyTable
from responders.store import Store
from rules.alerts import Words

if TYPE_CHECKING:
    from rules.plans import Plan
    from tests.responders.room import Room


async def test_one_alert_of_a_batch_that_cannot_be_taken_does_not_hold_the_others(room: Room) -> None:
    """The library fails on one plan: that alert goes to the duty role in a built-in text, with a pipeline fault."""
    wang, _ = room.usual()
    library = room.library
    known = library.plan

    def plan(plan_id: str, version: str) -> Plan | None:
        if plan_id == "poison":
            raise RuntimeError("disk")
        return known(plan_id, version)

    library.plan = plan  # type: ignore[method-assign]
    poison = room.alert(place="x", subject="x")
    await room.happens(
        room.alert(place="a", subject="a"),
        type(poison)(**{f: getattr(poison, f) for f in poison.__struct_fields__} | {"plan": "poison"}),
        room.alert(place="b", subject="b"),
    )
    texts = [room.network.reads(wang) for _ in range(4)]
    assert sum("【粮价预警】" in body for body in texts) == 2
    assert sum("【警报】" in body for body in texts) == 1
    assert sum("【系统故障】" in body for body in texts) == 1


async def test_text_that_the_database_refuses_is_paged_all_the_same(room: Room) -> None:
    wang, _ = room.usual()
    await room.happens(room.alert(explain=Words(zh="价格\x00异常", en="a\x00b")))
    assert room.network.ignores(wang) >= 1
    assert room.incident(1).status == "unacknowledged"


async def test_a_roster_that_fails_means_the_frozen_people_and_a_fault(room: Room) -> None:
    wang, li = room.usual()
    await room.happens(room.alert())
    room.network.reads(wang)

    class Broken(DutyTable):
        def on_duty(self, connection: Any, *_: Any) -> dict[str, tuple[str, ...]]:
            connection.execute(text("SELECT * FROM no_such_table"))
            raise AssertionError

    room.services = replace(room.services, roster=Broken())
    room.desk = Desk(room.store, room.services, room.clock)
    room.pager = room.new_pager()
    await room.goes_by(minutes=5)
    room.network.reads(li, "事件1")
    assert any("值班表无法查询" in incident.headline for incident in room.incidents())


@pytest.mark.parametrize("url", ["postgresql://nobody@127.0.0.1:1/none", "sqlite:////no/such/folder/x.sqlite3"])
async def test_a_database_that_is_away_raises_so_that_the_alert_is_not_acknowledged(room: Room, url: str) -> None:
    away = Store(url)
    with pytest.raises(OperationalError):
        Desk(away, room.services, room.clock).take([room.alert()])
    away.close()


async def test_alerts_of_one_place_taken_at_the_same_time_are_one_incident(room: Room) -> None:
    """Two desks, as in two processes: one open incident for a place, numbers without gap, no alert lost."""
    room.usual()
    alerts = [room.alert(subject=f"P{n:02}", at=room.clock() + timedelta(seconds=n)) for n in range(30)]
    others = [room.alert(subject=f"Q{n}", place=f"q{n}") for n in range(10)]
    desks = [Desk(room.store, room.services, room.clock) for _ in range(4)]
    await asyncio.gather(*(asyncio.to_thread(desk.take, [*alerts[i::2], *others]) for i, desk in enumerate(desks)))
    assert [incident.number for incident in room.incidents()] == list(range(1, 12))
    assert len(room.alerts()) == 40
    await room.idle()
    room.network.ignores("+12025550111")


async def test_rules_of_inhibition_that_cannot_be_read_page_plainly(room: Room) -> None:
    """What holds alarms back may fail; what it would have held back is paged, and a fault says why."""
    wang, _ = room.usual()

    class Unreadable(dict[str, Any]):
        def values(self) -> Any:
            raise RuntimeError("disk")

    room.library.plans = Unreadable(room.library.plans)
    await room.happens(room.alert())
    texts = [room.network.reads(wang) for _ in range(2)]
    assert sum("P01/rice/retail" in body for body in texts) == 1
    assert sum("【系统故障】" in body for body in texts) == 1
    await room.happens(room.alert("normal", "line"))
    assert room.network.ignores(wang) >= 1
