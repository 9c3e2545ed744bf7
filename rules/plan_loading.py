"""The plans of a site directory: each with what it inherits, or every fault of them at once."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from rules.alerts import Words
from rules.inheritance import INHERITED, ancestors, cycle, inherit, rooted
from rules.plan_checks import findings
from rules.plan_checks.finding import Anything, Finding, Known, one_of
from rules.plan_checks.translations import untranslated
from rules.plans import Plan
from rules.subjects import placed
from rules.trigger_faults import trigger_misfits
from rules.yaml_file import BadFiles, Document

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping

    from rules.fault import Fault
    from rules.site import Site

UNIQUE_PLAN = Words(zh="其他预案未用的标识", en="an id that no other plan has")
UNIQUE_TRIGGER = Words(zh="本预案其他触发条件未用的标识", en="an id that no other trigger of the plan has")
OWN_TRIGGER = Words(zh="本预案的触发条件", en="a trigger of this plan")
PLAN_OR_TRIGGER = Words(zh="本库的预案，或“预案/触发条件”", en="a plan of the library, or plan/trigger")
PARENT = Words(zh="本库的另一个预案", en="another plan of the library")


class Written(NamedTuple):
    """A plan's file as it is written."""

    document: Document
    id: str
    parent: str | None


def read_plans(documents: Iterable[Document], site: Site | None) -> tuple[list[Plan], list[Fault]]:
    """The plans that can be read, and every fault. Without a site nothing is said of the names that it gives."""
    written, faults = _written(documents)
    by_id = {one.id: one for one in reversed(written)}
    parents = {one.id: one.parent for one in by_id.values()}
    known = _known(site, parents)
    plans: dict[str, Plan] = {}
    read: list[tuple[Written, Plan]] = []
    for one in written:
        faults += _shown(one.document, _lineage(one, parents))
        plan, wrong = _plan(one, by_id, parents)
        faults += wrong
        if plan is not None:
            read.append((one, plan))
            if not wrong:
                plans.setdefault(plan.id, plan)
    for one, plan in read:
        own = one.document.value
        faults += [*_trigger_faults(one.document, plan, known), *_inhibition_faults(one.document, plan, plans, parents)]
        faults += _shown(one.document, (f for f in findings(plan, known) if _written_here(f.path, own)))
    return list(plans.values()), faults


def translation_faults(document: Document) -> list[Fault]:
    """Of any file: texts that one of the two languages lacks."""
    return _shown(document, untranslated(document.value))


def _written(documents: Iterable[Document]) -> tuple[list[Written], list[Fault]]:
    found: list[Written] = []
    faults: list[Fault] = []
    for document in documents:
        name = document.at("$.id")
        if not isinstance(document.value, dict) or not isinstance(name, str):
            faults += _unreadable(document)
            continue
        if any(name == other.id for other in found):
            faults.append(document.fault("$.id", name, UNIQUE_PLAN))
        parent = document.at("$.parent")
        found.append(Written(document, name, parent if isinstance(parent, str) else None))
    return found, faults


def _unreadable(document: Document) -> list[Fault]:
    try:
        document.to(Plan)
    except BadFiles as bad:
        return bad.faults
    return []


def _known(site: Site | None, parents: Mapping[str, str | None]) -> Known:
    named = {parent for parent in parents.values() if parent}
    if site is None:
        return Known(Anything(), Anything(), named, Anything(), Anything(), Anything(), None)
    file = site.file
    return Known(
        {*file.roles, file.duty_role}, file.departments.keys(), named, file.categories or Anything(),
        site.hazards, site.commodities, site.measures,
    )  # fmt: skip


def _lineage(one: Written, parents: Mapping[str, str | None]) -> Iterator[Finding]:
    """A parent that there is not, and plans that are one another's parent."""
    if one.parent is None:
        return
    if one.parent not in parents:
        others = [name for name in parents if name != one.id]
        yield Finding("$.parent", one.parent, one_of(one.parent, PARENT, others))
    elif way := cycle(one.id, parents):
        shown = " → ".join(way)
        expected = Words(zh=f"不回到自身的上级预案（{shown}）", en=f"a parent that does not lead back ({shown})")
        yield Finding("$.parent", one.parent, expected)


def _plan(
    one: Written, by_id: Mapping[str, Written], parents: Mapping[str, str | None]
) -> tuple[Plan | None, list[Fault]]:
    """The plan with what it inherits, and what is wrong with it: an inherited field's faults are told in its own file.

    A plan with faults comes without the fields that have them, so that the rest of it is checked at once; or not at
    all, where that rest could not be judged.
    """
    inherited: dict[str, object] = {}
    for name in reversed(ancestors(one.id, parents)):
        inherited = inherit(by_id[name].document.value, inherited)
    own = one.document.value
    values = inherit(own, inherited)
    try:
        return one.document.part("$", values, Plan), []
    except BadFiles as bad:
        wrong = {_head(fault.path) for fault in bad.faults}
        elsewhere = {name for name in INHERITED if name in inherited or not rooted(one.id, parents)} - own.keys()
        told = [fault for fault in bad.faults if _head(fault.path) not in elsewhere]
    if wrong & {"triggers", "upgrade"}:  # which levels there are is not known
        return None, told
    try:
        return one.document.part("$", {name: value for name, value in values.items() if name not in wrong}, Plan), told
    except BadFiles:
        return None, told


def _written_here(path: str, own: Collection[str]) -> bool:
    return _head(path) in own or _head(path) not in INHERITED


def _head(path: str) -> str:
    """The field of the plan in which a path lies."""
    return re.split(r"[.\[]", path.removeprefix("$."), maxsplit=1)[0]


def _shown(document: Document, found: Iterable[Finding]) -> list[Fault]:
    return [document.fault(*one) for one in found]


def _trigger_faults(document: Document, plan: Plan, known: Known) -> Iterator[Fault]:
    ids: set[str] = set()
    for i, trigger in enumerate(plan.triggers):
        path = f"$.triggers[{i}]"
        if trigger.id in ids:
            yield document.fault(f"{path}.id", trigger.id, UNIQUE_TRIGGER)
        ids.add(trigger.id)
        for misfit in trigger_misfits(trigger, path, known):
            yield document.fault(*misfit)
        there = placed(trigger)
        for j, part in enumerate(plan.scope):
            if part not in there:
                yield document.fault(f"$.scope[{j}]", part, _told_by(trigger.id, there))


def _told_by(trigger: str, there: Collection[str]) -> Words:
    listed = " | ".join(sorted(there))
    return Words(zh=f"触发条件 {trigger} 能给出的 {listed}", en=f"{listed}: what trigger {trigger} tells")


def _inhibition_faults(
    document: Document, plan: Plan, plans: Mapping[str, Plan], named: Collection[str]
) -> Iterator[Fault]:
    """A rule that names what there is not would hold nothing back, and nobody would notice."""
    known = {f"{other.id}/{trigger.id}" for other in plans.values() for trigger in other.triggers} | plans.keys()
    unreadable = set(named) - plans.keys()
    own = {trigger.id for trigger in plan.triggers}
    for i, rule in enumerate(plan.inhibits):
        if rule.trigger is not None and rule.trigger not in own:
            yield document.fault(f"$.inhibits[{i}].trigger", rule.trigger, OWN_TRIGGER)
        if rule.alarms not in known and rule.alarms.partition("/")[0] not in unreadable:
            yield document.fault(f"$.inhibits[{i}].alarms", rule.alarms, PLAN_OR_TRIGGER)
