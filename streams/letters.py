"""Dead letters from the command line: listing them, and sending them again once the cause is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from rules.alerts import Words
from streams import dead_letters, topics
from streams.dead_letters import DeadLetter, SentAgain
from streams.finished import finished
from streams.reading import read_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from uuid import UUID

    from streams.producing import Producer
    from streams.settings import StreamSettings


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter as it came last, and whether it was sent again."""

    letter: DeadLetter
    sent_again: SentAgain | None = None
    """When it was, and has not come back since."""
    came_back: int = 0
    """How often it was sent again in vain: its cause is not mended."""


class Resent(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one letter of a selection."""

    id: UUID
    action: str
    """`applied`, `came_back`, `sent` (no worker has read it yet), `already_sent`, `truncated` or `not_found`."""
    partition: int | None = None
    offset: int | None = None
    explain: Words | None = None
    """Why it came back."""


async def list_dead_letters(settings: StreamSettings) -> list[Listed]:
    """All dead letters, each once, oldest first."""
    letters: dict[UUID, list[DeadLetter]] = {}
    marks: dict[UUID, list[SentAgain]] = {}
    async for record in read_topic(settings, topics.DEAD_LETTERS):
        try:
            found = dead_letters.decode(record.value or b"")
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # not ours: nobody else is meant to write here, but a stranger must not hide the rest
        if isinstance(found, SentAgain):
            marks.setdefault(found.id, []).append(found)
        else:
            letters.setdefault(found.id, []).append(found)
    listed = [_listed(came, marks.get(name, [])) for name, came in letters.items()]
    return sorted(listed, key=lambda one: _age(one.letter))


def _listed(came: list[DeadLetter], marks: list[SentAgain]) -> Listed:
    """Of one letter all that was written: each time it came, and each time it was sent again."""
    by_origin = {_age(one): one for one in came}
    first, *back = [by_origin[age] for age in sorted(by_origin)]
    returned = {(one.origin.partition, one.origin.offset) for one in back}
    away = [mark for mark in marks if (mark.partition, mark.offset) not in returned]
    return Listed(letter=(back or [first])[-1], sent_again=away[-1] if away else None, came_back=len(back))


def _age(letter: DeadLetter) -> tuple[Any, ...]:
    return (letter.appended_at, *msgspec.structs.astuple(letter.origin))


async def send_again(
    settings: StreamSettings,
    producer: Producer,
    selection: Iterable[UUID],
    clock: Callable[[], datetime],
    *,
    within: float = 0,
) -> list[Resent]:
    """Append the bodies of these letters to the topics they came from, each at most once unless it came back.

    With `within` (seconds) the workers are given that long to finish them, and the answer says what became of each.
    Killed between the body and its mark, the body is sent a second time at the next try: its identity makes it once.
    """
    known = {one.letter.id: one for one in await list_dead_letters(settings)}
    told = []
    for wanted in dict.fromkeys(selection):
        listed = known.get(wanted)
        if listed is None:
            told.append(Resent(id=wanted, action="not_found"))
        elif listed.sent_again is not None:
            done = listed.sent_again
            told.append(Resent(id=wanted, action="already_sent", partition=done.partition, offset=done.offset))
        elif listed.letter.truncated:
            told.append(Resent(id=wanted, action="truncated"))
        else:
            told.append(await _send(producer, listed.letter, clock))
    return await _outcome(settings, told, known, within) if within else told


async def _outcome(
    settings: StreamSettings, told: list[Resent], known: dict[UUID, Listed], within: float
) -> list[Resent]:
    """`sent` becomes `applied` or `came_back`, where the workers have finished it: a letter is durable before that."""
    offsets: dict[tuple[str, int], int] = {}
    for one in told:
        if one.action == "sent" and one.partition is not None and one.offset is not None:
            place = (known[one.id].letter.origin.topic, one.partition)
            offsets[place] = max(offsets.get(place, 0), one.offset)
    done = await finished(settings, offsets, within) if offsets else set()
    now = {one.letter.id: one for one in await list_dead_letters(settings)} if done else {}

    def became(one: Resent) -> Resent:
        if one.action != "sent" or (known[one.id].letter.origin.topic, one.partition) not in done:
            return one
        if now[one.id].sent_again is not None:
            return msgspec.structs.replace(one, action="applied")
        return msgspec.structs.replace(one, action="came_back", explain=now[one.id].letter.explain)

    return [became(one) for one in told]


async def _send(producer: Producer, letter: DeadLetter, clock: Callable[[], datetime]) -> Resent:
    key = topics.county_key(letter.county) if letter.county else letter.key
    header = (dead_letters.HEADER, str(letter.id).encode())
    partition, offset = await producer.append(letter.origin.topic, key, letter.raw, (header,))
    mark = SentAgain(id=letter.id, partition=partition, offset=offset, at=clock())
    home = topics.county_key(letter.county) if letter.county else None
    await producer.append(topics.DEAD_LETTERS, home, dead_letters.encode(mark))
    return Resent(id=letter.id, action="sent", partition=partition, offset=offset)
