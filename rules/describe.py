"""A trigger in words, for people who read a plan: what it watches, from which figure on it means which level.

One function per type of condition, found by its type. A type without one raises, and a test asks every type.
"""

from __future__ import annotations

from functools import singledispatch
from typing import TYPE_CHECKING, Any, NamedTuple

from rules.alerts import Words
from rules.conditions.aim import STAGES
from rules.measures import COLOUR_WORDS
from rules.names import Names
from rules.severity import Severity
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
    Row,
    Silence,
    Stock,
    Streak,
    Table,
    Trigger,
    Unless,
)
from rules.vocabulary import seconds
from rules.wording import FIELDS, KINDS, grade, joined, number, span

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rules.measures import Measures


class Criterion(NamedTuple):
    """One row of a table: what is measured, and for each severity it can reach from where on."""

    what: Words
    bounds: dict[str, Words]
    source: str


class Described(NamedTuple):
    """A condition in words. `parts` are the conditions that it joins."""

    says: Words
    rows: tuple[Criterion, ...] = ()
    parts: tuple[Described, ...] = ()
    reaches: frozenset[str] = frozenset()
    """Every severity that it can reach."""

    def criteria(self) -> Iterator[Criterion]:
        """Its own rows and those of the conditions below it."""
        yield from self.rows
        for part in self.parts:
            yield from part.criteria()


@singledispatch
def describe(condition: object, names: Names) -> Described:  # noqa: ARG001 - each type has its own
    """The condition of a trigger in words. Raises `TypeError` for what no plan may hold."""
    message = f"{type(condition).__name__} has no description: add one to rules.describe"
    raise TypeError(message)


def delays(trigger: Trigger) -> Iterator[Words]:
    """How long it must hold, how long it must have gone, and who ends it."""
    for delay, zh, en in ((trigger.on_delay, "才报警", "to begin"), (trigger.off_delay, "才恢复", "to end")):
        if delay.readings > 1:
            yield Words(zh=f"连续 {delay.readings} 次读数{zh}", en=f"{delay.readings} readings in a row {en}")
        if seconds(delay.duration):
            yield Words(zh=f"持续 {span(delay.duration).zh}{zh}", en=f"{span(delay.duration).en} {en}")
    if trigger.latch:
        yield Words(zh="恢复后须人工复位", en="stays until a person resets it")


def gravest(reaches: Iterable[str]) -> Severity:
    """The gravest of several severities."""
    return max((Severity.of(word) for word in reaches), default=Severity.NORMAL)


@describe.register
def _(line: Line, _names: Names) -> Described:
    upper, ratio = line.side == "upper", line.ratio
    sign = "≥" if upper else "<"
    bounds = {
        "approach": Words(zh=f"{sign} 警戒线 × {ratio.approach}", en=f"{sign} line × {ratio.approach}"),
        "line": Words(zh=f"{sign} 警戒线", en=f"{sign} line"),
    }
    what = Words(zh=f"{_series(line).zh}价格", en=f"{_series(line).en} price")
    kind = Words(zh="上限", en="upper") if upper else Words(zh="下限", en="lower")
    back = "<" if upper else "≥"
    says = Words(
        zh=f"监测点的价格越过该点自己的{kind.zh}警戒线，{back} 警戒线 × {ratio.recovery} 恢复",
        en=f"a point's price passes its own {kind.en} warning line; over again at {back} line × {ratio.recovery}",
    )
    return _leaf(says, [Criterion(what, bounds, ratio.source)])


@describe.register
def _(table: Table, names: Names) -> Described:
    kind, where = KINDS[table.facts], _where(table.where, names)
    says = Words(zh=f"{kind.zh}{where.zh}：任一指标达到即算，取最高级别", en=f"{kind.en}{where.en}: any one criterion")
    if table.window != "0":
        window = span(table.window)
        says = Words(zh=f"{says.zh}（{window.zh}内计）", en=f"{says.en} (counted for {window.en})")
    return _leaf(says, [_row(row, names.measures) for row in table.rows])


@describe.register
def _(change: Change, _names: Names) -> Described:
    measure = {"price": Words(zh="价格", en="price"), "stock": Words(zh="库存", en="stock")}[change.measure]
    verb = Words(zh="上涨", en="rise") if change.direction == "rise" else Words(zh="下降", en="fall")
    what = Words(
        zh=f"{_series(change).zh}{measure.zh} {change.days} 天{verb.zh}幅度",
        en=f"{measure.en} of {_series(change).en}: {verb.en} over {change.days} d",
    )
    says = Words(zh="监测点数据的变化幅度", en="how far a point's figure has moved")
    return _one(says, what, change.percent, "%", change, sign=">" if change.exceeds else "≥")


