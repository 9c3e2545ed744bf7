"""`fenghuo plan check | list | show | activate`."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from infra.cli.activation import activate
from infra.cli.context import Context, answer_no, json_option, pass_context, print_json, refuse
from infra.plan_page import render
from infra.plan_text import lines
from infra.plan_view import view
from infra.site_files import drill_faults, read_library
from rules.alerts import Words
from rules.expectations import choice
from rules.fault import fault
from rules.plan_checks.levels import reached
from rules.shanghai import shown
from rules.yaml_file import BadFiles

if TYPE_CHECKING:
    from collections.abc import Iterator

    from rules.library import Library


class Listed(msgspec.Struct, frozen=True, kw_only=True):
    """One plan of a list."""

    plan: str
    version: str
    parent: str | None
    titles: Words
    levels: tuple[str, ...]
    triggers: tuple[str, ...]
    since: datetime | msgspec.UnsetType = msgspec.UNSET
    """From when on it is in force; absent: it is read from a directory."""
    by: str | msgspec.UnsetType = msgspec.UNSET
    library: str | msgspec.UnsetType = msgspec.UNSET


directory_option = click.option(
    "--site",
    "directory",
    type=click.Path(path_type=Path),
    help="站点目录 / a site directory; absent: what is in force",
)


@click.group("plan")
def plan() -> None:
    """预案 / plans."""


@plan.command("check")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@json_option
@pass_context
def check(context: Context, directory: Path | None, as_json: bool) -> None:
    """检查站点目录的全部预案和演练 / check a site directory, plans and drills: every fault at once, exit code 1."""
    where = directory or Path(context.settings.site)
    if not where.is_dir():
        read_library(where)  # says so: exit code 2
    try:
        library = read_library(where)
        faults = list(drill_faults(where, library))
    except BadFiles as bad:
        faults = bad.faults
    if faults:
        if as_json:
            print_json(faults)
        else:
            click.echo("\n".join(map(str, faults)))
        raise answer_no(f"{len(faults)} 处错误 / {len(faults)} fault{'s' if len(faults) > 1 else ''}")
    if as_json:
        print_json(_rows(library))
        return
    points = len(library.site.points)
    click.echo(
        f"{len(library.plans)} 个预案, {points} 个监测点, 无误 / {len(library.plans)} plans, {points} points, no fault"
    )
    for name, version in sorted(library.versions.items()):
        titles = library.plans[name].titles
        click.echo(f"  {version}  {name}  {titles.zh} / {titles.en}")
    for left_out in _out_of_scope(library):
        click.echo(left_out)


def _out_of_scope(library: Library) -> Iterator[str]:
    """Clauses that look across counties: no fault, but nobody should think that they are executed."""
    for name, one in sorted(library.plans.items()):
        for clause in one.out_of_scope:
            yield f"  不执行 out of scope  {name}: {clause.clause.zh} / {clause.clause.en} ({clause.source})"


@plan.command("list")
@directory_option
@json_option
@pass_context
def list_(context: Context, directory: Path | None, as_json: bool) -> None:
    """列出预案 / the plans in force, since when and by whom: version, parent, levels."""
    rows = list(_rows(read_library(directory) if directory else context.library))
    present = None if directory else context.activation
    if as_json:
        since = {"since": present.at, "by": present.by, "library": present.content} if present else {}
        print_json(msgspec.structs.replace(row, **since) for row in rows)
        return
    if present is not None:
        click.echo(f"自 {shown(present.at)} 起启用 / in force since then, {present.by}: {present.content}")
    for row in rows:
        levels, parent = " ".join(row.levels) or "—", f" < {row.parent}" if row.parent else ""
        click.echo(f"{row.version}  {row.plan}{parent}  [{levels}]  {row.titles.zh} / {row.titles.en}")


def _rows(library: Library) -> Iterator[Listed]:
    for name, one in sorted(library.plans.items()):
        yield Listed(
            plan=name, version=library.versions[name], parent=one.parent, titles=one.titles,
            levels=reached(one), triggers=tuple(trigger.id for trigger in one.triggers),
        )  # fmt: skip


@plan.command("show")
@click.argument("name", metavar="PLAN")
@directory_option
@click.option("--version", help="版本（plan list 所示） / as it was under a version that was in force once")
@click.option("--html", type=click.Path(path_type=Path, dir_okay=False), help="写成网页 / write it as one HTML page")
@json_option
@pass_context
def show(
    context: Context, name: str, directory: Path | None, version: str | None, html: Path | None, as_json: bool
) -> None:
    """给人看的预案 / one plan for people, with what it inherits: on the terminal, or as a page."""
    if version and directory:
        raise refuse("--version: 不能与 --site 同用 / not together with --site")
    library = read_library(directory) if directory else context.library
    if version:
        stored = context.in_force.stored(name, version)
        if stored is None:
            raise answer_no(f"没有版本为 {version} 的预案 {name} / no plan {name} was ever accepted as {version}")
        library = stored
    found = library.plans.get(name)
    if found is None:
        raise refuse(fault("PLAN", name, choice(sorted(library.plans))))
    if as_json:
        print_json([found])
    elif html:
        html.write_text(render(view(library, found)), encoding="utf-8")
        click.echo(f"{html} 已写好 / written")
    else:
        for line in lines(view(library, found)):
            click.echo(line)


plan.add_command(activate)
COMMANDS = (plan,)
