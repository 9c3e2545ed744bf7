"""Charts as numbers: what stands where. The template draws them, and escapes every word in them."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, NamedTuple

from infra.backtest.axes import PriceScale, Tick, TimeScale
from infra.backtest.words import minute
from rules.alerts import Words
from rules.backtest.spans import active

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import datetime

    from infra.backtest.lines import DrawnLine, Series
    from rules.backtest.episodes import Episode
    from rules.backtest.incidents import Incident
    from rules.backtest.spans import Span

WIDTH, HEIGHT = 360, 176
LEFT, RIGHT, TOP, BOTTOM = 38, 8, 10, 22
PLOT_WIDTH, PLOT_HEIGHT = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM
GAP = 4
"""A line is broken where nothing was read for so many times the usual interval: missing data is never normal."""
THINNEST = 0.0022
"""What a bar that lasted for a moment is drawn as, as a share of the axis."""


class Bar(NamedTuple):
    """A stretch of time: where it begins and how long it is, as shares of the axis."""

    at: float
    length: float
    kind: str
    """`line`, `approach`, `IV` …, or `episode`: what it looks like."""
    title: str


class Lane(NamedTuple):
    """One row of the overview."""

    label: Words
    side: str
    """`A` or `B` where two libraries are compared."""
    bars: list[Bar]


class Level(NamedTuple):
    """A warning line in a panel: how high it stands, and between which heights its approach band lies."""

    y: float
    band_y: float
    band_height: float
    side: str


class Strip(NamedTuple):
    """When a series was in alarm."""

    side: str
    bars: list[Bar]


class Peak(NamedTuple):
    """The highest price and what it was."""

    x: float
    y: float
    text: str
    anchor: str


class Panel(NamedTuple):
    """One price series."""

    title: Words
    unit: str
    xs: list[Tick]
    ys: list[Tick]
    path: str
    levels: list[Level]
    strips: list[Strip]
    episodes: list[Bar]
    peak: Peak
    alarmed: float
    """How long it was in alarm, over all sides, as shares of the axis."""


def lane(label: Words, incidents: Iterable[Incident], scale: TimeScale, end: datetime, side: str = "") -> Lane:
    """The incidents of one plan and place: while it was a notice only, and from its first page on."""
    bars: list[Bar] = []
    for one in incidents:
        what = f"{one.number} · {one.explain.zh} / {one.explain.en}"
        if one.paged_at is not None and one.paged_at > one.opened_at:
            bars.append(bar(one.opened_at, one.paged_at, "approach", scale, what))
        bars.append(bar(one.paged_at or one.opened_at, one.until(end), one.severity, scale, what))
    return Lane(label, side, bars)


def episode_bars(episodes: Iterable[Episode], scale: TimeScale) -> list[Bar]:
    """Labelled episodes, as far as the history reaches."""
    return [
        bar(max(one.since, scale.since), min(one.to, scale.to), "episode", scale, one.name)
        for one in episodes
        if one.since < scale.to and one.to > scale.since
    ]


def bar(since: datetime, to: datetime, kind: str, scale: TimeScale, what: str) -> Bar:
    at, until = scale.at(since), scale.at(to)
    length = max(until - at, THINNEST)
    title = f"{what} ({minute(since)} – {minute(to)})"
    return Bar(round(min(at, 1 - length), 5), round(length, 5), kind, title)


def panel(
    series: Series,
    scale: TimeScale,
    sides: Sequence[tuple[str, Sequence[DrawnLine], Sequence[Span]]],
    episodes: Iterable[Episode],
) -> Panel:
    """A series with the lines and alarms of each library (side, its lines, its alarms)."""
    prices = [price for _, price in series.readings]
    bounds = [bound for _, lines, _ in sides for line in lines for bound in line]
    prices_at = PriceScale(prices + bounds)
    highest = max(series.readings, key=lambda reading: reading[1])
    x, y = _x(scale.at(highest[0])), _y(prices_at.at(highest[1]))
    anchor = "end" if x > LEFT + PLOT_WIDTH * 0.8 else "start" if x < LEFT + PLOT_WIDTH * 0.2 else "middle"
    return Panel(
        title=series.aim.where,
        unit=series.aim.unit.zh,
        xs=[Tick(_x(tick.at), tick.text) for tick in scale.ticks(7)],
        ys=[Tick(_y(tick.at), tick.text) for tick in prices_at.ticks(4)],
        path=_path(series.readings, scale, prices_at),
        levels=[_level(line, prices_at, side) for side, lines, _ in sides for line in lines],
        strips=[Strip(side, [_span(span, scale) for span in spans]) for side, _, spans in sides],
        episodes=episode_bars(episodes, scale),
        peak=Peak(x, y, f"{highest[1]:,.2f}", anchor),
        alarmed=sum(scale.at(to) - scale.at(since) for _, _, spans in sides for since, to in active(spans)),
    )


def _span(span: Span, scale: TimeScale) -> Bar:
    return bar(span.since, span.to, span.severity.word, scale, f"{span.severity.zh} {span.severity.en}")


def _level(line: DrawnLine, scale: PriceScale, side: str) -> Level:
    value, approach = _y(scale.at(line.value)), _y(scale.at(line.approach))
    return Level(value, min(value, approach), round(abs(approach - value), 1), side)


def _path(readings: Sequence[tuple[datetime, float]], scale: TimeScale, prices: PriceScale) -> str:
    """At most two points for each unit of width, the lowest and the highest: what is left out lies between them."""
    drawn: list[str] = []
    for run in _runs(readings):
        points = list(_thinned([(_x(scale.at(at)), _y(prices.at(price))) for at, price in run]))
        drawn.append("M" + "L".join(f"{x:g} {y:g}" for x, y in points) + ("h.1" if len(points) == 1 else ""))
    return "".join(drawn)


def _runs(readings: Sequence[tuple[datetime, float]]) -> Iterator[list[tuple[datetime, float]]]:
    """Readings without a gap between them."""
    between = sorted(later[0] - earlier[0] for earlier, later in pairwise(readings))
    longest = between[len(between) // 2] * GAP if between else None
    run: list[tuple[datetime, float]] = []
    for reading in readings:
        if run and longest is not None and reading[0] - run[-1][0] > longest:
            yield run
            run = []
        run.append(reading)
    yield run


def _thinned(points: Sequence[tuple[float, float]]) -> Iterator[tuple[float, float]]:
    column: list[tuple[float, float]] = []
    for point in points:
        if column and int(point[0]) != int(column[0][0]):
            yield from _extremes(column)
            column = []
        column.append(point)
    yield from _extremes(column)


def _extremes(column: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    low, high = min(column, key=lambda p: p[1]), max(column, key=lambda p: p[1])
    return [low] if low == high else sorted((low, high), key=column.index)


def _x(share: float) -> float:
    return round(LEFT + share * PLOT_WIDTH, 1)


def _y(share: float) -> float:
    return round(TOP + (1 - share) * PLOT_HEIGHT, 1)
