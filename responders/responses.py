"""How the response of an incident begins when it opens or rises: at once, or by a proposal to the plan's approver.

A proposal is an incident of its own, whose answer is yes or no: audit, escalation, pager and reply codes serve it as
they serve any other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from responders import closing, escalation, outbox, reports, starts, whom
from responders.incidents import Incident
from responders.texts import NOTHING, PROPOSAL
from rules import identity
from rules.alerts import Words
from rules.severity import LEVELS, Severity

if TYPE_CHECKING:
    from datetime import datetime

    from responders.ledger import Ledger


def begin(ledger: Ledger, incident: Incident, known_at: datetime) -> None:
    """What its severity asks for: the response starts or is proposed, and reports fall due."""
    start = incident.policy.duties.starts.get(incident.severity)
    if start is not None and start.approver is not None:
        _propose(ledger, incident, start.approver)
    elif start is not None and incident.grade in LEVELS:
        run(ledger, incident, incident.severity, "at once")
    reports.fall_due(ledger, incident, known_at)


def run(ledger: Ledger, incident: Incident, level: str, why: str, *, who: str | None = None) -> None:
    """The response runs at a level from now on. What was proposed at a lower one, or at this, needs no answer more."""
    before, incident.running = incident.running, level
    ledger.touch(incident)
    ledger.note(incident.id, "response", who=who, before=before, after=level, why=why)
    for proposal in starts.pending(ledger, incident) if incident.loaded is not None else ():
        if proposal.grade <= Severity.of(level):
            reason = f"{level} 级响应已启动 the response of level {level} runs"
            closing.close(ledger, proposal, closing.SYSTEM, reason, decision="superseded")
            _no_answer_needed(
                ledger, proposal, f"{Severity.of(level).zh}响应已启动", f"the response of level {level} runs", ()
            )


def _propose(ledger: Ledger, incident: Incident, approver: str) -> None:
    proposal = _proposal(ledger, incident, approver)
    number, level = proposal.number, proposal.severity
    before = starts.pending(ledger, incident) if incident.loaded is not None else []
    for lower in before:
        reason = f"由请示{number}取代 superseded by proposal {number}"
        closing.close(ledger, lower, closing.SYSTEM, reason, decision="superseded")
    ledger.add(proposal)
    role = ledger.services.library.role_name(approver)
    said = {"level": level, "approver": approver, "zh": role.zh, "en": role.en}
    ledger.note(proposal.id, "proposed", number=number, of=incident.number, **said)
    ledger.note(incident.id, "proposed", number=number, **said)
    _ask(ledger, incident, proposal, role)
    if not before:
        return
    ledger.flush()
    for lower in before:
        asked = outbox.told(ledger.connection, proposal)
        _no_answer_needed(
            ledger, lower, f"由请示{number}（{proposal.grade.zh}）取代",
            f"superseded by proposal {number} ({proposal.grade.en})", tuple(asked),
        )  # fmt: skip


def _proposal(ledger: Ledger, incident: Incident, approver: str) -> Incident:
    policy = incident.policy
    people = ledger.all_on_duty([approver, *policy.leader.roles, policy.duty_role])
    return Incident(
        id=str(identity.name("incident", ["proposal", incident.id, incident.severity])),
        number=ledger.number(), plan=incident.plan, place=incident.place, county=incident.county,
        exercise=incident.exercise, status="unacknowledged", severity=incident.severity, opened_at=ledger.now,
        policy=escalation.asking(policy, approver, people, PROPOSAL),
        headline=incident.headline, observed_at=incident.observed_at, step_at=ledger.now,
        next_due=ledger.now, parent=incident.id,
    )  # fmt: skip


def _ask(ledger: Ledger, incident: Incident, proposal: Incident, role: Words) -> None:
    """Page the approver; where nobody is on that role, the leader at once, and somebody mends the roster."""
    first, _ = whom.people(ledger, proposal, escalation.position(proposal.policy, 1))
    outbox.advance(ledger, proposal, escalation.StepPages(), why="proposed")
    if first:
        return
    instead = whom.leaders(ledger, proposal)
    for one in (incident, proposal):
        ledger.note(one.id, "asked instead", number=proposal.number, zh=role.zh, en=role.en, people=instead)
    if not incident.exercise:
        ledger.fault(
            "approver", proposal.policy.steps[0].roles[0],
            f"批准人“{role.zh}”无人可呼叫，请示{proposal.number}改请带班领导答复，请补排班",
            f"nobody can be reached as {role.en}: proposal {proposal.number} went to the leader; mend the roster",
            county=incident.county,
        )  # fmt: skip


def _no_answer_needed(ledger: Ledger, proposal: Incident, zh: str, en: str, but: tuple[str, ...]) -> None:
    said = Words(zh=f"请示{proposal.number}{zh}，无须答复", en=f"Proposal {proposal.number}: {en}, no answer is needed")
    outbox.tell(ledger, proposal, "decided", "superseded", {"said": said}, but=but, tail=NOTHING)
