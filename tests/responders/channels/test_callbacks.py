"""Webhooks read as pure functions: genuine or not, what they say, and how receipts combine."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING, get_args

import pytest
from twilio.request_validator import RequestValidator

from responders.channels import receipts
from responders.channels.base import Status
from responders.channels.callbacks import (
    BadCallback,
    InboundText,
    StatusCallback,
    parse_inbound,
    parse_status_callback,
    verify_signature,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = "token"
URL = "https://fenghuo.example/webhooks/twilio/status?page=7"
SID = "SM" + "0a" * 16
FORM = {"MessageSid": SID, "MessageStatus": "delivered", "To": "+12025550111"}


def signed(url: str, form: Mapping[str, str], token: str = TOKEN) -> str:
    return str(RequestValidator(token).compute_signature(url, form))


def test_a_signature_holds_for_this_url_these_fields_this_token() -> None:
    """Signed over the public URL with its query, over every field, with the account's token."""
    good = signed(URL, FORM)
    assert verify_signature(TOKEN, URL, FORM, good)
    assert verify_signature(TOKEN, URL.replace("example/", "example:443/"), FORM, good)
    assert not verify_signature("other", URL, FORM, good)
    assert not verify_signature(TOKEN, URL.replace("page=7", "page=8"), FORM, good)
    assert not verify_signature(TOKEN, URL, {**FORM, "MessageStatus": "failed"}, good)
    assert not verify_signature(TOKEN, URL, {**FORM, "Extra": "1"}, good)


@pytest.mark.parametrize("signature", [None, "", "x", "é" * 28, "=" * 28])
def test_what_is_no_signature_is_refused(signature: str | None) -> None:
    """No header, an empty one, one of another length, one that is not ASCII: refused, no error."""
    assert not verify_signature(TOKEN, URL, FORM, signature)


def test_without_a_token_nothing_is_genuine() -> None:
    """A missing token in the settings must not make everybody's signature right."""
    assert not verify_signature("", URL, FORM, signed(URL, FORM, ""))


def test_what_cannot_be_encoded_is_refused() -> None:
    """Half a surrogate pair in a field is not an error of ours."""
    assert not verify_signature(TOKEN, URL, {**FORM, "Body": "\ud800"}, signed(URL, FORM))


def test_a_receipt_is_read() -> None:
    """Id, our status, error code, recipient."""
    assert parse_status_callback(FORM) == StatusCallback(SID, "delivered", None, "+12025550111")
    failed = {**FORM, "MessageStatus": "undelivered", "ErrorCode": "30003"}
    assert parse_status_callback(failed) == StatusCallback(SID, "undelivered", 30003, "+12025550111")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"MessageSid": ""}, "MessageSid: got '', expected SM or MM and 32 hexadecimal digits"),
        ({"MessageSid": "SM1"}, "MessageSid: got 'SM1', expected SM or MM and 32 hexadecimal digits"),
        ({"ErrorCode": "٣"}, "ErrorCode: got '٣', expected a number of at most 6 digits"),
        ({"ErrorCode": "9" * 99}, f"ErrorCode: got '{'9' * 80}', expected a number of at most 6 digits"),
        (
            {"MessageStatus": "received"},
            "MessageStatus: got 'received', expected one of " + " ".join(sorted(receipts.TWILIO)),
        ),
    ],
)
def test_a_receipt_that_cannot_be_read_says_why(change: dict[str, str], message: str) -> None:
    """The field, its value, what was expected."""
    with pytest.raises(BadCallback) as caught:
        parse_status_callback({**FORM, **change})
    assert str(caught.value) == message


def test_an_inbound_text_is_read() -> None:
    """Id, who, to which of our numbers, what; blanks as they came (the reader of replies decides)."""
    form = {"MessageSid": SID, "From": "+12025550111", "To": "+12025550100", "Body": " 1 a "}
    assert parse_inbound(form) == InboundText(SID, "+12025550111", "+12025550100", " 1 a ")
    with pytest.raises(BadCallback, match="From: got '', expected a number"):
        parse_inbound({**form, "From": ""})
    with pytest.raises(BadCallback, match="expected at most 10000 characters"):
        parse_inbound({**form, "Body": "1" * 10_001})


def test_every_status_has_a_rank_and_every_word_of_twilio_a_status() -> None:
    """The tables are whole."""
    assert set(receipts.RANK) == set(get_args(Status)) == set(receipts.TWILIO.values())
    assert len(set(receipts.RANK.values())) == len(receipts.RANK)


def test_any_order_of_receipts_gives_one_status() -> None:
    """All orders of all statuses, doubled ones among them, end alike; a receipt never takes anything back."""
    for arrived in permutations([*receipts.RANK, "delivered"]):
        status: Status = "accepted"
        for receipt in arrived:
            after = receipts.merge(status, receipt)
            assert receipts.RANK[after] >= receipts.RANK[status]
            status = after
        assert status == "undelivered"
