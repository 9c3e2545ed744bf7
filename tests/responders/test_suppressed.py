"""Suppressed by design: a greater alarm holds back the lesser, and lets go of it when it ends."""

from __future__ import annotations

from datetime import timedelta
from itertools import permutations
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from responders import drills
from responders.alarm_acts import Name
from responders.alarm_schema import alarms
from responders.annunciator import SETTLED_AFTER, Thing
from responders.audit import Audit
from responders.ledger import Ledger
from responders.schema import pages
from rules.annunciation import Seen
from rules.plans import Inhibition
from tests.responders.room import COUNTY, Room, grain_plan

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rules.alerts import Alert

SETTLED = SETTLED_AFTER + timedelta(seconds=1)
SECOND = timedelta(seconds=1)


class County:
    """A county alarm (`quorum`) that holds back those of its points (`grain`), told in a room."""

    def __init__(self, room: Room, same: str = "county") -> None:
        self.room = room
        self.wang, self.li = room.usual()
        rule = Inhibition(alarms="grain", same=same)  # type: ignore[arg-type]
        self.quorum = room.adopt(grain_plan(id="quorum", inhibits=[rule]))
        self._at = room.clock()

    def greater(self, after: str = "IV", before: str = "normal", **said: Any) -> Alert:
        return self._alert(after, before, plan=self.quorum, subject="rice/retail", place=COUNTY, **said)

    def lesser(self, after: str = "line", before: str = "normal", point: str = "P01", **said: Any) -> Alert:
        place = said.pop("place", f"{COUNTY}/retail/{point}")
        return self._alert(after, before, subject=f"{point}/rice/retail", place=place, **said)

    def _alert(self, after: str, before: str, **said: Any) -> Alert:
        self._at = max(self._at + SECOND, self.room.clock())
        return self.room.alert(after, before, at=self._at, **said)

    def point(self, point: str = "P01") -> Any:
        return self.room.alarm(f"{point}/rice/retail")

    async def settles(self) -> None:
        await self.room.goes_by(seconds=SETTLED.total_seconds())


async def test_d10_a_greater_alarm_holds_back_the_lesser_which_is_on_its_timeline(room: Room) -> None:
    county = County(room)
    await room.happens(county.greater())
    room.network.reads(county.wang, "事件1")
    await room.happens(county.lesser(), county.lesser(point="P02"))
    room.network.silent(county.wang)
    assert len(room.incidents()) == 1
    recorded = [line for line in room.timeline() if line.event == "alert" and "suppressed" in line.detail]
    assert len(recorded) == 2


async def test_d14_asked_for_its_state_it_says_at_once_that_it_is_suppressed_and_by_what(room: Room) -> None:
    county = County(room)
    await room.happens(county.greater(), county.lesser())
    room.network.ignores(county.wang)
    found = county.point()
    assert (found.state, found.condition, found.severity) == (Seen.SUPPRESSED, "active", "line")
    said = found.suppressed
    assert (said.detector, said.subject, said.incident) == ("quorum/line", "rice/retail", 1)


async def test_d10_when_the_greater_returns_the_lesser_that_still_stands_is_paged_once(room: Room) -> None:
    county = County(room)
    await room.happens(county.greater(), county.lesser())
    room.network.reads(county.wang, "事件1")
    await room.replies(county.wang, "1")
    room.network.ignores(county.wang)
    await room.happens(county.greater("normal", "IV"))
    room.network.silent(county.wang)
    await county.settles()
    texts = [room.network.reads(county.wang), room.network.reads(county.wang)]
    assert any("已恢复正常" in text and "事件1" in text for text in texts)
    assert any("P01" in text and "事件2，回复" in text for text in texts)
    assert county.point().state is Seen.UNACKNOWLEDGED
    assert [i.status for i in room.incidents()] == ["acknowledged", "unacknowledged"]


async def test_d10_when_people_close_the_greaters_incident_the_lesser_is_paged(room: Room) -> None:
    """Also though the greater alarm itself still stands: nobody is at it any more."""
    county = County(room)
    await room.happens(county.greater(), county.lesser())
    room.network.ignores(county.wang)
    room.answers.close(1, "王建国", "已处置")
    await county.settles()
    room.network.reads(county.wang, "P01", "事件2")


