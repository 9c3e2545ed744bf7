"""STOP, START and HELP, which the network answers itself before the product sees them (and the product
still does).
"""

from __future__ import annotations

_STOP = frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "OPTOUT", "REVOKE"})
_START = frozenset({"START", "YES", "UNSTOP"})
_HELP = frozenset({"HELP", "INFO"})

STOPPED = (
    "You have successfully been unsubscribed. You will not receive any more messages from this number. "
    "Reply START to resubscribe."
)
STARTED = (
    "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
    "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
)
HELPED = "Reply STOP to unsubscribe. Msg&Data Rates May Apply."


class OptOuts:
    """Who has stopped texts from which of our numbers."""

    def __init__(self) -> None:
        self._stopped: set[tuple[str, str]] = set()

    def stopped(self, phone: str, sender: str) -> bool:
        """Whether the phone refuses texts from this number of ours."""
        return (phone, sender) in self._stopped

    def read(self, phone: str, sender: str, body: str) -> str | None:
        """Take note of a reply; the network's answer to it, if it answers.

        Only a text that is nothing but the keyword counts, in any case of letters.
        """
        word = body.strip().upper()
        pair = (phone, sender)
        if word in _STOP:
            known = pair in self._stopped
            self._stopped.add(pair)
            return None if known else STOPPED
        if word in _START and pair in self._stopped:
            self._stopped.discard(pair)
            return STARTED
        return HELPED if word in _HELP else None
