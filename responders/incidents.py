"""An incident as it is worked on inside one transaction, and its way from and to its row."""

from __future__ import annotations

from dataclasses import dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, select, update

from responders import incident_states
from responders.escalation import Policy
from responders.schema import incidents
from responders.store import StaleError
from rules.alerts import Words
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection, Row

    from responders.incident_states import Decision, Event, State

_policy = msgspec.json.Decoder(Policy)
_words = msgspec.json.Decoder(Words)
_encode = msgspec.json.Encoder().encode


@dataclass
class Incident:
    """One plan's response in one place. `loaded` is the state its row is expected to be in; None: no row yet."""

    id: str
    number: int
    plan: str
    place: str
    county: str
    exercise: str
    status: State
    severity: str
    opened_at: datetime
    policy: Policy
    headline: Words
    observed_at: datetime
    step_at: datetime
    risen_from: str | None = None
    """What it was before it last rose; its pages say so."""
    cycle: int = 1
    position: int = 0
    next_due: datetime | None = None
    update_due: datetime | None = None
    updated_at: datetime | None = None
    owner: str | None = None
    acknowledged_at: datetime | None = None
    acknowledged_via: str | None = None
    acknowledged_by: str | None = None
    closed_at: datetime | None = None
    closed_by: str | None = None
    close_reason: str | None = None
    parent: str | None = None
    """Of a proposal: the incident whose response it proposes, at its own severity."""
    running: str | None = None
    """The level at which the response runs: up when it starts, down only when people say so."""
    decision: Decision | None = None
    """How a proposal was closed."""
    loaded: tuple[str, int, int] | None = None

    @property
    def grade(self) -> Severity:
        """How grave it has been so far: a running response goes down only when people say so."""
        return Severity.of(self.severity)

    @property
    def is_open(self) -> bool:
        return self.status in incident_states.OPEN

    def move(self, event: Event) -> None:
        """Go to the state that the table names. Raises `incident_states.IllegalEvent`."""
        self.status = incident_states.after(self.status, event)
        if self.status != "unacknowledged":
            self.next_due = None
        if not self.is_open:
            self.update_due = None


_COLUMNS = tuple(field.name for field in fields(Incident) if field.name != "loaded")
_CHANGING = tuple(
    name
    for name in _COLUMNS
    if name not in {"id", "number", "plan", "place", "county", "exercise", "opened_at", "policy", "parent"}
)
_update = (
    update(incidents)
    .where(
        incidents.c.id == bindparam("row_id"),
        incidents.c.status == bindparam("was_status"),
        incidents.c.cycle == bindparam("was_cycle"),
        incidents.c.position == bindparam("was_position"),
    )
    .values({name: bindparam(name) for name in _CHANGING})
)


def load(connection: Connection, *where: ColumnElement[bool], limit: int | None = None) -> list[Incident]:
    """The incidents, locked until the transaction ends; oldest first, so that no two lock each other out."""
    query = select(incidents).where(*where).order_by(incidents.c.number).limit(limit).with_for_update()
    return [_of_row(row) for row in connection.execute(query)]


def load_due(connection: Connection, column: ColumnElement[Any], now: datetime, limit: int) -> list[Incident]:
    """Incidents whose column has fallen due, most overdue first; those another process works on are left to it."""
    query = select(incidents).where(column <= now).order_by(column).limit(limit).with_for_update(skip_locked=True)
    return [_of_row(row) for row in connection.execute(query)]


def row(incident: Incident) -> dict[str, Any]:
    """Every column of the incident's row."""
    values = {name: getattr(incident, name) for name in _COLUMNS}
    values["policy"] = _encode(incident.policy).decode()
    values["headline"] = _encode(incident.headline).decode()
    return values


def save(connection: Connection, changed: Sequence[Incident]) -> None:
    """Write incidents back, each from the state it was loaded in. Raises StaleError when one was not in it."""
    if not changed:
        return
    parameters = []
    for incident in changed:
        if incident.loaded is None:
            raise ValueError(f"incident {incident.number}: got one without a row, expected one that was loaded")
        status, cycle, position = incident.loaded
        values = {name: getattr(incident, name) for name in _CHANGING}
        values["headline"] = _encode(incident.headline).decode()
        parameters.append(
            values | {"row_id": incident.id, "was_status": status, "was_cycle": cycle, "was_position": position}
        )
    done = connection.execute(_update, parameters)
    if done.rowcount != len(parameters):
        raise StaleError(f"incidents: {done.rowcount} of {len(parameters)} were in the state that was expected")
    for incident in changed:
        incident.loaded = (incident.status, incident.cycle, incident.position)


def by_id(incidents_: Iterable[Incident]) -> dict[str, Incident]:
    return {incident.id: incident for incident in incidents_}


def _of_row(found: Row[Any]) -> Incident:
    values = dict(found._mapping)  # noqa: SLF001, SQLAlchemy's public name for it
    values["policy"] = _policy.decode(values["policy"])
    values["headline"] = _words.decode(values["headline"])
    incident = Incident(**values)
    incident.loaded = (incident.status, incident.cycle, incident.position)
    return incident