async def test_d10_when_the_greater_eases_below_the_lesser_it_lets_go(room: Room) -> None:
    county = County(room)
    await room.happens(county.greater("III"), county.lesser("IV"))
    room.network.ignores(county.wang)
    await room.happens(county.greater("line", "III"))
    await county.settles()
    room.network.reads(county.wang, "P01", "事件2")


async def test_a_lesser_that_becomes_graver_than_what_holds_it_is_paged_at_once(room: Room) -> None:
    county = County(room)
    await room.happens(county.greater("IV"), county.lesser("line"))
    room.network.ignores(county.wang)
    await room.happens(county.lesser("IV", "line"))
    room.network.silent(county.wang)
    await room.happens(county.lesser("III", "IV"))
    room.network.reads(county.wang, "P01", "事件2")


async def test_a_batch_in_which_an_alarm_is_held_and_then_returns_is_taken_whole(room: Room) -> None:
    """Two alerts about one alarm, with more of the greater one before them: one transaction, no way round."""
    county = County(room)
    await room.happens(county.lesser())
    await room.replies(county.wang, "1")
    await room.happens(county.greater())
    room.network.ignores(county.wang)
    with capture_logs() as logs:
        await room.happens(county.greater("III", "IV"), county.lesser("normal", "line"))
    assert "batch not taken, one by one" not in [line["event"] for line in logs]
    room.network.ignores(county.wang)
    assert county.point().condition == "clear"


async def test_d11_when_both_end_together_both_are_in_the_last_text(room: Room) -> None:
    """Whichever comes first, and seconds apart: one text."""
    county = County(room)
    for first, (one, other) in enumerate(permutations(["greater", "lesser"])):
        await room.happens(county.greater(), county.lesser())
        room.network.ignores(county.wang)
        ends = {"greater": county.greater("normal", "IV"), "lesser": county.lesser("normal", "line")}
        await room.happens(ends[one])
        await room.goes_by(seconds=5)
        await room.happens(ends[other])
        await county.settles()
        room.network.reads(county.wang, "rice/retail", "已恢复正常", "期间未单独呼叫且已恢复：P01/rice/retail")
        room.network.silent(county.wang)
        assert county.point().state is Seen.NORMAL
        room.answers.close(first + 1, "王建国", "x")
        await room.idle()
    assert len(room.incidents()) == 2


async def test_d12_an_empty_rule_breaks_nothing(room: Room) -> None:
    wang, _ = room.usual()
    empty = room.adopt(grain_plan(id="quorum", inhibits=[]))
    gone = room.adopt(grain_plan(id="gone", inhibits=[Inhibition(alarms="no-such-plan", same="place")]))
    await room.happens(room.alert(plan=empty, place="a"), room.alert(plan=gone, place="b"), room.alert(place="c"))
    assert room.network.ignores(wang) == 3


async def test_the_greater_coming_after_takes_back_what_had_not_left(room: Room) -> None:
    """Both are of one fact: the order of its alerts makes no difference to anybody's phone."""
    county = County(room)
    await room.happens(county.lesser(), county.greater())
    room.network.reads(county.wang, "事件2")
    room.network.silent(county.wang)
    assert [i.status for i in room.incidents()] == ["closed", "unacknowledged"]
    assert room.incident().close_reason == "并入事件 2 absorbed by incident 2"
    assert county.point().state is Seen.SUPPRESSED


async def test_what_has_been_asked_of_people_stays_asked(room: Room) -> None:
    """The lesser was paged before the greater came: its incident goes on until somebody answers for it."""
    county = County(room)
    await room.happens(county.lesser())
    room.network.reads(county.wang, "事件1")
    await room.happens(county.greater())
    room.network.reads(county.wang, "事件2")
    assert county.point().state is Seen.SUPPRESSED
    await room.goes_by(minutes=5)
    assert room.network.ignores(county.li) == 2
    assert [i.status for i in room.incidents()] == ["unacknowledged", "unacknowledged"]
    await room.happens(county.lesser("normal", "line"))
    room.network.reads(county.wang, "P01", "已恢复正常", "事件1")
    room.network.ignores(county.li)


