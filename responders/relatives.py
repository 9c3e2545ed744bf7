"""Incidents that several plans have opened for one occurrence: each knows of the others, and its pages name them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

import msgspec
from sqlalchemy import select

from responders import incident_states
from responders.schema import alerts as alerts_table
from responders.schema import incidents as incidents_table
from responders.texts import NOTHING
from rules.alerts import Words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Select
    from sqlalchemy.engine import Connection

    from responders.incidents import Incident
    from responders.ledger import Ledger
    from rules.alerts import Alert

_NAMED = 2
"""So many are named in a text; the record has them all."""


class Relative(NamedTuple):
    """Another plan's incident of the same occurrence."""

    id: str
    number: int
    tag: Words


class _Tagged(msgspec.Struct):
    """What is needed of a frozen policy."""

    tag: Words


_policy = msgspec.json.Decoder(_Tagged)


class Occurrences:
    """Which open incidents are of the occurrences that some alerts name: asked once for all of them."""

    def __init__(self, connection: Connection, alerts: Sequence[Alert]) -> None:
        self._known: dict[tuple[str, str, str], dict[str, Relative]] = defaultdict(dict)
        names = {alert.occurrence for alert in alerts if alert.occurrence}
        if not names:
            return
        columns = alerts_table.c.exercise, alerts_table.c.county, alerts_table.c.occurrence
        query = (
            select(*columns, incidents_table.c.id, incidents_table.c.number, incidents_table.c.policy)
            .join(incidents_table, incidents_table.c.id == alerts_table.c.incident)
            .where(alerts_table.c.occurrence.in_(names), incidents_table.c.status.in_(incident_states.OPEN))
            .distinct()
            .order_by(incidents_table.c.number)
        )
        for row in connection.execute(query):
            relative = Relative(row.id, row.number, _policy.decode(row.policy).tag)
            self._known[row.exercise, row.county, row.occurrence][row.id] = relative

    def join(self, incident: Incident, alert: Alert) -> list[Relative]:
        """The incident is of the alert's occurrence too; which others are."""
        if not alert.occurrence:
            return []
        of_one = self._known[alert.exercise or "", alert.county, alert.occurrence]
        others = [relative for name, relative in of_one.items() if name != incident.id]
        of_one[incident.id] = Relative(incident.id, incident.number, incident.policy.tag)
        return others


def said(ledger: Ledger, incident: Incident) -> Words:
    """To stand behind what a page of the incident tells: who else has been called for the same."""
    related = ledger.related.get(incident.id)
    if related is None:
        related = [] if incident.loaded is None or incident.parent else _of(ledger, incident)
    if not related:
        return NOTHING
    shown, more = related[:_NAMED], len(related) > _NAMED
    zh = "、".join(f"事件{one.number}【{one.tag.zh}】" for one in shown)
    en = ", ".join(f"incident {one.number} [{one.tag.en}]" for one in shown)
    return Words(zh=f"关联{zh}{'等' if more else ''}。", en=f" Related: {en}{' and more' if more else ''}.")


def of_incident(incident: str, exercise: str, county: str) -> Select[tuple[str]]:
    """The names of every incident, ended ones included, that is of an occurrence of this one."""
    own = select(alerts_table.c.occurrence).where(
        alerts_table.c.incident == incident, alerts_table.c.occurrence.is_not(None)
    )
    return (
        select(alerts_table.c.incident)
        .where(
            alerts_table.c.occurrence.in_(own),
            alerts_table.c.exercise == exercise,
            alerts_table.c.county == county,
            alerts_table.c.incident != incident,
        )
        .distinct()
    )


def note(ledger: Ledger, incident: Incident, others: Iterable[Relative]) -> None:
    """That they belong together, on each one's timeline."""
    for other in others:
        ledger.note(incident.id, "related", number=other.number, zh=other.tag.zh, en=other.tag.en)
        tag = incident.policy.tag
        ledger.note(other.id, "related", number=incident.number, zh=tag.zh, en=tag.en)


def _of(ledger: Ledger, incident: Incident) -> list[Relative]:
    ledger.flush()
    table = incidents_table
    names = of_incident(incident.id, incident.exercise, incident.county)
    query = select(table.c.id, table.c.number, table.c.policy).where(
        table.c.id.in_(names), table.c.status.in_(incident_states.OPEN)
    )
    found = ledger.connection.execute(query.order_by(table.c.number))
    return [Relative(row.id, row.number, _policy.decode(row.policy).tag) for row in found]
