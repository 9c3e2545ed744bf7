"""What the types cannot say of a trigger: every place of its tree where what is written makes no sense."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec

from rules.alerts import Words
from rules.expectations import choice
from rules.facts import KINDS, MAX_NUMBER, bounded
from rules.fault import NOTHING
from rules.measures import COLOURS, Measure, Measures
from rules.misfit import Misfit
from rules.plan_checks.finding import one_of
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
    parts,
)
from rules.vocabulary import seconds

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from rules.plan_checks.finding import Known


OF_ONE_SERIES = Words(zh="此条件只看一个序列", en="a condition of one series")
WITHIN_QUORUM = Words(
    zh="放在 quorum 之内，或以 point、commodity、stage 为报警对象",
    en="one within a quorum, or a subject of point, commodity and stage",
)
OF_MANY_POINTS = Words(
    zh="不含 point，如 by: [commodity, stage]：quorum 须看多个监测点",
    en="no point, such as by: [commodity, stage]: a quorum is of many points",
)
BOTH = Words(zh="points 和 goods 都写了", en="both points and goods")
ONE_OF_BOTH = Words(zh="只写 points 或 goods 之一", en="points or goods, one of them")
SHARE_OF_GOODS = Words(zh="品种的占比", en="a share of goods")
A_NUMBER_OF_GOODS = Words(zh="品种数：去掉 share", en="a number of goods: no share")
ALL_GOODS = Words(zh="不含 commodity：按品种计数须看全部品种", en="no commodity: goods are counted across all of them")
SHARE = Words(zh="占警戒线的比例，如 0.95", en="a share of the line, e.g. 0.95")
UPPER = Words(zh="上限线满足 0 < approach <= recovery <= 1", en="0 < approach <= recovery <= 1 for an upper line")
LOWER = Words(zh="下限线满足 approach >= recovery >= 1", en="approach >= recovery >= 1 for a lower line")
SOME_DENSITY = Words(zh="每平方米人数，大于 0 的数", en="persons a square metre, a number above 0")
SOME_TIME = Words(zh="大于 0 的时长：连续须不止一次读数", en="a duration above 0: a row is more than one reading")
FROM_0 = Words(zh=f"不小于 0、小于 {MAX_NUMBER:.0E} 的数", en=f"a number from 0 and below {MAX_NUMBER:.0E}")
ABOVE_0 = Words(zh=f"大于 0、小于 {MAX_NUMBER:.0E} 的数", en=f"a number above 0 and below {MAX_NUMBER:.0E}")
SOME_NUMBER = Words(zh=f"小于 {MAX_NUMBER:.0E} 的有限的数", en=f"a finite number below {MAX_NUMBER:.0E}")
CATEGORY = Words(zh="site.yaml 的 categories 之一", en="one of `categories` in site.yaml")
HAZARD = Words(zh="预警信号或 site.yaml 的 hazards 之一", en="a warning signal or one of `hazards` in site.yaml")
COMMODITY = Words(
    zh="site.yaml 的 commodities 或 points.yaml 警戒线的品种之一",
    en="one of `commodities` in site.yaml, or of the lines in points.yaml",
)
SOME_BOUND = Words(zh="至少一个级别的界限", en="a bound for at least one level")
ABOVE = Words(zh="高于下一级的界限", en="a bound above that of the level below it")
BELOW = Words(zh="低于下一级的界限", en="a bound below that of the level below it")


def field_of(kind: str) -> Words:
    """A name that facts of a kind have."""
    return Words(zh=f"{kind} 的字段", en=f"a field of {kind}")


def among(what: Words, known: Collection[str]) -> Words:
    """One of these, each of them named."""
    names = ", ".join(sorted(known))
    return Words(zh=f"{what.zh}：{names}", en=f"{what.en}: {names}")


def _of_kind(kind: str) -> Words:
    listed = choice(sorted(POSSIBLE[kind]))
    return Words(zh=f"{kind} 的报警对象：{listed.zh}", en=f"of {kind}: {listed.en}")


def _at_most(number: int) -> Words:
    return Words(zh=f"至多 {number}，即条件的个数", en=f"at most {number}, as many as there are conditions")


def _measure_of(kind: str, names: Collection[str]) -> Words:
    return among(Words(zh=f"{kind} 的指标", en=f"a measure of {kind}"), names)


def _no(field: str) -> Words:
    return Words(zh=f"没有 {field}", en=f"no {field}")


def trigger_misfits(trigger: Trigger, path: str, around: Known) -> Iterator[Misfit]:
    """Every one of a trigger, its paths beginning with `path`."""
    read = kinds(trigger.when)
    for i, field in enumerate(trigger.by):
        for kind in sorted(read):
            if field not in POSSIBLE[kind]:
                yield Misfit(f"{path}.by[{i}]", field, _of_kind(kind))
        if field == "commodity" and isinstance(trigger.when, Quorum) and trigger.when.goods:
            yield Misfit(f"{path}.by[{i}]", field, ALL_GOODS)
    subject = by(trigger)
    if "point" in subject and any(isinstance(one, Quorum) for one in parts(trigger.when)):
        yield Misfit(f"{path}.by", "/".join(subject), OF_MANY_POINTS)
    one_series = set(subject) == set(DEFAULT["grain_price"]) and len(read) == 1
    yield from _condition(trigger.when, f"{path}.when", around, one_series=one_series)


def _condition(spec: Condition, path: str, around: Known, *, one_series: bool) -> Iterator[Misfit]:
    if isinstance(spec, AllOf | AnyOf | NOf):
        if isinstance(spec, NOf) and spec.n > len(spec.of):
            yield Misfit(f"{path}.n", spec.n, _at_most(len(spec.of)))
        for i, one in enumerate(spec.of):
            yield from _condition(one, f"{path}.of[{i}]", around, one_series=one_series)
    elif isinstance(spec, For):
        yield from _condition(spec.condition, f"{path}.condition", around, one_series=one_series)
    elif isinstance(spec, Unless):
        yield from _condition(spec.condition, f"{path}.condition", around, one_series=one_series)
        yield from _condition(spec.unless, f"{path}.unless", around, one_series=one_series)
    elif isinstance(spec, Quorum):
        yield from _quorum(spec, path)
        yield from _condition(spec.of, f"{path}.of", around, one_series=True)
    else:
        if kinds(spec) == {"grain_price"} and not one_series:
            yield Misfit(path, OF_ONE_SERIES, WITHIN_QUORUM)
        yield from _goods(spec, path, around)
        yield from _leaf(spec, path, around)


def _goods(spec: Condition, path: str, around: Known) -> Iterator[Misfit]:
    """Goods that nobody reports would be watched for in vain."""
    for i, name in enumerate(getattr(spec, "commodities", ())):
        if name not in around.commodities:
            yield Misfit(f"{path}.commodities[{i}]", name, one_of(name, COMMODITY, around.commodities))


def _leaf(spec: Condition, path: str, around: Known) -> Iterator[Misfit]:
    if isinstance(spec, Line):
        yield from _ratio(spec, path)
    elif isinstance(spec, Table):
        yield from _table(spec, path, around)
    elif isinstance(spec, Change):
        yield from _ladder(spec.percent, f"{path}.percent")
    elif isinstance(spec, Deliveries):
        yield from _ladder(spec.short_by, f"{path}.short_by")
    elif isinstance(spec, Streak):
        yield from _ladder(spec.days, f"{path}.days")
    elif isinstance(spec, Stock):
        yield from _ladder(spec.percent_below, f"{path}.percent_below", falling=True)
    elif isinstance(spec, Overdue):
        yield from _where(spec.where, "hazard_report", path, around)
        yield from _ladder(spec.days, f"{path}.days", nought=True)
    elif isinstance(spec, Crush):
        yield from _crush(spec, path)
    elif isinstance(spec, Anomaly):
        yield from _anomaly(spec, path)


def _quorum(spec: Quorum, path: str) -> Iterator[Misfit]:
    if spec.points and spec.goods:
        yield Misfit(f"{path}.goods", BOTH, ONE_OF_BOTH)
    elif spec.goods:
        yield from _ladder(spec.goods, f"{path}.goods")
        if spec.share:
            yield Misfit(f"{path}.share", SHARE_OF_GOODS, A_NUMBER_OF_GOODS)
    else:
        yield from _ladder(spec.points, f"{path}.points")


def _ratio(spec: Line, path: str) -> Iterator[Misfit]:
    approach, recovery = spec.ratio.approach, spec.ratio.recovery
    wrong = [share for share in ("approach", "recovery") if not bounded(getattr(spec.ratio, share))]
    for share in wrong:
        yield Misfit(f"{path}.ratio.{share}", getattr(spec.ratio, share), SHARE)
    if wrong:
        return
    shown = Words(zh=f"approach 为 {approach}、recovery 为 {recovery}", en=f"approach {approach}, recovery {recovery}")
    if spec.side == "upper" and not 0 < approach <= recovery <= 1:
        yield Misfit(f"{path}.ratio", shown, UPPER)
    if spec.side == "lower" and not approach >= recovery >= 1:
        yield Misfit(f"{path}.ratio", shown, LOWER)


def _crush(spec: Crush, path: str) -> Iterator[Misfit]:
    if not bounded(spec.densest_per_m2) or spec.densest_per_m2 <= 0:
        yield Misfit(f"{path}.densest_per_m2", spec.densest_per_m2, SOME_DENSITY)
    if not seconds(spec.within):
        yield Misfit(f"{path}.within", spec.within, SOME_TIME)


def _anomaly(spec: Anomaly, path: str) -> Iterator[Misfit]:
    yield from _ladder(spec.bounds, f"{path}.bounds")
    for least in ("least_percent", "least_sigma"):
        value = getattr(spec, least)
        if not bounded(value) or value < 0:
            yield Misfit(f"{path}.{least}", value, FROM_0)


def _table(spec: Table, path: str, around: Known) -> Iterator[Misfit]:
    yield from _where(spec.where, spec.facts, path, around)
    measures = around.measures
    there = measures or Measures()
    for j, row in enumerate(spec.rows):
        where = f"{path}.rows[{j}]"
        measure = there.get(row.measure, spec.facts)
        if measure is not None:
            yield from _bounds(row, measure, where)
        elif measures is not None:
            yield Misfit(f"{where}.measure", row.measure, _measure_of(spec.facts, measures.names(spec.facts)))


def _where(where: Mapping[str, Sequence[str]], kind: str, path: str, around: Known) -> Iterator[Misfit]:
    fields = {f.name for f in msgspec.structs.fields(KINDS[kind])}
    named = {"category": (around.categories, CATEGORY), "hazard": (around.hazards, HAZARD)}
    for field, values in where.items():
        if field not in fields:
            yield Misfit(f"{path}.where.{field}", field, field_of(kind))
        elif field in named:
            known, what = named[field]
            for i, value in enumerate(values):
                if value not in known:  # a slip of the pen: it would watch for what nobody ever reports
                    yield Misfit(f"{path}.where.{field}[{i}]", value, among(what, known))


def _bounds(row: Row, measure: Measure, path: str) -> Iterator[Misfit]:
    wanted, unwanted = ("colours", "levels") if row.measure == "colour" else ("levels", "colours")
    if getattr(row, unwanted) or not getattr(row, wanted):
        found = Words(zh=f"写了 {unwanted}", en=unwanted) if getattr(row, unwanted) else _no(wanted)
        yield Misfit(path, found, Words(zh=f"指标 {row.measure} 的 {wanted}", en=f"{wanted} for measure {row.measure}"))
        return
    if wanted == "levels":
        yield from _ladder(row.levels, f"{path}.levels", falling=row.side == "lower", any_sign=measure.negative)
        return
    below = -1
    for level in (level.word for level in LEVELS if level.word in row.colours):
        colour = row.colours[level]
        if COLOURS.index(colour) <= below:
            yield Misfit(f"{path}.colours.{level}", colour, ABOVE)
        below = COLOURS.index(colour)


def _ladder(
    bounds: Mapping[Any, Decimal] | Mapping[Any, int],
    path: str,
    *,
    falling: bool = False,
    nought: bool = False,
    any_sign: bool = False,
) -> Iterator[Misfit]:
    """`nought`: a bound of 0 makes sense; `any_sign`: one below it too."""
    if not bounds:
        yield Misfit(path, NOTHING, SOME_BOUND)
    below: Decimal | int | None = None
    for level in (severity.word for severity in Severity if severity.word in bounds):
        bound = bounds[level]
        if not bounded(Decimal(bound)) or (not any_sign and (bound < 0 or (bound == 0 and not nought))):
            # a bound of 0 would be reached by every report that says nothing happened
            yield Misfit(f"{path}.{level}", bound, SOME_NUMBER if any_sign else ABOVE_0)
            continue
        if below is not None and (bound >= below if falling else bound <= below):
            yield Misfit(f"{path}.{level}", bound, BELOW if falling else ABOVE)
        below = bound
