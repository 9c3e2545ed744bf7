"""Accepted libraries, stored whole by their content hash, and which of them was activated when and by whom.

An activation is begun here, then told to every partition of the log, then marked as told. What was begun and not told
is told by whoever sees it next: a worker that starts, or the command that is given again.
"""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import func, insert, select, update

from responders.plan_schema import activations, libraries

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy.engine import Connection

_canonical = msgspec.json.Encoder(order="deterministic").encode
_texts = msgspec.json.Decoder(dict[str, str]).decode


class Activation(msgspec.Struct, frozen=True, kw_only=True):
    """From `at` on the library `content` was to be in force; at `told_at` every partition had been told."""

    number: int
    content: str
    at: datetime
    by: str
    told_at: datetime | None = None


def content_of(texts: Mapping[str, str]) -> str:
    """The hash of a site directory's texts (name within it → what it says): SHA-256 over canonical JSON, 64 hex."""
    return sha256(_canonical(texts)).hexdigest()


def accept(connection: Connection, texts: Mapping[str, str], now: datetime) -> str:
    """Store a library that has been checked; its hash. The same again changes nothing."""
    content = content_of(texts)
    if connection.execute(select(libraries.c.content).where(libraries.c.content == content)).first() is None:
        row = {"content": content, "texts": _canonical(texts).decode(), "accepted_at": now}
        connection.execute(insert(libraries).values(row))
    return content


def texts_of(connection: Connection, content: str) -> dict[str, str] | None:
    """The texts of an accepted library, or None."""
    found = connection.execute(select(libraries.c.texts).where(libraries.c.content == content)).scalar_one_or_none()
    return None if found is None else _texts(found)


def begin(connection: Connection, content: str, by: str, now: datetime, *, first: bool = False) -> Activation:
    """Record that a library comes into force; the activation. `first`: only where none ever was, else the present one.

    Raises `IntegrityError` where another was begun at the same moment: do it again.
    """
    present = in_force(connection)
    if first and present is not None:
        return present
    number = present.number + 1 if present else 1
    connection.execute(insert(activations).values(number=number, content=content, at=now, activated_by=by))
    return Activation(number=number, content=content, at=now, by=by)


def in_force(connection: Connection) -> Activation | None:
    """The last activation, or None where there never was one."""
    return next(iter(history(connection, limit=1)), None)


def last_number(connection: Connection) -> int:
    """The number of the last activation; 0: none."""
    return int(connection.execute(select(func.max(activations.c.number))).scalar_one() or 0)


def history(connection: Connection, *, limit: int | None = None) -> list[Activation]:
    """Every activation, the newest first."""
    rows = connection.execute(select(activations).order_by(activations.c.number.desc()).limit(limit))
    return [
        Activation(number=row.number, content=row.content, at=row.at, by=row.activated_by, told_at=row.told_at)
        for row in rows
    ]


def untold(connection: Connection) -> list[int]:
    """The activations of which not every partition is known to have been told."""
    query = select(activations.c.number).where(activations.c.told_at.is_(None)).order_by(activations.c.number)
    return list(connection.execute(query).scalars())


def told(connection: Connection, numbers: Sequence[int], now: datetime) -> None:
    """Every partition has been told of the last of these; what was begun before it is out of date."""
    waiting = activations.c.number.in_(numbers) & activations.c.told_at.is_(None)
    connection.execute(update(activations).where(waiting).values(told_at=now))
