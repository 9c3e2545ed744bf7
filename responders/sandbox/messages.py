"""One text on the network, and how Twilio's API writes it."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any

from responders.channels.segments import measure

if TYPE_CHECKING:
    from datetime import datetime

LONGEST = 1600
NETWORK = "network"  # what the network itself writes to a phone (STOP, START, HELP)


def new_sid(prefix: str = "SM") -> str:
    """An id as Twilio makes them. Not a counter: a restarted sandbox must not repeat what a store
    remembers.
    """
    return prefix + secrets.token_hex(16)


@dataclass(eq=False)
class Message:
    """A text in either direction. `direction` is Twilio's, or `network` for the network's own answers."""

    account_sid: str
    from_: str
    to: str
    body: str
    direction: str
    created: datetime
    status: str
    error_code: int | None = None
    status_callback: str = ""
    messaging_service_sid: str | None = None
    sid: str = field(default_factory=new_sid)
    claimed: bool = False

    @property
    def inbound(self) -> bool:
        """Whether the phone's owner wrote it."""
        return self.direction == "inbound"

    @property
    def arrived(self) -> bool:
        """Whether it is a text that the phone has received."""
        return not self.inbound and self.status == "delivered"

    @property
    def segments(self) -> int:
        """How many parts it was sent in."""
        return measure(self.body).count

    def resource(self, status: str | None = None) -> dict[str, Any]:
        """Twilio's JSON for it; `status` where the answer tells an earlier one."""
        told = status or self.status
        date = format_datetime(self.created)
        uri = f"/2010-04-01/Accounts/{self.account_sid}/Messages/{self.sid}"
        bad = told in {"undelivered", "failed"}
        return {
            "account_sid": self.account_sid,
            "api_version": "2010-04-01",
            "body": self.body,
            "date_created": date,
            "date_sent": None if told == "queued" else date,
            "date_updated": date,
            "direction": "outbound-reply" if self.direction == NETWORK else self.direction,
            "error_code": self.error_code if bad else None,
            "error_message": None,
            "from": self.from_,
            "messaging_service_sid": self.messaging_service_sid,
            "num_media": "0",
            "num_segments": str(self.segments),
            "price": None,
            "price_unit": "USD",
            "sid": self.sid,
            "status": told,
            "subresource_uris": {"media": f"{uri}/Media.json"},
            "to": self.to,
            "uri": f"{uri}.json",
        }

    def receipt(self, status: str) -> dict[str, str]:
        """The form that a status callback carries."""
        form = {
            "SmsSid": self.sid,
            "SmsStatus": status,
            "MessageStatus": status,
            "To": self.to,
            "MessageSid": self.sid,
            "AccountSid": self.account_sid,
            "From": self.from_,
            "ApiVersion": "2010-04-01",
        }
        if status in {"undelivered", "failed"}:
            form["ErrorCode"] = str(self.error_code or 30008)
        return form

    def webhook(self) -> dict[str, str]:
        """The form that the webhook for an inbound text carries."""
        return {
            "ToCountry": "US",
            "SmsMessageSid": self.sid,
            "NumMedia": "0",
            "SmsSid": self.sid,
            "SmsStatus": "received",
            "Body": self.body,
            "To": self.to,
            "NumSegments": str(self.segments),
            "MessageSid": self.sid,
            "AccountSid": self.account_sid,
            "From": self.from_,
            "ApiVersion": "2010-04-01",
        }
