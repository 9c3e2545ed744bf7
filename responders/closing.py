"""What closing an incident always does, whoever closes it: nothing more is due, its codes and its alarms are freed, and
what it was asking for lapses.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from responders import annunciator, outbox, reply_codes, reports, starts
from responders.texts import NOTHING
from rules.alerts import Words

if TYPE_CHECKING:
    from responders.incident_states import Decision
    from responders.incidents import Incident
    from responders.ledger import Ledger

SYSTEM = "系统 system"
RETURNED = "警报解除 the alarm returned"


def close(ledger: Ledger, incident: Incident, by: str, reason: str, *, decision: Decision | None = None) -> None:
    """Close it, in the ledger's transaction; a proposal with its decision.

    Raises `incident_states.IllegalEvent` when it is not open.
    """
    incident.move("close")
    incident.decision = decision
    _ended(ledger, incident, by, reason, "closed")


def close_by_return(ledger: Ledger, incident: Incident) -> None:
    """The alarm has returned, and nothing is left for people to end."""
    was_notice = incident.status == "noticed"
    incident.move("return" if was_notice else "close")
    # Whoever was to be paged hears of it all the same, in one text; a notice that is over is no news.
    _ended(ledger, incident, SYSTEM, RETURNED, "closed" if was_notice else outbox.OVERTAKEN)


def _ended(ledger: Ledger, incident: Incident, by: str, reason: str, page_reason: str) -> None:
    incident.closed_at, incident.closed_by, incident.close_reason = ledger.now, by, reason
    ran, incident.running = incident.running, None
    ledger.touch(incident)
    ledger.flush()
    cancelled = outbox.cancel(ledger.connection, incident.id, page_reason, ("page", "notice", "update", "reminder"))
    reply_codes.release(ledger.connection, incident.id, ledger.now)
    ledger.note(incident.id, "closed", who=by, reason=reason, cancelled=cancelled, **({"ran": ran} if ran else {}))
    annunciator.incident_ended(ledger, incident)
    if incident.parent is None:
        reports.end(ledger, incident)
        _lapse(ledger, incident, by)


def _lapse(ledger: Ledger, incident: Incident, by: str) -> None:
    """Nobody need answer what was proposed for it; who was asked and does not hear of the end is told."""
    for proposal in starts.pending(ledger, incident):
        number = incident.number
        reason = f"事件{number}已结束 incident {number} has ended"
        close(ledger, proposal, SYSTEM, reason, decision="lapsed")
        said = Words(
            zh=f"事件{number}已结束，请示{proposal.number}作废，无须答复",
            en=f"Incident {number} has ended, proposal {proposal.number} lapses: no answer is needed",
        )
        heard = outbox.told(ledger.connection, incident)
        outbox.tell(ledger, proposal, "decided", "lapsed", {"said": said}, but=(by, *heard), tail=NOTHING)
