"""What is known of each phone before a text is sent there: stopped by its owner, or the last text lost."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from responders.channels.base import Refused
from responders.reach import Reach, reach
from responders.replies import keyword

if TYPE_CHECKING:
    from tests.responders.room import Room


def of(room: Room, number: str) -> Reach:
    with room.store.read() as connection:
        (found,) = [one for one in reach(connection) if one.address == number]
    return found


async def test_a_phone_that_has_had_no_text_is_not_known_to_be_lost(room: Room) -> None:
    wang, _ = room.usual()
    found = of(room, wang)
    assert (found.officer, found.stopped, found.lost, found.last_state) == ("王建国", False, False, None)


async def test_stop_is_known_from_the_text_itself_and_is_not_answered(room: Room) -> None:
    """The network has answered; a text of ours would be refused. START brings the phone back."""
    wang, _ = room.usual()
    await room.replies(wang, " Stop ")
    assert of(room, wang).stopped
    room.clock.now += timedelta(seconds=1)
    await room.replies(wang, "START")
    assert not of(room, wang).lost
    room.network.silent(wang)


async def test_stop_is_known_from_the_providers_refusal_too(room: Room) -> None:
    """Where its text never came to us. The first text that is delivered again says that it is over."""
    wang, _ = room.usual()
    room.network.answers = lambda text: (
        Refused("recipient has unsubscribed (STOP)", "recipient", "21610") if text.to == wang else None
    )
    await room.happens(room.alert())
    found = of(room, wang)
    assert (found.stopped, found.last_state) == (True, "refused")
    assert found.last_reason == "recipient has unsubscribed (STOP) (21610)"
    room.network.ignores("+12025550122")


@pytest.mark.parametrize(("code", "stopped"), [("21211", False), ("21610", True)])
async def test_the_last_text_counts_not_one_before(room: Room, code: str, stopped: bool) -> None:
    """A number that was wrong once and was mended is not held against it."""
    wang, li = room.usual()
    room.network.answers = lambda text: Refused("number", "recipient", code) if text.to == wang else None
    await room.happens(room.alert())
    assert (of(room, wang).lost, of(room, wang).stopped) == (True, stopped)
    room.network.ignores(li)
    room.network.answers = lambda _: None
    room.clock.now += timedelta(minutes=1)
    await room.happens(room.alert(place="b", subject="b1"))
    assert of(room, wang).last_state == "accepted"
    room.network.ignores(wang)
    room.network.ignores(li)


@pytest.mark.parametrize(
    ("body", "meant"),
    [("STOP", "stop"), (" stop\n", "stop"), ("Unsubscribe", "stop"), ("START", "start"), ("unstop", "start"),
     ("stop it", None), ("1", None), ("yes", None), ("", None)],
)  # fmt: skip
def test_only_a_text_that_is_nothing_but_the_word_is_one(body: str, meant: str | None) -> None:
    assert keyword(body) == meant
