"""What is observed or forecast: the four fact kinds and the tick. How they are read is `rules.decoding`'s."""

from __future__ import annotations

from datetime import datetime
from decimal import Context, Decimal
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal
from uuid import UUID

import msgspec
from msgspec import Meta

from rules import expectations, identity, units
from rules.alerts import Words
from rules.expectations import saying

if TYPE_CHECKING:
    from collections.abc import Iterable

# `$` alone would let a line break through at the end; a NUL or a control character could be stored in no SQL database.
_COUNTY = saying("6 位县级行政区划代码", "a county code of 6 digits")
County = Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)", description=_COUNTY["expected"].en, extra=_COUNTY)]
_DIVISION = saying("6、9 或 12 位行政区划代码", "a division code of 6, 9 or 12 digits")
Division = Annotated[
    str, Meta(pattern=r"^[0-9]{6}([0-9]{3}([0-9]{3})?)?$(?!\n)", description="6, 9 or 12 digits", extra=_DIVISION)
]
Label = Annotated[
    str,
    Meta(
        min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$(?!\n)",
        extra=saying("1 至 200 个字符、不含控制字符的文字", "text of 1 to 200 characters without control characters"),
    ),
]  # fmt: skip
Text = Annotated[
    str,
    Meta(
        max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$",
        extra=saying("至多 4000 个不含控制字符的文字", "up to 4000 characters of text without control characters"),
    ),
]  # fmt: skip
Count = Annotated[int, Meta(ge=0, le=100_000_000)]
Instant = Annotated[datetime, Meta(tz=True)]
Revision = Annotated[int, Meta(ge=0, le=1_000_000)]
Values = dict[Label, Decimal]
"""Figures by name. Which names mean something, and whether one may lie below 0, the site says (`rules.measures`)."""

MAX_BYTES = 256 * 1024
"""A fact is some hundred bytes; one of more than this is refused unread."""
MAX_NUMBER = Decimal(10) ** 12
MAX_DIGITS = 30

_CURRENCY = saying("ISO 4217 币种代码，如 CNY", "a currency of ISO 4217, e.g. CNY")
PRICE = Words(
    zh=f"大于 0、小于 {MAX_NUMBER:.0E}、至多 {MAX_DIGITS} 位的数",
    en=f"a number above 0 and below {MAX_NUMBER:.0E}, at most {MAX_DIGITS} digits",
)
AREA = Words(zh="平方米，大于 0 的数", en="square metres, a number above 0")
DENSITY = Words(zh="每平方米人数，不小于 0 的数", en="persons a square metre, a number of 0 or more")


class Fact(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, dict=True):
    """What every fact has. `known_at` absent means `observed_at`."""

    county: County
    source: Label
    observed_at: Instant
    known_at: Instant | None = None
    reported_at: Instant | None = None
    revision: Revision = 0
    estimated: bool = False
    exercise: Label | None = None

    kind: ClassVar[str]
    topic: ClassVar[str]

    def natural_key(self) -> tuple[identity.Part, ...]:
        """What makes two reports the same fact."""
        raise NotImplementedError

    @cached_property
    def id(self) -> UUID:
        return identity.name("fact", (self.kind, self.county, self.exercise, *self.natural_key()))

    @cached_property
    def digest(self) -> str:
        """Tells two contents of one identity and revision apart: what is said, not how it is written.

        When it was sent to us is not content; one instant in two zones, or 4.6 and 4.60, are the same content.
        """
        # once for every reading: so only what can be written in several ways is written anew
        said = list(msgspec.structs.astuple(self))
        if said[-1] == {}:
            del said[-1]  # as if the kind had no `values`: what was taken before it had them is the same content
        said[_NOT_CONTENT] = (None if self.known == self.observed_at else self.known_at,)
        content = [_canonical(v) if v.__class__ in _WRITTEN_VARIOUSLY else v for v in said]
        return sha256(_encode(content)).hexdigest()[:16]

    @property
    def known(self) -> datetime:
        return self.known_at or self.observed_at

    def faults(self) -> Iterable[tuple[str, object, Words]]:
        """What the types cannot say: path, value, expected."""
        return ()


