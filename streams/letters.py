"""Dead letters from the command line: listing them, and sending them again once the cause is mended."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from streams import dead_letters, topics
from streams.dead_letters import DeadLetter, SentAgain
from streams.reading import read_topic

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime
    from uuid import UUID

    from streams.producing import Producer
    from streams.settings import StreamSettings

SENT_AGAIN_HEADER = "fenghuo-dead-letter"
"""Header of a message that was sent again: the id of its letter."""


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """A dead letter, and whether it was sent again."""

    letter: DeadLetter
    sent_again: SentAgain | None = None


class Resent(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one letter of a selection."""

    id: UUID
    action: str
    """`sent`, `already_sent`, `truncated` or `not_found`."""
    partition: int | None = None
    offset: int | None = None


async def list_dead_letters(settings: StreamSettings) -> list[Listed]:
    """All dead letters, each once, oldest first."""
    letters: dict[UUID, DeadLetter] = {}
    marks: dict[UUID, SentAgain] = {}
    async for record in read_topic(settings, topics.DEAD_LETTERS):
        try:
            found = dead_letters.decode(record.value or b"")
        except (msgspec.DecodeError, UnicodeDecodeError):
            continue  # not ours: nobody else is meant to write here, but a stranger must not hide the rest
        if isinstance(found, SentAgain):
            marks.setdefault(found.id, found)
        else:
            letters.setdefault(found.id, found)
    listed = [Listed(letter=one, sent_again=marks.get(one.id)) for one in letters.values()]
    return sorted(listed, key=lambda one: (one.letter.appended_at, msgspec.structs.astuple(one.letter.origin)))


async def send_again(
    settings: StreamSettings, producer: Producer, selection: Iterable[UUID], clock: Callable[[], datetime]
) -> list[Resent]:
    """Append the bodies of these letters to the topics they came from, each at most once.

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
    return told


async def _send(producer: Producer, letter: DeadLetter, clock: Callable[[], datetime]) -> Resent:
    key = topics.county_key(letter.county) if letter.county else letter.key
    header = (SENT_AGAIN_HEADER, str(letter.id).encode())
    partition, offset = await producer.append(letter.origin.topic, key, letter.raw, (header,))
    mark = SentAgain(id=letter.id, partition=partition, offset=offset, at=clock())
    home = topics.county_key(letter.county) if letter.county else None
    await producer.append(topics.DEAD_LETTERS, home, dead_letters.encode(mark))
    return Resent(id=letter.id, action="sent", partition=partition, offset=offset)
