"""How long each alarm stood at each severity."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

from rules.backtest.replay import Alarm
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from rules.backtest.replay import Told


class Span(NamedTuple):
    """An alarm at one severity above normal, in [since, to)."""

    since: datetime
    to: datetime
    severity: Severity


Spans = dict[Alarm, list[Span]]


def spans_of(alerts: Iterable[Told], end: datetime) -> Spans:
    """The spans of each alarm; what stands at the end of the data ends there."""
    found: Spans = {}
    standing: dict[Alarm, tuple[datetime, Severity]] = {}
    for told in alerts:
        at, alert, alarm = told.at, told.alert, told.alarm
        since, severity = standing.pop(alarm, (at, Severity.NORMAL))
        if severity and at > since:
            found.setdefault(alarm, []).append(Span(since, at, severity))
        if alert.severity:
            standing[alarm] = at, alert.severity
    for alarm, (since, severity) in standing.items():
        found.setdefault(alarm, []).append(Span(since, max(since, end), severity))
    return dict(sorted(found.items()))


def active(spans: Sequence[Span], least: Severity = Severity.LINE) -> Iterator[tuple[datetime, datetime]]:
    """The stretches of one alarm at a severity or above, without a gap where only the severity changed."""
    return joined((span.since, span.to) for span in spans if span.severity >= least)


def joined(stretches: Iterable[tuple[datetime, datetime]]) -> Iterator[tuple[datetime, datetime]]:
    """Stretches of time, sorted, those that touch or overlap as one."""
    since: datetime | None = None
    to: datetime | None = None
    for one_since, one_to in sorted(stretches):
        if since is None or to is None or one_since > to:
            if since is not None and to is not None:
                yield since, to
            since, to = one_since, one_to
        else:
            to = max(to, one_to)
    if since is not None and to is not None:
        yield since, to


def total(stretches: Iterable[tuple[datetime, datetime]]) -> timedelta:
    return sum((to - since for since, to in stretches), timedelta())


def all_of(spans: Mapping[Alarm, Sequence[Span]], plan: str) -> list[Span]:
    """Every span of a plan's alarms."""
    return [span for (_, detector, _), own in spans.items() if detector.partition("/")[0] == plan for span in own]
