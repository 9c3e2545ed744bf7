"""What a door lets in: a fact, decoded strictly, that is no exercise and no control message."""

from __future__ import annotations

from datetime import datetime

import msgspec

from rules import facts
from rules.facts import AnyFact, BadFact, Fact, FieldFault

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode


class NotAdmitted(BadFact):
    """A message that is well-formed, and that no source outside may send."""


def read_fact(raw: bytes) -> AnyFact:
    """The fact in `raw`. Raises `BadFact`, and `NotAdmitted` for what only Fenghuo itself sends."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        # msgspec does not look into fields it does not know, and these are kept
        wrong = f"byte {raw[error.start]:#04x} at {error.start}"
        raise BadFact([FieldFault("$", wrong, "text in UTF-8")]) from None
    message = facts.decode(raw)
    if not isinstance(message, Fact):
        kind = type(message).__struct_config__.tag
        raise NotAdmitted([FieldFault("$.kind", repr(kind), " | ".join(facts.KINDS))])
    if message.exercise is not None:
        expected = "no value: only `fenghuo drill` sends facts of an exercise"
        raise NotAdmitted([FieldFault("$.exercise", repr(message.exercise), expected)])
    return message


def stamped(fact: AnyFact, raw: bytes | None, now: datetime) -> bytes:
    """The record to send: as it came, `reported_at` added where it had none. `BadFact` if too long."""
    if raw is None:
        value = facts.encode(fact if fact.reported_at else msgspec.structs.replace(fact, reported_at=now))
    elif fact.reported_at is None:
        value = _encode(_fields.decode(raw) | {"reported_at": now})
    else:
        value = raw
    if len(value) > facts.MAX_BYTES:
        expected = f"at most {facts.MAX_BYTES} bytes, `reported_at` included"
        raise BadFact([FieldFault("$", f"{len(value)} bytes", expected)])
    return value
