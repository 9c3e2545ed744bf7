"""Whose refusal: the table of Twilio's codes and what is done with codes that are not in it."""

from __future__ import annotations

import pytest

from responders.channels.twilio_codes import CODES, judge


@pytest.mark.parametrize(
    ("code", "status", "expected"),
    [
        (20003, 401, ("provider", "authentication failed")),
        (21610, 400, ("recipient", "recipient has unsubscribed (STOP)")),
        (30002, None, ("provider", "account suspended")),
        (30005, None, ("recipient", "number unknown")),
        (29999, 403, ("provider", "HTTP 403, Twilio error 29999")),
        (29999, 400, ("recipient", "Twilio error 29999")),
        (39999, None, ("recipient", "Twilio error 39999")),
        (None, 400, ("provider", "HTTP 400 without a Twilio error")),
    ],
)
def test_a_code_is_judged(code: int | None, status: int | None, expected: tuple[str, str]) -> None:
    """Known codes by the table; unknown ones by the HTTP status; an answer without a code is not Twilio's."""
    assert judge(code, status) == expected


def test_reasons_are_for_people() -> None:
    """Every code has words."""
    assert all(reason and len(reason) < 60 for _, reason in CODES.values())
