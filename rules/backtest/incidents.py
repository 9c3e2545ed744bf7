"""The incidents that alerts would have opened, by the rules of the incident desk.

What people would have done is not known. So an incident is taken to be closed when the last of its alarms has
returned, where the desk leaves it open until a person closes it; and nobody acknowledges, shelves or resets anything.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING

import msgspec

from rules.alerts import SeverityWord, Words
from rules.backtest.holding import Holding
from rules.backtest.replay import Alarm, Told
from rules.severity import Severity

if TYPE_CHECKING:
    from rules.alerts import Alert
    from rules.inhibition import Inhibitions


class Incident(msgspec.Struct, frozen=True, kw_only=True):
    """One incident that would have been."""

    number: int
    plan: str
    plan_version: str
    county: str
    place: str
    opened_at: datetime
    paged_at: datetime | None
    """When paging first began; a notice may have stood before. None: it came no further than that, or too late."""
    returned_at: datetime | None
    """When the last of its alarms returned; None: it stands at the end of the data."""
    severity: SeverityWord
    """The gravest it came to."""
    alerts: int
    subjects: int
    """Alarms that had a part in it."""
    pages: int
    """How often paging would have begun: when it opened, and each time that it rose. A notice begins none."""
    historic: bool
    """Its facts came too late for anybody to be paged."""
    explain: Words
    """Why it came to its gravest."""

    @property
    def grade(self) -> Severity:
        return Severity.of(self.severity)

    @property
    def is_notice(self) -> bool:
        """It came no further than *approach*: one text, no escalation."""
        return self.grade < Severity.LINE

    @property
    def pages_somebody(self) -> bool:
        return self.paged_at is not None

    def until(self, end: datetime) -> datetime:
        """When it was over, for data that ends at `end`."""
        return self.returned_at or end


class _Open:
    """An incident that has not returned."""

    def __init__(self, number: int, told: Told) -> None:
        alert = told.alert
        self.number, self.at, self.first = number, told.at, alert
        self.gravest: Alert = alert
        self.alerts = self.pages = 0
        self.known: set[Alarm] = set()
        self.standing: set[Alarm] = set()
        self.paged_at: datetime | None = None
        self.returned_at: datetime | None = None

    def take(self, told: Told, *, pages: bool) -> None:
        alert = told.alert
        rises = self.alerts == 0 or alert.severity > self.gravest.severity
        self.alerts += 1
        if alert.historic and not self.first.historic:
            return  # on record, and nothing more
        if rises and pages:
            self.gravest = alert
            if alert.severity >= Severity.LINE and not self.first.historic:
                self.pages += 1
                self.paged_at = self.paged_at or told.at
        self.known.add(told.alarm)
        if alert.severity > Severity.NORMAL:
            self.standing.add(told.alarm)
        else:
            self.standing.discard(told.alarm)
        if not self.standing:
            self.returned_at = told.at

    def seen(self) -> Incident:
        first, gravest = self.first, self.gravest
        return Incident(
            number=self.number, plan=first.plan, plan_version=first.plan_version, county=first.county,
            place=first.place, opened_at=self.at, paged_at=self.paged_at,
            returned_at=self.returned_at, severity=gravest.after, alerts=self.alerts,
            subjects=len(self.known), pages=self.pages, historic=first.historic, explain=gravest.explain,
        )  # fmt: skip


Place = tuple[str, str]
"""Plan and place: there is one open incident of it."""


class Desk:
    """Takes alerts in their order. What it would have opened is in `incidents`."""

    def __init__(self, inhibitions: Inhibitions) -> None:
        self._holding = Holding(inhibitions)
        self._opened: list[_Open] = []
        self._present: dict[Place, _Open] = {}
        self._historic: dict[Place, _Open] = {}
        self.held: Counter[str] = Counter()
        """By plan: alerts that paged nobody because a greater alarm stood."""

    @property
    def incidents(self) -> list[Incident]:
        """In the order in which they opened."""
        return [one.seen() for one in self._opened]

    def take(self, told: Told) -> None:
        """An alert that is too old to page anybody joins the open incident of its plan and place, or makes one of its
        own that is only recorded: a later alert of the present does not join that one.
        """
        alert = told.alert
        place = alert.plan, alert.place
        if alert.historic:
            among = self._present if place in self._present else self._historic
            self._meets(told, among, opens=alert.severity > Severity.NORMAL)
            return
        if self._holding.holds(told):
            self.held[alert.plan] += 1
            # what was open before goes on, and ends when its alarms have returned
            self._meets(told, self._present, opens=False, pages=False)
        else:
            # where an alarm began in another incident, its going down opens nothing
            self._meets(told, self._present, opens=alert.rises)
        for let_go in self._holding.let_go():
            self._meets(Told(told.at, let_go), self._present, opens=True)

    def _meets(self, told: Told, among: dict[Place, _Open], *, opens: bool, pages: bool = True) -> None:
        place = told.alert.plan, told.alert.place
        incident = among.get(place)
        if incident is None:
            if not opens:
                return
            incident = among[place] = _Open(len(self._opened) + 1, told)
            self._opened.append(incident)
        elif not pages and told.alarm not in incident.known:
            return
        incident.take(told, pages=pages)
        if incident.returned_at is not None:
            del among[place]