@describe.register
def _(streak: Streak, _names: Names) -> Described:
    verb = Words(zh="上涨", en="risen") if streak.direction == "rise" else Words(zh="下跌", en="fallen")
    what = Words(zh=f"{_series(streak).zh}价格连续{verb.zh}天数", en=f"{_series(streak).en}: days {verb.en} in a row")
    return _one(Words(zh="价格连续变动", en="a price that moves day after day"), what, streak.days, " 天/d", streak)


@describe.register
def _(stock: Stock, _names: Names) -> Described:
    what = Words(zh=f"{_series(stock).zh}库存占正常库存", en=f"{_series(stock).en}: stock of normal stock")
    says = Words(zh="库存低于正常库存的一定比例", en="stock below a share of normal stock")
    return _one(says, what, stock.percent_below, "%", stock, sign="<")


@describe.register
def _(deliveries: Deliveries, _names: Names) -> Described:
    what = Words(zh="交售进度落后（百分点）", en="behind the schedule, percentage points")
    says = Words(zh="订单粮食交售落后于合同进度", en="deliveries under contract lag behind their schedule")
    return _one(says, what, deliveries.short_by, "", deliveries)


@describe.register
def _(silence: Silence, _names: Names) -> Described:
    what = Words(zh=f"{_series(silence).zh}未报数的周期数", en=f"{_series(silence).en}: cadences without a reading")
    says = Words(zh="监测点中断报数", en="a point has gone silent")
    return _one(says, what, {silence.level: silence.cadences}, " 个周期/cadences", silence)


@describe.register
def _(overdue: Overdue, names: Names) -> Described:
    where = _where(overdue.where, names)
    says = Words(zh=f"隐患逾期未整改{where.zh}", en=f"a hazard not rectified in time{where.en}")
    return _one(says, Words(zh="逾期天数", en="days overdue"), overdue.days, " 天/d", overdue)


@describe.register
def _(crush: Crush, names: Names) -> Described:
    says = Words(
        zh=f"人流连续 {crush.readings} 次读数密度上升而流量下降",
        en=f"over {crush.readings} readings the crowd grows denser while its flow falls",
    )
    return _one(says, names.measures.words("densest_per_m2"), {crush.level: crush.densest_per_m2}, " 人/m²", crush)


@describe.register
def _(anomaly: Anomaly, _names: Names) -> Described:
    name = anomaly.indicator.upper()
    least = number(anomaly.least_percent)
    says = Words(
        zh=f"月度价格偏离自身季节与趋势（{name}），变动不足 {least} % 不计",
        en=f"a monthly price against its season and trend ({name}), moves of less than {least} % left out",
    )
    return _one(
        says, Words(zh=f"{_series(anomaly).zh}{name}", en=f"{_series(anomaly).en} {name}"), anomaly.bounds, "", anomaly
    )


@describe.register
def _(quorum: Quorum, names: Names) -> Described:
    at, part = grade(quorum.at), describe(quorum.of, names)
    unit, bounds = "%" if quorum.share else " 个点/points", quorum.points
    what = Words(zh=f"达到“{at.zh}”的监测点{'占比' if quorum.share else '数'}", en=f"points at “{at.en}”")
    many = Words(zh="全县多个监测点同时达到", en="many of the county's points at once")
    if quorum.goods:
        unit, bounds = " 个品种/goods", quorum.goods
        what = Words(zh=f"达到“{at.zh}”的品种数", en=f"goods at “{at.en}”")
        many = Words(zh="多个品种同时达到", en="several goods at once")
    silent = (
        Words(zh="中断报数的点按最后状态计", en="a silent point counts as it last stood")
        if quorum.silent == "as_last"
        else Words(zh="中断报数的点不计", en="a silent point is left out")
    )
    if quorum.least > 1:
        silent = Words(
            zh=f"{silent.zh}，至少 {quorum.least} 个有数据", en=f"{silent.en}; at least {quorum.least} known"
        )
    says = Words(zh=f"{many.zh}（{silent.zh}）", en=f"{many.en} ({silent.en})")
    row = Criterion(what, _bounds(bounds, unit), quorum.source)
    return Described(says, (row,), (part,), frozenset(map(str, bounds)))