class GrainPriceReading(Fact, frozen=True, kw_only=True, tag_field="kind", tag="grain_price"):
    """A price at a monitoring point."""

    point: Label
    commodity: Label
    stage: Literal["purchase", "wholesale", "retail"]
    price: Decimal
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217, e.g. CNY", extra=_CURRENCY)]
    unit: Label
    stock_t: Decimal | None = None
    delivered_t: Decimal | None = None
    """At stage `purchase`: what was delivered under contract this season, a total to date."""

    kind: ClassVar[str] = "grain_price"
    topic: ClassVar[str] = "grain-prices"

    def natural_key(self) -> tuple[identity.Part, ...]:
        return (self.source, self.point, self.commodity, self.stage, self.observed_at)

    @cached_property
    def measure(self) -> units.Measure:
        return units.measure(self.unit)

    @cached_property
    def per_base(self) -> Decimal:
        """The price of one kilogram (litre, piece)."""
        return units.price_per_base(self.price, self.measure)

    def faults(self) -> Iterable[tuple[str, object, Words]]:
        if not self.price.is_finite() or self.price <= 0 or not bounded(self.price):
            yield "price", self.price, PRICE
        for field in ("stock_t", "delivered_t"):
            tonnes: Decimal | None = getattr(self, field)
            if tonnes is not None and not (tonnes.is_finite() and tonnes >= 0 and bounded(tonnes)):
                yield field, tonnes, expectations.TONNES
        try:
            currency = self.measure.currency
        except units.UnknownUnit:
            yield "unit", self.unit, expectations.known_unit(units.EXPECTED)
            return
        if currency not in (None, self.currency):
            yield "currency", self.currency, expectations.currency_of(currency, self.unit)
        if bounded(self.price) and self.price > 0 and not 0 < self.per_base < MAX_NUMBER:
            yield "price", self.price, _price_of_one(self.measure, self.unit)


class HazardReport(Fact, frozen=True, kw_only=True, tag_field="kind", tag="hazard_report"):
    """A report of a hazard or accident. Figures are totals to date; an absent one is not zero."""

    report: Label
    event: Label | None = None
    category: Label
    division: Division
    location: Text | None = None
    status: Literal["reported", "verified", "updated", "rectified", "closed"]
    deaths: Count | None = None
    missing: Count | None = None
    serious_injuries: Count | None = None
    injuries: Count | None = None
    patients: Count | None = None
    relocated: Count | None = None
    houses_collapsed: Count | None = None
    houses_damaged: Count | None = None
    loss_cny: Decimal | None = None
    rectify_by: Instant | None = None
    text: Text | None = None
    reporter: Label | None = None
    values: Values = {}
    """Figures of the site's own (`measures` in `site.yaml`); a name that the site does not know is kept and ignored."""

    kind: ClassVar[str] = "hazard_report"
    topic: ClassVar[str] = "hazard-reports"

    def natural_key(self) -> tuple[identity.Part, ...]:
        return (self.source, self.report, self.observed_at)

    def faults(self) -> Iterable[tuple[str, object, Words]]:
        if self.loss_cny is not None and not (
            self.loss_cny.is_finite() and self.loss_cny >= 0 and bounded(self.loss_cny)
        ):
            yield "loss_cny", self.loss_cny, Words(zh="元，不小于 0 的数", en="CNY, a number of 0 or more")
        if self.division[:6] != self.county:
            yield "division", self.division, _division_of(self.county)
        yield from _value_faults(self.values)


class DisasterForecast(Fact, frozen=True, kw_only=True, tag_field="kind", tag="disaster_forecast"):
    """A warning issued: its colour is of the forecast, never a response level."""

    warning: Label
    hazard: Label
    colour: Literal["blue", "yellow", "orange", "red"]
    divisions: Annotated[list[Division], Meta(min_length=1, max_length=1000)]
    onset: Instant | None = None
    expires: Instant | None = None
    message: Literal["alert", "update", "cancel"]
    references: Annotated[list[Label], Meta(max_length=20)] = []
    values: Values = {}
    issuer: Label | None = None

    kind: ClassVar[str] = "disaster_forecast"
    topic: ClassVar[str] = "disaster-forecasts"

    def natural_key(self) -> tuple[identity.Part, ...]:
        return (self.source, self.warning, self.observed_at)

    def faults(self) -> Iterable[tuple[str, object, Words]]:
        yield from _value_faults(self.values)


