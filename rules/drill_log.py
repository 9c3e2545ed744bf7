"""Drills as one partition of the log knows them: begun, ended, and everything of theirs cleared away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rules.entries import NOTHING, Caused, Entry, Outcome, Record, States, after

if TYPE_CHECKING:
    from rules.facts import DrillEnded, DrillStarted

_array = msgspec.json.Encoder()


class Drill(msgspec.Struct, array_like=True, frozen=True):
    """A drill as one partition knows it: from which offset to which it runs, and whose facts are its own."""

    source: str
    started: int
    ended: int | None


def start_drill(states: States, record: Record, message: DrillStarted) -> Outcome:
    key = drill_key(record, message.exercise)
    if drill_of(states.get(key), record) is not None:
        return NOTHING  # registered before: a drill's id is used once
    state = Drill(message.source, record.offset, None)
    return Outcome({key: after(None, record, exercise=None, due=None, state=state, alerts=[])}, [])


def end_drill(states: States, record: Record, message: DrillEnded) -> Outcome:
    key = drill_key(record, message.exercise)
    entry = states.get(key)
    drill = drill_of(entry, record)
    if drill is None or record.offset < drill.started:
        return NOTHING
    gone = list(states.of_exercise(record, message.exercise))
    if drill.ended is not None:  # read again: what could not be cleared away then is now
        return Outcome(dict.fromkeys(gone), [])
    state = Drill(drill.source, drill.started, record.offset)
    ended = after(entry, record, exercise=None, due=None, state=state, alerts=[])
    # alerts that may not have left yet are remembered here, once the entries that caused them are gone
    memories = [c for name in gone for c in _memories(states.get(name), record)]
    ended = msgspec.structs.replace(ended, caused=sorted(memories, key=lambda c: c.offset))
    return Outcome({key: ended, **dict.fromkeys(gone)}, [])  # the end first: no fact counts once state is gone


def drill_of(entry: Entry | None, record: Record) -> Drill | None:
    """The drill of an entry, unless it was registered in a topic that has since been made anew."""
    if entry is None or all(a.topic_id != record.topic_id for a in entry.applied):
        return None
    return entry.state if isinstance(entry.state, Drill) else msgspec.convert(entry.state, Drill)


def _memories(entry: Entry | None, record: Record) -> list[Caused]:
    """What the entry caused and a restarted worker may read again."""
    return [c for c in entry.caused if c.offset >= record.committed] if entry else []


def drill_key(record: Record, exercise: str) -> str:
    return _array.encode(["drill", record.topic, record.partition, exercise]).decode()
