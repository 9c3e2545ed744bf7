"""What closing an incident always does, whoever closes it: nothing more is due, its codes and its alarms are freed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from responders import annunciator, outbox, reply_codes

if TYPE_CHECKING:
    from responders.incidents import Incident
    from responders.ledger import Ledger

SYSTEM = "系统 system"
RETURNED = "警报解除 the alarm returned"


def close(ledger: Ledger, incident: Incident, by: str, reason: str) -> None:
    """Close it, in the ledger's transaction. Raises `incident_states.IllegalEvent` when it is not open."""
    incident.move("close")
    _ended(ledger, incident, by, reason, "closed")


def close_by_return(ledger: Ledger, incident: Incident) -> None:
    """The alarm has returned, and nothing is left for people to end."""
    was_notice = incident.status == "noticed"
    incident.move("return" if was_notice else "close")
    # Whoever was to be paged hears of it all the same, in one text; a notice that is over is no news.
    _ended(ledger, incident, SYSTEM, RETURNED, "closed" if was_notice else outbox.OVERTAKEN)


def _ended(ledger: Ledger, incident: Incident, by: str, reason: str, page_reason: str) -> None:
    incident.closed_at, incident.closed_by, incident.close_reason = ledger.now, by, reason
    ledger.touch(incident)
    ledger.flush()
    cancelled = outbox.cancel(ledger.connection, incident.id, page_reason, ("page", "notice", "update"))
    reply_codes.release(ledger.connection, incident.id, ledger.now)
    ledger.note(incident.id, "closed", who=by, reason=reason, cancelled=cancelled)
    annunciator.incident_ended(ledger, incident)
