"""A process of the product that ends by SIGKILL at a named point. Run as a script, in place of `fenghuo run|worker|…`.

The point is named by the file `kill-at` in the working directory. Who reaches it takes the file away: it kills once.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.logs import configure_logging
from infra.processes import EVERYTHING, Parts, run
from infra.settings import load
from infra.wiring import Seams
from streams import topics

if TYPE_CHECKING:
    from responders.channels.base import Capabilities, Channel, OutgoingText, SendResult
    from responders.inbound import Inbound
    from rules.alerts import Alert
    from streams.app import WorkerApp
    from streams.delivery import Deliver

AFTER_STATE = "after state applied and before the alert left"
AFTER_ALERT = "after the alert and before the offset"
AFTER_INCIDENT = "after the incident row and before the page"
AFTER_SENDING = "after sending and before the provider is called"
AFTER_ANSWER = "after the provider's answer and before it is recorded"
IN_ACKNOWLEDGEMENT = "in the transaction of an acknowledgement"
AFTER_ACKNOWLEDGEMENT = "after an acknowledgement and before its webhook is answered"

ORDER = Path("kill-at")


def reached(point: str) -> None:
    """The process ends here if it is told to, and was not before."""
    if told_to(point):
        ORDER.unlink()
        os.kill(os.getpid(), signal.SIGKILL)


def told_to(point: str) -> bool:
    """Whether this is where it is to end."""
    return ORDER.exists() and ORDER.read_text(encoding="utf-8") == point


def _deliver(deliver: Deliver) -> Deliver:
    async def delivered(batch: list[Alert]) -> None:
        await deliver(batch)
        reached(AFTER_INCIDENT)

    return delivered


class _Channel:
    """A channel whose sender may die."""

    def __init__(self, channel: Channel) -> None:
        self.name = channel.name
        self._channel: Any = channel

    def capabilities(self, number: str) -> Capabilities:
        found: Capabilities = self._channel.capabilities(number)
        return found

    async def send(self, text: OutgoingText) -> SendResult:
        reached(AFTER_SENDING)
        answer: SendResult = await self._channel.send(text)
        reached(AFTER_ANSWER)
        return answer

    async def find(self, *asked: Any) -> Any:
        return await self._channel.find(*asked)

    async def aclose(self) -> None:
        await self._channel.aclose()


def _worker(app: WorkerApp) -> WorkerApp:
    """At its points when an alert is at stake, and not for a tick or an activation that is on its way as well."""
    flusher: Any = app.flusher
    table: Any = app.table
    append, acknowledge = table.append, flusher._acknowledge

    async def appended(partition: int, key: str) -> Any:
        future = await append(partition, key)
        entry = table.get(key)
        if told_to(AFTER_STATE) and entry is not None and entry.caused:
            await future  # the broker has the state; the alert is not on its way
            reached(AFTER_STATE)
        return future

    async def acknowledged(batch: Any, now: float) -> None:
        if any(record.topic == topics.ALERTS for record in batch.records):
            reached(AFTER_ALERT)
        await acknowledge(batch, now)

    table.append, flusher._acknowledge = appended, acknowledged
    return app


def _inbound(inbound: Inbound) -> Inbound:
    taking: Any = inbound
    take, within = taking.take, taking._take

    def taken(text: Any) -> str:
        outcome: str = take(text)
        reached(AFTER_ACKNOWLEDGEMENT)
        return outcome

    def taken_within(connection: Any, text: Any) -> str:
        outcome: str = within(connection, text)
        reached(IN_ACKNOWLEDGEMENT)
        return outcome

    taking.take, taking._take = taken, taken_within
    return inbound


SEAMS = Seams(deliver=_deliver, channel=_Channel, worker=_worker, inbound=_inbound)
PARTS: dict[str, Parts] = {
    "run": EVERYTHING,
    "worker": Parts(worker=True),
    "responder": Parts(responder=True),
    "console": Parts(console=True),
}


def main(command: str) -> int:
    """What the command line does for the command, with the seams put in."""
    settings = load(Path("fenghuo.toml"), os.environ)
    configure_logging(settings.log_level)
    return asyncio.run(run(settings, PARTS[command], seams=SEAMS))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
