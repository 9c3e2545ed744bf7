"""The report: one HTML file that needs nothing else. The same study gives the same bytes."""

from __future__ import annotations

from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING, Any, NamedTuple

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from infra.backtest import charts, words
from infra.backtest.axes import TimeScale
from infra.backtest.lines import series_of
from rules.alerts import Words
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra.backtest.lines import Series
    from infra.backtest.study import Side, Study
    from rules.backtest.episodes import Episode
    from rules.backtest.incidents import Incident
    from rules.backtest.spans import Span

MAX_PANELS = 72
"""Price series that are drawn; those that were longest in alarm come first."""
MAX_LANES = 60
MAX_ROWS = 400
"""Rows of a table: `--json` has them all."""


class Tile(NamedTuple):
    """One figure of the summary, of each side."""

    label: Words
    values: list[tuple[str, str]]
    """The side's letter and the figure."""


def html(study: Study) -> str:
    """The whole report."""
    scale = TimeScale(*study.period)
    panels, left_out = _panels(study, scale)
    lanes, lanes_left_out = _lanes(study, scale)
    return _environment.get_template("report.html").render(
        study=study, tiles=_tiles(study), lanes=lanes, lanes_left_out=lanes_left_out, panels=panels, left_out=left_out,
        ticks=scale.ticks(9), episodes=charts.episode_bars(study.episodes, scale), legend=_legend(study),
        max_rows=MAX_ROWS,
        figures=words.FIGURES, quiet=_quiet(study), speaking=_speaking(study), by=words.BY[study.history.by],
        view=charts,
    )  # fmt: skip


def _tiles(study: Study) -> list[Tile]:
    def each(zh: str, en: str, value: Any) -> Tile:
        return Tile(Words(zh=zh, en=en), [(side.letter, str(value(side))) for side in study.sides])

    tiles = [
        each("事件（会呼叫）", "incidents that page", lambda s: sum(i.pages_somebody for i in s.result.incidents)),
        each("仅通知", "notices only", lambda s: sum(one.notices for one in s.result.statistics)),
        each("警报", "alerts", lambda s: f"{len(s.result.alerts):,}"),
    ]
    if study.episodes:
        tiles += [
            each(
                "命中的历史事件",
                "episodes found",
                lambda s: f"{s.detection.hits} / {s.detection.inside}",
            ),
            each("误报", "false alarms", lambda s: len(s.detection.false_alarms)),
            each("精确率", "precision", lambda s: words.percent(s.detection.precision)),
            each("召回率", "recall", lambda s: words.percent(s.detection.recall)),
            each("发现延迟中位数（天）", "median delay, days", lambda s: _days(s.detection.median_delay_s)),
        ]
    else:
        tiles.append(each("开始呼叫", "times paging begins", lambda s: sum(one.pages for one in s.result.statistics)))
    return tiles


def _legend(study: Study) -> list[tuple[str, Words]]:
    """The severities that are to be seen."""
    seen = {span.severity for side in study.sides for spans in side.result.spans.values() for span in spans}
    seen |= {one.grade for side in study.sides for one in side.result.incidents}
    return [(one.word, words.grade(one.word)) for one in sorted(seen) if one > Severity.NORMAL]


def _days(seconds: float | None) -> str:
    return "–" if seconds is None else f"{seconds / words.DAY_S:.1f}"


# -- the overview


def _lanes(study: Study, scale: TimeScale) -> tuple[list[charts.Lane], int]:
    """A lane for each plan and place, of each side; the gravest first where there are too many."""
    end = study.period[1]
    found: dict[tuple[str, str], list[tuple[Side, list[Incident]]]] = {}
    for side in study.sides:
        own = sorted(side.result.incidents, key=lambda one: (one.plan, one.place, one.number))
        for place, incidents in groupby(own, key=lambda one: (one.plan, one.place)):
            found.setdefault(place, []).append((side, list(incidents)))
    gravest = sorted(found, key=lambda place: (-max(i.grade for _, own in found[place] for i in own), place))
    shown = sorted(gravest[:MAX_LANES])
    lanes = [
        charts.lane(side.about(*place), incidents, scale, end, side.letter)
        for place in shown
        for side, incidents in found[place]
    ]
    return lanes, len(found) - len(shown)


# -- the price series


def _panels(study: Study, scale: TimeScale) -> tuple[list[charts.Panel], int]:
    """A panel for each series that any side has a line for."""
    per_side = [{s.aim.key: s for s in series_of(side.library, study.history.arrivals)} for side in study.sides]
    found = []
    for key in sorted({key for own in per_side for key in own}):
        series = next(own[key] for own in per_side if key in own)
        sides = [
            (side.letter, own[key].lines if key in own else [], _spans(side, series))
            for side, own in zip(study.sides, per_side, strict=True)
        ]
        found.append(charts.panel(series, scale, sides, _concerning(study.episodes, series)))
    shown = sorted(found, key=lambda panel: -panel.alarmed)[:MAX_PANELS]
    return shown, len(found) - len(shown)


def _spans(side: Side, series: Series) -> list[Span]:
    """When any alarm on this very series stood, the gravest drawn last."""
    this = series.aim.county, series.subject
    own = [s for (county, _, about), spans in side.result.spans.items() if (county, about) == this for s in spans]
    return sorted(own, key=lambda span: (span.severity, span.since, span.to))


def _concerning(episodes: Iterable[Episode], series: Series) -> Iterator[Episode]:
    """Episodes whose place is nothing but what the series has: its county, point, stage …"""
    aim = series.aim
    has = {aim.county, aim.point.division, *aim.key}
    for one in episodes:
        if one.place is None or set(one.place.split("/")) <= has:
            yield one


# -- the tables


def _speaking(study: Study) -> list[str]:
    """Plans of which some side has something to say, by name."""
    return sorted({one.plan for side in study.sides for one in side.result.statistics if one.alerts})


def _quiet(study: Study) -> list[str]:
    speaking = set(_speaking(study))
    return sorted({plan for side in study.sides for plan in side.library.plans} - speaking)


_environment = Environment(
    loader=FileSystemLoader(str(files("infra.backtest") / "templates")),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_environment.filters |= {
    "minute": words.minute, "day": words.day, "percent": words.percent, "delay": words.delay, "grade": words.grade,
    "shift": words.shift,
}  # fmt: skip
