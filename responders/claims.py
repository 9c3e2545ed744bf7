"""Taking due pages to send them: `sending` is committed before the provider is called, under a lease."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import Integer, and_, bindparam, or_, select, update

from responders import outbox, page_states
from responders.ledger import Ledger
from responders.recorder import next_ask
from responders.schema import contacts, pages
from responders.store import StaleError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Column
    from sqlalchemy.engine import Connection

    from responders.clock import Clock
    from responders.desk import Desk
    from responders.ledger import Services
    from responders.store import Store

# Statements on the way of a page are made once: building one costs as much as running it.
_is_due = pages.c.state.in_(("due", "held"))
_due = (
    select(pages, contacts.c.enabled)
    .outerjoin(contacts, contacts.c.id == pages.c.contact)
    .where(_is_due, pages.c.due_at <= bindparam("at"))
    .order_by(pages.c.due_at, pages.c.created_at)
    .limit(bindparam("most", type_=Integer))
    .with_for_update(skip_locked=True, of=pages)
)
_mark = (
    update(pages)
    .where(pages.c.id.in_(bindparam("ids", expanding=True)), _is_due)
    .values(
        state="sending",
        lease_owner=bindparam("who"),
        lease_until=bindparam("until"),
        sending_at=bindparam("at"),
        attempts=pages.c.attempts + 1,
    )
)


@dataclass(frozen=True)
class Claimed:
    """One attempt that is to be sent, or asked about."""

    page: str
    attempt: int
    channel: str
    address: str
    body: str
    sending_at: datetime


class Claims:
    """Claims of one process. `owner` is its name: rows of its name that it finds at start are a dead one's."""

    def __init__(
        self, store: Store, services: Services, desk: Desk, clock: Clock, *, owner: str, lease: timedelta
    ) -> None:
        self._store, self._services, self._desk, self._clock = store, services, desk, clock
        self._owner, self._lease = owner, lease

    def due(self, limits: Mapping[str, int | None], limit: int) -> tuple[list[Claimed], int]:
        """Up to `limit` due pages, of each channel at most its own limit (None: no other than `limit`).

        The second: how many could not be sent at all, so that something else has become due in their place.
        """
        claimed, refused = self._store.run(lambda connection: self._claim(connection, limits, limit), wake=False)
        if refused:
            self._store.wake.set()
        return claimed, refused

    def uncertain(self, limit: int) -> list[Claimed]:
        """Pages that are to be asked about now; each is put off to its next question."""
        now = self._clock()
        where = and_(pages.c.state == "uncertain", pages.c.ask_at <= now)
        with self._store.read() as connection:
            if connection.execute(select(pages.c.id).where(where).limit(1)).first() is None:
                return []

        def work(connection: Connection) -> list[Claimed]:
            query = select(pages).where(where).order_by(pages.c.ask_at).limit(limit)
            rows = connection.execute(query.with_for_update(skip_locked=True)).all()
            for row in rows:
                connection.execute(
                    update(pages).where(pages.c.id == row.id).values(ask_at=next_ask(row.sending_at, now))
                )
            return [_claimed(row, row.attempts, row.sending_at) for row in rows]

        return self._store.run(work, wake=False)

    def take_over(self, *, own: bool) -> int:
        """Pages in the hands of the dead become uncertain: those whose lease is over and, at start, our own name's."""
        now = self._clock()
        expired = pages.c.lease_until <= now
        whose = or_(expired, pages.c.lease_owner == self._owner) if own else expired
        where = and_(pages.c.state == "sending", whose)
        with self._store.read() as connection:
            if connection.execute(select(pages.c.id).where(where).limit(1)).first() is None:
                return 0

        def work(connection: Connection) -> int:
            rows = connection.execute(select(pages).where(where).with_for_update(skip_locked=True)).all()
            ledger = Ledger(connection, self._services, now)
            for row in rows:
                first = min(next_ask(row.sending_at, row.sending_at), now + timedelta(seconds=2))
                connection.execute(
                    update(pages)
                    .where(pages.c.id == row.id, pages.c.state == "sending")
                    .values(state="uncertain", uncertain_at=now, ask_at=max(first, now), reason="its sender ended")
                )
                if row.incident:
                    ledger.note(row.incident, "page", who=row.officer, page=row.id, state="uncertain",
                                reason="its sender ended")  # fmt: skip
            ledger.flush()
            return len(rows)

        return self._store.run(work, wake=False)

    def renew(self) -> None:
        """What this process is still sending stays its own."""
        now = self._clock()
        ours = and_(pages.c.state == "sending", pages.c.lease_owner == self._owner)
        with self._store.read() as connection:
            if connection.execute(select(pages.c.id).where(ours).limit(1)).first() is None:
                return
        with self._store.write(wake=False) as connection:
            connection.execute(update(pages).where(ours).values(lease_until=now + self._lease))

    def release(self, channel: str) -> None:
        """The provider works again: what was held for it is due."""
        now = self._clock()
        with self._store.write() as connection:
            connection.execute(
                update(pages)
                .where(pages.c.state == "held", pages.c.channel == channel, pages.c.due_at > now)
                .values(due_at=now)
            )

    def next_due(self, after: datetime) -> datetime | None:
        """When a page falls due, the next time after an instant."""
        return self._next(after, (("due", "held"), pages.c.due_at))

    def next_question(self, after: datetime) -> datetime | None:
        """When a page is to be asked about, or its lease ends, the next time after an instant."""
        return self._next(after, (("uncertain",), pages.c.ask_at), (("sending",), pages.c.lease_until))

    def _next(self, after: datetime, *times: tuple[tuple[page_states.State, ...], Column[datetime]]) -> datetime | None:
        with self._store.read() as connection:
            found = [
                connection.execute(
                    select(column).where(pages.c.state.in_(states), column > after).order_by(column).limit(1)
                ).scalar_one_or_none()
                for states, column in times
            ]
        return min((at for at in found if at is not None), default=None)

    def _claim(self, connection: Connection, limits: Mapping[str, int | None], limit: int) -> tuple[list[Claimed], int]:
        now = self._clock()
        limited = {channel: own for channel, own in limits.items() if own is not None}
        others = _due.where(pages.c.channel.not_in(list(limited))) if limited else _due
        rows = list(connection.execute(others, {"at": now, "most": limit}))
        for channel, own in limited.items():
            if own:
                rows += connection.execute(_due.where(pages.c.channel == channel), {"at": now, "most": own})
        sendable = [row for row in rows if row.channel in limits and (row.contact is None or row.enabled)]
        ids = {row.id for row in sendable}
        self._refuse(connection, [row for row in rows if row.id not in ids], now)
        self._mark(connection, [row.id for row in sendable], now)
        return [_claimed(row, row.attempts + 1, now) for row in sendable], len(rows) - len(sendable)

    def _mark(self, connection: Connection, ids: list[str], now: datetime) -> None:
        if not ids:
            return
        done = connection.execute(_mark, {"ids": ids, "who": self._owner, "until": now + self._lease, "at": now})
        if done.rowcount != len(ids):
            raise StaleError(f"pages: {done.rowcount} of {len(ids)} were still due")

    def _refuse(self, connection: Connection, rows: list[Any], now: datetime) -> None:
        """A contact that is disabled is never sent to, also if it was disabled after the page was planned (F5)."""
        if not rows:
            return
        ledger = Ledger(connection, self._services, now)
        for row in rows:
            reason = _why_not(row)
            connection.execute(
                update(pages)
                .where(pages.c.id == row.id, pages.c.state.in_(("due", "held")))
                .values(state="refused", reason=reason)
            )
            if row.incident:
                ledger.note(row.incident, "page", who=row.officer, page=row.id, state="refused", reason=reason)
            outbox.lost(ledger, row)
        self._desk.take_faults(ledger)


def _why_not(row: Any) -> str:
    if row.contact is not None and row.enabled is None:
        return "the contact has been removed"
    return "the contact is disabled" if row.enabled is False else f"no channel {row.channel} here"


def _claimed(row: Any, attempt: int, sending_at: datetime) -> Claimed:
    return Claimed(row.id, attempt, row.channel, row.address, row.body, sending_at)
