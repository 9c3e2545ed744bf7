"""The sandbox phone network on a loop of its own, so that a test can speak to phones one sentence after the other."""

from __future__ import annotations

import asyncio
import re
import threading
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from responders.sandbox import SandboxNetwork

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from responders.sandbox.messages import Message
    from responders.sandbox.phone import Reply

T = TypeVar("T")
ACCOUNT, TOKEN, OURS = "AC" + "2" * 32, "the token of the tests", "+12025550100"
PATIENCE = 25.0
"""A deadline, not a wait: how long a text may take on a busy machine."""


class Text:
    """A text that a phone has received."""

    def __init__(self, message: Message) -> None:
        self.body = message.body
        self.sid = message.sid

    @property
    def code(self) -> str:
        """The reply that acknowledges."""
        found = re.search(r"回复 (\S+) 签收", self.body)
        assert found, f"no reply code in {self.body!r}"
        return found[1]

    @property
    def yes(self) -> str:
        """The reply that approves."""
        found = re.search(r"回复“(\S+?)”或“", self.body)
        assert found, f"nothing to approve in {self.body!r}"
        return found[1]

    @property
    def proposal(self) -> int:
        """Which proposal it is."""
        found = re.search(r"请示(\d+)", self.body)
        assert found, f"no proposal in {self.body!r}"
        return int(found[1])

    @property
    def incident(self) -> int:
        """Which incident it is about."""
        found = re.search(r"事件(\d+)", self.body)
        assert found, f"no incident in {self.body!r}"
        return int(found[1])


class Phone:
    """An officer's phone."""

    def __init__(self, phones: Phones, number: str, name: str) -> None:
        self._phones = phones
        self.number, self.name = number, name
        self.code = ""

    def receives(self, *containing: str, within: float = PATIENCE) -> Text:
        """Waits for a text that contains all of these, and that nothing before has taken."""
        phone = self._phones.network.phone(self.number)
        text = Text(self._phones.do(phone.receives(*containing, within=within)))
        if "签收。" in text.body and "回复" in text.body:
            self.code = text.code
        return text

    def replies(self, body: str, *, repeated: bool = False, forged: bool = False) -> Reply:
        """Texts back; `repeated`: the network carries it twice. Returns when the webhook has answered."""
        phone = self._phones.network.phone(self.number)
        reply = self._phones.do(phone.replies(body, forged=forged))
        if repeated:
            self._phones.do(phone.replies(body, again=reply))
        return reply

    def acknowledges(self) -> None:
        """Replies with the code of the last text that asked for one, and is told that it was understood."""
        self.replies(self.code)
        self.receives("已由您签收")

    def texts(self, *containing: str) -> list[str]:
        """All that ever arrived and contains these."""
        received = self._phones.network.phone(self.number).texts
        return [text.body for text in received if all(part in text.body for part in containing)]


class Phones:
    """The network and its officers. Close it."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="phones", daemon=True)
        self._thread.start()
        self.network = SandboxNetwork(lambda: datetime.now(UTC), ACCOUNT, TOKEN, from_numbers=(OURS,))
        self.base_url = self.do(self.network.start())
        self._known: dict[str, Phone] = {}

    def do(self, work: Coroutine[Any, Any, T], within: float = 60.0) -> T:
        """Runs something on the network's loop."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(within)

    def call(self, work: Callable[[], T]) -> T:
        """Calls something on the network's loop."""

        async def called() -> T:
            return work()

        return self.do(called())

    def of(self, name: str, number: str) -> Phone:
        """An officer's phone."""
        if number not in self._known:
            self.call(lambda: self.network.register(number, name))
            self._known[number] = Phone(self, number, name)
        return self._known[number]

    def behave(self, number: str | None = None, mode: str = "normal", **more: Any) -> None:
        """How the provider treats texts from now on, to one number or to all."""
        self.call(lambda: self.network.behaviour(number, mode, **more))

    def well_again(self) -> None:
        """The provider treats every number as it should."""
        self.call(self.network._behaviours.clear)

    def unexpected(self) -> list[str]:
        """Texts that no test has waited for."""
        return self.call(
            lambda: [f"{p.number} {p.name}: {m.body}" for p in self.network.phones.values() for m in p.unexpected()]
        )

    def forget(self) -> None:
        """What is on the phones by now surprises nobody any more."""

        def claim() -> None:
            for phone in self.network.phones.values():
                for text in phone.texts:
                    text.claimed = True

        self.call(claim)

    def close(self) -> None:
        """Stops the network and its loop."""
        self.do(self.network.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
