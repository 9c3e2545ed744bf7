"""A marked test page: does a text reach this officer's phones?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from responders import outbox, roster
from responders.ledger import Ledger
from rules import identity
from rules.alerts import Words

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from responders.clock import Clock
    from responders.ledger import Services
    from responders.roster import Contact
    from responders.store import Store

TEXT = Words(
    zh="【测试】这是一条测试呼叫，无需回复。收到即表示本号码可用。", en="TEST page, no reply needed: this number works."
)


def send_test(store: Store, services: Services, clock: Clock, officer: str) -> list[Contact]:
    """Puts one test page for each of the officer's enabled contacts into the outbox; which they are."""

    def work(connection: Connection) -> list[Contact]:
        ledger = Ledger(connection, services, clock())
        contacts = roster.reachable(connection, officer)
        for contact in contacts:
            page = str(identity.name("page", ["test", contact.id, ledger.now]))
            body = services.texts.answer(TEXT, exercise=False)
            ledger.page(outbox.answer_row(page, None, (contact.channel, contact.address), body, ledger.now))
        ledger.flush()
        return contacts

    return store.run(work)
