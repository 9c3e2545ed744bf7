"""Dead letters: what could not be applied, kept with its reason and its origin, and said aloud once an hour."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec

from rules import entries, identity
from rules.alerts import Alert, Words, pipeline_fault

if TYPE_CHECKING:
    from rules.entries import Entry, Record
    from streams.table import EntryTable

LOUD_EVERY = timedelta(hours=1)
MAX_RAW = 512 * 1024
"""A longer body is kept to this length: the letter must fit where its origin fitted."""
MAX_EXPLAIN = 4000
MAX_TOLD = 120
"""So much of the reason is told in a text."""
MAX_NOTICES = 200
"""Sources remembered per partition: a feeder that invents sources must not fill the table."""
SENT_AGAIN = "sent_again"
HEADER = "fenghuo-dead-letter"
"""Header of a message that was sent again: the id of its letter."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Where the message stands that this is the dead letter of."""

    topic: str
    topic_id: str
    partition: int
    offset: int


class DeadLetter(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="dead_letter"):
    """One message that could not be applied. `raw` is base64 in JSON."""

    id: UUID
    reason: str
    """One word for machines: `bad_fact`, `conflict`, `future` …"""
    explain: Words
    origin: Origin
    appended_at: datetime
    raw: bytes
    key: bytes | None
    size: int
    sha256: str
    truncated: bool = False
    source: str | None = None
    county: str | None = None


class SentAgain(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag=SENT_AGAIN):
    """Follows a dead letter once its body was appended to its topic again."""

    id: UUID
    partition: int
    offset: int
    at: datetime


class _Hint(msgspec.Struct):
    """What an unreadable fact may still say of itself."""

    source: str | None = None
    county: str | None = None


_hint = msgspec.json.Decoder(_Hint)
_COUNTY = re.compile("[0-9]{6}")
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(DeadLetter | SentAgain)


def encode(letter: DeadLetter | SentAgain) -> bytes:
    """The value on topic `dead-letters`."""
    return _encode(letter)


def decode(raw: bytes) -> DeadLetter | SentAgain:
    """Raises `msgspec.ValidationError` or `msgspec.DecodeError`."""
    found: DeadLetter | SentAgain = _decode.decode(raw)
    return found


def hint(raw: bytes, limit: int) -> tuple[str | None, str | None]:
    """Source and county, as far as they can be read."""
    if len(raw) > limit:
        return None, None
    try:
        said = _hint.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError, ValueError, RecursionError):
        return None, None
    # A terminal or a phone will show it.
    source = "".join(c if c.isprintable() else "\ufffd" for c in said.source[:200]) if said.source else None
    county = said.county if said.county and _COUNTY.fullmatch(said.county) else None
    return source, county


def sent_again(header: bytes | None) -> UUID | None:
    """Of which letter a message is the body, as its header says."""
    try:
        return UUID((header or b"").decode())
    except ValueError:
        return None


def letter(
    record: Record, key: bytes | None, raw: bytes, *, reason: str, explain: Words, limit: int, of: UUID | None = None
) -> DeadLetter:
    """The dead letter of a message. Its id is made of its origin: written twice, it is one.

    The body of a letter that was sent again and comes back stays that letter, `of`.
    """
    source, county = hint(raw, limit)
    return DeadLetter(
        id=of or identity.name("dead-letter", (record.topic, record.topic_id, record.partition, record.offset)),
        reason=reason,
        explain=_cut(explain, MAX_EXPLAIN),
        origin=Origin(topic=record.topic, topic_id=record.topic_id, partition=record.partition, offset=record.offset),
        appended_at=record.appended_at,
        raw=raw[:MAX_RAW],
        key=None if key is None else key[:1024],
        size=len(raw),
        sha256=hashlib.sha256(raw).hexdigest(),
        truncated=len(raw) > MAX_RAW,
        source=source,
        county=county,
    )


def _cut(said: Words, limit: int) -> Words:
    return Words(zh=said.zh[:limit], en=said.en[:limit])


class Notice(msgspec.Struct, frozen=True):
    """What an entry of the table remembers of a source and reason: when it was last said aloud."""

    said: datetime


def notice(
    table: EntryTable, record: Record, dead: DeadLetter, county: str, exercise: str | None = None
) -> tuple[str, Entry, list[Alert]]:
    """The entry to write and the alerts to send: the first letter of a source and reason, then at most one an hour.

    All reasons of a source are one incident.
    With `exercise` it is the fault of a running drill, and stays behind its wall.
    The entry remembers what it applied and caused as every other does, so a message read again says the same again.
    """
    key = _key(table, record, dead, exercise)
    before = table.get(key)
    if before is not None and before.seen(record):
        return key, before, before.caused_by(record)
    last = None if before is None else msgspec.convert(before.state, Notice).said
    alerts: list[Alert] = []
    if last is None or record.appended_at - last >= LOUD_EVERY:
        last = record.appended_at
        alerts = [_alert(dead, county, exercise)]
    state = msgspec.to_builtins(Notice(last))
    return key, entries.after(before, record, exercise=exercise, due=None, state=state, alerts=alerts), alerts


def _key(table: EntryTable, record: Record, dead: DeadLetter, exercise: str | None) -> str:
    def key(source: str) -> str:
        names = ["dead-letters", record.topic, str(record.partition), source, dead.reason]
        return _encode([*names, exercise] if exercise else names).decode()

    own = key(dead.source or "")
    if table.get(own) is None:
        known = sum(other.startswith('["dead-letters"') for other in table.here(record))
        if known >= MAX_NOTICES:
            return key("*")
    return own


def _alert(dead: DeadLetter, county: str, exercise: str | None) -> Alert:
    who = dead.source or dead.origin.topic
    why = _cut(dead.explain, MAX_TOLD)
    fault = pipeline_fault(
        county=county,
        part="dead-letters",
        subject=f"{who}/{dead.reason}",
        at=dead.appended_at,
        explain=Words(
            zh=f"来自 {who} 的数据无法采用：{why.zh}。已留存，见 fenghuo dead-letters list",
            en=f"Data from {who} cannot be used: {why.en}. Kept: fenghuo dead-letters list",
        ),
        source=dead.source or "",
        exercise=exercise,
    )
    return msgspec.structs.replace(fault, place=f"{county}/dead-letters/{who}")
