"""What is said of alarms that are held: on a timeline, and in the last text of the incident that held them back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from responders.alarm_schema import alarms
from responders.schema import alerts, incidents, pages
from responders.texts import Texts
from rules.alerts import Words, decode
from rules.annunciation import Seen

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from responders.alarms import Alarm
    from responders.incidents import Incident
    from responders.ledger import Ledger
    from rules.alerts import Alert

OUTCOMES = {Seen.SHELVED: "shelved", Seen.SUPPRESSED: "suppressed", Seen.OUT_OF_SERVICE: "out of service"}
"""What becomes of an alert whose alarm is held."""
_NAMED = 3  # of what ended with a greater alarm; the rest is counted


def last_alert(connection: Connection, alarm: Alarm) -> Alert:
    """The last of an alarm's alerts."""
    raw = connection.execute(select(alerts.c.raw).where(alerts.c.id == alarm.alert)).scalar_one()
    return decode(raw.encode())


def note(ledger: Ledger, greater: Incident, alert: Alert) -> None:
    """One line of the greater incident's timeline."""
    ledger.note(
        greater.id, "suppressed", alert=str(alert.id), subject=alert.subject, after=alert.after,
        zh=alert.explain.zh, en=alert.explain.en,
    )  # fmt: skip


def can_end(ledger: Ledger, incident: Incident) -> bool:
    """Whether nobody has been paged for it, and every alarm of it that stands is held back."""
    asked = or_(incidents.c.id == incident.id, incidents.c.parent == incident.id)
    left = select(pages.c.id).where(
        pages.c.incident.in_(select(incidents.c.id).where(asked)),
        pages.c.state.not_in(("due", "held", "cancelled", "refused")),
    )
    if ledger.connection.execute(left.limit(1)).first():
        return False
    given = ledger.alarms.find(alarms.c.incident == incident.id)
    return all(alarm.suppressed_by is not None for alarm in given if alarm.is_active)


def tail(ledger: Ledger, incident: Incident, *, latched: bool) -> Words:
    """What the last text of an incident ends with: what was held back and has ended too, and what is still to do."""
    ended = _ended(ledger.connection, incident)
    zh, en = "", ""
    if ended:
        more = len(ended) - _NAMED
        zh += f" 期间未单独呼叫且已恢复：{'；'.join(words.zh for words in ended[:_NAMED])}"
        zh += f"，等{len(ended)}项。" if more > 0 else "。"
        en += f" Not paged for by themselves, and back to normal too: {'; '.join(words.en for words in ended[:_NAMED])}"
        en += f" and {more} more." if more > 0 else "."
    if latched:
        zh += " 报警已锁存，须人工复位：fenghuo alarm reset。"
        en += " The alarm is latched: somebody must reset it (fenghuo alarm reset)."
    name = Texts.name_of(incident.number)
    return Words(zh=zh + name.zh, en=en + name.en)


def _ended(connection: Connection, incident: Incident) -> list[Words]:
    """The last that is known of each alarm that was recorded under the incident and stands no longer."""
    under = select(alerts.c.alarm).where(alerts.c.incident == incident.id, alerts.c.outcome == "suppressed")
    last = (
        select(alerts.c.raw)
        .join(alarms, alarms.c.alert == alerts.c.id)
        .where(alarms.c.id.in_(under), alarms.c.condition != "active")
        .order_by(alarms.c.since, alarms.c.id)
    )
    return [
        Words(zh=words.zh.rstrip("。. "), en=words.en.rstrip(". "))
        for words in (decode(raw.encode()).explain for raw in connection.execute(last).scalars())
    ]
