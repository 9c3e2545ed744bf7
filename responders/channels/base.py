"""What every channel is: it sends one text and says what came of it; some can be asked about it later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:
    from datetime import datetime

Status = Literal["accepted", "sent", "delivered", "undelivered", "failed"]
"""What has become of a text, in our words; `responders.channels.receipts` says how two of them combine."""

Of = Literal["recipient", "provider"]
"""Whose refusal it is: the recipient's (try the officer's next contact) or the provider's (hold, back off).
"""


@dataclass(frozen=True)
class OutgoingText:
    """One text to one number. `status_callback` carries the page's id, so a receipt alone can settle the
    page.
    """

    page_id: str
    to: str
    body: str
    status_callback: str


@dataclass(frozen=True)
class Accepted:
    """The provider has it. `status` may already be a final one when the answer comes from asking."""

    provider_id: str
    status: Status


@dataclass(frozen=True)
class Refused:
    """The provider certainly does not have it. `code` is the provider's own, `reason` is for people."""

    reason: str
    of: Of
    code: str
    retry_after: float | None = None


@dataclass(frozen=True)
class Uncertain:
    """The provider may or may not have it: ask before sending again."""

    reason: str


SendResult = Accepted | Refused | Uncertain


@dataclass(frozen=True)
class Capabilities:
    """What may be sent to a number, and whether anything can come back."""

    two_way: bool
    code_allowed: bool
    link_allowed: bool
    per_number_per_day: int | None
    identical_per_day: int | None = None


class CannotAsk(Exception):
    """The provider could not be asked: nothing is known about the text, neither sent nor not sent."""


class Channel(Protocol):
    """Sends texts by one provider. It never retries: when and whether to repeat is the pager's decision."""

    @property
    def name(self) -> str:
        """The channel's name in settings, contacts and the record."""
        ...

    def capabilities(self, number: str) -> Capabilities:
        """What this provider allows towards the number."""
        ...

    async def send(self, text: OutgoingText) -> SendResult:
        """Hand over one text, once."""
        ...

    async def aclose(self) -> None:
        """Give back the connections."""
        ...


@runtime_checkable
class Askable(Protocol):
    """A channel that can be asked whether it has a text."""

    async def find(self, to: str, body: str, created_after: datetime) -> Accepted | None:
        """The text with this recipient and exact body created since then; None: it was not sent.

        Raises CannotAsk when the provider gives no usable answer.
        """
        ...
