"""Faults on command: what the network does with texts to one number, or to all. Tables, each word a fault."""

from __future__ import annotations

from dataclasses import dataclass

NORMAL = "normal"

REFUSED: dict[str, int] = {
    "invalid": 21211,
    "region": 21408,
    "not_mobile": 21614,
    "unsubscribed": 21610,
    "from_invalid": 21606,
    "401": 20003,
    "suspended": 20005,
    "429": 20429,
}
"""The request is refused with this code."""

NOT_DELIVERED: dict[str, tuple[str, int]] = {
    "unreachable": ("undelivered", 30003),
    "unknown": ("undelivered", 30005),
    "landline": ("undelivered", 30006),
    "filtered": ("undelivered", 30007),
    "failed": ("failed", 30008),
}
"""The text is accepted and does not arrive: the last status, and its code."""

NOT_TAKEN = frozenset({"500", "hang", "drop"})
"""The text is not accepted, and the answer is an error, none, or a closed connection."""

TAKEN_BADLY = frozenset(
    {"accept_then_500", "accept_then_hang", "accept_then_drop_answer", "malformed", "empty", "html"}
)
"""The text is accepted (and arrives), and the answer does not say so."""

MODES = frozenset({NORMAL}) | REFUSED.keys() | NOT_DELIVERED.keys() | NOT_TAKEN | TAKEN_BADLY
CALLBACKS = frozenset({NORMAL, "doubled", "reversed", "late", "contradictory", "none", "forged"})
ASKING = frozenset({NORMAL, "500", "hang", "drop", "malformed", "html", "401", "429"})


@dataclass
class Behaviour:
    """How texts to a number fare: on sending, in their receipts, and when the provider is asked about them.

    `times`: for so many texts (or, when only `asking` is out of order, questions), then normal again.
    """

    mode: str = NORMAL
    callbacks: str = NORMAL
    asking: str = NORMAL
    times: int | None = None
    retry_after: int = 1

    def __post_init__(self) -> None:
        for name, value, known in (
            ("mode", self.mode, MODES),
            ("callbacks", self.callbacks, CALLBACKS),
            ("asking", self.asking, ASKING),
        ):
            if value not in known:
                message = f"{name}: got {value!r}, expected one of {' '.join(sorted(known))}"
                raise ValueError(message)

    @property
    def only_asking(self) -> bool:
        """Whether sending is in order, and only questions fail."""
        return self.mode == NORMAL and self.callbacks == NORMAL

    def use(self) -> bool:
        """Take one of the `times`; False when they are used up."""
        if self.times is None:
            return True
        self.times -= 1
        return self.times >= 0


def receipts(callbacks: str, final: str) -> list[str]:
    """The statuses to report for a text that ends as `final`, in the order in which they are to arrive."""
    honest = ["queued", "sent", final]
    match callbacks:
        case "none":
            return []
        case "doubled":
            return [status for status in honest for _ in (1, 2)]
        case "reversed":
            return honest[::-1]
        case "contradictory":
            return [*honest, "undelivered" if final == "delivered" else "delivered"]
        case _:
            return honest
