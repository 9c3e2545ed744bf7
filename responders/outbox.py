"""Pages are made here: a step's pages, an officer's next contact, a text to those already told. None is sent here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import select, update

from responders import escalation, incidents, page_states, relatives, starts, whom
from responders.schema import incidents as incidents_table
from responders.schema import pages
from responders.texts import BUILT_IN, NOTHING, About, Texts
from rules import identity
from rules.alerts import PIPELINE_FAULT, Words
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from responders.channels.base import Capabilities
    from responders.incidents import Incident
    from responders.ledger import Ledger
    from responders.page_states import Kind
    from responders.roster import Contact

_log = structlog.get_logger()
CALLING: tuple[Kind, ...] = ("page", "notice")
"""The kinds that ask for somebody; the others tell."""
OVERTAKEN = "it ended before this page left"
"""Why a page was taken back whose officer is told of the end all the same."""


def advance(ledger: Ledger, incident: Incident, step: escalation.StepPages, *, why: str = "") -> None:
    """Let an unacknowledged incident do what is due: page a step (or several empty ones in a row), or wait."""
    now = ledger.now
    decision = escalation.decide(incident.policy, incident.position, incident.step_at, step, now)
    while isinstance(decision, escalation.Page):
        here = decision.position
        incident.position, incident.step_at = here.number, now
        planned = _page_step(ledger, incident, here, why or decision.reason)
        why = ""
        if planned:
            incident.next_due = now + here.wait
            ledger.touch(incident)
            return
        nothing = escalation.StepPages()
        decision = escalation.decide(incident.policy, incident.position, now, nothing, now)
    incident.next_due = decision.until
    ledger.touch(incident)


def notice(ledger: Ledger, incident: Incident) -> None:
    """One text to the first step's people, nobody after them."""
    here = escalation.position(incident.policy, 1)
    people, _ = whom.people(ledger, incident, here)
    for officer in people:
        _call(ledger, incident, ledger.contacts(officer)[0], "notice", 0)


def next_contact(ledger: Ledger, incident: Incident, row: Any) -> bool:
    """A page failed for a reason of the recipient: the officer's next contact, at once. False: there is none."""
    used = set(
        ledger.connection.execute(
            select(pages.c.contact).where(
                pages.c.incident == incident.id,
                pages.c.officer == row.officer,
                pages.c.cycle == row.cycle,
                pages.c.step == row.step,
                pages.c.kind == row.kind,
            )
        ).scalars()
    )
    if not ledger.within_wall(incident, row.officer):
        return False
    for contact in ledger.contacts(row.officer):
        if contact.id not in used:
            _call(ledger, incident, contact, row.kind, row.step)
            return True
    return False


def lost(ledger: Ledger, row: Any) -> None:
    """A page did not and will not arrive: the officer's next contact; without one, the step is looked at anew."""
    if row.kind not in CALLING:
        return
    found = incidents.load(ledger.connection, incidents_table.c.id == row.incident)
    incident = found[0]
    if incident.status not in {"noticed", "unacknowledged"} or incident.cycle != row.cycle:
        return
    if next_contact(ledger, incident, row):
        return
    if incident.status == "unacknowledged" and row.step == incident.position:
        incident.next_due = ledger.now
        ledger.touch(incident)
    ledger.flush()


def told(connection: Connection, incident: Incident) -> dict[str, Any]:
    """Officer → the last page by which that officer was, or is about to be, told; else the one that came too late."""
    late = (pages.c.state == "cancelled") & (pages.c.reason == OVERTAKEN)
    found = connection.execute(
        select(pages)
        .where(
            pages.c.incident == incident.id,
            pages.c.kind.in_(CALLING),
            pages.c.state.in_(page_states.TOLD) | late,
        )
        .order_by(late.desc(), pages.c.created_at, pages.c.step)
    )
    return {row.officer: row for row in found}


def passed(incident: Incident, row: Any) -> Words | None:
    """The text of an end to somebody who may not have heard of the start: it says both."""
    return None if incident.is_open or row.state in page_states.LEFT else BUILT_IN["passed"]


