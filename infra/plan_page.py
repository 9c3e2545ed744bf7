"""A plan as one HTML page that needs nothing else: no script, nothing from outside, printable, readable on a phone."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from infra import plan_diagram
from rules.severity import Severity
from rules.wording import grade

if TYPE_CHECKING:
    from collections.abc import Iterable

    from infra.plan_view import PlanView
    from rules.describe import Criterion


def render(plan: PlanView) -> str:
    """The page."""
    environment = _environment()
    parts = environment.get_template("parts.html", globals={"grade": grade}).module
    style = environment.get_template("plan.css").render()
    return environment.get_template("plan.html").render(
        v=plan,
        wide=plan_diagram.wide(plan),
        narrow=plan_diagram.narrow(plan),
        style=Markup(style),  # noqa: S704 - our own file
        both=parts.both,  # type: ignore[attr-defined]
        condition=parts.condition,  # type: ignore[attr-defined]
    )


def graded(rows: Iterable[Criterion]) -> list[str]:
    """Every severity that the rows have a bound for, least grave first."""
    return sorted({word for row in rows for word in row.bounds}, key=Severity.of)


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("infra"), autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    environment.filters["graded"] = graded
    return environment
