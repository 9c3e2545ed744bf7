"""Responses in numbers: what waits for people, and what they have decided. Drills are left out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from responders import incident_states
from responders.response_schema import reports
from responders.schema import incidents

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement
    from sqlalchemy.engine import Connection


def responses_standing(connection: Connection) -> dict[str, int]:
    """Responses that run, proposals that wait for their answer, reports that are owed in time and late."""
    owed = reports.c.done_at.is_(None) & reports.c.ended_at.is_(None)
    return {
        "responses_running": _incidents(connection, incidents.c.running.is_not(None)),
        "proposals_waiting": _incidents(connection, incidents.c.parent.is_not(None), incidents.c.decision.is_(None)),
        "reports_owed": _reports(connection, owed, reports.c.missed_at.is_(None)),
        "reports_late": _reports(connection, owed, reports.c.missed_at.is_not(None)),
    }


def decided_proposals(connection: Connection) -> dict[str, int]:
    """Proposals since the beginning, by how they were closed."""
    query = select(incidents.c.decision, func.count()).where(incidents.c.exercise == "").group_by(incidents.c.decision)
    found = dict.fromkeys(incident_states.DECISIONS, 0) | {k: n for k, n in connection.execute(query).all() if k}
    return {str(decision): number for decision, number in found.items()}


def made_reports(connection: Connection) -> dict[str, int]:
    """Reports since the beginning: those made, and those whose deadline passed before."""
    return {
        "reported": _reports(connection, reports.c.done_at.is_not(None)),
        "missed": _reports(connection, reports.c.missed_at.is_not(None)),
    }


def _incidents(connection: Connection, *where: ColumnElement[bool]) -> int:
    query = select(func.count()).select_from(incidents).where(incidents.c.exercise == "", *where)
    return int(connection.execute(query).scalar_one())


def _reports(connection: Connection, *where: ColumnElement[bool]) -> int:
    real = reports.join(incidents, incidents.c.id == reports.c.incident)
    query = select(func.count()).select_from(real).where(incidents.c.exercise == "", *where)
    return int(connection.execute(query).scalar_one())
