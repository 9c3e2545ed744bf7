"""A roster file brought into the store; the same file again changes nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from responders.roster_file import RosterFile, Standing, read
from responders.schema import contacts, duty, officers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy.engine import Connection


@dataclass(frozen=True)
class Imported:
    """What an import changed."""

    officers: int
    contacts: int
    contacts_removed: int
    duties: int


def bring(connection: Connection, path: Path, roles: Iterable[str] = ()) -> tuple[RosterFile, Imported]:
    """Read, judge and load a file, all against the roster as it stands now. Raises `BadFiles`, and then nothing.

    `roles` are those of the site; empty: any.
    """
    found = read(path, standing(connection, roles))
    return found, load(connection, found)


def standing(connection: Connection, roles: Iterable[str] = ()) -> Standing:
    """What a file is judged against."""
    names = frozenset(connection.execute(select(officers.c.name)).scalars())
    rows = connection.execute(select(contacts.c.channel, contacts.c.address, contacts.c.officer))
    return Standing(names, {(row.channel, row.address): row.officer for row in rows}, frozenset(roles))


def load(connection: Connection, roster: RosterFile) -> Imported:
    """Bring the roster into the store: officers by name, an officer's contacts as the file says, duties added.

    Whoever is not in the file stays as he is.
    """
    _make_way(connection, roster)
    for name, language in roster.officers.items():
        done = connection.execute(update(officers).where(officers.c.name == name).values(language=language))
        if done.rowcount == 0:
            connection.execute(insert(officers).values(name=name, language=language))
    wanted = {row["id"] for row in roster.contacts}
    gone = connection.execute(
        delete(contacts).where(contacts.c.officer.in_(roster.officers), contacts.c.id.not_in(wanted))
    )
    for row in roster.contacts:
        done = connection.execute(update(contacts).where(contacts.c.id == row["id"]).values(row))
        if done.rowcount == 0:
            connection.execute(insert(contacts).values(row))
    known = set(connection.execute(select(duty.c.id)).scalars())
    fresh = [row for row in roster.duties if row["id"] not in known]
    if fresh:
        connection.execute(insert(duty), fresh)
    return Imported(len(roster.officers), len(roster.contacts), gone.rowcount, len(fresh))


def retire(connection: Connection, officer: str, now: datetime) -> bool:
    """Somebody has left: his phones are gone, his duties end now. What he did and when he was on duty stays on record.

    False: nobody of the roster has that name.
    """
    if not connection.execute(select(func.count()).where(officers.c.name == officer)).scalar_one():
        return False
    his = duty.c.officer == officer
    connection.execute(delete(contacts).where(contacts.c.officer == officer))
    connection.execute(delete(duty).where(his, duty.c.starts_at >= now))
    connection.execute(update(duty).where(his, duty.c.ends_at > now).values(ends_at=now))
    return True


def _make_way(connection: Connection, roster: RosterFile) -> None:
    """An address that moves between officers of the file: the old row makes way."""
    for row in roster.contacts:
        connection.execute(
            delete(contacts).where(
                contacts.c.channel == row["channel"],
                contacts.c.address == row["address"],
                contacts.c.officer != row["officer"],
                contacts.c.officer.in_(roster.officers),
            )
        )
