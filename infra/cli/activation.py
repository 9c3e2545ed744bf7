"""`fenghuo plan activate`: another library of plans comes into force, in every partition of the log."""

from __future__ import annotations

import asyncio
import getpass
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec

from infra import clock
from infra.cli.context import Context, answer_no, json_option, pass_context, print_json
from infra.following import tell
from infra.plan_changes import Changed, changes
from infra.site_files import drill_faults, library_of, read_texts
from infra.wiring import open_producer
from responders import migrations, plan_store
from responders.store import Store
from rules.alerts import Words
from rules.fault import fault
from rules.shanghai import shown
from rules.yaml_file import BadFiles

if TYPE_CHECKING:
    from sqlalchemy.engine import Connection

    from responders.plan_store import Activation
    from rules.library import Library


class Activated(msgspec.Struct, frozen=True, kw_only=True):
    """What came into force, from when on, by whom, in how many partitions, and what it changed."""

    activation: Activation
    partitions: int
    changes: list[Changed]


@click.command("activate")
@click.argument("directory", type=click.Path(path_type=Path), required=False)
@click.option("--by", help="谁启用 / who activates it (default: the user of this computer)")
@json_option
@pass_context
def activate(context: Context, directory: Path | None, by: str | None, *, as_json: bool) -> None:
    """启用站点目录中的预案库 / bring the plans of a site directory into force, at once and in every partition.

    Broken off half way, it is given again: no partition is told twice to any effect.
    """
    where = directory or Path(context.settings.site)
    texts, library = _checked(where, as_json=as_json)
    done = asyncio.run(_activate(context, texts, library, by or getpass.getuser()))
    if as_json:
        print_json([done])
        return
    since, content = shown(done.activation.at), done.activation.content
    if not done.changes:
        click.echo(f"预案库没有变化 / nothing changed: {content}")
    for change in done.changes:
        click.echo(f"  {change}")
    click.echo(
        f"自 {since} 起启用，{done.partitions} 个分区，{done.activation.by} / in force from {since} on,"
        f" in {done.partitions} partitions, by {done.activation.by}: {content}"
    )


def _checked(where: Path, *, as_json: bool) -> tuple[dict[str, str], Library]:
    try:
        texts = read_texts(where)
        library = library_of(texts)
        faults = list(drill_faults(where, library))
    except BadFiles as bad:
        faults = bad.faults
    if faults:
        if as_json:
            print_json(faults)
        else:
            click.echo("\n".join(map(str, faults)))
        number = f"{len(faults)} fault{'s' if len(faults) > 1 else ''}"
        raise answer_no(f"{len(faults)} 处错误，未启用 / {number}: not activated")
    return texts, library


async def _activate(context: Context, texts: dict[str, str], library: Library, by: str) -> Activated:
    store = Store(context.settings.database)
    try:
        await asyncio.to_thread(migrations.check, store)
        before = await asyncio.to_thread(_before, store)
        home, present = library.site.file.county, before.site.file.county if before else None
        if present not in (None, home):
            raise answer_no(str(fault("county", home, _same_county(str(present)), "site.yaml")))
        async with await open_producer(context.settings, library) as producer:
            last = await asyncio.to_thread(store.run, lambda c: _begun(c, texts, by), wake=False)
            own = [last.number]
            partitions = await tell(store, producer, library, last)
            while (newer := await asyncio.to_thread(_newer, store, last)) is not None:  # somebody else's, meanwhile
                last, library = newer
                partitions = await tell(store, producer, library, last, own)
        return Activated(activation=last, partitions=partitions, changes=list(changes(before, library)))
    finally:
        store.close()


def _same_county(present: str) -> Words:
    return Words(zh=f"{present}：另一个县须另行安装", en=f"{present}: another county is another installation")


def _before(store: Store) -> Library | None:
    """What has been in force; None where nothing was, or where this version of the program cannot read it."""
    with store.read() as connection:
        present = plan_store.in_force(connection)
        texts = plan_store.texts_of(connection, present.content) if present else None
    try:
        return None if texts is None else library_of(texts)
    except BadFiles:
        return None


def _begun(connection: Connection, texts: dict[str, str], by: str) -> Activation:
    """The activation; of what is in force already, or was begun and not told, the one that there is."""
    now = clock.utc_now()
    content = plan_store.accept(connection, texts, now)
    present = plan_store.in_force(connection)
    return present if present and present.content == content else plan_store.begin(connection, content, by, now)


def _newer(store: Store, last: Activation) -> tuple[Activation, Library] | None:
    """The one that was begun while this one was told: what was appended behind it is told away again."""
    with store.read() as connection:
        present = plan_store.in_force(connection)
        if present is None or present.number == last.number:
            return None
        texts = plan_store.texts_of(connection, present.content)
    return None if texts is None else (present, library_of(texts))