@pytest.mark.parametrize("batch", [1, 4])
async def test_the_order_of_alerts_does_not_matter_beyond_what_was_paged(tmp_path: Path, batch: int) -> None:
    """Every order of a fact's alerts: the same phones, the same open incidents, the same alarms."""
    endings = set()
    for number, order in enumerate(permutations(range(4))):
        room = Room(f"sqlite:///{tmp_path}/{number}.sqlite3")
        county = County(room)
        alerts = [county.greater("III"), county.lesser(), county.lesser("IV", point="P02"), county.lesser(point="P03")]
        ordered = [alerts[i] for i in order]
        for start in range(0, 4, batch):
            room.take(*ordered[start : start + batch])
        await room.goes_by(minutes=1)
        assert room.network.ignores(county.wang) == 1
        still = tuple(i.severity for i in room.incidents() if i.status == "unacknowledged")
        seen = tuple(county.point(point).state for point in ("P01", "P02", "P03"))
        endings.add((still, seen))
        room.store.close()
    assert endings == {(("III",), (Seen.SUPPRESSED,) * 3)}


async def test_a_red_forecast_absorbs_the_yellow_and_the_yellow_is_told_when_the_red_is_over(room: Room) -> None:
    """One detector, one place, one incident."""
    wang, _ = room.usual()
    weather = room.adopt(grain_plan(id="weather", inhibits=[Inhibition(alarms="weather", same="place")]))

    def warning(which: str, after: str, before: str = "normal", later: int = 0) -> Alert:
        return room.alert(after, before, plan=weather, subject=which, at=room.clock() + later * SECOND)

    await room.happens(warning("W1-red", "I"), warning("W2-yellow", "III"))
    room.network.reads(wang, "W1-red")
    room.network.silent(wang)
    await room.replies(wang, "1")
    room.network.ignores(wang)
    assert room.alarm("W2-yellow", plan="weather").state is Seen.SUPPRESSED
    await room.happens(warning("W1-red", "normal", "I", later=1))
    await room.goes_by(seconds=SETTLED.total_seconds())
    room.network.reads(wang, "W2-yellow", "事件1")
    assert room.alarm("W2-yellow", plan="weather").state is Seen.ACKNOWLEDGED
    assert len(room.incidents()) == 1


async def test_only_in_the_same_place_where_the_rule_says_so(room: Room) -> None:
    county = County(room, same="place")
    await room.happens(county.greater())
    room.network.reads(county.wang)
    await room.happens(county.lesser(place=f"{COUNTY}/retail"))
    room.network.silent(county.wang)
    await room.happens(county.lesser(point="P02", place="330724/retail"))
    room.network.reads(county.wang, "P02")


async def test_a_greater_alarm_that_people_put_aside_holds_nothing_back(room: Room) -> None:
    """Otherwise a broken county alarm, once shelved, would silence all of the county."""
    county = County(room)
    await room.happens(county.greater(), county.lesser())
    room.network.ignores(county.wang)
    name = Name(COUNTY, "quorum/line", "rice/retail")
    room.acts.shelve(name, lasting=timedelta(hours=1), by="王建国", reason="误报")
    await county.settles()
    room.network.reads(county.wang, "P01", "事件2")
    room.acts.take_out(Thing(COUNTY, "detector", "quorum/line"), by="王建国", reason="改线")
    await room.happens(county.lesser(point="P02"))
    room.network.reads(county.wang, "P02", "事件3")


async def test_shelved_and_suppressed_at_once_it_is_paged_when_both_are_over(room: Room) -> None:
    county = County(room)
    await room.happens(county.greater(), county.lesser())
    await room.replies(county.wang, "1")
    room.network.ignores(county.wang)
    name = Name(COUNTY, "grain/line", "P01/rice/retail")
    room.acts.shelve(name, lasting=timedelta(hours=1), by="王建国", reason="x")
    assert (county.point().state, county.point().holds) == (Seen.SHELVED, ["shelved", "suppressed"])
    await room.goes_by(hours=2)
    assert county.point().state is Seen.SUPPRESSED
    room.network.silent(county.wang)
    await room.happens(county.greater("normal", "IV"))
    await county.settles()
    assert room.network.ignores(county.wang) == 2
    assert county.point().state is Seen.UNACKNOWLEDGED


