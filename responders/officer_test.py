"""A marked test page: does a text reach this officer's phones?"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import select

from responders import outbox, page_states, roster
from responders.ledger import Ledger
from responders.schema import pages
from rules import identity
from rules.alerts import Words

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy.engine import Connection

    from responders.clock import Clock
    from responders.ledger import Services
    from responders.page_states import State
    from responders.store import Store

TEXT = Words(
    zh="【测试】这是一条测试呼叫，无需回复。收到即表示本号码可用。", en="TEST page, no reply needed: this number works."
)


class Tested(msgspec.Struct, frozen=True, kw_only=True):
    """What has become of one test page so far."""

    page: str
    channel: str
    address: str
    state: State
    reason: str

    @property
    def settled(self) -> bool:
        """Whether nothing more is to be expected."""
        return self.state in {"delivered", "possibly_sent", "cancelled", *page_states.LOST}

    @property
    def well(self) -> bool:
        """Whether the provider has taken it, and nothing says that it did not arrive."""
        return self.state in page_states.LEFT


def send_test(store: Store, services: Services, clock: Clock, officer: str) -> list[Tested]:
    """Puts one test page for each of the officer's enabled contacts into the outbox; which they are."""

    def work(connection: Connection) -> list[Tested]:
        ledger = Ledger(connection, services, clock())
        made = []
        for contact in roster.reachable(connection, officer):
            page = str(identity.name("page", ["test", contact.id, ledger.now]))
            body = services.texts.answer(TEXT, exercise=False)
            ledger.page(outbox.answer_row(page, None, (contact.channel, contact.address), body, ledger.now))
            made.append(page)
        ledger.flush()
        return results(connection, made)

    return store.run(work)


def results(connection: Connection, made: Iterable[str]) -> list[Tested]:
    """How these test pages stand, in the order in which they are given."""
    names = Tested.__struct_fields__[1:]
    rows = {row.id: row for row in connection.execute(select(pages).where(pages.c.id.in_(list(made))))}
    return [Tested(page=page, **{name: getattr(rows[page], name) for name in names}) for page in made]