@describe.register
def _(every: AllOf, names: Names) -> Described:
    parts = tuple(describe(part, names) for part in every.of)
    return Described(Words(zh="同时满足", en="all of"), (), parts, _least(parts, len(parts)))


@describe.register
def _(one: AnyOf, names: Names) -> Described:
    parts = tuple(describe(part, names) for part in one.of)
    return Described(Words(zh="满足任一", en="any of"), (), parts, _least(parts, 1))


@describe.register
def _(some: NOf, names: Names) -> Described:
    parts = tuple(describe(part, names) for part in some.of)
    return Described(Words(zh=f"至少满足 {some.n} 项", en=f"at least {some.n} of"), (), parts, _least(parts, some.n))


@describe.register
def _(held: For, names: Names) -> Described:
    part, long, at, gives = describe(held.condition, names), span(held.duration), grade(held.at), grade(held.gives)
    says = Words(zh=f"“{at.zh}”持续 {long.zh}即为{gives.zh}", en=f"“{at.en}” for {long.en} means {gives.en}")
    row = Criterion(
        Words(zh="持续时间", en="duration"), {held.gives: Words(zh=f"≥ {long.zh}", en=f"≥ {long.en}")}, held.source
    )
    return Described(says, (row,), (part,), frozenset({held.gives}))


@describe.register
def _(held_back: Unless, names: Names) -> Described:
    part, other, at = describe(held_back.condition, names), describe(held_back.unless, names), grade(held_back.at)
    says = Words(zh=f"第一项成立，且第二项未达到“{at.zh}”", en=f"the first, unless the second is at “{at.en}”")
    return Described(says, (), (part, other), part.reaches)


def _least(parts: Sequence[Described], n: int) -> frozenset[str]:
    """What at least n of the parts can reach together: nothing graver than the n-th gravest of them."""
    limit = sorted((gravest(part.reaches) for part in parts), reverse=True)[n - 1]
    return frozenset(word for part in parts for word in part.reaches if Severity.of(word) <= limit)


def _leaf(says: Words, rows: Sequence[Criterion]) -> Described:
    return Described(says, tuple(rows), (), frozenset(word for row in rows for word in row.bounds))


def _one(says: Words, what: Words, bounds: Mapping[Any, Any], unit: str, spec: Any, *, sign: str = "≥") -> Described:
    return _leaf(says, [Criterion(what, _bounds(bounds, unit, sign), spec.source)])


def _bounds(bounds: Mapping[Any, Any], unit: str, sign: str = "≥") -> dict[str, Words]:
    zh, _, en = unit.partition("/") if " " in unit else (unit, "", unit)
    english = f" {en}" if en and not en.startswith(("%", " ")) else en
    return {
        str(level): Words(zh=f"{sign} {number(bound)}{zh}", en=f"{sign} {number(bound)}{english}")
        for level, bound in bounds.items()
    }


def _row(row: Row, measures: Measures) -> Criterion:
    sign, unit = "≥" if row.side == "upper" else "<", row.unit or measures.unit(row.measure)
    bounds = {}
    for level, bound in row.bounds.items():
        if isinstance(bound, str):
            colour = COLOUR_WORDS[bound]
            bounds[level] = Words(zh=f"{colour.zh}预警", en=f"{colour.en} warning")
        else:
            bounds[level] = Words(
                zh=f"{sign} {number(bound)} {unit.zh}".strip(), en=f"{sign} {number(bound)} {unit.en}".strip()
            )
    return Criterion(measures.words(row.measure), bounds, row.source)


def _series(spec: Any) -> Words:
    """Which series of a point: its stages, and its goods where they are named."""
    stages = joined(STAGES[stage] for stage in spec.stages) if spec.stages else Words(zh="各环节", en="every stage")
    goods = getattr(spec, "commodities", ())
    if not goods:
        return stages
    return Words(zh=f"{'、'.join(goods)} {stages.zh}", en=f"{', '.join(goods)} {stages.en}")


def _where(where: Mapping[str, Sequence[str]], names: Names) -> Words:
    """The fields that must have one of some values."""
    if not where:
        return Words(zh="", en="")
    zh, en = [], []
    for field, values in where.items():
        named = [names.value(field, value) for value in values]
        name = FIELDS.get(field, Words(zh=field, en=field))
        zh.append(f"{name.zh}为 {joined(named).zh}")
        en.append(f"{name.en} {joined(named).en}")
    return Words(zh=f"（{'；'.join(zh)}）", en=f" ({'; '.join(en)})")
