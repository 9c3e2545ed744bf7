"""A phone: what it has received, what its owner replies, and what a test did not expect on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from responders.sandbox import numbers
from responders.sandbox.messages import NETWORK, Message

if TYPE_CHECKING:
    from responders.sandbox.network import SandboxNetwork


class CannotReply(Exception):
    """Nothing can come back from this phone: its region is one-way, or nobody has texted it yet."""


@dataclass(frozen=True)
class Reply:
    """An inbound text, the webhook's HTTP status (None: no answer), and the texts it answered with."""

    message: Message
    status: int | None
    answers: list[Message]


class Phone:
    """One number. `thread` is everything in order, as the page shows it; `texts` is what arrived here."""

    def __init__(self, network: SandboxNetwork, number: str, name: str = "") -> None:
        self._network = network
        self.number, self.name = number, name
        self.thread: list[Message] = []
        self.version = 0

    @property
    def texts(self) -> list[Message]:
        """The texts that arrived, in order, the network's own included."""
        return [message for message in self.thread if message.arrived]

    @property
    def two_way(self) -> bool:
        """Whether its owner can reply at all."""
        return numbers.two_way(self.number)

    async def receives(self, *containing: str, within: float = 5.0) -> Message:
        """Wait for a text that contains all of these and that no earlier call has taken; take it."""

        def look() -> Message | None:
            fresh = (text for text in self.texts if not text.claimed)
            return next((text for text in fresh if all(part in text.body for part in containing)), None)

        found = await self._network.news.until(look, within)
        if found is None:
            shown = (
                "\n".join(f"  {'(taken) ' if text.claimed else ''}{text.body}" for text in self.texts) or "  nothing"
            )
            message = f"{self.number}: no text containing {containing!r} within {within} s; on the phone:\n{shown}"
            raise AssertionError(message)
        found.claimed = True
        return found

    async def replies(
        self, body: str, *, to: str | None = None, again: Reply | None = None, forged: bool = False
    ) -> Reply:
        """Text back: to the number that last texted here. Returns when the webhook has answered.

        `again` delivers the same text a second time (a webhook repeated), `forged` signs it with another
        token.
        """
        if not self.two_way:
            message = f"{self.number}: nothing can come back from this number (one-way region)"
            raise CannotReply(message)
        sender = to or next((m.from_ for m in reversed(self.thread) if not m.inbound), None)
        if sender is None:
            message = f"{self.number}: nobody has texted it yet, so to whom?"
            raise CannotReply(message)
        return await self._network.inbound(self, sender, body, again=again.message if again else None, forged=forged)

    def unexpected(self) -> list[Message]:
        """Texts that arrived and that no `receives` has taken; what the network itself wrote does not
        count.
        """
        return [text for text in self.texts if not text.claimed and text.direction != NETWORK]
