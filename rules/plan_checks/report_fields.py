"""Fields of reports that a plan asks for: of those that a report can have, each once and in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from rules.alerts import Words
from rules.expectations import choice
from rules.facts import KINDS
from rules.fault import NOTHING
from rules.plan_checks.finding import Finding, Known, one_of
from rules.plan_duties import STATUSES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.plans import Plan

ONCE = Words(zh="每项要件只写一次", en="each field once")
WORDS = Words(zh="名称（只有指标自带名称）", en="words: measures alone have their own")
NO_STATUS = Words(zh="空缺：预报没有状态", en="nothing: a forecast has no status")


def unknown_fields(plan: Plan, known: Known) -> Iterator[Finding]:
    """What nobody can send nobody can be asked for."""
    for i, one in enumerate(plan.fields):
        there = own_fields(one.facts)
        if known.measures is not None and one.name not in there and not known.measures.get(one.name, one.facts):
            choices = sorted({*there, *known.measures.names(one.facts)})
            what = Words(
                zh=f"{one.facts} 的字段，或 site.yaml 的 measures 之一",
                en=f"a field of {one.facts}, or one of `measures` in site.yaml",
            )
            yield Finding(f"$.fields[{i}].name", one.name, one_of(one.name, what, choices))


def unnamed_fields(plan: Plan, known: Known) -> Iterator[Finding]:
    """People read what it is called, once."""
    seen: set[tuple[str, str]] = set()
    for i, one in enumerate(plan.fields):
        if (one.facts, one.name) in seen:
            yield Finding(f"$.fields[{i}].name", one.name, ONCE)
        seen.add((one.facts, one.name))
        if one.words is None and known.measures is not None and not known.measures.get(one.name, one.facts):
            yield Finding(f"$.fields[{i}].words", NOTHING, WORDS)


def foreign_statuses(plan: Plan, known: Known) -> Iterator[Finding]:  # noqa: ARG001 - as every check
    """A status that facts of the kind never have asks for nothing."""
    for i, one in enumerate(plan.fields):
        there = STATUSES.get(one.facts, ())
        for j, status in enumerate(one.at):
            if status not in there:
                yield Finding(f"$.fields[{i}].at[{j}]", status, choice(there) if there else NO_STATUS)


def own_fields(kind: str) -> tuple[str, ...]:
    """A kind's own fields; figures of the site's are named one by one, never as `values`."""
    return tuple(field.name for field in msgspec.structs.fields(KINDS[kind]) if field.name != "values")
