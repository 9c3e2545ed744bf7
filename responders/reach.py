"""How the contacts of the roster fare: whether their owner has stopped our texts, and what became of the last one."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import func, select

from responders import page_states
from responders.schema import contacts, inbound, pages

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

STOPPED, STARTED = "stopped", "started"
"""Outcomes of inbound texts by which an owner ends our texts, and lets them come again."""
_REFUSED_AS_STOPPED = (
    "%(21610)%"  # how the provider says that it will not carry a text to somebody who has stopped them
)
_SETTLED = (*page_states.RECEIVED, "refused")


class Reach(msgspec.Struct, frozen=True, kw_only=True):
    """One contact. `last_state`, `last_reason`, `last_at`: of the last text that is settled, where there is one."""

    officer: str
    channel: str
    address: str
    position: int
    enabled: bool
    stopped: bool
    last_state: str | None = None
    last_reason: str = ""
    last_at: datetime | None = None

    @property
    def lost(self) -> bool:
        """Whether a text would probably not arrive: the last did not."""
        return self.stopped or self.last_state in page_states.LOST


def reach(connection: Connection) -> list[Reach]:
    """Every contact, by officer and position."""
    last, stopped = _last_pages(connection), _stopped(connection)
    found = []
    for row in connection.execute(select(contacts).order_by(contacts.c.officer, contacts.c.position, contacts.c.id)):
        page = last.get((row.channel, row.address))
        found.append(
            Reach(
                officer=row.officer, channel=row.channel, address=row.address, position=row.position,
                enabled=row.enabled, stopped=(row.channel, row.address) in stopped,
                last_state=page.state if page else None, last_reason=page.reason if page else "",
                last_at=page.created_at if page else None,
            )
        )  # fmt: skip
    return found


def _last_pages(connection: Connection) -> dict[tuple[str, str], Any]:
    """Of each address the last page that is settled."""
    settled = pages.c.state.in_(_SETTLED)
    newest = (
        select(pages.c.channel, pages.c.address, func.max(pages.c.created_at).label("at"))
        .where(settled)
        .group_by(pages.c.channel, pages.c.address)
        .subquery()
    )
    query = select(pages).where(settled).join(
        newest, (pages.c.channel == newest.c.channel) & (pages.c.address == newest.c.address)
        & (pages.c.created_at == newest.c.at)
    )  # fmt: skip
    return {(row.channel, row.address): row for row in connection.execute(query)}


def _stopped(connection: Connection) -> set[tuple[str, str]]:
    """Whoever said so last, its owner or the provider."""
    said: dict[tuple[str, str], tuple[datetime, bool]] = {}
    theirs = select(inbound.c.channel, inbound.c.phone, func.max(inbound.c.received_at))
    ours = select(pages.c.channel, pages.c.address, func.max(pages.c.created_at))
    refused = pages.c.reason.like(_REFUSED_AS_STOPPED) & (pages.c.state == "refused")
    for query, stops in (
        (theirs.where(inbound.c.outcome == STOPPED).group_by(inbound.c.channel, inbound.c.phone), True),
        (theirs.where(inbound.c.outcome == STARTED).group_by(inbound.c.channel, inbound.c.phone), False),
        (ours.where(refused).group_by(pages.c.channel, pages.c.address), True),
        (ours.where(pages.c.state == "delivered").group_by(pages.c.channel, pages.c.address), False),
    ):
        for channel, address, at in connection.execute(query):
            known = said.get((channel, address))
            if known is None or known[0] < at:
                said[channel, address] = (at, stops)
    return {where for where, (_, stops) in said.items() if stops}
