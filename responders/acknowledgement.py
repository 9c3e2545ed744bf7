"""Taking responsibility for an incident, and ending it: one owner, and everybody concerned hears of it once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select

from responders import annunciator, closing, drills, incident_states, incidents, outbox, whom
from responders.ledger import Ledger
from responders.schema import incidents as table
from responders.schema import officers, pages
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from responders.clock import Clock
    from responders.incidents import Incident
    from responders.ledger import Services
    from responders.store import Store

_log = structlog.get_logger()


@dataclass(frozen=True)
class Done:
    """It happened now."""

    number: int
    owner: str


@dataclass(frozen=True)
class Already:
    """Somebody was quicker: who has it, and since when."""

    number: int
    owner: str
    at: datetime


@dataclass(frozen=True)
class Closed:
    """It has ended: by whom, when, why."""

    number: int
    by: str
    at: datetime
    reason: str


@dataclass(frozen=True)
class Refused:
    """Whoever asked may not, or there is nothing to act on."""

    number: int | None
    reason_zh: str
    reason_en: str


Outcome = Done | Already | Closed | Refused


class Answers:
    """Acknowledging and closing, for every door: text, link, console, command line."""

    def __init__(self, store: Store, services: Services, clock: Clock) -> None:
        self._store, self._services, self._clock = store, services, clock

    def acknowledge(self, incident: int | str, by: str, via: str, *, on_behalf_of: str | None = None) -> Outcome:
        """`by` (or whom they act for) takes the incident. `incident` is its number for people, or its id."""
        return self._run(lambda ledger: acknowledge(ledger, incident, by, via, on_behalf_of=on_behalf_of))

    def close(self, incident: int | str, by: str, reason: str, via: str = "cli") -> Outcome:
        """End it, with a reason."""
        return self._run(lambda ledger: close(ledger, incident, by, reason, via))

    def end_overdue_drills(self) -> list[str]:
        """End the drills whose time is up; which they were."""
        with self._store.read() as connection:
            late = drills.overdue(connection, self._clock())
        return [exercise for exercise in late if self.end_drill(exercise)]

    def end_drill(self, exercise: str) -> bool:
        """End a drill and what it left open. False: no such drill was running."""

        def work(connection: Connection) -> bool:
            ledger = Ledger(connection, self._services, self._clock())
            if not drills.mark_ended(connection, exercise, ledger.now):
                return False
            # Its proposals lapse with what they were made for.
            still_open = table.c.status.in_(incident_states.OPEN) & table.c.parent.is_(None)
            for incident in incidents.load(connection, table.c.exercise == exercise, still_open):
                closing.close(ledger, incident, closing.SYSTEM, "演练结束 the drill has ended")
            annunciator.drill_ended(ledger, exercise)
            ledger.flush()
            return True

        return self._store.run(work)

    def _run(self, act: Callable[[Ledger], Outcome]) -> Outcome:
        def work(connection: Connection) -> Outcome:
            ledger = Ledger(connection, self._services, self._clock())
            outcome = act(ledger)
            ledger.flush()
            return outcome

        return self._store.run(work)


def acknowledge(ledger: Ledger, incident: int | str, by: str, via: str, *, on_behalf_of: str | None = None) -> Outcome:
    """Within a transaction: one row, locked, decides who is first (H8)."""
    owner = on_behalf_of or by
    found = find(ledger, incident)
    if isinstance(found, Refused):
        return found
    if (refusal := on_roster(ledger, found, by) or refused(ledger, found, owner)) is not None:
        return refusal
    if (refusal := _only_answered(found)) is not None:
        return refusal
    if not found.is_open:
        return closed(found)
    if found.owner is not None and found.acknowledged_at is not None:
        return Already(found.number, found.owner, found.acknowledged_at)
    found.move("acknowledge")
    found.owner, found.acknowledged_at = owner, ledger.now
    found.acknowledged_via, found.acknowledged_by = via, by
    ledger.touch(found)
    ledger.flush()
    annunciator.answered_for(ledger, found)
    cancelled = outbox.cancel(ledger.connection, found.id, f"acknowledged by {owner}", outbox.CALLING)
    ledger.note(found.id, "acknowledged", who=owner, by=by, via=via, cancelled=cancelled)
    about = f"{found.cycle}/{owner}"
    outbox.tell(ledger, found, "acknowledged", about, {"owner": owner}, but=(owner,))
    _log.info("acknowledgement", incident=found.id, number=found.number, owner=owner, by=by, via=via)
    return Done(found.number, owner)


def close(  # noqa: PLR0911, each is an answer
    ledger: Ledger, incident: int | str, by: str, reason: str, via: str
) -> Outcome:
    """Within a transaction: end it; those who were told hear of it once, except whoever ended it."""
    if not reason.strip():
        return Refused(None, "关闭须写明原因。", "A reason is needed to close an incident.")
    found = find(ledger, incident)
    if isinstance(found, Refused):
        return found
    if (refusal := refused(ledger, found, by)) is not None:
        return refusal
    if (refusal := _only_answered(found)) is not None:
        return refusal
    if not found.is_open:
        return closed(found)
    if (refusal := _still_runs(ledger, found, by)) is not None:
        return refusal
    closing.close(ledger, found, by, reason)
    outbox.tell(ledger, found, "closed", str(found.cycle), {"by": by, "reason": reason}, but=(by,))
    _log.info("closing", incident=found.id, number=found.number, by=by, via=via, reason=reason)
    return Done(found.number, by)


def may_act(ledger: Ledger, incident: Incident, officer: str) -> bool:
    """Whoever was paged for it, is named by its policy, or is on duty now in one of its roles (B22)."""
    if not ledger.within_wall(incident, officer):
        return False
    policy = incident.policy
    roles = {role for step in policy.steps for role in step.roles} | set(policy.leader.roles) | {policy.duty_role}
    if whom.holds(ledger, incident, officer, roles | set(policy.duties.ends(incident.running or incident.severity))):
        return True
    query = select(pages.c.id).where(
        pages.c.incident == incident.id, pages.c.officer == officer, pages.c.kind.in_(outbox.CALLING)
    )
    return ledger.connection.execute(query.limit(1)).first() is not None


def find(ledger: Ledger, incident: int | str) -> Incident | Refused:
    """The incident with this number, or id, locked."""
    column = table.c.number if isinstance(incident, int) else table.c.id
    found = incidents.load(ledger.connection, column == incident)
    if not found:
        return Refused(
            incident if isinstance(incident, int) else None,
            f"没有事件 {incident}。",
            f"There is no incident {incident}.",
        )
    return found[0]


def on_roster(ledger: Ledger, incident: Incident, officer: str) -> Refused | None:
    """Refuses who is nobody here."""
    known = ledger.connection.execute(select(officers.c.name).where(officers.c.name == officer)).first()
    if known is None:
        return Refused(incident.number, f"{officer} 不在人员名册中。", f"{officer} is not on the roster.")
    return None


def refused(ledger: Ledger, incident: Incident, officer: str) -> Refused | None:
    if (refusal := on_roster(ledger, incident, officer)) is not None:
        return refusal
    if not may_act(ledger, incident, officer):
        ledger.note(incident.id, "refused", who=officer)
        return Refused(
            incident.number,
            f"您无权处理事件{incident.number}。",
            f"You may not act on incident {incident.number}.",
        )
    return None


def _only_answered(incident: Incident) -> Refused | None:
    """A proposal is nobody's to take or to close: its answer is yes or no."""
    if incident.parent is None:
        return None
    number = incident.number
    return Refused(
        number,
        f"事件{number}是请示，只能答复同意或不同意。",
        f"Incident {number} is a proposal: its answer is yes or no.",
    )


def _still_runs(ledger: Ledger, incident: Incident, by: str) -> Refused | None:
    """A running response ends when whoever decides its end says so; closing the incident would end it."""
    if incident.running is None:
        return None
    roles = incident.policy.duties.ends(incident.running)
    if not roles or whom.decides(ledger, incident, by, roles):
        return None
    level, names = Severity.of(incident.running), [ledger.services.library.role_name(role) for role in roles]
    return Refused(
        incident.number,
        f"{level.zh}响应仍在进行，须由{'、'.join(name.zh for name in names)}决定终止。",
        f"The response of {level.en} still runs: {', '.join(name.en for name in names)} must end it first.",
    )


def closed(incident: Incident) -> Closed | Refused:
    """How it ended."""
    if incident.closed_at is None or incident.closed_by is None:  # historic: it was never open
        return Refused(
            incident.number,
            f"事件{incident.number}为历史记录。",
            f"Incident {incident.number} is a record of the past.",
        )
    return Closed(incident.number, incident.closed_by, incident.closed_at, incident.close_reason or "")
