"""A trigger's condition, from data to what reads facts."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from rules.conditions.change import ChangeCondition
from rules.conditions.combined import AllCondition, AnyCondition, ForCondition, NOfCondition, UnlessCondition
from rules.conditions.crowds import CrowdFigures
from rules.conditions.crush import CrushCondition
from rules.conditions.deliveries import DeliveriesCondition
from rules.conditions.forecasts import ForecastFigures
from rules.conditions.overdue import OverdueCondition
from rules.conditions.price_anomaly import PriceAnomalyCondition
from rules.conditions.quorum import QuorumCondition
from rules.conditions.reports import ReportFigures
from rules.conditions.silence import SilenceCondition
from rules.conditions.stock import StockCondition
from rules.conditions.streak import StreakCondition
from rules.conditions.table import TableCondition
from rules.conditions.warning_line import WarningLineCondition
from rules.triggers import (
    AllOf,
    Anomaly,
    AnyOf,
    Change,
    Crush,
    Deliveries,
    For,
    Line,
    NOf,
    Overdue,
    Quorum,
    Silence,
    Stock,
    Streak,
    Table,
    Unless,
)
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rules.conditions.aim import Aim
    from rules.conditions.condition import Condition
    from rules.conditions.figures import Figures
    from rules.site import Site
    from rules.triggers import Condition as Spec


def build(spec: Spec, site: Site, aims: Sequence[Aim]) -> Condition:
    """The condition of one subject. `aims` are the points' series that belong to it; of other facts it reads any.

    Raises `ValueError` where the site lacks what the condition needs.
    """
    if isinstance(spec, AllOf | AnyOf | NOf):
        return _joined(spec, [build(one, site, aims) for one in spec.of])
    if isinstance(spec, For):
        return ForCondition(spec, build(spec.condition, site, aims))
    if isinstance(spec, Unless):
        return UnlessCondition(spec, build(spec.condition, site, aims), build(spec.unless, site, aims))
    if isinstance(spec, Quorum):
        return QuorumCondition(spec, [(aim, build(spec.of, site, [aim])) for aim in aims])
    return _leaf(spec, site, aims)


def _joined(spec: AllOf | AnyOf | NOf, below: list[Condition]) -> Condition:
    if isinstance(spec, NOf):
        return NOfCondition(below, spec.n)
    return AllCondition(below) if isinstance(spec, AllOf) else AnyCondition(below)


_OF_POINT: dict[type, Callable[[Any, Aim], Condition]] = {
    Line: WarningLineCondition,
    Change: ChangeCondition,
    Streak: StreakCondition,
    Stock: StockCondition,
    Silence: SilenceCondition,
    Deliveries: DeliveriesCondition,
    Anomaly: PriceAnomalyCondition,
}
"""Conditions of one point's series."""


def _leaf(spec: Spec, site: Site, aims: Sequence[Aim]) -> Condition:
    if isinstance(spec, Table):
        return TableCondition(spec, _figures(spec, site), site.measures)
    if isinstance(spec, Overdue):
        return OverdueCondition(spec, site)
    if isinstance(spec, Crush):
        return CrushCondition(spec)
    (aim,) = aims
    return _OF_POINT[type(spec)](spec, aim)


def _figures(spec: Table, site: Site) -> Figures:
    if spec.facts == "hazard_report":
        return ReportFigures(site, timedelta(seconds=seconds(spec.window)))
    return ForecastFigures(site) if spec.facts == "disaster_forecast" else CrowdFigures(site.measures)
