"""Held against what is known to have happened: which episodes were found, how soon, and what was a false alarm.

An incident counts from the moment at which it would have paged somebody; a notice before that warns nobody. It finds an
episode when it is of the episode's plan and place and stood at any moment of [from, to). The delay runs from the
episode's beginning to the first page, and is 0 where an incident stood already. An incident that meets no episode is a
false alarm; only incidents of plans that the labels speak of are judged. precision = true incidents / judged
incidents, recall = hits / episodes (van Rijsbergen, Information Retrieval, 1979, ch. 7); an episode outside the
history counts for neither.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from statistics import median
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rules.backtest.incidents import Incident


class Episode(msgspec.Struct, frozen=True, kw_only=True):
    """Something that a plan should have warned of, in [since, to)."""

    name: str
    since: datetime
    to: datetime
    plan: str | None = None
    """Absent: of any plan."""
    place: str | None = None
    """`330723/retail`, or what it lies in (`330723`); absent: anywhere."""

    def concerns(self, incident: Incident) -> bool:
        """Whether the incident is of the plan and place."""
        if self.plan is not None and incident.plan != self.plan:
            return False
        return self.place is None or f"{incident.place}/".startswith(f"{self.place}/")


class Found(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one episode."""

    episode: Episode
    incidents: list[int]
    """Numbers of the incidents that found it."""
    delay_s: float | None
    """From its beginning to the first incident; None: missed, or outside the history."""
    outside: bool
    """The history says nothing of its time."""

    @property
    def hit(self) -> bool:
        return bool(self.incidents)


class Detection(msgspec.Struct, frozen=True, kw_only=True):
    """How well the incidents fit the episodes."""

    hits: int
    misses: int
    judged: int
    false_alarms: list[int]
    """Numbers of the incidents that met no episode."""
    precision: float | None
    recall: float | None
    median_delay_s: float | None
    episodes: list[Found]

    @property
    def inside(self) -> int:
        """Episodes of the history's own time."""
        return self.hits + self.misses


def detection(
    episodes: Sequence[Episode], incidents: Sequence[Incident], period: tuple[datetime, datetime]
) -> Detection:
    """The figures of these incidents, over a history from `period[0]` to `period[1]`."""
    plans = {episode.plan for episode in episodes}
    judged = [one for one in incidents if one.pages_somebody and (None in plans or one.plan in plans)]
    found = [_found(episode, judged, period) for episode in episodes]
    inside = [one for one in found if not one.outside]
    true = {number for one in found for number in one.incidents}
    false = [one.number for one in judged if one.number not in true]
    hits = sum(one.hit for one in inside)
    delays = [one.delay_s for one in inside if one.delay_s is not None]
    return Detection(
        hits=hits,
        misses=len(inside) - hits,
        judged=len(judged),
        false_alarms=false,
        precision=_share(len(judged) - len(false), len(judged)),
        recall=_share(hits, len(inside)),
        median_delay_s=median(delays) if delays else None,
        episodes=found,
    )


def _found(episode: Episode, judged: Sequence[Incident], period: tuple[datetime, datetime]) -> Found:
    if episode.to <= period[0] or episode.since > period[1]:
        return Found(episode=episode, incidents=[], delay_s=None, outside=True)
    met = [one for one in judged if episode.concerns(one) and _meets(one, episode)]
    first = min((one.paged_at for one in met if one.paged_at), default=None)
    delay = None if first is None else max(timedelta(), first - episode.since).total_seconds()
    return Found(episode=episode, incidents=[one.number for one in met], delay_s=delay, outside=False)


def _meets(incident: Incident, episode: Episode) -> bool:
    """What stands at the end of the data goes on."""
    if incident.paged_at is None or incident.paged_at >= episode.to:
        return False
    return incident.returned_at is None or incident.returned_at > episode.since


def _share(part: int, whole: int) -> float | None:
    return round(part / whole, 4) if whole else None
