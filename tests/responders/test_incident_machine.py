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
from responders.schema import incidents, pages, reply_codes
from tests.responders.room import Room

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
            i.place for i in self.room.rows(incidents) if i.status in {"noticed", "unacknowledged", "acknowledged"}
        ]
        assert len(still) == len(set(still))

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