def tell(
    ledger: Ledger,
    incident: Incident,
    kind: Kind,
    about: str,
    values: Mapping[str, Any],
    *,
    but: Iterable[str] = (),
    tail: Words | None = None,
) -> int:
    """One text to each of those already told; `about` makes it one however often this is done."""
    ledger.flush()
    left_out = set(but)
    count = 0
    for officer, row in told(ledger.connection, incident).items():
        if officer in left_out:
            continue
        words = passed(incident, row) if kind == "recovered" else None
        count += _inform(ledger, incident, kind, about, officer, values, tail, words, by=row.contact)
    return count


def remind(
    ledger: Ledger, incident: Incident, about: str, officers: Iterable[str], said: Words, report: str
) -> list[str]:
    """Tell each of these officers what is owed, and how to say that the report has been made; whom it reaches."""
    told = []
    for officer in dict.fromkeys(officers):
        known = ledger.contacts(officer)
        if not known:
            continue
        code, capabilities = _code(ledger, incident, known[0])
        tail = ledger.services.texts.how_to_report(incident.number, code, capabilities, report)
        if _inform(ledger, incident, "reminder", about, officer, {"said": said}, tail, None):
            told.append(officer)
    return told


def _inform(  # noqa: PLR0913, a text
    ledger: Ledger, incident: Incident, kind: Kind, about: str, officer: str, values: Mapping[str, Any],
    tail: Words | None, words: Words | None, *, by: str = "",
) -> bool:  # fmt: skip
    """A text that asks for nothing, by the contact that reached the officer before. False: there is no way."""
    known = ledger.contacts(officer) if ledger.within_wall(incident, officer) else []
    if not known:
        return False
    contact = next((c for c in known if c.id == by), known[0])
    body = _render(ledger, incident, kind, tail or Texts.name_of(incident.number), values, words)
    _add(ledger, incident, kind, 0, about, contact, body, None)
    return True


def cancel(connection: Connection, incident: str, reason: str, kinds: tuple[Kind, ...]) -> int:
    """Take back what has not left yet."""
    done = connection.execute(
        update(pages)
        .where(pages.c.incident == incident, pages.c.kind.in_(kinds), pages.c.state.in_(("due", "held")))
        .values(state="cancelled", reason=reason)
    )
    return int(done.rowcount)


def answer_row(
    page_id: str, incident: str | None, contact: tuple[str, str], body: str, now: datetime
) -> dict[str, Any]:
    """The page that answers an inbound text; it belongs to the text, not to a step."""
    channel, address = contact
    row = _row(page_id, None, "answer", 0, "", None, channel, address, body, None, now)
    return row | {"incident": incident}


def _page_step(ledger: Ledger, incident: Incident, here: escalation.Position, reason: str) -> int:
    people, how = whom.people(ledger, incident, here)
    ledger.note(
        incident.id, "step" if people else "step passed over",
        step=here.number, cycle=incident.cycle, reason=reason, roles=list(here.roles), people=people, **how,
    )  # fmt: skip
    for officer in people:
        _call(ledger, incident, ledger.contacts(officer)[0], "page", here.number)
    if not people and here.last_resort and incident.plan != PIPELINE_FAULT and not incident.exercise:
        name = f"{incident.number}"
        ledger.fault(
            "nobody-reachable", name,
            f"事件{name}无人可呼叫：值班表和联系方式均不可用", f"Incident {name}: nobody can be reached",
            county=incident.county,
        )  # fmt: skip
    return len(people)


def _call(ledger: Ledger, incident: Incident, contact: Contact, kind: Kind, step: int) -> None:
    """One page or notice, with how to answer it."""
    values = {"risen_from": Severity.of(incident.risen_from) if incident.risen_from else None}
    code, capabilities = _code(ledger, incident, contact)
    nth = _nth(ledger, incident, contact, kind)
    texts = ledger.services.texts
    how = texts.how_to_decide if incident.parent else texts.how_to_answer
    tail = how(incident.number, code, capabilities, nth)
    response, others = starts.said(ledger, incident), relatives.said(ledger, incident)
    besides = Words(zh=response.zh + others.zh, en=response.en + others.en)
    body = _render(ledger, incident, kind, tail, values, besides=besides)
    _add(ledger, incident, kind, step, "", contact, body, code)


