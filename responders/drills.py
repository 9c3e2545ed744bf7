"""Registered drills and their participants: the wall around an exercise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import msgspec
from sqlalchemy import insert, select, update

from responders.schema import drills, officers

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy.engine import Connection


class Drills(Protocol):
    """Who takes part in a running drill."""

    def participants(self, connection: Connection, exercise: str) -> frozenset[str] | None:
        """None: there is no such drill, or it has ended."""
        ...


class RegisteredDrills:
    """The drills of the store."""

    def participants(self, connection: Connection, exercise: str) -> frozenset[str] | None:
        found = connection.execute(
            select(drills.c.participants).where(drills.c.id == exercise, drills.c.ended_at.is_(None))
        ).scalar_one_or_none()
        return None if found is None else frozenset(msgspec.json.decode(found, type=list[str]))


def register(
    connection: Connection, exercise: str, title: str, participants: Iterable[str], at: datetime, ends_by: datetime
) -> None:
    """Start a drill that is over by `ends_by`, whatever becomes of the process that plays it.

    Raises ValueError for unknown participants or an id that has been used.
    """
    people = sorted(set(participants))
    known = set(connection.execute(select(officers.c.name).where(officers.c.name.in_(people))).scalars())
    if strangers := [name for name in people if name not in known]:
        raise ValueError(f"participants: got {strangers}, expected officers of the roster")
    if not people:
        raise ValueError("participants: got none, expected at least one officer")
    if connection.execute(select(drills.c.id).where(drills.c.id == exercise)).first():
        raise ValueError(f"exercise: got {exercise!r}, expected an id that no drill has had")
    connection.execute(
        insert(drills).values(
            id=exercise, title=title, started_at=at, ends_by=ends_by, participants=msgspec.json.encode(people).decode()
        )
    )


def overdue(connection: Connection, now: datetime) -> list[str]:
    """Drills that should be over and are not: whoever played them was killed."""
    query = select(drills.c.id).where(drills.c.ended_at.is_(None), drills.c.ends_by < now).order_by(drills.c.id)
    return list(connection.execute(query).scalars())


def has_ended(connection: Connection, exercise: str) -> bool:
    """Whether it is a drill of ours that is over."""
    query = select(drills.c.id).where(drills.c.id == exercise, drills.c.ended_at.is_not(None))
    return connection.execute(query).first() is not None


def mark_ended(connection: Connection, exercise: str, at: datetime) -> bool:
    """True when it was running. `acknowledgement.end_drill` also closes what it left open."""
    done = connection.execute(
        update(drills).where(drills.c.id == exercise, drills.c.ended_at.is_(None)).values(ended_at=at)
    )
    return done.rowcount == 1
