"""What a table's criterion reads of a report: named, each with its own rule for absent figures.

A measure reads the *present figures* of a subject (a mapping of field to value), and answers None where it cannot be
known: missing data is never a zero.
"""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from rules.alerts import Words
from rules.facts import KINDS

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Figures = "Mapping[str, Any]"


class Measure(NamedTuple):
    """A named figure: which kinds of fact carry it, which fields it needs, what people call it."""

    kinds: tuple[str, ...]
    fields: tuple[str, ...]
    words: Words
    read: Callable[[Mapping[str, Any]], Decimal | str | None]


def _field(kind: str, field: str, zh: str, en: str) -> Measure:
    def read(figures: Mapping[str, Any]) -> Decimal | None:
        value = figures.get(field)
        return None if value is None else Decimal(value)

    return Measure((kind,), (field,), Words(zh=zh, en=en), read)


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

MEASURES: dict[str, Measure] = {
    "deaths_and_missing": Measure(
        ("hazard_report",), ("deaths", "missing"), Words(zh="死亡和失踪", en="dead and missing"), _dead_and_missing
    ),
    "relocated": _field("hazard_report", "relocated", "紧急转移安置", "people moved"),
    "occurrences": Measure(
        ("hazard_report",), (), Words(zh="发生", en="occurrences"), lambda figures: figures.get("events")
    ),
    "serious_injuries": _field("hazard_report", "serious_injuries", "重伤", "seriously injured"),
    "injuries": _field("hazard_report", "injuries", "受伤", "injured"),
    "patients": _field("hazard_report", "patients", "患者", "patients"),
    "houses_collapsed": _field("hazard_report", "houses_collapsed", "倒塌房屋", "rooms collapsed"),
    "houses_damaged": _field("hazard_report", "houses_damaged", "严重损坏房屋", "rooms badly damaged"),
    "loss_cny": _field("hazard_report", "loss_cny", "直接经济损失", "direct loss"),
    "filling_percent": Measure(
        ("large_event",), ("attendance", "capacity"),
        Words(zh="在场人数占核定容量", en="attendance of approved number"), _filling
    ),
    "density_per_m2": Measure(
        ("large_event",), ("attendance", "area_m2"), Words(zh="平均密度", en="mean density"), _density
    ),
    "net_inflow_per_min": Measure(
        ("large_event",), ("inflow_per_min", "outflow_per_min"), Words(zh="每分钟净流入", en="net inflow a minute"),
        _net_inflow,
    ),
    "minutes_to_full": Measure(
        ("large_event",), ("attendance", "capacity", "inflow_per_min", "outflow_per_min"),
        Words(zh="距满员", en="time to full"), _minutes_to_full,
    ),
    "attendance": _field("large_event", "attendance", "在场人数", "attendance"),
    "densest_per_m2": _field("large_event", "densest_per_m2", "最密处人数", "densest crowd"),
    "colour": Measure(
        ("disaster_forecast",), ("colour",), Words(zh="预警信号", en="warning signal"),
        lambda figures: figures.get("colour"),
    ),
}  # fmt: skip

FIGURES: dict[str, tuple[str, ...]] = {
    kind: tuple(sorted({f for m in MEASURES.values() if kind in m.kinds for f in m.fields})) for kind in KINDS
}
"""The fields that a table keeps of each kind."""
