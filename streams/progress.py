"""Is the worker getting on? Faust was seen to stall without a word, so what we ourselves appended must come round.

Every tick goes to a partition that this worker reads, and so do the alerts of its counties. Each must be read and
finished in time, unless the partition is still working its way there.
"""

from __future__ import annotations

Place = tuple[str, int]

HEARTBEATS = 4
"""In a session. The last one may have left that much of a session before the process stood still."""


class Pulse:
    """Has the process stood still (a paused machine, a SIGSTOP) for longer than its session?

    Then other workers own its partitions, and what it would still write of them is old: newer state would be lost.
    """

    def __init__(self, session: float | None) -> None:
        self._session = session
        self._last: float | None = None
        self._frozen: str | None = None

    def lost(self, reason: str) -> None:
        """The group has put this worker out: the same holds."""
        self._frozen = reason

    def beat(self, now: float) -> str | None:
        """To be called each second and before anything is sent. Why nothing more may be sent, or None."""
        last, self._last = self._last, now
        if self._session is not None and last is not None and now - last > self._session - self._session / HEARTBEATS:
            self._frozen = f"stood still for {now - last:.0f} s, too long for its session of {self._session:g} s"
        return self._frozen


class Watch:
    """Offsets that have to be finished, and what was finished when."""

    def __init__(self, stall_after: float) -> None:
        self.finished_at: dict[Place, float] = {}
        self.positions: dict[Place, int] = {}
        """The last offset that was finished."""
        self._stall_after = stall_after
        self._expected: dict[Place, tuple[int, float]] = {}

    def expect(self, place: Place, offset: int, now: float) -> None:
        """`offset` was appended to a partition that this worker reads. The oldest open one is kept."""
        if place not in self._expected and self.positions.get(place, -1) < offset:
            self._expected[place] = (offset, now)

    def finished(self, place: Place, offset: int, now: float) -> None:
        """All up to `offset` is finished."""
        self.positions[place] = offset
        self.finished_at[place] = now
        expected = self._expected.get(place)
        if expected is not None and offset >= expected[0]:
            del self._expected[place]

    def forget(self, kept: set[Place]) -> None:
        """Partitions other than `kept` are somebody else's now; those kept begin anew."""
        self._expected.clear()
        for place in [place for place in self.positions if place not in kept]:
            del self.positions[place]
            self.finished_at.pop(place, None)

    def stalled(self, now: float, holding: frozenset[str] = frozenset()) -> str | None:
        """Which partition has stopped, if any. Topics that are held on purpose do not count."""
        for place, (offset, since) in self._expected.items():
            last = max(since, self.finished_at.get(place, since))
            if place[0] not in holding and now - last > self._stall_after:
                return f"{place[0]}/{place[1]}: offset {offset} was not finished within {self._stall_after:g} s"
        return None
