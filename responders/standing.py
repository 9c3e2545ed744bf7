"""What stands in the store at this moment, in numbers: for metrics, readiness and the doctor."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from responders import incident_states, page_states
from responders.alarm_queries import alarms_standing, held_alerts
from responders.response_queries import decided_proposals, made_reports, responses_standing
from responders.schema import incidents, pages

if TYPE_CHECKING:
    from responders.store import Store

WAITING = (*page_states.PENDING, "refused")


def standing(store: Store) -> dict[str, int]:
    """Open incidents, unfinished pages, alarms that are not normal, and what responses wait for, by state.

    Statistics leave drills out; a proposal is counted as such, not among the incidents.
    """
    found = {f"incidents_{state}": 0 for state in incident_states.OPEN} | {f"pages_{state}": 0 for state in WAITING}
    with store.read() as connection:
        open_ones = (
            select(incidents.c.status, func.count())
            .where(
                incidents.c.exercise == "", incidents.c.parent.is_(None), incidents.c.status.in_(incident_states.OPEN)
            )
            .group_by(incidents.c.status)
        )
        for state, number in connection.execute(open_ones):
            found[f"incidents_{state}"] = number
        unfinished = select(pages.c.state, func.count()).where(pages.c.state.in_(WAITING)).group_by(pages.c.state)
        for state, number in connection.execute(unfinished):
            found[f"pages_{state}"] = number
        found |= alarms_standing(connection) | responses_standing(connection)
    return found


def held(store: Store) -> dict[str, int]:
    """Alerts that were recorded and paged nobody since the beginning, by what held their alarm."""
    with store.read() as connection:
        return held_alerts(connection)


def decided(store: Store) -> dict[str, int]:
    """Proposals since the beginning, by how they were closed."""
    with store.read() as connection:
        return decided_proposals(connection)


def reported(store: Store) -> dict[str, int]:
    """Reports upward since the beginning: `reported` and `missed`; one made late is both."""
    with store.read() as connection:
        return made_reports(connection)
