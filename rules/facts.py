"""What is observed or forecast: the four fact kinds and the tick, decoded strictly.

A fact is JSON. Unknown fields are ignored here and kept in the raw record; a wrong one is refused with its path, its
value and what was expected.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from decimal import Context, Decimal
from functools import cached_property
from hashlib import sha256
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args, get_origin
from uuid import UUID

import msgspec
from msgspec import Meta

from rules import identity, units

if TYPE_CHECKING:
    from collections.abc import Iterable

# `$` alone would let a line break through at the end; a NUL or a control character could be stored in no SQL database.
County = Annotated[str, Meta(pattern=r"^[0-9]{6}$(?!\n)", description="a county code of 6 digits")]
Division = Annotated[str, Meta(pattern=r"^[0-9]{6}([0-9]{3}([0-9]{3})?)?$(?!\n)", description="6, 9 or 12 digits")]
Label = Annotated[
    str, Meta(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$(?!\n)")
]
Text = Annotated[str, Meta(max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]*$")]
Count = Annotated[int, Meta(ge=0, le=100_000_000)]
Instant = Annotated[datetime, Meta(tz=True)]
Revision = Annotated[int, Meta(ge=0, le=1_000_000)]

MAX_BYTES = 256 * 1024
"""A fact is some hundred bytes; one of more than this is refused unread."""
MAX_NUMBER = Decimal(10) ** 12
MAX_DIGITS = 30


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
        said[_NOT_CONTENT] = (None if self.known == self.observed_at else self.known_at,)
        content = [_canonical(v) if v.__class__ in _WRITTEN_VARIOUSLY else v for v in said]
        return sha256(_encode(content)).hexdigest()[:16]

    @property
    def known(self) -> datetime:
        return self.known_at or self.observed_at

    def faults(self) -> Iterable[tuple[str, object, str]]:
        """What the types cannot say: path, value, expected."""
        return ()


class GrainPriceReading(Fact, frozen=True, kw_only=True, tag_field="kind", tag="grain_price"):
    """A price at a monitoring point."""

    point: Label
    commodity: Label
    stage: Literal["purchase", "wholesale", "retail"]
    price: Decimal
    currency: Annotated[str, Meta(pattern=r"^[A-Z]{3}$(?!\n)", description="ISO 4217, e.g. CNY")]
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

    def faults(self) -> Iterable[tuple[str, object, str]]:
        if not self.price.is_finite() or self.price <= 0 or not bounded(self.price):
            yield (
                "price",
                self.price,
                f"a number above 0 and below {MAX_NUMBER:.0E}, at most {MAX_DIGITS} digits",
            )
        for field in ("stock_t", "delivered_t"):
            tonnes: Decimal | None = getattr(self, field)
            if tonnes is not None and not (tonnes.is_finite() and tonnes >= 0 and bounded(tonnes)):
                yield field, tonnes, "tonnes, a number of 0 or more"
        try:
            currency = self.measure.currency
        except units.UnknownUnit:
            yield "unit", self.unit, f"a known unit: {units.EXPECTED}"
            return
        if currency not in (None, self.currency):
            yield "currency", self.currency, f"{currency}, as the unit {self.unit} says"
        if bounded(self.price) and self.price > 0 and not 0 < self.per_base < MAX_NUMBER:
            yield (
                "price",
                self.price,
                f"a price of one {self.measure.base} above 0 and below {MAX_NUMBER:.0E}, in {self.unit}",
            )


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

    kind: ClassVar[str] = "hazard_report"
    topic: ClassVar[str] = "hazard-reports"

    def natural_key(self) -> tuple[identity.Part, ...]:
        return (self.source, self.report, self.observed_at)

    def faults(self) -> Iterable[tuple[str, object, str]]:
        if self.loss_cny is not None and not (
            self.loss_cny.is_finite() and self.loss_cny >= 0 and bounded(self.loss_cny)
        ):
            yield "loss_cny", self.loss_cny, "CNY, a number of 0 or more"
        if self.division[:6] != self.county:
            yield "division", self.division, f"a division of county {self.county}"


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
    values: dict[Label, Decimal] = {}
    issuer: Label | None = None

    kind: ClassVar[str] = "disaster_forecast"
    topic: ClassVar[str] = "disaster-forecasts"

    def natural_key(self) -> tuple[identity.Part, ...]:
        return (self.source, self.warning, self.observed_at)

    def faults(self) -> Iterable[tuple[str, object, str]]:
        for key, value in self.values.items():
            if not (value.is_finite() and bounded(value)):
                yield f"values.{key}", value, "a finite number"


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

    kind: ClassVar[str] = "large_event"
    topic: ClassVar[str] = "large-events"

    def natural_key(self) -> tuple[identity.Part, ...]:
        return (self.source, self.event, self.observed_at)

    def faults(self) -> Iterable[tuple[str, object, str]]:
        if self.area_m2 is not None and not (self.area_m2.is_finite() and self.area_m2 > 0 and bounded(self.area_m2)):
            yield "area_m2", self.area_m2, "square metres, a number above 0"
        density = self.densest_per_m2
        if density is not None and not (density.is_finite() and density >= 0 and bounded(density)):
            yield "densest_per_m2", density, "persons a square metre, a number of 0 or more"


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

    content: Annotated[str, Meta(pattern=r"^[0-9a-f]{16,64}$(?!\n)", description="the library's content hash")]
    counties: Annotated[list[County], Meta(max_length=10_000)]
    """Those whose facts come to this partition."""
    at: Instant


AnyFact = GrainPriceReading | HazardReport | DisasterForecast | LargeEventStatus
Message = AnyFact | Tick | DrillStarted | DrillEnded | PlanActivated
KINDS: dict[str, type[AnyFact]] = {
    f.kind: f for f in (GrainPriceReading, HazardReport, DisasterForecast, LargeEventStatus)
}
TOPICS: tuple[str, ...] = tuple(f.topic for f in KINDS.values())


class FieldFault(msgspec.Struct, frozen=True):
    """One wrong field."""

    path: str
    value: str
    expected: str

    def __str__(self) -> str:
        return f"{self.path}: got {self.value}, expected {self.expected}"


class BadFact(ValueError):
    """A message that is no fact. `faults` says field, value, expected of each."""

    def __init__(self, faults: list[FieldFault]) -> None:
        super().__init__("; ".join(map(str, faults)))
        self.faults = faults


_NOT_CONTENT = slice(Fact.__struct_fields__.index("observed_at"), Fact.__struct_fields__.index("revision") + 1)
"""observed_at and revision, by which versions are told apart; reported_at; and known_at, which has a default."""
_WRITTEN_VARIOUSLY = frozenset({datetime, Decimal, dict})


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
_decoder = msgspec.json.Decoder(Message)
_anything = msgspec.json.Decoder()


def encode(message: Message) -> bytes:
    return _encode(message)


def decode(raw: bytes, *, max_bytes: int = MAX_BYTES) -> Message:
    """Reads one message of a fact topic. Raises `BadFact`."""
    if len(raw) > max_bytes:
        raise BadFact([FieldFault("$", f"{len(raw)} bytes", f"at most {max_bytes} bytes")])
    try:
        message: Message = _decoder.decode(raw)
    except msgspec.ValidationError as error:
        raise BadFact([_explain(error, raw)]) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise BadFact([FieldFault("$", _short(raw.decode("utf-8", "replace")), f"JSON in UTF-8 ({error})")]) from None
    found = [*_misread(message, raw), *_unnameable(message), *(message.faults() if isinstance(message, Fact) else ())]
    if found:
        raise BadFact([FieldFault(f"$.{path}", _short(value), expected) for path, value, expected in found])
    return message


def _misread(message: Message, raw: bytes) -> Iterable[tuple[str, object, str]]:
    """Python reads 4_60 as 460; a slip of the finger for 4.60 is not a price a hundred times as high."""
    if _UNDERSCORED.search(raw) is None:
        return
    said: dict[str, Any] = _anything.decode(raw)
    for field in message.__struct_fields__:
        value = getattr(message, field)
        if isinstance(value, Decimal) and "_" in str(said[field]):
            yield field, said[field], "a decimal number"
        elif isinstance(value, dict):
            yield from ((f"{field}.{k}", v, "a decimal number") for k, v in said[field].items() if "_" in str(v))


_UNDERSCORED = re.compile(rb"[0-9]_[0-9]")


def _unnameable(message: Message) -> Iterable[tuple[str, object, str]]:
    """Instants at the ends of the calendar that do not exist in UTC, in which everything is named."""
    for field in message.__struct_fields__:
        value = getattr(message, field)
        if isinstance(value, datetime) and not 1 < value.year < 9999:  # noqa: PLR2004 - the calendar's own ends
            try:
                value.astimezone(UTC)
            except OverflowError:
                yield field, value.isoformat(), "a time whose UTC lies in the years 1 to 9999"


def _explain(error: msgspec.ValidationError, raw: bytes) -> FieldFault:
    """Msgspec says `Expected …, got … - at `$.path``; the value is looked up in the raw message."""
    text, _, path = str(error).partition(" - at `")
    path = path.rstrip("`").removeprefix("key` in `") or "$"
    if text.startswith("Object missing required field"):
        name = text.split("`")[1]
        return FieldFault(f"{path}.{name}", "nothing", "a value: the field is required")
    if text.startswith("Invalid value") and path.endswith("kind"):
        return FieldFault(path, _value_at(raw, path), " | ".join([*KINDS, "tick", "drill_started", "drill_ended"]))
    expected = text.removeprefix("Expected ").split(", got ")[0]
    expected = next((plain for technical, plain in _PLAIN.items() if technical in text), expected)
    if text.startswith("Invalid enum value"):
        expected = _CHOICES.get(path.rpartition(".")[2], "one of the documented values")
    for technical, plain in _TYPES.items():
        expected = expected.replace(technical, plain)
    return FieldFault(path, _value_at(raw, path), expected)


_PLAIN = {
    "^[0-9]{6}$(": "a county code of 6 digits",
    "^[0-9]{6}([0-9]{3}": "a division code of 6, 9 or 12 digits",
    "^[A-Z]{3}$(": "a currency of ISO 4217, e.g. CNY",
    "regex '^[^": "text without control characters",
    "`int | null`": "a whole number",
    "Integer value out of range": "a whole number within bounds",
    "`datetime`": "a time of RFC 3339 with its offset, e.g. 2026-08-26T16:09:13+08:00",
    "`datetime | null`": "a time of RFC 3339 with its offset, e.g. 2026-08-26T16:09:13+08:00",
    "timezone": "a time of RFC 3339 with its offset, e.g. 2026-08-26T16:09:13+08:00",
    "Invalid RFC3339": "a time of RFC 3339 with its offset, e.g. 2026-08-26T16:09:13+08:00",
    "Invalid decimal": "a decimal number",
    "`decimal`": "a decimal number",
}
_TYPES = {"`int`": "a whole number", "`str`": "text", "`array`": "a list", "`object`": "an object"}
_CHOICES = {
    field.name: " | ".join(get_args(field.type))
    for kind in KINDS.values()
    for field in msgspec.structs.fields(kind)
    if get_origin(field.type) is Literal
}


def _value_at(raw: bytes, path: str) -> str:
    try:
        value: Any = _anything.decode(raw)
        for step in path.removeprefix("$").replace("[", ".").replace("]", "").split("."):
            if step and step != "...":
                value = value[int(step)] if isinstance(value, list) else value[step]
    except (msgspec.DecodeError, LookupError, ValueError, TypeError, RecursionError):
        return "?"
    return _short(value if isinstance(value, str) else _encode(value).decode())


def _short(value: object, limit: int = 80) -> str:
    if isinstance(value, Decimal) and value.is_finite() and not bounded(value):
        return f"a number of {len(value.as_tuple().digits)} digits"
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= limit else f"{text[:limit]}… ({len(text)} characters)"


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
