"""What the tests of the cold path are told in: a duty room with a clock moved by hand, officers and their phones."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from responders.acknowledgement import Answers
from responders.alarm_acts import AlarmActs
from responders.alarm_queries import AlarmView, show_alarm
from responders.alarms import alarm_id
from responders.channels.base import Accepted, CannotAsk, Capabilities, OutgoingText, SendResult
from responders.channels.callbacks import InboundText
from responders.decisions import Decisions
from responders.desk import Desk
from responders.drills import RegisteredDrills
from responders.inbound import Inbound
from responders.ledger import Services
from responders.migrations import migrate
from responders.pager import Pager
from responders.report_acts import ReportActs
from responders.roster import Contact, DutyTable
from responders.schema import alerts as alerts_table
from responders.schema import contacts, duty, incidents, officers, pages, timeline
from responders.store import Store
from responders.texts import Texts
from rules import identity
from rules.alerts import Alert, Cause, Words, alert_id
from rules.plan_duties import TIERS
from rules.plans import Escalation, Plan, Step, version
from rules.triggers import Line, Ratio, Trigger

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

START = datetime(2026, 8, 26, 8, 0, tzinfo=UTC)  # 16:00 in Shanghai
TWO_WAY = Capabilities(two_way=True, code_allowed=True, link_allowed=True, per_number_per_day=None)
ONE_WAY = Capabilities(two_way=False, code_allowed=False, link_allowed=False, per_number_per_day=None)
COUNTY = "330723"


class Clock:
    """Stands still until it is advanced."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


@dataclass
class Network:
    """An in-memory provider that implements the channel's whole protocol, what it can be asked included."""

    clock: Clock
    name: str = "twilio"
    arrived: dict[str, list[str]] = field(default_factory=dict)
    read: dict[str, int] = field(default_factory=dict)
    sent: list[tuple[OutgoingText, str, datetime]] = field(default_factory=list)
    calls: list[OutgoingText] = field(default_factory=list)
    answers: Callable[[OutgoingText], SendResult | None] = lambda _: None
    """What it says instead of taking the text; None: it takes it."""
    lose: Callable[[OutgoingText], SendResult | None] = lambda _: None
    """What it says after it has taken the text; None: it says so."""
    asking: Callable[[], None] = lambda: None
    """Raises when it cannot be asked."""

    def capabilities(self, number: str) -> Capabilities:
        return ONE_WAY if number.startswith("+86") else TWO_WAY

    async def send(self, text: OutgoingText) -> SendResult:
        self.calls.append(text)
        if (instead := self.answers(text)) is not None:
            return instead
        provider_id = f"SM{len(self.sent):032x}"
        self.sent.append((text, provider_id, self.clock()))
        self.arrived.setdefault(text.to, []).append(text.body)
        return self.lose(text) or Accepted(provider_id, "accepted")

    async def find(self, to: str, body: str, created_after: datetime) -> Accepted | None:
        self.asking()
        for text, provider_id, at in self.sent:
            if text.to == to and text.body == body and at >= created_after - timedelta(seconds=5):
                return Accepted(provider_id, "sent")
        return None

    async def aclose(self) -> None: ...

    def reads(self, number: str, *containing: str) -> str:
        """The next unread text of a phone; it contains all of these."""
        at = self.read.get(number, 0)
        texts = self.arrived.get(number, [])
        assert at < len(texts), f"{number}: no new text, expected one with {containing}; so far {texts}"
        for part in containing:
            assert part in texts[at], f"{number}: expected {part!r} in {texts[at]!r}"
        self.read[number] = at + 1
        return texts[at]

    def silent(self, number: str) -> None:
        """No unread text is on the phone."""
        unread = self.arrived.get(number, [])[self.read.get(number, 0) :]
        assert not unread, f"{number}: expected no text, got {unread}"

    def ignores(self, number: str) -> int:
        """The owner does not care about the texts so far; how many there were."""
        count = len(self.arrived.get(number, [])) - self.read.get(number, 0)
        self.read[number] = len(self.arrived.get(number, []))
        return count

    def close_strictly(self) -> None:
        for number in self.arrived:
            self.silent(number)

    def unreadable(self) -> None:
        raise CannotAsk("HTTP 500")


