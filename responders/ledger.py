"""One transaction's work on incidents: what it reads is asked once, what it makes is written together at its end."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, insert, select, update

from responders import incidents as rows
from responders import reply_codes as codes
from responders import roster as rosters
from responders.alarms import Book, alarm_id
from responders.response_schema import reports
from responders.schema import alerts, counters, incidents, pages, reply_codes, subjects, timeline
from rules import identity
from rules.alerts import Words, encode, pipeline_fault
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from sqlalchemy.engine import Connection

    from responders.channels.base import Capabilities
    from responders.drills import Drills
    from responders.incidents import Incident
    from responders.library import Library
    from responders.relatives import Relative
    from responders.roster import Contact, Roster
    from responders.texts import Texts
    from rules.alerts import Alert

_encode = msgspec.json.Encoder().encode

# Made once: building a statement costs as much as running it.
_insert = {table: insert(table) for table in (incidents, subjects, reply_codes, alerts, pages, reports, timeline)}
_counter = update(counters).where(counters.c.name == "incident")
_hold_number = _counter.values(value=counters.c.value).returning(counters.c.value)
_keep_number = _counter.values(value=bindparam("number"))


@dataclass(frozen=True)
class Services:
    """What desk, escalation and inbound texts need to know of the world."""

    library: Library
    roster: Roster
    drills: Drills
    texts: Texts
    capabilities: Callable[[str, str], Capabilities | None]
    """(channel, number) → what may be sent there; None: there is no such channel here."""


@dataclass
class Subject:
    """The last that is known of one subject of an incident."""

    severity: str
    peak: str
    """The gravest since it was last normal."""
    explain: str
    at: datetime
    told: bool
    new: bool = False
    dirty: bool = False


@dataclass
class Ledger:
    """Collects rows; `flush` writes them. Nothing outside the transaction is touched."""

    connection: Connection
    services: Services
    now: datetime
    faults: list[Alert] = field(default_factory=list)
    """Faults noticed on the way; whoever owns the ledger takes them to the desk before the end."""
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    related: dict[str, list[Relative]] = field(default_factory=dict)
    """Of incidents that are new: those of the same occurrence."""
    alarms: Book = field(init=False)
    _new: list[Incident] = field(default_factory=list)
    _touched: dict[str, Incident] = field(default_factory=dict)
    _alerts: list[dict[str, Any]] = field(default_factory=list)
    _pages: list[dict[str, Any]] = field(default_factory=list)
    _codes: list[dict[str, Any]] = field(default_factory=list)
    _notes: list[dict[str, Any]] = field(default_factory=list)
    _reports: list[dict[str, Any]] = field(default_factory=list)
    _subjects: dict[str, dict[tuple[str, str], Subject]] = field(default_factory=dict)
    _number: int | None = None
    _on_duty: dict[str, tuple[str, ...] | None] = field(default_factory=dict)
    _contacts: dict[str, list[Contact]] = field(default_factory=dict)
    _participants: dict[str, frozenset[str] | None] = field(default_factory=dict)
    _taken: dict[str, set[int]] = field(default_factory=dict)
    _page_ids: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.alarms = Book(self.connection)

    # -- what is asked

    def on_duty(self, role: str) -> tuple[str, ...] | None:
        """Who is on duty now; None: the roster could not say."""
        self._ask_duty([role])
        return self._on_duty[role]

    def all_on_duty(self, roles: Collection[str]) -> dict[str, tuple[str, ...]]:
        """Each of the roles → who is on duty now, as far as the roster can say."""
        self._ask_duty(roles)
        return {role: self._on_duty[role] or () for role in roles}

    def _ask_duty(self, roles: Collection[str]) -> None:
        unknown = [role for role in roles if role not in self._on_duty]
        if not unknown:
            return
        try:
            with self.connection.begin_nested():  # a failed statement must not spoil the transaction
                self._on_duty |= self.services.roster.on_duty(self.connection, unknown, self.now)
        except Exception as error:  # noqa: BLE001, whatever is wrong with the roster, somebody is paged
            self._on_duty |= dict.fromkeys(unknown)
            name = type(error).__name__
            for role in unknown:
                self.fault("roster", role, f"值班表无法查询（{name}）", f"roster: {name}")

    def contacts(self, officer: str) -> list[Contact]:
        """The officer's enabled contacts on channels that exist here."""
        if officer not in self._contacts:
            self._contacts[officer] = [
                contact
                for contact in rosters.reachable(self.connection, officer)
                if self.services.capabilities(contact.channel, contact.address) is not None
            ]
        return self._contacts[officer]

    def participants(self, exercise: str) -> frozenset[str] | None:
        if exercise not in self._participants:
            self._participants[exercise] = self.services.drills.participants(self.connection, exercise)
        return self._participants[exercise]

    def within_wall(self, incident: Incident, officer: str) -> bool:
        """A real incident concerns everybody; an exercise only its participants, and only while it runs."""
        if not incident.exercise:
            return True
        return officer in (self.participants(incident.exercise) or frozenset())

    def subjects(self, incident: Incident) -> dict[tuple[str, str], Subject]:
        """(detector, subject) → what is known of it. Change it through `know`."""
        if incident.id not in self._subjects:
            found: dict[tuple[str, str], Subject] = {}
            if incident.loaded is not None:
                query = select(subjects).where(subjects.c.incident == incident.id)
                for row in self.connection.execute(query):
                    found[row.detector, row.subject] = Subject(row.severity, row.peak, row.explain, row.at, row.told)
            self._subjects[incident.id] = found
        return self._subjects[incident.id]

    # -- what is made

    def number(self) -> int:
        """The next number for people. The counter's row is held until the end: no gap, no number twice."""
        if self._number is None:
            found = self.connection.execute(_hold_number).scalar_one()
            self._number = int(found)
        self._number += 1
        return self._number

    def add(self, incident: Incident) -> None:
        self._new.append(incident)

    def adds_proposal_of(self, incident: Incident) -> bool:
        """Whether a proposal of the incident is among what is not written yet."""
        return any(new.parent == incident.id for new in self._new)

    def touch(self, incident: Incident) -> None:
        """The incident was changed (one that is new is written anyway)."""
        if incident.loaded is not None:
            self._touched[incident.id] = incident

    def know(self, incident: Incident, alert: Alert, *, told: bool) -> None:
        """Remember the last of a subject."""
        known = self.subjects(incident)
        key = (alert.detector, alert.subject)
        explain = _encode(alert.explain).decode()
        before = known.get(key)
        peak = alert.severity
        if before is not None and alert.severity != Severity.NORMAL:
            peak = max(peak, Severity.of(before.peak))
        new = before is None or before.new
        known[key] = Subject(alert.after, peak.word, explain, alert.at, told, new=new, dirty=True)

    def renamed(self, incident: str, was: tuple[str, str], now: tuple[str, str]) -> None:
        """A subject's row bears another name now. What was known has been flushed."""
        known = self._subjects.get(incident, {})
        if was in known:
            known[now] = known.pop(was)

    def mark_told(self, incident: Incident) -> None:
        for subject in self.subjects(incident).values():
            if not subject.told:
                subject.told = subject.dirty = True

    def record(self, alert: Alert, incident: Incident | None, outcome: str, *, again: bool = False) -> None:
        """The alert has been taken; `again`: it was on record, and is given now."""
        exercise = alert.exercise or ""
        if not again:
            self._alerts.append({
                "id": str(alert.id), "incident": incident.id if incident else None, "county": alert.county,
                "plan": alert.plan, "place": alert.place, "exercise": exercise, "at": alert.at,
                "received_at": self.now, "outcome": outcome, "raw": encode(alert).decode(),
                "alarm": alarm_id(exercise, alert.county, alert.detector, alert.subject),
                "occurrence": alert.occurrence or None,
            })  # fmt: skip
        self.outcomes.append({
            "alert": str(alert.id), "incident": incident.id if incident else None,
            "number": incident.number if incident else None, "plan": alert.plan, "place": alert.place,
            "exercise": alert.exercise, "after": alert.after, "outcome": outcome,
        })  # fmt: skip
        if incident:
            self.note(
                incident.id, "alert", alert=str(alert.id), outcome=outcome, before=alert.before, after=alert.after,
                zh=alert.explain.zh, en=alert.explain.en, observed=identity.utc_micros(alert.at),
                subject=alert.subject, reason=alert.reason,
            )  # fmt: skip

    def note(
        self, incident: str, event: str, *, who: str | None = None, page: str | None = None,
        alert: str | None = None, **detail: Any,
    ) -> None:  # fmt: skip
        """One line of the incident's timeline."""
        self._notes.append({
            "incident": incident, "at": self.now, "event": event, "who": who, "page": page, "alert": alert,
            "detail": _encode(detail).decode(),
        })  # fmt: skip

    def report(self, row: dict[str, Any]) -> None:
        """A report upward that is owed."""
        self._reports.append(row)

    def page(self, row: dict[str, Any]) -> None:
        """A page that is due. The same page twice is one."""
        if row["id"] not in self._page_ids:
            self._page_ids.add(row["id"])
            self._pages.append(row)

    def code(self, incident: Incident, phone: str) -> int | None:
        """The incident's reply code on this phone, made on first use. None: the phone has no free one."""
        known = None
        if incident.loaded is not None:
            known = codes.of_incident(self.connection, phone, incident.id)
        known = known or next(
            (c["code"] for c in self._codes if c["phone"] == phone and c["incident"] == incident.id), None
        )
        if known is not None:
            return known
        if phone not in self._taken:
            self._taken[phone] = codes.taken(self.connection, phone, self.now)
        code = codes.smallest_free(self._taken[phone], exercise=bool(incident.exercise))
        if code is not None:
            self._taken[phone].add(code)
            self._codes.append({
                "phone": phone, "code": code, "incident": incident.id, "exercise": bool(incident.exercise),
                "assigned_at": self.now, "released_at": None,
            })  # fmt: skip
        return code

    def fault(self, part: str, subject: str, zh: str, en: str, *, county: str = "") -> None:
        """Something of ours is broken. One alert a minute and subject is enough."""
        from_minute = self.now.replace(second=0, microsecond=0)
        self.faults.append(
            pipeline_fault(
                county=county or self.services.library.county, part=part, subject=subject, at=from_minute,
                explain=Words(zh=zh, en=en),
            )
        )  # fmt: skip

    # -- the end

    def flush(self) -> None:
        """Write everything collected so far; the transaction stays open."""
        connection = self.connection
        if self._number is not None:
            connection.execute(_keep_number, {"number": self._number})
        if self._new:
            connection.execute(_insert[incidents], [rows.row(incident) for incident in self._new])
            for incident in self._new:
                incident.loaded = (incident.status, incident.cycle, incident.position)
                self._touched.pop(incident.id, None)
        rows.save(connection, list(self._touched.values()))
        self._flush_subjects()
        for table, collected in (
            (reply_codes, self._codes),
            (alerts, self._alerts),
            (pages, self._pages),
            (reports, self._reports),
            (timeline, self._notes),
        ):
            if collected:
                connection.execute(_insert[table], collected)
                collected.clear()
        self._new.clear()
        self._touched.clear()
        self.alarms.flush()

    def _flush_subjects(self) -> None:
        fresh = []
        for incident, known in self._subjects.items():
            for (detector, name), subject in known.items():
                if not subject.dirty:
                    continue
                values = {
                    "severity": subject.severity, "peak": subject.peak, "explain": subject.explain,
                    "at": subject.at, "told": subject.told,
                }  # fmt: skip
                if subject.new:
                    fresh.append({"incident": incident, "detector": detector, "subject": name, **values})
                else:
                    self.connection.execute(
                        update(subjects)
                        .where(
                            subjects.c.incident == incident,
                            subjects.c.detector == detector,
                            subjects.c.subject == name,
                        )
                        .values(values)
                    )
                subject.new = subject.dirty = False
        if fresh:
            self.connection.execute(_insert[subjects], fresh)