async def test_a_chain_is_recorded_under_the_one_that_people_look_at(room: Room) -> None:
    """III holds back IV, IV holds back the line; when III ends, IV is paged and still holds back the line."""
    county = County(room)
    above = room.adopt(grain_plan(id="province", inhibits=[Inhibition(alarms="quorum", same="county")]))

    def province(after: str, before: str = "normal") -> Alert:
        return room.alert(after, before, plan=above, subject="all", place=COUNTY, at=room.clock())

    await room.happens(province("III"), county.greater("IV"), county.lesser("line"))
    room.network.reads(county.wang, "事件1")
    assert county.point().suppressed.incident == 1
    await room.goes_by(seconds=1)
    await room.happens(province("normal", "III"))
    await county.settles()
    assert room.network.ignores(county.wang) == 2
    assert county.point().state is Seen.SUPPRESSED
    assert county.point().suppressed.incident == 2
    room.network.ignores(county.li)


async def test_a_greater_that_comes_back_before_it_is_settled_goes_on_holding(room: Room) -> None:
    county = County(room)
    await room.happens(county.greater(), county.lesser())
    await room.replies(county.wang, "1")
    room.network.ignores(county.wang)
    await room.happens(county.greater("normal", "IV"))
    await room.goes_by(seconds=10)
    await room.happens(county.greater("IV", "normal"))
    await room.goes_by(minutes=2)
    room.network.reads(county.wang, "新增1处", "rice/retail")
    room.network.silent(county.wang)
    assert county.point().state is Seen.SUPPRESSED


async def test_two_greater_alarms_when_one_ends_the_other_holds(room: Room) -> None:
    county = County(room)
    other = room.adopt(grain_plan(id="stock", inhibits=[Inhibition(alarms="grain", same="county")]))
    await room.happens(county.greater(), room.alert("III", plan=other, subject="s", place=COUNTY), county.lesser())
    room.network.ignores(county.wang)
    assert county.point().suppressed.detector == "stock/line"
    await room.happens(room.alert("normal", "III", plan=other, subject="s", place=COUNTY, at=room.clock() + SECOND))
    room.network.reads(county.wang, "已恢复正常")
    await county.settles()
    assert (county.point().state, county.point().suppressed.detector) == (Seen.SUPPRESSED, "quorum/line")
    room.network.silent(county.wang)


async def test_a_plan_that_closes_on_return_settles_what_it_held_back(room: Room) -> None:
    county = County(room)
    feed = room.adopt(
        grain_plan(id="feed", closes_on_return=True, inhibits=[Inhibition(alarms="grain", same="county")])
    )
    await room.happens(room.alert(plan=feed, subject="feed", place=COUNTY), county.lesser(), county.lesser(point="P02"))
    room.network.reads(county.wang, "事件1")
    await room.happens(room.alert("normal", "line", plan=feed, subject="feed", place=COUNTY, at=room.clock() + SECOND))
    await room.happens(county.lesser("normal", "line"))
    room.network.silent(county.wang)
    await county.settles()
    texts = [room.network.reads(county.wang), room.network.reads(county.wang)]
    assert any("feed" in text and "期间未单独呼叫且已恢复：P01" in text for text in texts)
    assert any("P02" in text and "事件2" in text for text in texts)


async def test_a_drill_and_a_real_alarm_never_hold_each_other_back(room: Room) -> None:
    county = County(room)
    with room.store.write() as connection:
        drills.register(connection, "d1", "演练", ["王建国"], room.clock(), room.clock() + timedelta(hours=1))
    await room.happens(county.greater(exercise="d1"))
    room.network.reads(county.wang, "【演练】")
    await room.happens(county.lesser())
    room.network.reads(county.wang, "P01")
    await room.happens(county.lesser(exercise="d1", point="P02"))
    room.network.silent(county.wang)
    assert room.alarm("P02/rice/retail", exercise="d1").state is Seen.SUPPRESSED
    room.answers.end_drill("d1")
    await county.settles()
    room.network.silent(county.wang)
    assert room.alarm("P02/rice/retail", exercise="d1").state is Seen.NORMAL


async def test_history_is_held_back_by_nothing_and_holds_nothing_back(room: Room) -> None:
    county = County(room)
    await room.happens(county.greater("I", historic=True), county.lesser())
    room.network.reads(county.wang, "P01")
    await room.happens(county.lesser("normal", "line"), county.lesser(historic=True))
    room.network.ignores(county.wang)
    await room.goes_by(minutes=4)


