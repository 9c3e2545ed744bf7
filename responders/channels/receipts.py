"""How a page's status moves: a join of what has arrived, so that the order of arrival cannot matter.

Each status has a rank and the highest one seen stays. A refusal outranks a delivery: when a carrier says
both (late, contradictory), the officer's next contact is tried in either order of arrival, for twice is
better than never, and nobody's answer depends on a receipt anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from responders.channels.base import Status

RANK: Mapping[Status, int] = {"accepted": 0, "sent": 1, "delivered": 2, "failed": 3, "undelivered": 4}

TWILIO: Mapping[str, Status] = {
    "accepted": "accepted",
    "scheduled": "accepted",
    "queued": "accepted",
    "sending": "accepted",
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "partially_delivered": "undelivered",
    "undelivered": "undelivered",
    "failed": "failed",
    "canceled": "failed",
}


def merge(known: Status, arrived: Status) -> Status:
    """The page's status after a receipt: associative, commutative, idempotent."""
    return max(known, arrived, key=RANK.__getitem__)
