"""One message of a fact topic: decoded, applied, and noted for the flusher. Nothing here waits."""

from __future__ import annotations

import asyncio
import logging
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from rules import alerts, decoding, facts
from rules.entries import Record
from rules.in_force import UnknownLibrary
from streams import dead_letters, reasons, topics
from streams.flusher import NewRecord

if TYPE_CHECKING:
    from collections.abc import Mapping

    from faust.types import EventT, StreamT
    from faust.types import Message as Carried

    from rules.alerts import Words
    from rules.entries import Outcome, States
    from rules.facts import Message
    from streams.commits import Committed
    from streams.counters import Counters
    from streams.flusher import Flusher
    from streams.settings import StreamSettings
    from streams.table import EntryTable

logger = logging.getLogger(__name__)

FORWARDED = "fenghuo-forwarded"
"""Header of a fact that was sent on to its own partition; its value says from where."""
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Applies(Protocol):
    """The engine, as the streams know it."""

    def apply(self, states: States, record: Record, message: Message) -> Outcome:
        """What a message does to the state, and what it causes."""
        ...


class Intake:
    """What an agent does with each event."""

    def __init__(
        self,
        settings: StreamSettings,
        engine: Applies,
        table: EntryTable,
        flusher: Flusher,
        committed: Committed,
        counters: Counters,
        topic_ids: Mapping[str, str],
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._table = table
        self._flusher = flusher
        self._committed = committed.offsets
        self._counters = counters
        self._topic_ids = topic_ids
        self._homes: dict[bytes, int] = {}
        self._now = asyncio.get_running_loop().time

    def take(self, stream: StreamT[Any], event: EventT[Any]) -> None:
        """Apply one message and note it. Raises nothing for what a message says."""
        message = event.message
        topic, partition = message.topic, message.partition
        place = (topic, partition)
        counters = self._counters
        counters.read[topic] += 1
        counters.last_event[place] = self._now()
        record = Record(
            topic,
            self._topic_ids[topic],
            partition,
            message.offset,
            _EPOCH + timedelta(milliseconds=round(message.timestamp * 1000)),
            self._committed.get(place, 0),
        )
        self._apply(record, message)
        self._flusher.done(stream, event)

    def _apply(self, record: Record, message: Carried) -> None:
        try:
            fact = decoding.decode(message.value or b"", max_bytes=self._settings.max_fact_bytes)
        except decoding.BadFact as bad:
            self._bury(record, message, "bad_fact", bad.explain)
            return
        if isinstance(fact, facts.Fact):
            if fact.topic != record.topic:
                self._bury(record, message, "wrong_topic", reasons.wrong_topic(fact.kind, record.topic, fact.topic))
                return
            if not self._at_home(record, message.key, fact.county):
                self._forward(record, message, fact)
                return
        try:
            outcome = self._engine.apply(self._table, record, fact)
        except UnknownLibrary:
            raise  # what comes after it cannot be judged: the worker ends here, and nothing is passed over
        except Exception as failed:
            logger.exception("engine: %s/%s/%s", record.topic, record.partition, record.offset)
            self._bury(record, message, "engine_error", reasons.engine_failed(failed))
            return
        if outcome.rejected is not None:
            reason, explain = outcome.rejected
            # A running drill's own mistake stays behind its wall; who sends for a drill that is none is heard outside.
            exercise = fact.exercise if isinstance(fact, facts.Fact) and reason != "unknown_drill" else None
            self._bury(record, message, reason, explain, exercise)
        for name, entry in outcome.entries.items():
            self._flusher.change(name, entry, record.partition)
        for alert in outcome.alerts:
            self._alert(alert)

    def _at_home(self, record: Record, key: bytes | None, county: str) -> bool:
        if key is None or key != county.encode():
            return False
        home = self._homes.get(key)
        if home is None:
            home = self._homes[key] = topics.home_partition(county, self._settings.partitions)
        return home == record.partition

    def _forward(self, record: Record, message: Carried, fact: facts.AnyFact) -> None:
        home = topics.home_partition(fact.county, self._settings.partitions)
        come_from = _header(message.headers, FORWARDED)
        if come_from is not None:
            explain = reasons.misrouted(message.key, record.partition, come_from, fact.county, home)
            self._bury(record, message, "misrouted", explain)
            return
        raw = message.value or b""
        came = f"{record.topic}/{record.partition}/{record.offset}".encode()
        self._flusher.send(NewRecord(record.topic, topics.county_key(fact.county), raw, home, ((FORWARDED, came),)))
        self._counters.forwarded[record.topic, self._counters.of(fact.source)] += 1

    def _bury(self, record: Record, message: Carried, reason: str, explain: Words, exercise: str | None = None) -> None:
        dead = dead_letters.letter(
            record,
            message.key,
            message.value or b"",
            reason=reason,
            explain=explain,
            limit=self._settings.max_fact_bytes,
            of=dead_letters.sent_again(_header(message.headers, dead_letters.HEADER)),
        )
        home = topics.county_key(dead.county) if dead.county else None
        self._flusher.send(NewRecord(topics.DEAD_LETTERS, home, dead_letters.encode(dead)))
        name, entry, aloud = dead_letters.notice(self._table, record, dead, self._settings.county, exercise)
        self._flusher.change(name, entry, record.partition)
        for alert in aloud:
            self._alert(alert)
        self._counters.dead[record.topic, self._counters.of(dead.source), reason] += 1
        if aloud:
            logger.warning(
                "dead letter: %s/%s/%s source=%s reason=%s: %s",
                record.topic, record.partition, record.offset, dead.source, reason, explain.en,
            )  # fmt: skip

    def _alert(self, alert: alerts.Alert) -> None:
        self._flusher.send(NewRecord(topics.ALERTS, topics.county_key(alert.county), alerts.encode(alert)))
        self._counters.alerts += 1


def _header(headers: object, name: str) -> bytes | None:
    """Faust gives headers as a list of pairs, or as a mapping."""
    if not headers:
        return None
    pairs = headers.items() if isinstance(headers, dict) else headers
    for one, value in pairs:  # type: ignore[attr-defined]
        if one == name:
            return bytes(value)
    return None
