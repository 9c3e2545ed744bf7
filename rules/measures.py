"""What a table's criterion reads of a report: named, each with its own rule for absent figures.

A measure reads the *present figures* of a subject (a mapping of field to value), and answers None where it cannot be
known: missing data is never a zero. Some measures are fixed, since they are read from a fact's own fields; a site adds
its own (`measures` in `site.yaml`), which facts carry in `values`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from rules.alerts import Words
from rules.facts import KINDS
from rules.fault import Fault, fault

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from rules.facts import AnyFact
    from rules.site import OwnMeasure

NO_UNIT = Words(zh="", en="")
PEOPLE = Words(zh="人", en="people")
ROOMS = Words(zh="间", en="rooms")
DENSITY = Words(zh="人/m²", en="persons/m²")
FROM_0 = Words(zh="不小于 0 的数", en="a number of 0 or more")


class Measure(NamedTuple):
    """A named figure: which kinds of fact carry it, which fields it needs, what people call it."""

    kinds: tuple[str, ...]
    fields: tuple[str, ...]
    words: Words
    read: Callable[[Mapping[str, Any]], Decimal | str | None]
    unit: Words = NO_UNIT
    """For a row that writes none of its own."""
    negative: bool = False
    """It may lie below 0, as a temperature does."""


class Join(NamedTuple):
    """How several figures become one: what several say of one thing, and figures of several occurrences."""

    within: Callable[..., Any]
    across: Callable[[Iterable[Decimal]], Any]


ADDED = Join(max, sum)
JOINS = {"sum": ADDED, "highest": Join(max, max), "lowest": Join(min, min)}


def _field(kind: str, field: str, words: Words, unit: Words = NO_UNIT, *, negative: bool = False) -> Measure:
    def read(figures: Mapping[str, Any]) -> Decimal | None:
        value = figures.get(field)
        return None if value is None else Decimal(value)

    return Measure((kind,), (field,), words, read, unit, negative)


def _w(zh: str, en: str) -> Words:
    return Words(zh=zh, en=en)


def _dead_and_missing(figures: Mapping[str, Any]) -> Decimal | None:
    """Dead usually counts missing (含失踪): F 173159/17315927. One of the two is enough to know a lower bound."""
    known = [figures[f] for f in ("deaths", "missing") if figures.get(f) is not None]
    return Decimal(sum(known)) if known else None


def _filling(figures: Mapping[str, Any]) -> Decimal | None:
    """Attendance as a share of the approved number, in percent."""
    attendance, capacity = figures.get("attendance"), figures.get("capacity")
    if attendance is None or not capacity:
        return None
    return Decimal(attendance) * 100 / Decimal(capacity)


def _density(figures: Mapping[str, Any]) -> Decimal | None:
    """Persons a square metre over the whole ground."""
    attendance, area = figures.get("attendance"), figures.get("area_m2")
    return None if attendance is None or area is None else Decimal(attendance) / Decimal(area)


def _net_inflow(figures: Mapping[str, Any]) -> Decimal | None:
    inflow, outflow = figures.get("inflow_per_min"), figures.get("outflow_per_min")
    return None if inflow is None or outflow is None else Decimal(inflow) - Decimal(outflow)


def _minutes_to_full(figures: Mapping[str, Any]) -> Decimal | None:
    """How long until the approved number is inside at the present flow; nothing while the crowd does not grow."""
    attendance, capacity, net = figures.get("attendance"), figures.get("capacity"), _net_inflow(figures)
    if attendance is None or capacity is None or net is None or net <= 0:
        return None
    return max(Decimal(0), Decimal(capacity) - Decimal(attendance)) / net


COLOURS = ("blue", "yellow", "orange", "red")
"""Warning colours, least grave first; a scale of its own (突发事件应对法 2024 art. 63)."""
COLOUR_WORDS = {
    "blue": Words(zh="蓝色", en="blue"), "yellow": Words(zh="黄色", en="yellow"),
    "orange": Words(zh="橙色", en="orange"), "red": Words(zh="红色", en="red"),
}  # fmt: skip

FIXED: Mapping[str, Measure] = {
    "deaths_and_missing": Measure(
        ("hazard_report",), ("deaths", "missing"), _w("死亡和失踪", "dead and missing"), _dead_and_missing, PEOPLE
    ),
    "relocated": _field("hazard_report", "relocated", _w("紧急转移安置", "people moved"), PEOPLE),
    "occurrences": Measure(
        ("hazard_report",), (), _w("发生", "occurrences"), lambda figures: figures.get("events"), _w("起", "times")
    ),
    "serious_injuries": _field("hazard_report", "serious_injuries", _w("重伤", "seriously injured"), PEOPLE),
    "injuries": _field("hazard_report", "injuries", _w("受伤", "injured"), PEOPLE),
    "patients": _field("hazard_report", "patients", _w("患者", "patients"), PEOPLE),
    "houses_collapsed": _field("hazard_report", "houses_collapsed", _w("倒塌房屋", "rooms collapsed"), ROOMS),
    "houses_damaged": _field("hazard_report", "houses_damaged", _w("严重损坏房屋", "rooms badly damaged"), ROOMS),
    "loss_cny": _field("hazard_report", "loss_cny", _w("直接经济损失", "direct loss"), _w("元", "CNY")),
    "filling_percent": Measure(
        ("large_event",), ("attendance", "capacity"), _w("在场人数占核定容量", "attendance of approved number"),
        _filling, _w("%", "%"),
    ),
    "density_per_m2": Measure(
        ("large_event",), ("attendance", "area_m2"), _w("平均密度", "mean density"), _density, DENSITY
    ),
    "net_inflow_per_min": Measure(
        ("large_event",), ("inflow_per_min", "outflow_per_min"), _w("每分钟净流入", "net inflow a minute"),
        _net_inflow, PEOPLE,
    ),
    "minutes_to_full": Measure(
        ("large_event",), ("attendance", "capacity", "inflow_per_min", "outflow_per_min"), _w("距满员", "time to full"),
        _minutes_to_full, _w("分钟", "min"),
    ),
    "attendance": _field("large_event", "attendance", _w("在场人数", "attendance"), PEOPLE),
    "densest_per_m2": _field("large_event", "densest_per_m2", _w("最密处人数", "densest crowd"), DENSITY),
    "colour": Measure(
        ("disaster_forecast",), ("colour",), _w("预警信号", "warning signal"), lambda figures: figures.get("colour")
    ),
}  # fmt: skip
"""Those that every site has."""
_FIELDS = {kind: tuple(sorted({f for m in FIXED.values() if kind in m.kinds for f in m.fields})) for kind in KINDS}
"""A fact's own fields that they read."""


