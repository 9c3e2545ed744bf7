"""Random lives of alarms that hold one another back, are shelved, taken out, latched, answered for, closed; and time.

After each step nothing that stands is without somebody who looks at it: it is given in an open incident, or a person
ended that, or it is held, and what holds it is there.
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import msgspec
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from responders.alarm_acts import Acted, Name
from responders.alarm_schema import alarms
from responders.alarms import state_of
from responders.annunciator import Thing
from responders.audit import Audit
from responders.incident_states import OPEN
from responders.schema import incidents, subjects
from rules.annunciation import Condition, Hold
from rules.inhibition import Inhibitions
from rules.plans import Inhibition
from rules.severity import Severity
from tests.responders.room import COUNTY, Room, grain_plan

LADDER = ["normal", "normal", "approach", "line", "IV", "III"]
WATCHED = [("a", "1"), ("b", "1"), ("b", "2"), ("c", "1"), ("c", "2")]
"""Plans and subjects: `a` holds back `b`, `b` holds back `c`, and `c` the lesser of its own and (both ways) of `b`."""


class Alarms(RuleBasedStateMachine):
    @initialize()
    def open_the_room(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.room = Room(f"sqlite:///{Path(self.folder.name) / 'x.sqlite3'}")
        self.phones = self.room.usual()
        holds = {"a": ["b"], "b": ["c"], "c": ["c", "b"]}
        for name, lesser in holds.items():
            plan = grain_plan(
                id=name,
                inhibits=[Inhibition(alarms=other, same="county") for other in lesser],
                closes_on_return=name == "b",
            )
            triggers = [msgspec.structs.replace(trigger, latch=name == "c") for trigger in plan.triggers]
            self.room.adopt(msgspec.structs.replace(plan, triggers=triggers))
        self.rules = Inhibitions(self.room.library.plans.values())
        self.stood: dict[tuple[str, str], str] = {}
        self.taken: list[Any] = []

    def run(self, work: Any) -> None:
        self.loop.run_until_complete(work)

    def name(self, which: tuple[str, str]) -> Name:
        return Name(COUNTY, f"{which[0]}/line", which[1])

    @rule(which=st.sampled_from(WATCHED), after=st.sampled_from(LADDER))
    def an_alarm_changes(self, which: tuple[str, str], after: str) -> None:
        before = self.stood.get(which, "normal")
        if before == after:
            return
        self.stood[which] = after
        plan = self.room.library.plans[which[0]]
        place = f"{COUNTY}/{which[0]}" + ("/2" if which == ("b", "2") else "")
        at = self.room.clock() + timedelta(microseconds=len(self.taken))  # no two alerts of one name
        alert = self.room.alert(after, before, plan=plan, subject=which[1], place=place, at=at)
        self.taken.append(alert)
        self.run(self.room.happens(alert))

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def an_alert_comes_again(self, data: st.DataObject) -> None:
        before = self.room.rows(alarms)
        self.run(self.room.happens(data.draw(st.sampled_from(self.taken))))
        assert self.room.rows(alarms) == before

    @rule(which=st.sampled_from(WATCHED), hours=st.sampled_from([0.1, 8]))
    def shelved(self, which: tuple[str, str], hours: float) -> None:
        lasting = timedelta(hours=hours)
        done = self.room.acts.shelve(self.name(which), lasting=lasting, by="王建国", reason="x")
        assert isinstance(done, Acted) == (which in self.stood)
        self.run(self.room.idle())

    @rule(which=st.sampled_from(WATCHED), act=st.sampled_from(["unshelve", "reset"]))
    def unshelved_or_reset(self, which: tuple[str, str], act: str) -> None:
        getattr(self.room.acts, act)(self.name(which), by="王建国")
        self.run(self.room.idle())

    @rule(thing=st.sampled_from([("detector", "b/line"), ("point", "1")]), out=st.booleans())
    def taken_out_or_returned(self, thing: tuple[str, str], out: bool) -> None:
        what = Thing(COUNTY, *thing)
        if out:
            self.room.acts.take_out(what, by="王建国", reason="x")
        else:
            self.room.acts.return_to_service(what, by="王建国")
        self.run(self.room.idle())

    @rule(number=st.sampled_from([1, 2, 3, 4]), close=st.booleans())
    def answered_or_closed(self, number: int, close: bool) -> None:
        if close:
            self.room.answers.close(number, "王建国", "x")
        else:
            self.room.answers.acknowledge(number, "王建国", "cli")
        self.run(self.room.idle())

    @rule(seconds=st.sampled_from([1, 29, 31, 400]))
    def time_passes(self, seconds: int) -> None:
        self.run(self.room.goes_by(seconds=seconds))

    @rule(seconds=st.sampled_from([31, 30_000]))
    def everything_stands_still(self, seconds: int) -> None:
        """The process is dead for a while, and comes back."""
        self.room.clock.now += timedelta(seconds=seconds)
        self.room.pager = self.room.new_pager()
        self.run(self.room.pager.start())
        self.run(self.room.idle())

    # -- what holds after each step

    def all(self) -> list[Any]:
        if not hasattr(self, "room"):
            return []
        return [
            SimpleNamespace(**row._mapping, grade=Severity.of(row.severity), state=state_of(row))
            for row in self.room.rows(alarms)
        ]

    @invariant()
    def each_alarm_is_as_grave_as_its_last_alert_said(self) -> None:
        assert {(a.plan, a.subject): a.severity for a in self.all()} == getattr(self, "stood", {})

    @invariant()
    def what_stands_and_is_not_held_is_in_an_open_incident_or_a_person_ended_that(self) -> None:
        for alarm in self.all():
            if alarm.state.condition is not Condition.ACTIVE or alarm.state.holds:
                continue
            if alarm.incident:
                (incident,) = self.room.rows(incidents, incidents.c.id == alarm.incident)
                assert incident.status in OPEN
                assert alarm.state.owed == (incident.owner is None) or incident.status == "unacknowledged"
                continue
            of_it = subjects.c.incident.in_(incidents.select().with_only_columns(incidents.c.id))
            told = self.room.rows(subjects, of_it, subjects.c.detector == alarm.detector,
                                  subjects.c.subject == alarm.subject)  # fmt: skip
            ended = [self.room.rows(incidents, incidents.c.id == one.incident)[0] for one in told]
            assert any(incident.closed_by == "王建国" for incident in ended)

    @invariant()
    def what_is_suppressed_is_so_by_an_alarm_that_stands_or_is_let_go_soon(self) -> None:
        by_id = {alarm.id: alarm for alarm in self.all()}
        for alarm in by_id.values():
            if not alarm.suppressed_by:
                continue
            if alarm.release_due:
                assert alarm.release_due > self.room.clock.now
                continue
            holder = by_id[alarm.suppressed_by]
            assert holder.state.condition is Condition.ACTIVE
            assert not holder.state.holds & {Hold.SHELVED, Hold.OUT_OF_SERVICE}
            if alarm.state.condition is Condition.ACTIVE:
                assert self.rules.hold(holder, alarm)
            if not holder.release_due:
                (under,) = self.room.rows(incidents, incidents.c.id == alarm.suppressed_under)
                assert under.status in OPEN

    @invariant()
    def what_a_greater_alarm_may_hold_back_is_held_back(self) -> None:
        found = [alarm for alarm in self.all() if alarm.state.condition is Condition.ACTIVE]
        for alarm in found:
            for greater in found:
                given = not greater.state.holds and greater.incident
                if given and self.rules.hold(greater, alarm):
                    assert Hold.SUPPRESSED in alarm.state.holds

    @invariant()
    def nothing_is_overdue(self) -> None:
        if hasattr(self, "room"):
            room = self.room
            assert Audit(room.store, room.services, room.desk, room.clock).once() == []
            assert all(a.shelved_until > room.clock.now for a in self.all() if a.shelved_until)

    @invariant()
    def an_open_unacknowledged_incident_has_something_due(self) -> None:
        for incident in self.room.rows(incidents) if hasattr(self, "room") else ():
            assert (incident.status == "unacknowledged") == (incident.next_due is not None)

    def teardown(self) -> None:
        if hasattr(self, "room"):
            self.room.store.close()
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()
            self.folder.cleanup()


TestAlarms = Alarms.TestCase
TestAlarms.settings = settings(
    max_examples=20,
    stateful_step_count=20,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=[Phase.explicit, Phase.generate, Phase.shrink],
)
