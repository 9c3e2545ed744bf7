"""A plan as people read it: its triggers in words, its levels, and sheets of rows, for terminal and HTML alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from infra.plan_sheets import Sheet, sheets
from rules.alerts import Words
from rules.describe import Described, delays, describe
from rules.inheritance import INHERITED
from rules.names import Names
from rules.plan_checks.levels import reached
from rules.subjects import by
from rules.wording import grade, joined

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from rules.library import Library
    from rules.plan_duties import Response, Start, Task
    from rules.plans import Plan
    from rules.site import SiteFile
    from rules.triggers import Trigger

SCOPES = {
    "county": Words(zh="县", en="county"), "stage": Words(zh="流通环节", en="stage of trade"),
    "category": Words(zh="类别", en="category"), "hazard": Words(zh="灾种", en="hazard"),
    "event": Words(zh="活动或事件", en="event"), "division": Words(zh="行政区划", en="division"),
    "point": Words(zh="监测点", en="point"), "commodity": Words(zh="品种", en="commodity"),
    "township": Words(zh="乡镇", en="township"),
}  # fmt: skip
"""What places and alarms are about."""
AT_ONCE = Words(zh="立即启动", en="starts at once")


class TriggerView(NamedTuple):
    """One trigger: its condition, and what else is to be known: what one alarm is about, its delays."""

    id: str
    described: Described
    notes: tuple[Words, ...]


class LevelView(NamedTuple):
    """One severity at which the plan responds: which triggers reach it, how it starts, whose tasks it brings."""

    word: Response
    words: Words
    start: Words
    measures: tuple[Words, ...]
    triggers: tuple[str, ...]
    tasks: tuple[Task, ...]


class PlanView(NamedTuple):
    """All that is shown of a plan."""

    plan: Plan
    version: str
    county: Words
    parent: Words | None
    scope: Words
    triggers: tuple[TriggerView, ...]
    levels: tuple[LevelView, ...]
    sheets: tuple[Sheet, ...]
    site: SiteFile
    names: Names

    def department(self, name: str) -> Words:
        return self.site.departments.get(name, Words(zh=name, en=name))

    def role(self, name: str) -> Words:
        return self.site.roles.get(name, Words(zh=name, en=name))

    def roles(self, names: Iterable[str]) -> Words:
        return joined(self.role(name) for name in names)


def view(library: Library, plan: Plan) -> PlanView:
    """A plan of a library, ready to be shown."""
    site = library.site.file
    names = Names.of(library.site)
    triggers = tuple(TriggerView(t.id, describe(t.when, names), tuple(_notes(t))) for t in plan.triggers)
    parent = library.plans.get(plan.parent) if plan.parent else None
    bare = PlanView(
        plan, library.versions[plan.id], site.name, parent.titles if parent else None,
        _scope(plan), triggers, (), (), site, names,
    )  # fmt: skip
    levels = tuple(_level(bare, word) for word in (reached(plan) if plan.triggers else tuple(plan.starts)))
    taken = {name for name in INHERITED if parent and getattr(plan, name) == getattr(parent, name)}
    found = tuple(sheet for sheet in sheets(bare, levels, taken) if sheet.rows)
    return bare._replace(levels=levels, sheets=found)


def _scope(plan: Plan) -> Words:
    return Words(
        zh="、".join(SCOPES[part].zh for part in plan.scope), en=" + ".join(SCOPES[part].en for part in plan.scope)
    )


def _notes(trigger: Trigger) -> Iterator[Words]:
    parts = joined(SCOPES[part] for part in by(trigger))
    yield Words(zh=f"每个（{parts.zh}）一个报警", en=f"one alarm for each ({parts.en})")
    yield from delays(trigger)
    for word, words in trigger.says.items():
        at = grade(word)
        yield Words(zh=f"{at.zh}时另告：{words.zh}", en=f"told besides when {at.en}: {words.en}")


def _level(plan: PlanView, word: Response) -> LevelView:
    start = plan.plan.starts.get(word)
    return LevelView(
        word,
        grade(word),
        _start(plan, start),
        tuple(start.measures) if start else (),
        tuple(t.id for t in plan.triggers if word in t.described.reaches),
        tuple(task for task in plan.plan.tasks if not task.levels or word in task.levels),
    )


def _start(plan: PlanView, start: Start | None) -> Words:
    if start is None or start.approver is None:
        return AT_ONCE
    who = plan.role(start.approver)
    return Words(zh=f"报{who.zh}批准后启动", en=f"proposed to the {who.en}")
