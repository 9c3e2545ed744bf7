"""What the provider said of a page, written down: by sending, asking, or a receipt; a batch is one transaction."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import bindparam, select, update

from responders import outbox, page_states
from responders.channels.base import Accepted, Refused, SendResult, Status, Uncertain
from responders.channels.receipts import merge
from responders.ledger import Ledger
from responders.schema import incidents, pages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy.engine import Connection

    from responders.clock import Clock
    from responders.desk import Desk
    from responders.ledger import Services
    from responders.page_states import Event
    from responders.store import Store

_log = structlog.get_logger()
ASKED_AFTER = tuple(timedelta(seconds=s) for s in (2, 10, 30))
NOT_SENT_AFTER = timedelta(seconds=30)
"""Not found so long after sending = not sent."""
UNABLE_FOR = timedelta(seconds=60)
"""Unable to ask for so long: the officer's next contact is tried."""
_ASK_AGAIN = timedelta(seconds=10)

_update = (
    update(pages)
    .where(pages.c.id == bindparam("row_id"), pages.c.state == bindparam("was"))
    .values({
        name: bindparam(f"new_{name}")
        for name in ("state", "reason", "provider_id", "left_at", "due_at", "uncertain_at", "ask_at")
    })
)  # fmt: skip


@dataclass(frozen=True)
class Said:
    """An answer about one attempt of one page. `held_until`: when a page that the provider refused is tried again."""

    page: str
    attempt: int
    result: SendResult
    held_until: datetime | None = None


@dataclass(frozen=True)
class Asked:
    """What asking about an uncertain page gave. `found` None with `able`: the provider does not have it."""

    page: str
    attempt: int
    at: datetime
    able: bool
    found: Accepted | None = None


@dataclass(frozen=True)
class Receipt:
    """What the provider reports of a page by itself."""

    page: str
    provider_id: str
    status: Status
    reason: str = ""


def next_ask(sending_at: datetime, now: datetime) -> datetime:
    """When to ask (again) about an attempt: 2, 10 and 30 s after it, then every 10 s."""
    for after in ASKED_AFTER:
        if sending_at + after > now:
            return sending_at + after
    return now + _ASK_AGAIN


class Recorder:
    """Writes answers down, and what follows from them."""

    def __init__(self, store: Store, services: Services, desk: Desk, clock: Clock) -> None:
        self._store, self._services, self._desk, self._clock = store, services, desk, clock

    def sent(self, batch: Sequence[Said]) -> None:
        """The answers of sends."""
        # That a provider has taken pages, or a phone has them, makes nothing due: nobody need be woken for it.
        quiet = all(isinstance(said.result, Accepted) for said in batch)
        self._run({said.page: said for said in batch}, _judge_send, wake=not quiet)

    def asked(self, batch: Sequence[Asked]) -> None:
        """The answers to questions about uncertain pages."""
        self._run({asked.page: asked for asked in batch}, _judge_ask)

    def receipts(self, batch: Sequence[Receipt]) -> set[str]:
        """Receipts that arrived together; answers which pages there are at all. Several of one page join."""
        joined: dict[str, Receipt] = {}
        for receipt in batch:
            before = joined.get(receipt.page)
            if before is None or merge(before.status, receipt.status) != before.status:
                joined[receipt.page] = receipt
        quiet = not any(receipt.status in page_states.LOST for receipt in joined.values())
        return self._run(joined, _judge_receipt, wake=not quiet)

    def _run(self, answers: dict[str, Any], judge: Any, *, wake: bool = True) -> set[str]:
        now = self._clock()
        lines: list[dict[str, Any]] = []

        def work(connection: Connection) -> set[str]:
            lines.clear()
            ledger = Ledger(connection, self._services, now)
            query = select(pages).where(pages.c.id.in_(list(answers))).order_by(pages.c.id).with_for_update()
            rows = connection.execute(query).all()
            changes = [(row, judge(ledger, row, answers[row.id], now)) for row in rows]
            _write(ledger, changes, lines)
            self._desk.take_faults(ledger)
            return {row.id for row in rows}

        found = self._store.run(work, wake=wake)
        for line in lines:
            _log.info("page", **line)
        return found


