"""A site: the county it serves, its divisions, its monitoring points and their warning lines."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from functools import cached_property
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from rules.alerts import Words
from rules.expectations import saying
from rules.facts import County, Division, Label
from rules.hazards import HAZARDS
from rules.measures import NO_UNIT, Measures
from rules.vocabulary import Duration, Identifier, Role, seconds


class DeliveryDue(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What share of a contract is to be delivered by the end of a day."""

    by: Annotated[
        str,
        Meta(
            pattern=r"^[0-9]{4}-[0-9]{2}-[0-9]{2}$(?!\n)",
            description="a day, e.g. 2026-08-15",
            extra=saying("一天，如 2026-08-15", "a day, e.g. 2026-08-15"),
        ),
    ]
    percent: Decimal


class Contract(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Grain ordered from farmers (订单粮食): tonnes, and by when how much of it."""

    tonnes: Decimal
    schedule: Annotated[list[DeliveryDue], Meta(min_length=1, max_length=60)]


class WarningLine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The price at which a point is in alarm for one commodity at one stage of trade."""

    commodity: Label
    stage: Literal["purchase", "wholesale", "retail"]
    unit: Label
    upper: Decimal | None = None
    lower: Decimal | None = None
    currency: str = "CNY"
    normal_stock_t: Decimal | None = None
    """What the point holds in ordinary times, in tonnes."""
    contract: Contract | None = None
    """At stage `purchase`: what is ordered here."""


class Point(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grain-price monitoring point. Only its deciding `source` moves its alarms."""

    id: Label
    name: Words
    division: Division
    source: Label
    cadence: Duration
    lines: list[WarningLine]


class Defaults(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What points that do not say it themselves have / 各监测点的默认值."""

    source: Label
    """决定报警的数据来源 / the deciding source."""
    cadence: Duration
    """报数周期 / how often a reading comes."""


class PointsFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """监测点和警戒线 / `points.yaml`."""

    defaults: Defaults
    points: list[Point]


class OwnMeasure(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """一项本地指标：数据在 `values` 中以其名称给出 / a figure that facts carry in `values`, under its name."""

    facts: Literal["hazard_report", "disaster_forecast", "large_event"]
    """由哪种数据给出 / which kind of fact carries it."""
    words: Words
    """名称 / what people call it."""
    unit: Words = NO_UNIT
    """单位 / its unit, for rows that write none of their own."""
    across: Literal["sum", "highest", "lowest"] | None = None
    """几起合计：sum 相加，highest 取最高，lowest 取最低（同一起内也取最低） / how figures of several occurrences join.

    Absent: reports are added, of several warnings or counts the highest counts. Within one occurrence the highest
    counts; with `lowest`, where less is graver (a temperature, a water level), the lowest.
    """
    negative: bool = False
    """可否小于 0，如气温 / whether it may lie below 0, as a temperature does; else such a fact is refused."""

    @property
    def joined(self) -> Literal["sum", "highest", "lowest"]:
        return self.across or ("sum" if self.facts == "hazard_report" else "highest")


class SiteFile(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`site.yaml`."""

    county: County
    name: Words
    counties: dict[County, Words] = {}
    """Other counties that are served from here."""
    duty_role: Role
    duty_phone: Label
    """Whom to call where a text cannot be answered."""
    divisions: dict[Division, Words]
    commodities: dict[Label, Words] = {}
    roles: dict[Role, Words] = {}
    """Roles of the duty roster that plans may name."""
    departments: dict[Identifier, Words] = {}
    """Departments that plans may give tasks to."""
    categories: dict[Identifier, Words] = {}
    """险情报告的类别 / kinds of hazard reports.

    Where they are given, plans may name these alone, and a report of another kind is refused.
    """
    hazards: dict[Identifier, Words] = {}
    """规定的预警信号以外的灾种 / hazards of forecasts beside the warning signals that everybody has."""
    measures: dict[Identifier, OwnMeasure] = {}
    """本地指标 / figures of the site's own, which tables of its plans may measure beside the fixed ones."""
    future: Duration = "5m"
    """How far ahead of the clock an observation may lie."""
    page_within: Duration | None = None
    """Facts older than this when they arrive page nobody; absent: 3 cadences of a point, 24 h for reports."""
    synthetic: Annotated[str, Meta(max_length=200)] = ""


class Site(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """A site as the engine uses it."""

    file: SiteFile
    points: dict[str, Point]

    @cached_property
    def future(self) -> timedelta:
        return timedelta(seconds=seconds(self.file.future))

    @cached_property
    def measures(self) -> Measures:
        """What its tables can measure."""
        return Measures(self.file.measures)

    @cached_property
    def counties(self) -> dict[str, Words]:
        """Every county that is served, by code."""
        return {self.file.county: self.file.name, **self.file.counties}

    @cached_property
    def commodities(self) -> frozenset[str]:
        """Every commodity that some point has a line for, or that the site names."""
        lined = {line.commodity for point in self.points.values() for line in point.lines}
        return frozenset(lined | self.file.commodities.keys())

    def page_within(self, point: Point | None = None) -> timedelta:
        if self.file.page_within is not None:
            return timedelta(seconds=seconds(self.file.page_within))
        return timedelta(seconds=3 * seconds(point.cadence)) if point else timedelta(hours=24)

    def division(self, code: str) -> Words:
        """The name of a division, or of the town it lies in, or its code."""
        divisions = self.file.divisions
        for key in (code, code.ljust(12, "0"), code[:9] + "000", code[:9]):
            if key in divisions:
                return divisions[key]
        return self.counties.get(code[:6], Words(zh=code, en=code))

    def commodity(self, code: str) -> Words:
        return self.file.commodities.get(code, Words(zh=code, en=code))

    def category(self, code: str) -> Words:
        return self.file.categories.get(code, Words(zh=code, en=code))

    def hazard(self, code: str) -> Words:
        return self.hazards.get(code, Words(zh=code, en=code))

    @cached_property
    def hazards(self) -> dict[str, Words]:
        """Every hazard that has a name here."""
        return {**HAZARDS, **self.file.hazards}
