"""Texts by Twilio's Programmable Messaging, through its own SDK."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from responders.channels import receipts, regions
from responders.channels.base import Accepted, CannotAsk, Refused, Uncertain
from responders.channels.twilio_codes import judge
from responders.channels.twilio_http import Answered, NoAnswer, NotConnected, TwilioHttp

if TYPE_CHECKING:
    from datetime import datetime

    from responders.channels.base import Capabilities, OutgoingText, SendResult

_CLOCK_SKEW = timedelta(seconds=5)  # ours may be ahead of theirs, and theirs is told in whole seconds
_PAGE, _PAGES = 50, 20
_TRIAL = "Sent from your Twilio trial account - "
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, TwilioException)


class TwilioSms:
    """The `twilio` SMS channel. Sends once, never retries; can be asked what became of a text."""

    name = "twilio"

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        from_number: str,
        *,
        api_base: str = "",
        proxy: str = "",
        timeout: float = 10.0,
        connections: int = 32,
    ) -> None:
        self._http = TwilioHttp(timeout=timeout, connections=connections, proxy=proxy)
        self._from = from_number
        # A non-empty mapping of our own: with an empty one the SDK reads TWILIO_EDGE and TWILIO_REGION from
        # the process's environment and sends to another host than the one that was configured.
        client = Client(account_sid, auth_token, http_client=self._http, environment={"-": ""})
        if api_base:
            client.api.base_url = api_base.rstrip("/")
        self._messages: Any = client.api.v2010.account.messages

    def __repr__(self) -> str:
        return f"TwilioSms(from_number={self._from!r})"

    def capabilities(self, number: str) -> Capabilities:
        """What Twilio allows towards the number."""
        return regions.capabilities(regions.TWILIO, number)

    async def send(self, text: OutgoingText) -> SendResult:
        """Hand one text over, once, and say what is known of it."""
        try:
            message = await self._messages.create_async(
                to=text.to, from_=self._from, body=text.body, status_callback=text.status_callback
            )
            return _accepted(message)
        except NotConnected as error:
            return Refused(f"no connection to the provider ({error})", "provider", "no-connection")
        except NoAnswer as error:
            return Uncertain(f"no answer ({error})")
        except Answered as answer:
            return _refusal(answer)
        except _UNREADABLE as error:
            return Uncertain(f"the answer cannot be read ({type(error).__name__})")

    async def find(self, to: str, body: str, created_after: datetime) -> Accepted | None:
        """The earliest text to this number with this exact body created since then; None when there is none.

        Not filtered by DateSent on the provider's side: a text still queued there has none.
        """
        since = created_after - _CLOCK_SKEW
        try:
            return await self._search(to, body, since)
        except (NotConnected, NoAnswer) as error:
            message = f"no answer ({error})"
        except Answered as answer:
            message = f"HTTP {answer.status}"
        except _UNREADABLE as error:
            message = f"the answer cannot be read ({type(error).__name__})"
        raise CannotAsk(message)

    async def aclose(self) -> None:
        """Close the pooled connections."""
        await self._http.close()

    async def _search(self, to: str, body: str, since: datetime) -> Accepted | None:
        """Newest first, page by page, until a whole page is older than `since`."""
        found: Accepted | None = None
        page = await self._messages.page_async(to=to, from_=self._from, page_size=_PAGE)
        for _ in range(_PAGES):
            recent = [message for message in page if message.date_created >= since]
            for message in recent:
                if message.to == to and message.body in (body, _TRIAL + body):
                    found = _accepted(message)
            if not recent:
                return found
            page = await page.next_page_async()
            if page is None:
                return found
        message = f"more than {_PAGE * _PAGES} texts to one number since then"
        raise CannotAsk(message)


def _accepted(message: Any) -> Accepted:
    """A message resource as our answer; one without an id is no answer at all."""
    if not isinstance(message.sid, str) or not message.sid:
        raise ValueError("sid")
    return Accepted(message.sid, receipts.TWILIO.get(message.status, "accepted"))


def _refusal(answer: Answered) -> Refused | Uncertain:
    """An unsuccessful answer: only a 4xx is a refusal, anything else leaves open what happened."""
    if not 400 <= answer.status < 500 or answer.status == 408:  # noqa: PLR2004
        return Uncertain(f"HTTP {answer.status}")
    code = _code(answer)
    of, reason = judge(code, answer.status)
    return Refused(reason, of, str(code or answer.status), answer.retry_after)


def _code(answer: Answered) -> int | None:
    """Twilio's own code, where the answer is Twilio's."""
    try:
        code = json.loads(answer.text)["code"]
    except (ValueError, TypeError, KeyError):
        return None
    return code if isinstance(code, int) else None
