"""Reply codes: the smallest free number of a phone, not used again for 7 days after its incident has closed."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select, update

from responders.schema import reply_codes

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.engine import Connection

REST = timedelta(days=7)
_REAL = range(1, 900)
_DRILL = range(901, 10_000)


def smallest_free(taken: Collection[int], *, exercise: bool) -> int | None:
    """Drills use codes of their own, from 901 up: a reply to one never meets the other. None: all are in use."""
    return next((code for code in (_DRILL if exercise else _REAL) if code not in taken), None)


def taken(connection: Connection, phone: str, now: datetime) -> set[int]:
    """The phone's codes that are in use, or have been too lately."""
    return set(
        connection.execute(
            select(reply_codes.c.code).where(
                reply_codes.c.phone == phone,
                or_(reply_codes.c.released_at.is_(None), reply_codes.c.released_at > now - REST),
            )
        ).scalars()
    )


def of_incident(connection: Connection, phone: str, incident: str) -> int | None:
    found: int | None = connection.execute(
        select(reply_codes.c.code).where(reply_codes.c.phone == phone, reply_codes.c.incident == incident)
    ).scalar_one_or_none()
    return found


def incident_of(connection: Connection, phone: str, code: int) -> str | None:
    """The incident that the phone's code stands for, or last stood for."""
    found: str | None = connection.execute(
        select(reply_codes.c.incident)
        .where(reply_codes.c.phone == phone, reply_codes.c.code == code)
        .order_by(reply_codes.c.released_at.is_(None).desc(), reply_codes.c.id.desc())
        .limit(1)
    ).scalar_one_or_none()
    return found


def release(connection: Connection, incident: str, at: datetime) -> None:
    """Free the codes of an incident that closes."""
    connection.execute(
        update(reply_codes)
        .where(reply_codes.c.incident == incident, reply_codes.c.released_at.is_(None))
        .values(released_at=at)
    )
