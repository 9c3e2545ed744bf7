"""Random lives of incidents: alerts, repeats, lost answers, outages, receipts, replies, restarts, time.

After each step DESIGN's point 5 holds: an open, unacknowledged incident always has something due, and whoever is due is
due in the future once everything has been done.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from responders.channels.base import Refused, Uncertain
from responders.recorder import Receipt, Recorder
from responders.response_schema import reports
from responders.schema import incidents, pages, reply_codes
from rules.plan_duties import Start
from rules.severity import Severity
from tests.responders.response_plan import HEAD, report
from tests.responders.room import Room, grain_plan

LADDER = ["normal", "approach", "line", "IV", "III", "II", "I"]
ANSWERS = {
    "works": lambda _: None,
    "provider refuses": lambda _: Refused("suspended", "provider", "20005"),
    "recipient refuses": lambda _: Refused("invalid", "recipient", "21211"),
    "500": lambda _: Uncertain("HTTP 500"),
}


class Incidents(RuleBasedStateMachine):
    @initialize()
    def open_the_room(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.loop = asyncio.new_event_loop()
        self.room = Room(f"sqlite:///{Path(self.folder.name) / 'x.sqlite3'}")
        self.phones = self.room.usual()
        self.room.officer("陈副县长", HEAD)
        self.room.on_duty("head", "陈副县长")
        self.room.plan = self.room.adopt(
            grain_plan(
                starts={
                    "IV": Start(), "III": Start(how="proposed", approver="head"),
                    "II": Start(how="proposed", approver="head"), "I": Start(how="proposed", approver="nobody"),
                },
                reporting=[report("city", "20m"), report("daily", "1h", every="1h")],
            )
        )  # fmt: skip
        self.stood: dict[str, str] = {}
        self.taken: list[Any] = []

    def run(self, work: Any) -> None:
        self.loop.run_until_complete(work)

    @rule(place=st.sampled_from("ab"), point=st.sampled_from("12"), after=st.sampled_from(LADDER))
    def an_alarm_changes(self, place: str, point: str, after: str) -> None:
        subject = place + point
        before = self.stood.get(subject, "normal")
        if before == after:
            return
        self.stood[subject] = after
        alert = self.room.alert(after, before, place=place, subject=subject)
        self.taken.append(alert)
        self.run(self.room.happens(alert))

    @precondition(lambda self: self.taken)
    @rule(data=st.data())
    def an_alert_comes_again(self, data: st.DataObject) -> None:
        before = len(self.room.incidents()), len(self.room.alerts())
        self.run(self.room.happens(data.draw(st.sampled_from(self.taken))))
        assert (len(self.room.incidents()), len(self.room.alerts())) == before

    @rule(how=st.sampled_from(sorted(ANSWERS)))
    def the_provider_changes(self, how: str) -> None:
        self.room.network.answers = ANSWERS[how]

    @rule(lost=st.booleans())
    def answers_are_lost(self, lost: bool) -> None:
        self.room.network.lose = (lambda _: Uncertain("lost")) if lost else (lambda _: None)

    @rule(seconds=st.sampled_from([1, 30, 301, 900]))
    def time_passes(self, seconds: int) -> None:
        self.run(self.room.goes_by(seconds=seconds))

    @rule(who=st.sampled_from([0, 1]), body=st.sampled_from(["1", "2", "1c", "ack 1", "ack 2", "close 1", "?"]))
    def an_officer_texts(self, who: int, body: str) -> None:
        self.run(self.room.replies(self.phones[who], body))

    @rule(body=st.sampled_from(["1", "1同意", "2y", "3N", "1不同意 再核实", "同意2", "reject #3"]))
    def the_approver_texts(self, body: str) -> None:
        self.run(self.room.replies(HEAD, body))

    @rule(number=st.sampled_from([1, 2, 3]), yes=st.booleans())
    def the_desk_enters_an_answer(self, number: int, yes: bool) -> None:
        self.room.decisions.answer(number, "王建国", "cli", yes=yes, reason="已核实", on_behalf_of="陈副县长")
        self.run(self.room.idle())

    @rule(number=st.sampled_from([1, 2]), to=st.sampled_from([None, "IV", "III", "II"]))
    def the_level_is_set(self, number: int, to: str | None) -> None:
        self.room.decisions.level(number, to, "陈副县长", "已核实")
        self.run(self.room.idle())

    @rule(number=st.sampled_from([1, 2]), name=st.sampled_from(["city", "daily"]))
    def a_report_is_made(self, number: int, name: str) -> None:
        self.room.report_acts.reported(number, name, "王建国", "cli")
        self.run(self.room.idle())

    @precondition(lambda self: self.taken)
    @rule(number=st.sampled_from([1, 2, 3]))
    def the_desk_closes(self, number: int) -> None:
        self.room.answers.close(number, "王建国", "误报 false alarm")
        self.run(self.room.idle())

    @rule(data=st.data(), status=st.sampled_from(["sent", "delivered", "undelivered"]))
    def a_receipt_arrives(self, data: st.DataObject, status: Any) -> None:
        sent = self.room.rows(pages, pages.c.provider_id.is_not(None))
        if sent:
            page = data.draw(st.sampled_from(sorted(sent, key=lambda row: row.id)))
            room = self.room
            recorder = Recorder(room.store, room.services, room.desk, room.clock)
            recorder.receipts([Receipt(page.id, page.provider_id, status)])
            self.run(room.idle())

    @rule()
    def killed_while_sending(self) -> None:
        """The process dies between its claim and the call, and another starts under its name."""
        self.room.pager._claims.due({"twilio": None}, 1)
        self.room.pager = self.room.new_pager()
        self.run(self.room.pager.start())
        self.run(self.room.idle())

    @invariant()
    def an_open_unacknowledged_incident_has_something_due(self) -> None:
        if not hasattr(self, "room"):
            return
        for incident in self.room.rows(incidents):
            if incident.status == "unacknowledged":
                assert incident.next_due is not None
                assert incident.next_due > self.room.clock.now
            else:
                assert incident.next_due is None

    @invariant()
    def a_closed_incident_has_nothing_due_and_no_code(self) -> None:
        if not hasattr(self, "room"):
            return
        closed = {i.id for i in self.room.rows(incidents) if i.status in {"closed", "historic"}}
        due = self.room.rows(pages, pages.c.state.in_(("due", "held")), pages.c.kind.in_(("page", "notice")))
        assert not [page for page in due if page.incident in closed]
        held = self.room.rows(reply_codes, reply_codes.c.released_at.is_(None))
        assert not [code for code in held if code.incident in closed]

    @invariant()
    def no_two_open_incidents_share_a_place(self) -> None:
        if not hasattr(self, "room"):
            return
        still = [
            i.place
            for i in self.room.rows(incidents, incidents.c.parent.is_(None))
            if i.status in {"noticed", "unacknowledged", "acknowledged"}
        ]
        assert len(still) == len(set(still))

    @invariant()
    def a_proposal_waits_only_for_an_open_incident_that_does_not_run_so_high(self) -> None:
        if not hasattr(self, "room"):
            return
        everything = {i.id: i for i in self.room.rows(incidents)}
        for proposal in everything.values():
            if proposal.parent is None or proposal.status == "closed":
                continue
            incident = everything[proposal.parent]
            assert incident.status in {"unacknowledged", "acknowledged"}
            assert proposal.severity == incident.severity
            assert incident.running is None or Severity.of(incident.running) < Severity.of(proposal.severity)

    @invariant()
    def no_response_runs_above_what_it_was_proposed_or_set_at(self) -> None:
        if not hasattr(self, "room"):
            return
        for incident in self.room.rows(incidents):
            if incident.running in {None, "IV"}:
                continue
            mine = list(self.room.rows(incidents, incidents.c.parent == incident.id))
            yes = any(i.decision == "approved" and i.severity == incident.running for i in mine)
            said = [line for line in self.room.timeline(incident.number) if line.event == "response"]
            assert yes or said[-1].who == "陈副县长"

    @invariant()
    def what_is_owed_is_looked_at_in_the_future_and_of_an_open_incident(self) -> None:
        if not hasattr(self, "room"):
            return
        open_ones = {i.id for i in self.room.rows(incidents) if i.status in {"unacknowledged", "acknowledged"}}
        for row in self.room.rows(reports, reports.c.next_at.is_not(None)):
            assert row.incident in open_ones
            assert row.next_at > self.room.clock.now

    def teardown(self) -> None:
        if hasattr(self, "room"):
            self.room.store.close()
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()
            self.folder.cleanup()


TestIncidents = Incidents.TestCase
TestIncidents.settings = settings(
    max_examples=30, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