class Library:
    """Plans of the test."""

    county = COUNTY
    duty_role = "duty"
    several_counties = False

    def __init__(self) -> None:
        self.plans: dict[str, Plan] = {}

    def plan(self, plan_id: str, plan_version: str) -> Plan | None:
        found = self.plans.get(plan_id)
        return found if found is not None and version(found) == plan_version else None

    def county_name(self, county: str) -> Words:
        return Words(zh="武义县", en="Wuyi County") if county == COUNTY else Words(zh=county, en=county)

    def place_name(self, plan_id: str, place: str) -> Words:
        del plan_id
        return Words(zh=place, en=place)

    def role_name(self, role: str) -> Words:
        return Words(zh={"head": "分管副县长", "chief": "县长"}.get(role, role), en=role)

    def body_name(self, body: str) -> Words:
        return TIERS.get(body) or Words(zh=body, en=body)


def grain_plan(**changed: Any) -> Plan:
    """Duty officer 5 min, leader of the shift 10 min, once repeated, then the leader for ever."""
    escalation = changed.pop("escalation", None) or Escalation(
        steps=[Step(page=["duty"], wait="5m"), Step(page=["leader"], wait="10m")],
        repeat=0,
        leader=["leader"],
        leader_wait="5m",
        last_resort_every="5m",
    )
    made: dict[str, Any] = {
        "id": "grain",
        "titles": Words(zh="粮食价格预警", en="Grain price warning"),
        "tag": Words(zh="粮价预警", en="Grain price"),
        "basis": ["test"],
        "scope": ["county", "stage"],
        "triggers": [
            Trigger(id="line", when=Line(stages=["retail"], ratio=Ratio(approach=1, recovery=1, source="test")))
        ],
        "escalation": escalation,
    }
    return Plan(**(made | changed))