class LargeEventStatus(Fact, frozen=True, kw_only=True, tag_field="kind", tag="large_event"):
    """The state of a large event."""

    event: Label
    name: Label
    venue: Label
    phase: Literal["planned", "open", "under_way", "dispersing", "closed"]
    expected: Count | None = None
    capacity: Annotated[int, Meta(ge=1, le=100_000_000)] | None = None
    area_m2: Decimal | None = None
    attendance: Count | None = None
    inflow_per_min: Count | None = None
    outflow_per_min: Count | None = None
    densest_per_m2: Decimal | None = None
    values: Values = {}

    kind: ClassVar[str] = "large_event"
    topic: ClassVar[str] = "large-events"

    def natural_key(self) -> tuple[identity.Part, ...]:
        return (self.source, self.event, self.observed_at)

    def faults(self) -> Iterable[tuple[str, object, Words]]:
        if self.area_m2 is not None and not (self.area_m2.is_finite() and self.area_m2 > 0 and bounded(self.area_m2)):
            yield "area_m2", self.area_m2, AREA
        density = self.densest_per_m2
        if density is not None and not (density.is_finite() and density >= 0 and bounded(density)):
            yield "densest_per_m2", density, DENSITY
        yield from _value_faults(self.values)


class Tick(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="tick", omit_defaults=True):
    """Time has passed: appended each minute to the very partition whose facts it follows."""

    at: Instant
    exercise: Label | None = None
    """Whose clock it moves: a drill's, or (absent) the real one."""


class DrillStarted(
    msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="drill_started", omit_defaults=True
):
    """From this offset on, facts of `source` with this `exercise` are of a running drill, in this partition."""

    exercise: Label
    source: Label
    at: Instant


class DrillEnded(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="drill_ended"):
    """All state of a drill ends here, in the partition it is appended to."""

    exercise: Label
    at: Instant


class PlanActivated(msgspec.Struct, frozen=True, kw_only=True, tag_field="kind", tag="plan_activated"):
    """From this offset on another library of plans is in force, in the partition it is appended to."""

    content: Annotated[
        str,
        Meta(
            pattern=r"^[0-9a-f]{16,64}$(?!\n)",
            description="the library's content hash",
            extra=saying("预案库的内容散列", "the library's content hash"),
        ),
    ]
    counties: Annotated[list[County], Meta(max_length=10_000)]
    """Those whose facts come to this partition."""
    at: Instant


AnyFact = GrainPriceReading | HazardReport | DisasterForecast | LargeEventStatus
Message = AnyFact | Tick | DrillStarted | DrillEnded | PlanActivated
KINDS: dict[str, type[AnyFact]] = {
    f.kind: f for f in (GrainPriceReading, HazardReport, DisasterForecast, LargeEventStatus)
}
TOPICS: tuple[str, ...] = tuple(f.topic for f in KINDS.values())


_NOT_CONTENT = slice(Fact.__struct_fields__.index("observed_at"), Fact.__struct_fields__.index("revision") + 1)
"""observed_at and revision, by which versions are told apart; reported_at; and known_at, which has a default."""
_WRITTEN_VARIOUSLY = frozenset({datetime, Decimal, dict})


def _price_of_one(measure: units.Measure, unit: str) -> Words:
    return Words(
        zh=f"以 {unit} 计、每 {measure.base} 大于 0 且小于 {MAX_NUMBER:.0E} 的价格",
        en=f"a price of one {measure.base} above 0 and below {MAX_NUMBER:.0E}, in {unit}",
    )


def _division_of(county: str) -> Words:
    return Words(zh=f"{county} 县内的行政区划代码", en=f"a division of county {county}")


def _value_faults(values: Values) -> Iterable[tuple[str, object, Words]]:
    for key, value in values.items():
        if not bounded(value):
            yield f"values.{key}", value, expectations.FINITE


_EXACT = Context(prec=MAX_DIGITS)


def _canonical(value: Any) -> Any:
    """One writing for each value: instants in UTC, decimals by their worth."""
    if isinstance(value, datetime):
        return identity.utc_micros(value)
    if isinstance(value, Decimal):
        return str(value.normalize(_EXACT))
    if isinstance(value, dict):
        return {key: _canonical(value[key]) for key in sorted(value)}
    return value


_encode = msgspec.json.Encoder().encode


def encode(message: Message) -> bytes:
    return _encode(message)


def bounded(value: Decimal) -> bool:
    """Whether exact arithmetic on it stays cheap."""
    if not value.is_finite():
        return False
    _sign, digits, exponent = value.as_tuple()
    return (
        isinstance(exponent, int)
        and exponent >= -MAX_DIGITS
        and len(digits) <= MAX_DIGITS
        and value.adjusted() < MAX_NUMBER.adjusted()
    )
