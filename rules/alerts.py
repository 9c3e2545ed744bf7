"""An alert: one change of state of one alarm, on topic `alerts`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal
from uuid import UUID

import msgspec

from rules import identity
from rules.severity import Severity

if TYPE_CHECKING:
    from collections.abc import Sequence

Reason = Literal[
    "crossed",
    "approached",
    "recovered",
    "held",
    "late",
    "corrected",
    "expired",
    "activated",
    "withdrawn",
    "renamed",
    "fault",
]
SeverityWord = Literal["normal", "approach", "line", "IV", "III", "II", "I"]

PIPELINE_FAULT = "pipeline-fault"
"""The built-in plan of faults in Fenghuo or its sources."""


class Words(msgspec.Struct, frozen=True, kw_only=True):
    """One text in both languages, Chinese first."""

    zh: str
    en: str


class Cause(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What moved the alarm: a fact at a revision, or the due instant of a timer."""

    fact: UUID | None = None
    revision: int = 0
    due: datetime | None = None


class Alert(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One alarm's change of state. `id` is made of what DESIGN names, so an alert sent twice is one alert."""

    id: UUID
    county: str
    plan: str
    plan_version: str
    """The content hash of the plan that was in force."""
    place: str
    """What one open incident of the plan is about, e.g. `330723/retail`."""
    detector: str
    """`plan/trigger`."""
    subject: str
    """What the detector watches, e.g. `P01/rice/retail`."""
    before: SeverityWord
    after: SeverityWord
    reason: Reason
    cause: Cause
    at: datetime
    """When it was observed, or fell due."""
    known_at: datetime
    """When the reporter learned of it: legal clocks start here."""
    explain: Words
    """Why, for people: value, bound, place."""
    exercise: str | None = None
    historic: bool = False
    """Too old when it was appended to page anybody."""
    estimated: bool = False
    source: str = ""
    occurrence: str = ""
    """What happened, as the facts name it (`event`, or source and report): alerts of several plans may be of one."""
    was: str = ""
    """The detector under whose name this alarm was known before: it goes on under this one."""

    @property
    def severity(self) -> Severity:
        return Severity.of(self.after)

    @property
    def headline(self) -> Words:
        """Why, and whether on an estimate."""
        if not self.estimated:
            return self.explain
        return Words(zh=f"{self.explain.zh}(估计值)", en=f"{self.explain.en} (estimated)")

    @property
    def rises(self) -> bool:
        return Severity.of(self.after) > Severity.of(self.before)


def alert_id(
    *, exercise: str | None, county: str, detector: str, subject: str, before: str, after: str, cause: Cause
) -> UUID:
    """The name of an alert."""
    parts: Sequence[identity.Part] = (
        exercise, county, detector, subject, before, after,
        str(cause.fact) if cause.fact else None, cause.revision, cause.due,
    )  # fmt: skip
    return identity.name("alert", parts)


def pipeline_fault(
    *,
    county: str,
    part: str,
    subject: str,
    at: datetime,
    explain: Words,
    over: bool = False,
    source: str = "",
    exercise: str | None = None,
) -> Alert:
    """The alert that something of Fenghuo or its sources is broken (or, with `over`, works again).

    `part` is what noticed it (`dead-letters`, `provider`, `audit` …), `subject` what is broken; each pair is a place of
    its own. `at` names the occurrence: the same fault at the same instant is one alert.
    """
    before, after, reason = ("line", "normal", "recovered") if over else ("normal", "line", "fault")
    detector = f"{PIPELINE_FAULT}/{part}"
    cause = Cause(due=at)
    return Alert(
        id=alert_id(
            exercise=exercise, county=county, detector=detector, subject=subject,
            before=before, after=after, cause=cause,
        ),
        county=county, plan=PIPELINE_FAULT, plan_version="built-in", place=f"{county}/{part}/{subject}",
        detector=detector, subject=subject, before=before, after=after, reason=reason,  # type: ignore[arg-type]
        cause=cause, at=at, known_at=at, explain=explain, source=source, exercise=exercise,
    )  # fmt: skip


_encoder = msgspec.json.Encoder()
_decoder = msgspec.json.Decoder(Alert)


def encode(alert: Alert) -> bytes:
    return _encoder.encode(alert)


def decode(raw: bytes) -> Alert:
    """Raises `msgspec.ValidationError` or `msgspec.DecodeError`."""
    return _decoder.decode(raw)
