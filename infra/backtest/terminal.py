"""What would have been, on a terminal: Chinese first, English beside it, the times of Shanghai."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

from infra.backtest import words
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterator

    from infra.backtest.study import Side, Study
    from rules.backtest.comparison import Match
    from rules.backtest.incidents import Incident
    from rules.backtest.statistics import Statistics

INCIDENTS_SHOWN = 40


def lines(study: Study) -> Iterator[str]:
    """The whole answer."""
    history, period = study.history, study.period
    by = words.BY[history.by]
    yield (
        f"预案回测 backtest: {', '.join(history.names)}, {len(history.arrivals):,} 条数据 facts"
        f" [{history.fingerprint}], {by.zh} {by.en}"
    )
    yield f"{words.day(period[0])} – {words.day(period[1])}"
    for side in study.sides:
        yield ""
        yield from _side(side)
    if study.compared:
        yield ""
        yield from _comparison(study)


def _side(side: Side) -> Iterator[str]:
    result, name = side.result, side.library.site.file.name
    letter = f"{side.letter}: " if side.letter else ""
    yield f"{letter}{name.zh} {name.en}, {side.directory} [{side.hash}]"
    shown = [one for one in result.incidents if one.pages_somebody]
    for one in shown[:INCIDENTS_SHOWN]:
        yield from _incident(side, one)
    if len(shown) > INCIDENTS_SHOWN:
        yield f"  … {len(shown) - INCIDENTS_SHOWN} 起 / more (--json, --report)"
    for statistics in result.statistics:
        if statistics.alerts:
            yield from _statistics(side, statistics)
    if not result.alerts:
        yield "  没有警报 / no alert"
    if side.detection is not None:
        yield from _detection(side)
    yield from _left_out(side)


def _incident(side: Side, one: Incident) -> Iterator[str]:
    where, grade = side.place(one.plan, one.place), words.grade(one.severity)
    returned = words.minute(one.returned_at) if one.returned_at else f"{words.STANDS.zh} {words.STANDS.en}"
    paged = words.minute(one.paged_at) if one.paged_at else "–"
    yield (
        f"  事件 incident {one.number}: {paged} – {returned}, {grade.zh} {grade.en}, {where.zh} / {where.en},"
        f" 警报 alerts {one.alerts}, 呼叫 pages {one.pages}"
    )
    yield f"      {one.explain.zh} / {one.explain.en}"


def _statistics(side: Side, statistics: Statistics) -> Iterator[str]:
    plan = side.library.plans.get(statistics.plan)
    titles = f"  {plan.titles.zh} / {plan.titles.en}" if plan else ""
    version = side.library.versions.get(statistics.plan, "")
    yield f"  {statistics.plan} {version}{titles}"
    targets = statistics.targets
    for figure in words.FIGURES:
        target = targets.get(figure.target)
        judged = {None: "", True: "✓", False: "✗"}[target.met] if target else ""
        wanted = f"  (目标 target {target.text}) {judged}".rstrip() if target else ""
        yield f"    {padded(f'{figure.zh} {figure.en}', 64)}{figure.of(statistics)}{wanted}"


def _detection(side: Side) -> Iterator[str]:
    found = side.detection
    if found is None:
        return
    delay = words.delay(found.median_delay_s)
    yield (
        f"  已知事件 labelled episodes: 命中 found {found.hits}/{found.inside}, 漏报 missed {found.misses},"
        f" 误报 false alarms {len(found.false_alarms)}/{found.judged},"
        f" 精确率 precision {words.percent(found.precision)},"
        f" 召回率 recall {words.percent(found.recall)}, 发现延迟中位数 median delay {delay.zh} {delay.en}"
    )
    for one in found.episodes:
        what = "数据之外 outside the data" if one.outside else "命中 found" if one.hit else "漏报 missed"
        late = words.delay(one.delay_s)
        yield (
            f"    {words.day(one.episode.since)} {one.episode.name}: {what}"
            + (f", 延迟 delay {late.zh} {late.en}" if one.hit else "")
        )


def _left_out(side: Side) -> Iterator[str]:
    result = side.result
    for reason, count in sorted(result.refused.items()):
        example = next(one for one in result.refusals if one.reason == reason)
        yield f"  引擎拒收 refused by the engine: {reason} {count:,} ({example.explain.zh} / {example.explain.en})"
    if result.unwatched:
        yield (
            f"  {result.unwatched:,} 条数据没有任何报警关注（来源不是该点的指定来源、无预案涉及或重复）"
            f" / facts that no alarm heard (not the point's deciding source, of no plan's concern, or repeated)"
        )


def _comparison(study: Study) -> Iterator[str]:
    for which, said in words.WHICH.items():
        own = [match for match in study.matches if match.which == which]
        yield f"{said.zh} {said.en}: {len(own)}"
        for match in own[:INCIDENTS_SHOWN]:
            yield f"  {_match(study, match)}"
        if len(own) > INCIDENTS_SHOWN:
            yield f"  … {len(own) - INCIDENTS_SHOWN} / more (--json, --report)"


def _match(study: Study, match: Match) -> str:
    where = study.sides[0].place(match.plan, match.place)
    sides = [f"{letter} {_dates(own)}" for letter, own in (("A", match.a), ("B", match.b)) if own]
    return f"{where.zh} / {where.en}, {match.plan}: {'; '.join(sides)}"


def _dates(incidents: list[Incident]) -> str:
    found = []
    for one in incidents:
        returned = words.day(one.returned_at) if one.returned_at else f"{words.STANDS.zh} {words.STANDS.en}"
        paged = words.day(one.paged_at) if one.paged_at else "–"
        found.append(f"{paged} – {returned} ({Severity.of(one.severity).word})")
    return ", ".join(found)


def padded(text: str, width: int) -> str:
    """Filled up to so many columns, of which a Chinese character takes two."""
    taken = sum(1 + (unicodedata.east_asian_width(character) in "WF") for character in text)
    return text + " " * max(1, width - taken)
