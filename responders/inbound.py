"""An officer's text: read once, acted on, answered once. The answer is a page like any other: a crash keeps it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import insert, select

from responders import acknowledgement, answers_said, decisions, outbox, reply_codes, report_acts, roster
from responders.acknowledgement import Already, Closed, Done, Outcome, Refused
from responders.clock import shown_short
from responders.decisions import Decided
from responders.ledger import Ledger
from responders.reach import STARTED, STOPPED
from responders.replies import Asked, keyword, parse
from responders.schema import inbound, incidents
from rules import identity
from rules.alerts import Words

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from responders.channels.callbacks import InboundText
    from responders.clock import Clock
    from responders.ledger import Services
    from responders.store import Store

_log = structlog.get_logger()
FRUITLESS = frozenset({
    "nonsense", "no such code", "already acknowledged", "already closed", "already decided", "refused",
    "neither yes nor no", "which one",
})  # fmt: skip
"""Outcomes of texts that moved nothing."""
PATIENCE = 5
"""After so many fruitless texts in a row, one that says nothing new is not answered until one moves something: no two
machines text each other for ever (F7).
"""

_SORRY = Words(
    zh="抱歉，未能识别。请回复短信中的数字签收，或回复“签收 事件号”。",
    en="Sorry, that was not understood. Reply with the number in the text, or “ack” and the incident's number.",
)
_NOT_A_PROPOSAL = Words(
    zh="该事件无须批示，回复短信中的数字即为签收。",
    en="That incident asks for no decision: the number in its text, alone, acknowledges it.",
)


class Inbound:
    """Takes texts of one channel."""

    def __init__(self, store: Store, services: Services, clock: Clock, channel: str = "twilio") -> None:
        self._store, self._services, self._clock, self._channel = store, services, clock, channel

    def take(self, text: InboundText) -> str:
        """Act on a text and say what came of it. The same text again changes nothing and is not answered again."""
        return self._store.run(lambda connection: self._take(connection, text))

    def _take(self, connection: Connection, text: InboundText) -> str:
        known = connection.execute(
            select(inbound.c.outcome).where(inbound.c.id == text.provider_id)
        ).scalar_one_or_none()
        if known is not None:
            return "repeated"
        ledger = Ledger(connection, self._services, self._clock())
        officer = roster.officer_of(connection, self._channel, text.from_)
        outcome, incident, words = self._act(ledger, text, officer)
        ledger.flush()
        if words is not None and self._has_heard(connection, text.from_, outcome, incident):
            words = None
        connection.execute(
            insert(inbound).values(
                id=text.provider_id, channel=self._channel, phone=text.from_, body=text.body[:1600],
                received_at=ledger.now, officer=officer, incident=incident, outcome=outcome,
            )
        )  # fmt: skip
        if incident is not None:
            ledger.note(incident, "reply", who=officer, body=text.body[:200], outcome=outcome)
        if words is not None:
            self._answer(ledger, text, words, incident)
        ledger.flush()
        _log.info("reply", id=text.provider_id, officer=officer, incident=incident, outcome=outcome)
        return outcome

    def _act(  # noqa: PLR0911, each is an answer
        self, ledger: Ledger, text: InboundText, officer: str | None
    ) -> tuple[str, str | None, Words | None]:
        """(outcome, the incident it concerned, what is answered)"""
        if officer is None:
            return "unknown phone", None, None  # strangers learn nothing
        if (word := keyword(text.body)) is not None:  # the network itself has answered
            return STOPPED if word == "stop" else STARTED, None, None
        asked = parse(text.body)
        if asked is None:
            return "nonsense", None, _SORRY
        meant = self._meant(ledger, text.from_, asked)
        if not meant:
            what = f"事件 {asked.number}" if asked.by == "number" else f"回复码 {asked.number}"
            english = f"incident {asked.number}" if asked.by == "number" else f"reply code {asked.number}"
            return "no such code", None, Words(zh=f"没有{what}。", en=f"There is no {english} for you.")
        if len(meant) > 1:
            first, second = sorted(row.number for row in meant)
            return "which one", None, answers_said.which((first, second))
        incident = meant[0]
        if incident.parent is not None:
            return self._answers(ledger, text, officer, asked, incident)
        if asked.verb in {"approve", "reject"}:
            return "refused", incident.id, _NOT_A_PROPOSAL
        if asked.verb == "reported":
            return self._reported(ledger, text.from_, officer, asked, incident)
        if asked.verb == "close":
            done = acknowledgement.close(ledger, incident.id, officer, f"短信关闭 by text: {text.body[:60]}", "sms")
        else:
            done = acknowledgement.acknowledge(ledger, incident.id, officer, "sms")
        return _outcome(done), incident.id, _words(done, officer, asked, ledger.now)

    def _answers(
        self, ledger: Ledger, text: InboundText, officer: str, asked: Asked, proposal: Any
    ) -> tuple[str, str | None, Words | None]:
        """A text about a proposal: only a clear yes or no is an answer, and each answer is told what it did."""
        yes = asked.verb == "approve"
        if asked.verb in {"approve", "reject"} or proposal.status == "closed":
            reason = asked.reason or ("" if yes else f"短信答复 by text: {text.body[:60]}")
            done = decisions.answer(ledger, proposal.id, officer, "sms", yes=yes, reason=reason)
            if isinstance(done, Refused):
                return "refused", proposal.id, Words(zh=done.reason_zh, en=done.reason_en)
            outcome = "decided" if isinstance(done, Decided) else "already decided"
            return outcome, proposal.id, answers_said.said(done, officer, ledger.now)
        code = reply_codes.of_incident(ledger.connection, text.from_, proposal.id)
        return "neither yes nor no", proposal.id, answers_said.ask_again(proposal.number, code)

    def _reported(
        self, ledger: Ledger, phone: str, officer: str, asked: Asked, incident: Any
    ) -> tuple[str, str | None, Words | None]:
        """A report that has been made: the one that is named, or the only one that is owed."""
        owed = report_acts.owed(ledger, incident.id)
        name = asked.reason.casefold() or (owed[0] if len(owed) == 1 else "")
        if not name and owed:
            code = reply_codes.of_incident(ledger.connection, phone, incident.id)
            return "which one", incident.id, answers_said.which_report(incident.number, code, owed)
        done = report_acts.reported(ledger, incident.id, name, officer, "sms")
        if isinstance(done, Refused):
            return "refused", incident.id, Words(zh=done.reason_zh, en=done.reason_en)
        return "reported", incident.id, answers_said.entered(done)

    def _meant(self, ledger: Ledger, phone: str, asked: Asked) -> list[Any]:
        """Which incident a text names; two, where a yes or a no may mean either of two proposals."""
        column = select(incidents.c.id, incidents.c.number, incidents.c.parent, incidents.c.status)
        found: list[Any] = []
        if asked.by != "number":
            by_code = reply_codes.incident_of(ledger.connection, phone, asked.number)
            found += ledger.connection.execute(column.where(incidents.c.id == by_code)).all() if by_code else []
        if asked.by != "code":
            found += ledger.connection.execute(column.where(incidents.c.number == asked.number)).all()
        different = list({row.id: row for row in found}.values())
        proposals = [row for row in different if row.parent is not None]
        return proposals or different[:1]

    def _has_heard(self, connection: Connection, phone: str, outcome: str, incident: str | None) -> bool:
        """Whether the phone has had its answers. What is news of an incident is answered all the same."""
        if outcome not in FRUITLESS:
            return False
        theirs = (inbound.c.channel == self._channel) & (inbound.c.phone == phone)
        latest = select(inbound.c.outcome).where(theirs).order_by(inbound.c.received_at.desc()).limit(PATIENCE)
        outcomes = connection.execute(latest).scalars().all()
        if len(outcomes) < PATIENCE or not FRUITLESS.issuperset(outcomes):
            return False
        if incident is None:
            return True
        same = theirs & (inbound.c.incident == incident) & (inbound.c.outcome == outcome)
        return connection.execute(select(inbound.c.id).where(same).limit(1)).first() is not None

    def _answer(self, ledger: Ledger, text: InboundText, words: Words, incident: str | None) -> None:
        exercise = False
        if incident is not None:
            query = select(incidents.c.exercise).where(incidents.c.id == incident)
            exercise = bool(ledger.connection.execute(query).scalar_one())
        body = self._services.texts.answer(words, exercise=exercise)
        page = str(identity.name("page", ["answer", text.provider_id]))
        ledger.page(outbox.answer_row(page, incident, (self._channel, text.from_), body, ledger.now))


def _outcome(done: Outcome) -> str:
    return {Done: "done", Already: "already acknowledged", Closed: "already closed", Refused: "refused"}[type(done)]


def _words(done: Outcome, officer: str, asked: Asked, now: datetime) -> Words:
    match done:
        case Done(number) if asked.verb == "close":
            return Words(zh=f"事件{number}已由您关闭。", en=f"You have closed incident {number}.")
        case Done(number):
            return Words(zh=f"事件{number}已由您签收。", en=f"You have acknowledged incident {number}.")
        case Already(number, owner, at):
            you, when = owner == officer, shown_short(at, now)
            return Words(
                zh=f"事件{number}已由{'您' if you else owner}于 {when} 签收。",
                en=f"Incident {number} was already acknowledged by {'you' if you else owner} at {when}.",
            )
        case Closed(number, by, at):
            return Words(
                zh=f"事件{number}已由 {by} 于 {shown_short(at, now)} 关闭。",
                en=f"Incident {number} was closed by {by} at {shown_short(at, now)}.",
            )
        case Refused(_, zh, en):
            return Words(zh=zh, en=en)