def _code(ledger: Ledger, incident: Incident, contact: Contact) -> tuple[int | None, Capabilities | None]:
    """The incident's reply code on a phone, where one may stand in a text, and what may be sent there."""
    capabilities = ledger.services.capabilities(contact.channel, contact.address)
    allowed = capabilities and capabilities.two_way and capabilities.code_allowed
    return ledger.code(incident, contact.address) if allowed else None, capabilities


def _nth(ledger: Ledger, incident: Incident, contact: Contact, kind: Kind) -> int:
    """How often this address has been called so for this incident, this time included; it makes each text its own."""
    if incident.loaded is None:
        return 1
    ledger.flush()
    found = ledger.connection.execute(
        select(pages.c.id).where(
            pages.c.incident == incident.id,
            pages.c.address == contact.address,
            pages.c.kind == kind,
            pages.c.state != "cancelled",
        )
    )
    return len(found.all()) + 1


def _render(
    ledger: Ledger, incident: Incident, kind: Kind, tail: Words, values: Mapping[str, Any],
    words: Words | None = None, *, besides: Words = NOTHING,
) -> str:  # fmt: skip
    """A plan's template that is broken costs its own words only: the built-in text is sent and the fault reported."""
    services = ledger.services
    site = services.library
    about = About(
        number=incident.number, policy=incident.policy, severity=incident.severity,
        place=site.place_name(incident.plan, incident.place), county=site.county_name(incident.county),
        exercise=incident.exercise, headline=incident.headline, observed_at=incident.observed_at, now=ledger.now,
        # A fault of the installation itself is of no county.
        names_county=site.several_counties and (incident.plan, incident.county) != (PIPELINE_FAULT, site.county),
    )  # fmt: skip
    try:
        return services.texts.incident(kind, about, tail, values, words=words, besides=besides)
    except Exception as error:  # noqa: BLE001, whatever a template does, somebody is paged
        reason = f"{type(error).__name__}: {error}"[:200]
        _log.warning("template broken, built-in text used", plan=incident.plan, kind=kind, error=reason)
        ledger.fault(
            "templates", f"{incident.plan}/{kind}",
            f"预案 {incident.plan} 的短信模板 {kind} 有误：{reason}",
            f"plan {incident.plan}, template {kind}: {reason}",
        )  # fmt: skip
        return services.texts.incident(kind, about, tail, values, words=BUILT_IN[kind], besides=besides)


def _add(
    ledger: Ledger, incident: Incident, kind: Kind, step: int, about: str, contact: Contact, body: str, code: int | None
) -> None:
    what: identity.Part = step if kind == "page" else f"{kind}:{about}"
    page_id = str(identity.name("page", [incident.id, incident.cycle, what, contact.officer, contact.id]))
    row = _row(
        page_id, incident, kind, step, about, contact.officer, contact.channel, contact.address, body, code, ledger.now
    )
    row["contact"] = contact.id
    ledger.page(row)


def _row(  # noqa: PLR0913, PLR0917, a row
    page_id: str, incident: Incident | None, kind: Kind, step: int, about: str, officer: str | None,
    channel: str, address: str, body: str, code: int | None, now: datetime,
) -> dict[str, Any]:  # fmt: skip
    return {
        "id": page_id, "incident": incident.id if incident else None, "kind": kind,
        "cycle": incident.cycle if incident else 0, "step": step, "about": about, "officer": officer,
        "contact": None, "channel": channel, "address": address, "body": body, "code": code, "state": "due",
        "reason": "", "created_at": now, "due_at": now, "attempts": 0,
    }  # fmt: skip
