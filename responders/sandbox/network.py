"""The network itself: it takes texts, delivers them to phones, reports on them, and carries replies back."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

from yarl import URL

from responders.sandbox import faults, numbers
from responders.sandbox.errors import Refusal
from responders.sandbox.faults import Behaviour
from responders.sandbox.keywords import OptOuts
from responders.sandbox.messages import LONGEST, NETWORK, Message
from responders.sandbox.news import News
from responders.sandbox.phone import Phone, Reply
from responders.sandbox.server import Server
from responders.sandbox.webhooks import Tasks, Webhooks

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

_IDENTICAL, _DAY = 2, timedelta(hours=24)
# The provider's guidelines for mainland China say that the third identical text in 24 h is rejected, not
# with which code; "filtered by the carrier" is our reading.
_FILTERED = ("undelivered", 30007)


class SandboxNetwork:
    """A phone network that reaches nobody: in memory, on the clock it is given."""

    def __init__(
        self,
        clock: Callable[[], datetime],
        account_sid: str,
        auth_token: str,
        *,
        from_numbers: Iterable[str] = ("+12025550100",),
        messaging_services: Mapping[str, str] | None = None,
        inbound_url: str = "",
    ) -> None:
        self._clock = clock
        self.account_sid, self.auth_token = account_sid, auth_token
        self.from_numbers = frozenset(from_numbers)
        self.messaging_services = dict(messaging_services or {})
        self.inbound_url = inbound_url
        self.news = News()
        self.messages: list[Message] = []
        self.phones: dict[str, Phone] = {}
        self.hanging = 0  # requests left without an answer so far, on purpose
        self.webhooks = Webhooks(auth_token)
        self._by_sid: dict[str, Message] = {}
        self._behaviours: dict[str | None, Behaviour] = {}
        self._held: list[tuple[Message, str]] = []
        self._opt_outs = OptOuts()
        self._tasks = Tasks()
        self._server = Server(self)

    # -- for tests, drills and the command line

    async def start(self, port: int = 0, host: str = "127.0.0.1") -> str:
        """Listen; returns the base URL to put into `twilio.api_base`."""
        return await self._server.start(host, port)

    async def stop(self) -> None:
        """Stop listening, end what hangs on purpose, drop what was still to be reported."""
        await self._server.stop()
        await self._tasks.close()
        await self.webhooks.close()

    async def __aenter__(self) -> SandboxNetwork:
        await self.start()
        return self

    async def __aexit__(self, *exception: object) -> None:
        await self.stop()

    @property
    def base_url(self) -> str:
        """Where it listens."""
        return self._server.base_url

    @property
    def page_token(self) -> str:
        """The secret of this process that the page's own posts carry."""
        return self._server.page_token

    def phone(self, number: str) -> Phone:
        """The phone with this number; it comes into being when first spoken of."""
        return self.phones.setdefault(number, Phone(self, number))

    def register(self, number: str, name: str) -> Phone:
        """Say whose phone it is: the page shows the name, and the phone also before its first text."""
        phone = self.phone(number)
        phone.name = name
        self._changed(phone)
        return phone

    def behaviour(
        self,
        number: str | None = None,
        mode: str = faults.NORMAL,
        *,
        callbacks: str = faults.NORMAL,
        asking: str = faults.NORMAL,
        times: int | None = None,
        retry_after: int = 1,
    ) -> None:
        """Set how texts to a number (None: to all without a setting of their own) fare from now on; see
        `faults`.
        """
        self._behaviours[number] = Behaviour(mode, callbacks, asking, times, retry_after)
        if number is not None:
            self._changed(self.phone(number))

    def behaviour_of(self, number: str | None) -> Behaviour:
        """What is set for a number, without using it up."""
        for key in (number, None):
            found = self._behaviours.get(key)
            if found is not None and found.times != 0:
                return found
        return Behaviour()

    async def release_callbacks(self) -> None:
        """Send the receipts that `callbacks="late"` has held back, and wait until they are answered."""
        held, self._held = self._held, []
        for message, status in held:
            await self.webhooks.post(message.status_callback, message.receipt(status))
        self.news.tell()

    async def callbacks_done(self) -> None:
        """Wait until every receipt that is under way has been answered."""
        await self._tasks.idle()

    def assert_no_unexpected(self) -> None:
        """The strict close of a test: no phone has a text that was not waited for."""
        left = [f"  {p.number} {p.name}: {m.body}" for p in self.phones.values() for m in p.unexpected()]
        if left:
            message = "unexpected texts:\n" + "\n".join(left)
            raise AssertionError(message)

    # -- for the HTTP API

    def check(self, to: str, sender: str, body: str, status_callback: str) -> None:
        """Refuse what the real network refuses, in the order in which it looks."""
        if not to:
            raise Refusal(21604)
        if code := numbers.refused(to):
            raise Refusal(code, to)
        if sender not in self.from_numbers:
            raise Refusal(21606, sender)
        if not body.strip():
            raise Refusal(21602)
        if len(body) > LONGEST:
            raise Refusal(21617)
        if status_callback and not _is_web_address(status_callback):
            raise Refusal(21609, status_callback)
        if self._opt_outs.stopped(to, sender):
            raise Refusal(21610, to)

    def accept(self, message: Message, behaviour: Behaviour) -> None:
        """Take a text: it reaches the phone (or not) at once, and is reported on in the background."""
        final, message.error_code = faults.NOT_DELIVERED.get(behaviour.mode, ("delivered", None))
        if final == "delivered" and numbers.mainland(message.to) and self._identical(message) >= _IDENTICAL:
            final, message.error_code = _FILTERED
        message.status = final
        self._keep(self.phone(message.to), message)
        if not message.status_callback:
            return
        statuses = faults.receipts(behaviour.callbacks, final)
        if behaviour.callbacks == "late":
            self._held += [(message, status) for status in statuses]
        elif statuses:
            forged = behaviour.callbacks == "forged"
            self._tasks.start(asyncio.ensure_future(self._report(message, statuses, forged=forged)))

    def find(self, sid: str) -> Message | None:
        """The text with this id."""
        return self._by_sid.get(sid)

    def now(self) -> datetime:
        """The time by the clock it was given."""
        return self._clock()

    # -- for the phones

    async def inbound(
        self, phone: Phone, to: str, body: str, *, again: Message | None = None, forged: bool = False
    ) -> Reply:
        """Carry a reply to the product's webhook, and its answers (TwiML) back to the phone."""
        message = again or self._message(phone.number, to, body, "inbound", "received")
        said = None
        if again is None:
            self._keep(phone, message)
            said = self._opt_outs.read(phone.number, to, body)
        if said:
            self._keep(phone, self._message(to, phone.number, said, NETWORK, "delivered"))
        if not self.inbound_url:
            return Reply(message, None, [])
        answer = await self.webhooks.post(self.inbound_url, message.webhook(), forged=forged)
        answers = []
        if not self._opt_outs.stopped(phone.number, to):
            answers = [self._message(to, phone.number, t, "outbound-reply", "delivered") for t in answer.texts]
        for text in answers:
            self._keep(phone, text)
        return Reply(message, answer.status, answers)

    def _message(self, sender: str, to: str, body: str, direction: str, status: str) -> Message:
        return Message(self.account_sid, sender, to, body, direction, self._clock(), status)

    def _keep(self, phone: Phone, message: Message) -> None:
        self.messages.append(message)
        self._by_sid[message.sid] = message
        phone.thread.append(message)
        self._changed(phone)

    def _changed(self, phone: Phone) -> None:
        phone.version += 1
        self.news.tell()

    def _identical(self, message: Message) -> int:
        since = message.created - _DAY
        thread = self.phone(message.to).thread
        return sum(m.arrived and m.body == message.body and m.created > since for m in thread)

    async def _report(self, message: Message, statuses: list[str], *, forged: bool) -> None:
        for status in statuses:
            await self.webhooks.post(message.status_callback, message.receipt(status), forged=forged)
        self.news.tell()


def _is_web_address(url: str) -> bool:
    try:
        parsed = URL(url)
    except ValueError:
        return False
    return parsed.scheme in {"http", "https"} and bool(parsed.host)
