"""Where the conditions of a plan stand in its file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rules.triggers import AllOf, AnyOf, Condition, For, NOf, Quorum, Table, Unless

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.plans import Plan


def tables(plan: Plan) -> Iterator[tuple[str, Table]]:
    """Every table of a plan, with its path."""
    for i, trigger in enumerate(plan.triggers):
        for path, condition in conditions(trigger.when, f"$.triggers[{i}].when"):
            if isinstance(condition, Table):
                yield path, condition


def conditions(condition: Condition, path: str) -> Iterator[tuple[str, Condition]]:
    """A condition and all below it, each with its path."""
    yield path, condition
    if isinstance(condition, AllOf | AnyOf | NOf):
        for i, one in enumerate(condition.of):
            yield from conditions(one, f"{path}.of[{i}]")
    elif isinstance(condition, Quorum):
        yield from conditions(condition.of, f"{path}.of")
    elif isinstance(condition, For | Unless):
        yield from conditions(condition.condition, f"{path}.condition")
        if isinstance(condition, Unless):
            yield from conditions(condition.unless, f"{path}.unless")