class Room:
    """Everything the cold path needs, and the words to tell a test in."""

    def __init__(self, url: str) -> None:
        self.clock = Clock()
        self.store = Store(url)
        migrate(self.store)
        self.network = Network(self.clock)
        self.channels: dict[str, Any] = {"twilio": self.network}
        self.library = Library()
        self.plan = self.adopt(grain_plan())
        self.services = Services(
            library=self.library,
            roster=DutyTable(),
            drills=RegisteredDrills(),
            texts=Texts("0579-87660000"),
            capabilities=lambda channel, number: (
                self.channels[channel].capabilities(number) if channel in self.channels else None
            ),
        )
        self.desk = Desk(self.store, self.services, self.clock)
        self.pager = self.new_pager()
        self.answers = Answers(self.store, self.services, self.clock)
        self.acts = AlarmActs(self.store, self.services, self.desk, self.clock)
        self.decisions = Decisions(self.store, self.services, self.clock)
        self.report_acts = ReportActs(self.store, self.services, self.clock)
        self.inbound = Inbound(self.store, self.services, self.clock)
        self._texts = 0
        self.numbers: dict[str, str] = {}

    def new_pager(self, **settings: Any) -> Pager:
        return Pager(
            self.store,
            self.services,
            self.desk,
            self.channels,
            self.clock,
            public_url="https://fenghuo.test",
            **settings,
        )

    def adopt(self, plan: Plan) -> Plan:
        self.library.plans[plan.id] = plan
        return plan

    # -- the roster

    def officer(self, name: str, *numbers: str, channel: str = "twilio") -> str:
        """An officer with phones, the first to be tried first; answers the first number."""
        with self.store.write() as connection:
            connection.execute(insert(officers).values(name=name, language="zh"))
            for position, number in enumerate(numbers, 1):
                contact = str(identity.name("contact", [name, channel, number]))
                connection.execute(
                    insert(contacts).values(
                        id=contact, officer=name, channel=channel, address=number, position=position, enabled=True
                    )
                )
        return numbers[0] if numbers else ""

    def on_duty(self, role: str, name: str, start: datetime | None = None, end: datetime | None = None) -> None:
        start, end = start or START - timedelta(days=1), end or START + timedelta(days=4000)
        with self.store.write() as connection:
            row = str(identity.name("duty", [role, name, start, end]))
            connection.execute(insert(duty).values(id=row, role=role, officer=name, starts_at=start, ends_at=end))

    def usual(self) -> tuple[str, str]:
        """王 is on duty, 李 leads the shift; their phones."""
        wang = self.officer("王建国", "+12025550111")
        li = self.officer("李卫东", "+12025550122")
        self.on_duty("duty", "王建国")
        self.on_duty("leader", "李卫东")
        return wang, li

    # -- what happens

    def alert(
        self,
        after: str = "line",
        before: str = "normal",
        *,
        subject: str = "P01/rice/retail",
        place: str = f"{COUNTY}/retail",
        plan: Plan | None = None,
        county: str = COUNTY,
        at: datetime | None = None,
        **more: Any,
    ) -> Alert:
        plan = plan or self.plan
        at = at or self.clock()
        cause = Cause(due=at)
        detector = f"{plan.id}/line"
        more.setdefault("explain", Words(zh=f"{subject} 零售价 7.2 元/公斤。", en=f"{subject} at 7.2 CNY/kg."))
        exercise = more.get("exercise")
        return Alert(
            id=alert_id(
                exercise=exercise, county=county, detector=detector, subject=subject, before=before, after=after,
                cause=cause,
            ),
            county=county, plan=plan.id, plan_version=more.pop("plan_version", version(plan)), place=place,
            detector=detector, subject=subject, before=before, after=after,
            reason="crossed" if after != "normal" else "recovered", cause=cause, at=at, known_at=at, **more,
        )  # fmt: skip

    def take(self, *alerts: Alert) -> None:
        self.desk.take(alerts)

    async def idle(self) -> None:
        await self.pager.run_until_idle()

    async def goes_by(self, **time: float) -> None:
        """Time passes, second by second where something is due, and everything due is done."""
        end = self.clock.now + timedelta(**time)
        await self.idle()
        while (due := self.next_due()) is not None and due <= end:
            self.clock.now = max(due, self.clock.now + timedelta(milliseconds=1))
            await self.idle()
        self.clock.now = max(end, self.clock.now)
        await self.idle()

    def next_due(self) -> datetime | None:
        claims = self.pager._claims
        dues = [ask(self.clock.now) for ask in (self.pager._escalator.next_due, claims.next_due, claims.next_question)]
        dues += [c.open_until for c in self.pager._circuits.values() if c.open_until and c.open_until > self.clock.now]
        return min((due for due in dues if due), default=None)

    async def happens(self, *alerts: Alert) -> None:
        self.take(*alerts)
        await self.idle()

    async def replies(self, number: str, body: str, *, again: str | None = None) -> str:
        """An officer texts back; answers the text's provider id."""
        self._texts += 1
        provider_id = again or f"SM{0xFEED0000 + self._texts:032x}"
        self.inbound.take(InboundText(provider_id, number, "+12025550100", body))
        await self.idle()
        return provider_id

    # -- what is on record

    def rows(self, table: Any, *where: Any) -> Sequence[Any]:
        with self.store.read() as connection:
            return connection.execute(select(table).where(*where)).all()

    def incident(self, number: int = 1) -> Any:
        (row,) = self.rows(incidents, incidents.c.number == number)
        return row

    def incidents(self) -> Sequence[Any]:
        return sorted(self.rows(incidents), key=lambda row: row.number)

    def pages(self, **where: Any) -> Sequence[Any]:
        found = self.rows(pages, *(pages.c[key] == value for key, value in where.items()))
        return sorted(found, key=lambda row: (row.created_at, row.id))

    def alarm(self, subject: str = "P01/rice/retail", plan: str = "grain", exercise: str = "") -> AlarmView:
        """How an alarm stands, as whoever asks is told."""
        with self.store.read() as connection:
            found = show_alarm(connection, alarm_id(exercise, COUNTY, f"{plan}/line", subject))
        assert found is not None, f"no alarm {plan}/line {subject}"
        return found

    def alerts(self) -> Sequence[Any]:
        return self.rows(alerts_table)

    def timeline(self, number: int = 1) -> list[Any]:
        return sorted(self.rows(timeline, timeline.c.incident == self.incident(number).id), key=lambda row: row.id)


def contact(officer: str, number: str) -> Contact:
    return Contact(str(identity.name("contact", [officer, "twilio", number])), officer, "twilio", number, 1)
