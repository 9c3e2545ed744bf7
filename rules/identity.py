"""Names that make at-least-once into once: UUIDv5 over a canonical JSON array.

Every part is text, a whole number, a truth value or an aware instant. An instant is written as UTC with six digits of a
second, so that one moment has one name whatever zone its reporter wrote it in.
"""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha1
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

Part = str | int | bool | datetime | None

NAMESPACE = UUID("7b0f2a52-53c0-5d5e-9a1f-330723000000")
"""The namespace of every name of Fenghuo, fixed for ever: another would give every stored thing another name."""

_encode = msgspec.json.Encoder().encode


def name(kind: str, parts: Iterable[Part]) -> UUID:
    """The UUIDv5 of `[kind, *parts]`."""
    array = [kind, *(utc_micros(p) if isinstance(p, datetime) else p for p in parts)]
    # uuid.uuid5 would encode text a second time and costs twice as much; this is what RFC 9562, 5.5 says
    digest = sha1(NAMESPACE.bytes + _encode(array), usedforsecurity=False).digest()
    return UUID(bytes=digest[:16], version=5)


def utc_micros(instant: datetime) -> str:
    """`2026-08-26T16:09:13.000000Z`. Raises `ValueError` for a time without an offset."""
    if instant.tzinfo is None:
        message = f"time: got {instant.isoformat()}, expected a time with its offset from UTC"
        raise ValueError(message)
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