class Measures:
    """What the tables of a site can measure, by name: the fixed measures, and the site's own."""

    def __init__(self, own: Mapping[str, OwnMeasure] | None = None) -> None:
        """A name of `own` that is fixed too stays fixed (`rules.loading` refuses it)."""
        given = dict(own or {})
        self._by_name = {**{name: _own(name, one) for name, one in given.items()}, **FIXED}
        self._own = {
            kind: {name: in_values(name) for name, one in given.items() if one.facts == kind} for kind in KINDS
        }
        self._joins = {in_values(name): JOINS[one.joined] for name, one in given.items()}

    def __getitem__(self, name: str) -> Measure:
        return self._by_name[name]

    def get(self, name: str, kind: str) -> Measure | None:
        """The measure, if facts of this kind carry it."""
        found = self._by_name.get(name)
        return found if found is not None and kind in found.kinds else None

    def names(self, kind: str) -> list[str]:
        """Of every measure that facts of a kind carry."""
        return sorted(name for name, measure in self._by_name.items() if kind in measure.kinds)

    def words(self, name: str) -> Words:
        """What people call it; a name that is not known stands for itself."""
        found = self._by_name.get(name)
        return found.words if found else Words(zh=name, en=name)

    def unit(self, name: str) -> Words:
        """In which it is counted."""
        found = self._by_name.get(name)
        return found.unit if found else NO_UNIT

    def sent_as(self, name: str, kind: str) -> tuple[str, ...]:
        """The fields of a fact that say it: those that a measure is read from, or a field of the fact by its name."""
        found = self.get(name, kind)
        return found.fields if found is not None else (name,)

    def stated(self, fact: AnyFact) -> dict[str, Any]:
        """What a fact says of what can be measured, field to value as plain JSON; what it does not say is absent."""
        found: dict[str, Any] = {}
        for field in _FIELDS[fact.kind]:
            value = getattr(fact, field)
            if value is not None:
                found[field] = str(value) if value.__class__ is Decimal else value
        values = fact.values if fact.kind != "grain_price" else None  # type: ignore[union-attr]
        if values:
            found |= {field: str(values[name]) for name, field in self._own[fact.kind].items() if name in values}
        return found

    def join(self, field: str) -> Join:
        """How figures of a field become one."""
        return self._joins.get(field, ADDED)

    def within(self, said: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
        """Of what several say of one thing the highest of each field (the lowest, where that is graver)."""
        found: dict[str, Any] = {}
        for one in said:
            for field, value in one.items():
                there = found.get(field)
                found[field] = value if there is None else self.join(field).within(there, value, key=Decimal)
        return found

    def below_0(self, fact: AnyFact) -> Fault | None:
        """A figure of the site's own that cannot lie below 0, and does."""
        for name in self._own[fact.kind]:
            value: Decimal | None = fact.values.get(name)  # type: ignore[union-attr]
            if value is not None and value < 0 and not self._by_name[name].negative:
                return fault(in_values(name), value, FROM_0)
        return None


def in_values(name: str) -> str:
    """The field of a figure that facts carry in `values`."""
    return f"values.{name}"


def _own(name: str, one: OwnMeasure) -> Measure:
    return _field(one.facts, in_values(name), one.words, one.unit, negative=one.negative)
