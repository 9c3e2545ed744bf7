"""What triggers a plan, as data: conditions, how they are joined, and how long they must hold.

A trigger is one alarm per subject. Its condition is a tree: the leaves read facts, the others join what is below them.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

import msgspec
from msgspec import Meta

from rules.alerts import Words
from rules.vocabulary import Colour, Duration, Identifier, Kind, Level, Stage, Strict

if TYPE_CHECKING:
    from collections.abc import Iterator

Days = Annotated[int, Meta(ge=1, le=3660)]
Number = Annotated[int, Meta(ge=1, le=1000)]
Grade = Literal["approach", "line", "IV", "III", "II", "I"]
"""What a condition may reach: `approach` is a notice, told once and never escalated."""
Bounds = dict[Grade, Decimal]


class Delay(Strict, frozen=True, kw_only=True):
    """How long it must hold: so many readings in a row, and so long on the data's own clock (ISA-18.2 on/off-delay)."""

    readings: Annotated[int, Meta(ge=1, le=32)] = 1
    duration: Duration = "0"


class Ratio(Strict, frozen=True, kw_only=True):
    """Where the approach band begins and an alarm ends, as shares of the line. For a lower line they lie above 1."""

    approach: Decimal
    recovery: Decimal
    source: str


class Line(Strict, frozen=True, kw_only=True, tag_field="detector", tag="warning_line"):
    """A point's own warning line (`points.yaml`) is crossed."""

    stages: list[Stage] = []
    commodities: list[Identifier] = []
    side: Literal["upper", "lower"] = "upper"
    ratio: Ratio


class Row(Strict, frozen=True, kw_only=True):
    """One criterion: a measure and the bound of each level it reaches.

    An upper bound includes the number (以上), a lower one does not (以下): 国务院令493 art. 3 and its kin.
    """

    measure: Identifier
    levels: Bounds = {}
    colours: dict[Level, Colour] = {}
    """For measure `colour`, in place of `levels`."""
    side: Literal["upper", "lower"] = "upper"
    deadband: Decimal = Decimal(0)
    """How far past the bound a figure must come back, in the measure's own unit."""
    unit: Words | None = None
    """Absent: the measure's own."""
    source: str

    @property
    def bounds(self) -> dict[str, Decimal | str]:
        """The bound of each level: a number or a colour."""
        return {str(level): bound for level, bound in [*self.levels.items(), *self.colours.items()]}


class Table(Strict, frozen=True, kw_only=True, tag_field="detector", tag="table"):
    """The present figures of reports, forecasts or a crowd: one fulfilled criterion is enough, the highest counts."""

    facts: Kind
    rows: Annotated[list[Row], Meta(min_length=1)]
    where: dict[Identifier, list[str]] = {}
    """Fields that must have one of the values."""
    window: Duration = "0"
    """Reports: an occurrence counts for so long from its first observation; `0` is for ever."""


class Change(Strict, frozen=True, kw_only=True, tag_field="detector", tag="change"):
    """A point's price or stock against what it was so many days ago, in percent."""

    measure: Literal["price", "stock"] = "price"
    direction: Literal["rise", "fall"] = "rise"
    days: Days
    percent: Bounds
    exceeds: bool = False
    """The bound itself is not yet enough (超过), as against the ordinary 以上, which includes it."""
    deadband: Decimal = Decimal(0)
    """In percentage points."""
    stages: list[Stage] = []
    commodities: list[Identifier] = []
    source: str


class Streak(Strict, frozen=True, kw_only=True, tag_field="detector", tag="streak"):
    """A point's price that has risen (or fallen) so many days in a row."""

    direction: Literal["rise", "fall"] = "rise"
    days: Bounds
    stages: list[Stage] = []
    commodities: list[Identifier] = []
    source: str


class Stock(Strict, frozen=True, kw_only=True, tag_field="detector", tag="stock"):
    """A point's stock below a share of its normal stock (`points.yaml`), in percent."""

    percent_below: Bounds
    deadband: Decimal = Decimal(0)
    stages: list[Stage] = []
    commodities: list[Identifier] = []
    source: str


class Quorum(Strict, frozen=True, kw_only=True, tag_field="detector", tag="quorum"):
    """So many of the county's points fulfil a condition at once, for one commodity and stage; or so many goods do."""

    of: Condition
    at: Grade
    """What the condition must reach at a point for the point to count."""
    points: Bounds = {}
    """How many points (or, with `share`, how many percent of them)."""
    goods: Bounds = {}
    """In place of `points`: how many commodities of one stage, each by at least one point."""
    share: bool = False
    silent: Literal["as_last", "left_out"] = "as_last"
    """A point without a reading for two cadences counts as it last stood, or not at all (nor in the total)."""
    least: Number = 1
    """Of how many points or goods something must be known: of fewer nothing follows, neither an alarm nor its end."""
    source: str


class Silence(Strict, frozen=True, kw_only=True, tag_field="detector", tag="silence"):
    """A point has been silent for so many of its cadences: missing data is never normal."""

    cadences: Decimal
    level: Grade = "line"
    stages: list[Stage] = []
    commodities: list[Identifier] = []
    source: str


class Deliveries(Strict, frozen=True, kw_only=True, tag_field="detector", tag="deliveries"):
    """Deliveries under a contract with farmers behind its schedule (`points.yaml`), in percentage points."""

    short_by: Bounds
    commodities: list[Identifier] = []
    source: str


