"""Who is on duty and how each is reached, asked inside the transaction that needs to know."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sqlalchemy import bindparam, select, update

from responders.schema import contacts, duty, officers

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.engine import Connection

# Asked on the way of a page, so made once: building a statement costs as much as running it.
_on_duty = (
    select(duty.c.role, duty.c.officer)
    .where(
        duty.c.role.in_(bindparam("roles", expanding=True)),
        duty.c.starts_at <= bindparam("at"),
        duty.c.ends_at > bindparam("at"),
    )
    .distinct()
    .order_by(duty.c.officer)
)
_reachable = (
    select(contacts)
    .where(contacts.c.officer == bindparam("name"), contacts.c.enabled)
    .order_by(contacts.c.position, contacts.c.id)
)


@dataclass(frozen=True)
class Contact:
    """One way to reach an officer."""

    id: str
    officer: str
    channel: str
    address: str
    position: int


class Roster(Protocol):
    """Answers who is on duty."""

    def on_duty(self, connection: Connection, roles: Collection[str], at: datetime) -> dict[str, tuple[str, ...]]:
        """Each of the roles → its officers at an instant, in name order."""
        ...


class DutyTable:
    """The simple roster: who is on, from when to when (half-open)."""

    def on_duty(self, connection: Connection, roles: Collection[str], at: datetime) -> dict[str, tuple[str, ...]]:
        rows = connection.execute(_on_duty, {"roles": list(roles), "at": at}).all()
        return {role: tuple(row.officer for row in rows if row.role == role) for role in roles}


def reachable(connection: Connection, officer: str) -> list[Contact]:
    """The officer's enabled contacts, first to be tried first."""
    rows = connection.execute(_reachable, {"name": officer})
    return [Contact(r.id, r.officer, r.channel, r.address, r.position) for r in rows]


def languages(connection: Connection) -> dict[str, str]:
    """Officer → language."""
    return {row.name: row.language for row in connection.execute(select(officers))}


def officer_of(connection: Connection, channel: str, address: str) -> str | None:
    """Whose address it is, enabled or not: who may answer is not who may be paged."""
    found: str | None = connection.execute(
        select(contacts.c.officer).where(contacts.c.channel == channel, contacts.c.address == address)
    ).scalar_one_or_none()
    return found


def set_enabled(connection: Connection, channel: str, address: str, *, enabled: bool) -> bool:
    """Enable or disable a contact; False when there is none."""
    done = connection.execute(
        update(contacts).where(contacts.c.channel == channel, contacts.c.address == address).values(enabled=enabled)
    )
    return done.rowcount == 1
