"""What people decide about a response: yes or no to a proposal, and the level at which it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import structlog
from sqlalchemy import select

from responders import acknowledgement, closing, incidents, outbox, reports, responses, whom
from responders.acknowledgement import Closed, Refused
from responders.ledger import Ledger
from responders.schema import incidents as table
from responders.schema import pages
from responders.texts import NOTHING
from rules.alerts import Words
from rules.severity import LEVELS, Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from responders.clock import Clock
    from responders.incident_states import Decision
    from responders.incidents import Incident
    from responders.ledger import Services
    from responders.store import Store

T = TypeVar("T")
_log = structlog.get_logger()


@dataclass(frozen=True)
class Decided:
    """It was decided now. `number` is the proposal, `of` the incident that it is for."""

    number: int
    of: int
    yes: bool
    level: str
    by: str


@dataclass(frozen=True)
class Overtaken:
    """It needs no answer any more: how it ended, by whom, when and why."""

    number: int
    decision: Decision
    level: str
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class Levelled:
    """The response runs at another level now. None: it does not run."""

    number: int
    before: str | None
    after: str | None
    by: str


class Decisions:
    """Every door comes here."""

    def __init__(self, store: Store, services: Services, clock: Clock) -> None:
        self._store, self._services, self._clock = store, services, clock

    def answer(
        self, proposal: int | str, by: str, via: str, *, yes: bool, reason: str = "", on_behalf_of: str | None = None
    ) -> Decided | Overtaken | Refused:
        """Yes or no to a proposal, by its number or its id. A no says why."""
        return self._run(lambda led: answer(led, proposal, by, via, yes=yes, reason=reason, on_behalf_of=on_behalf_of))

    def level(
        self, incident: int, to: str | None, by: str, reason: str, *, on_behalf_of: str | None = None
    ) -> Levelled | Closed | Refused:
        """Let the response run at another level, or (None) end."""
        return self._run(lambda ledger: set_level(ledger, incident, to, by, reason, on_behalf_of=on_behalf_of))

    def _run(self, act: Callable[[Ledger], T]) -> T:
        def work(connection: Connection) -> T:
            ledger = Ledger(connection, self._services, self._clock())
            outcome = act(ledger)
            ledger.flush()
            return outcome

        return self._store.run(work)


def answer(
    ledger: Ledger, name: int | str, by: str, via: str, *, yes: bool, reason: str = "", on_behalf_of: str | None = None
) -> Decided | Overtaken | Refused:
    """Within a transaction: the incident and its proposal, locked in their order, decide who is first (H8)."""
    who = on_behalf_of or by
    found = _proposal(ledger, name)
    if isinstance(found, Refused):
        return found
    incident, proposal = found
    if (refusal := acknowledgement.on_roster(ledger, proposal, by)) is not None:
        return refusal
    if not may_decide(ledger, proposal, who) or (by != who and not acknowledgement.may_act(ledger, incident, by)):
        ledger.note(proposal.id, "refused", who=who)
        role = ledger.services.library.role_name(proposal.policy.steps[0].roles[0])
        return Refused(
            proposal.number,
            f"请示{proposal.number}须由{role.zh}答复，您无权答复。",
            f"Proposal {proposal.number} is for {role.en} to answer, not for you.",
        )
    if (ended := overtaken(proposal)) is not None:
        return ended
    if not yes and not reason.strip():
        return Refused(proposal.number, "不同意须写明原因。", "A reason is needed to reject a proposal.")
    _decide(ledger, incident, proposal, who, by, via, reason.strip(), yes=yes)
    return Decided(proposal.number, incident.number, yes, proposal.severity, who)


def may_decide(ledger: Ledger, proposal: Incident, officer: str) -> bool:
    """Whoever is on duty as its approver, and whomever its escalation has asked."""
    if not ledger.within_wall(proposal, officer):
        return False
    if whom.holds(ledger, proposal, officer, proposal.policy.steps[0].roles):
        return True
    asked = select(pages.c.id).where(
        pages.c.incident == proposal.id, pages.c.officer == officer, pages.c.kind.in_(outbox.CALLING),
        pages.c.state != "cancelled",
    )  # fmt: skip
    return ledger.connection.execute(asked.limit(1)).first() is not None


def overtaken(proposal: Incident) -> Overtaken | None:
    """How a proposal ended. None: it waits."""
    if proposal.decision is None or proposal.closed_at is None:
        return None
    return Overtaken(
        proposal.number, proposal.decision, proposal.severity, proposal.closed_by or "", proposal.closed_at,
        proposal.close_reason or "",
    )  # fmt: skip


def set_level(
    ledger: Ledger, number: int, to: str | None, by: str, reason: str, *, on_behalf_of: str | None = None
) -> Levelled | Closed | Refused:
    """Within a transaction: who may raise, lower or end the response says so, with a reason."""
    who = on_behalf_of or by
    found = acknowledgement.find(ledger, number)
    if isinstance(found, Refused):
        return found
    if (refusal := _cannot_level(ledger, found, to, by, reason)) is not None:
        return refusal
    if not found.is_open:
        return acknowledgement.closed(found)
    roles = _deciders(found, to)
    may = by == who or acknowledgement.may_act(ledger, found, by)
    if not may or not roles or not whom.decides(ledger, found, who, roles):
        names = [ledger.services.library.role_name(role) for role in roles]
        ledger.note(found.id, "refused", who=who)
        return Refused(
            number,
            f"须由{'、'.join(n.zh for n in names)}决定。" if names else "预案未写明由谁决定升至该级。",
            f"That is for {', '.join(n.en for n in names)} to decide." if names else "The plan names nobody for that.",
        )
    before = found.running
    if to is None or (before is not None and Severity.of(to) < Severity.of(before)):
        found.running = to
        ledger.touch(found)
        ledger.note(found.id, "response", who=who, by=by, before=before, after=to, why=reason)
        if to is None:
            reports.end(ledger, found, repeated_only=True)
    else:
        responses.run(ledger, found, to, reason, who=who)
    said = level_words(who, before, to, reason)
    outbox.tell(ledger, found, "decided", f"{ledger.now.isoformat()}/{before}/{to}", {"said": said}, but=(who,))
    _log.info("level", incident=found.id, number=number, before=before, after=to, by=by, who=who, reason=reason)
    return Levelled(number, before, to, who)


def level_words(who: str, before: str | None, to: str | None, reason: str) -> Words:
    """That somebody has set the level."""
    was, now = (Severity.of(level) if level else None for level in (before, to))
    if now is None:
        return Words(zh=f"{who}决定终止{was.zh if was else ''}响应：{reason}", en=f"{who} ended the response: {reason}")
    if was is None:
        return Words(zh=f"{who}决定启动{now.zh}响应：{reason}", en=f"{who} started the response of {now.en}: {reason}")
    return Words(
        zh=f"{who}决定将响应由{was.zh}调整为{now.zh}：{reason}",
        en=f"{who} set the response from {was.en} to {now.en}: {reason}",
    )


def _proposal(ledger: Ledger, name: int | str) -> tuple[Incident, Incident] | Refused:
    """The incident and its proposal."""
    column = table.c.number if isinstance(name, int) else table.c.id
    row = ledger.connection.execute(select(table.c.id, table.c.number, table.c.parent).where(column == name)).first()
    if row is None:
        return Refused(None, f"没有事件 {name}。", f"There is no incident {name}.")
    if row.parent is None:
        waiting = ledger.connection.execute(
            select(table.c.number).where(table.c.parent == row.id, table.c.status == "unacknowledged")
        ).scalar_one_or_none()
        return Refused(
            row.number,
            f"事件{row.number}不是请示" + (f"，其待批请示为{waiting}。" if waiting else "，无待批请示。"),
            f"Incident {row.number} is not a proposal"
            + (f"; the one that waits for it is {waiting}." if waiting else ", and none waits for it."),
        )
    incident, proposal = incidents.load(ledger.connection, table.c.id.in_([row.id, row.parent]))
    return incident, proposal


def _decide(
    ledger: Ledger, incident: Incident, proposal: Incident, who: str, by: str, via: str, reason: str, *, yes: bool
) -> None:
    decision: Decision = "approved" if yes else "rejected"
    level = proposal.grade
    closing.close(ledger, proposal, who, reason or "同意 yes", decision=decision)
    for one in (proposal, incident):
        ledger.note(one.id, decision, who=who, by=by, via=via, number=proposal.number, level=level.word, reason=reason)
    if yes and level in LEVELS and (incident.running is None or Severity.of(incident.running) < level):
        responses.run(ledger, incident, level.word, f"请示{proposal.number} proposal {proposal.number}")
    because = f"：{reason}" if reason else ""
    because_en = f": {reason}" if reason else ""
    said = Words(
        zh=f"{who}{'同意' if yes else '不同意'}启动{level.zh}响应（请示{proposal.number}）{because}",
        en=f"{who} {decision} the response of {level.en} (proposal {proposal.number}){because_en}",
    )
    heard = outbox.told(ledger.connection, incident)
    outbox.tell(ledger, incident, "decided", str(proposal.number), {"said": said}, but=(who,))
    outbox.tell(ledger, proposal, "decided", "decided", {"said": said}, but=(who, *heard), tail=NOTHING)
    _log.info(decision, incident=incident.id, number=incident.number, proposal=proposal.number, by=by, who=who, via=via)


def _cannot_level(ledger: Ledger, found: Incident, to: str | None, by: str, reason: str) -> Refused | None:
    if not reason.strip():
        return Refused(found.number, "调整级别须写明原因。", "A reason is needed to set the level.")
    if found.parent is not None:
        return Refused(
            found.number,
            f"事件{found.number}是请示，只能答复同意或不同意。",
            f"Incident {found.number} is a proposal: its answer is yes or no.",
        )
    if (refusal := acknowledgement.on_roster(ledger, found, by)) is not None:
        return refusal
    if found.is_open and found.running == to:
        now = Severity.of(to) if to else None
        return Refused(
            found.number,
            f"事件{found.number}的响应已是{now.zh}。" if now else f"事件{found.number}没有进行中的响应。",
            f"The response of incident {found.number} is at {now.en}."
            if now
            else f"No response of incident {found.number} runs.",
        )
    return None


def _deciders(found: Incident, to: str | None) -> tuple[str, ...]:
    duties, running = found.policy.duties, found.running
    if to is None:
        return duties.ends(running or found.severity)
    if running is not None and Severity.of(to) < Severity.of(running):
        return duties.lowers(running, to)
    return duties.raises(to)
