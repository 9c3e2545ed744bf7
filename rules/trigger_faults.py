"""What the types cannot say of a trigger: every place of its tree where what is written makes no sense."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from rules.facts import KINDS, MAX_NUMBER, bounded
from rules.measures import COLOURS, MEASURES
from rules.misfit import Misfit, Said
from rules.severity import LEVELS, Severity
from rules.subjects import DEFAULT, POSSIBLE, by
from rules.triggers import (
    AllOf,
    Anomaly,
    AnyOf,
    Change,
    Condition,
    Crush,
    Deliveries,
    For,
    Line,
    NOf,
    Overdue,
    Quorum,
    Row,
    Stock,
    Streak,
    Table,
    Trigger,
    Unless,
    kinds,
)
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


def trigger_misfits(trigger: Trigger, path: str) -> Iterator[Misfit]:
    """Every one of a trigger, its paths beginning with `path`."""
    read = kinds(trigger.when)
    for i, field in enumerate(trigger.by):
        for kind in sorted(read):
            if field not in POSSIBLE[kind]:
                yield Misfit(f"{path}.by[{i}]", field, f"of {kind}: {' | '.join(sorted(POSSIBLE[kind]))}")
    series = DEFAULT["grain_price"]
    one_series = set(by(trigger)) == set(series) and len(read) == 1
    yield from _condition(trigger.when, f"{path}.when", one_series=one_series)


def _condition(spec: Condition, path: str, *, one_series: bool) -> Iterator[Misfit]:
    if isinstance(spec, AllOf | AnyOf | NOf):
        if isinstance(spec, NOf) and spec.n > len(spec.of):
            yield Misfit(f"{path}.n", spec.n, f"at most {len(spec.of)}, as many as there are conditions")
        for i, one in enumerate(spec.of):
            yield from _condition(one, f"{path}.of[{i}]", one_series=one_series)
    elif isinstance(spec, For):
        yield from _condition(spec.condition, f"{path}.condition", one_series=one_series)
    elif isinstance(spec, Unless):
        yield from _condition(spec.condition, f"{path}.condition", one_series=one_series)
        yield from _condition(spec.unless, f"{path}.unless", one_series=one_series)
    elif isinstance(spec, Quorum):
        yield from _ladder(spec.points, f"{path}.points")
        yield from _condition(spec.of, f"{path}.of", one_series=True)
    else:
        if kinds(spec) == {"grain_price"} and not one_series:
            expected = "one within a quorum, or a subject of point, commodity and stage"
            yield Misfit(path, Said("a condition of one series"), expected)
        yield from _leaf(spec, path)


def _leaf(spec: Condition, path: str) -> Iterator[Misfit]:
    if isinstance(spec, Line):
        yield from _ratio(spec, path)
    elif isinstance(spec, Table):
        yield from _table(spec, path)
    elif isinstance(spec, Change):
        yield from _ladder(spec.percent, f"{path}.percent")
    elif isinstance(spec, Deliveries):
        yield from _ladder(spec.short_by, f"{path}.short_by")
    elif isinstance(spec, Streak):
        yield from _ladder(spec.days, f"{path}.days")
    elif isinstance(spec, Stock):
        yield from _ladder(spec.percent_below, f"{path}.percent_below", falling=True)
    elif isinstance(spec, Overdue):
        yield from _where(spec.where, "hazard_report", path)
        yield from _ladder(spec.days, f"{path}.days", nought=True)
    elif isinstance(spec, Crush):
        yield from _crush(spec, path)
    elif isinstance(spec, Anomaly):
        yield from _anomaly(spec, path)


def _ratio(spec: Line, path: str) -> Iterator[Misfit]:
    approach, recovery = spec.ratio.approach, spec.ratio.recovery
    wrong = [share for share in ("approach", "recovery") if not bounded(getattr(spec.ratio, share))]
    for share in wrong:
        yield Misfit(f"{path}.ratio.{share}", getattr(spec.ratio, share), "a share of the line, e.g. 0.95")
    if wrong:
        return
    shown = Said(f"approach {approach}, recovery {recovery}")
    if spec.side == "upper" and not 0 < approach <= recovery <= 1:
        yield Misfit(f"{path}.ratio", shown, "0 < approach <= recovery <= 1 for an upper line")
    if spec.side == "lower" and not approach >= recovery >= 1:
        yield Misfit(f"{path}.ratio", shown, "approach >= recovery >= 1 for a lower line")


def _crush(spec: Crush, path: str) -> Iterator[Misfit]:
    if not bounded(spec.densest_per_m2) or spec.densest_per_m2 <= 0:
        yield Misfit(f"{path}.densest_per_m2", spec.densest_per_m2, "persons a square metre, a number above 0")
    if not seconds(spec.within):
        yield Misfit(f"{path}.within", spec.within, "a duration above 0: a row is more than one reading")


def _anomaly(spec: Anomaly, path: str) -> Iterator[Misfit]:
    yield from _ladder(spec.bounds, f"{path}.bounds")
    for least in ("least_percent", "least_sigma"):
        value = getattr(spec, least)
        if not bounded(value) or value < 0:
            yield Misfit(f"{path}.{least}", value, f"a number from 0 and below {MAX_NUMBER:.0E}")


def _table(spec: Table, path: str) -> Iterator[Misfit]:
    yield from _where(spec.where, spec.facts, path)
    for j, row in enumerate(spec.rows):
        where = f"{path}.rows[{j}]"
        measure = MEASURES.get(row.measure)
        if measure is None or spec.facts not in measure.kinds:
            known = sorted(name for name, m in MEASURES.items() if spec.facts in m.kinds)
            yield Misfit(f"{where}.measure", row.measure, f"a measure of {spec.facts}: {', '.join(known)}")
            continue
        yield from _bounds(row, where)


def _where(where: Mapping[str, object], kind: str, path: str) -> Iterator[Misfit]:
    fields = {f.name for f in msgspec.structs.fields(KINDS[kind])}
    for field in where:
        if field not in fields:
            yield Misfit(f"{path}.where.{field}", field, f"a field of {kind}")


def _bounds(row: Row, path: str) -> Iterator[Misfit]:
    wanted, unwanted = ("colours", "levels") if row.measure == "colour" else ("levels", "colours")
    if getattr(row, unwanted) or not getattr(row, wanted):
        found = unwanted if getattr(row, unwanted) else f"no {wanted}"
        yield Misfit(path, Said(found), f"{wanted} for measure {row.measure}")
        return
    if wanted == "levels":
        yield from _ladder(row.levels, f"{path}.levels", falling=row.side == "lower")
        return
    below = -1
    for level in (level.word for level in LEVELS if level.word in row.colours):
        colour = row.colours[level]
        if COLOURS.index(colour) <= below:
            yield Misfit(f"{path}.colours.{level}", colour, "a bound above that of the level below it")
        below = COLOURS.index(colour)


def _ladder(
    bounds: Mapping[Any, Decimal] | Mapping[Any, int], path: str, *, falling: bool = False, nought: bool = False
) -> Iterator[Misfit]:
    """`nought`: a bound of 0 makes sense."""
    if not bounds:
        yield Misfit(path, Said("nothing"), "a bound for at least one level")
    below: Decimal | int | None = None
    for level in (severity.word for severity in Severity if severity.word in bounds):
        bound = bounds[level]
        if not bounded(Decimal(bound)) or bound < 0 or (bound == 0 and not nought):
            # a bound of 0 would be reached by every report that says nothing happened
            yield Misfit(f"{path}.{level}", bound, f"a number above 0 and below {MAX_NUMBER:.0E}")
            continue
        if below is not None and (bound >= below if falling else bound <= below):
            side = "below" if falling else "above"
            yield Misfit(f"{path}.{level}", bound, f"a bound {side} that of the level below it")
        below = bound
