"""What the reports of one subject say at present, for each kind of fact.

Figures in reports are totals to date: per report the version with the latest `observed_at`, then revision, counts, and
an absent field keeps the last known value. Reports of one occurrence (`event`) are joined: the highest figure per field
counts.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any, NamedTuple

from rules.facts import AnyFact, DisasterForecast, HazardReport
from rules.measures import COLOURS, FIGURES

if TYPE_CHECKING:
    from collections.abc import Callable

    from rules.detector import Sample


class Series(NamedTuple):
    """How one kind of fact is read by a table detector."""

    subject: Callable[[Any], str]
    """What the table watches."""
    key: Callable[[Any], str]
    """Which series within the subject: a report of an event, a warning of a hazard."""
    value: Callable[[Any], dict[str, Any]]
    """What is kept of the fact, as plain JSON."""
    figures: Callable[[dict[str, dict[str, Any]], list[Sample], datetime], dict[str, Any]]
    """The present figures from (base per key, samples in order, clock)."""
    due: Callable[[list[Sample], datetime], datetime | None]
    """The next instant after the clock at which time alone changes the figures."""
    spare: Callable[[list[Sample], datetime], int | None]
    """Which of the samples (in order, at the clock) the present does not rest on, the oldest such; None: all count."""
    rest: Callable[[dict[str, dict[str, Any]], Sample], dict[str, dict[str, Any]]]
    """The base once that sample is let go."""


def _kept_fields(kind: str) -> Callable[[AnyFact], dict[str, Any]]:
    fields = FIGURES[kind]

    def value(fact: AnyFact) -> dict[str, Any]:
        found = {f: getattr(fact, f) for f in fields}
        return {f: (v if isinstance(v, (int, str)) else str(v)) for f, v in found.items() if v is not None}

    return value


def _latest(base: dict[str, dict[str, Any]], samples: list[Sample], _clock: datetime) -> dict[str, Any]:
    per_key = {key: dict(values) for key, values in base.items()}
    for sample in samples:  # in order of time: a later version overrides what it states
        per_key.setdefault(sample.key, {}).update(sample.value)
    joined: dict[str, Any] = {}
    for values in per_key.values():
        for field, value in values.items():
            joined[field] = max(joined.get(field, value), value, key=_number)
    return joined


def _number(value: Any) -> Decimal:
    return Decimal(value)


MOST = 128
"""How many samples an entry holds at the most, so that no source can make one that no broker takes."""


def _superseded(samples: list[Sample], _clock: datetime) -> int | None:
    """A version of a report that a newer one of the same report stands before."""
    newest = {sample.key: i for i, sample in enumerate(samples)}
    spare = next((i for i, sample in enumerate(samples) if newest[sample.key] != i), None)
    return spare if spare is not None or len(samples) <= MOST else 0


def _stated(base: dict[str, dict[str, Any]], old: Sample) -> dict[str, dict[str, Any]]:
    if old.key in base or len(base) < MOST:
        return {**base, old.key: {**base.get(old.key, {}), **old.value}}
    rest = dict(base.get(REST, {}))  # too many to be known one by one: the highest of them stands for all
    for field, value in old.value.items():
        rest[field] = max(rest.get(field, value), value, key=_number)
    return {**base, REST: rest}


REST = ""
"""The key of those reports that are no longer known one by one."""


def _live_warning(_base: dict[str, dict[str, Any]], samples: list[Sample], clock: datetime) -> dict[str, Any]:
    """The gravest colour among warnings that are not cancelled, replaced or expired, and where it holds."""
    live = {s.key: s.value for s in samples}
    replaced = {ref for s in samples for ref in s.value["references"] if ref != s.key}
    standing = [
        w
        for key, w in live.items()
        if w["message"] != "cancel" and key not in replaced and not (w["expires"] and _instant(w["expires"]) <= clock)
    ]
    if not standing:
        return {}
    colour = max((w["colour"] for w in standing), key=COLOURS.index)
    where = dict.fromkeys(d for w in standing if w["colour"] == colour for d in w["divisions"])
    return {"colour": colour, "hazard": standing[0]["hazard"], "divisions": list(where)}


def _over_and_done(samples: list[Sample], clock: datetime) -> int | None:
    """A superseded version, or a warning that has expired for good, unless one that is kept is void because of it."""
    newest = {sample.key: i for i, sample in enumerate(samples)}
    for i, sample in enumerate(samples):
        expires = sample.value["expires"]
        done = newest[sample.key] != i or (expires and _instant(expires) <= clock)
        if done and not any(ref in newest for ref in sample.value["references"] if ref != sample.key):
            return i
    return None if len(samples) <= MOST else 0


def _nothing(base: dict[str, dict[str, Any]], _old: Sample) -> dict[str, dict[str, Any]]:
    return base


def _next_expiry(samples: list[Sample], clock: datetime) -> datetime | None:
    expiries = [_instant(s.value["expires"]) for s in samples if s.value["expires"]]
    return min((e for e in expiries if e > clock), default=None)


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)


NAMED = 4
"""How many divisions of a warning are kept to be named: three, and that there are more."""


def _forecast(fact: DisasterForecast) -> dict[str, Any]:
    return {
        "colour": fact.colour,
        "hazard": fact.hazard,
        "divisions": fact.divisions[:NAMED],
        "message": fact.message,
        "expires": fact.expires.isoformat() if fact.expires else None,
        "references": [f"{fact.source}/{warning}" for warning in fact.references],
    }


def _report_subject(fact: HazardReport) -> str:
    """Two sources number their reports by themselves: only an event joins them."""
    return fact.event or _report(fact)


def _report(fact: HazardReport) -> str:
    return f"{fact.source}/{fact.report}"


SERIES: dict[str, Series] = {
    "hazard_report": Series(
        _report_subject, _report, _kept_fields("hazard_report"), _latest, lambda _s, _c: None, _superseded, _stated
    ),
    "large_event": Series(
        lambda f: f.event, lambda f: f.source, _kept_fields("large_event"), _latest, lambda _s, _c: None,
        _superseded, _stated,
    ),
    "disaster_forecast": Series(
        lambda f: f.hazard, lambda f: f"{f.source}/{f.warning}", _forecast, _live_warning, _next_expiry,
        _over_and_done, _nothing,
    ),
}  # fmt: skip
