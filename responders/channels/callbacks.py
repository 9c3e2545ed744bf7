"""Twilio's webhooks as pure functions: is it from Twilio, and what does it say. Nothing here touches a
store.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from twilio.request_validator import RequestValidator

from responders.channels import receipts

if TYPE_CHECKING:
    from collections.abc import Mapping

    from responders.channels.base import Status

SIGNATURE_HEADER = "X-Twilio-Signature"
_SID = re.compile(r"(SM|MM)[0-9a-fA-F]{32}", re.ASCII)
_BODY_LIMIT = 10_000  # an inbound text is at most 1,600 characters; more is not from a phone


class BadCallback(ValueError):
    """A webhook that is signed and yet cannot be read: names the field, its value, what was expected."""

    def __init__(self, field: str, value: object, expected: str) -> None:
        super().__init__(f"{field}: got {str(value)[:80]!r}, expected {expected}")


@dataclass(frozen=True)
class StatusCallback:
    """A receipt: what has become of one text."""

    provider_id: str
    status: Status
    error_code: int | None
    to: str


@dataclass(frozen=True)
class InboundText:
    """What somebody wrote to our number."""

    provider_id: str
    from_: str
    to: str
    body: str


def verify_signature(auth_token: str, public_url: str, params: Mapping[str, str], signature: str | None) -> bool:
    """Whether the webhook was signed with the account's token over the URL as Twilio knows it, query
    included.
    """
    if not auth_token or not signature:
        return False
    try:
        return bool(RequestValidator(auth_token).validate(public_url, params, signature))
    except ValueError:  # an URL or a parameter that cannot even be encoded was not signed by anybody
        return False


def parse_status_callback(params: Mapping[str, str]) -> StatusCallback:
    """Read a status webhook, or raise BadCallback."""
    said = params.get("MessageStatus", "")
    status = receipts.TWILIO.get(said)
    if status is None:
        raise BadCallback("MessageStatus", said, "one of " + " ".join(sorted(receipts.TWILIO)))
    return StatusCallback(_sid(params), status, _error_code(params), params.get("To", ""))


def parse_inbound(params: Mapping[str, str]) -> InboundText:
    """Read an inbound text's webhook, or raise BadCallback."""
    sender, to, body = params.get("From", ""), params.get("To", ""), params.get("Body", "")
    if not sender:
        raise BadCallback("From", sender, "a number")
    if len(body) > _BODY_LIMIT:
        raise BadCallback("Body", body, f"at most {_BODY_LIMIT} characters")
    return InboundText(_sid(params), sender, to, body)


def _sid(params: Mapping[str, str]) -> str:
    sid = params.get("MessageSid", "")
    if not _SID.fullmatch(sid):
        raise BadCallback("MessageSid", sid, "SM or MM and 32 hexadecimal digits")
    return sid


def _error_code(params: Mapping[str, str]) -> int | None:
    code = params.get("ErrorCode", "")
    if not code:
        return None
    if not re.fullmatch(r"[0-9]{1,6}", code, re.ASCII):
        raise BadCallback("ErrorCode", code, "a number of at most 6 digits")
    return int(code) or None
