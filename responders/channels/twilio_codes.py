"""Whose refusal a Twilio error code is: the recipient's or the provider's. A table, above the client.

A code of the *account* (credentials, sender, limits) stops every page alike and is held. A code of *this
number or this text* must not hold the page: the officer's next contact is tried. A bad text (21602, 21617)
is our own mistake; it is filed under the recipient, because waiting does not mend it and another contact
may take a shorter one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from responders.channels.base import Of

CODES: Mapping[int, tuple[Of, str]] = {
    # of the provider: our account, our sender, its limits
    20001: ("provider", "account parameter not accepted"),
    20003: ("provider", "authentication failed"),
    20005: ("provider", "account not active"),
    20006: ("provider", "access denied"),
    20008: ("provider", "test credentials"),
    20404: ("provider", "account or resource not found"),
    20429: ("provider", "too many requests"),
    10001: ("provider", "account not active"),
    14107: ("provider", "send rate limit exceeded"),
    21212: ("provider", "sender number not valid"),
    21603: ("provider", "sender number missing"),
    21606: ("provider", "sender number cannot send texts"),
    21611: ("provider", "sender's queue is full"),
    21659: ("provider", "sender is not a number of this account"),
    21660: ("provider", "sender and account do not match"),
    21701: ("provider", "messaging service does not exist"),
    21703: ("provider", "messaging service has no sender"),
    30001: ("provider", "queue overflow"),
    30002: ("provider", "account suspended"),
    30010: ("provider", "price above the account's maximum"),
    30022: ("provider", "carrier rate limit exceeded"),
    30023: ("provider", "carrier daily limit reached"),
    30034: ("provider", "sender not registered with the carriers"),
    # of the recipient: this number, this text
    21211: ("recipient", "number not valid"),
    21214: ("recipient", "number cannot be reached"),
    21217: ("recipient", "number not valid"),
    21265: ("recipient", "number is a short code"),
    21408: ("recipient", "region not enabled for texts"),
    21602: ("recipient", "text is empty"),
    21604: ("recipient", "number missing"),
    21608: ("recipient", "number not verified (trial account)"),
    21610: ("recipient", "recipient has unsubscribed (STOP)"),
    21612: ("recipient", "number cannot be reached from this sender"),
    21614: ("recipient", "not a mobile number"),
    21617: ("recipient", "text too long"),
    21635: ("recipient", "number is a landline"),
    30003: ("recipient", "handset unreachable"),
    30004: ("recipient", "text blocked by the recipient"),
    30005: ("recipient", "number unknown"),
    30006: ("recipient", "landline or unreachable carrier"),
    30007: ("recipient", "text filtered by the carrier"),
    30008: ("recipient", "not delivered, cause unknown"),
    30009: ("recipient", "a part is missing"),
}

_OF_THE_ACCOUNT = frozenset({401, 402, 403, 404, 405, 407, 429})


def judge(code: int | None, http_status: int | None = None) -> tuple[Of, str]:
    """Whose refusal it is, and why, in words of our own (a provider's words may quote what is secret).

    An unknown code is judged by its HTTP status: those of the account hold, others try the next contact. No
    code at all means that something between us and Twilio answered: that is the provider's side too.
    """
    if code is None:
        return "provider", f"HTTP {http_status} without a Twilio error"
    if code in CODES:
        return CODES[code]
    if http_status in _OF_THE_ACCOUNT:
        return "provider", f"HTTP {http_status}, Twilio error {code}"
    return "recipient", f"Twilio error {code}"