async def test_alerts_that_come_again_change_nothing(room: Room) -> None:
    county = County(room)
    told = [county.greater(), county.lesser(), county.greater("normal", "IV"), county.lesser("normal", "line")]
    await room.happens(*told[:2])
    before = county.point()
    await room.happens(*told[:2])
    assert county.point() == before
    await room.happens(*told[2:])
    await room.happens(*told)
    await county.settles()
    assert room.network.ignores(county.wang) == 2
    assert len(room.incidents()) == 1


async def test_killed_half_way_through_settling_nothing_of_it_has_happened(room: Room) -> None:
    county = County(room)
    await room.happens(county.greater(), county.lesser())
    await room.replies(county.wang, "1")
    room.network.ignores(county.wang)
    await room.happens(county.greater("normal", "IV"))
    room.clock.now += SETTLED
    releases = room.pager._escalator._releases

    def killed() -> None:
        with room.store.write() as connection:
            assert releases._settle(room.incident().id, connection) == 1
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert county.point().state is Seen.SUPPRESSED
    one, other = room.new_pager(), room.new_pager(owner="other")
    await one.run_until_idle()
    await other.run_until_idle()
    assert room.network.ignores(county.wang) == 2


async def test_one_alarm_that_cannot_be_let_go_is_put_off_loudly_and_the_others_are_paged(
    room: Room, expected_errors: Any
) -> None:
    """Its alerts' record is damaged."""
    expected_errors("cannot be let go")
    county = County(room)
    for point in ("P01", "P02"):
        await room.happens(county.lesser(point=point))
        await room.happens(county.lesser("normal", "line", point=point))
        await room.goes_by(seconds=1)
        name = Name(COUNTY, "grain/line", f"{point}/rice/retail")
        room.acts.shelve(name, lasting=timedelta(hours=1), by="王建国", reason="x")
        await room.happens(county.lesser(point=point))
    for number in (1, 2):
        room.answers.close(number, "王建国", "x")
    await room.idle()
    room.network.ignores(county.wang)
    with room.store.write() as connection:
        damaged = "UPDATE alerts SET raw = '{}' WHERE id = (SELECT alert FROM alarms WHERE subject LIKE 'P01%')"
        connection.exec_driver_sql(damaged.replace("%", "%%") if room.store.is_postgres else damaged)
    await room.goes_by(hours=1, seconds=1)
    texts = [room.network.reads(county.wang), room.network.reads(county.wang)]
    assert any("P02" in text for text in texts)
    assert any("到期未能恢复呼叫" in text for text in texts)
    assert Audit(room.store, room.services, room.desk, room.clock).once() == []


async def test_a_storm_of_points_under_a_county_alarm_is_one_page(room: Room) -> None:
    county = County(room)
    points: Sequence[Alert] = [county.lesser(point=f"P{n:02}") for n in range(1, 36)]
    await room.happens(*points[:20], county.greater(), *points[20:])
    room.network.reads(county.wang, "rice/retail")
    room.network.silent(county.wang)
    assert [i.status for i in room.incidents()].count("unacknowledged") == 1
    left = room.rows(pages, pages.c.state != "cancelled")
    assert len(left) == 1


async def test_killed_half_way_through_an_alert_neither_its_alarm_nor_its_incident_has_happened(room: Room) -> None:
    """One transaction: the alert comes again, and then all of it happens."""
    county = County(room)
    await room.happens(county.greater())
    room.network.reads(county.wang)
    lesser = county.lesser()

    def killed() -> None:
        with room.store.write() as connection:
            ledger = Ledger(connection, room.services, room.clock())
            room.desk.take_within(ledger, [lesser])
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        killed()
    assert len(room.rows(alarms)) == 1
    await room.happens(lesser, lesser)
    assert county.point().state is Seen.SUPPRESSED
    assert [alert.outcome for alert in room.alerts()] == ["opened", "suppressed"]


async def test_what_was_held_by_a_rule_that_is_gone_is_let_go_when_its_holder_ends(room: Room) -> None:
    """The plans were changed meanwhile."""
    county = County(room)
    await room.happens(county.greater(), county.lesser())
    await room.replies(county.wang, "1")
    room.network.ignores(county.wang)
    returned = county.greater("normal", "IV")
    room.adopt(grain_plan(id="quorum"))
    await room.happens(returned)
    await county.settles()
    assert room.network.ignores(county.wang) == 2
    assert county.point().state is Seen.UNACKNOWLEDGED
