"""What a page says of the response itself: that it runs, or waits for its approver, and what begins meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from responders import incidents
from responders.schema import incidents as table
from responders.texts import NOTHING
from rules.alerts import Words
from rules.severity import LEVELS, Severity

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement

    from responders.duties import FrozenStart
    from responders.incidents import Incident
    from responders.ledger import Ledger

_LONGEST = 120  # characters of measures in each language: what happened, and how to answer, must stay in the text


def said(ledger: Ledger, incident: Incident) -> Words:
    """To stand behind what a page of the incident tells. A proposal's page says nothing of the kind."""
    start = incident.policy.duties.starts.get(incident.severity)
    if start is None or incident.grade not in LEVELS:
        return NOTHING
    level, measures = Words(zh=incident.grade.zh, en=incident.grade.en), _measures(start)
    if incident.running is not None and Severity.of(incident.running) >= incident.grade:
        return _joined(Words(zh=f"{level.zh}响应已启动", en=f" The response of {level.en} runs"), measures)
    if start.approver is None:
        return NOTHING  # somebody has lowered it since
    if not waits(ledger, incident):
        return Words(zh=f"{level.zh}响应未获批准。", en=f" The response of {level.en} was not approved.")
    who = ledger.services.library.role_name(start.approver)
    waiting = Words(
        zh=f"{level.zh}响应已报{who.zh}批准，批复前", en=f" The response of {level.en} waits for {who.en}; meanwhile"
    )
    fallback = Words(zh="先行处置", en="act as for the level below")
    return Words(zh=f"{waiting.zh}{measures.zh or fallback.zh}。", en=f"{waiting.en} {measures.en or fallback.en}.")


def waits(ledger: Ledger, incident: Incident) -> bool:
    """Whether a proposal of the incident waits for its answer."""
    if ledger.adds_proposal_of(incident):
        return True
    ledger.flush()
    query = select(table.c.id).where(_waiting(incident)).limit(1)
    return ledger.connection.execute(query).first() is not None


def pending(ledger: Ledger, incident: Incident) -> list[Incident]:
    """The incident's proposal that waits for its answer, locked; or none."""
    ledger.flush()
    return incidents.load(ledger.connection, _waiting(incident))


def _waiting(incident: Incident) -> ColumnElement[bool]:
    return (table.c.parent == incident.id) & (table.c.status == "unacknowledged")


def _measures(start: FrozenStart) -> Words:
    return Words(
        zh=_shortened("；".join(words.zh.rstrip("。；") for words in start.measures)),
        en=_shortened("; ".join(words.en.rstrip(".; ") for words in start.measures)),
    )


def _shortened(measures: str) -> str:
    return measures if len(measures) <= _LONGEST else measures[: _LONGEST - 1].rstrip() + "…"


def _joined(head: Words, measures: Words) -> Words:
    return Words(
        zh=head.zh + (f"：{measures.zh}" if measures.zh else "") + "。",
        en=head.en + (f": {measures.en}" if measures.en else "") + ".",
    )
