"""A provider that fails is a pipeline fault; when it works again the fault is over."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from responders import incident_states
from responders.schema import incidents
from rules.alerts import PIPELINE_FAULT, Words, pipeline_fault

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from responders.clock import Clock
    from responders.desk import Desk
    from responders.ledger import Services
    from responders.store import Store

PART = "provider"


class ProviderFaults:
    """Reports for one process. After a start it does not know what the last one reported: it looks once."""

    def __init__(self, store: Store, services: Services, desk: Desk, clock: Clock) -> None:
        self._store, self._services, self._desk, self._clock = store, services, desk, clock
        self._clear: set[str] = set()

    def may_be_open(self, channel: str) -> bool:
        return channel not in self._clear

    def began(self, channel: str, reason: str) -> None:
        """The provider of a channel fails."""
        self._clear.discard(channel)
        # To the second: processes that notice together say it once, a fault that returns at once is a fault again.
        second = self._clock().replace(microsecond=0)
        words = Words(
            zh=f"短信通道 {channel} 故障：{reason}。呼叫已暂缓，恢复后自动发出。",
            en=f"Channel {channel} fails: {reason}. Pages are held and go out when it is back.",
        )
        county = self._services.library.county
        self._desk.take([pipeline_fault(county=county, part=PART, subject=channel, at=second, explain=words)])

    def ended(self, channel: str) -> None:
        """The provider has taken a page: if a fault of it is open, it is over."""
        self._clear.add(channel)
        try:
            self._ended(channel)
        except BaseException:
            self._clear.discard(channel)
            raise

    def _ended(self, channel: str) -> None:
        county = self._services.library.county
        with self._store.read() as connection:
            if channel not in open_faults(connection):
                return
        words = Words(zh=f"短信通道 {channel} 已恢复。", en=f"Channel {channel} works again.")
        now = self._clock()
        self._desk.take([pipeline_fault(county=county, part=PART, subject=channel, at=now, explain=words, over=True)])


def open_faults(connection: Connection) -> frozenset[str]:
    """The channels whose provider is known to fail."""
    query = select(incidents.c.place).where(
        incidents.c.plan == PIPELINE_FAULT,
        incidents.c.place.like(f"%/{PART}/%"),
        incidents.c.status.in_(incident_states.OPEN),
    )
    return frozenset(place.partition(f"/{PART}/")[2] for place in connection.execute(query).scalars())
