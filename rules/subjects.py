"""What one alarm is about: the subjects that a fact touches, and which of a subject's series it belongs to."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from rules.conditions.reports import occurrence
from rules.triggers import Quorum, Subject, Trigger, kinds, leaves

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from rules.facts import AnyFact
    from rules.site import Site

DEFAULT: dict[str, tuple[Subject, ...]] = {
    "grain_price": ("point", "commodity", "stage"),
    "hazard_report": ("event",),
    "disaster_forecast": ("hazard",),
    "large_event": ("event",),
}
POSSIBLE: dict[str, frozenset[str]] = {
    "grain_price": frozenset({"county", "point", "commodity", "stage"}),
    "hazard_report": frozenset({"county", "category", "event", "division", "township"}),
    "disaster_forecast": frozenset({"county", "hazard", "division", "township"}),
    "large_event": frozenset({"county", "event"}),
}
"""What a subject may be made of, for each kind of fact."""


class About(NamedTuple):
    """One subject that a fact touches."""

    subject: str
    parts: dict[str, str]
    """Each field of the subject and its value here."""
    void: bool = False
    """The fact says nothing of it (any more): only a subject that knows an older version needs to hear."""


def happened(fact: AnyFact) -> str:
    """What a fact is about, whoever reports it: an occurrence or a large event. Nothing, where it is a mere reading."""
    if fact.kind == "hazard_report":
        return occurrence(fact)  # type: ignore[arg-type]
    return str(fact.event) if fact.kind == "large_event" else ""  # type: ignore[union-attr]


def by(trigger: Trigger) -> tuple[Subject, ...]:
    """What a trigger's subject is made of."""
    if trigger.by:
        return tuple(trigger.by)
    if isinstance(trigger.when, Quorum):
        return ("stage",) if trigger.when.goods else ("commodity", "stage")
    (kind, *others) = sorted(kinds(trigger.when))
    return ("county",) if others else DEFAULT[kind]


def placed(trigger: Trigger) -> frozenset[str]:
    """What a place of its alarms may be made of: its subject's parts, and what every fact of an open subject names."""
    subject = frozenset(by(trigger))
    named = {"county"} if kinds(trigger.when) == {"grain_price"} else {"county", "category", "hazard", "event"}
    return subject | named.intersection(*(POSSIBLE[kind] for kind in kinds(trigger.when)))


def abouts(fields: Sequence[Subject], fact: AnyFact, site: Site) -> Iterator[About]:
    """The subjects that a fact touches: one, but for a forecast by division, which is about each of the site's."""
    if fact.kind == "disaster_forecast" and ("division" in fields or "township" in fields):
        for code in site.file.divisions:
            if code.startswith(fact.county):
                void = not any(_lies_in(code, area) for area in fact.divisions)  # type: ignore[union-attr]
                yield _about(fields, fact, code, void=void)
        return
    yield _about(fields, fact, getattr(fact, "division", ""))
    if "event" in fields and getattr(fact, "event", None) and fact.kind == "hazard_report":
        parts: dict[str, str] = {field: _value(field, fact, fact.division) for field in fields}  # type: ignore[union-attr]
        parts["event"] = f"{fact.source}/{fact.report}"  # type: ignore[union-attr]
        yield About("/".join(parts.values()), parts, void=True)  # what it was before it was joined to an event


def series_key(fields: Sequence[Subject]) -> Callable[[AnyFact], str]:
    """Which series within a subject a fact belongs to: what its natural key has beside the subject and the time."""
    rest = [f for f in ("point", "commodity", "stage") if f not in fields]

    def key(fact: AnyFact) -> str:
        if fact.kind == "grain_price":
            return "/".join(getattr(fact, field) for field in rest)
        if fact.kind == "large_event":
            return fact.source if "event" in fields else f"{fact.source}/{fact.event}"  # type: ignore[union-attr]
        return f"{fact.source}/{fact.report if fact.kind == 'hazard_report' else fact.warning}"  # type: ignore[union-attr]

    return key


def indexed(trigger: Trigger) -> tuple[str, frozenset[str]] | None:
    """A field and the values of it without which the trigger says nothing, so that other facts need not ask it."""
    found = list(leaves(trigger.when))
    first = getattr(found[0], "where", {})
    if len(found) > 1 or not first:
        return None
    field, values = next(iter(first.items()))
    return field, frozenset(values)


def _about(fields: Sequence[Subject], fact: AnyFact, division: str, *, void: bool = False) -> About:
    parts: dict[str, str] = {field: _value(field, fact, division) for field in fields}
    return About("/".join(parts.values()), parts, void)


def _value(field: Subject, fact: AnyFact, division: str) -> str:
    if field == "division":
        return division
    if field == "township":
        return division[:9].ljust(12, "0")
    if field == "event" and fact.kind == "hazard_report":
        return occurrence(fact)  # type: ignore[arg-type]
    return str(getattr(fact, field))


def _lies_in(division: str, area: str) -> bool:
    """Whether a division is an area, lies in it, or has it within."""
    inner, outer = division.rstrip("0"), area.rstrip("0")
    return inner.startswith(outer) or outer.startswith(inner)


def place(scope: Sequence[str], fact: AnyFact, about: About) -> str:
    """What one open incident of a plan is about, e.g. `330723/retail`. Facts that lack a part never share a place."""
    parts = about.parts
    return "/".join([parts.get(part) or str(getattr(fact, part, None) or about.subject) for part in scope])
