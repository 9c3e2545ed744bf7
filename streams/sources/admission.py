"""What a door lets in: a fact, decoded strictly, that is no exercise and no control message."""

from __future__ import annotations

from datetime import datetime

import msgspec

from rules import decoding, expectations, facts
from rules.alerts import Words
from rules.decoding import BadFact, TooLong
from rules.expectations import choice
from rules.facts import AnyFact, Fact
from rules.fault import ROOT, fault

_fields = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.Encoder().encode

KIND = choice(facts.KINDS)
NO_EXERCISE = Words(
    zh="不填：演练数据只由 `fenghuo drill` 发送", en="no value: only `fenghuo drill` sends facts of an exercise"
)
AT_MOST = Words(
    zh=f"至多 {facts.MAX_BYTES} 字节，含 `reported_at`", en=f"at most {facts.MAX_BYTES} bytes, `reported_at` included"
)


class NotAdmitted(BadFact):
    """A message that is well-formed, and that no source outside may send."""


class NotUtf8(BadFact):
    """A message that is no text."""


def reason_of(bad: BadFact) -> str:
    """The word that a fact which is none is counted by."""
    if isinstance(bad, NotAdmitted):
        return "not-admitted"
    if isinstance(bad, NotUtf8):
        return "not-utf8"
    if isinstance(bad, TooLong):
        return "too-long"
    path = bad.faults[0].path
    return "not-json" if path == ROOT else f"field:{path.split('[')[0]}"


def read_fact(raw: bytes) -> AnyFact:
    """The fact in `raw`. Raises `BadFact`, and `NotAdmitted` for what only Fenghuo itself sends."""
    try:
        raw.decode()
    except UnicodeDecodeError as error:
        # msgspec does not look into fields it does not know, and these are kept
        raise NotUtf8([fault(ROOT, expectations.byte(raw, error.start), expectations.UTF8)]) from None
    message = decoding.decode(raw)
    if not isinstance(message, Fact):
        kind = type(message).__struct_config__.tag
        raise NotAdmitted([fault("kind", kind, KIND)])
    if message.exercise is not None:
        raise NotAdmitted([fault("exercise", message.exercise, NO_EXERCISE)])
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
        raise TooLong([fault(ROOT, expectations.size(len(value)), AT_MOST)])
    return value