@dataclass(frozen=True)
class _Change:
    event: Event | None
    reason: str = ""
    provider_id: str | None = None
    due_at: datetime | None = None
    uncertain_at: datetime | None = None
    ask_at: datetime | None = None
    try_next: bool = False


_NOTHING = _Change(None)


def _judge_send(_: Ledger, row: Any, said: Said, now: datetime) -> _Change:
    match said.result:
        case Accepted(provider_id, status):
            return _received(row, now, status, provider_id, "")
        case _ if row.state not in {"sending", "uncertain"} or row.attempts != said.attempt:
            return _NOTHING  # a receipt, or another attempt, has overtaken this answer
        case Refused(reason, "recipient", code):
            return _Change("refuse", f"{reason} ({code})", try_next=True)
        case Refused(reason, _, code):
            return _Change("hold", f"{reason} ({code})", due_at=said.held_until or now)
        case Uncertain(reason):
            return _Change("doubt", reason, uncertain_at=now, ask_at=next_ask(row.sending_at, now))


def _judge_ask(ledger: Ledger, row: Any, asked: Asked, now: datetime) -> _Change:  # noqa: PLR0911, each is a case
    if row.state != "uncertain" or row.attempts != asked.attempt:
        return _NOTHING
    if asked.found is not None and not _is_another_page(ledger, row, asked.found.provider_id):
        return _received(row, now, asked.found.status, asked.found.provider_id, "found by asking")
    if asked.able:
        if asked.at - row.sending_at < NOT_SENT_AFTER:
            return _NOTHING
        if _still_wanted(ledger, row):
            return _Change("not_found", "not found by asking: not sent", due_at=now)
        return _Change("cancel", "not sent, and no longer needed")
    if now - row.uncertain_at >= UNABLE_FOR:
        return _Change("give_up", "the provider could not be asked", try_next=True)
    return _NOTHING


def _judge_receipt(_: Ledger, row: Any, receipt: Receipt, now: datetime) -> _Change:
    return _received(row, now, receipt.status, receipt.provider_id, receipt.reason)


def _received(row: Any, now: datetime, status: Event, provider_id: str, reason: str) -> _Change:
    del now
    after = page_states.after(row.state, status)
    if after == row.state and row.provider_id:
        return _NOTHING
    lost = after in page_states.LOST and row.state not in page_states.LOST
    return _Change(status, reason, provider_id=provider_id, try_next=lost)


def _is_another_page(ledger: Ledger, row: Any, provider_id: str) -> bool:
    query = select(pages.c.id).where(pages.c.provider_id == provider_id, pages.c.id != row.id)
    return ledger.connection.execute(query).first() is not None


def _still_wanted(ledger: Ledger, row: Any) -> bool:
    """Whether a page that has certainly not left is still to leave."""
    if row.kind not in outbox.CALLING:
        return True
    query = select(incidents.c.status, incidents.c.cycle).where(incidents.c.id == row.incident)
    incident = ledger.connection.execute(query).one()
    return incident.status in {"noticed", "unacknowledged"} and incident.cycle == row.cycle


def _write(ledger: Ledger, changes: Sequence[tuple[Any, _Change]], lines: list[dict[str, Any]]) -> None:
    parameters = []
    lost = []
    for row, change in changes:
        if change.event is None:
            continue
        state = page_states.after(row.state, change.event)
        left = row.left_at or (ledger.now if change.provider_id or state in page_states.LEFT else None)
        parameters.append({
            "row_id": row.id, "was": row.state, "new_state": state, "new_reason": change.reason or row.reason,
            "new_provider_id": row.provider_id or change.provider_id, "new_left_at": left,
            "new_due_at": change.due_at or row.due_at, "new_uncertain_at": change.uncertain_at or row.uncertain_at,
            "new_ask_at": change.ask_at or row.ask_at,
        })  # fmt: skip
        line = {"state": state, "reason": change.reason, "kind": row.kind, "to": row.address, "attempt": row.attempts}
        if row.incident:
            ledger.note(row.incident, "page", who=row.officer, page=row.id, **line)
        lines.append(line | {"page": row.id, "incident": row.incident, "officer": row.officer})
        if change.try_next:
            lost.append(row)
    if parameters:
        # Every row is locked in this transaction, so each is in the state it was read in.
        ledger.connection.execute(_update, parameters)
    for row in lost:
        outbox.lost(ledger, row)
