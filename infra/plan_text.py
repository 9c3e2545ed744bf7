"""A plan on the terminal: Chinese first, English under it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from infra.plan_sheets import SHORT, SOURCE

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from infra.plan_sheets import Sheet
    from infra.plan_view import PlanView, TriggerView
    from rules.alerts import Words
    from rules.describe import Criterion, Described


def lines(plan: PlanView) -> Iterator[str]:
    """The whole plan, line by line."""
    titles, tag = plan.plan.titles, plan.plan.tag
    yield f"{plan.county.zh} {_soft(plan.county.en)}"
    yield f"{click.style(titles.zh, bold=True)}  {_soft(titles.en)}"
    yield f"  {plan.plan.id} {plan.version}  【{tag.zh}】 [{tag.en}]"
    yield f"  事发地 one incident per: {plan.scope.zh} {_soft(plan.scope.en)}"
    if plan.parent:
        yield f"  上级预案 parent: {plan.parent.zh} {_soft(plan.parent.en)}"
    yield from _triggers(plan.triggers)
    for sheet in plan.sheets:
        yield from _sheet(sheet)
    yield from _head("编制依据", "Legal basis")
    for one in plan.plan.basis:
        yield f"  · {one}"


def _triggers(triggers: Sequence[TriggerView]) -> Iterator[str]:
    yield from _head("触发条件", "Triggers")
    for trigger in triggers:
        yield f"  {click.style(trigger.id, bold=True)}"
        yield from _condition(trigger.described, "    ")
        for note in trigger.notes:
            yield f"    {note.zh}  {_soft(note.en)}"
    if not triggers:
        yield "  只供下级预案继承  " + _soft("nothing triggers it: for other plans to inherit from")


def _condition(described: Described, indent: str) -> Iterator[str]:
    yield f"{indent}{described.says.zh}"
    yield f"{indent}{_soft(described.says.en)}"
    for row in described.rows:
        yield from _criterion(row, indent + "  ")
    for part in described.parts:
        yield from _condition(part, indent + "  ")


def _criterion(row: Criterion, indent: str) -> Iterator[str]:
    zh = "  ".join(f"{SHORT[level]} {bound.zh}" for level, bound in row.bounds.items())
    en = "  ".join(f"{level} {bound.en}" for level, bound in row.bounds.items())
    yield f"{indent}{row.what.zh}  {zh}"
    yield f"{indent}{_soft(f'{row.what.en}  {en}')}"
    yield f"{indent}{_soft(f'依据 source: {row.source}')}"


def _sheet(sheet: Sheet) -> Iterator[str]:
    yield from _head(sheet.title.zh, sheet.title.en, "(继承 inherited)" if sheet.inherited else "")
    for row in sheet.rows:
        told = [cell for head, cell in zip(sheet.head, row, strict=True) if head is not SOURCE and cell.zh != "—"]
        yield f"  {_joined([cell.zh for cell in told])}"
        if [cell.en for cell in told] != [cell.zh for cell in told]:
            yield f"    {_soft(_joined([cell.en for cell in told]))}"
        yield from (f"    {_soft(f'依据 source: {cell.zh}')}" for cell in _sources(sheet, row))


def _sources(sheet: Sheet, row: Sequence[Words]) -> list[Words]:
    return [cell for head, cell in zip(sheet.head, row, strict=True) if head is SOURCE and cell.zh != "—"]


def _head(zh: str, en: str, note: str = "") -> Iterator[str]:
    yield ""
    yield f"{click.style(zh, bold=True)} {en}{f'  {note}' if note else ''}"


def _joined(cells: Sequence[str]) -> str:
    return " · ".join(cells)


def _soft(text: str) -> str:
    return click.style(text, dim=True)