class Overdue(Strict, frozen=True, kw_only=True, tag_field="detector", tag="overdue"):
    """A hazard whose `rectify_by` has passed without its being rectified or closed, in days past it."""

    where: dict[Identifier, list[str]] = {}
    """Fields that must have one of the values."""
    days: dict[Grade, Annotated[int, Meta(ge=0, le=3660)]]
    """Half-open: `0` is reached at the very instant of `rectify_by`."""
    source: str


class Crush(Strict, frozen=True, kw_only=True, tag_field="detector", tag="crush"):
    """Density rises while the flow falls: beyond 2–3 persons/m² a crowd moves the less the denser it is (Fruin)."""

    densest_per_m2: Decimal
    """Only at or above this density."""
    readings: Annotated[int, Meta(ge=2, le=32)] = 3
    """Over so many readings in a row."""
    within: Duration = "1h"
    """The row does not reach further back than this."""
    level: Grade
    source: str


class Anomaly(Strict, frozen=True, kw_only=True, tag_field="detector", tag="price_anomaly"):
    """A monthly price against its own season and trend: a notice, unless a plan gives it levels of its own."""

    indicator: Literal["alps", "ifpa"]
    bounds: Bounds = msgspec.field(default_factory=lambda: {"approach": Decimal(1)})
    """Absent: a notice from 1 on, which is ALPS's *alert* and IFPA's *abnormally high*."""
    least_percent: Decimal = Decimal(10)
    """ALPS: above the expected price; IFPA: risen within 3 or 12 months. Less is no anomaly, however still it was."""
    least_sigma: Decimal = Decimal("0.01")
    """A floor under σ, for series that hardly move. ALPS: as a share of the expected price; IFPA: growth a month."""
    stages: list[Stage] = []
    commodities: list[Identifier] = []
    source: str


class AllOf(Strict, frozen=True, kw_only=True, tag_field="detector", tag="all"):
    """Every condition: the least of what they reach."""

    of: Annotated[list[Condition], Meta(min_length=2, max_length=16)]


class AnyOf(Strict, frozen=True, kw_only=True, tag_field="detector", tag="any"):
    """One of the conditions: the most of what they reach."""

    of: Annotated[list[Condition], Meta(min_length=2, max_length=16)]


class NOf(Strict, frozen=True, kw_only=True, tag_field="detector", tag="n_of"):
    """At least n of the conditions: the n-th most of what they reach."""

    n: Number
    of: Annotated[list[Condition], Meta(min_length=2, max_length=16)]


class For(Strict, frozen=True, kw_only=True, tag_field="detector", tag="for"):
    """A condition has been at a grade for so long: this gives another grade (警戒 for 4 days is 紧张)."""

    condition: Condition
    at: Grade
    duration: Duration
    gives: Grade
    source: str


class Unless(Strict, frozen=True, kw_only=True, tag_field="detector", tag="unless"):
    """A condition, but not while another is at a grade: suppressed by design within one alarm."""

    condition: Condition
    unless: Condition
    at: Grade


Leaf = Line | Table | Change | Streak | Stock | Deliveries | Silence | Overdue | Crush | Anomaly
Condition = (
    Line | Table | Change | Streak | Stock | Deliveries | Silence | Overdue | Crush | Anomaly | Quorum
    | AllOf | AnyOf | NOf | For | Unless
)  # fmt: skip

Subject = Literal["county", "point", "commodity", "stage", "category", "event", "division", "township", "hazard"]


class Trigger(Strict, frozen=True, kw_only=True):
    """One alarm for each subject: when its condition has held for `on_delay`, until it has gone for `off_delay`."""

    id: Identifier
    when: Condition
    by: list[Subject] = []
    """What one alarm is about; absent: a point's series, an event, a hazard, as the facts have it."""
    on_delay: Delay = Delay()
    off_delay: Delay = Delay()
    says: dict[Grade, Words] = {}
    """What is told besides when the alarm comes to a grade, e.g. an instruction to the reporters."""
    latch: bool = False
    """It stays until a person resets it, also when the condition has gone."""
    was: list[Identifier] = []
    """Former ids of this trigger: its alarms go on under the new one, as they stand."""


def below(condition: Condition) -> tuple[Condition, ...]:
    """The conditions that one joins."""
    if isinstance(condition, AllOf | AnyOf | NOf):
        return tuple(condition.of)
    if isinstance(condition, For):
        return (condition.condition,)
    if isinstance(condition, Unless):
        return (condition.condition, condition.unless)
    return (condition.of,) if isinstance(condition, Quorum) else ()


def parts(condition: Condition) -> Iterator[Condition]:
    """It and all that it is made of, however deep."""
    yield condition
    for one in below(condition):
        yield from parts(one)


def leaves(condition: Condition) -> Iterator[Leaf]:
    """Those that read facts."""
    return (one for one in parts(condition) if not below(one))  # type: ignore[misc]


def kinds(condition: Condition) -> frozenset[Kind]:
    """The fact kinds it reads."""
    return frozenset(kind for leaf in leaves(condition) for kind in _kinds(leaf))


def _kinds(leaf: Leaf) -> tuple[Kind, ...]:
    if isinstance(leaf, Table):
        return (leaf.facts,)
    if isinstance(leaf, Overdue):
        return ("hazard_report",)
    return ("large_event",) if isinstance(leaf, Crush) else ("grain_price",)
