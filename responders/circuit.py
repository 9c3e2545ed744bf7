"""One circuit per channel: after a fault of the provider nobody calls it but one probe at a time. Pure."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

FIRST, CAP = 2.0, 300.0
DOUBTS = 5
"""So many uncertain answers in a row are a fault of the provider too."""


@dataclass(frozen=True)
class Circuit:
    """Closed while `failures` is 0. `jitter` (0 to 1) is handed in: many processes must not come back together."""

    failures: int = 0
    doubts: int = 0
    open_until: datetime | None = None
    probing: bool = False

    def allowance(self, now: datetime) -> int | None:
        """How many calls may be made now; None: any number."""
        if self.failures == 0:
            return None
        if self.probing or (self.open_until is not None and now < self.open_until):
            return 0
        return 1

    def probe(self) -> Circuit:
        """The one call is on its way."""
        return replace(self, probing=True)

    def failed(self, now: datetime, jitter: float, retry_after: float | None = None) -> Circuit:
        """A fault of the provider. Those that were already on their way when it was noticed count once."""
        already = self.open_until is not None and now < self.open_until and not self.probing
        failures = self.failures if already else self.failures + 1
        pause = min(CAP, FIRST * 2 ** (min(failures, 12) - 1)) * (0.75 + 0.5 * jitter)
        until = now + timedelta(seconds=max(pause, retry_after or 0.0))
        if already and self.open_until is not None:
            # Only a longer wait that the provider asked for moves it.
            asked = now + timedelta(seconds=retry_after or 0.0)
            until = max(self.open_until, asked)
        return Circuit(failures=failures, open_until=until)

    def doubted(self, now: datetime, jitter: float) -> Circuit:
        """An uncertain answer."""
        if self.failures or self.doubts + 1 >= DOUBTS:
            return self.failed(now, jitter)
        return replace(self, doubts=self.doubts + 1)

    def succeeded(self) -> Circuit:
        """The provider works. Of what was already on its way when the fault was noticed nothing can be learnt."""
        return self if self.failures and not self.probing else Circuit()
