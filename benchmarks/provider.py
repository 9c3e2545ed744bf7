"""The SMS provider as a process of its own: the sandbox phone network, telling each text as it takes it.

`python -m benchmarks.provider PORT` is that process; `Provider` starts it and listens.
"""

from __future__ import annotations

import asyncio
import json
import re
import sys
from contextlib import suppress
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, Self

from benchmarks.processes import end_with_parent
from infra import clock
from infra.sandbox import ACCOUNT, NUMBER, TOKEN
from responders.sandbox.network import SandboxNetwork
from tests.services.process import free_port

if TYPE_CHECKING:
    from collections.abc import Callable

_EVENT = re.compile(r"B\d{5}")


class Taken(NamedTuple):
    """A text that the provider has taken: when its request was read, and of which benchmark event it speaks."""

    at: datetime
    event: str | None


class Provider:
    """The provider's process. What it took is remembered here, also when it is killed and started again."""

    def __init__(self) -> None:
        self.port = free_port()
        self.taken: list[Taken] = []
        self._paged = 0
        self._more = asyncio.Event()
        self._process: asyncio.subprocess.Process | None = None
        self._listening: asyncio.Task[None] | None = None

    @property
    def base(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def start(self) -> None:
        """Start, and return when it listens."""
        self._process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "benchmarks.provider", str(self.port),
            stdout=asyncio.subprocess.PIPE, preexec_fn=end_with_parent,
        )  # fmt: skip
        assert self._process.stdout is not None
        await self._process.stdout.readline()
        self._listening = asyncio.ensure_future(self._listen(self._process.stdout))

    async def kill(self) -> None:
        """The provider is down."""
        if self._process is not None:
            with suppress(ProcessLookupError):
                self._process.kill()
            await self._process.wait()
            assert self._listening is not None
            await self._listening
            self._process = None

    def texts_of(self, event: str) -> list[Taken]:
        """The texts that speak of this event."""
        return [taken for taken in self.taken if taken.event == event]

    def paged(self) -> int:
        """How many texts speak of an event."""
        return self._paged

    async def until(self, true: Callable[[], bool], within: float) -> bool:
        """Wait until it is true of what was taken; False when that is not so in time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                while not true():
                    self._more.clear()
                    await self._more.wait()
        return true()

    async def has(self, event: str, within: float = 60.0) -> Taken:
        """The first text of this event."""
        if not await self.until(lambda: any(t.event == event for t in reversed(self.taken)), within):
            raise TimeoutError(f"no text of {event} within {within:g} s")
        return self.texts_of(event)[0]

    async def _listen(self, out: asyncio.StreamReader) -> None:
        while line := await out.readline():
            at, body = json.loads(line)
            found = _EVENT.search(body)
            self.taken.append(Taken(datetime.fromisoformat(at), found[0] if found else None))
            self._paged += found is not None
            self._more.set()


async def _serve(port: int) -> None:
    network = SandboxNetwork(clock.utc_now, ACCOUNT, TOKEN, from_numbers=(NUMBER,))
    await network.start(port)
    print("listening", flush=True)
    told = 0
    while True:
        fresh = await network.news.until(lambda seen=told: network.messages[seen:] or None, 3600.0)
        for message in fresh or []:
            print(json.dumps([message.created.isoformat(), message.body]))
        sys.stdout.flush()
        told += len(fresh or [])


if __name__ == "__main__":
    asyncio.run(_serve(int(sys.argv[1])))
