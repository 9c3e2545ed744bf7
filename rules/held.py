"""What an entry keeps of an alarm, under which key, and the alerts that its changes make."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from rules.alerts import Alert, Words, alert_id, pipeline_fault
from rules.entries import Entry, Record, States, after

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rules.detector import Change, Transition
    from rules.library import Bound

_array = msgspec.json.Encoder()
_read_array = msgspec.json.Decoder(list[str | None])


class Held(msgspec.Struct, array_like=True, frozen=True):
    """What an entry keeps of a detector on a subject, beside the detector's own memory."""

    place: str
    source: str
    state: Any
    form: str = ""
    """What the memory is made of (`Watch.form`): a plan of another form begins anew."""
    over: bool = False
    """No plan asks for it any more; it is kept while what it caused may be read again."""
    occurrence: str = ""
    """What its last fact was about (`Alert.occurrence`)."""


class KnownAlarm(NamedTuple):
    """An alarm that the table knows."""

    county: str
    exercise: str | None
    detector: str
    subject: str
    held: Held

    @classmethod
    def read(cls, key: str, entry: Entry) -> KnownAlarm:
        county, exercise, detector, subject = _read_array.decode(key)
        held = held_by(entry)
        assert county is not None and detector is not None and subject is not None and held is not None  # noqa: S101, PT018
        return cls(county, exercise, detector, subject, held)

    def alerts(self, bound: Bound, transitions: Iterable[Transition], record: Record) -> list[Alert]:
        return [alert_of(bound, self.county, self.exercise, self.subject, self.held, t, record) for t in transitions]

    def after(self, entry: Entry, record: Record, change: Change, alerts: list[Alert]) -> Entry:
        held = msgspec.structs.replace(self.held, state=change.state)
        return after(entry, record, exercise=self.exercise, due=change.due, state=held, alerts=alerts)


def alert_of(
    bound: Bound, county: str, exercise: str | None, subject: str, held: Held, t: Transition, record: Record
) -> Alert:
    before, after_ = t.before.word, t.after.word
    return Alert(
        id=alert_id(
            exercise=exercise, county=county, detector=bound.watch.id, subject=subject, before=before,
            after=after_, cause=t.cause,
        ),
        county=county, plan=bound.plan.id, plan_version=bound.version, place=held.place, detector=bound.watch.id,
        subject=subject, before=before, after=after_, reason=t.reason, cause=t.cause, at=t.at, known_at=t.known_at,  # type: ignore[arg-type]
        explain=t.explain, exercise=exercise, historic=record.appended_at - t.at > bound.watch.page_within,
        estimated=t.estimated, source=held.source, occurrence=held.occurrence,
    )  # fmt: skip


def broken_detector(
    bound: Bound, subject: str, county: str, exercise: str | None, record: Record, what: str, failed: Exception
) -> Alert:
    """The pipeline fault of a detector that failed: one an hour and subject."""
    detector, said = bound.watch.id, f"{type(failed).__name__}: {failed}"
    return pipeline_fault(
        county=county, part="detector", subject=f"{detector}/{subject}", exercise=exercise,
        at=record.appended_at.replace(minute=0, second=0, microsecond=0),
        explain=Words(
            zh=f"预案 {bound.plan.id} 的检测器 {detector}（{subject}）处理 {what} 时出错：{said}",
            en=f"plan {bound.plan.id}: detector {detector} ({subject}) failed at {what}: {said}",
        ),
    )  # fmt: skip


def remembering(entry: Entry | None, record: Record, exercise: str | None, held: Held, alert: Alert) -> Entry:
    """What was there, and the fault that was told."""
    state = entry.state if entry else held
    return after(entry, record, exercise=exercise, due=entry.due if entry else None, state=state, alerts=[alert])


def held_by(entry: Entry | None) -> Held | None:
    if entry is None or isinstance(entry.state, Held):
        return entry.state if entry else None
    return msgspec.convert(entry.state, Held)


def again(states: States, record: Record) -> list[Alert]:
    """The alerts that this very record caused when it was applied before."""
    return [alert for entry in states.caused_at(record) for alert in entry.caused_by(record)]


def is_alarm(key: str) -> bool:
    """An alarm's key begins with its county; those of drills, plans and dead letters with a word."""
    return key[2:8].isdigit()


@lru_cache(maxsize=65_536)
def alarm_key(county: str, exercise: str | None, detector: str, subject: str) -> str:
    return _array.encode([county, exercise, detector, subject]).decode()
