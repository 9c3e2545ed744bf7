"""Twilio's errors: code, HTTP status, words. A refusal is raised as `Refusal` and answered as Twilio's
JSON.
"""

from __future__ import annotations

from typing import Any

_ERRORS: dict[int, tuple[int, str]] = {
    20003: (401, "Authenticate"),
    20005: (403, "Account is not active"),  # the HTTP status of this one is not documented
    20404: (404, "The requested resource was not found"),
    20429: (429, "Too Many Requests"),
    20500: (500, "Internal Server Error"),
    21211: (400, "The 'To' number {value} is not a valid phone number."),
    21408: (
        400,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: {value}",
    ),
    21602: (400, "Message body is required."),
    21603: (400, "A 'From' phone number is required."),
    21604: (400, "A 'To' phone number is required."),
    21606: (
        400,
        "The 'From' phone number provided ({value}) is not a valid message-capable Twilio phone number.",
    ),
    21609: (400, "The 'StatusCallback' URL {value} is not a valid URL."),
    21610: (400, "Attempt to send to unsubscribed recipient"),
    21614: (400, "'To' number is not a valid mobile number: {value}"),
    21617: (400, "The concatenated message body exceeds the 1600 character limit"),
    21701: (400, "The Messaging Service does not exist: {value}"),
}


class Refusal(Exception):
    """The network refuses a request."""

    def __init__(self, code: int, value: str = "") -> None:
        super().__init__(f"{code}: {_ERRORS[code][1].format(value=value)}")
        self.code, self.value = code, value

    @property
    def status(self) -> int:
        """The HTTP status of the answer."""
        return _ERRORS[self.code][0]

    def body(self) -> dict[str, Any]:
        """Twilio's JSON for it."""
        status, words = _ERRORS[self.code]
        return {
            "code": self.code,
            "message": words.format(value=self.value),
            "more_info": f"https://www.twilio.com/docs/errors/{self.code}",
            "status": status,
        }
